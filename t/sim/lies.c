/* SPDX-License-Identifier: MIT
 * t/sim/lies.c - liars of every kind in a fleet of nodes that keep the chain
 */
#include "sim/lies.h"

#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "plug/impl.h"
#include "timenode/value.h"

/* ---- branches */

void feed_grow(struct feed *b, unsigned n)
{
	while (n--) {
		struct tn_arena *a = tn_arena_create((size_t)16 << 20);
		const struct tn_block *next = chaingen_next(b->g, a);

		b->top = next->header.height;
		if (b->top >= FEED_MAX)
			bail_out("too many blocks");
		b->block[b->top] = next;
		b->arena[b->top] = a;
	}
}

void feed_end(struct feed *b)
{
	for (unsigned i = 0; i < FEED_MAX; i++)
		tn_arena_unref(b->arena[i]);
	chaingen_free(b->g);
}

/* ---- the liars */

void lies_add(struct lies *l, struct fleet *f, unsigned count, uint64_t seed)
{
	*l = (struct lies){ .f = f, .honest = f->nodes, .count = count };
	rng_seed(&l->rng, seed, 55);
	for (unsigned i = 0; i < count; i++) {
		unsigned at = (unsigned)rng_range(&l->rng, 0, l->honest - 1);
		char conf[600], ip[32], to[3][TN_ADDR_TEXT];

		for (unsigned k = 0; k < 3; k++, at++)
			tn_addr_ip_text(&f->node[at % l->honest].ip, to[k]);
		snprintf(ip, sizeof ip, "%u.66.7.%u", 11 + i, 2 + i);
		snprintf(conf, sizeof conf,
			 "network: { name = \"testnet\"; listen = [ \"%s\" ]; dial_rule = "
			 "\"any\"; connect = [ \"%s\", \"%s\", \"%s\" ]; }; "
			 "plugins: { pingpong: { }; liar: { kind = %u; }; };",
			 ip, to[0], to[1], to[2], i % LIAR_KINDS);
		fleet_add(f, ip, conf);
	}
}

struct told { /* one liar */
	struct lies *l;
	const struct liar_ops *ops;
	struct tn_ctx *c;
	const struct feed *left, *b; /* b: the branch that it follows */
};

static struct tn_arena *new_arena(void)
{
	return tn_arena_create((size_t)16 << 20);
}

static unsigned bad_index(const char *name)
{
	unsigned i = 0;

	while (i < CHAINGEN_BAD && strcmp(chaingen_bad(i)->name, name))
		i++;
	return i;
}

static void give_good(struct told *t)
{
	t->ops->give(t->c, chaingen_genesis(t->b->g), NULL);
	for (uint64_t h = 1; h <= t->b->top; h++) {
		const struct feed *from = t->b->block[h] ? t->b : t->left;

		t->ops->give(t->c, from->block[h], from->arena[h]);
	}
}

/* The block as it would stand on another one. */
static const struct tn_block *on_top_of(const struct tn_block *b, const struct tn_hash *parent,
					struct tn_arena *a)
{
	const void *copy;

	if (tn_clone(&tn_wire_block, b, a, &copy))
		bail_out("no memory");
	((struct tn_block *)(uintptr_t)copy)->header.previous_hash = *parent;
	return copy;
}

/* Blocks of a generator: some good ones, a bad one, and others on top of that. */
static void make_bad(struct chaingen *g, unsigned good, unsigned more,
		     void (*to)(void *arg, const struct tn_block *, struct tn_arena *), void *arg)
{
	struct tn_sha *sha = tn_sha_create();
	struct tn_hash parent;

	for (unsigned i = 0; i < good + 1 + more; i++) {
		struct tn_arena *a = new_arena();
		const struct tn_block *b = chaingen_next(g, a);

		if (i == good)
			b = chaingen_spoil(bad_index("signature"), b, a);
		else if (i > good)
			b = on_top_of(b, &parent, a);
		if (!b || tn_block_hash(sha, &b->header, &parent))
			bail_out("no bad block");
		to(arg, b, a);
		tn_arena_unref(a);
	}
	tn_sha_free(sha);
}

static void give_one(void *arg, const struct tn_block *b, struct tn_arena *a)
{
	const struct told *t = arg;

	t->ops->give(t->c, b, a);
}

static void give_bad_tail(struct told *t, bool more)
{
	struct chaingen *g = chaingen_fork(t->b->g, rng_next(&t->l->rng));
	unsigned good = more ? (unsigned)rng_range(&t->l->rng, 0, 2) : 0;
	uint64_t top = chaingen_tip(g).height + good;

	t->l->most = top > t->l->most ? top : t->l->most;
	make_bad(g, good, 2, give_one, t);
	chaingen_free(g);
}

