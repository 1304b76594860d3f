/* SPDX-License-Identifier: MIT
 * core/ctl/client.c - one client of the control socket: request lines in, answers out
 *
 * While much is queued for it, none of its requests is run and nothing is read from it:
 * a reader that is slow slows itself. An answer is kept whole, up to CTL_OUT_MAX, since
 * a table is a picture of one moment. Closing is left to the timer wherever a command
 * may be on the stack.
 */
#include <errno.h>
#include <stdlib.h>

#include "ctl/impl.h"

struct client {
	struct ctl *ctl;
	struct client *next;
	struct env_conn *conn;
	unsigned number;
	uint64_t timer; /* while something is queued, or to cut it off */
	char *out;
	size_t out_n, out_done, out_room;
	uint64_t moved_us; /* when it last took something, or had nothing to take */
	const char *cut;   /* why it will be cut off */
	bool ended;        /* nothing more is read from it */
	size_t in_n;
	char in[CTL_LINE_MAX + 1];
};

static size_t queued(const struct client *c)
{
	return c->out_n - c->out_done;
}

static bool has_line(const struct client *c)
{
	return memchr(c->in, '\n', c->in_n) || (c->ended && c->in_n > 0);
}

static void client_reply(void *arg, const char *json, size_t n, bool last);

/* ---- the clock of a client */

static void on_timer(void *arg)
{
	struct client *c = arg;
	struct env *env = c->ctl->set.env;
	uint64_t still_us;

	env->quiet++; /* a replay has no clients */
	still_us = env_mono_us(env) - c->moved_us;
	env->quiet--;
	c->timer = 0;
	if (!c->cut && queued(c) == 0)
		return;
	if (!c->cut && still_us >= CTL_STALL_US)
		c->cut = "it takes nothing";
	if (c->cut) {
		log_line(c->ctl->set.log, "ctl", LOG_LEVEL_WARN, "",
			 "Control client %u is cut off: %s (%zu bytes unread)", c->number, c->cut,
			 queued(c));
		client_free(c);
		return;
	}
	c->timer = timers_add(c->ctl->set.timers, CTL_STALL_US - still_us, on_timer, c);
}

static void cut_off(struct client *c, const char *why)
{
	c->cut = why;
	c->ended = true;
	timers_cancel(c->ctl->set.timers, c->timer);
	c->timer = timers_add(c->ctl->set.timers, 0, on_timer, c);
}

static void watch_stall(struct client *c)
{
	if (c->timer || queued(c) == 0)
		return;
	c->timer = timers_add(c->ctl->set.timers, CTL_STALL_US, on_timer, c);
}

/* ---- out */

static bool make_room(struct client *c, size_t more)
{
	size_t room = c->out_room ? c->out_room : 4096;
	char *p;

	if (c->out_done > 0) {
		memmove(c->out, c->out + c->out_done, queued(c));
		c->out_n -= c->out_done;
		c->out_done = 0;
	}
	while (room - c->out_n < more)
		room *= 2;
	p = room > c->out_room ? realloc(c->out, room) : c->out;
	if (!p)
		return false;
	c->out = p;
	c->out_room = room;
	return true;
}

static void update(struct client *c)
{
	bool idle = queued(c) == 0;
	bool room = !c->ended && queued(c) < CTL_OUT_HIGH && c->in_n < sizeof(c->in);

	c->ctl->set.env->ops->arm(c->conn, room, !c->cut && (!idle || has_line(c)));
	watch_stall(c);
}

static void append(struct client *c, const char *json, size_t n)
{
	if (n + 1 > CTL_OUT_MAX - queued(c) || n + 1 > CTL_QUEUED_MAX - c->ctl->queued) {
		cut_off(c, "too much is queued for it");
		return;
	}
	if (c->out_room - c->out_n < n + 1 && !make_room(c, n + 1)) {
		cut_off(c, "no memory for its answer");
		return;
	}
	if (queued(c) == 0)
		c->moved_us = env_mono_us(c->ctl->set.env);
	memcpy(c->out + c->out_n, json, n);
	c->out[c->out_n + n] = '\n';
	c->out_n += n + 1;
	c->ctl->queued += n + 1;
}

