/* SPDX-License-Identifier: MIT
 * t/23-sim-world.c - the simulator: one seed one run, latency, segmentation, blocking
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "env/timer.h"
#include "lib/tap.h"
#include "sim/rng.h"
#include "sim/world.h"

#define SECOND UINT64_C(1000000)
#define NODES 5

static void ip(struct tn_addr *a, uint8_t last)
{
	*a = (struct tn_addr){ .ip = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, last },
			       .port = 24200 };
}

/* ---- an end that notes when pieces come */

struct end {
	struct env *env;
	struct env_conn *c, *peer_slot; /* a listener's last accepted */
	struct end *accepted;
	unsigned connects, pieces, smallest;
	int connect_err, err;
	bool ended;
	size_t n;
	uint64_t first_us, last_us, connected_us;
};

static void on_readable(void *arg)
{
	struct end *e = arg;
	char buf[4096];
	long r = e->env->ops->read(e->c, buf, sizeof(buf));

	e->last_us = env_mono_us(e->env);
	if (e->pieces++ == 0)
		e->first_us = e->last_us;
	if (r > 0) {
		e->n += (size_t)r;
		return;
	}
	e->ended = r == 0;
	e->err = r < 0 ? (int)-r : 0;
	e->env->ops->arm(e->c, false, false);
}

static void on_connected(void *arg, int err)
{
	struct end *e = arg;

	e->connects++;
	e->connect_err = err;
	e->connected_us = env_mono_us(e->env);
	e->env->ops->arm(e->c, true, false);
}

static const struct env_events end_events;

static void on_accepted(void *arg, struct env_conn *c, const struct tn_addr *from)
{
	struct end *l = arg;

	(void)from;
	l->accepted->env = l->env;
	l->accepted->c = c;
	l->accepted->connected_us = env_mono_us(l->env);
	l->env->ops->adopt(c, &end_events, l->accepted);
	l->env->ops->arm(c, true, false);
}

static const struct env_events end_events = {
	.readable = on_readable,
	.accepted = on_accepted,
	.connected = on_connected,
};

static long send_bytes(struct end *e, size_t n)
{
	static char zeros[65536];
	const struct iovec v = { .iov_base = zeros, .iov_len = n };

	return e->env->ops->writev(e->c, &v, 1);
}

/* ---- two nodes and a stream */

struct pair {
	struct world *w;
	struct env *a, *b;
	struct tn_addr at;
	struct end listener, dialed, accepted;
};

static void pair_begin(struct pair *p, uint64_t latency_us, bool segment)
{
	struct tn_addr b;

	*p = (struct pair){ .w = world_create(7) };
	world_knobs(p->w)->latency_min_us = world_knobs(p->w)->latency_max_us = latency_us;
	world_knobs(p->w)->jitter_us = 0;
	world_knobs(p->w)->segment = segment;
	ip(&p->at, 1);
	ip(&b, 2);
	p->a = world_node(p->w, "a", &p->at);
	p->b = world_node(p->w, "b", &b);
	p->listener = (struct end){ .env = p->a, .accepted = &p->accepted };
	p->listener.c = p->a->ops->listen(p->a, &p->at, &end_events, &p->listener, NULL);
}

static void pair_dial(struct pair *p)
{
	p->dialed = (struct end){ .env = p->b };
	p->dialed.c = p->b->ops->connect(p->b, &p->at, NULL, &end_events, &p->dialed, NULL);
}

static void latency(void)
{
	const uint64_t way = 50000, slack = 100;
	struct pair p;
	uint64_t begin, now;

	pair_begin(&p, way, false);
	begin = world_now(p.w);
	pair_dial(&p);
	world_run(p.w, begin + SECOND);
	ok(p.dialed.connected_us >= begin + 2 * way &&
		   p.dialed.connected_us <= begin + 2 * way + slack,
	   "connecting takes one round trip");
	ok(p.accepted.connected_us >= begin + 3 * way &&
		   p.accepted.connected_us <= begin + 3 * way + slack,
	   "and the other side knows half a trip later");
	now = world_now(p.w);
	is_uint(now, begin + SECOND, "the clock stands where the run ended");
	send_bytes(&p.dialed, 1000);
	world_run(p.w, now + SECOND);
	ok(p.accepted.first_us >= now + way && p.accepted.first_us <= now + way + slack,
	   "bytes take the latency of the way");
	is_uint(p.accepted.n, 1000, "all of them");
	is_uint(p.accepted.pieces, 1, "unsegmented in one piece");
	world_free(p.w);
}

