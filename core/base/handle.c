/* SPDX-License-Identifier: MIT
 * core/base/handle.c - a growing table of places, each with a generation
 */
#include "base/handle.h"

#include <stdlib.h>

#define FIRST_PLACES 16
#define NO_PLACE UINT32_MAX

struct place {
	void *obj; /* NULL: free */
	uint32_t generation;
	uint32_t next_free;
};

struct handles {
	struct place *places;
	uint32_t n, room; /* places ever used; allocated */
	uint32_t free;    /* head of the free list */
	uint32_t live;
};

struct handles *handles_create(void)
{
	struct handles *h = calloc(1, sizeof(*h));

	if (h)
		h->free = NO_PLACE;
	return h;
}

void handles_free(struct handles *h)
{
	if (!h)
		return;
	free(h->places);
	free(h);
}

static uint64_t pack(const struct handles *h, uint32_t index)
{
	return (uint64_t)h->places[index].generation << 32 | (index + 1);
}

static bool grow(struct handles *h)
{
	uint32_t room = h->room ? h->room * 2 : FIRST_PLACES;
	struct place *p;

	if (room < h->room) /* the index would not fit in a handle */
		return false;
	p = realloc(h->places, (size_t)room * sizeof(*p));
	if (!p)
		return false;
	h->places = p;
	h->room = room;
	return true;
}

static uint32_t take_place(struct handles *h)
{
	uint32_t index = h->free;

	if (index != NO_PLACE) {
		h->free = h->places[index].next_free;
		return index;
	}
	if (h->n == h->room && !grow(h))
		return NO_PLACE;
	index = h->n++;
	h->places[index].generation = 0;
	return index;
}

uint64_t handles_add(struct handles *h, void *obj)
{
	uint32_t index;

	if (!obj)
		return 0;
	index = take_place(h);
	if (index == NO_PLACE)
		return 0;
	h->places[index].obj = obj;
	h->live++;
	return pack(h, index);
}

/* Out of the list of free places, to its head. */
static void free_first(struct handles *h, uint32_t index)
{
	uint32_t *at = &h->free;

	while (*at != NO_PLACE && *at != index)
		at = &h->places[*at].next_free;
	if (*at == index)
		*at = h->places[index].next_free;
	h->places[index].next_free = h->free;
	h->free = index;
}

bool handles_next_is(struct handles *h, uint64_t handle)
{
	uint32_t index = (uint32_t)handle - 1;

	if (index >= NO_PLACE - 1)
		return false;
	while (h->n <= index) {
		if (h->n == h->room && !grow(h))
			return false;
		h->places[h->n] = (struct place){ .next_free = h->free };
		h->free = h->n++;
	}
	if (h->places[index].obj)
		return false;
	h->places[index].generation = (uint32_t)(handle >> 32);
	free_first(h, index);
	return true;
}

uint32_t handles_coming(const struct handles *h, uint64_t *out, uint32_t n)
{
	uint32_t got = 0;

	for (uint32_t at = h->free; at != NO_PLACE && got < n; at = h->places[at].next_free)
		out[got++] = pack(h, at);
	return got;
}

static struct place *find(const struct handles *h, uint64_t handle)
{
	uint32_t index = (uint32_t)handle - 1; /* 0 becomes an index that is never used */
	struct place *p;

	if (index >= h->n)
		return NULL;
	p = &h->places[index];
	return p->obj && p->generation == handle >> 32 ? p : NULL;
}

void *handles_get(const struct handles *h, uint64_t handle)
{
	const struct place *p = find(h, handle);

	return p ? p->obj : NULL;
}

void *handles_remove(struct handles *h, uint64_t handle)
{
	struct place *p = find(h, handle);
	void *obj;

	if (!p)
		return NULL;
	obj = p->obj;
	p->obj = NULL;
	h->live--;
	/* A place whose generations are used up is retired: a handle never comes twice. */
	if (++p->generation != 0) {
		p->next_free = h->free;
		h->free = (uint32_t)(p - h->places);
	}
	return obj;
}

uint32_t handles_count(const struct handles *h)
{
	return h->live;
}

uint64_t handles_next(const struct handles *h, uint64_t after)
{
	for (uint32_t i = (uint32_t)after; i < h->n; i++)
		if (h->places[i].obj)
			return pack(h, i);
	return 0;
}