/* A long branch that is bad near its beginning: for whoever takes it one by one. */
static void drip_begin(struct lies *l, const struct feed *left)
{
	l->drip.g = chaingen_fork(left->g, 1000);
	l->drip.fork = left->top;
}

static void keep_block(void *arg, const struct tn_block *b, struct tn_arena *a)
{
	struct feed *f = arg;

	f->top = b->header.height;
	f->block[f->top] = b;
	f->arena[f->top] = tn_arena_ref(a);
}

void feed_bad(struct feed *f, struct chaingen *g, unsigned more)
{
	*f = (struct feed){ .g = g };
	make_bad(g, 0, more, keep_block, f);
}

static void give_drip(struct told *t)
{
	struct feed *d = &t->l->drip;

	if (!d->g) {
		drip_begin(t->l, t->left);
		make_bad(d->g, 1, 80, keep_block, d);
	}
	for (uint64_t h = d->fork + 1; h <= d->top; h++)
		t->ops->give(t->c, d->block[h], d->arena[h]);
}

void lies_end(struct lies *l)
{
	feed_end(&l->drip);
}

/* Every third body is not its own; the last one is announced like that. */
static void give_mutated(struct told *t)
{
	const struct tn_block *b = NULL;

	for (uint64_t h = 1; h <= t->b->top; h++) {
		const struct feed *from = t->b->block[h] ? t->b : t->left;
		struct tn_arena *a = new_arena();

		b = chaingen_spoil(bad_index("mutated"), from->block[h], a);
		if (b && (h % 3 == 0 || h == t->b->top))
			t->ops->give(t->c, b, a);
		else
			t->ops->give(t->c, from->block[h], from->arena[h]);
		if (b && h == t->b->top)
			t->ops->announce(t->c, b);
		tn_arena_unref(a);
	}
}

/* Bad ones on the tip, one without a parent, one that all have. */
static void announce_bad(struct told *t)
{
	struct chaingen *g = chaingen_fork(t->b->g, rng_next(&t->l->rng));
	struct tn_arena *a = new_arena();
	const struct tn_block *good = chaingen_next(g, a), *bad;

	for (unsigned i = 0; i < 3; i++) {
		bad = chaingen_spoil((unsigned)rng_range(&t->l->rng, 0, CHAINGEN_BAD - 1), good, a);
		if (bad)
			t->ops->announce(t->c, bad);
	}
	t->ops->announce(t->c, chaingen_next(g, a));
	t->ops->announce(t->c, t->left->block[1]);
	tn_arena_unref(a);
	chaingen_free(g);
}

const struct liar_ops *liar_of(struct fleet_node *n, struct tn_ctx **c)
{
	*c = &life_find(node_plug(n->node), "liar")->ctx;
	return ((const struct tn_offer *)tn_plugin_desc_liar.offers.row)->ops;
}

void lies_tell(struct lies *l, const struct feed *left, const struct feed *right, bool more)
{
	for (unsigned i = 0; i < l->count; i++) {
		struct told t = { .l = l, .left = left };

		t.ops = liar_of(&l->f->node[l->honest + i], &t.c);
		t.b = (i / LIAR_KINDS + i) & 1 && right->top ? right : left;
		give_good(&t);
		if (i % LIAR_KINDS == LIAR_SIGNATURE)
			give_bad_tail(&t, more);
		if (i % LIAR_KINDS == LIAR_MUTATED)
			give_mutated(&t);
		if (i % LIAR_KINDS == LIAR_ANNOUNCE)
			announce_bad(&t);
		if (i % LIAR_KINDS == LIAR_DRIP)
			give_drip(&t);
	}
}

/* ---- who is blamed */

struct look {
	struct lies *l;
	const struct fleet_node *by;
};

static void on_score(void *arg, const struct tn_addr *ip, const struct score *s)
{
	struct look *k = arg;
	struct lies *l = k->l;
	char text[TN_ADDR_TEXT];

	for (unsigned i = 0; i < l->honest + l->count; i++) {
		if (memcmp(l->f->node[i].ip.ip, ip->ip, sizeof ip->ip))
			continue;
		if (i >= l->honest) {
			l->against[(i - l->honest) % LIAR_KINDS] += s->milli;
			continue;
		}
		l->against_honest += s->milli;
		if (!l->victim[0])
			snprintf(l->victim, sizeof l->victim, "%s by %s", tn_addr_ip_text(ip, text),
				 k->by->name);
	}
}

void lies_look(struct lies *l)
{
	for (unsigned i = 0; i < l->honest; i++) {
		struct look k = { l, &l->f->node[i] };

		if (k.by->node)
			bans_each_score(net_bans(node_net(k.by->node)), on_score, &k);
	}
}
