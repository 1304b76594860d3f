/* SPDX-License-Identifier: MIT
 * cli/wire.h - what the files of `timenode-cli wire` share
 */
#ifndef CLI_WIRE_H
#define CLI_WIRE_H

#include <stdio.h>

#include "timenode/chain.h"

struct wire {
	struct tn_sha *sha;
	struct tn_arena *arena; /* emptied after each line */
	char *buf;              /* of room bytes, for one result */
	size_t room;
	struct tn_network net;
	struct tn_key key;
	bool has_key, has_net, has_time, pretty, reverse;
	bool unknown_is_bad; /* decode takes an unknown name for an answer */
	bool bad;            /* some line was */
};

/* One line of input, without its LF, to one result on stdout; only decode --pretty writes
 * more than one line for it.
 */
typedef void wire_op(struct wire *, struct tn_view line);

wire_op wire_decode, wire_encode, wire_hash, wire_verify, wire_address;

/* A result that makes the exit code 1: "error: " or "bad: " and a reason, which is kept on
 * one line whatever a peer put into it.
 */
void wire_error(struct wire *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void wire_bad(struct wire *, const char *reason);

/* At least n bytes in buf, or an error as the line's result. */
bool wire_room(struct wire *, size_t n);

void wire_put_hex(const void *p, size_t n);

/* Exactly n bytes of hex, of either case. */
bool wire_read_hex(const char *text, size_t text_n, uint8_t *out, size_t n);

/* A message read from a line. False: the result is already written. */
struct wire_message {
	unsigned index;
	const struct tn_schema *schema;
	const void *body;
};
bool wire_read(struct wire *, struct tn_view line, struct wire_message *);

/* `timenode-cli wire ...`: words from the operation's name on. The program's exit code. */
int wire_main(int argc, char **argv);

#endif
