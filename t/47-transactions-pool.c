/* SPDX-License-Identifier: MIT
 * t/47-transactions-pool.c - the mempool alone: reservations, order, limits, what protects, and
 * a long random history beside a model
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/rng.h"
#include "transactions/pool.h"

enum { ENDLESS = 1000000 };

static const uint64_t key[2] = { 5, 9 };

static struct tn_hash hash(unsigned n)
{
	struct tn_hash h = { { 0 } };

	memcpy(h.b, &n, sizeof n);
	return h;
}

static unsigned number(const struct pool_tx *e)
{
	unsigned n;

	memcpy(&n, e->txid.b, sizeof n);
	return n;
}

static struct pool *make(uint32_t count, size_t bytes)
{
	struct pool_limits l = { count, bytes };

	return pool_create(&l, key);
}

/* Transaction n: each input is {transaction, output}; numbers from ENDLESS on are in blocks. */
struct want {
	unsigned n;
	unsigned in[4][2];
	unsigned ins, outs;
	uint64_t fee;
	uint32_t flags;
	int64_t until;
	bool restored;
};

static int add(struct pool *p, const struct want *w, struct pool_added *out)
{
	static const uint8_t script[] = "TIME0abc";
	struct tn_txin in[4];
	struct tn_txout outs[8];
	struct pool_coin coin[4];
	struct tn_tx tx = { .version = 1 };
	struct pool_want want = { .tx = &tx,
				  .txid = hash(w->n),
				  .coin = coin,
				  .fee = w->fee,
				  .bytes = 100,
				  .flags = w->flags,
				  .since = 1,
				  .until = w->until,
				  .restored = w->restored };

	memset(in, 0, sizeof in);
	for (unsigned i = 0; i < w->ins; i++) {
		in[i].previous_output = (struct tn_outpoint){ hash(w->in[i][0]), w->in[i][1] };
		coin[i] = (struct pool_coin){ 1000, { script, 8 }, w->in[i][0] < ENDLESS };
	}
	for (unsigned i = 0; i < w->outs; i++)
		outs[i] = (struct tn_txout){ i, { script, 8 } };
	tx.inputs.v = in;
	tx.inputs.n = w->ins;
	tx.outputs.v = outs;
	tx.outputs.n = w->outs;
	return pool_add(p, &want, out);
}

/* One input, two outputs. */
static int simple(struct pool *p, unsigned n, unsigned from, unsigned output, uint64_t fee)
{
	struct want w = {
		.n = n, .in = { { from, output } }, .ins = 1, .outs = 2, .fee = fee, .until = 100
	};
	struct pool_added out;
	int rc = add(p, &w, &out);

	if (!rc)
		pool_dispose(out.gone);
	return rc;
}

static struct pool_tx *get(struct pool *p, unsigned n)
{
	struct tn_hash h = hash(n);

	return pool_find(p, &h);
}

static unsigned spender(struct pool *p, unsigned n, unsigned vout)
{
	struct tn_outpoint at = { hash(n), vout };
	struct pool_tx *e = pool_spender(p, &at);

	return e ? number(e) : 0;
}

static unsigned length(struct pool_tx *list)
{
	unsigned n = 0;

	for (const struct pool_tx *e = list; e; e = e->next)
		n++;
	pool_dispose(list);
	return n;
}

static void reservations(void)
{
	struct pool *p = make(100, 1 << 20);
	struct want two = {
		.n = 3, .in = { { ENDLESS + 5, 0 }, { ENDLESS, 0 } }, .ins = 2, .outs = 1
	};
	struct pool_added out;

	is_int(simple(p, 1, ENDLESS, 0, 10), 0, "a coin is reserved");
	is_uint(spender(p, ENDLESS, 0), 1, "by whom");
	is_int(simple(p, 1, ENDLESS + 9, 0, 10), TN_EINVAL, "no transaction twice");
	is_int(add(p, &two, &out), TN_EBUSY, "a coin that is reserved is not given");
	ok(out.rival && number(out.rival) == 1, "and the other one is named");
	is_uint(spender(p, ENDLESS + 5, 0), 0, "none of its coins is reserved");
	is_int(simple(p, 4, 1, 1, 10), 0, "an output of one in the pool can be spent");
	is_int(simple(p, 5, 1, 1, 10), TN_EBUSY, "once");
	is_int(simple(p, 5, 1, 2, 10), TN_ENOENT, "and not one that does not exist");
	is_int(simple(p, 5, 77, 0, 10), TN_ENOENT, "nor one of somebody who is not there");
	is_uint(pool_sums(p)->count, 2, "two are in it");
	is_uint(pool_sums(p)->fees, 20, "with their fees");
	is_uint(length(pool_remove(p, get(p, 1))), 2, "a parent goes with its child");
	is_uint(spender(p, ENDLESS, 0), 0, "the coin is free");
	is_uint(pool_sums(p)->count + pool_sums(p)->bytes, 0, "nothing is left");
	pool_free(p);
}

