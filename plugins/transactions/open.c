/* SPDX-License-Identifier: MIT
 * plugins/transactions/open.c - what is not final yet, and when to ask about it
 */
#include "open.h"

#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

enum { LINES = 16 };

struct item {
	UT_hash_handle hh;
	struct item *prev, *next;
	struct tn_hash txid;
	uint64_t since, due;
	unsigned line;
};

struct open {
	uint64_t first, most;
	unsigned lines;
	struct item *line[LINES]; /* waits of first, 2 * first... */
	struct item *items;
};

static uint64_t wait_of(const struct open *o, unsigned line)
{
	uint64_t wait = o->first << line;

	return wait > o->most ? o->most : wait;
}

struct open *open_create(uint64_t first, uint64_t most)
{
	struct open *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	o->first = first;
	o->most = most;
	while (++o->lines < LINES && wait_of(o, o->lines - 1) < most)
		;
	return o;
}

void open_free(struct open *o)
{
	struct item *i, *next;

	if (!o)
		return;
	HASH_ITER(hh, o->items, i, next) {
		HASH_DELETE(hh, o->items, i);
		free(i);
	}
	free(o);
}

static struct item *find(const struct open *o, const struct tn_hash *txid)
{
	struct item *i;

	HASH_FIND(hh, o->items, txid, sizeof *txid, i);
	return i;
}

static void stand(struct open *o, struct item *i, unsigned line, uint64_t now)
{
	i->line = line;
	i->due = now + wait_of(o, line);
	DL_APPEND(o->line[line], i);
}

int open_add(struct open *o, const struct tn_hash *txid, uint64_t since, uint64_t now)
{
	struct item *i = find(o, txid);

	if (i)
		return 0;
	i = calloc(1, sizeof *i);
	if (!i)
		return TN_ENOMEM;
	i->txid = *txid;
	i->since = since;
	HASH_ADD(hh, o->items, txid, sizeof i->txid, i);
	stand(o, i, 0, now);
	return 0;
}

int open_remove(struct open *o, const struct tn_hash *txid, uint64_t *since)
{
	struct item *i = find(o, txid);

	if (!i)
		return TN_ENOENT;
	if (since)
		*since = i->since;
	DL_DELETE(o->line[i->line], i);
	HASH_DELETE(hh, o->items, i);
	free(i);
	return 0;
}

bool open_has(const struct open *o, const struct tn_hash *txid)
{
	return find(o, txid);
}

bool open_due(struct open *o, uint64_t now, struct tn_hash *out)
{
	struct item *i = NULL;
	unsigned n;

	/* who has waited longest: new ones, however many, do not keep the others waiting */
	for (n = 0; n < o->lines; n++)
		if (o->line[n] && (!i || o->line[n]->due < i->due))
			i = o->line[n];
	if (!i || i->due > now)
		return false;
	n = i->line;
	*out = i->txid;
	DL_DELETE(o->line[n], i);
	stand(o, i, n + 1 < o->lines ? n + 1 : n, now);
	return true;
}

void open_hurry(struct open *o, const struct tn_hash *txid, uint64_t now)
{
	struct item *i = find(o, txid);

	if (!i || i->due <= now + o->first)
		return;
	DL_DELETE(o->line[i->line], i);
	stand(o, i, 0, now);
}

void open_each(const struct open *o, uint32_t n, void (*fn)(void *, const struct tn_hash *),
	       void *arg)
{
	for (unsigned l = 0; l < o->lines; l++)
		for (const struct item *i = o->line[l]; i && n; i = i->next, n--)
			fn(arg, &i->txid);
}

uint32_t open_count(const struct open *o)
{
	return HASH_COUNT(o->items);
}
