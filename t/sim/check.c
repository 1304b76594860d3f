/* SPDX-License-Identifier: MIT
 * t/sim/check.c - invariants of a fleet
 */
#include "config.h"

#include "sim/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000)
#define TWO_MAX_US (12 * SECOND) /* a handshake time-out, and a look on either side */
#define DOUBLES_MAX 2            /* of one pair, for one healing */
#define WALL_START_US (INT64_C(1767225600) * 1000000 - INT64_C(1000000))

static bool broken(struct check *c, unsigned a, unsigned b, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static bool broken(struct check *c, unsigned a, unsigned b, const char *fmt, ...)
{
	va_list ap;

	if (c->broken[0])
		return false;
	va_start(ap, fmt);
	vsnprintf(c->broken, sizeof c->broken, fmt, ap);
	va_end(ap);
	c->a = a;
	c->b = b;
	return false;
}

static uint64_t now_us(const struct check *c)
{
	return world_now(c->fleet->world);
}

static struct net *net_of(const struct check *c, unsigned i)
{
	return c->fleet->node[i].node ? node_net(c->fleet->node[i].node) : NULL;
}

static uint64_t touched(const struct check *c, unsigned a, unsigned b)
{
	return c->storm ? storm_touched(c->storm, a, b) : 0;
}

static const char *name(const struct check *c, unsigned i)
{
	return c->fleet->node[i].name;
}

/* ---- who is linked with whom */

struct sight {
	uint64_t id[FLEET_MAX]; /* 0: it does not run */
	uint8_t up[FLEET_MAX][FLEET_MAX];
};

static int node_by_id(const struct check *c, const struct sight *v, uint64_t id)
{
	for (unsigned j = 0; id && j < c->fleet->nodes; j++)
		if (v->id[j] == id)
			return (int)j;
	return -1;
}

static void see(const struct check *c, struct sight *v)
{
	memset(v, 0, sizeof *v);
	for (unsigned i = 0; i < c->fleet->nodes; i++)
		v->id[i] = net_of(c, i) ? net_node_id(net_of(c, i)) : 0;
}

/* ---- pings of one session */

static const struct account_row *row_of(const struct session *s, unsigned id)
{
	for (unsigned i = 0; i < s->account.rows; i++)
		if (s->account.row[i].id == id)
			return &s->account.row[i];
	return NULL;
}

/* One may be on its way; a probe may have asked beside it. */
static bool check_pings(struct check *c, unsigned i, unsigned j, const struct session *s)
{
	const struct names *names = net_names(net_of(c, i));
	const struct account_row *ping = row_of(s, names_find(names, "Ping", 4));
	const struct account_row *pong = row_of(s, names_find(names, "Pong", 4));
	uint64_t sent = ping ? ping->sent : 0, back = pong ? pong->handled : 0;

	c->pings_matched += back > 0;
	if (sent > back + 2 || (pong && pong->received != pong->handled))
		return broken(
			c, i, j,
			"%s has sent %llu pings to %s and matched %llu, and no fault was near",
			name(c, i), (unsigned long long)sent, name(c, j), (unsigned long long)back);
	return true;
}

static bool check_session(struct check *c, struct sight *v, unsigned i, const struct session *s)
{
	int j = session_is_up(s) ? node_by_id(c, v, s->node_id) : -1;
	uint64_t touch;

	if (j < 0)
		return true;
	v->up[i][j]++;
	touch = touched(c, i, (unsigned)j);
	/* In microseconds of the world: 3 s for what was sent while it was touched. */
	if (touch == UINT64_MAX || s->up_us < touch + 3 * SECOND || s->begun_us < touch)
		return true;
	return check_pings(c, i, (unsigned)j, s);
}

/* ---- two sessions with one peer */

static bool check_two(struct check *c, const struct sight *v, unsigned i, unsigned j)
{
	uint64_t *since = &c->two_since_us[i][j], touch = touched(c, i, j), from;

	if (v->up[i][j] < 2) {
		*since = 0;
		return true;
	}
	if (v->up[i][j] > 2)
		return broken(c, i, j, "%s has %u sessions with %s", name(c, i), v->up[i][j],
			      name(c, j));
	if (!*since) {
		*since = now_us(c);
		c->doubles++;
	}
	if (touch == UINT64_MAX)
		return true;
	from = *since > touch ? *since : touch;
	if (now_us(c) - from > TWO_MAX_US)
		return broken(c, i, j, "%s has had two sessions with %s for %llu s", name(c, i),
			      name(c, j), (unsigned long long)((now_us(c) - from) / SECOND));
	return true;
}

bool check_node(struct check *c, unsigned i)
{
	uint64_t off;

	if (!net_of(c, i))
		return true;
	off = fleet_missing(&c->fleet->node[i]);
	return off == 0 || broken(c, i, i, "%llu messages of %s have no fate",
				  (unsigned long long)off, name(c, i));
}

bool check_now(struct check *c)
{
	struct sight v;
	bool good = true;

	c->looks++;
	see(c, &v);
	for (unsigned i = 0; i < c->fleet->nodes; i++) {
		const struct net *net = net_of(c, i);

		for (const struct session *s = NULL; net && (s = net_any(net, s));)
			good &= check_session(c, &v, i, s);
		for (unsigned j = 0; j < c->fleet->nodes; j++)
			good &= check_two(c, &v, i, j);
		if ((c->looks + i) % 10 == 0)
			good &= check_node(c, i);
	}
	return good;
}

/* ---- after healing */

void check_healed(struct check *c)
{
	c->healed_us = now_us(c);
}

/* Sessions with this peer that ended as doubles since healing, as `why` would tell. */
static unsigned doubles_of(const struct check *c, unsigned i, unsigned j)
{
	int64_t since = WALL_START_US + (int64_t)c->healed_us;
	int64_t now = WALL_START_US + (int64_t)now_us(c);
	unsigned n = 0;

	for (struct peer *p = net_peer_next(net_of(c, i), NULL); p;
	     p = net_peer_next(net_of(c, i), p)) {
		if (tn_addr_cmp_ip(&p->addr, &c->fleet->node[j].ip))
			continue;
		for (unsigned k = p->history.count; k-- > 0;) {
			const struct history_entry *e = history_at(&p->history, k);

			/* Clocks that had jumped wrote of other days. */
			n += e->at_us >= since && e->at_us <= now && e->reason &&
			     !strncmp(e->reason, "double", 6);
		}
	}
	return n;
}

/* Has one of them a way to the other that its configuration would take? */
static bool must_be_linked(const struct check *c, unsigned i, unsigned j)
{
	bool there = c->want[i][j] && (!c->storm || storm_path(c->storm, i, j));
	bool back = c->want[j][i] && (!c->storm || storm_path(c->storm, j, i));

	return there || back;
}

bool check_linked(struct check *c)
{
	struct sight v;

	see(c, &v);
	for (unsigned i = 0; i < c->fleet->nodes; i++)
		for (const struct session *s = NULL; (s = net_any(net_of(c, i), s));)
			check_session(c, &v, i, s);
	for (unsigned i = 0; i < c->fleet->nodes; i++)
		for (unsigned j = 0; j < c->fleet->nodes; j++) {
			if (i == j || !must_be_linked(c, i, j))
				continue;
			c->pairs_linked++;
			c->doubles_told += doubles_of(c, i, j);
			if (v.up[i][j] != 1)
				return broken(c, i, j,
					      "%s has %u sessions with %s 120 s after "
					      "healing",
					      name(c, i), v.up[i][j], name(c, j));
			if (doubles_of(c, i, j) > DOUBLES_MAX)
				return broken(c, i, j,
					      "%s and %s needed %u doubles to become linked",
					      name(c, i), name(c, j), doubles_of(c, i, j));
		}
	return c->broken[0] == 0;
}

/* ---- calm */

void check_calm_begins(struct check *c)
{
	for (unsigned i = 0; i < c->fleet->nodes; i++) {
		struct net_counts n;

		net_counts(net_of(c, i), &n);
		c->before[i].ends = n.ends;
		c->before[i].doubles = n.doubles;
	}
}

bool check_calm_ends(struct check *c)
{
	for (unsigned i = 0; i < c->fleet->nodes; i++) {
		struct net_counts n;

		net_counts(net_of(c, i), &n);
		if (n.ends != c->before[i].ends)
			return broken(c, i, i, "%s lost %llu sessions while all was calm",
				      name(c, i), (unsigned long long)(n.ends - c->before[i].ends));
		if (n.doubles != c->before[i].doubles)
			return broken(c, i, i, "%s saw a double while all was calm", name(c, i));
	}
	return c->broken[0] == 0;
}

static bool is_busy(void *arg)
{
	struct check *c = arg;

	for (unsigned i = 0; i < c->fleet->nodes; i++) {
		struct net_counts n;

		net_counts(net_of(c, i), &n);
		if (n.partial_bytes || n.queued_bytes)
			return true;
	}
	return false;
}

bool check_empty(struct check *c)
{
	if (world_run_while(c->fleet->world, is_busy, c, now_us(c) + 10 * SECOND))
		return true;
	return broken(c, 0, 0, "bytes are held by some node though nothing moves");
}
