/* SPDX-License-Identifier: MIT
 * core/bus/dispatch.c - the way of one received message to its one fate
 *
 * gates -> decode -> question waiting? -> owner -> watchers -> account (doc/architecture.md).
 */
#include <stdlib.h>

#include "bus/impl.h"

/* A line of 16 MiB decodes into no more than this; a small one hardly into a page. */
#define BODY_LIMIT ((size_t)64 << 20)
#define SPARE_LIMIT ((size_t)1 << 20)

static struct tn_arena *take_arena(struct bus *b)
{
	struct tn_arena *a = b->spare;

	b->spare = NULL;
	return a ? a : tn_arena_create(BODY_LIMIT);
}

/* One arena is kept for the next message unless it grew large or somebody holds it. */
static void give_arena(struct bus *b, struct tn_arena *a)
{
	if (!b->spare && tn_arena_used(a) < SPARE_LIMIT && !tn_arena_reset(a))
		b->spare = a;
	else
		tn_arena_unref(a);
}

static int read_body(const struct bus_msg *m, const struct tn_schema *s, const void **body,
		     bool *canonical, struct tn_error *err)
{
	struct tn_envelope again;
	const struct tn_envelope *e = m->e;

	if (!e) {
		if (tn_envelope_read(m->msg.line, &again, err))
			return TN_EBAD;
		e = &again;
	}
	return tn_envelope_body(e, s, m->msg.arena, body, canonical, err);
}

int dispatch_body(struct bus_msg *m, const struct tn_schema *s, const void **body,
		  struct tn_error *err)
{
	bool canonical = false;
	int rc;

	if (m->decoded && s == m->row->schema) {
		*body = m->msg.body;
		return 0;
	}
	rc = read_body(m, s, body, &canonical, err);
	if (rc || s != m->row->schema)
		return rc;
	m->decoded = true;
	m->msg.body = *body;
	m->msg.flags |= canonical ? TN_MSG_CANONICAL : 0;
	return 0;
}

void dispatch_refuse(struct bus *b, struct bus_msg *m, unsigned reason)
{
	gate_unmark(b, m);
	if (m->s)
		account_refuse(&m->s->account, m->id, ACCOUNT_IN, reason);
}

static void malformed(struct bus *b, struct bus_msg *m, const char *why)
{
	gate_unmark(b, m);
	question_spoiled(b, m->s, m->id);
#ifndef TN_BREAK_FORGET
	net_malformed(b->net, m->s, m->id, why);
#else
	(void)why;
#endif
}

/* -1 for TAKEN, else the reason. */
static int reason_of(const struct bus_msg *m, tn_verdict v)
{
	struct bus *b = m->owner->bus;
	unsigned row = v >> 8;

	if (v == TN_TAKEN)
		return -1;
	if ((v & 0xff) == TN_REFUSED && row < m->owner->reasons.rows)
		return m->owner->reason[row];
	if (v != TN_BROKEN)
		log_line(b->log, "bus", LOG_LEVEL_WARN, m->owner->name,
			 "plugin %s gave no valid verdict for %s (%u)", m->owner->name,
			 m->row->name, (unsigned)v);
	bus_failed(m->owner, BUS_BROKEN_POINTS, "its verdicts are BROKEN again and again");
	return REASON_BROKEN;
}

static void show(struct bus *b, struct bus_msg *m, const struct viewer *v)
{
	const struct tn_message *row = member_row(v->member, v->row);
	struct tn_msg msg = m->msg;
	struct bus_call call;
	struct tn_error err;

	msg.row = v->row;
	msg.body = NULL;
	if (row->schema && dispatch_body(m, row->schema, &msg.body, &err)) {
		net_log(b->net, LOG_LEVEL_DEBUG, m->s, "%s does not see %s: %s", v->member->name,
			row->name, err.text);
		return;
	}
	bus_enter(b, &call, v->member, "watcher", row->name);
	row->on(v->member->ctx, &msg);
	bus_exit(b, &call);
}

