/* SPDX-License-Identifier: MIT
 * core/base/handle.h - 64-bit handles with a generation, for everything that can end
 *
 * A handle is generation << 32 | index + 1, so 0 is never one and a stale one
 * never finds the next user of its place.
 */
#ifndef CORE_BASE_HANDLE_H
#define CORE_BASE_HANDLE_H

#include "timenode/base.h"

struct handles;

struct handles *handles_create(void);
void handles_free(struct handles *);               /* NULL is fine */
uint64_t handles_add(struct handles *, void *obj); /* not NULL; 0 without memory */
/* The next one added is this handle: for a table made anew. Places that it skips are free.
 * false: it is taken, or there is no memory. */
bool handles_next_is(struct handles *, uint64_t);
/* What the next ones will be, in this order, as far as places are free; at most n. */
uint32_t handles_coming(const struct handles *, uint64_t *out, uint32_t n);
void *handles_get(const struct handles *, uint64_t); /* NULL: stale */
void *handles_remove(struct handles *, uint64_t);    /* what it held, or NULL */
uint32_t handles_count(const struct handles *);

/* In index order: the next live handle after `after` (0: the first), 0 at the end. */
uint64_t handles_next(const struct handles *, uint64_t after);

#endif
