/* SPDX-License-Identifier: MIT
 * plugins/transactions/heap.c - a heap of pointers whose elements know their place
 */
#include "heap.h"

#include <stdlib.h>

static uint32_t *place_of(const struct heap *h, void *e)
{
	return (uint32_t *)(void *)((char *)e + h->at);
}

static void put(struct heap *h, uint32_t i, void *e)
{
	h->v[i] = e;
	*place_of(h, e) = i + 1;
}

static void rise(struct heap *h, uint32_t i)
{
	void *e = h->v[i];

	for (uint32_t up; i > 0 && h->less(e, h->v[up = (i - 1) / 2]); i = up)
		put(h, i, h->v[up]);
	put(h, i, e);
}

static void sink(struct heap *h, uint32_t i)
{
	void *e = h->v[i];

	for (uint32_t down; (down = 2 * i + 1) < h->n; i = down) {
		if (down + 1 < h->n && h->less(h->v[down + 1], h->v[down]))
			down++;
		if (!h->less(h->v[down], e))
			break;
		put(h, i, h->v[down]);
	}
	put(h, i, e);
}

bool heap_reserve(struct heap *h, uint32_t n)
{
	uint32_t room = n < h->room * 2 ? h->room * 2 : n < 64 ? 64 : n;
	void **v;

	if (n <= h->room)
		return true;
	v = realloc(h->v, room * sizeof *v);
	if (!v)
		return false;
	h->v = v;
	h->room = room;
	return true;
}

void heap_add(struct heap *h, void *e)
{
	put(h, h->n++, e);
	rise(h, h->n - 1);
}

void heap_remove(struct heap *h, void *e)
{
	uint32_t i = *place_of(h, e);
	void *last;

	if (!i)
		return;
	*place_of(h, e) = 0;
	last = h->v[--h->n];
	if (last == e)
		return;
	put(h, i - 1, last);
	rise(h, i - 1);
	sink(h, *place_of(h, last) - 1);
}

void heap_free(struct heap *h)
{
	free(h->v);
	h->v = NULL;
	h->n = h->room = 0;
}
