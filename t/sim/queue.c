/* SPDX-License-Identifier: MIT
 * t/sim/queue.c - a binary heap of events
 */
#include "sim/queue.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void *sim_alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		abort();
	return p;
}

void *sim_grow(void *old, size_t n)
{
	void *p = realloc(old, n);

	if (!p)
		abort();
	return p;
}

char *sim_text(const char *text)
{
	size_t n = strlen(text) + 1;

	return memcpy(sim_alloc(n), text, n);
}

static bool before(const struct queue_item *a, const struct queue_item *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->sequence < b->sequence;
}

static void put(struct queue *q, size_t place, struct queue_item *x)
{
	q->heap[place - 1] = x;
	x->place = place;
}

static void sift_up(struct queue *q, struct queue_item *x)
{
	size_t at = x->place;

	for (; at > 1 && before(x, q->heap[at / 2 - 1]); at /= 2)
		put(q, at, q->heap[at / 2 - 1]);
	put(q, at, x);
}

static void sift_down(struct queue *q, struct queue_item *x)
{
	size_t at = x->place;

	for (;;) {
		size_t child = at * 2;

		if (child > q->n)
			break;
		if (child < q->n && before(q->heap[child], q->heap[child - 1]))
			child++;
		if (!before(q->heap[child - 1], x))
			break;
		put(q, at, q->heap[child - 1]);
		at = child;
	}
	put(q, at, x);
}

void queue_remove(struct queue *q, struct queue_item *x)
{
	struct queue_item *last;
	size_t place = x->place;

	if (!place)
		return;
	last = q->heap[--q->n];
	x->place = 0;
	if (last == x)
		return;
	put(q, place, last);
	sift_up(q, last);
	sift_down(q, last);
}

void queue_set(struct queue *q, struct queue_item *x, uint64_t at_us)
{
	queue_remove(q, x);
	if (q->n == q->room) {
		q->room = q->room ? q->room * 2 : 64;
		q->heap = sim_grow(q->heap, q->room * sizeof(struct queue_item *));
	}
	x->at_us = at_us;
	x->sequence = q->sequence++;
	put(q, ++q->n, x);
	sift_up(q, x);
}

struct queue_item *queue_first(const struct queue *q)
{
	return q->n ? q->heap[0] : NULL;
}

void queue_free(struct queue *q)
{
	free(q->heap);
}
