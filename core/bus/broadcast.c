/* SPDX-License-Identifier: MIT
 * core/bus/broadcast.c - one message to many: filters, one shared frame, relays
 */
#include <stdlib.h>

#include "bus/impl.h"

static uint32_t filter_bits(const struct session *s)
{
	return (s->outbound ? TN_S_OUTBOUND : 0u) | (s->legacy ? TN_S_LEGACY : 0u) |
	       (s->masternode ? TN_S_MASTERNODE : 0u) | (s->manual ? TN_S_MANUAL : 0u);
}

static bool also(struct bus_member *m, const struct tn_filter *f, struct session *s)
{
	struct bus *b = m->bus;
	struct bus_call call;
	bool yes;

	if (!f->also)
		return true;
	bus_enter(b, &call, m, "filter", NULL);
	yes = f->also(m->ctx, (struct tn_sid){ s->sid }, b->hooks->slot(b->arg, m->of, s), f->arg);
	bus_exit(b, &call);
	return yes;
}

bool bus_matches(struct bus_member *m, const struct tn_filter *f, struct session *s)
{
	uint32_t bits = filter_bits(s);

	if (!session_is_up(s) || !s->primary || !s->block)
		return false;
	if (!f)
		return true;
	if (s->sid == f->except.v || (bits & f->all_of) != f->all_of || bits & f->none_of)
		return false;
	return also(m, f, s);
}

/* Encodes when the first receiver is found; *f is NULL until then. */
static int send_shared(struct bus_member *m, unsigned row, const void *body, struct session *s,
		       struct frame **f)
{
	int rc = sent_gate(m, row, s);

	if (rc)
		return rc;
	if (!*f)
		*f = sent_frame(m, row, body);
	return *f ? sent_queue(m, row, s, *f, 0) : TN_ENOMEM;
}

static int to_all(struct bus_member *m, const struct tn_filter *filter, unsigned row,
		  const void *body, struct frame **f)
{
	struct session *s;
	int sent = 0;

	for (s = net_first(m->bus->net); s; s = net_next(s)) {
		session_prefetch(net_next(s));
		if (bus_matches(m, filter, s) && !send_shared(m, row, body, s, f))
			sent++;
	}
	return sent;
}

int bus_broadcast(struct bus_member *m, const struct tn_filter *filter, unsigned row,
		  const void *body, uint32_t bytes)
{
	struct frame *f = NULL;
	int sent;

	if (!sent_row(m, row, body, bytes))
		return TN_EINVAL;
	sent = to_all(m, filter, row, body, &f);
	frame_unref(f);
	return sent;
}

int bus_broadcast_frame(struct bus_member *m, const struct tn_filter *filter, struct frame *f)
{
	const struct claim *c = claim_of(m->bus, f->id);

	return c->owner == m ? to_all(m, filter, c->row, NULL, &f) : TN_EINVAL;
}

/* ---- relay: asked for inside the handler, carried out when the verdict is TAKEN */

static struct bus_msg *find_msg(struct bus_member *m, const struct tn_msg *msg)
{
	struct bus_msg *now = m->bus->current;

	if (now && &now->msg == msg && now->owner == m)
		return now;
	for (struct hold *h = m->holds; h; h = h->next)
		if (&h->m.msg == msg)
			return &h->m;
	if (now && now->hold && &now->hold->m.msg == msg)
		return now;
	return NULL;
}

static bool is_origin(const struct bus_msg *m, const struct session *s)
{
	return s->sid == m->msg.from.v || (m->s && m->s->peer && m->s->peer == s->peer);
}

int bus_relay(struct bus_member *m, const struct tn_filter *filter, const struct tn_msg *msg)
{
	struct bus_msg *bm = find_msg(m, msg);
	struct relay *r;
	struct session *s;

	if (!bm || !bm->decoded)
		return TN_EINVAL;
	if (bm->relay)
		return TN_EBUSY;
	r = malloc(sizeof *r + net_count_up(m->bus->net) * sizeof r->sid[0]);
	if (!r)
		return TN_ENOMEM;
	r->n = 0;
	for (s = net_first(m->bus->net); s; s = net_next(s))
		if (!is_origin(bm, s) && bus_matches(m, filter, s))
			r->sid[r->n++] = s->sid;
	bm->relay = r;
	return (int)r->n;
}

static struct frame *relay_frame(const struct bus_msg *m)
{
	if (m->msg.flags & TN_MSG_CANONICAL)
		return frame_copy(m->id, m->msg.line);
	return sent_frame(m->owner, m->msg.row, m->msg.body);
}

void relay_send(struct bus *b, const struct bus_msg *m)
{
	struct frame *f = NULL;

	for (uint32_t i = 0; i < m->relay->n; i++) {
		struct session *s = sent_to(b, m->relay->sid[i]);

		if (!s || sent_gate(m->owner, m->msg.row, s))
			continue;
		if (!f)
			f = relay_frame(m);
		if (!f)
			return;
		sent_queue(m->owner, m->msg.row, s, f, 0);
	}
	frame_unref(f);
}