/* An answer that comes later finds nobody who updates. */
static void client_reply(void *arg, const char *json, size_t n, bool last)
{
	struct client *c = arg;

	(void)last;
	if (c->cut)
		return;
	append(c, json, n);
	update(c);
}

/* Writes what the kernel takes. False: the client has gone. */
static bool flush(struct client *c)
{
	struct iovec v;
	long put;

	while (queued(c) > 0) {
		v = (struct iovec){ c->out + c->out_done, queued(c) };
		put = c->ctl->set.env->ops->writev(c->conn, &v, 1);
		if (put == -EINTR)
			continue;
		if (put <= 0)
			return put == -EAGAIN || put == -EWOULDBLOCK;
		c->out_done += (size_t)put;
		c->ctl->queued -= (size_t)put;
		c->moved_us = env_mono_us(c->ctl->set.env);
	}
	free(c->out);
	c->out = NULL;
	c->out_n = c->out_done = c->out_room = 0;
	return true;
}

/* ---- in */

static void run_line(struct client *c, size_t n)
{
	size_t text = n > 0 && c->in[n - 1] == '\n' ? n - 1 : n;

	if (text > 0 && c->in[text - 1] == '\r')
		text--;
	if (text > 0)
		ctl_run(c->ctl, c->in, text, client_reply, c);
	c->in_n -= n;
	memmove(c->in, c->in + n, c->in_n);
}

static void refuse_length(struct client *c)
{
	static const char text[] =
		"{\"id\":null,\"error\":\"a request line has at most 65536 bytes\",\"code\":-4}";

	_Static_assert(CTL_LINE_MAX == 65536, "the text names it");
	append(c, text, sizeof(text) - 1);
	c->in_n = 0;
	c->ended = true;
}

static void run_lines(struct client *c)
{
	while (!c->cut && queued(c) < CTL_OUT_HIGH && has_line(c)) {
		const char *lf = memchr(c->in, '\n', c->in_n);

		run_line(c, lf ? (size_t)(lf - c->in) + 1 : c->in_n);
	}
	if (c->in_n == sizeof(c->in) && !has_line(c))
		refuse_length(c);
}

/* All work of a callback; c may be gone afterwards. One who closes has no interest in
 * what is held for him. */
static void work(struct client *c)
{
	run_lines(c);
	if (c->cut)
		return;
	if (c->ended && !has_line(c))
		request_drop_of(c->ctl, client_reply, c);
	if (!flush(c) || (c->ended && queued(c) == 0 && !has_line(c))) {
		client_free(c);
		return;
	}
	update(c);
}

static void on_readable(void *arg)
{
	struct client *c = arg;
	long got = c->ctl->set.env->ops->read(c->conn, c->in + c->in_n, sizeof(c->in) - c->in_n);

	if (got == -EAGAIN || got == -EWOULDBLOCK || got == -EINTR)
		return;
	if (got < 0) {
		client_free(c);
		return;
	}
	c->in_n += (size_t)got;
	c->ended = got == 0;
	work(c);
}

static void on_writable(void *arg)
{
	struct client *c = arg;

	if (!flush(c))
		client_free(c);
	else
		work(c);
}

const struct env_events client_events = { .readable = on_readable, .writable = on_writable };

/* ---- life */

struct client *client_create(struct ctl *ctl, struct env_conn *conn)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->ctl = ctl;
	c->conn = conn;
	c->number = ++ctl->client_last;
	c->next = ctl->clients;
	ctl->clients = c;
	ctl->client_count++;
	ctl->set.env->ops->adopt(conn, &client_events, c);
	update(c);
	return c;
}

void client_free(struct client *c)
{
	struct client **at = &c->ctl->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->ctl->client_count--;
	c->ctl->queued -= queued(c);
	request_drop_of(c->ctl, client_reply, c);
	timers_cancel(c->ctl->set.timers, c->timer);
	c->ctl->set.env->ops->close(c->conn, false);
	free(c->out);
	free(c);
}
