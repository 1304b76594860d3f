/* SPDX-License-Identifier: MIT
 * plugins/blocks/serve.h - what serve.c, which answers peers, and encode.c share
 */
#ifndef PLUGINS_BLOCKS_SERVE_H
#define PLUGINS_BLOCKS_SERVE_H

#include "blocks.h"

struct range {
	uint64_t start, end; /* inclusive; start above end: nothing */
	uint64_t text;       /* bytes of their JSON */
};

/* ---- serve.c */

/* Once more from the beginning: the chain changed while the answer was written. */
void serve_again(struct tn_ctx *, struct tn_hold, unsigned row);
/* Keeps the frame for the next one who asks; takes the reference. */
void serve_keep(struct tn_ctx *, struct tn_frame *, unsigned row, const struct range *);
/* An answer, written on the loop; row M_BLOCK or M_ANNOUNCE: the only block, else a list. NULL:
 * it cannot be read, or no memory. */
struct tn_frame *serve_encode(struct tn_ctx *, unsigned row, const struct range *);

/* ---- encode.c: large answers are read, decoded and written as text by the pool. Those who ask
 * for the same share one; a few are under way at a time, the others wait in their order.
 */
enum { ENCODE_MIN = 256 << 10 }; /* bytes of text; what is smaller is quicker done than sent */

struct encode *encode_create(void);
void encode_free(struct encode *); /* NULL is fine */
/* Is it for the pool? */
bool encode_wants(struct tn_ctx *, const struct range *);
/* The message that is held gets it. false: too many wait, and it is the caller's to settle. */
bool encode_wait(struct tn_ctx *, struct tn_hold, unsigned row, const struct range *);
/* One block as an announcement, for announce_frame. */
void encode_announce(struct tn_ctx *, const struct range *);
void encode_forget(struct tn_ctx *, uint64_t above_height); /* they are not on the chain any more */
void encode_stop(struct tn_ctx *);                          /* the host ends what is held */

#endif
