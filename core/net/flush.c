/* SPDX-License-Identifier: MIT
 * core/net/flush.c - from the send queues to the kernel, once a tick
 *
 * A session's frames wait until the end of the tick, so that many small messages
 * leave in one call. Writability is asked for only after the kernel refused.
 */
#include <errno.h>
#include <string.h>

#include "net/room.h"

#define PIECES 64

static void sent(void *arg, unsigned id, uint32_t token)
{
	struct session *s = arg;

	account_add(&s->account, id, COUNT_SENT);
	if (token && s->net->hooks.sent)
		s->net->hooks.sent(s->net->hook_arg, s, token);
}

static void discarded(void *arg, unsigned id)
{
	struct session *s = arg;

	account_add(&s->account, id, COUNT_DISCARDED);
}

void flush_discard(struct session *s)
{
	s->net->counts.queued_bytes -= s->out.bytes;
	send_queue_clear(&s->out, discarded, s);
}

/* Sessions whose queue makes no progress are closed; nobody else is looked at, and
 * nobody at all while nothing is stuck.
 */
void flush_check_stuck(void *arg)
{
	struct net *net = arg;
	uint64_t now = net_now(net), limit = net->set->sessions.stall * 1000;
	bool more = false;

	net->stall_timer = 0;
	for (struct session *s = net_any(net, NULL); s; s = net_any(net, s)) {
		if (!s->stuck_us || s->state == LINK_CLOSING)
			continue;
		if (now - s->stuck_us >= limit)
			net_close(net, s, "it took none of our bytes for %llu s",
				  (unsigned long long)(limit / 1000000));
		else
			more = true;
	}
	if (more)
		net->stall_timer = timers_add(net->timers, 1000000, flush_check_stuck, net);
}

static void stuck(struct session *s)
{
	struct net *net = s->net;

	s->stuck_us = net_now(net);
	session_rearm(s);
	if (!net->stall_timer)
		net->stall_timer = timers_add(net->timers, 1000000, flush_check_stuck, net);
}

static void unstuck(struct session *s)
{
	s->stuck_us = 0;
	session_rearm(s);
}

static void failed(struct session *s, long err)
{
	flush_discard(s);
	s->stuck_us = 0;
	if (s->state != LINK_CLOSING)
		net_close(s->net, s, "cannot write: %s", strerror((int)-err));
}

void flush_session(struct session *s)
{
	struct env *env = s->net->env;
	struct iovec v[PIECES];
	bool moved = false;

	while (s->out.count && s->conn) {
		int pieces = send_queue_pieces(&s->out, v, PIECES);
		long n;

		s->write_us = net_now(s->net);
		n = env->ops->writev(s->conn, v, pieces);
		if (n == -EAGAIN || n == 0) {
			if (!s->stuck_us || moved)
				stuck(s);
			return;
		}
		if (n < 0) {
			failed(s, n);
			return;
		}
		moved = true;
		s->wrote_bytes += (uint64_t)n;
		s->net->counts.queued_bytes -= (uint64_t)n;
		send_queue_wrote(&s->out, (size_t)n, sent, s);
	}
	if (s->stuck_us)
		unstuck(s);
	if (s->retired && s->linger && s->conn)
		env->ops->shut(s->conn);
}

void flush_writable(void *arg)
{
	flush_session(arg);
}

void flush_dirty(struct net *net)
{
	struct session *s;

	while ((s = net->dirty)) {
		net->dirty = s->dirty_next;
		session_prefetch(net->dirty);
		s->dirty = false;
		if (!s->stuck_us && s->state != LINK_DIALING)
			flush_session(s);
	}
}

static void make_dirty(struct session *s)
{
	struct net *net = s->net;

	if (s->dirty)
		return;
	s->dirty = true;
	s->dirty_next = net->dirty;
	net->dirty = s;
	session_order_end(net);
}

static bool fits(const struct net *net, const struct session *s, uint32_t n)
{
	return s->out.bytes + n <= net->set->sessions.queue_session &&
	       net->counts.queued_bytes + n <= net->set->sessions.queue_node;
}

static int refuse_full(struct net *net, struct session *s, unsigned id, bool close)
{
	account_refuse(&s->account, id, ACCOUNT_OUT, REASON_FULL);
	if (close)
		net_close(net, s, "its send queue is full");
	return TN_EFULL;
}

/* While nothing has left since the last one of its kind did not fit, the next will not. */
int net_check_room(struct net *net, struct session *s, unsigned id, bool close_if_full)
{
	bool full =
		!fits(net, s, 1) || (s->full_at && s->full_id == id && s->out.bytes >= s->full_at);

	if (!full || (s->state != LINK_UP && s->state != LINK_HANDSHAKING))
		return 0;
	account_add(&s->account, id, COUNT_OFFERED);
	return refuse_full(net, s, id, close_if_full);
}

void net_encoded(struct net *net, uint32_t bytes)
{
	net->encoded += bytes;
}

int net_send(struct net *net, struct session *s, struct frame *f, uint32_t token,
	     bool close_if_full)
{
	account_add(&s->account, f->id, COUNT_OFFERED);
	if (s->state != LINK_UP && s->state != LINK_HANDSHAKING) {
		account_add(&s->account, f->id, COUNT_DISCARDED);
		return TN_EGONE;
	}
	if (!fits(net, s, f->n)) {
		s->full_id = (uint16_t)f->id;
		s->full_at = s->out.bytes;
		return refuse_full(net, s, f->id, close_if_full);
	}
	if (send_queue_push(&s->out, f, token)) {
		account_refuse(&s->account, f->id, ACCOUNT_OUT, REASON_MEMORY);
		return TN_ENOMEM;
	}
	net->counts.queued_bytes += f->n;
	make_dirty(s);
	return 0;
}

void net_refuse_out(struct net *net, struct session *s, unsigned id, unsigned reason)
{
	(void)net;
	account_add(&s->account, id, COUNT_OFFERED);
	account_refuse(&s->account, id, ACCOUNT_OUT, reason);
}
