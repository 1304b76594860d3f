/* SPDX-License-Identifier: MIT
 * core/net/handshake.c - Handshake and Ack, both ways (doc/protocol.md 4)
 *
 * Only the dialer sends a Handshake and only the listener an Ack; both carry our
 * optional fields, and a side without a node_id is an old node. A refusal is an Ack
 * with accepted = false and a reason, so that both ends can say why.
 */
#include <stdio.h>
#include <string.h>

#include "net/judge.h"
#include "net/room.h"

#define REASON_TEXT 120

struct hello { /* what both messages share, in the form the schema wants */
	char my_ip[TN_ADDR_TEXT], your_ip[TN_ADDR_TEXT];
	struct tn_str feature[64];
	uint32_t features;
};

static struct tn_str str(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

static void collect(const struct session *s, struct hello *h)
{
	const struct net *net = s->net;

	tn_addr_ip_text(&net->self, h->my_ip);
	tn_addr_ip_text(&s->remote, h->your_ip);
	h->features = 0;
	for (unsigned i = 0; i < 64; i++) {
		uint32_t at = h->features;

		if (!net->feature[i])
			continue;
		while (at && strcmp(h->feature[at - 1].p, net->feature[i]) > 0) {
			h->feature[at] = h->feature[at - 1];
			at--;
		}
		h->feature[at] = str(net->feature[i]);
		h->features++;
	}
}

static uint32_t own_port(const struct net *net)
{
	return net->set->network.listen.n ? net->set->network.listen.v[0].port : 0;
}

/* The same eight members stand in both structs. */
#define FILL_HELLO(m, s, h)                                            \
	do {                                                           \
		const struct net *net_ = (s)->net;                     \
		(m)->node_id = net_->node_id;                          \
		(m)->listen_port = own_port(net_);                     \
		(m)->agent = str(net_->agent);                         \
		(m)->my_ip = str((h)->my_ip);                          \
		(m)->your_ip = str((h)->your_ip);                      \
		if (net_genesis(net_))                                 \
			memcpy((m)->genesis.b, net_genesis(net_), 32); \
		(m)->features.v = (h)->feature;                        \
		(m)->features.n = (h)->features;                       \
		(m)->has_node_id = (m)->has_listen_port = true;        \
		(m)->has_agent = (m)->has_your_ip = true;              \
		(m)->has_my_ip = net_->self_known;                     \
		(m)->has_features = true;                              \
		(m)->has_genesis = net_genesis(net_) != NULL;          \
	} while (0)

static void send(struct session *s, unsigned id, const struct tn_schema *schema, const void *body)
{
	struct frame *f = frame_encode(id, names_text(s->net->names, id), schema, body);

	if (!f)
		net_close(s->net, s, "no memory");
	else
		net_send(s->net, s, f, 0, true); /* without it there is no session */
	frame_unref(f);
}

void handshake_too_slow(void *arg)
{
	struct session *s = arg;

	s->timer = 0;
	net_close(s->net, s, "no handshake within %llu s",
		  (unsigned long long)(s->net->set->sessions.handshake_timeout / 1000));
}

void handshake_begin(struct session *s)
{
	struct tn_handshake m = { .magic = { "TIME" }, .protocol_version = 1 };
	struct hello h;

	s->state = LINK_HANDSHAKING;
	session_set_timer(s, s->net->set->sessions.handshake_timeout * 1000, handshake_too_slow);
	session_rearm(s);
	if (!s->outbound)
		return;
	collect(s, &h);
	FILL_HELLO(&m, s, &h);
	m.network = s->net->set->network.name;
	send(s, s->net->handshake_id, &tn_wire_handshake, &m);
}

static void send_ack(struct session *s, bool legacy, const char *refusal)
{
	struct tn_ack m = { .message_type = str("Handshake") };
	struct hello h;

	collect(s, &h);
	if (!legacy || refusal)
		FILL_HELLO(&m, s, &h);
	m.has_accepted = !legacy || refusal;
	m.accepted = !refusal;
	m.has_reason = refusal != NULL;
	m.reason = str(refusal ? refusal : "");
	if (m.reason.n > REASON_TEXT)
		m.reason.n = REASON_TEXT;
	send(s, s->net->ack_id, &tn_wire_ack, &m);
}

static void take_features(struct session *s, const struct tn_str *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		for (unsigned bit = 0; bit < 64; bit++) {
			const char *own = s->net->feature[bit];

			if (own && strlen(own) == v[i].n && !memcmp(own, v[i].p, v[i].n))
				s->features |= (uint64_t)1 << bit;
		}
}

static void take_agent(struct session *s, const struct tn_str *agent)
{
	char safe[LOG_SAFE_MAX];

	snprintf(s->agent, sizeof s->agent, "%s", log_safe(safe, agent->p, agent->n));
}

#define TAKE_HELLO(s, m)                                                      \
	do {                                                                  \
		(s)->node_id = (m)->has_node_id ? (m)->node_id : 0;           \
		(s)->legacy = !(s)->node_id;                                  \
		if ((m)->has_agent)                                           \
			take_agent((s), &(m)->agent);                         \
		if ((m)->has_features)                                        \
			take_features((s), (m)->features.v, (m)->features.n); \
	} while (0)

/* ---- as listener */

/* The address under which the other side can be dialed. */
static void learn_addr(struct session *s, const struct tn_handshake *m)
{
	if (s->legacy)
		s->addr.port = s->net->set->default_port; /* old nodes know no other */
	else
		s->addr.port = m->has_listen_port && m->listen_port <= 65535
				       ? (uint16_t)m->listen_port
				       : 0;
	peer_attach(s->net, peer_get(s->net, &s->addr, false), s);
}

void handshake_refuse(struct session *s, const char *why)
{
	struct net *net = s->net;
	char at[TN_ADDR_TEXT];

	net->counts.refused++;
	net_log(net, LOG_LEVEL_INFO, s, "Refusing %s: %s", tn_addr_text(&s->remote, at), why);
	send_ack(s, s->legacy, why);
	if (s->legacy)
		legacy_hold(s, why);
	else
		net_close_flush(net, s, why);
}

static void on_handshake(struct session *s, const struct tn_handshake *m)
{
	char why[REASON_TEXT + 1], at[TN_ADDR_TEXT];

	TAKE_HELLO(s, m);
	learn_addr(s, m);
	if (judge_handshake(s, m, why, sizeof why)) {
		handshake_refuse(s, why);
		return;
	}
	if (slots_full(s->net) && !slots_make_room(s->net)) {
		handshake_refuse(s, "full");
		return;
	}
	if (s->legacy) {
		legacy_inbound(s);
		return;
	}
	net_log(s->net, LOG_LEVEL_INFO, s, "Accepting inbound connection from %s",
		tn_addr_text(&s->remote, at));
	send_ack(s, false, NULL);
	session_came_up(s);
}

void handshake_accept_legacy(struct session *s)
{
	char at[TN_ADDR_TEXT];

	net_log(s->net, LOG_LEVEL_INFO, s, "Accepting inbound connection from %s (old node)",
		tn_addr_text(&s->remote, at));
	send_ack(s, true, NULL);
	session_came_up(s);
}

/* ---- as dialer */

static void on_refusal(struct session *s, const struct tn_ack *m)
{
	struct net *net = s->net;
	char safe[LOG_SAFE_MAX];

	if (s->peer && m->has_node_id && m->node_id == net->node_id)
		s->peer->self = true;
	net->counts.handshake_failures++;
	net_close(net, s, "refused by the peer: %s",
		  m->has_reason ? log_safe(safe, m->reason.p, m->reason.n) : "no reason given");
}

static void on_ack(struct session *s, const struct tn_ack *m)
{
	char why[REASON_TEXT + 1];

	TAKE_HELLO(s, m);
	if (m->has_accepted && !m->accepted) {
		on_refusal(s, m);
		return;
	}
	if (judge_ack(s, m, why, sizeof why)) {
		s->net->counts.handshake_failures++;
		net_close(s->net, s, "%s", why);
		return;
	}
	if (m->has_your_ip)
		self_vote(s->net, s, &m->your_ip);
	if (s->legacy)
		legacy_came_up(s);
	else
		session_came_up(s);
}

/* ---- what a line of ours means in which state */

bool handshake_owns(const struct net *net, unsigned id)
{
	return id == net->handshake_id || id == net->ack_id || id == net->version_id;
}

static const struct tn_schema *schema_of(const struct net *net, unsigned id)
{
	if (id == net->handshake_id)
		return &tn_wire_handshake;
	return id == net->ack_id ? &tn_wire_ack : &tn_wire_version;
}

static void out_of_place(struct session *s, unsigned id)
{
	struct net *net = s->net;

	if (id == NAME_UNKNOWN)
		account_add(&s->account, id, COUNT_UNKNOWN);
	else
		account_refuse(&s->account, id, ACCOUNT_IN, REASON_HANDSHAKE);
	net->counts.handshake_failures++;
	net_close(net, s, "it sent %s before the handshake", names_text(net->names, id));
}

/* Any message is a sign of life of an old node that we dialed (doc/protocol.md 8.6). */
static bool proves_life(const struct session *s, unsigned id)
{
	return s->outbound && id >= NAME_FIRST && id != s->net->handshake_id;
}

static void decoded(struct session *s, unsigned id, const void *body)
{
	struct net *net = s->net;
	bool waiting = s->state == LINK_HANDSHAKING;

	if (id == net->handshake_id && (!waiting || s->outbound)) {
		account_refuse(&s->account, id, ACCOUNT_IN, REASON_HANDSHAKE);
		return; /* a second one, or one in the wrong direction: ignored */
	}
	account_add(&s->account, id, COUNT_HANDLED);
	if (!waiting)
		return;
	if (id == net->handshake_id)
		on_handshake(s, body);
	else if (id == net->ack_id && s->outbound)
		on_ack(s, body);
}

void handshake_message(struct session *s, unsigned id, const struct tn_envelope *e,
		       struct tn_view line)
{
	struct net *net = s->net;
	struct tn_error err;
	struct tn_arena *a;
	const void *body;
	int r;

	if (!handshake_owns(net, id)) {
		if (!proves_life(s, id)) {
			out_of_place(s, id);
			return;
		}
		s->legacy = true;
		legacy_came_up(s);
		if (session_is_up(s))
			net->hooks.line(net->hook_arg, s, id, e, line);
		else
			account_refuse(&s->account, id, ACCOUNT_IN, REASON_HANDSHAKE);
		return;
	}
	a = tn_arena_create(0);
	r = a ? tn_envelope_body(e, schema_of(net, id), a, &body, NULL, &err) : TN_ENOMEM;
	if (r == TN_EBAD)
		net_malformed(net, s, id, err.text);
	else if (r)
		account_refuse(&s->account, id, ACCOUNT_IN, REASON_MEMORY);
	else
		decoded(s, id, body);
	tn_arena_unref(a);
}
