/* SPDX-License-Identifier: MIT
 * t/sim/chaos.c - what the peer without manners does next
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/chaos.h"
#include "sim/queue.h"
#include "sim/rng.h"

#define ENDS 12
#define OUT_MAX 2000000u

struct end {
	struct chaos *of;
	struct env_conn *conn; /* NULL: free */
	unsigned target;       /* CHAOS_TARGETS: it came to us */
	bool connected, deaf, shut;
	uint8_t *out;
	size_t n;
};

struct chaos {
	struct env *env;
	struct chaos_conf conf;
	struct rng rng;
	struct env_conn *listener;
	struct end end[ENDS];
	uint64_t node_id, stolen[CHAOS_TARGETS + 1];
	struct chaos_counts counts;
	bool storm;
	char in[65536];
};

static uint64_t draw(struct chaos *c, uint64_t low, uint64_t high)
{
	return rng_range(&c->rng, low, high);
}

static bool chance(struct chaos *c, unsigned percent)
{
	return draw(c, 1, 100) <= percent;
}

static void end_close(struct end *e, bool reset)
{
	e->of->counts.resets += reset;
	e->of->env->ops->close(e->conn, reset);
	free(e->out);
	*e = (struct end){ .of = e->of };
}

/* ---- bytes out */

static void add(struct end *e, const void *p, size_t n)
{
	if (e->n + n > OUT_MAX)
		return;
	e->out = realloc(e->out, e->n + n + 1);
	if (!e->out)
		abort();
	memcpy(e->out + e->n, p, n);
	e->n += n;
}

static void say(struct end *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct end *e, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	add(e, text, (size_t)n);
}

/* A random part of what is due. */
static void push(struct end *e)
{
	size_t n = e->n;
	struct iovec v;
	long wrote;

	if (!n || !e->connected || e->shut)
		return;
	if (chance(e->of, 50))
		n = draw(e->of, 1, n);
	v = (struct iovec){ e->out, n };
	wrote = e->of->env->ops->writev(e->conn, &v, 1);
	if (wrote < 0 && wrote != -EAGAIN)
		end_close(e, false);
	if (wrote <= 0)
		return;
	e->n -= (size_t)wrote;
	memmove(e->out, e->out + wrote, e->n);
}

/* ---- lines */

static uint64_t any_id(struct end *e)
{
	struct chaos *c = e->of;
	uint64_t stolen = c->stolen[draw(c, 0, CHAOS_TARGETS - 1)];

	switch (draw(c, 0, 4)) {
	case 0:
		return 0;
	case 1:
		return rng_next(&c->rng);
	case 2:
		c->counts.thefts += stolen != 0;
		return stolen ? stolen : c->node_id;
	default:
		return c->node_id;
	}
}

static const char *any_ip(struct chaos *c)
{
	static const char *const ip[] = { "9.9.9.9", "50.28.104.50", "::1", "", "no address" };

	return ip[draw(c, 0, sizeof ip / sizeof *ip - 1)];
}

/* The optional fields, or none of them: an old node. */
static void add_fields(struct end *e)
{
	static const unsigned port[] = { 24100, 24101, 0, 65535, 70000, 4000000000u };
	struct chaos *c = e->of;

	if (chance(c, 30))
		return;
	say(e, ",\"node_id\":%llu,\"listen_port\":%u,\"agent\":\"chaos\"",
	    (unsigned long long)any_id(e), port[draw(c, 0, 5)]);
	if (chance(c, 70))
		say(e, ",\"my_ip\":\"%s\",\"your_ip\":\"%s\"", any_ip(c), any_ip(c));
	if (chance(c, 10)) {
		say(e, ",\"genesis\":[7");
		for (unsigned i = 1; i < 32; i++)
			say(e, ",%u", i);
		say(e, "]");
	}
	say(e, ",\"features\":[\"hello\",\"x\"]");
}

static void handshake(struct end *e)
{
	struct chaos *c = e->of;

	c->counts.handshakes++;
	say(e, "{\"Handshake\":{\"magic\":[84,73,77,%u],\"protocol_version\":%u,\"network\":\"%s\"",
	    chance(c, 95) ? 69 : 70, chance(c, 95) ? 1 : 2, chance(c, 90) ? "testnet" : "other");
	add_fields(e);
	say(e, "}}\n");
}

