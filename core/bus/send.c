/* SPDX-License-Identifier: MIT
 * core/bus/send.c - one message to one session: who may send it, who may get it
 */
#include <string.h>

#include "bus/impl.h"

static const struct tn_message *own_row(struct bus_member *m, unsigned row)
{
	const struct tn_message *r = member_row(m, row);

	if (!r || r->claim != TN_OWN || claim_of(m->bus, m->row[row].id)->owner != m)
		return NULL;
	return r;
}

const struct tn_message *sent_row(struct bus_member *m, unsigned row, const void *body,
				  uint32_t bytes)
{
	const struct tn_message *r = own_row(m, row);
	uint32_t want;

	if (!r)
		return NULL;
	want = r->schema && r->schema->shape != TN_UNIT ? r->schema->size : 0;
	return bytes == want && (body || !want) ? r : NULL;
}

struct frame *sent_frame(struct bus_member *m, unsigned row, const void *body)
{
	const struct tn_message *r = member_row(m, row);

	struct frame *f = frame_encode(m->row[row].id, r->name,
				       r->schema ? r->schema : &tn_schema_unit, body);

	if (f)
		net_encoded(m->bus->net, f->n);
	return f;
}

struct session *sent_to(const struct bus *b, uint64_t sid)
{
	struct session *s = net_session(b->net, sid);

	return s && session_is_up(s) && s->block ? s : NULL;
}

uint32_t sent_token(struct bus_peer *p)
{
	if (++p->token == 0)
		p->token = 1;
	return p->token;
}

int sent_gate(struct bus_member *m, unsigned row, struct session *s)
{
	int reason = gate_out(m, member_row(m, row), &m->row[row], s);

	if (reason < 0)
		return 0;
	net_refuse_out(m->bus->net, s, m->row[row].id, (unsigned)reason);
	if (reason == REASON_RATE)
		return TN_EBUSY;
	return reason == REASON_MEMORY ? TN_ENOMEM : TN_ESKIP;
}

int sent_queue(struct bus_member *m, unsigned row, struct session *s, struct frame *f,
	       uint32_t token)
{
	struct bus_peer *p = peer_of(s);
	bool bulk = p->bulk_now || p->bulk_held;
	int rc;

	if (bulk && !token)
		token = sent_token(p);
	if (bulk)
		p->bulk_token = token;
	rc = net_send(m->bus->net, s, f, token, member_row(m, row)->flags & TN_CLOSE_IF_FULL);
	if (rc && bulk)
		p->bulk_token = 0;
	return rc;
}

int bus_send(struct bus_member *m, uint64_t sid, unsigned row, const void *body, uint32_t bytes)
{
	struct session *s = sent_to(m->bus, sid);
	struct frame *f;
	int rc;

	if (!sent_row(m, row, body, bytes))
		return TN_EINVAL;
	if (!s)
		return TN_EGONE;
	rc = sent_gate(m, row, s);
	if (!rc)
		rc = net_check_room(m->bus->net, s, m->row[row].id,
				    member_row(m, row)->flags & TN_CLOSE_IF_FULL);
	if (rc)
		return rc;
	f = sent_frame(m, row, body);
	if (!f)
		return TN_ENOMEM;
	rc = sent_queue(m, row, s, f, 0);
	frame_unref(f);
	return rc;
}

struct frame *bus_frame(struct bus_member *m, unsigned row, const void *body, uint32_t bytes)
{
	return sent_row(m, row, body, bytes) ? sent_frame(m, row, body) : NULL;
}

/* The line without its LF; n 0: it is not that message on one line. */
static struct tn_view line_of(const struct tn_message *r, struct tn_view line)
{
	struct tn_envelope e;

	if (line.n && line.p[line.n - 1] == '\n')
		line.n--;
	if (!line.n || memchr(line.p, '\n', line.n) || tn_envelope_peek(line, &e) ||
	    strcmp(e.name, r->name))
		line.n = 0;
	return line;
}

struct frame *bus_frame_line(struct bus_member *m, unsigned row, struct tn_view line)
{
	const struct tn_message *r = own_row(m, row);
	struct frame *f = NULL;

	if (r)
		line = line_of(r, line);
	if (r && line.n)
		f = frame_copy(m->row[row].id, line);
	if (f)
		net_encoded(m->bus->net, f->n);
	return f;
}

int bus_send_frame(struct bus_member *m, uint64_t sid, struct frame *f)
{
	struct session *s = sent_to(m->bus, sid);
	const struct claim *c = claim_of(m->bus, f->id);
	int rc;

	if (c->owner != m)
		return TN_EINVAL;
	if (!s)
		return TN_EGONE;
	rc = sent_gate(m, c->row, s);
	return rc ? rc : sent_queue(m, c->row, s, f, 0);
}