static void copies(void)
{
	struct pool *p = make(10, 1 << 20);
	const struct pool_tx *e;

	simple(p, 1, ENDLESS, 0, 10);
	e = get(p, 1);
	is_uint(e->tx.outputs.v[1].script_pubkey.n, 8, "scripts are copied");
	is_mem(e->tx.outputs.v[1].script_pubkey.p, "TIME0abc", 8, "with what is in them");
	is_mem(e->coin[0].script.p, "TIME0abc", 8, "those of the coins too");
	is_uint(e->rate, 100, "10 satoshis for 100 bytes");
	pool_free(p);
}

static void protection(void)
{
	struct pool *p = make(100, 1 << 20);

	simple(p, 1, ENDLESS, 0, 10);
	simple(p, 2, 1, 0, 10);
	is_int(pool_approve(p, get(p, 2)), TN_EINVAL, "no approval before the parent's");
	is_int(pool_finalize(p, get(p, 2), 5), TN_EINVAL, "nor finality");
	is_int(pool_approve(p, get(p, 1)), 0, "the parent first");
	is_int(pool_approve(p, get(p, 2)), 0, "then the child");
	is_int(pool_finalize(p, get(p, 2), 5), TN_EINVAL, "an approved parent is not final");
	is_int(pool_finalize(p, get(p, 1), 5), 0, "final");
	is_int(pool_finalize(p, get(p, 1), 6), 0, "again is fine");
	is_int(get(p, 1)->final_at, 5, "and changes nothing");
	is_uint(pool_sums(p)->approved, 2, "two are approved");
	is_uint(pool_sums(p)->final, 1, "one is final");
	simple(p, 3, ENDLESS + 1, 0, 10);
	is_uint(length(pool_expire(p, 99)), 0, "nothing expires early");
	is_uint(length(pool_expire(p, 100)), 1, "what is not approved expires");
	ok(!get(p, 3) && !pool_expire(p, 1000), "and nothing else");
	is_uint(length(pool_confirm(p, get(p, 1))), 1, "a block takes the parent alone");
	ok(get(p, 2), "the child stays");
	is_uint(spender(p, 1, 0), 2, "with its coin");
	is_uint(pool_sums(p)->final, 0, "no final one is left");
	pool_free(p);
}

static void eviction(void)
{
	struct pool *p = make(4, 1 << 20);

	simple(p, 1, ENDLESS + 1, 0, 100);
	simple(p, 2, ENDLESS + 2, 0, 50);
	simple(p, 3, 2, 0, 500); /* the child of the one that pays least */
	simple(p, 4, ENDLESS + 4, 0, 300);
	is_int(simple(p, 5, ENDLESS + 5, 0, 50), TN_EFULL, "who pays no more is not taken");
	is_uint(pool_sums(p)->count, 4, "and nobody goes");
	is_int(simple(p, 6, 3, 0, 1000), TN_EFULL, "nobody pushes out his own ancestor");
	is_uint(pool_sums(p)->count, 4, "nobody has gone for it");
	is_int(simple(p, 7, ENDLESS + 7, 0, 51), 0, "who pays more is");
	ok(!get(p, 2) && !get(p, 3), "for it the one goes that pays least, with its child");
	is_uint(pool_sums(p)->count, 3, "three are left");
	pool_approve(p, get(p, 7));
	pool_finalize(p, get(p, 1), 1);
	pool_approve(p, get(p, 4));
	is_int(simple(p, 8, ENDLESS + 8, 0, 1), 0, "a place is free");
	is_int(simple(p, 9, ENDLESS + 9, 0, 2), 0, "the only one that may go goes");
	ok(!get(p, 8), "that is the one");
	pool_approve(p, get(p, 9));
	is_int(simple(p, 10, ENDLESS + 10, 0, 1000000), TN_EFULL,
	       "approved and final ones never do, whatever is paid");
	pool_free(p);
}

