/* SPDX-License-Identifier: MIT
 * core/net/ban.c - a hash table of banned networks and one of addresses with points
 */
#define HASH_NONFATAL_OOM 1
#include "net/ban.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "net/score.h"
#include "timenode/schema.h"

#define LENGTHS 129      /* prefix lengths 0 to 128 */
#define SCORES_PER_BAN 4 /* bound of the second table, as a multiple of the first */
#define EVICT_LOOK 16    /* how many of the longest untouched scores are compared */

struct banned {
	struct ban ban; /* its net is the key */
	UT_hash_handle hh;
};

struct scored {
	uint8_t ip[16];
	struct score score;
	UT_hash_handle hh; /* in the order of the last touch */
};

struct waiter {            /* for the disk; freed when the store tells of it */
	struct bans *bans; /* NULL: gone before */
	bans_saved_fn *fn; /* NULL: nobody waits any more */
	void *arg;
	bool *at_once; /* of the call that made it, while that runs: nobody need be called */
	struct waiter *prev, *next;
};

struct bans {
	struct waiter *waiters;
	struct banned *ban;
	struct scored *score;
	uint32_t length[LENGTHS]; /* bans of each prefix length */
	uint32_t max;
	struct store *store; /* NULL: memory only */
	int db;
};

_Static_assert(sizeof(struct tn_subnet) == 17, "a subnet is its own key, without padding");

/* ---- the table in memory */

static struct tn_subnet network_of(const uint8_t ip[16], unsigned bits)
{
	struct tn_subnet net = { .bits = (uint8_t)bits };

	memcpy(net.ip, ip, bits / 8);
	if (bits % 8)
		net.ip[bits / 8] = ip[bits / 8] & (uint8_t)(0xff00u >> bits % 8);
	return net;
}

static struct banned *find_net(const struct bans *b, const struct tn_subnet *net)
{
	struct banned *e;

	HASH_FIND(hh, b->ban, net, sizeof(*net), e);
	return e;
}

static int insert(struct bans *b, const struct ban *ban)
{
	struct banned *e = malloc(sizeof(*e));

	if (!e)
		return TN_ENOMEM;
	e->ban = *ban;
	HASH_ADD(hh, b->ban, ban.net, sizeof(e->ban.net), e);
	if (!e->hh.tbl) {
		free(e);
		return TN_ENOMEM;
	}
	b->length[ban->net.bits]++;
	return 0;
}

static void remove_ban(struct bans *b, struct banned *e)
{
	b->length[e->ban.net.bits]--;
	HASH_DEL(b->ban, e);
	free(e);
}

/* ---- what the store holds */

struct record {
	int64_t until_s;
	uint32_t points;
	struct tn_str why;
};

static const struct tn_schema record_schema =
	TN_SCHEMA(struct record, TN_RECORD, TN_FIELD(struct record, until_s),
		  TN_FIELD(struct record, points), TN_FIELD_MAX(struct record, why, 80));

static struct tn_view key_of(const struct tn_subnet *net)
{
	return (struct tn_view){ (const uint8_t *)net, sizeof(*net) };
}

static int put(struct store_batch *batch, int db, const struct ban *ban)
{
	struct record r = { ban->until_s,
			    ban->points,
			    { ban->why, (uint32_t)strnlen(ban->why, sizeof(ban->why)) } };
	uint8_t buf[256];
	size_t n = tn_bin_write(&record_schema, &r, buf, sizeof(buf));

	return store_put(batch, db, key_of(&ban->net), (struct tn_view){ buf, n });
}

/* One change made durable: `gone` deleted, `added` written; either may be NULL. */
static int save(struct bans *b, const struct tn_subnet *gone, const struct ban *added)
{
	struct store_batch *batch;
	int rc = 0;

	if (!b->store)
		return 0;
	batch = store_batch(b->store);
	if (!batch)
		return TN_EIO;
	if (gone)
		rc = store_del(batch, b->db, key_of(gone));
	if (!rc && added)
		rc = put(batch, b->db, added);
	if (!rc)
		return store_commit(batch, NULL) ? TN_EIO : 0;
	store_abandon(batch);
	return TN_EIO;
}

