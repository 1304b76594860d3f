/* SPDX-License-Identifier: MIT
 * t/49-plug-batch.c - one batch written by several plugins during an ask; commits in flight
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "plug/impl.h"
#include "sim/pluglab.h"

struct payload {
	struct tn_batch *batch;
	uint32_t refuser; /* who of the listeners says no; 0: nobody */
};

struct state {
	uint32_t number; /* of a listener: 1, 2 */
	struct tn_batch *kept;
	int foreign, commit; /* what it got for what it must not do */
	bool own;            /* it saw its own change in the batch */
	int finished;        /* of the ticket */
	unsigned times;
};

static struct tn_view view(const char *s)
{
	return (struct tn_view){ (const uint8_t *)s, strlen(s) };
}

static int on_connect(struct tn_ctx *c, void *payload, struct tn_error *err)
{
	struct state *st = c->state;
	struct payload *p = payload;
	struct tn_view v;

	st->kept = p->batch;
	if (tn_put(c, p->batch, 0, view("block"), view("mine")))
		return tn_fail(err, TN_EINVAL, "cannot write");
	st->own = !tn_get(c, p->batch, 0, view("block"), &v) && v.n == 4;
	st->foreign = tn_put(c, p->batch, 1, view("block"), view("x"));
	st->commit = tn_commit(c, p->batch, TN_NO_TICKET);
	tn_abandon(c, p->batch);
	if (p->refuser == st->number)
		return tn_fail(err, TN_EBAD, "no");
	return 0;
}

static void on_connected(struct tn_ctx *c, const void *payload)
{
	const struct payload *p = payload;

	((struct state *)c->state)->foreign =
		tn_put(c, p->batch, 0, view("told"), view("too late"));
}

#define LISTENER(nm)                                                                         \
	{                                                                                    \
		TN_HEAD(nm, "1", "writes into the batch of another"),                        \
			.state_bytes = sizeof(struct state),                                 \
			.dbs = TN_ROWS(struct tn_dbdef, { "rows", NULL, 1 }),                \
			.listens = TN_ROWS(                                                  \
				struct tn_listen,                                            \
				{ "connect", sizeof(struct payload), NULL, on_connect },     \
				{ "connected", sizeof(struct payload), on_connected, NULL }) \
	}

static const struct tn_plugin left = LISTENER("left"), right = LISTENER("right");
static const struct tn_plugin chain = {
	TN_HEAD("chain", "1", "asks the others"),
	.state_bytes = sizeof(struct state),
	.dbs = TN_ROWS(struct tn_dbdef, { "blocks", NULL, 1 }, { "more", NULL, 1 }),
	.emits = TN_ROWS(struct tn_emits, { "connect", sizeof(struct payload) },
			 { "connected", sizeof(struct payload) }),
};
static const struct tn_plugin other = {
	TN_HEAD("other", "1", "is not asked"),
	.state_bytes = sizeof(struct state),
	.dbs = TN_ROWS(struct tn_dbdef, { "rows", NULL, 1 }),
};

static const struct plug_builtin builtins[] = {
	{ "chain", &chain }, { "left", &left }, { "right", &right }, { "other", &other }
};

struct bed {
	struct plugpair p;
	struct tn_ctx *chain, *left, *right, *other;
	struct bus_call call;
};

static struct bed begin(void)
{
	struct bed b = { .p = plugpair_create(1, "chain: { }; left: { }; right: { }; other: { };",
					      builtins, 4) };

	b.chain = pluglab_ctx(b.p.a, "chain");
	b.left = pluglab_ctx(b.p.a, "left");
	b.right = pluglab_ctx(b.p.a, "right");
	b.other = pluglab_ctx(b.p.a, "other");
	((struct state *)b.left->state)->number = 1;
	((struct state *)b.right->state)->number = 2;
	return b;
}

static void enter(struct bed *b)
{
	bus_enter(plug_bus(b->p.a->plug), &b->call, NULL, "test", NULL);
}

static void leave(struct bed *b)
{
	bus_exit(plug_bus(b->p.a->plug), &b->call);
}

static bool has(struct tn_ctx *c, const char *key)
{
	struct tn_view v;

	return !tn_get(c, NULL, 0, view(key), &v);
}

static unsigned rows(struct bed *b)
{
	unsigned n;

	enter(b);
	n = (unsigned)has(b->chain, "block") + has(b->left, "block") + has(b->right, "block");
	leave(b);
	return n;
}

/* A block: the others are asked; all of it is written, or nothing. */
static int connect_block(struct bed *b, uint32_t refuser, struct tn_batch **out)
{
	struct payload p = { tn_batch(b->chain), refuser };
	struct tn_error err = { "" };
	int rc;

	*out = p.batch;
	tn_put(b->chain, p.batch, 0, view("block"), view("mine"));
	rc = tn_ask(b->chain, 0, &p, &err);
	if (!rc) {
		tn_tell(b->chain, 1, &p);
		return tn_commit(b->chain, p.batch, TN_NO_TICKET);
	}
	tn_abandon(b->chain, p.batch);
	return rc;
}

/* ---- cases */

