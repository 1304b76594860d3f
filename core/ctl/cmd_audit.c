/* SPDX-License-Identifier: MIT
 * core/ctl/cmd_audit.c - audit: every message received or offered, and its fate
 *
 * A row for each session (or the total of the ended ones of an address), message and
 * way. `dir` is who dialed; a row of what came in has `received`, one of what went out
 * has `offered`.
 */
#include "ctl/impl.h"

/* Whose account: a live session, or ended ones of an address. */
struct holder {
	struct request *r;
	const struct tn_addr *ip;
	const struct account *account;
	const struct session *live; /* NULL: ended */
	bool outbound;
};

uint64_t audit_off(const struct net *net)
{
	uint64_t off = net_off_ended(net);

	for (const struct session *s = NULL; (s = net_any(net, s));)
		off += session_off(s);
	return off;
}

static const struct names *names_of(const struct holder *h)
{
	return net_names(h->r->ctl->set.net);
}

static void begin(const struct holder *h, const char *message)
{
	reply_row(h->r);
	reply_ip(h->r, "ip", h->ip);
	reply_text(h->r, "dir", h->outbound ? "out" : "in");
	reply_text(h->r, "message", message);
}

static void end(const struct holder *h, int64_t off)
{
	reply_i64(h->r, "off_by", off);
	reply_text(h->r, "session", h->live ? "open" : "ended");
	reply_send(h->r);
}

static void give_refused(const struct holder *h, const struct account_row *row,
			 enum account_way way)
{
	reply_open(h->r, "refused");
	for (unsigned i = 0; i < row->refusals; i++)
		if (row->refusal[i].way == way && row->refusal[i].count)
			reply_u64(h->r, reasons_text(names_of(h), row->refusal[i].reason),
				  row->refusal[i].count);
	reply_close(h->r);
}

static void give_in(const struct holder *h, const struct account_row *row)
{
	int64_t off = account_off_in(row);

	if (!off && !row->received && !row->waiting)
		return;
	begin(h, names_text(names_of(h), row->id));
	reply_u64(h->r, "received", row->received);
	reply_u64(h->r, "handled", row->handled);
	give_refused(h, row, ACCOUNT_IN);
	reply_u64(h->r, "unknown", row->unknown);
	reply_u64(h->r, "malformed", row->malformed);
	reply_u64(h->r, "waiting", row->waiting);
	end(h, off);
}

static void give_out(const struct holder *h, const struct account_row *row)
{
	uint64_t queued = h->live ? send_queue_count(&h->live->out, row->id) : 0;
	int64_t off = account_off_out(row, queued);

	if (!off && !row->offered)
		return;
	begin(h, names_text(names_of(h), row->id));
	reply_u64(h->r, "offered", row->offered);
	reply_u64(h->r, "sent", row->sent);
	give_refused(h, row, ACCOUNT_OUT);
	reply_u64(h->r, "discarded", row->discarded);
	reply_u64(h->r, "queued", queued);
	end(h, off);
}

static void give(const struct holder *h, enum account_way way)
{
	for (unsigned i = 0; i < h->account->rows; i++) {
		if (way == ACCOUNT_IN)
			give_in(h, &h->account->row[i]);
		else
			give_out(h, &h->account->row[i]);
	}
	if (way == ACCOUNT_IN && h->account->lost) {
		begin(h, "(no memory to count)");
		end(h, (int64_t)h->account->lost);
	}
}

static void give_all(struct request *r, enum account_way way)
{
	const struct net *net = r->ctl->set.net;
	const struct net_total *t;

	for (const struct session *s = NULL; (s = net_any(net, s));)
		give(&(struct holder){ r, &s->addr, &s->account, s, s->outbound }, way);
	for (size_t i = 0; (t = net_total(net, i)); i++)
		give(&(struct holder){ r, &t->ip, &t->account, NULL, t->outbound }, way);
}

/* All of one way first: a table for people changes its columns once. */
static int run_audit(struct request *r, struct tn_error *err)
{
	(void)err;
	give_all(r, ACCOUNT_IN);
	give_all(r, ACCOUNT_OUT);
	return 0;
}

const struct command command_audit[] = {
	{ .name = "audit",
	  .help = "every message received or offered, with its fate; off_by is 0",
	  .run = run_audit },
	{ .name = NULL },
};
