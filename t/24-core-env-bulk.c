/* SPDX-License-Identifier: MIT
 * t/24-core-env-bulk.c - large transfers, floods, ticks, Unix sockets, log lines
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/tap.h"
#include "sim/lab.h"
#include "sim/rng.h"

#define BULK (4u << 20)
#define PART 20000u

/* ---- 4 MiB in each direction, from callbacks only */

/* The stream's bytes are a function of their place, so that one that is lost, doubled
 * or out of order shows where it is. */
static uint8_t byte_at(uint64_t place, unsigned seed)
{
	uint64_t x = (place + 1) * 0x9e3779b97f4a7c15u + seed;

	return (uint8_t)(x >> 56 ^ x >> 24);
}

struct bulk {
	struct lab *lab;
	struct env *env;
	struct env_conn *c;
	unsigned seed, peer_seed;
	struct rng rng; /* sizes */
	size_t sent, got, wrong, stalls;
	bool over, ended; /* nothing more to read; and that was the end */
	size_t *ends;     /* of both sides */
};

static void bulk_write(struct bulk *b)
{
	static uint8_t part[PART];

	while (b->sent < BULK) {
		size_t n = (size_t)rng_range(&b->rng, 1, PART), cut = (size_t)rng_next(&b->rng) % n;
		struct iovec v[3];
		long r;

		if (n > BULK - b->sent)
			n = cut = BULK - b->sent;
		for (size_t i = 0; i < n; i++)
			part[i] = byte_at(b->sent + i, b->seed);
		v[0] = (struct iovec){ part, cut };
		v[1] = (struct iovec){ part, 0 };
		v[2] = (struct iovec){ part + cut, n - cut };
		r = b->env->ops->writev(b->c, v, 3);
		if (r < 0) {
			b->stalls += r == -EAGAIN;
			return;
		}
		b->sent += (size_t)r;
	}
	b->env->ops->arm(b->c, !b->over, false);
	b->env->ops->shut(b->c);
}

static void bulk_readable(void *arg)
{
	static uint8_t part[PART];
	struct bulk *b = arg;
	long r = b->env->ops->read(b->c, part, (size_t)rng_range(&b->rng, 1, PART));

	for (long i = 0; i < r; i++)
		b->wrong += part[i] != byte_at(b->got + (size_t)i, b->peer_seed);
	if (r > 0) {
		b->got += (size_t)r;
		return;
	}
	b->over = true;
	b->ended = r == 0;
	b->env->ops->arm(b->c, false, b->sent < BULK);
	if (++*b->ends == 2)
		lab_finish(b->lab);
}

static void bulk_writable(void *arg)
{
	bulk_write(arg);
}

static const struct env_events bulk_events = {
	.readable = bulk_readable,
	.writable = bulk_writable,
};

static void bulk_init(struct bulk *b, struct end *e, unsigned seed, unsigned peer, size_t *ends)
{
	*b = (struct bulk){ .lab = e->lab,
			    .env = e->env,
			    .c = e->c,
			    .seed = seed,
			    .peer_seed = peer,
			    .ends = ends };
	rng_seed(&b->rng, seed, 0);
	b->env->ops->adopt(b->c, &bulk_events, b);
	b->env->ops->arm(b->c, true, true);
}

static void large_transfer(struct lab *l)
{
	struct end listener, dialed, accepted;
	struct bulk x, y;
	size_t ends = 0;

	ok(lab_pair(l, &listener, &dialed, &accepted), "connected");
	bulk_init(&x, &dialed, 1, 2, &ends);
	bulk_init(&y, &accepted, 2, 1, &ends);
	ok(lab_run(l), "both directions end");
	is_uint(x.got, BULK, "all bytes arrive at the dialer");
	is_uint(y.got, BULK, "and at the other side");
	is_uint(x.wrong + y.wrong, 0, "each in its place");
	ok(x.ended && y.ended, "both ends are ends, not errors");
	ok(x.stalls + y.stalls > 0, "writers met a full buffer (%zu times) and went on",
	   x.stalls + y.stalls);
	lab_close(&dialed);
	lab_close(&accepted);
	lab_close(&listener);
}

/* ---- a flood of connections; what one tick is */

#define FLOOD 150
#define TICK_MAX 64

struct flood {
	struct lab *lab;
	struct end dialed[FLOOD];
	struct env_conn *accepted[FLOOD];
	unsigned n, this_tick, most;
};

