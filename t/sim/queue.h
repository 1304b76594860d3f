/* SPDX-License-Identifier: MIT
 * t/sim/queue.h - what happens next: events ordered by (time, order of scheduling)
 *
 * Items are members of their objects, so that whoever ends takes its events along.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct queue_item {
	void (*fn)(void *arg);
	void *arg;
	uint64_t at_us, sequence;
	size_t place; /* in the heap, from 1; 0: not queued */
};

struct queue {
	struct queue_item **heap;
	size_t n, room;
	uint64_t sequence;
};

/* Puts it in, or moves it: behind what is there for the same instant. */
void queue_set(struct queue *, struct queue_item *, uint64_t at_us);
void queue_remove(struct queue *, struct queue_item *); /* not queued: nothing */
struct queue_item *queue_first(const struct queue *);   /* NULL: empty */
void queue_free(struct queue *);                        /* the heap only */

/* Memory for the simulator: it has no way to go on without. */
void *sim_alloc(size_t n); /* zeroed */
void *sim_grow(void *, size_t n);
char *sim_text(const char *);

#endif
