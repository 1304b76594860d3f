/* SPDX-License-Identifier: MIT
 * plugins/blocks/overlay.h - a set of coins as it would be after some blocks
 *
 * Pure: changes lie in memory on top of a set that is only read. So a whole branch is judged
 * before anything is written, and what remains of all its changes is one batch.
 */
#ifndef PLUGINS_BLOCKS_OVERLAY_H
#define PLUGINS_BLOCKS_OVERLAY_H

#include "timenode/judge.h"

struct overlay;

/* key: secret random bytes, against coins made to collide. NULL without memory. */
struct overlay *overlay_create(tn_coin_fn *below, void *arg, const uint64_t key[2]);
void overlay_free(struct overlay *); /* NULL is fine */

/* A tn_coin_fn; arg is the overlay. */
int overlay_find(void *arg, const struct tn_outpoint *, struct tn_coin *out);

/* 0, TN_ENOMEM, TN_EBAD: it takes a coin that is gone already or puts one that is there. */
int overlay_apply(struct overlay *, const struct tn_delta *);

size_t overlay_bytes(const struct overlay *); /* memory that its coins take */

/* What is to be written, first del: a coin that came and went again is not in it. Scripts are the
 * overlay's, both lists sorted. 0 or TN_ENOMEM.
 */
int overlay_delta(const struct overlay *, struct tn_arena *, struct tn_delta *out);

#endif
