/* SPDX-License-Identifier: MIT
 * plugins/peers/peers.c - asks peers for addresses, keeps a book, proposes whom to dial
 *
 * Owns GetPeers and PeersResponse (doc/protocol.md 6). It never dials: the core does,
 * and tells the result. Without this plugin the configured peers are still dialed.
 */
#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "timenode/event.h"
#include "timenode/host.h"
#include "timenode/wire.h"

enum {
	GIVE_MAX = 64,   /* addresses in an answer of ours */
	TAKE_MAX = 1000, /* addresses looked at in an answer of theirs: old nodes send all */
	SAVE_MS = 60000,
	ANSWER_MS = 20000
};

struct conf {
	uint64_t book_max, ask_every;
	struct tn_addrs bootstrap;
};

struct state {
	struct book *book;
	struct tn_timer pulse;
	struct tn_batch *late; /* the store had no room for it: the next save goes on with it */
};

enum { M_ASK, M_LIST };
enum { DB_BOOK, DB_KEY };
enum { C_BOOK, C_TOLD, C_ADDED, C_GIVEN };

static struct book *book_of(struct tn_ctx *c)
{
	return ((struct state *)c->state)->book;
}

static bool is_self(struct tn_ctx *c, const struct tn_addr *a)
{
	struct tn_addr me;

	if (tn_self(c, &me) || tn_addr_cmp_ip(&me, a))
		return false;
	return !a->port || !me.port || a->port == me.port;
}

static void count_book(struct tn_ctx *c)
{
	tn_metric(c, C_BOOK, book_count(book_of(c)));
}

/* ---- answering */

struct sample {
	const struct entry *e[GIVE_MAX];
	uint32_t n, seen;
};

/* Old nodes tear a line that comes in two segments and blame the sender for the rest
 * (doc/protocol.md 8.1): what they get fits into one.
 */
#define SEGMENT_BYTES 1200

static uint64_t below(struct tn_ctx *c, uint64_t n)
{
	return tn_random64(c) % n; /* n is small: the bias is below 2^-40 */
}

/* Reservoir sampling: every good address is as likely as any other. */
static void draw(struct tn_ctx *c, struct sample *s, const struct entry *e)
{
	uint64_t at = s->seen++;

	if (at >= GIVE_MAX)
		at = below(c, s->seen);
	if (at < GIVE_MAX)
		s->e[at] = e;
	s->n = s->seen < GIVE_MAX ? s->seen : GIVE_MAX;
}

static void choose(struct tn_ctx *c, struct tn_sid asker, struct sample *s)
{
	const struct entry *e = NULL;
	struct tn_session who = { 0 };

	tn_session(c, asker, &who);
	while ((e = book_next_reached(book_of(c), e)))
		if (book_is_good(e, tn_wall_s(c)) && tn_usable(c, &e->addr) &&
		    tn_addr_cmp_ip(&e->addr, &who.addr))
			draw(c, s, e);
}

static int write_list(struct tn_ctx *c, const struct sample *s, size_t room, struct tn_peers *list)
{
	struct tn_arena *a = tn_scratch(c);
	char text[TN_ADDR_TEXT];

	list->addr.v = tn_alloc(a, (s->n + 1u) * sizeof(struct tn_str));
	for (uint32_t i = 0; list->addr.v && i < s->n; i++) {
		size_t n = strlen(tn_addr_text(&s->e[i]->addr, text));
		char *copy = tn_copy_text(a, text, n);

		if (!copy)
			return TN_ENOMEM;
		if (n + 3 > room) /* two quotes and a comma */
			break;
		room -= n + 3;
		list->addr.v[list->addr.n++] = (struct tn_str){ copy, (uint32_t)n };
	}
	return list->addr.v ? 0 : TN_ENOMEM;
}

static tn_verdict on_ask(struct tn_ctx *c, const struct tn_msg *m)
{
	struct sample s = { .n = 0 };
	struct tn_peers list = { { NULL, 0 } };

	choose(c, m->from, &s);
	if (write_list(c, &s, m->flags & TN_MSG_LEGACY ? SEGMENT_BYTES : SIZE_MAX, &list))
		return TN_BROKEN;
	if (!tn_send(c, m->from, M_LIST, &list))
		tn_metric(c, C_GIVEN, s.n);
	return TN_TAKEN;
}

/* ---- asking */

static void learn(struct tn_ctx *c, const struct tn_str *text, const struct tn_addr *source)
{
	struct tn_addr a;

	tn_metric(c, C_TOLD, 1);
	if (tn_addr_parse(&a, text->p, text->n) || !tn_usable(c, &a) || is_self(c, &a))
		return;
	if (book_add(book_of(c), &a, source, tn_wall_s(c)))
		tn_metric(c, C_ADDED, 1);
}

