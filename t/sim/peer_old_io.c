/* SPDX-License-Identifier: MIT
 * t/sim/peer_old_io.c - sockets of the old node: lines in, lines out
 *
 * Reading is what makes it lose lines: whatever it has taken of an unfinished line is
 * forgotten when a timer or a broadcast interrupts it (doc/protocol.md 8.1).
 */
#include "sim/peer_old_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct old_session *old_session_create(struct peer_old *node, struct old_host *h, bool dialed)
{
	struct old_session *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->node = node;
	s->host = s->blame = h;
	s->dialed = dialed;
	s->matched_us = env_mono_us(node->env);
	s->next = node->sessions;
	node->sessions = s;
	return s;
}

void old_session_free(struct old_session *s)
{
	free(s->in);
	free(s->out);
	free(s);
}

static void reap(void *arg)
{
	struct peer_old *node = arg;

	node->reap_timer = 0;
	for (struct old_session **at = &node->sessions; *at;) {
		struct old_session *s = *at;

		if (s->conn) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		old_session_free(s);
	}
}

void old_close(struct old_session *s)
{
	struct peer_old *node = s->node;

	if (!s->conn)
		return;
	node->env->ops->close(s->conn, false);
	s->conn = NULL;
	timers_cancel(node->timers, s->ping_timer);
	timers_cancel(node->timers, s->check_timer);
	if (!node->reap_timer)
		node->reap_timer = timers_add(node->timers, 0, reap, node);
}

void old_measure(struct old_session *s)
{
	uint64_t *longest =
		&s->host->about.longest_us[s->dialed ? PEER_OLD_DIALED : PEER_OLD_ACCEPTED];
	uint64_t gap = env_mono_us(s->node->env) - s->matched_us;

	if (gap > *longest)
		*longest = gap;
}

void old_matched(struct old_session *s)
{
	old_measure(s);
	s->matched_us = env_mono_us(s->node->env);
}

/* ---- out */

static void arm(struct old_session *s)
{
	s->node->env->ops->arm(s->conn, s->reading && s->connected, s->out_n > 0);
}

static void flush(struct old_session *s)
{
	while (s->out_n) {
		struct iovec v = { s->out, s->out_n };
		long n = s->node->env->ops->writev(s->conn, &v, 1);

		if (n <= 0) {
			if (n != -EAGAIN)
				s->out_n = 0; /* the reader will see the error */
			break;
		}
		s->out_n -= (size_t)n;
		memmove(s->out, s->out + n, s->out_n);
	}
	arm(s);
}

void old_write(struct old_session *s, const char *fmt, ...)
{
	char line[8192];
	va_list ap;
	char *out;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		abort();
	line[n++] = '\n';
	out = realloc(s->out, s->out_n + (size_t)n);
	if (!out)
		abort();
	s->out = out;
	memcpy(out + s->out_n, line, (size_t)n);
	s->out_n += (size_t)n;
	flush(s);
}

/* ---- in */

void old_tear(struct old_session *s)
{
	if (!s->in_n)
		return;
	s->node->counts.torn++;
	s->in_n = 0;
}

static void end(struct old_session *s)
{
	if (s->dialed)
		old_loop_end(s);
	else
		old_handler_end(s);
}

/* One line without its LF; `last`: the stream ended in it. */
static void line(struct old_session *s, char *p, size_t n)
{
	char after = p[n];

	s->node->counts.lines++;
	if (!old_is_utf8(p, n)) {
		end(s);
		return;
	}
	p[n] = '\0'; /* for json-c; there is always room */
	if (s->dialed)
		old_loop_line(s, p, n);
	else
		old_handler_line(s, p, n);
	p[n] = after;
}

static void cut(struct old_session *s)
{
	size_t at = 0;
	char *lf;

	while (s->reading && (lf = memchr(s->in + at, '\n', s->in_n - at))) {
		size_t n = (size_t)(lf - (s->in + at));

		line(s, s->in + at, n);
		at += n + 1;
	}
	s->in_n -= at;
	memmove(s->in, s->in + at, s->in_n);
}

static void take(struct old_session *s, const char *p, size_t n)
{
	char *in = realloc(s->in, s->in_n + n + 1);

	if (!in)
		abort();
	s->in = in;
	memcpy(in + s->in_n, p, n);
	s->in_n += n;
	cut(s);
}

static void readable(void *arg)
{
	struct old_session *s = arg;

	while (s->reading) {
		char buf[8192];
		long n = s->node->env->ops->read(s->conn, buf, sizeof(buf));

		if (n == -EAGAIN)
			return;
		if (n > 0) {
			take(s, buf, (size_t)n);
			continue;
		}
		if (n == 0 && s->in_n) /* what is left is a last line */
			line(s, s->in, s->in_n);
		if (s->reading)
			end(s);
	}
}

static void writable(void *arg)
{
	flush(arg);
}

static void connected(void *arg, int err)
{
	struct old_session *s = arg;

	s->connected = true;
	old_dial_connected(s, err);
}

const struct env_events old_events = {
	.readable = readable,
	.writable = writable,
	.connected = connected,
};
