/* SPDX-License-Identifier: MIT
 * plugins/pingpong/pingpong.c - asks every peer for a sign of life, measures round trips
 *
 * Owns Ping and Pong (doc/protocol.md 5). Leave it out and TCP keepalive remains. What one
 * build hands to the next when it is upgraded stands in handover.c.
 */
#include "pingpong.h"
#include "timenode/event.h"
#include "timenode/wire.h"

struct conf {
	uint64_t interval, max_missed;
};

struct state {
	struct tn_timer pulse;
};

static const struct tn_schema slot_schema =
	TN_SCHEMA(struct slot, TN_RECORD, TN_FIELD(struct slot, last_us),
		  TN_FIELD(struct slot, min_us), TN_FIELD(struct slot, avg_us),
		  TN_FIELD(struct slot, missed));

enum { M_PING, M_PONG };                                          /* rows of messages */
enum { R_UNMATCHED };                                             /* rows of reasons */
enum { C_SENT, C_MATCHED, C_MISSED, C_GONE, C_UNMATCHED, C_RTT }; /* rows of metrics */

static const char *peer_text(struct tn_ctx *c, struct tn_sid s, char buf[TN_ADDR_TEXT])
{
	struct tn_session now;

	return tn_session(c, s, &now) ? "a closed session" : tn_addr_text(&now.addr, buf);
}

static tn_verdict on_ping(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_ping *ping = m->body;
	struct tn_ping pong = { ping->nonce, tn_wall_s(c) };

	tn_send(c, m->from, M_PONG, &pong);
	return TN_TAKEN;
}

static struct open *find_open(struct slot *p, uint64_t nonce)
{
	for (unsigned i = 0; i < OPEN; i++)
		if (p->open[i].asked_us && p->open[i].nonce == nonce)
			return &p->open[i];
	return NULL;
}

static bool same_nonce(const void *body, uint64_t tag)
{
	return ((const struct tn_ping *)body)->nonce == tag;
}

static void learn(struct tn_ctx *c, struct tn_sid s, struct slot *p, uint32_t us, uint64_t nonce)
{
	char text[TN_ADDR_TEXT];

	p->last_us = us;
	p->min_us = p->pongs && p->min_us < us ? p->min_us : us;
	p->sum_us += us;
	p->avg_us = (uint32_t)(p->sum_us / ++p->pongs);
	p->missed = 0;
	tn_note(c, s, TN_NOTE_RTT_US, us); /* the core evicts by it */
	tn_metric(c, C_MATCHED, 1);
	tn_metric(c, C_RTT, us);
	peer_text(c, s, text);
	TN_LOG(c, TN_DEBUG, s, "Received pong from %s (nonce: %llu)", text,
	       (unsigned long long)nonce);
	TN_LOG(c, TN_DEBUG, s, "Pong matches! %s (nonce: %llu, RTT: %ums)", text,
	       (unsigned long long)nonce, (unsigned)(us / 1000));
}

/* The answer to a ping that an earlier build sent. */
static bool take_carried(struct tn_ctx *c, const struct tn_msg *m, uint64_t nonce)
{
	struct slot *p = tn_slot(c, m->from);
	struct open *o = p ? find_open(p, nonce) : NULL;
	uint64_t us;

	if (!o || !o->carried)
		return false;
	us = m->rx_us > o->asked_us ? m->rx_us - o->asked_us : 0;
	*o = (struct open){ 0 };
	learn(c, m->from, p, us < UINT32_MAX ? (uint32_t)us : UINT32_MAX, nonce);
	return true;
}

/* A Pong that no question waits for: late, repeated or made up, unless it was carried. */
static tn_verdict on_stray_pong(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_ping *pong = m->body;
	char text[TN_ADDR_TEXT];

	if (take_carried(c, m, pong->nonce))
		return TN_TAKEN;
	tn_metric(c, C_UNMATCHED, 1);
	TN_LOG(c, TN_WARN, m->from, "Pong from %s matches no ping (nonce: %llu)",
	       peer_text(c, m->from, text), (unsigned long long)pong->nonce);
	return tn_refuse(R_UNMATCHED);
}

static void miss(struct tn_ctx *c, struct tn_sid s, struct slot *p)
{
	const struct conf *conf = c->conf;
	struct tn_session now;

	tn_metric(c, C_MISSED, 1);
	if (!tn_session(c, s, &now) && now.quiet_ms < conf->interval) {
		p->missed = 0; /* any line counts as life */
		return;
	}
	p->missed++;
	TN_LOG(c, TN_WARN, s, "Ping timeout (missed: %u/%u)", (unsigned)p->missed,
	       (unsigned)conf->max_missed);
	if (p->missed < conf->max_missed)
		return;
	TN_LOG(c, TN_WARN, s, "Peer unresponsive, disconnecting");
	tn_close(c, s, "pings stayed unanswered");
}

static tn_verdict on_answer(struct tn_ctx *c, struct tn_sid s, void *slot, const struct tn_reply *r,
			    uint64_t tag)
{
	struct slot *p = slot;
	struct open *o = find_open(p, tag);
	bool handed = o && p->handed;

	if (o)
		*o = (struct open){ 0 };
	if (!r->status)
		learn(c, s, p, r->elapsed_us, tag);
	else if (r->status == TN_ETIME)
		miss(c, s, p);
	else if (!handed)
		tn_metric(c, C_GONE, 1);
	return TN_TAKEN;
}