static void show_all(struct bus *b, struct bus_msg *m)
{
	for (unsigned i = 0; i < claim_of(b, m->id)->viewers; i++) {
		const struct viewer *v = &claim_of(b, m->id)->viewer[i];

		if (v->kind == TN_WATCH && v->member->active)
			show(b, m, v);
	}
}

void dispatch_finish(struct bus *b, struct bus_msg *m, tn_verdict v)
{
	int reason = reason_of(m, v);

	if (reason >= 0) {
		dispatch_refuse(b, m, (unsigned)reason);
	} else {
		if (m->relay)
			relay_send(b, m);
		show_all(b, m);
		if (m->s)
			account_add(&m->s->account, m->id, COUNT_HANDLED);
	}
	free(m->relay);
	m->relay = NULL;
}

static tn_verdict ask_owner(struct bus *b, struct question *q, struct bus_msg *m)
{
	struct bus_call call;
	tn_verdict v;

	if (q)
		return question_answer(b, q, m);
	bus_enter(b, &call, m->owner, "message", m->row->name);
	v = m->row->on(m->owner->ctx, &m->msg);
	bus_exit(b, &call);
	return v;
}

static void give_to_owner(struct bus *b, struct bus_msg *m)
{
	struct bus_peer *p = peer_of(m->s);
	struct question *q = question_match(b, m);
	tn_verdict v;

	if (!q && (!m->row->on || m->row->flags & TN_HIDDEN)) {
		dispatch_refuse(b, m, REASON_UNASKED);
		return;
	}
	b->current = m;
	p->bulk_now = m->row->flags & TN_BULK;
	v = ask_owner(b, q, m);
	p->bulk_now = false;
	b->current = NULL;
	if (v == TN_LATER && m->hold) {
		hold_keep(b, m);
		return;
	}
	hold_drop(m->hold);
	dispatch_finish(b, m, v);
}

static void pass_gates(struct bus *b, struct bus_msg *m)
{
	struct tn_error err = { "" };
	int reason = gate_in(b, m), rc = 0;

	if (reason >= 0) {
		question_spoiled(b, m->s, m->id);
		dispatch_refuse(b, m, (unsigned)reason);
		return;
	}
	if (m->row->schema)
		rc = dispatch_body(m, m->row->schema, &m->msg.body, &err);
	if (rc == TN_ENOMEM)
		dispatch_refuse(b, m, REASON_MEMORY);
	else if (rc)
		malformed(b, m, err.text);
	else
		give_to_owner(b, m);
}

static uint16_t msg_flags(const struct session *s)
{
	return (uint16_t)((s->primary ? 0 : TN_MSG_SECONDARY) | (s->legacy ? TN_MSG_LEGACY : 0));
}

static void dispatch(struct bus *b, struct session *s, const struct claim *c, unsigned id,
		     const struct tn_envelope *e, struct tn_view line)
{
	struct bus_msg m = { .s = s, .e = e, .owner = c->owner, .id = (uint16_t)id };

	m.row = c->message;
	m.msg = (struct tn_msg){ .from = { s->sid },
				 .rx_us = s->heard_us,
				 .line = line,
				 .arena = take_arena(b),
				 .row = c->row,
				 .flags = msg_flags(s) };
	if (!m.msg.arena) {
		dispatch_refuse(b, &m, REASON_MEMORY);
		return;
	}
	b->under_way = &m;
	pass_gates(b, &m);
	b->under_way = NULL;
	give_arena(b, m.msg.arena);
}

void dispatch_line(void *arg, struct session *s, unsigned id, const struct tn_envelope *e,
		   struct tn_view line)
{
	struct bus *b = arg;
	const struct claim *c = claim_of(b, id);

#ifdef TN_BREAK_DROP
	if (++b->lines % 1000 == 0)
		return;
#endif
	if (id < NAME_FIRST)
		account_add(&s->account, id, COUNT_UNKNOWN);
	else if (!c->owner || !c->owner->active)
		account_refuse(&s->account, id, ACCOUNT_IN, REASON_NO_OWNER);
	else if (!s->block)
		account_refuse(&s->account, id, ACCOUNT_IN, REASON_MEMORY);
	else
		dispatch(b, s, c, id, e, line);
}