static void ack(struct end *e)
{
	struct chaos *c = e->of;

	c->counts.acks++;
	say(e, "{\"Ack\":{\"message_type\":\"Handshake\"");
	add_fields(e);
	if (chance(c, 20))
		say(e, ",\"accepted\":%s,\"reason\":\"chaos\"", chance(c, 50) ? "true" : "false");
	say(e, "}}\n");
}

static void from_corpus(struct end *e)
{
	struct chaos *c = e->of;
	struct tn_view v = c->conf.lines->v[draw(c, 0, c->conf.lines->n - 1)];
	size_t n = v.n && chance(c, 20) ? draw(c, 1, v.n) : v.n, at = e->n;

	add(e, v.p, n);
	if (n && chance(c, 20) && e->n > at)
		e->out[at + draw(c, 0, n - 1)] ^= (uint8_t)draw(c, 1, 255);
	add(e, "\n", 1);
}

/* A line that is long, of a known name or of none, perhaps without an end. */
static void giant(struct end *e)
{
	static const char *const head[] = { "{\"Ping\":\"", "{\"BlockVote\":\"", "{\"Nobody\":\"",
					    "\"", "{\"Handshake\":{\"network\":\"" };
	struct chaos *c = e->of;
	size_t n = draw(c, 1000, 300000);
	char *fill = malloc(n);

	c->counts.giants++;
	memset(fill, 'a', n);
	say(e, "%s", head[draw(c, 0, 4)]);
	add(e, fill, n);
	if (chance(c, 60))
		say(e, "\"}\n");
	free(fill);
}

static void binary(struct end *e)
{
	uint8_t junk[256];

	rng_fill(&e->of->rng, junk, sizeof junk);
	add(e, junk, draw(e->of, 1, sizeof junk));
}

static void burst(struct end *e)
{
	struct chaos *c = e->of;
	unsigned kind = (unsigned)draw(c, 0, 3), n = (unsigned)draw(c, 10, 400);

	while (n--) {
		if (kind == 0)
			say(e, "\n");
		else if (kind == 1)
			say(e, "{\"Ping\":{\"nonce\":%u,\"timestamp\":1}}\n", n);
		else if (kind == 2)
			say(e, "\"GetPeers\"\n");
		else
			say(e, "{\"BlockVote\":%u}\n", n);
	}
}

static void speak(struct end *e)
{
	struct chaos *c = e->of;
	unsigned kind = (unsigned)draw(c, 0, 99);

	c->counts.lines++;
	if (kind < 60)
		from_corpus(e);
	else if (kind < 75)
		say(e, "{\"Ping\":{\"nonce\":%u,\"timestamp\":1}}\n", kind);
	else if (kind < 80)
		say(e, chance(c, 50) ? "\n" : " \t\r\n");
	else if (kind < 85)
		giant(e);
	else if (kind < 88)
		binary(e);
	else if (kind < 93)
		burst(e);
	else if (kind < 96)
		handshake(e);
	else
		ack(e);
}

/* ---- bytes in */

/* "node_id":123 of an Ack or Handshake: to be used elsewhere. */
static void steal(struct end *e, size_t n)
{
	char *at;

	e->of->in[n] = '\0';
	at = strstr(e->of->in, "\"node_id\":");
	if (at)
		e->of->stolen[e->target] = strtoull(at + 10, NULL, 10);
}

static void readable(void *arg)
{
	struct end *e = arg;
	struct chaos *c = e->of;
	long n = c->env->ops->read(e->conn, c->in, sizeof c->in - 1);

	if (n > 0) {
		steal(e, (size_t)n);
		return;
	}
	if (n == -EAGAIN)
		return;
	if (n == 0 && chance(c, 30)) /* it does not care */
		c->env->ops->arm(e->conn, false, false);
	else
		end_close(e, chance(c, 20));
}

static void connected(void *arg, int err)
{
	struct end *e = arg;

	if (err) {
		end_close(e, false);
		return;
	}
	e->connected = true;
	if (chance(e->of, 85))
		handshake(e);
	e->of->env->ops->arm(e->conn, !e->deaf, false);
	push(e);
}