static void agreed(void)
{
	struct bed b = begin();
	struct state *l = b.left->state;
	struct tn_batch *batch;

	is_int(connect_block(&b, 0, &batch), 0, "all agree");
	is_uint(rows(&b), 3, "and what each has written is there");
	ok(l->own, "a listener sees its own change in the batch");
	is_int(l->commit, TN_EINVAL, "it may not commit it");
	is_int(l->foreign, TN_EINVAL, "nor write once it has answered, in a tell");
	plugpair_run(&b.p, 1000);
	is_uint(rows(&b), 3, "durable: the same");
	is_int(tn_put(b.left, l->kept, 0, view("later"), view("x")), TN_EINVAL,
	       "a batch that is gone");
	plugpair_free(&b.p);
}

static void refused(void)
{
	struct bed b = begin();
	struct tn_batch *batch;

	is_int(connect_block(&b, 2, &batch), TN_EBAD, "the second one refuses");
	is_uint(rows(&b), 0, "nothing of it is there, also not of those who agreed");
	is_int(connect_block(&b, 1, &batch), TN_EBAD, "the first one refuses");
	is_uint(rows(&b), 0, "nothing is there");
	is_int(connect_block(&b, 0, &batch), 0, "nobody refuses");
	is_uint(rows(&b), 3, "everything is there");
	plugpair_free(&b.p);
}

static void strangers(void)
{
	struct bed b = begin();
	struct tn_batch *open = tn_batch(b.chain);

	is_int(tn_put(b.left, open, 0, view("k"), view("v")), TN_EINVAL,
	       "outside of an ask nobody writes into it");
	is_int(tn_put(b.other, open, 0, view("k"), view("v")), TN_EINVAL, "nor who is not asked");
	is_int(tn_put(b.left, NULL, 0, view("k"), view("v")), TN_EINVAL, "no batch");
	((struct state *)b.left->state)->foreign = 0;
	tn_ask(b.chain, 0, &(struct payload){ open, 0 }, NULL);
	is_int(((struct state *)b.left->state)->foreign, TN_EINVAL,
	       "during one: no database that is not its own");
	tn_abandon(b.chain, open);
	plugpair_free(&b.p);
}

/* ---- commits under way when the plugin goes */

static void on_finish(struct tn_ctx *c, int result, const void *payload, void *arg)
{
	struct state *st = arg;

	(void)c, (void)payload;
	st->finished = result;
	st->times++;
}

static struct state seen; /* the plugin's own state goes with it */

static void commit_one(struct bed *b)
{
	struct tn_batch *batch = tn_batch(b->chain);

	seen = (struct state){ .finished = 1 };
	tn_put(b->chain, batch, 0, view("k"), view("v"));
	if (tn_commit(b->chain, batch, tn_promise(b->chain, 0, on_finish, &seen)))
		fail("a commit");
}

static void on_end(void *arg, int code, const char *text)
{
	(void)text;
	*(int *)arg = code;
}

static void unloaded(void)
{
	struct bed b = begin();
	struct tn_error err;
	int code = 1;

	commit_one(&b);
	is_int(plug_leave(b.p.a->plug, "chain", PLUG_UNLOAD, on_end, &code, &err), PLUG_LATER,
	       "an unload waits for a commit");
	plugpair_run(&b.p, 1000);
	is_int(code, 0, "and happens then");
	is_uint(seen.times, 1, "its ticket is finished once");
	is_int(seen.finished, 0, "as durable");
	plug_load(b.p.a->plug, "chain", &err);
	commit_one(&(struct bed){ .chain = pluglab_ctx(b.p.a, "chain") });
	is_int(plug_unload(b.p.a->plug, "chain", &err), 0, "one that does not wait");
	is_int(seen.finished, TN_EGONE, "finishes the ticket with TN_EGONE");
	plugpair_run(&b.p, 1000);
	is_uint(seen.times, 1, "once");
	is_int(plug_load(b.p.a->plug, "chain", &err), 0, "loaded again");
	b.chain = pluglab_ctx(b.p.a, "chain");
	enter(&b);
	ok(has(b.chain, "k"), "what it had committed was written all the same");
	leave(&b);
	plugpair_free(&b.p);
}

static void full(void)
{
	struct bed b = begin();
	struct tn_batch *batch = tn_batch(b.chain);

	commit_one(&b);
	store_ahead_max(b.p.a->store, 1);
	tn_put(b.chain, batch, 0, view("block"), view("v"));
	is_int(tn_commit(b.chain, batch, TN_NO_TICKET), TN_EFULL, "the disk is behind");
	enter(&b);
	ok(!has(b.chain, "block"), "nothing has happened");
	leave(&b);
	plugpair_run(&b.p, 1000);
	is_int(seen.finished, 0, "the earlier one is durable");
	is_int(tn_commit(b.chain, batch, TN_NO_TICKET), 0, "the same batch is taken now");
	enter(&b);
	ok(has(b.chain, "block"), "and seen");
	leave(&b);
	plugpair_free(&b.p);
}

int main(void)
{
	agreed();
	refused();
	strangers();
	unloaded();
	full();
	return done_testing();
}
