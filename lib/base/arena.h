/* SPDX-License-Identifier: MIT
 * lib/base/arena.h - arenas inside of the library: blocks that grow
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "timenode/base.h"

/* n bytes, the first `old` of them those at p (NULL: none) and the rest zero; n is above old. A
 * large block grows where it is, so that a list that doubles again and again does not
 * leave its former selves behind. NULL without memory or beyond the limit. */
void *arena_grow(struct tn_arena *, void *p, size_t old, size_t n);

#endif