/* Those that are asked here have a deadline of their own. */
static void expire_carried(struct tn_ctx *c, struct tn_sid s, struct slot *p)
{
	uint64_t interval = ((const struct conf *)c->conf)->interval * 1000, now = tn_now_us(c);

	for (unsigned i = 0; i < OPEN; i++) {
		struct open *o = &p->open[i];

		if (!o->carried || now - o->asked_us < interval)
			continue;
		*o = (struct open){ 0 };
		miss(c, s, p);
	}
}

/* With no place free an upgrade counts it as gone. */
static void note_open(struct slot *p, uint64_t nonce, uint64_t now)
{
	p->asked_us = now;
	for (unsigned i = 0; i < OPEN; i++)
		if (!p->open[i].asked_us) {
			p->open[i] = (struct open){ nonce, now, false };
			return;
		}
}

static void ping(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	const struct conf *conf = c->conf;
	struct tn_ping body = { tn_random64(c), tn_wall_s(c) };
	struct tn_question ask = { TN_BODY(body),     .send = M_PING,
				   .expect = M_PONG,  .timeout_ms = (uint32_t)conf->interval,
				   .tag = body.nonce, .match = same_nonce,
				   .done = on_answer };
	char text[TN_ADDR_TEXT];

	expire_carried(c, s, slot);
	if (tn_ask_peer(c, s, &ask))
		return;
	note_open(slot, body.nonce, tn_now_us(c));
	tn_metric(c, C_SENT, 1);
	TN_LOG(c, TN_DEBUG, s, "Sent ping to %s (nonce: %llu)", peer_text(c, s, text),
	       (unsigned long long)body.nonce);
}

/* At once, unless an earlier build of us has asked within the interval. */
static void up(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	const struct slot *p = slot;
	uint64_t interval = ((const struct conf *)c->conf)->interval * 1000;

	if (!p->asked_us || tn_now_us(c) - p->asked_us >= interval)
		ping(c, s, slot);
}

/* The session ends, or we do: what was carried on may not be forgotten. */
static void down(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	struct slot *p = slot;

	(void)s;
	for (unsigned i = 0; i < OPEN; i++)
		if (p->open[i].carried && !p->handed)
			tn_metric(c, C_GONE, 1);
}

static void on_probe(struct tn_ctx *c, const void *payload)
{
	struct tn_sid s = ((const struct tn_ev_session *)payload)->sid;
	void *slot = tn_slot(c, s);

	if (slot)
		ping(c, s, slot);
}

static void set_pulse(struct tn_ctx *c)
{
	struct state *st = c->state;

	tn_cancel(c, st->pulse);
	st->pulse = tn_pulse(c, ((const struct conf *)c->conf)->interval, ping);
}

static int start(struct tn_ctx *c, struct tn_error *err)
{
	set_pulse(c);
	if (!((struct state *)c->state)->pulse.v)
		return tn_fail(err, TN_ENOMEM, "no memory");
	return 0;
}

#ifndef TN_BUILD /* tests of the upgrade make many builds */
#define TN_BUILD "1.1"
#endif

TN_PLUGIN = {
	TN_HEAD("pingpong", TN_BUILD, "liveness and round-trip times"),
	.state_bytes = sizeof(struct state),
	.conf_bytes = sizeof(struct conf),
	.slot_bytes = sizeof(struct slot),
	.messages = TN_ROWS(struct tn_message,
			    [M_PING] = { "Ping", &tn_wire_ping, on_ping, TN_OWN, .rate = 50,
					 .max = 65536 },
			    [M_PONG] = { "Pong", &tn_wire_ping, on_stray_pong, TN_OWN, .rate = 50,
					 .max = 65536 }),
	.options = TN_ROWS(struct tn_option,
			   TN_OPT_MS(struct conf, interval, "30s", 100, 600000,
				     "time between two pings to one peer"),
			   TN_OPT(struct conf, max_missed, "3", 1, 100,
				  "unanswered pings in a row before the session is closed")),
	.listens = TN_ROWS(struct tn_listen,
			   { TN_EV_PROBE, sizeof(struct tn_ev_session), on_probe, NULL }),
	.commands = TN_ROWS(struct tn_command,
			    { "rtt", "round-trip times of all peers", NULL, &slot_schema, NULL }),
	.metrics = TN_ROWS(
		struct tn_metric, [C_SENT] = { "pings_sent", "pings sent", TN_M_COUNT, 1 },
		[C_MATCHED] = { "pings_matched", "pings answered", TN_M_COUNT, 1 },
		[C_MISSED] = { "pings_missed", "pings not answered in time", TN_M_COUNT, 1 },
		[C_GONE] = { "pings_gone", "pings whose session ended first", TN_M_COUNT, 1 },
		[C_UNMATCHED] = { "pongs_unmatched", "pongs that match no ping", TN_M_COUNT, 1 },
		[C_RTT] = { "rtt_us", "round-trip time in microseconds", TN_M_TIMES, 1 }),
	.reasons = TN_ROWS(struct tn_reason, [R_UNMATCHED] = { "unmatched",
							       "a Pong without our Ping" }),
	.start = start,
	.reloaded = set_pulse,
	.up = up,
	.down = down,
	.save = pingpong_save,
	.restore = pingpong_restore,
};