static int read_record(struct tn_view key, struct tn_view val, struct tn_arena *a, struct ban *out,
		       struct tn_error *err)
{
	const void *obj;
	const struct record *r;
	int rc;

	*out = (struct ban){ 0 };
	if (key.n != sizeof(out->net) || key.p[16] > 128)
		return tn_fail(err, TN_EBAD, "the stored list of bans is damaged: bad key");
	rc = tn_bin_read(&record_schema, val, a, &obj, err);
	if (rc)
		return rc;
	r = obj;
	out->net = network_of(key.p, key.p[16]);
	out->until_s = r->until_s;
	out->points = r->points;
	memcpy(out->why, r->why.p, r->why.n < sizeof(out->why) ? r->why.n : sizeof(out->why) - 1);
	return 0;
}

/* ---- eviction */

/* The automatic ban that ends first, NULL if there is none. */
static struct banned *soonest(struct bans *b)
{
	struct banned *best = NULL;

	for (struct banned *e = b->ban; e; e = e->hh.next)
		if (e->ban.points && (!best || e->ban.until_s < best->ban.until_s))
			best = e;
	return best;
}

/* One that is over, else the automatic one that ends first. */
static struct banned *to_evict(struct bans *b, int64_t now_s)
{
	for (struct banned *e = b->ban; e; e = e->hh.next)
		if (e->ban.until_s <= now_s)
			return e;
	return soonest(b);
}

/* ---- loading */

struct loading {
	struct bans *bans;
	struct store_batch *batch; /* deletes what is not kept */
	struct tn_arena *arena;
	struct tn_error *err;
	int64_t now_s;
};

static int forget(struct loading *l, const struct tn_subnet *net)
{
	int rc = store_del(l->batch, l->bans->db, key_of(net));

	return rc ? tn_fail(l->err, rc, "the stored list of bans: %s", tn_code_text(rc)) : 0;
}

/* The option bans_max may have become smaller since these were written. */
static int make_room(struct loading *l)
{
	struct banned *e = soonest(l->bans);
	int rc;

	if (!e)
		return 0;
	rc = forget(l, &e->ban.net);
	remove_ban(l->bans, e);
	return rc;
}

static int load_one(void *arg, struct tn_view key, struct tn_view val)
{
	struct loading *l = arg;
	struct bans *b = l->bans;
	struct ban ban;
	int rc = tn_arena_reset(l->arena);

	if (!rc)
		rc = read_record(key, val, l->arena, &ban, l->err);
	if (rc)
		return rc;
	if (ban.until_s <= l->now_s)
		return forget(l, &ban.net);
	rc = insert(b, &ban);
	if (rc)
		return tn_fail(l->err, rc, "no memory for the list of bans");
	return HASH_COUNT(b->ban) > b->max ? make_room(l) : 0;
}

static int load(struct bans *b, int64_t now_s, struct tn_error *err)
{
	struct loading l = { b, NULL, NULL, err, now_s };
	int rc = TN_ENOMEM;

	b->db = store_db(b->store, "core.bans", 1, err);
	if (b->db < 0)
		return b->db;
	l.batch = store_batch(b->store);
	l.arena = tn_arena_create(4096);
	if (l.batch && l.arena)
		rc = store_scan(b->store, b->db, (struct tn_view){ NULL, 0 }, load_one, &l);
	else
		tn_fail(err, rc, "no memory for the list of bans");
	tn_arena_unref(l.arena);
	if (!rc)
		return store_commit(l.batch, err);
	store_abandon(l.batch);
	return rc;
}

/* ---- the calls */

struct bans *bans_create(struct store *store, uint32_t max, int64_t now_s, struct tn_error *err)
{
	struct bans *b = calloc(1, sizeof(*b));

	if (!b) {
		tn_fail(err, TN_ENOMEM, "no memory for the list of bans");
		return NULL;
	}
	b->max = max;
	b->store = store;
	if (!store || load(b, now_s, err) == 0)
		return b;
	bans_free(b);
	return NULL;
}