static void memory(void)
{
	struct pool *p = make(1000000, 20000);
	unsigned taken = 0;

	for (unsigned i = 1; i < 200; i++)
		taken += !simple(p, i, ENDLESS + i, 0, 1000 - i);
	ok(pool_sums(p)->bytes <= 20000, "memory has a limit");
	ok(taken > 5 && taken < 60, "%u of 199 fit", taken);
	for (unsigned i = 200; i < 400; i++)
		simple(p, i, ENDLESS + i, 0, 1000 + i);
	ok(pool_sums(p)->bytes <= 20000, "also for those that pay more");
	ok(get(p, 399) && !get(p, 1), "which take the place of the others");
	pool_free(p);
}

static void order(void)
{
	struct pool *p = make(100, 1 << 20);
	struct want w = { .ins = 1, .outs = 2, .fee = 1, .until = 100, .restored = true };
	unsigned seen[5] = { 0 }, n = 0;
	struct pool_added out;

	simple(p, 3, ENDLESS + 9, 0, 1);
	pool_restore(p, 3);
	w.n = 1;
	w.in[0][0] = ENDLESS;
	add(p, &w, &out);
	w.n = 2;
	w.in[0][0] = 1;
	add(p, &w, &out);
	simple(p, 4, 2, 0, 1);
	pool_restore(p, 0);
	simple(p, 5, 4, 0, 1);
	for (const struct pool_tx *e = pool_next(p, NULL); e; e = pool_next(p, e))
		seen[n++] = number(e);
	ok(n == 5 && seen[0] == 1 && seen[1] == 2 && seen[2] == 3 && seen[3] == 4 && seen[4] == 5,
	   "what comes back from a block stands before what was there: %u %u %u %u %u", seen[0],
	   seen[1], seen[2], seen[3], seen[4]);
	pool_free(p);
}

/* ---- a long history beside a model that looks at everything */

enum { IDS = 60, COINS = 40 };

struct model {
	struct want tx[IDS];
	bool in[IDS];
	bool approved[IDS], final[IDS];
};

static bool spends(const struct want *w, unsigned n, unsigned vout)
{
	for (unsigned i = 0; i < w->ins; i++)
		if (w->in[i][0] == n && w->in[i][1] == vout)
			return true;
	return false;
}

static unsigned who(const struct model *m, unsigned n, unsigned vout)
{
	for (unsigned i = 1; i < IDS; i++)
		if (m->in[i] && spends(&m->tx[i], n, vout))
			return i;
	return 0;
}

static void take_out(struct model *m, unsigned n)
{
	if (!m->in[n])
		return;
	m->in[n] = m->approved[n] = m->final[n] = false;
	for (unsigned v = 0; v < m->tx[n].outs; v++) {
		unsigned child = who(m, n, v);

		if (child)
			take_out(m, child);
	}
}

static bool parents_ok(const struct model *m, unsigned n, bool final)
{
	for (unsigned i = 0; i < m->tx[n].ins; i++) {
		unsigned parent = m->tx[n].in[i][0];

		if (parent >= ENDLESS || !m->in[parent])
			continue;
		if (!m->final[parent] && (final || !m->approved[parent]))
			return false;
	}
	return true;
}

static int expected(const struct model *m, const struct want *w)
{
	int rc = 0;

	if (m->in[w->n])
		return TN_EINVAL;
	for (unsigned i = 0; i < w->ins; i++) {
		unsigned from = w->in[i][0];

		if (who(m, from, w->in[i][1]))
			return TN_EBUSY;
		if (from < ENDLESS && (!m->in[from] || w->in[i][1] >= m->tx[from].outs))
			rc = TN_ENOENT;
	}
	return rc;
}

static void draw(struct rng *r, struct want *w)
{
	memset(w, 0, sizeof *w);
	w->n = (unsigned)rng_range(r, 1, IDS - 1);
	w->ins = (unsigned)rng_range(r, 1, 3);
	w->outs = (unsigned)rng_range(r, 0, 3);
	w->fee = rng_range(r, 0, 1000);
	w->until = (int64_t)rng_range(r, 1, 1000);
	for (unsigned i = 0; i < w->ins; i++) {
		bool confirmed = w->n < 5 || rng_range(r, 0, 2) == 0;

		/* a parent has a lower number: no circles */
		w->in[i][0] = confirmed ? ENDLESS + (unsigned)rng_range(r, 0, COINS)
					: (unsigned)rng_range(r, 1, w->n - 1);
		w->in[i][1] = (unsigned)rng_range(r, 0, 2);
		for (unsigned k = 0; k < i; k++)
			if (w->in[k][0] == w->in[i][0])
				w->in[i][1] = 3 + i; /* no coin twice */
	}
}

