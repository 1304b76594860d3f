/* SPDX-License-Identifier: MIT
 * plugins/blocks/window.h - which blocks to ask of whom while catching up
 *
 * Pure: no clock, no host; what happened goes in, what to do comes out. A window of heights
 * above the tip is cut into ranges; each is asked of one peer at a time, with a deadline, and of
 * another when that has passed. Blocks are handed out in order, whoever sent them. A
 * block is never looked at: a reply is a bundle, a number of the caller's, and heights.
 *
 * After each call, call window_next until it returns false and do what it says.
 */
#ifndef PLUGINS_BLOCKS_WINDOW_H
#define PLUGINS_BLOCKS_WINDOW_H

#include "timenode/base.h"

struct window_conf {
	uint32_t span;     /* heights above the tip; 1 to 10000 */
	uint32_t chunk;    /* blocks of one request; 1 to 101 */
	uint32_t peers;    /* at most so many at a time */
	uint32_t stall_ms; /* the first deadline, and the least; doubled by each miss */
	uint32_t stall_max_ms;
	uint64_t bytes; /* of blocks that wait: beyond it only the lowest range is asked */
};

enum window_kind {
	WINDOW_ASK = 1, /* peer for from to to; ask ends at deadline */
	WINDOW_DELIVER, /* block number index of bundle: it is at height from */
	WINDOW_RELEASE, /* bundle is not needed any more */
	WINDOW_BLAME,   /* peer, for reason */
	WINDOW_STALLED, /* peer let a deadline pass; so often in a row: index */
	WINDOW_BEHIND,  /* peer does not have what it said; its height is from now */
	WINDOW_BRANCH   /* peer's block at from is not on our tip: it is on another branch */
};

enum window_reason {
	WINDOW_UNASKED,   /* a reply to nothing */
	WINDOW_EMPTY,     /* again and again nothing of what it said it has */
	WINDOW_RANGE,     /* other heights than asked */
	WINDOW_ORDER,     /* heights with gaps, twice or out of order */
	WINDOW_HEIGHT,    /* said a height that time has not reached */
	WINDOW_BAD_BODY,  /* a body that does not belong to its header */
	WINDOW_BAD_BLOCK, /* a block that breaks a rule */
	WINDOW_REASONS
};
const char *window_reason_text(enum window_reason);

struct window_act {
	enum window_kind kind;
	enum window_reason reason;
	uint64_t peer, from, to, bundle, deadline;
	uint32_t index;
};

struct window;

/* tip: our height. NULL without memory or for a conf out of its ranges. */
struct window *window_create(const struct window_conf *, uint64_t tip);
void window_free(struct window *); /* NULL is fine; bundles are not released */

/* ---- what happened; now in milliseconds, never less than before */

/* A peer came up, or told its height again. limit: no honest chain is longer yet. A little
 * above it is cut (clocks differ), WINDOW_SLACK above it is a lie. false: no room for it.
 */
#define WINDOW_SLACK 144
bool window_height(struct window *, uint64_t peer, uint64_t height, uint64_t limit);
void window_gone(struct window *, uint64_t peer);

/* The peer was there before this window and may have been asked by one before it (an upgrade):
 * some answers to nothing, or to other requests, are forgiven.
 */
void window_before(struct window *, uint64_t peer);

/* A reply with n blocks of these heights; bytes: what they take. The bundle is ours until
 * WINDOW_RELEASE, also when the reply is of no use.
 */
void window_reply(struct window *, uint64_t peer, uint64_t bundle, const uint64_t *height,
		  uint32_t n, uint64_t bytes, uint64_t now);

/* The question for `from` could not be asked, or ended without an answer. */
void window_failed(struct window *, uint64_t peer, uint64_t from, uint64_t now);

/* What became of the delivered block at tip + 1. Unless GOOD, blocks that were delivered
 * behind it come again: forget them.
 */
enum window_fate {
	WINDOW_GOOD, /* it is the tip now */
	WINDOW_FAULT_BODY,
	WINDOW_FAULT_BLOCK,
	WINDOW_NOT_ON_TIP,
	WINDOW_LATER /* our own trouble; deliver it again */
};
void window_judged(struct window *, uint64_t height, enum window_fate);

/* The tip moved otherwise: an announced block, another branch. Everything delivered is forgotten. */
void window_tip(struct window *, uint64_t tip);

/* ---- what to do */

bool window_next(struct window *, uint64_t now, struct window_act *out);

/* When something is to be done if nothing happens; UINT64_MAX: never. */
uint64_t window_wake(const struct window *, uint64_t now);

uint64_t window_target(const struct window *); /* highest height to be had */
uint32_t window_asked(const struct window *);  /* requests under way */
uint32_t window_stall_ms(const struct window *);

#endif