static void flood_tick_over(void *arg)
{
	struct flood *f = arg;

	f->this_tick = 0;
	if (f->n == FLOOD)
		lab_finish(f->lab);
}

static void flood_accepted(void *arg, struct env_conn *c, const struct tn_addr *from)
{
	struct flood *f = arg;

	(void)from;
	f->accepted[f->n++ % FLOOD] = c;
	if (f->this_tick++ == 0)
		f->lab->a->ops->defer(f->lab->a, flood_tick_over, f);
	if (f->this_tick > f->most)
		f->most = f->this_tick;
}

static const struct env_events flood_events = { .accepted = flood_accepted };

static void flood(struct lab *l)
{
	static struct flood f;
	struct env_conn *listener;

	f = (struct flood){ .lab = l };
	if (!l->real) /* all at the same instant */
		*world_knobs(l->world) = (struct world_knobs){ .buffer = 1000, .tick_us = 1 };
	listener = l->a->ops->listen(l->a, &l->at, &flood_events, &f, NULL);
	for (int i = 0; i < FLOOD; i++) {
		f.dialed[i] = (struct end){ .lab = l, .env = l->b };
		f.dialed[i].c =
			l->b->ops->connect(l->b, &l->at, NULL, &end_events, &f.dialed[i], NULL);
	}
	while (f.n < FLOOD && lab_run(l))
		;
	is_uint(f.n, FLOOD, "a flood of connections is accepted");
	ok(f.most > 1 && f.most <= TICK_MAX, "at most %d a tick (%u)", TICK_MAX, f.most);
	for (int i = 0; i < FLOOD; i++) {
		lab_close(&f.dialed[i]);
		l->a->ops->close(f.accepted[i], false);
	}
	l->a->ops->close(listener, false);
}

struct tick {
	struct lab *lab;
	struct env_conn *c[2];
	char *trace;
};

static void tick_note(struct tick *t, char c)
{
	size_t n = strlen(t->trace);

	if (n < 15)
		t->trace[n] = c;
}

static void tick_deferred(void *arg)
{
	struct tick *t = arg;

	tick_note(t, 'd');
	lab_finish(t->lab);
}

static void tick_readable(void *arg)
{
	struct tick *t = arg;
	char c;

	tick_note(t, 'r');
	t->lab->a->ops->read(t->c[0], &c, 1);
	t->lab->a->ops->read(t->c[1], &c, 1);
	t->lab->a->ops->defer(t->lab->a, tick_deferred, t);
}

static const struct env_events tick_events = { .readable = tick_readable };

/* Two pairs of one listener, each with a byte that waits to be read. */
static void one_tick(struct lab *l)
{
	struct end listener, dialed, accepted, other = { .lab = l, .env = l->b }, second = { 0 };
	char trace[16] = "";
	struct tick t = { .lab = l, .trace = trace };

	lab_pair(l, &listener, &dialed, &accepted);
	listener.accepted = &second;
	other.c = l->b->ops->connect(l->b, &l->at, NULL, &end_events, &other, NULL);
	while ((!second.c || !other.connects) && lab_run(l))
		;
	l->a->ops->arm(accepted.c, false, false);
	lab_send(&dialed, "xx");
	lab_send(&other, "xx");
	lab_wait(l, 20000);
	t.c[0] = accepted.c;
	t.c[1] = second.c;
	for (int i = 0; i < 2; i++) {
		l->a->ops->adopt(t.c[i], &tick_events, &t);
		l->a->ops->arm(t.c[i], true, false);
	}
	ok(lab_run(l), "two connections are ready in one tick");
	ok(!strncmp(trace, "rrd", 3), "what the first defers comes after both (%s)", trace);
	lab_close(&dialed);
	lab_close(&other);
	lab_close(&accepted);
	lab_close(&second);
	lab_close(&listener);
}

/* ---- Unix sockets */

/* The client of the real one is a plain descriptor: the core never dials a path. */
struct client {
	struct end end; /* simulated */
	int fd;
};

static bool dial_path(struct lab *l, struct client *k, const char *path)
{
	struct sockaddr_un s = { .sun_family = AF_UNIX };

	k->fd = -1;
	k->end = (struct end){ .lab = l, .env = l->a };
	if (!l->real) {
		k->end.c = world_connect_path(l->a, path, &end_events, &k->end);
		return k->end.c != NULL;
	}
	snprintf(s.sun_path, sizeof(s.sun_path), "%s", path);
	k->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return k->fd >= 0 && !connect(k->fd, (struct sockaddr *)&s, sizeof(s));
}

