/* SPDX-License-Identifier: MIT
 * core/net/names.h - message names and refusal reasons as small numbers
 *
 * A name is interned once and keeps its number for the node's life, so that
 * accounts, claims and frames index arrays. The 47 names of the wire are there
 * from the start; a plugin's own names are added when it is loaded.
 */
#ifndef CORE_NET_NAMES_H
#define CORE_NET_NAMES_H

#include "timenode/wire.h"

struct names;

enum {
	NAME_NONE = 0,    /* bytes that never became an envelope */
	NAME_UNKNOWN = 1, /* any name that nobody has ever owned */
	NAME_FIRST = 2,   /* then the 47, in the order of the wire's enum */
	NAME_MAX = 512
};

/* Why a message was refused. The core's own; plugins' reasons follow. */
enum reason {
	REASON_NO_OWNER,
	REASON_HANDSHAKE,
	REASON_SIZE,
	REASON_RATE,
	REASON_DUPLICATE,
	REASON_UNASKED,
	REASON_BUSY,
	REASON_TIMEOUT,
	REASON_BROKEN,
	REASON_UNLOADED,
	REASON_FEATURE,
	REASON_LEGACY, /* not for an old node */
	REASON_FULL,   /* the send queue */
	REASON_BLANK,
	REASON_UTF8,
	REASON_OVERSIZE,
	REASON_CUT,
	REASON_MEMORY,
	REASON_CORE /* number of the core's reasons */
};

struct names *names_create(void);
void names_free(struct names *); /* NULL is fine */

/* Number of a name: at least NAME_FIRST, or NAME_UNKNOWN. One hash look-up. */
unsigned names_find(const struct names *, const char *name, size_t n);

/* The same, made if new. 0 when the table is full. */
unsigned names_add(struct names *, const char *name);

const char *names_text(const struct names *, unsigned id); /* "-", "?" for the first two */
unsigned names_count(const struct names *);

/* Longest line of this message in bytes, 0 = the node's line_max. Set by the bus while
 * an owner is loaded.
 */
void names_set_max(struct names *, unsigned id, uint32_t max);
uint32_t names_max(const struct names *, unsigned id);
uint32_t names_smallest_max(const struct names *); /* of all that have one; UINT32_MAX: none */

/* Reasons: text to number (made if new; plugins' are "plugin.reason") and back. */
unsigned reasons_add(struct names *, const char *text); /* REASON_BROKEN when full */
const char *reasons_text(const struct names *, unsigned reason);

#endif
