/* SPDX-License-Identifier: MIT
 * core/net/history.c - a small ring of state changes with their reasons
 */
#include "net/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Until the ring is full the entries lie from 0 to count, so they can simply move. */
static bool grow(struct history *h)
{
	unsigned room = h->room ? 2u * h->room : 1;
	struct history_entry *entry;

	if (room > HISTORY_MAX)
		room = HISTORY_MAX;
	entry = realloc(h->entry, room * sizeof(*entry));
	if (!entry)
		return false;
	h->entry = entry;
	h->room = (uint8_t)room;
	return true;
}

static char *printable(const char *reason)
{
	char buf[LOG_SAFE_MAX];

	_Static_assert(LOG_SAFE_MAX > HISTORY_TEXT, "a reason fits");
	return strdup(log_safe(buf, reason, strlen(reason)));
}

/* The place for a new entry: a fresh one, or that of the oldest. NULL without memory. */
static struct history_entry *next_entry(struct history *h)
{
	struct history_entry *e;

	if (h->count == h->room && h->room < HISTORY_MAX && !grow(h))
		return NULL;
	e = &h->entry[h->next];
	if (h->count == HISTORY_MAX)
		free(e->reason);
	else
		h->count++;
	h->next = (uint8_t)((h->next + 1) % HISTORY_MAX);
	return e;
}

void history_add(struct history *h, int64_t at_us, enum link_state from, enum link_state to,
		 const char *reason)
{
	struct history_entry *e = next_entry(h);

	if (!e)
		return;
	*e = (struct history_entry){ .at_us = at_us,
				     .from = (uint8_t)from,
				     .to = (uint8_t)to,
				     .reason = reason ? printable(reason) : NULL };
}

void history_clear(struct history *h)
{
	for (unsigned i = 0; i < h->count; i++)
		free(h->entry[i].reason);
	free(h->entry);
	*h = (struct history){ 0 };
}

const struct history_entry *history_at(const struct history *h, unsigned i)
{
	if (i >= h->count)
		return NULL;
	if (h->count < HISTORY_MAX)
		return &h->entry[i];
	return &h->entry[(h->next + i) % HISTORY_MAX];
}