void bans_free(struct bans *b)
{
	struct banned *e, *e_next;
	struct scored *s, *s_next;

	if (!b)
		return;
	for (struct waiter *w = b->waiters; w; w = w->next)
		w->bans = NULL;
	HASH_ITER(hh, b->ban, e, e_next)
		remove_ban(b, e);
	HASH_ITER(hh, b->score, s, s_next) {
		HASH_DEL(b->score, s);
		free(s);
	}
	free(b);
}

static int replace(struct bans *b, struct banned *e, const struct ban *ban)
{
	if (ban->points && ban->until_s <= e->ban.until_s)
		return 0;
	e->ban = *ban;
	return save(b, NULL, ban);
}

static int add_new(struct bans *b, const struct ban *ban, int64_t now_s)
{
	struct banned *old = HASH_COUNT(b->ban) < b->max ? NULL : to_evict(b, now_s);
	struct tn_subnet gone = { .bits = 0 };
	int rc;

	if (!old && HASH_COUNT(b->ban) >= b->max)
		return TN_EFULL;
	rc = insert(b, ban);
	if (rc)
		return rc;
	if (old) {
		gone = old->ban.net;
		remove_ban(b, old);
	}
	return save(b, old ? &gone : NULL, ban);
}

int bans_add(struct bans *b, const struct ban *ban, int64_t now_s)
{
	struct ban own = *ban;
	struct banned *e;

	if (ban->net.bits > 128)
		return TN_EINVAL;
	own.net = network_of(ban->net.ip, ban->net.bits);
	own.why[sizeof(own.why) - 1] = '\0';
	e = find_net(b, &own.net);
	return e ? replace(b, e, &own) : add_new(b, &own, now_s);
}

int bans_lift(struct bans *b, const struct tn_subnet *net)
{
	struct tn_subnet own;
	struct banned *e;

	if (net->bits > 128)
		return TN_EINVAL;
	own = network_of(net->ip, net->bits);
	e = find_net(b, &own);
	if (!e)
		return TN_ENOENT;
	remove_ban(b, e);
	return save(b, &own, NULL);
}

/* ---- who waits for the disk */

static void told(void *arg, int rc, const char *why)
{
	struct waiter *w = arg;

	if (w->bans)
		DL_DELETE(w->bans->waiters, w);
	if (w->at_once)
		*w->at_once = true;
	else if (w->bans && w->fn)
		w->fn(w->arg, rc, why);
	free(w);
}

/* An empty batch is durable when all before it are. */
int bans_when_saved(struct bans *b, bans_saved_fn *fn, void *arg, struct tn_error *err)
{
	struct store_batch *batch = b->store ? store_batch(b->store) : NULL;
	struct waiter *w = batch ? calloc(1, sizeof *w) : NULL;
	bool at_once = false;
	int rc;

	if (!b->store)
		return 0;
	if (!w) {
		store_abandon(batch);
		return tn_fail(err, TN_ENOMEM, "no memory");
	}
	*w = (struct waiter){ .bans = b, .fn = fn, .arg = arg, .at_once = &at_once };
	DL_APPEND(b->waiters, w);
	rc = store_commit_told(batch, told, w, err);
	if (rc == 0 && at_once)
		return 0;
	w->at_once = NULL;
	if (rc == 0)
		return 1;
	if (rc == TN_EFULL)
		store_abandon(batch);
	DL_DELETE(b->waiters, w);
	free(w);
	return rc;
}

void bans_forget(struct bans *b, const void *arg)
{
	for (struct waiter *w = b->waiters; w; w = w->next)
		if (w->arg == arg)
			w->fn = NULL;
}

const struct ban *bans_find(struct bans *b, const struct tn_addr *addr, int64_t now_s)
{
	for (int bits = LENGTHS - 1; bits >= 0; bits--) {
		struct tn_subnet net;
		struct banned *e;

		if (!b->length[bits])
			continue;
		net = network_of(addr->ip, (unsigned)bits);
		e = find_net(b, &net);
		if (e && e->ban.until_s > now_s)
			return &e->ban;
	}
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	const struct ban *x = a, *y = b;
	struct tn_addr at = { .port = 0 }, bt = { .port = 0 };
	int order;

	memcpy(at.ip, x->net.ip, sizeof(at.ip));
	memcpy(bt.ip, y->net.ip, sizeof(bt.ip));
	order = tn_addr_cmp_ip(&at, &bt);
	return order ? order : (int)x->net.bits - (int)y->net.bits;
}

