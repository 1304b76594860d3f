/* SPDX-License-Identifier: MIT
 * bench/txid.c - transaction ids beside SHA-256 of the same bytes, ready made
 *
 * An id is made from a decoded transaction: its bincode is written, then hashed. The two
 * libraries are given that bincode, so that they show what the hash alone costs.
 */
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "timenode/chain.h"
#include "worker.h"

/* The transactions of one line. */
struct made {
	const struct tn_tx *tx;
	struct tn_view *bytes;
	size_t n;
};

static void *must(void *p)
{
	return p ? p : (give_up("no memory"), NULL);
}

static void write_bytes(struct made *m)
{
	size_t i, n;

	m->bytes = must(calloc(m->n, sizeof *m->bytes));
	for (i = 0; i < m->n; i++) {
		uint8_t *p;

		n = tn_bin_write(&tn_wire_tx, &m->tx[i], NULL, 0);
		p = must(malloc(n));
		tn_bin_write(&tn_wire_tx, &m->tx[i], p, n);
		m->bytes[i] = (struct tn_view){ p, n };
	}
}

/* All blocks' transactions in one array. */
static void flatten(struct made *m, const struct tn_blocks *b)
{
	struct tn_tx *all;
	uint32_t i;

	for (i = 0; i < b->blocks.n; i++)
		m->n += b->blocks.v[i].transactions.n;
	m->tx = all = must(calloc(m->n, sizeof *all));
	for (i = 0; i < b->blocks.n; i++) {
		memcpy(all, b->blocks.v[i].transactions.v,
		       b->blocks.v[i].transactions.n * sizeof *all);
		all += b->blocks.v[i].transactions.n;
	}
}

static void prepare(struct corpus *c)
{
	const struct tn_schema *s = c->kind == CORPUS_TX ? &tn_wire_tx : &tn_wire_blocks;
	struct tn_envelope e;
	const void *value;
	size_t i;

	if (c->made[0] || (c->kind != CORPUS_TX && c->kind != CORPUS_BLOCKS))
		return;
	for (i = 0; i < c->n; i++) {
		struct tn_arena *a = must(tn_arena_create((size_t)64 << 20));
		struct made *m = must(calloc(1, sizeof *m));

		if (tn_envelope_read(c->line[i], &e, NULL) != 0 ||
		    tn_envelope_body(&e, s, a, &value, NULL, NULL) != 0)
			give_up("a line of ours cannot be read");
		if (c->kind == CORPUS_TX) {
			m->tx = value;
			m->n = 1;
		} else {
			flatten(m, value);
		}
		write_bytes(m);
		c->made[i] = m;
	}
}

typedef void hash_fn(const struct made *m, size_t i, struct tn_hash *out);

static void each(const struct corpus *c, hash_fn *hash)
{
	struct tn_hash out;
	size_t i, k;

	for (i = 0; i < c->n && c->made[i]; i++) {
		const struct made *m = c->made[i];

		for (k = 0; k < m->n; k++) {
			hash(m, k, &out);
			__asm__ volatile("" : : "r"(&out) : "memory");
		}
	}
}

static void by_timenode(const struct made *m, size_t i, struct tn_hash *out)
{
	static struct tn_sha *s;

	if (!s)
		s = must(tn_sha_create());
	if (tn_txid(s, &m->tx[i], out) != 0)
		give_up("no id");
}

/* As it is used at its best: fetched once, the context used again. */
static void by_libcrypto(const struct made *m, size_t i, struct tn_hash *out)
{
	static EVP_MD *md;
	static EVP_MD_CTX *ctx;

	if (!ctx) {
		md = must(EVP_MD_fetch(NULL, "SHA256", NULL));
		ctx = must(EVP_MD_CTX_new());
	}
	if (EVP_DigestInit_ex2(ctx, md, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, m->bytes[i].p, m->bytes[i].n) != 1 ||
	    EVP_DigestFinal_ex(ctx, out->b, NULL) != 1)
		give_up("no hash");
}

static void by_libsodium(const struct made *m, size_t i, struct tn_hash *out)
{
	crypto_hash_sha256(out->b, m->bytes[i].p, m->bytes[i].n);
}

/* The three agree, or there is nothing to compare. */
static void check(const struct corpus *c)
{
	struct tn_hash want, got[2];
	size_t i, k;

	for (i = 0; i < c->n && c->made[i]; i++) {
		const struct made *m = c->made[i];

		for (k = 0; k < m->n; k++) {
			by_timenode(m, k, &want);
			by_libcrypto(m, k, &got[0]);
			by_libsodium(m, k, &got[1]);
			if (memcmp(&got[0], &want, sizeof want) != 0 ||
			    memcmp(&got[1], &want, sizeof want) != 0)
				give_up("another id");
		}
	}
}

static void prepare_checked(struct corpus *c)
{
	bool fresh = !c->made[0];

	prepare(c);
	if (fresh)
		check(c);
}

static void run_timenode(const struct corpus *c)
{
	each(c, by_timenode);
}

static void run_libcrypto(const struct corpus *c)
{
	each(c, by_libcrypto);
}

static void run_libsodium(const struct corpus *c)
{
	each(c, by_libsodium);
}

const struct op ops[] = {
	{ "txid timenode", prepare_checked, run_timenode },
	{ "txid libcrypto", prepare, run_libcrypto },
	{ "txid libsodium", prepare, run_libsodium },
	{ NULL, NULL, NULL },
};
