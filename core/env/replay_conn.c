/* SPDX-License-Identifier: MIT
 * core/env/replay_conn.c - connections of a replay: what came in, and is the same sent?
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "env/record.h"
#include "env/replay_private.h"

#define SHOWN 100 /* bytes of a line in the text of a difference */

struct env_conn *replay_find(const struct replay *r, uint64_t id)
{
	struct env_conn *c;

	HASH_FIND(hh, r->conns, &id, sizeof id, c);
	return c;
}

/* The line around the first byte that differs, printable. */
static const char *shown(struct tn_view v, size_t at, char buf[SHOWN + 1])
{
	size_t from = at < v.n ? at : v.n, n = 0;

	while (from && v.p[from - 1] != '\n' && at - from < SHOWN / 2)
		from--;
	for (; from < v.n && n < SHOWN && v.p[from] != '\n'; from++)
		buf[n++] = v.p[from] < 0x20 || v.p[from] > 0x7e ? '?' : (char)v.p[from];
	buf[n] = '\0';
	return buf;
}

struct env_conn *replay_conn_new(struct replay *r, uint64_t id, const struct tn_addr *with,
				 const struct env_events *events, void *arg)
{
	struct env_conn *c = calloc(1, sizeof *c), *had = id ? replay_find(r, id) : NULL;

	if (!c)
		return NULL;
	*c = (struct env_conn){ &r->env, had ? 0 : id, *with, events, arg, false, false, { 0 } };
	if (c->id)
		HASH_ADD(hh, r->conns, id, sizeof c->id, c);
	return c;
}

struct env_conn *env_replay_conn(struct env *e, uint64_t number, const struct tn_addr *with,
				 const struct env_events *events, void *arg)
{
	return replay_conn_new(replay_of(e), number, with, events, arg);
}

struct env_conn *replay_connect(struct env *e, const struct tn_addr *to, const struct tn_addr *from,
				const struct env_events *events, void *arg, struct tn_error *err)
{
	struct replay *r = replay_of(e);
	char a[TN_ADDR_TEXT], b[TN_ADDR_TEXT];
	struct record_entry x;
	struct tn_addr was;

	(void)from;
	if (!replay_answer(r, RECORD_CONNECT, ANY, &x) || !record_get_addr(&was, x.bytes))
		return replay_conn_new(r, 0, to, events, arg);
	if (tn_addr_cmp(&was, to))
		replay_differ(r, "the node connects to %s, recorded is a connect to %s",
			      tn_addr_text(to, a), tn_addr_text(&was, b));
	if (x.id)
		return replay_conn_new(r, x.id, to, events, arg);
	tn_fail(err, TN_EIO, "%.*s", (int)(x.bytes.n - RECORD_ADDR),
		(const char *)x.bytes.p + RECORD_ADDR);
	return NULL;
}

void replay_adopt(struct env_conn *c, const struct env_events *events, void *arg)
{
	c->events = events;
	c->arg = arg;
}

/* A file may come from anybody: more than none, or an errno. */
static long result_of(const struct record_entry *e, size_t most)
{
	int64_t v = record_unzigzag(e->a);

	if (v < 0)
		return v < -ERRNO_MAX ? -EIO : (long)v;
	return (uint64_t)v > most ? (long)most : (long)v;
}

long replay_read(struct env_conn *c, void *p, size_t n)
{
	struct replay *r = replay_of(c->env);
	struct record_entry x;

	if (!replay_answer(r, RECORD_READ, c->id, &x))
		return -EAGAIN;
	if (x.bytes.n > n) {
		replay_differ(r, "the node reads %zu bytes at most, recorded are %zu", n,
			      x.bytes.n);
		x.bytes.n = n;
	}
	if (x.bytes.n)
		memcpy(p, x.bytes.p, x.bytes.n);
	return x.bytes.n ? (long)x.bytes.n : result_of(&x, 0);
}

/* The same bytes as far as the kernel took them then? */
static void compare(struct replay *r, const struct env_conn *c, const struct record_entry *x,
		    struct tn_view now)
{
	char a[REPLAY_WHO], was[SHOWN + 1], is[SHOWN + 1];
	size_t at = 0;

	while (at < now.n && at < x->bytes.n && now.p[at] == x->bytes.p[at])
		at++;
	if (at < x->bytes.n)
		replay_differ(r, "the node sends to %s: %s / recorded is: %s",
			      replay_who(r, c->id, a), shown(now, at, is),
			      shown(x->bytes, at, was));
	else if (now.n != x->b)
		replay_differ(r, "the node offers %s %zu bytes, recorded are %llu",
			      replay_who(r, c->id, a), now.n, (unsigned long long)x->b);
}

long replay_writev(struct env_conn *c, const struct iovec *v, int n)
{
	struct replay *r = replay_of(c->env);
	struct record_entry x;
	size_t all = 0, at = 0;
	uint8_t *now;
	long put;

	for (int i = 0; i < n; i++)
		all += v[i].iov_len;
	if (!replay_answer(r, RECORD_WRITE, c->id, &x))
		return (long)all;
	put = result_of(&x, all);
	now = malloc(all + 1);
	if (!now)
		return put;
	for (int i = 0; i < n; at += v[i++].iov_len)
		memcpy(now + at, v[i].iov_base, v[i].iov_len);
	compare(r, c, &x, (struct tn_view){ now, all });
	free(now);
	return put;
}

void replay_arm(struct env_conn *c, bool read, bool write)
{
	c->read = read;
	c->write = write;
}

void replay_shut(struct env_conn *c)
{
	struct record_entry x;

	replay_answer(replay_of(c->env), RECORD_SHUT, c->id, &x);
}

void replay_close(struct env_conn *c, bool reset)
{
	struct record_entry x;
	struct replay *r;

	(void)reset;
	if (!c)
		return;
	r = replay_of(c->env);
	replay_answer(r, RECORD_CLOSE, c->id, &x);
	if (c->id)
		HASH_DEL(r->conns, c);
	free(c);
}