static void jitter(void)
{
	struct pair p;
	unsigned outside = 0, differing = 0;
	uint64_t last = 0;

	pair_begin(&p, 10000, false);
	world_knobs(p.w)->jitter_us = 5000;
	pair_dial(&p);
	world_run(p.w, world_now(p.w) + SECOND);
	for (int i = 0; i < 100; i++) {
		uint64_t now = world_now(p.w), took;

		send_bytes(&p.dialed, 10);
		world_run(p.w, now + SECOND);
		took = p.accepted.last_us - now;
		outside += took < 10000 || took > 15000 + 100;
		differing += took != last;
		last = took;
	}
	is_uint(outside, 0, "with jitter, each of 100 is within its bounds");
	ok(differing > 50, "and they differ");
	is_uint(p.accepted.n, 1000, "nothing is lost");
	world_free(p.w);
}

static void segmentation(void)
{
	struct pair p;

	pair_begin(&p, 10000, true);
	pair_dial(&p);
	world_run(p.w, world_now(p.w) + SECOND);
	for (int i = 0; i < 20; i++)
		send_bytes(&p.dialed, 2000);
	world_run(p.w, world_now(p.w) + SECOND);
	is_uint(p.accepted.n, 40000, "segmented, all bytes arrive");
	ok(p.accepted.pieces > 20, "20 writes in more pieces (%u)", p.accepted.pieces);
	ok(p.accepted.last_us > p.accepted.first_us, "at different instants");
	p.accepted.pieces = 0;
	for (int i = 0; i < 100; i++) {
		send_bytes(&p.dialed, 62);
		world_run(p.w, world_now(p.w) + SECOND);
	}
	ok(p.accepted.pieces > 110, "a single ping line is sometimes cut (%u for 100)",
	   p.accepted.pieces);
	world_free(p.w);
}

static void buffer(void)
{
	struct pair p;

	pair_begin(&p, 10000, false);
	world_knobs(p.w)->buffer = 1000;
	pair_dial(&p);
	world_run(p.w, world_now(p.w) + SECOND);
	p.a->ops->arm(p.accepted.c, false, false);
	is_int(send_bytes(&p.dialed, 700), 700, "a write that fits");
	is_int(send_bytes(&p.dialed, 700), 300, "the next is taken in part");
	is_int(send_bytes(&p.dialed, 1), -EAGAIN, "then no more");
	world_run(p.w, world_now(p.w) + 100 * SECOND);
	is_int(send_bytes(&p.dialed, 1), -EAGAIN, "not until the peer reads");
	p.a->ops->arm(p.accepted.c, true, false);
	world_run(p.w, world_now(p.w) + SECOND);
	is_int(send_bytes(&p.dialed, 700), 700, "which makes room");
	world_run(p.w, world_now(p.w) + SECOND);
	is_uint(p.accepted.n, 1700, "and nothing was lost");
	world_free(p.w);
}

/* ---- blocked ways */