/* A copy, so that fn may change the table. */
static struct ban *sorted(const struct bans *b, int64_t now_s, uint32_t *n)
{
	struct ban *list = malloc((HASH_COUNT(b->ban) + 1) * sizeof(*list));

	*n = 0;
	if (!list)
		return NULL;
	for (struct banned *e = b->ban; e; e = e->hh.next)
		if (e->ban.until_s > now_s)
			list[(*n)++] = e->ban;
	qsort(list, *n, sizeof(*list), by_address);
	return list;
}

int bans_each(struct bans *b, int64_t now_s, int (*fn)(void *arg, const struct ban *), void *arg)
{
	uint32_t n;
	struct ban *list = sorted(b, now_s, &n);
	int rc = list ? 0 : TN_ENOMEM;

	for (uint32_t i = 0; i < n && !rc; i++)
		rc = fn(arg, &list[i]);
	free(list);
	return rc;
}

uint32_t bans_count(const struct bans *b)
{
	return HASH_COUNT(b->ban);
}

/* ---- points of addresses */

/* Of those that have not been touched for the longest time the one with the fewest. */
static void evict_score(struct bans *b, uint64_t now_us, uint64_t half_life_us)
{
	struct scored *best = b->score;
	struct scored *s = b->score;

	for (unsigned i = 0; i < EVICT_LOOK && s; i++, s = s->hh.next)
		if (score_now(&s->score, now_us, half_life_us) <
		    score_now(&best->score, now_us, half_life_us))
			best = s;
	if (!best)
		return;
	HASH_DEL(b->score, best);
	free(best);
}

/* The entry of an address, out of the table; a new one if it has none. */
static struct scored *take_score(struct bans *b, const struct tn_addr *addr)
{
	struct scored *s;

	HASH_FIND(hh, b->score, addr->ip, sizeof(addr->ip), s);
	if (s) {
		HASH_DEL(b->score, s);
		return s;
	}
	s = calloc(1, sizeof(*s));
	if (s)
		memcpy(s->ip, addr->ip, sizeof(s->ip));
	return s;
}

uint32_t bans_score(struct bans *b, const struct tn_addr *addr, unsigned points, uint64_t now_us,
		    uint64_t half_life_us)
{
	struct scored *s = take_score(b, addr);
	uint32_t sum;

	if (!s)
		return points; /* at least what is known now counts */
	sum = score_add(&s->score, points, now_us, half_life_us);
	if (HASH_COUNT(b->score) >= (uint64_t)SCORES_PER_BAN * b->max)
		evict_score(b, now_us, half_life_us);
	HASH_ADD(hh, b->score, ip, sizeof(s->ip), s);
	if (!s->hh.tbl)
		free(s);
	return sum;
}

uint32_t bans_scores(const struct bans *b)
{
	return HASH_COUNT(b->score);
}

void bans_each_score(const struct bans *b,
		     void (*fn)(void *arg, const struct tn_addr *, const struct score *), void *arg)
{
	struct tn_addr a = { .port = 0 };

	for (const struct scored *s = b->score; s; s = s->hh.next) {
		memcpy(a.ip, s->ip, sizeof a.ip);
		fn(arg, &a, &s->score);
	}
}

int bans_put_score(struct bans *b, const struct tn_addr *addr, const struct score *score)
{
	struct scored *s = take_score(b, addr);

	if (!s)
		return TN_ENOMEM;
	s->score = *score;
	HASH_ADD(hh, b->score, ip, sizeof(s->ip), s);
	if (s->hh.tbl)
		return 0;
	free(s);
	return TN_ENOMEM;
}

int bans_replace(struct bans *b, const struct ban *ban, uint32_t n)
{
	struct banned *e, *next;
	int rc = 0;

	HASH_ITER(hh, b->ban, e, next)
		remove_ban(b, e);
	for (uint32_t i = 0; i < n && !rc; i++)
		if (!find_net(b, &ban[i].net))
			rc = insert(b, &ban[i]);
	return rc;
}
