/* SPDX-License-Identifier: MIT
 * plugins/transactions/pool_entry.c - a transaction in the mempool: one block of memory
 */
#include "pool_entry.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRY_MALLOC = 16 }; /* what malloc takes besides, about */

static size_t align(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static size_t size_of(const struct pool_want *w)
{
	const struct tn_tx *tx = w->tx;
	size_t n = align(sizeof(struct entry));

	n += align(tx->inputs.n * sizeof *tx->inputs.v) +
	     align(tx->outputs.n * sizeof *tx->outputs.v);
	n += align(tx->inputs.n * sizeof(struct pool_coin));
	n += align(tx->inputs.n * sizeof(struct spend));
	for (uint32_t i = 0; i < tx->inputs.n; i++)
		n += (size_t)tx->inputs.v[i].script_sig.n + w->coin[i].script.n;
	for (uint32_t i = 0; i < tx->outputs.n; i++)
		n += tx->outputs.v[i].script_pubkey.n;
	return n + ENTRY_MALLOC;
}

static void *part(char **at, size_t n)
{
	void *p = *at;

	*at += align(n);
	return p;
}

static void copy_bytes(char **at, struct tn_bytes *b)
{
	if (b->n)
		memcpy(*at, b->p, b->n);
	b->p = (const uint8_t *)*at;
	*at += b->n;
}

static void copy_scripts(struct entry *e, char *at)
{
	struct tn_tx *tx = &e->out.tx;

	for (uint32_t i = 0; i < tx->inputs.n; i++) {
		copy_bytes(&at, &tx->inputs.v[i].script_sig);
		copy_bytes(&at, &e->coin[i].script);
	}
	for (uint32_t i = 0; i < tx->outputs.n; i++)
		copy_bytes(&at, &tx->outputs.v[i].script_pubkey);
}

static void copy_tx(struct entry *e, const struct pool_want *w)
{
	const struct tn_tx *from = w->tx;
	struct tn_tx *tx = &e->out.tx;
	size_t in = from->inputs.n * sizeof *from->inputs.v;
	size_t outs = from->outputs.n * sizeof *from->outputs.v;
	size_t coins = from->inputs.n * sizeof *e->coin;
	char *at = (char *)e + align(sizeof *e);

	*tx = *from;
	tx->inputs.v = part(&at, in);
	tx->outputs.v = part(&at, outs);
	e->coin = part(&at, coins);
	e->spend = part(&at, from->inputs.n * sizeof *e->spend);
	if (in) {
		memcpy(tx->inputs.v, from->inputs.v, in);
		memcpy(e->coin, w->coin, coins);
	}
	if (outs)
		memcpy(tx->outputs.v, from->outputs.v, outs);
	e->out.coin = e->coin;
	copy_scripts(e, at);
	for (uint32_t i = 0; i < from->inputs.n; i++) {
		e->spend[i].at = tx->inputs.v[i].previous_output;
		e->spend[i].by = e;
	}
}

static uint64_t rate_of(uint64_t fee, uint32_t bytes)
{
	if (!bytes)
		return UINT64_MAX;
	return fee <= UINT64_MAX / 1000 ? fee * 1000 / bytes : fee / bytes * 1000;
}

struct entry *entry_create(const struct pool_want *w)
{
	size_t n = size_of(w);
	struct entry *e = calloc(1, n - ENTRY_MALLOC);

	if (!e)
		return NULL;
	copy_tx(e, w);
	e->out.txid = w->txid;
	e->out.fee = w->fee;
	e->out.bytes = w->bytes;
	e->out.rate = rate_of(w->fee, w->bytes);
	e->out.flags = w->flags & POOL_OWN;
	e->out.mem = n;
	e->out.since = w->since;
	e->out.until = w->until;
	return e;
}

void entry_free(struct entry *e)
{
	free(e);
}