static void blocked_stream(bool forth, bool back)
{
	struct pair p;
	const char *which = forth && back ? "both ways" : forth ? "forth" : "back";

	pair_begin(&p, 10000, true);
	pair_dial(&p);
	world_run(p.w, world_now(p.w) + SECOND);
	world_link_block(p.w, p.b, p.a, forth);
	world_link_block(p.w, p.a, p.b, back);
	send_bytes(&p.dialed, 500);
	send_bytes(&p.accepted, 600);
	world_run(p.w, world_now(p.w) + 50 * SECOND);
	is_uint(p.accepted.n, forth ? 0 : 500, "blocked %s: what reaches the listener's side",
		which);
	is_uint(p.dialed.n, back ? 0 : 600, "and the dialer's");
	world_link_block(p.w, p.b, p.a, false);
	world_link_block(p.w, p.a, p.b, false);
	world_run(p.w, world_now(p.w) + SECOND);
	ok(p.accepted.n == 500 && p.dialed.n == 600, "free again, the rest arrives");
	world_run(p.w, world_now(p.w) + 200 * SECOND);
	ok(!p.accepted.err && !p.dialed.err, "and the stream lives on");
	world_link_block(p.w, p.b, p.a, forth);
	world_link_block(p.w, p.a, p.b, back);
	world_run(p.w, world_now(p.w) + 61 * SECOND);
	ok(p.accepted.err == ETIMEDOUT && p.dialed.err == ETIMEDOUT,
	   "blocked for a minute, both ends give up");
	world_free(p.w);
}

static void blocked_connect(void)
{
	struct pair p;

	pair_begin(&p, 10000, true);
	world_link_block(p.w, p.a, p.b, true);
	pair_dial(&p);
	world_run(p.w, world_now(p.w) + 129 * SECOND);
	is_uint(p.dialed.connects, 0, "a connect over a blocked way is silence");
	world_run(p.w, world_now(p.w) + 2 * SECOND);
	is_int(p.dialed.connect_err, ETIMEDOUT, "and times out after 130 s");
	ok(!p.accepted.c, "nothing was accepted");
	p.b->ops->close(p.dialed.c, false);
	pair_dial(&p);
	world_run(p.w, world_now(p.w) + 10 * SECOND);
	world_link_block(p.w, p.a, p.b, false);
	world_run(p.w, world_now(p.w) + 10 * SECOND);
	ok(p.dialed.connects == 1 && !p.dialed.connect_err && p.accepted.c,
	   "freed meanwhile, a retry gets through");
	world_free(p.w);
}

static void nobody(void)
{
	struct pair p;
	uint64_t begin;

	pair_begin(&p, 10000, true);
	p.at.ip[15] = 99;
	pair_dial(&p);
	world_run(p.w, world_now(p.w) + 129 * SECOND);
	is_uint(p.dialed.connects, 0, "a host that does not exist is silence");
	world_run(p.w, world_now(p.w) + 2 * SECOND);
	is_int(p.dialed.connect_err, ETIMEDOUT, "until the time-out");
	p.at.ip[15] = 1;
	p.at.port++;
	begin = world_now(p.w);
	pair_dial(&p);
	world_run(p.w, begin + SECOND);
	is_int(p.dialed.connect_err, ECONNREFUSED, "a port without listener refuses");
	ok(p.dialed.connected_us >= begin + 10000, "not before the way's latency is over");
	world_free(p.w);
}

/* ---- one seed, one run */

struct talker {
	struct env *env;
	struct timers *timers;
	struct end ends[NODES];
	unsigned n, said;
};

static void talk(void *arg)
{
	struct talker *t = arg;
	uint16_t r;

	env_random(t->env, &r, sizeof(r));
	send_bytes(&t->ends[r % t->n], 1 + r % 3000);
	if (++t->said < 50)
		timers_add(t->timers, 1000 + r * 10u, talk, t);
}