static tn_verdict on_list(struct tn_ctx *c, struct tn_sid s, void *slot, const struct tn_reply *r,
			  uint64_t tag)
{
	const struct tn_peers *list;
	struct tn_session who;

	(void)slot, (void)tag;
	if (r->status || tn_session(c, s, &who))
		return TN_TAKEN; /* no answer is no fault: old nodes that dialed us are silent */
	list = r->msg->body;
	for (uint32_t i = 0; i < list->addr.n && i < TAKE_MAX; i++)
		learn(c, &list->addr.v[i], &who.addr);
	count_book(c);
	TN_LOG(c, TN_DEBUG, s, "told us %u addresses, the book has %u", list->addr.n,
	       book_count(book_of(c)));
	return TN_TAKEN;
}

static void ask(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	struct tn_question q = {
		.send = M_ASK, .expect = M_LIST, .timeout_ms = ANSWER_MS, .done = on_list
	};

	(void)slot;
	tn_ask_peer(c, s, &q);
}

/* ---- sessions: one that we dialed proves its address; one that dialed us claims it */

static void up(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	struct tn_session who;

	if (tn_session(c, s, &who))
		return;
	if (who.addr.port && tn_usable(c, &who.addr) && !is_self(c, &who.addr)) {
		if (who.flags & TN_S_OUTBOUND)
			book_good(book_of(c), &who.addr, tn_wall_s(c));
		else
			book_add(book_of(c), &who.addr, &who.addr, tn_wall_s(c));
	}
	count_book(c);
	ask(c, s, slot);
}

/* ---- proposing: reached before or not with equal chance, each netgroup once at first */

struct offer {
	struct tn_ctx *c;
	struct entry const **list[2]; /* untried, tried */
	uint32_t n[2];
	uint64_t *group;
	uint32_t groups, wanted;
};

static bool is_candidate(struct tn_ctx *c, const struct entry *e)
{
	return book_may_dial(e, tn_wall_s(c)) && tn_usable(c, &e->addr) && !is_self(c, &e->addr) &&
	       !tn_find(c, &e->addr).v;
}

static int add_group(struct tn_ctx *c, struct tn_sid s, void *slot, void *arg)
{
	struct offer *o = arg;
	struct tn_session who;

	(void)slot;
	if (!tn_session(c, s, &who))
		o->group[o->groups++] = tn_addr_group(&who.addr);
	return 0;
}

static bool is_new_group(const struct offer *o, const struct entry *e)
{
	uint64_t g = tn_addr_group(&e->addr);

	for (uint32_t i = 0; i < o->groups; i++)
		if (o->group[i] == g)
			return false;
	return true;
}

static void shuffle(struct tn_ctx *c, struct entry const **v, uint32_t n)
{
	for (; n > 1; n--) {
		uint64_t i = below(c, n);
		const struct entry *e = v[i];

		v[i] = v[n - 1];
		v[n - 1] = e;
	}
}

static bool collect(struct offer *o)
{
	const struct entry *e = NULL;
	struct tn_arena *a = tn_scratch(o->c);
	uint32_t max = book_count(book_of(o->c)) + 1;
	static const struct tn_filter outbound = { .all_of = TN_S_OUTBOUND };

	o->list[0] = tn_alloc(a, max * sizeof(void *));
	o->list[1] = tn_alloc(a, max * sizeof(void *));
	o->group = tn_alloc(a, (tn_count(o->c, &outbound) + o->wanted) * sizeof *o->group);
	if (!o->list[0] || !o->list[1] || !o->group)
		return false;
	while ((e = book_next(book_of(o->c), e)))
		if (is_candidate(o->c, e))
			o->list[e->tried][o->n[e->tried]++] = e;
	shuffle(o->c, o->list[0], o->n[0]);
	shuffle(o->c, o->list[1], o->n[1]);
	tn_each(o->c, &outbound, add_group, o);
	return true;
}

/* Takes the next one of either list, at random while both last; NULL: both are empty. */
static const struct entry *next_of(struct offer *o, uint32_t at[2])
{
	unsigned which = at[1] < o->n[1];

	if (which && at[0] < o->n[0])
		which = (unsigned)below(o->c, 2);
	return at[which] < o->n[which] ? o->list[which][at[which]++] : NULL;
}

static void offer_some(struct offer *o, bool new_groups)
{
	uint32_t at[2] = { 0, 0 };
	const struct entry *e;

	while (o->wanted && (e = next_of(o, at))) {
		if (new_groups && !is_new_group(o, e))
			continue;
		if (tn_dial(o->c, &e->addr, TN_DIAL_CANDIDATE, true))
			continue; /* known to the core already: costs no slot */
		if (new_groups)
			o->group[o->groups++] = tn_addr_group(&e->addr);
		o->wanted--;
	}
}

