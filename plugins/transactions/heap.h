/* SPDX-License-Identifier: MIT
 * plugins/transactions/heap.h - a heap of pointers whose elements know their place
 *
 * The least one is v[0]. An element keeps its index, plus one, where `at` says; 0: not in it.
 */
#ifndef PLUGINS_TRANSACTIONS_HEAP_H
#define PLUGINS_TRANSACTIONS_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap {
	void **v;
	uint32_t n, room;
	size_t at;                                  /* offset of an element's uint32_t place */
	bool (*less)(const void *a, const void *b); /* a total order */
};

bool heap_reserve(struct heap *, uint32_t n); /* room for n in all; false without memory */
void heap_add(struct heap *, void *);         /* there must be room; not twice */
void heap_remove(struct heap *, void *);      /* nothing happens when it is not in it */
void heap_free(struct heap *);                /* the elements stay */

#endif
