/* SPDX-License-Identifier: MIT
 * core/bus/question.c - questions to peers: one list per session, answered in order
 *
 * The wire has no ids: the first message of the awaited type that `match` accepts is the
 * answer. done() is called exactly once.
 */
#include <stdlib.h>

#include "bus/impl.h"

static void take(struct question *q)
{
	struct bus_peer *p = peer_of(q->s);
	struct question **at = &p->first, *before = NULL;

	while (*at != q) {
		before = *at;
		at = &before->next;
	}
	*at = q->next;
	if (p->last == q)
		p->last = before;
	timers_cancel(q->member->bus->timers, q->timer);
	q->member->questions--;
}

static tn_verdict finish(struct bus *b, struct question *q, const struct tn_reply *reply)
{
	struct bus_member *m = q->member;
	struct session *s = q->s;
	struct bus_call call;
	tn_verdict v;

	take(q);
	bus_enter(b, &call, m, "answer", names_text(b->names, q->expect));
	v = q->q.done(m->ctx, (struct tn_sid){ s->sid }, b->hooks->slot(b->arg, m->of, s), reply,
		      q->q.tag);
	bus_exit(b, &call);
	free(q);
	return v;
}

static void end(struct bus *b, struct question *q, int status)
{
	struct tn_reply reply = { .status = status };

	finish(b, q, &reply);
}

static void on_timeout(void *arg)
{
	struct question *q = arg;

	q->timer = 0;
	end(q->member->bus, q, TN_ETIME);
}

static bool accepts(struct bus *b, const struct question *q, const void *body)
{
	struct bus_call call;
	bool yes;

	if (!q->q.match)
		return true;
	bus_enter(b, &call, q->member, "match", names_text(b->names, q->expect));
	yes = q->q.match(body, q->q.tag);
	bus_exit(b, &call);
	return yes;
}

struct question *question_match(struct bus *b, const struct bus_msg *m)
{
	for (struct question *q = peer_of(m->s)->first; q; q = q->next)
		if (q->expect == m->id && accepts(b, q, m->msg.body))
			return q;
	return NULL;
}

tn_verdict question_answer(struct bus *b, struct question *q, const struct bus_msg *m)
{
	uint64_t from = q->sent_us ? q->sent_us : q->asked_us;
	uint64_t us = m->msg.rx_us > from ? m->msg.rx_us - from : 0;
	struct tn_reply reply = { .elapsed_us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX,
				  .msg = &m->msg };

	return finish(b, q, &reply);
}

void question_spoiled(struct bus *b, struct session *s, unsigned id)
{
	for (struct question *q = peer_of(s)->first; q; q = q->next)
		if (q->expect == id && !q->q.match) {
			end(b, q, TN_EBAD);
			return;
		}
}

void question_sent(struct bus_peer *p, uint32_t token, uint64_t now_us)
{
	for (struct question *q = p->first; q; q = q->next)
		if (q->token == token)
			q->sent_us = now_us;
}

void question_session_ended(struct bus *b, struct bus_peer *p)
{
	while (p->first)
		end(b, p->first, TN_EGONE);
}

static struct question *find_of(const struct bus_peer *p, const struct bus_member *m)
{
	struct question *q = p->first;

	while (q && q->member != m)
		q = q->next;
	return q;
}

void bus_end_questions(struct bus_member *m)
{
	struct bus *b = m->bus;
	struct question *q;

	m->ending = true;
	if (!m->questions)
		return;
	for (struct session *s = net_any(b->net, NULL); s; s = net_any(b->net, s))
		while (s->block && (q = find_of(peer_of(s), m)))
			end(b, q, TN_EGONE);
}

/* ---- asking */

static struct question *create(struct bus_member *m, struct session *s,
			       const struct tn_question *ask)
{
	struct bus *b = m->bus;
	struct bus_peer *p = peer_of(s);
	struct question *q = calloc(1, sizeof *q);

	if (!q)
		return NULL;
	q->member = m;
	q->s = s;
	q->q = *ask;
	q->q.body = NULL;
	q->asked_us = env_mono_us(b->env);
	q->expect = m->row[ask->expect].id;
	q->token = sent_token(p);
	q->timer = timers_add(b->timers, ask->timeout_ms * UINT64_C(1000), on_timeout, q);
	if (!q->timer) {
		free(q);
		return NULL;
	}
	if (p->last)
		p->last->next = q;
	else
		p->first = q;
	p->last = q;
	m->questions++;
	return q;
}

static int send_question(struct bus_member *m, struct session *s, const struct tn_question *ask,
			 struct frame *f)
{
	struct question *q = create(m, s, ask);
	int rc;

	if (!q)
		return TN_ENOMEM;
	rc = sent_queue(m, ask->send, s, f, q->token);
	if (!rc)
		return 0;
	take(q);
	free(q);
	return rc;
}

static bool is_valid(struct bus_member *m, const struct tn_question *ask)
{
	const struct tn_message *expect = member_row(m, ask->expect);

	return sent_row(m, ask->send, ask->body, ask->bytes) && expect &&
	       claim_of(m->bus, m->row[ask->expect].id)->owner == m && ask->done && ask->timeout_ms;
}

int bus_ask_peer(struct bus_member *m, uint64_t sid, const struct tn_question *ask)
{
	struct session *s = sent_to(m->bus, sid);
	struct frame *f;
	int rc;

	if (!is_valid(m, ask))
		return TN_EINVAL;
	if (!s || m->ending)
		return TN_EGONE;
	rc = sent_gate(m, ask->send, s);
	if (rc)
		return rc;
	f = sent_frame(m, ask->send, ask->body);
	if (!f)
		return TN_ENOMEM;
	rc = send_question(m, s, ask, f);
	frame_unref(f);
	return rc;
}