static long say(struct client *k, const char *text)
{
	return k->fd >= 0 ? (long)write(k->fd, text, strlen(text)) : lab_send(&k->end, text);
}

/* Three bytes: what the other end has sent, already there in the kernel. */
static void hear(struct lab *l, struct client *k, char text[8])
{
	memset(text, 0, 8);
	if (k->fd >= 0) {
		ok(read(k->fd, text, 7) == 3, "an answer");
		return;
	}
	k->end.want = 3;
	l->a->ops->arm(k->end.c, true, false);
	ok(lab_run(l), "an answer");
	memcpy(text, k->end.in, 3);
}

static void hang_up(struct client *k)
{
	if (k->fd >= 0)
		close(k->fd);
	else
		lab_close(&k->end);
}

static void unix_path(struct lab *l)
{
	struct end accepted = { 0 }, listener = { .lab = l, .env = l->a, .accepted = &accepted };
	static const uint8_t none[16];
	char path[100], text[8];
	struct tn_error err = { "" };
	struct client k;

	snprintf(path, sizeof(path), "%s/%s.sock", tap_tmpdir(), l->real ? "real" : "sim");
	listener.c = l->a->ops->listen_path(l->a, path, &end_events, &listener, &err);
	ok(listener.c != NULL, "listen on a path %s", err.text);
	ok(!l->a->ops->listen_path(l->a, path, &end_events, &listener, &err), "not twice");
	isnt_null(strstr(err.text, "in use"), "a live socket is left alone: %s", err.text);
	if (l->real) { /* asking whether somebody answers is a connection */
		ok(lab_run(l), "the question whether it is live arrives there");
		lab_close(&accepted);
	}
	ok(dial_path(l, &k, path), "dial it");
	while ((!accepted.c || (!l->real && !k.end.connects)) && lab_run(l))
		;
	ok(accepted.c && !memcmp(accepted.from.ip, none, 16) && !accepted.from.port,
	   "accepted, from no address");
	is_int(say(&k, "ping"), 4, "a question");
	accepted.want = 4;
	l->a->ops->arm(accepted.c, true, false);
	ok(lab_run(l), "arrives");
	is_str(accepted.in, "ping", "whole");
	lab_send(&accepted, "yes");
	hear(l, &k, text);
	is_str(text, "yes", "the right one");
	hang_up(&k);
	ok(lab_run(l) && accepted.ended, "hanging up is the end");
	lab_close(&accepted);
	lab_close(&listener);
	ok(!dial_path(l, &k, path), "nobody listens after close");
	if (k.fd >= 0)
		close(k.fd);
	listener.c = l->a->ops->listen_path(l->a, path, &end_events, &listener, &err);
	ok(listener.c != NULL, "and the path can be used again");
	lab_close(&listener);
}

/* ---- log lines */

struct lines {
	unsigned n;
	enum env_log_level level;
	char text[32];
};

static void take_line(void *arg, enum env_log_level level, const char *line, size_t n)
{
	struct lines *s = arg;

	s->n++;
	s->level = level;
	snprintf(s->text, sizeof(s->text), "%.*s", (int)n, line);
}

static void log_lines(struct lab *l)
{
	struct lines s = { 0 };

	if (l->real)
		env_event_log_to(l->a, take_line, &s);
	else
		world_log_to(l->a, take_line, &s);
	l->a->ops->log(l->a, ENV_LOG_WARN, "a line and more", 6);
	is_uint(s.n, 1, "a line goes to where it was told");
	is_str(s.text, "a line", "as long as it is");
	ok(s.level == ENV_LOG_WARN, "with its level");
}

static const struct {
	const char *name;
	void (*run)(struct lab *);
} cases[] = {
	{ "large transfer", large_transfer }, { "flood", flood },         { "one tick", one_tick },
	{ "Unix socket", unix_path },         { "log lines", log_lines },
};

int main(void)
{
	for (int real = 1; real >= 0; real--) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct lab *l = lab_create(real);

			note("%s: %s", real ? "libevent" : "simulator", cases[i].name);
			cases[i].run(l);
			lab_free(l);
		}
	}
	return done_testing();
}