static void on_dial_wanted(struct tn_ctx *c, const void *payload)
{
	struct offer o = { .c = c, .wanted = ((const struct tn_ev_dial_wanted *)payload)->slots };

	if (!o.wanted || !collect(&o))
		return;
	offer_some(&o, true);
	offer_some(&o, false);
}

/* Told without a port, dialed with the network's. */
static const struct entry *find_dialed(struct tn_ctx *c, const struct tn_addr *a)
{
	struct tn_addr plain = *a;
	const struct entry *e = book_find(book_of(c), a);

	plain.port = 0;
	return e ? e : book_find(book_of(c), &plain);
}

static void on_dialed(struct tn_ctx *c, const void *payload)
{
	const struct tn_ev_dialed *d = payload;
	const struct entry *e = find_dialed(c, &d->addr);
	struct tn_addr was;

	if (!e)
		return;
	was = e->addr;
	if (d->result) {
		book_fail(book_of(c), &was, tn_wall_s(c));
		return;
	}
	if (tn_addr_cmp(&was, &d->addr))
		book_drop(book_of(c), &was);
	book_good(book_of(c), &d->addr, tn_wall_s(c));
	count_book(c);
}

/* ---- storage: what changed, once a minute and at stop */

enum { KEY_BYTES = 18 };

static void addr_key(uint8_t key[KEY_BYTES], const struct tn_addr *a)
{
	memcpy(key, a->ip, sizeof a->ip);
	tn_be16(key + 16, a->port);
}

struct saving {
	struct tn_ctx *c;
	struct tn_batch *batch;
	uint32_t rows;
};

static int put_entry(void *arg, const struct entry *e)
{
	struct saving *s = arg;
	uint8_t key[KEY_BYTES];

	addr_key(key, &e->addr);
	s->rows++;
	return tn_put_as(s->c, s->batch, DB_BOOK, (struct tn_view){ key, sizeof key },
			 &entry_schema, e);
}

static int del_entry(void *arg, const struct tn_addr *a)
{
	struct saving *s = arg;
	uint8_t key[KEY_BYTES];

	addr_key(key, a);
	s->rows++;
	return tn_del(s->c, s->batch, DB_BOOK, (struct tn_view){ key, sizeof key });
}

static void save(struct tn_ctx *c, void *arg)
{
	struct state *st = c->state;
	struct saving s = { c, st->late ? st->late : tn_batch(c), st->late ? 1 : 0 };
	struct book_out out = { put_entry, del_entry, &s };

	(void)arg;
	st->late = NULL;
	if (!s.batch)
		return;
	if (book_changes(book_of(c), &out) || !s.rows)
		tn_abandon(c, s.batch);
	else if (tn_commit(c, s.batch, TN_NO_TICKET) == TN_EFULL)
		st->late = s.batch;
}

static int load_one(struct tn_ctx *c, struct tn_view key, struct tn_view val, void *arg)
{
	struct tn_arena *a = arg;
	const void *e;

	(void)key;
	if (tn_bin_read(&entry_schema, val, a, &e, NULL))
		return TN_EBAD;
	book_restore(book_of(c), e);
	tn_arena_reset(a);
	return 0;
}

/* The key decides the buckets, so it is kept with the book. */
static int load_key(struct tn_ctx *c, uint64_t key[2])
{
	struct tn_view at = { (const uint8_t *)"key", 3 }, val;
	struct tn_batch *b;
	int rc;

	if (!tn_get(c, NULL, DB_KEY, at, &val) && val.n == 2 * sizeof *key) {
		memcpy(key, val.p, val.n);
		return 0;
	}
	key[0] = tn_random64(c);
	key[1] = tn_random64(c);
	b = tn_batch(c);
	if (!b)
		return TN_ENOMEM;
	tn_put(c, b, DB_KEY, at, (struct tn_view){ (const uint8_t *)key, 2 * sizeof *key });
	rc = tn_commit(c, b, TN_NO_TICKET);
	if (rc == TN_EFULL)
		tn_abandon(c, b);
	return rc;
}

static int load_book(struct tn_ctx *c)
{
	struct tn_arena *a = tn_arena_new(c);
	int rc;

	if (!a)
		return TN_ENOMEM;
	rc = tn_scan(c, DB_BOOK, (struct tn_view){ NULL, 0 }, load_one, a);
	tn_arena_unref(a);
	return rc;
}

/* ---- the command */

struct row {
	struct tn_str ip;
	uint32_t port;
	bool tried;
	int64_t last_seen;
	uint32_t fails;
	struct tn_str source;
};

static const struct tn_schema row_schema =
	TN_SCHEMA(struct row, TN_RECORD, TN_FIELD(struct row, ip), TN_FIELD(struct row, port),
		  TN_FIELD(struct row, tried), TN_FIELD(struct row, last_seen),
		  TN_FIELD(struct row, fails), TN_FIELD(struct row, source));