static const struct env_events end_events = { .readable = readable, .connected = connected };

static struct end *free_end(struct chaos *c)
{
	for (unsigned i = 0; i < ENDS; i++)
		if (!c->end[i].conn)
			return &c->end[i];
	return NULL;
}

static void accepted(void *arg, struct env_conn *conn, const struct tn_addr *from)
{
	struct chaos *c = arg;
	struct end *e = chance(c, 90) ? free_end(c) : NULL;

	(void)from;
	c->counts.accepts++;
	if (!e) {
		c->env->ops->close(conn, chance(c, 50));
		return;
	}
	*e = (struct end){ .of = c, .conn = conn, .target = CHAOS_TARGETS, .connected = true };
	c->env->ops->adopt(conn, &end_events, e);
	c->env->ops->arm(conn, true, false);
	if (chance(c, 70))
		ack(e);
	push(e);
}

static const struct env_events listener_events = { .accepted = accepted };

/* ---- what next */

static void dial(struct chaos *c)
{
	struct end *e = free_end(c);
	struct tn_error err;

	if (!e)
		return;
	*e = (struct end){ .of = c };
	e->target = (unsigned)draw(c, 0, c->conf.targets - 1);
	e->deaf = chance(c, 10);
	e->conn = c->env->ops->connect(c->env, &c->conf.target[e->target], &c->conf.listen,
				       &end_events, e, &err);
	c->counts.dials++;
}

static void misbehave(struct end *e)
{
	struct chaos *c = e->of;
	unsigned kind = (unsigned)draw(c, 0, 99);

	if (kind < 80) {
		speak(e);
	} else if (kind < 85) {
		e->deaf = !e->deaf;
		c->env->ops->arm(e->conn, !e->deaf, false);
	} else if (kind < 88) {
		e->shut = true;
		c->env->ops->shut(e->conn);
	} else if (kind < 92) {
		end_close(e, chance(c, 50));
		return;
	}
	push(e);
}

static void act(struct chaos *c)
{
	struct end *e = &c->end[draw(c, 0, ENDS - 1)];

	if (!e->conn || (c->storm && chance(c, 50)))
		dial(c);
	else if (e->connected)
		misbehave(e);
	for (unsigned i = 0; i < ENDS; i++)
		if (c->end[i].conn)
			push(&c->end[i]);
}

static void leave(struct chaos *c)
{
	for (unsigned i = 0; i < ENDS; i++)
		if (c->end[i].conn)
			end_close(&c->end[i], chance(c, 50));
	c->env->ops->close(c->listener, false);
	c->listener = NULL;
}

static void wake(void *arg)
{
	struct chaos *c = arg;
	uint64_t now = env_mono_us(c->env), pause;

	if (now >= c->conf.until_us) {
		leave(c);
		return;
	}
	if (chance(c, 1))
		c->storm = !c->storm;
	act(c);
	pause = draw(c, 1, c->storm ? 20000 : chance(c, 2) ? 20000000 : 500000);
	c->env->ops->wake_at(c->env, now + pause, wake, c);
}

struct chaos *chaos_create(struct env *env, const struct chaos_conf *conf, struct tn_error *err)
{
	struct chaos *c = calloc(1, sizeof *c);

	c->env = env;
	c->conf = *conf;
	rng_seed(&c->rng, conf->seed, 77);
	c->node_id = rng_next(&c->rng) | 1;
	for (unsigned i = 0; i < ENDS; i++)
		c->end[i].of = c;
	c->listener = env->ops->listen(env, &conf->listen, &listener_events, c, err);
	if (!c->listener) {
		free(c);
		return NULL;
	}
	env->ops->wake_at(env, env_mono_us(env) + 1, wake, c);
	return c;
}

void chaos_free(struct chaos *c)
{
	if (!c)
		return;
	c->env->ops->wake_at(c->env, UINT64_MAX, NULL, NULL);
	leave(c);
	free(c);
}

struct chaos_counts chaos_counts(const struct chaos *c)
{
	return c->counts;
}
