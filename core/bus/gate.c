/* SPDX-License-Identifier: MIT
 * core/bus/gate.c - what stops a message before it is decoded, or before it is sent
 *
 * In this order: size, rate, one large answer at a time, duplicate line, plugins' gates.
 */
#include <stdlib.h>
#include <string.h>

#include "bus/impl.h"

enum { SECOND_US = 1000000, SEEN = 32768, SIZE_POINTS = 20 };

struct peer_row *gate_row(struct bus_peer *p, unsigned id, unsigned way)
{
	uint16_t key = (uint16_t)(id * 2 + way);
	struct peer_row *row;
	unsigned i;

	for (i = 0; i < p->rows && p->row[i].key < key; i++)
		;
	if (i < p->rows && p->row[i].key == key)
		return &p->row[i];
	row = realloc(p->row, (p->rows + 1u) * sizeof *row);
	if (!row)
		return NULL;
	p->row = row;
	memmove(row + i + 1, row + i, (p->rows - i) * sizeof *row);
	p->rows++;
	row[i] = (struct peer_row){ .key = key };
	return &row[i];
}

/* One second's worth may come at once. */
static int take(struct bus *b, struct bus_peer *p, unsigned id, unsigned way, uint16_t rate)
{
	struct peer_row *r = gate_row(p, id, way);
	uint64_t now = env_mono_us(b->env);

	if (!r)
		return REASON_MEMORY;
	if (r->bucket.count != rate && tn_bucket_init(&r->bucket, rate, SECOND_US, rate, now))
		return REASON_MEMORY;
	return tn_bucket_take(&r->bucket, 1, now) ? -1 : REASON_RATE;
}

bool gate_seen_create(struct bus *b)
{
	uint8_t key[32];

	if (b->seen)
		return true;
	env_random(b->env, key, sizeof key);
	b->seen = tn_seen_create(SEEN, key, sizeof key);
	return b->seen != NULL;
}

void bus_forget(struct bus *b)
{
	struct tn_seen *seen = b->seen;

	for (struct session *s = net_any(b->net, NULL); s; s = net_any(b->net, s)) {
		struct bus_peer *p = peer_of(s);

		if (!p)
			continue;
		free(p->row);
		p->row = NULL;
		p->rows = 0;
	}
	b->cpu_at_us = 0;
	b->seen = NULL;
	if (seen && gate_seen_create(b))
		tn_seen_free(seen);
	else
		b->seen = seen;
}

void gate_unmark(struct bus *b, struct bus_msg *m)
{
	if (m->marked)
		tn_seen_remove(b->seen, m->msg.line.p, m->msg.line.n);
	m->marked = false;
}

static int core_gates(struct bus *b, struct bus_msg *m)
{
	struct bus_peer *p = peer_of(m->s);
	int reason;

	if (m->row->max && m->msg.line.n > m->row->max) {
		net_fault(b->net, m->s->sid, SIZE_POINTS, "a line over its limit");
		return REASON_SIZE;
	}
	if (m->row->rate) {
		reason = take(b, p, m->id, ACCOUNT_IN, m->row->rate);
		if (reason >= 0)
			return reason;
	}
	if (m->row->flags & TN_BULK && (p->bulk_token || p->bulk_held))
		return REASON_BUSY;
	if (m->row->flags & TN_DEDUP) {
		if (!tn_seen_add(b->seen, m->msg.line.p, m->msg.line.n))
			return REASON_DUPLICATE;
		m->marked = true;
	}
	return -1;
}

/* A plugin's gate: -1, a reason, or REASON_CORE when the body is malformed (said). */
static int ask_gate(struct bus *b, struct bus_msg *m, const struct viewer *v)
{
	const struct tn_message *row = member_row(v->member, v->row);
	struct tn_msg msg = m->msg;
	struct bus_call call;
	struct tn_error err;
	tn_verdict verdict;

	msg.row = v->row;
	msg.body = NULL;
	if (row->schema && dispatch_body(m, row->schema, &msg.body, &err))
		return REASON_BROKEN;
	bus_enter(b, &call, v->member, "gate", row->name);
	verdict = row->on(v->member->ctx, &msg);
	bus_exit(b, &call);
	if (verdict == TN_PASS)
		return -1;
	if ((verdict & 0xff) == TN_REFUSED && verdict >> 8 < v->member->reasons.rows)
		return v->member->reason[verdict >> 8];
	bus_failed(v->member, BUS_BROKEN_POINTS, "its verdicts are BROKEN again and again");
	return REASON_BROKEN;
}

int gate_in(struct bus *b, struct bus_msg *m)
{
	const struct claim *c = claim_of(b, m->id);
	int reason = core_gates(b, m);

	for (unsigned i = 0; i < c->viewers && reason < 0; i++)
		if (c->viewer[i].kind == TN_GATE && c->viewer[i].member->active)
			reason = ask_gate(b, m, &c->viewer[i]);
	return reason;
}

int gate_out(struct bus_member *m, const struct tn_message *row, const struct bus_row *r,
	     struct session *s)
{
	if (r->feature >= 0 && !session_has(s, r->feature))
		return s->legacy ? REASON_LEGACY : REASON_FEATURE;
	if (!s->legacy)
		return -1;
	if (row->flags & TN_NOT_LEGACY)
		return REASON_LEGACY;
	if (row->pace)
		return take(m->bus, peer_of(s), r->id, ACCOUNT_OUT, row->pace);
	return -1;
}