static struct tn_str str(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

static int peerbook(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct entry *e = NULL;
	char ip[TN_ADDR_TEXT], source[TN_ADDR_TEXT];

	(void)args, (void)err;
	while ((e = book_next(book_of(c), e))) {
		struct row r = { .port = e->addr.port,
				 .tried = e->tried,
				 .last_seen = e->last_seen,
				 .fails = e->fails };

		r.ip = str(tn_addr_ip_text(&e->addr, ip));
		r.source = str(tn_addr_ip_text(&e->source, source));
		tn_row(c, cmd, &r);
	}
	return 0;
}

/* ---- life */

static void set_pulse(struct tn_ctx *c)
{
	struct state *st = c->state;

	tn_cancel(c, st->pulse);
	st->pulse = tn_pulse(c, ((const struct conf *)c->conf)->ask_every, ask);
}

static int init(struct tn_ctx *c, struct tn_error *err)
{
	const struct conf *conf = c->conf;
	struct state *st = c->state;
	uint64_t key[2];

	if (load_key(c, key))
		return tn_fail(err, TN_EIO, "the store takes no writes");
	st->book = book_create((uint32_t)conf->book_max, key);
	if (!st->book)
		return tn_fail(err, TN_ENOMEM, "no memory for %u addresses",
			       (unsigned)conf->book_max);
	if (load_book(c))
		return tn_fail(err, TN_EBAD, "the address book in the store is unreadable");
	return 0;
}

static int start(struct tn_ctx *c, struct tn_error *err)
{
	const struct conf *conf = c->conf;

	for (uint32_t i = 0; i < conf->bootstrap.n; i++)
		if (tn_usable(c, &conf->bootstrap.v[i]) && !is_self(c, &conf->bootstrap.v[i]))
			book_add(book_of(c), &conf->bootstrap.v[i], &conf->bootstrap.v[i],
				 tn_wall_s(c));
	count_book(c);
	set_pulse(c);
	if (!tn_every(c, SAVE_MS, save, NULL).v || !((struct state *)c->state)->pulse.v)
		return tn_fail(err, TN_ENOMEM, "no memory");
	return 0;
}

static void stop(struct tn_ctx *c, enum tn_why why)
{
	(void)why;
	save(c, NULL);
}

static void fini(struct tn_ctx *c)
{
	book_free(book_of(c));
}

TN_PLUGIN = {
	TN_HEAD("peers", "1.0", "peer exchange and the address book"),
	.state_bytes = sizeof(struct state),
	.conf_bytes = sizeof(struct conf),
	.messages = TN_ROWS(struct tn_message,
			    [M_ASK] = { "GetPeers", &tn_schema_unit, on_ask, TN_OWN, .max = 65536,
					.rate = 5, .pace = 1 },
			    [M_LIST] = { "PeersResponse", &tn_wire_peers, NULL, TN_OWN, TN_HIDDEN,
					 .max = 1 << 20, .rate = 5 }),
	.listens = TN_ROWS(struct tn_listen,
			   { TN_EV_DIAL_WANTED, sizeof(struct tn_ev_dial_wanted), on_dial_wanted,
			     NULL },
			   { TN_EV_DIALED, sizeof(struct tn_ev_dialed), on_dialed, NULL }),
	.options =
		TN_ROWS(struct tn_option,
			{ "book_max", "4000", "addresses kept", 16, 100000,
			  offsetof(struct conf, book_max), TN_O_INT, 1 },
			TN_OPT_MS(struct conf, ask_every, "1h", 1000, 86400000,
				  "time between two GetPeers to one peer"),
			TN_OPT(struct conf, bootstrap, "", 0, 0, "addresses known from the start")),
	.commands = TN_ROWS(struct tn_command,
			    { "peerbook", "the address book", NULL, &row_schema, peerbook }),
	.metrics = TN_ROWS(
		struct tn_metric,
		[C_BOOK] = { "addresses", "addresses in the book", TN_M_GAUGE, 1 },
		[C_TOLD] = { "addresses_told", "addresses that peers told us", TN_M_COUNT, 0 },
		[C_ADDED] = { "addresses_added", "of those, new in the book", TN_M_COUNT, 0 },
		[C_GIVEN] = { "addresses_given", "addresses that we told peers", TN_M_COUNT, 0 }),
	.dbs = TN_ROWS(struct tn_dbdef, [DB_BOOK] = { "book", &entry_schema, 1 },
		       [DB_KEY] = { "key", NULL, 1 }),
	.init = init,
	.start = start,
	.reloaded = set_pulse,
	.up = up,
	.stop = stop,
	.fini = fini,
};
