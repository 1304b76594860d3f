/* SPDX-License-Identifier: MIT
 * core/net/line_in.c - bytes of one session into lines, and the account of what came
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/room.h"

#define DIRECT_BYTES 32768u /* from here on the kernel writes into the kept line itself */

static bool reading(const struct session *s)
{
	return !s->pauses && (s->state == LINK_HANDSHAKING || s->state == LINK_UP);
}

void line_clear(struct net *net, struct line_in *in)
{
	net->counts.partial_bytes -= in->room;
	free(in->kept);
	in->kept = NULL;
	in->n = in->room = 0;
	in->cut.seen = 0;
	in->peeked = false;
}

/* ---- a line that is too long, or that nobody will read */

static void skip_rest(struct session *s, unsigned id)
{
	line_clear(s->net, &s->in);
	s->in.skipping = true;
	s->in.skip_id = id;
}

static void refuse_size(struct session *s, unsigned id)
{
	account_refuse(&s->account, id, ACCOUNT_IN, REASON_SIZE);
	net_fault(s->net, s->sid, s->legacy ? 0 : 20, "a line over its message's limit");
}

static void oversize(struct session *s, const char *why)
{
	account_add(&s->account, NAME_NONE, COUNT_RECEIVED);
	account_refuse(&s->account, NAME_NONE, ACCOUNT_IN, REASON_OVERSIZE);
	net_close(s->net, s, "%s", why);
}

/* What the beginning of an unfinished line tells: skip it or go on collecting. */
static void judge_beginning(struct session *s)
{
	struct net *net = s->net;
	struct line_in *in = &s->in;
	struct tn_envelope e;
	int r;

	if (!in->peeked) {
		r = tn_envelope_peek((struct tn_view){ in->kept, in->n }, &e);
		if (r == TN_EBUSY && in->n < ODD_LINE_BYTES)
			return;
		in->peeked = true;
		in->skip_id = r ? NAME_NONE : names_find(net->names, e.name, e.name_n);
	}
	if (in->skip_id >= NAME_FIRST) {
		uint32_t max = names_max(net->names, in->skip_id);

		if (!max || in->n <= max)
			return;
		account_add(&s->account, in->skip_id, COUNT_RECEIVED);
		refuse_size(s, in->skip_id);
	} else if (in->n <= ODD_LINE_BYTES) {
		return;
	} else if (in->skip_id == NAME_UNKNOWN) {
		account_add(&s->account, NAME_UNKNOWN, COUNT_RECEIVED);
		account_add(&s->account, NAME_UNKNOWN, COUNT_UNKNOWN);
	} else {
		account_add(&s->account, NAME_NONE, COUNT_RECEIVED);
		net_malformed(net, s, NAME_NONE, "a long line that is no message");
	}
	skip_rest(s, in->skip_id);
}

/* Too many unfinished bytes in the node: the one with the most gives way, not the
 * newcomer, or sixteen hogs could lock everybody else out.
 */
static void relieve(struct net *net)
{
	struct session *most = NULL;

	for (struct session *s = net_any(net, NULL); s; s = net_any(net, s))
		if (s->state != LINK_CLOSING && (!most || s->in.room > most->in.room))
			most = s;
	if (!most)
		return;
	oversize(most, "the node's budget for unfinished lines is used up");
	line_clear(net, &most->in); /* now: or the next one that looks closes another */
}

static void check_limits(struct session *s)
{
	struct net *net = s->net;
	const struct settings_sessions *set = &net->set->sessions;

	if (s->state == LINK_HANDSHAKING && s->in.n > BEFORE_HANDSHAKE_BYTES)
		oversize(s, "more than 4096 bytes before the handshake");
	else if (s->in.n > set->line_max)
		oversize(s, "a line over sessions.line_max");
	else if (s->in.n > set->unfinished_session)
		oversize(s, "unfinished bytes over sessions.unfinished_session");
	else if (net->counts.partial_bytes > set->unfinished_node)
		relieve(net);
	else if (s->in.n > names_smallest_max(net->names) || s->in.n > ODD_LINE_BYTES)
		judge_beginning(s);
}

/* ---- a whole line */