static bool agree(struct pool *p, const struct model *m)
{
	unsigned n = 0, final = 0, approved = 0;
	int64_t last = INT64_MIN;

	for (unsigned i = 1; i < IDS; i++) {
		const struct pool_tx *e = get(p, i);

		if (!e != !m->in[i])
			return false;
		n += m->in[i];
		final += m->final[i];
		approved += m->approved[i];
		for (unsigned v = 0; v < 3; v++)
			if (spender(p, i, v) != who(m, i, v))
				return false;
	}
	for (unsigned i = 0; i <= COINS; i++)
		for (unsigned v = 0; v < 3; v++)
			if (spender(p, ENDLESS + i, v) != who(m, ENDLESS + i, v))
				return false;
	for (const struct pool_tx *e = pool_next(p, NULL); e; e = pool_next(p, e)) {
		if (e->order <= last)
			return false;
		last = e->order;
	}
	return pool_sums(p)->count == n && pool_sums(p)->final == final &&
	       pool_sums(p)->approved == approved;
}

static void forget_list(struct model *m, struct pool_tx *list)
{
	for (const struct pool_tx *e = list; e; e = e->next) {
		unsigned n = number(e);

		m->in[n] = m->approved[n] = m->final[n] = false;
	}
	pool_dispose(list);
}

static bool one_step(struct rng *r, struct pool *p, struct model *m)
{
	unsigned n = (unsigned)rng_range(r, 1, IDS - 1), what = (unsigned)rng_range(r, 0, 9);
	struct pool_added out;
	struct want w;

	if (what < 6) {
		int rc, want;

		draw(r, &w);
		want = expected(m, &w);
		rc = add(p, &w, &out);
		if (rc != want && !(want == 0 && rc == TN_EFULL))
			return false;
		if (!rc) {
			m->tx[w.n] = w;
			m->in[w.n] = true;
			for (const struct pool_tx *e = out.gone; e; e = e->next)
				if (m->approved[number(e)] || m->final[number(e)])
					return false;
			forget_list(m, out.gone);
		}
		return true;
	}
	if (!m->in[n])
		return true;
	if (what == 6) {
		if (!pool_approve(p, get(p, n)) != parents_ok(m, n, false))
			return false;
		m->approved[n] |= parents_ok(m, n, false);
	} else if (what == 7) {
		if (!pool_finalize(p, get(p, n), 1) != parents_ok(m, n, true))
			return false;
		m->final[n] |= parents_ok(m, n, true);
	} else if (what == 8) {
		pool_dispose(pool_remove(p, get(p, n)));
		take_out(m, n);
	} else if (parents_ok(m, n, true)) {
		pool_dispose(pool_confirm(p, get(p, n)));
		m->in[n] = m->approved[n] = m->final[n] = false;
		/* its children now spend coins of a block, which is what the model says of others */
		for (unsigned i = 1; i < IDS; i++)
			for (unsigned k = 0; m->in[i] && k < m->tx[i].ins; k++)
				if (m->tx[i].in[k][0] == n) {
					pool_dispose(pool_remove(p, get(p, i)));
					take_out(m, i);
				}
	}
	return true;
}

static void history(uint64_t seed, unsigned limit, unsigned steps)
{
	struct model *m = calloc(1, sizeof *m);
	struct pool *p = make(limit, 1 << 20);
	bool good = true;
	struct rng r;
	unsigned i;

	rng_seed(&r, seed, 1);
	for (i = 0; i < steps && good; i++)
		good = one_step(&r, p, m) && agree(p, m) && pool_sums(p)->count <= limit;
	ok(good, "history %u: %u steps agree with the model", (unsigned)seed, i);
	pool_free(p);
	free(m);
}

int main(void)
{
	reservations();
	copies();
	protection();
	eviction();
	memory();
	order();
	for (uint64_t seed = 1; seed <= 10; seed++)
		history(seed, seed % 2 ? 1000 : 12, 4000);
	return done_testing();
}