static uint64_t conversation(uint64_t seed, uint64_t *deliveries)
{
	static struct talker talkers[NODES];
	static struct end listeners[NODES], accepted[NODES];
	struct world *w = world_create(seed);
	uint64_t hash;

	for (unsigned i = 0; i < NODES; i++) {
		struct talker *t = &talkers[i];
		struct tn_addr at;

		ip(&at, (uint8_t)(i + 1));
		*t = (struct talker){ .env = world_node(w, "talker", &at) };
		t->timers = timers_create(t->env);
		accepted[i] = (struct end){ 0 };
		listeners[i] = (struct end){ .env = t->env, .accepted = &accepted[i] };
		listeners[i].c = t->env->ops->listen(t->env, &at, &end_events, &listeners[i], NULL);
	}
	for (unsigned i = 0; i < NODES; i++) {
		struct talker *t = &talkers[i];
		struct end *e = &t->ends[t->n++];
		struct tn_addr to;

		ip(&to, (uint8_t)((i + 1) % NODES + 1));
		*e = (struct end){ .env = t->env };
		e->c = t->env->ops->connect(t->env, &to, NULL, &end_events, e, NULL);
		timers_add(t->timers, SECOND, talk, t);
	}
	world_run(w, 100 * SECOND);
	hash = world_hash(w);
	*deliveries = world_deliveries(w);
	for (unsigned i = 0; i < NODES; i++)
		timers_free(talkers[i].timers);
	world_free(w);
	return hash;
}

static void determinism(void)
{
	uint64_t n1, n2, n3;
	uint64_t first = conversation(42, &n1), second = conversation(42, &n2);
	uint64_t third = conversation(43, &n3);

	ok(n1 > 50 * NODES, "a conversation of %ju deliveries", (uintmax_t)n1);
	is_uint(second, first, "the same seed is the same run");
	is_uint(n2, n1, "to the last delivery");
	ok(third != first, "another seed is another run");
}

static void idle_hours(void)
{
	struct pair p;
	uint64_t before, hash;
	int64_t wall;

	pair_begin(&p, 10000, true);
	pair_dial(&p);
	world_run(p.w, world_now(p.w) + SECOND);
	before = world_deliveries(p.w);
	hash = world_hash(p.w);
	wall = env_wall_us(p.a);
	world_run(p.w, world_now(p.w) + 10000 * 3600 * SECOND);
	is_uint(world_deliveries(p.w), before, "nothing happens in 10000 idle hours");
	is_uint(world_hash(p.w), hash, "the hash stands still");
	is_int(env_wall_us(p.a) - wall, (int64_t)(10000 * 3600 * SECOND),
	       "the wall clock does not");
	world_wall_offset(p.b, -5000000);
	is_int(env_wall_us(p.b) - env_wall_us(p.a), -5000000, "a node's wall clock may be off");
	world_free(p.w);
}

/* Reference values of xoshiro256** from the state 1, 2, 3, 4. */
static void chance(void)
{
	struct rng r = { .s = { 1, 2, 3, 4 } }, x, y;
	unsigned outside = 0;

	is_uint(rng_next(&r), 11520, "the generator's first reference value");
	is_uint(rng_next(&r), 0, "the second");
	is_uint(rng_next(&r), 1509978240, "the third");
	rng_seed(&x, 5, 1);
	rng_seed(&y, 5, 2);
	ok(rng_next(&x) != rng_next(&y), "streams of one seed differ");
	for (int i = 0; i < 1000; i++) {
		uint64_t v = rng_range(&x, 10, 12);

		outside += v < 10 || v > 12;
	}
	is_uint(outside, 0, "a range is kept");
}

static void logs(void)
{
	struct pair p;
	char *text = NULL, line[32];
	size_t n;
	FILE *f = open_memstream(&text, &n);

	pair_begin(&p, 1000, true);
	for (int i = 0; i < 300; i++)
		p.a->ops->log(p.a, ENV_LOG_INFO, line,
			      (size_t)snprintf(line, sizeof(line), "line %d", i));
	world_log_print(p.a, f);
	fclose(f);
	ok(!strstr(text, "# a: line 43\n") && strstr(text, "# a: line 44\n") &&
		   strstr(text, "# a: line 299\n"),
	   "the last 256 log lines are kept");
	free(text);
	world_free(p.w);
}

int main(void)
{
	chance();
	latency();
	jitter();
	segmentation();
	buffer();
	blocked_stream(true, false);
	blocked_stream(false, true);
	blocked_stream(true, true);
	blocked_connect();
	nobody();
	determinism();
	idle_hours();
	logs();
	return done_testing();
}
