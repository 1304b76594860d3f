/* SPDX-License-Identifier: MIT
 * core/net/send_queue.c - frames waiting for the kernel
 */
#include <stdlib.h>

#include "net/send_queue.h"

/* room is a power of two. */
static struct send_entry *entry_at(const struct send_queue *q, uint32_t i)
{
	return &q->entry[(q->first + i) & (q->room - 1)];
}

static void drop_ring(struct send_queue *q)
{
	if (q->entry != &q->one)
		free(q->entry);
}

static int grow(struct send_queue *q)
{
	uint32_t room = q->room == 1 ? 8 : q->room * 2;
	struct send_entry *to;

	if (!q->room) {
		q->entry = &q->one;
		q->room = 1;
		return 0;
	}
	to = malloc(room * sizeof *to);
	if (!to || room > UINT32_MAX / 2) {
		free(to);
		return TN_ENOMEM;
	}
	for (uint32_t i = 0; i < q->count; i++)
		to[i] = *entry_at(q, i);
	drop_ring(q);
	q->entry = to;
	q->room = room;
	q->first = 0;
	return 0;
}

int send_queue_push(struct send_queue *q, struct frame *f, uint32_t token)
{
	if (q->count == q->room && grow(q))
		return TN_ENOMEM;
	*entry_at(q, q->count++) = (struct send_entry){ frame_ref(f), token };
	q->bytes += f->n;
	return 0;
}

int send_queue_pieces(const struct send_queue *q, struct iovec *v, int n)
{
	int i;

	for (i = 0; i < n && (uint32_t)i < q->count; i++) {
		struct frame *f = entry_at(q, (uint32_t)i)->frame;
		uint32_t skip = i ? 0 : q->done;

		v[i] = (struct iovec){ f->line + skip, f->n - skip };
	}
	return i;
}

static void shrink(struct send_queue *q)
{
	if (q->count)
		return;
	drop_ring(q); /* an idle session keeps nothing */
	q->entry = NULL;
	q->room = q->first = 0;
}

void send_queue_wrote(struct send_queue *q, size_t wrote,
		      void (*fn)(void *arg, unsigned id, uint32_t token), void *arg)
{
	q->bytes -= wrote;
	while (q->count) {
		struct send_entry e = *entry_at(q, 0);
		uint32_t left = e.frame->n - q->done;

		if (wrote < left) {
			q->done += (uint32_t)wrote;
			return;
		}
		wrote -= left;
		q->done = 0;
		q->first = (q->first + 1) & (q->room - 1);
		q->count--;
		fn(arg, e.frame->id, e.token);
		frame_unref(e.frame);
	}
	shrink(q);
}

void send_queue_clear(struct send_queue *q, void (*fn)(void *arg, unsigned id), void *arg)
{
	while (q->count) {
		struct send_entry e = *entry_at(q, 0);

		q->first = (q->first + 1) & (q->room - 1);
		q->count--;
		fn(arg, e.frame->id);
		frame_unref(e.frame);
	}
	q->done = 0;
	q->bytes = 0;
	shrink(q);
}

uint64_t send_queue_count(const struct send_queue *q, unsigned id)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < q->count; i++)
		n += entry_at(q, i)->frame->id == id;
	return n;
}