static bool blank(const uint8_t *p, size_t n)
{
	while (n && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++, n--;
	return n == 0;
}

static void no_envelope(struct session *s, unsigned reason)
{
	account_add(&s->account, NAME_NONE, COUNT_RECEIVED);
	account_refuse(&s->account, NAME_NONE, ACCOUNT_IN, reason);
}

static bool old_magic(const struct session *s, const uint8_t *p, size_t n)
{
	return s->state == LINK_HANDSHAKING && !s->outbound && n >= 4 && !memcmp(p, "~W~M", 4);
}

/* Counted as received here; from here on it is somebody's to give it a fate. */
static void hand_over(struct session *s, const struct tn_envelope *e, struct tn_view line)
{
	struct net *net = s->net;
	unsigned id = names_find(net->names, e->name, e->name_n);
	uint32_t max = names_max(net->names, id);

	account_add(&s->account, id, COUNT_RECEIVED);
	if (max && line.n > max)
		refuse_size(s, id);
	else if (s->state != LINK_UP || handshake_owns(net, id))
		handshake_message(s, id, e, line);
	else
		net->hooks.line(net->hook_arg, s, id, e, line);
}

static void note_heard(struct session *s)
{
	if (s->heard_since || !session_is_up(s))
		return;
	s->heard_since = true;
	double_heard(s);
}

static void take_line(struct session *s, const uint8_t *p, size_t n, bool at_end)
{
	struct net *net = s->net;
	bool was_up = session_is_up(s);
	struct tn_envelope e;
	struct tn_error err;

	if (blank(p, n)) {
		no_envelope(s, REASON_BLANK);
	} else if (!tn_utf8_valid(p, n)) {
		no_envelope(s, REASON_UTF8);
		net_close(net, s, "it sent bytes that are not UTF-8");
	} else if (old_magic(s, p, n)) {
		account_add(&s->account, NAME_NONE, COUNT_RECEIVED);
		net_malformed(net, s, NAME_NONE, "old protocol (~W~M)");
		net_close(net, s, "old protocol detected (~W~M magic bytes)");
	} else if (tn_envelope_read((struct tn_view){ p, n }, &e, &err)) {
		if (at_end) {
			no_envelope(s, REASON_CUT);
			return;
		}
		account_add(&s->account, NAME_NONE, COUNT_RECEIVED);
		net_malformed(net, s, NAME_NONE, err.text);
	} else {
		s->heard_us = net->read_us;
		s->paused_us = 0;
		hand_over(s, &e, (struct tn_view){ p, n });
		if (was_up || (s->outbound && !s->legacy))
			note_heard(s); /* an old node's Ack proves nothing (zombies) */
	}
}

/* Whatever is asked of us in one read, others have their turn before the rest of it. The
 * clock costs more than a short line does: it is read for some of them only.
 */
static bool is_turn_over(const struct net *net, uint64_t encoded_before, unsigned lines)
{
	return net->encoded - encoded_before >= TURN_ENCODED ||
	       (lines % TURN_LINES == 0 && net_now(net) - net->read_us >= TURN_US);
}

static void order_resume(struct session *s)
{
	s->resume = true;
	s->resume_next = s->net->resuming;
	s->net->resuming = s;
	session_order_end(s->net);
}

static void yield(struct session *s)
{
	net_pause(s->net, s);
	s->yields = true;
	if (!s->resume)
		order_resume(s);
}

/* Gives out the complete lines at the start of p[0..n); the number of bytes used. */
static size_t take_lines(struct session *s, struct tn_cut *cut, const uint8_t *p, size_t n)
{
	uint64_t encoded = s->net->encoded;
	unsigned lines = 0;
	size_t used = 0, len;

	while (reading(s) && (len = tn_cut_line(cut, p + used, n - used))) {
		cut->seen = 0;
		s->in.peeked = false;
		if (s->in.skipping)
			s->in.skipping = false; /* the skipped line ends here */
		else if (len - 1 > s->net->set->sessions.line_max)
			oversize(s, "a line over sessions.line_max");
		else
			take_line(s, p + used, len - 1, false);
		used += len;
		if (used < n && reading(s) && is_turn_over(s->net, encoded, ++lines))
			yield(s);
	}
	return used;
}

/* ---- keeping what is left */

static int make_room(struct session *s, size_t more)
{
	struct line_in *in = &s->in;
	size_t room = in->room ? in->room : 256;
	uint8_t *to;

	if (in->room - in->n >= more)
		return 0;
	while (room - in->n < more)
		room *= 2; /* n and more are bounded by line_max and one read */
	to = realloc(in->kept, room);
	if (!to) {
		net_close(s->net, s, "no memory for its line");
		return TN_ENOMEM;
	}
	s->net->counts.partial_bytes += room - in->room;
	in->kept = to;
	in->room = room;
	return 0;
}

static void keep(struct session *s, const uint8_t *p, size_t n)
{
	if (!n || s->state == LINK_CLOSING || (s->in.skipping && !s->pauses) || make_room(s, n))
		return;
	memcpy(s->in.kept + s->in.n, p, n);
	s->in.n += n;
	if (!s->pauses)
		check_limits(s);
}

/* Lines at the start of what is kept, then the rest moves to the front. */
static void work_kept(struct session *s)
{
	struct line_in *in = &s->in;
	uint8_t *p = in->kept;
	size_t n = in->n, used;

	used = take_lines(s, &in->cut, p, n);
	if (s->state == LINK_CLOSING)
		return;
	if (in->skipping && !s->pauses && in->kept) {
		line_clear(s->net, in);
		return;
	}
	if (used == n) {
		line_clear(s->net, in);
		return;
	}
	if (used)
		memmove(in->kept, in->kept + used, n - used);
	in->n = n - used;
	if (!s->pauses)
		check_limits(s);
}

static void at_end(struct session *s)
{
	struct line_in *in = &s->in;

	if (in->n && !in->skipping)
		take_line(s, in->kept, in->n, true);
	net_close(s->net, s, "closed by peer");
}

static void took(struct session *s, long n, bool direct)
{
	struct tn_cut cut = { 0 };
	struct net *net = s->net;
	size_t used;

	s->read_bytes += (uint64_t)n;
	if (direct || s->in.n) {
		if (!direct && (make_room(s, (size_t)n) == 0))
			memcpy(s->in.kept + s->in.n, net->buffer, (size_t)n);
		if (s->state == LINK_CLOSING)
			return;
		s->in.n += (size_t)n;
		work_kept(s);
		return;
	}
	used = take_lines(s, &cut, net->buffer, (size_t)n);
	s->in.cut = cut;
	keep(s, net->buffer + used, (size_t)n - used);
}

/* Before the handshake a dialer is nobody: a few kilobytes are all it gets. Old ones
 * send their first Pings along with it, so what is read with it counts too. (A listener
 * may send much right behind its Ack.)
 */
static bool too_early(struct session *s, size_t n)
{
	if (s->state != LINK_HANDSHAKING || s->outbound)
		return false;
	s->in.early += (uint32_t)n;
	if (s->in.early <= BEFORE_HANDSHAKE_BYTES)
		return false;
	oversize(s, "more than 4096 bytes before the handshake");
	return true;
}

void line_readable(void *arg)
{
	struct session *s = arg;
	struct net *net = s->net;
	bool direct = s->in.n >= DIRECT_BYTES;
	long n;

	if (!reading(s) || (direct && make_room(s, READ_BYTES)))
		return;
	n = net->env->ops->read(s->conn, direct ? s->in.kept + s->in.n : net->buffer, READ_BYTES);
	net->read_us = net_now(net);
	if (n == -EAGAIN)
		return;
	if (n < 0)
		net_close(net, s, "cannot read: %s", strerror((int)-n));
	else if (n == 0)
		at_end(s);
	else if (!too_early(s, (size_t)n))
		took(s, n, direct);
}

/* ---- pauses */

void net_pause(struct net *net, struct session *s)
{
	if (s->pauses++)
		return;
	s->pause_began_us = net_now(net);
	session_rearm(s);
}

/* Lines that waited in the kept bytes come first; then the socket is read again. */
static void resume(struct session *s)
{
	s->net->read_us = net_now(s->net); /* heard as late as this: the wait was ours */
	if (s->in.n)
		work_kept(s);
	session_rearm(s);
}

/* false: somebody else pauses it still. */
static bool unpause(struct session *s)
{
	if (!s->pauses || --s->pauses)
		return false;
	s->paused_us += net_now(s->net) - s->pause_began_us;
	return true;
}

/* At the end of the tick: we may be inside its own line. */
void net_resume(struct net *net, struct session *s)
{
	(void)net;
	if (unpause(s) && !s->resume && s->state != LINK_CLOSING)
		order_resume(s);
}

/* Those that were ordered so far; one that yields again waits for the next turn. */
void line_resume_all(struct net *net)
{
	struct session *s = net->resuming, *next;

	net->resuming = NULL;
	for (; s; s = next) {
		next = s->resume_next;
		s->resume = false;
		if (s->yields)
			unpause(s);
		s->yields = false;
		if (!s->pauses && s->state != LINK_CLOSING)
			resume(s);
	}
}
