/* SPDX-License-Identifier: MIT
 * lib/base/arena.c - counted arenas: memory that is given back in one piece
 *
 * Chunks are chained; the first is made with the arena and survives a reset, so that
 * an arena that is used again and again for small messages asks malloc for nothing.
 */
#include "config.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#ifdef TN_SANITIZED
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
enum { GAP = 16 }; /* poisoned bytes behind each block, so that overruns are caught */
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
enum { GAP = 0 };
#endif

enum { ALIGN = alignof(max_align_t), FIRST_CHUNK = 2048, MOST_CHUNK = 256 * 1024 };
static const size_t default_limit = (size_t)16 << 20;

struct chunk {
	struct chunk *next; /* the one made before */
	size_t size, at;
	alignas(max_align_t) unsigned char data[];
};

struct tn_arena {
	atomic_uint refs;
	size_t limit, used;
	struct chunk *last;
};

static struct chunk *chunk_create(size_t size)
{
	struct chunk *c;

	if (size > SIZE_MAX - sizeof *c)
		return NULL;
	c = malloc(sizeof *c + size);
	if (!c)
		return NULL;
	c->next = NULL;
	c->size = size;
	c->at = 0;
	POISON(c->data, size);
	return c;
}

static void chunk_free(struct chunk *c)
{
	UNPOISON(c->data, c->size);
	free(c);
}

struct tn_arena *tn_arena_create(size_t limit)
{
	struct tn_arena *a = malloc(sizeof *a);

	if (!a)
		return NULL;
	atomic_init(&a->refs, 1);
	a->limit = limit ? limit : default_limit;
	a->used = 0;
	a->last = chunk_create(FIRST_CHUNK);
	if (!a->last) {
		free(a);
		return NULL;
	}
	return a;
}

/* Chunks double so that a large body needs few of them. */
static bool add_chunk(struct tn_arena *a, size_t need)
{
	size_t size = a->last->size * 2;
	struct chunk *c;

	if (size > MOST_CHUNK)
		size = MOST_CHUNK;
	if (size < need)
		size = need;
	c = chunk_create(size);
	if (!c)
		return false;
	c->next = a->last;
	a->last = c;
	return true;
}

static void *take(struct tn_arena *a, size_t n)
{
	size_t room, block;
	void *p;

	if (n > SIZE_MAX - GAP - ALIGN)
		return NULL;
	room = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (room > a->limit - a->used)
		return NULL;
	block = n ? room + GAP : 0; /* scripts are often empty: nothing for nothing */
	if (block > a->last->size - a->last->at && !add_chunk(a, block))
		return NULL;
	p = a->last->data + a->last->at;
	UNPOISON(p, n);
	a->last->at += block;
	a->used += room;
	return p;
}

void *tn_alloc(struct tn_arena *a, size_t n)
{
	void *p = take(a, n);

	return p ? memset(p, 0, n) : NULL;
}

void *tn_copy_bytes(struct tn_arena *a, const void *from, size_t n)
{
	void *p = take(a, n);

	return p && n ? memcpy(p, from, n) : p;
}

/* The chunk that holds this block and nothing else; *link leads to it. */
static struct chunk *only_in(struct tn_arena *a, const void *p, struct chunk ***link)
{
	for (*link = &a->last; **link; *link = &(**link)->next)
		if ((const void *)(**link)->data == p)
			return (**link)->at == (**link)->size ? **link : NULL;
	return NULL;
}

/* The kernel moves pages where malloc would copy them. The first chunk stays small. */
static void *grow_chunk(struct tn_arena *a, struct chunk *c, struct chunk **link, size_t old,
			size_t n)
{
	size_t room = (n + ALIGN - 1) / ALIGN * ALIGN + GAP;

	if (room - c->size > a->limit - a->used || room > SIZE_MAX - sizeof *c)
		return NULL;
	UNPOISON(c->data, c->size);
	c = realloc(c, sizeof *c + room);
	if (!c)
		return NULL;
	*link = c;
	a->used += room - c->size;
	c->at = c->size = room;
	memset(c->data + old, 0, n - old);
	POISON(c->data + n, room - n);
	return c->data;
}

void *arena_grow(struct tn_arena *a, void *p, size_t old, size_t n)
{
	struct chunk **link, *c = old > MOST_CHUNK ? only_in(a, p, &link) : NULL;
	void *to;

	if (c && c->next)
		return grow_chunk(a, c, link, old, n);
	to = tn_alloc(a, n);
	if (to && old)
		memcpy(to, p, old);
	return to;
}

char *tn_copy_text(struct tn_arena *a, const char *text, size_t n)
{
	char *copy = n < SIZE_MAX ? tn_alloc(a, n + 1) : NULL;

	if (copy && n)
		memcpy(copy, text, n);
	return copy;
}

struct tn_arena *tn_arena_ref(struct tn_arena *a)
{
	atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
	return a;
}

/* Everything but the first chunk. */
static void drop_chunks(struct tn_arena *a)
{
	struct chunk *c;

	while ((c = a->last)->next) {
		a->last = c->next;
		chunk_free(c);
	}
}

void tn_arena_unref(struct tn_arena *a)
{
	/* acq_rel: what other threads wrote before they let go happens before the free. */
	if (!a || atomic_fetch_sub_explicit(&a->refs, 1, memory_order_acq_rel) > 1)
		return;
	drop_chunks(a);
	chunk_free(a->last);
	free(a);
}

int tn_arena_reset(struct tn_arena *a)
{
	if (atomic_load_explicit(&a->refs, memory_order_acquire) != 1)
		return TN_EBUSY;
	drop_chunks(a);
	a->last->at = 0;
	a->used = 0;
	POISON(a->last->data, a->last->size);
	return 0;
}

size_t tn_arena_used(const struct tn_arena *a)
{
	return a->used;
}
