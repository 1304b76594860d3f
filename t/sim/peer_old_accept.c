/* SPDX-License-Identifier: MIT
 * t/sim/peer_old_accept.c - the old node as listener (doc/protocol.md 8.1 to 8.4)
 */
#include "sim/peer_old_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void old_accepted(void *arg, struct env_conn *conn, const struct tn_addr *from)
{
	struct peer_old *node = arg;
	char ip[TN_ADDR_TEXT];
	struct old_host *h = old_host(node, tn_addr_ip_text(from, ip));
	/* It cuts the text at the first colon, so all of IPv6 is one address to it. */
	struct old_host *blame = tn_addr_is_v4(from) ? h : old_host(node, "127.0.0.1");
	struct old_session *s;

	if (old_is_banned(blame, env_mono_us(node->env))) {
		h->about.turned_away++;
		node->env->ops->close(conn, false);
		return;
	}
	s = old_session_create(node, h, false);
	s->conn = conn;
	s->blame = blame;
	s->connected = s->reading = true;
	node->env->ops->adopt(conn, &old_events, s);
	node->env->ops->arm(conn, true, false);
}

/* The mark of the address goes, even if another session of it lives; its writer stays,
 * and with it the socket.
 */
void old_handler_end(struct old_session *s)
{
	struct old_host *h = s->host;

	s->reading = false;
	h->inbound = false;
	if (s->shaken) {
		old_measure(s);
		h->about.closed[PEER_OLD_ACCEPTED]++;
	}
	if (h->writer == s)
		s->node->env->ops->arm(s->conn, false, s->out_n > 0);
	else
		old_close(s);
}

/* Replies go to the writer of the address, whoever asked. */
static bool reply_by_ip(struct old_session *s)
{
	return s->host->writer != NULL;
}

static void answer_ping(struct old_session *s, uint64_t nonce)
{
	struct peer_old_about *about = &s->host->about;

	if (!reply_by_ip(s)) {
		about->pongs_lost++;
		return;
	}
	about->pongs_sent++;
	if (s->host->writer == s)
		old_matched(s);
	else
		about->pongs_elsewhere++;
	old_write(s->host->writer, "{\"Pong\":{\"nonce\":%" PRIu64 ",\"timestamp\":%" PRId64 "}}",
		  nonce, env_wall_us(s->node->env) / 1000000);
}

static void answer_peers(struct old_session *s)
{
	char list[4096] = "";
	size_t n = 0;

	for (struct old_host *h = s->node->hosts; h && n < sizeof(list) - 80; h = h->next)
		if (h->candidate)
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s\"%s\"", n ? "," : "",
					      h->ip);
	if (reply_by_ip(s))
		old_write(s->host->writer, "{\"PeersResponse\":[%s]}", list);
}

static void answer(struct old_session *s, const char *text)
{
	if (reply_by_ip(s))
		old_write(s->host->writer, "%s", text);
}

/* ---- before the handshake */

static void violate_and_end(struct old_session *s, const char *reason)
{
	old_violation(s->blame, reason);
	old_handler_end(s);
}

static void admit(struct old_session *s)
{
	struct old_host *h = s->host;
	bool exists = h->outbound || h->inbound;

	if (exists && old_we_are_higher(h)) {
		h->about.rejected++;
		old_register(s);
		old_write(s, "{\"Ack\":{\"message_type\":\"Handshake\"}}");
		old_handler_end(s);
		return;
	}
	if (exists)
		h->outbound = h->inbound = false;
	h->inbound = true;
	s->shaken = true;
	s->matched_us = env_mono_us(s->node->env);
	h->about.opened[PEER_OLD_ACCEPTED]++;
	old_register(s);
	old_write(s, "{\"Ack\":{\"message_type\":\"Handshake\"}}");
	old_write(s, "\"GetPeers\"");
}

static void shake(struct old_session *s, const struct old_line *l)
{
	if (l->kind != OLD_HANDSHAKE) {
		s->node->counts.before_handshake++;
		old_handler_end(s);
	} else if (!l->magic_ok) {
		violate_and_end(s, "Invalid magic bytes");
	} else if (l->version != 1) {
		violate_and_end(s, "Unsupported protocol version");
	} else {
		admit(s);
	}
}

/* ---- lines */

static void bad_line(struct old_session *s, const char *p)
{
	struct peer_old_counts *c = &s->node->counts;
	bool leave;

	c->unparsable++;
	snprintf(c->unparsable_text, sizeof(c->unparsable_text), "%s", p);
	leave = old_violation(s->blame, "Failed to parse message");
	if (++s->bad_lines >= 10 || leave)
		old_handler_end(s);
}

static void serve(struct old_session *s, const struct old_line *l)
{
	switch (l->kind) {
	case OLD_PING:
		answer_ping(s, l->nonce);
		break;
	case OLD_GET_PEERS:
		answer_peers(s);
		break;
	case OLD_GET_HEIGHT:
		answer(s, "{\"BlockHeightResponse\":0}");
		break;
	case OLD_GET_MASTERNODES:
		answer(s, "{\"MasternodesResponse\":[]}");
		break;
	case OLD_GET_PENDING:
		answer(s, "{\"PendingTransactionsResponse\":[]}");
		break;
	case OLD_PEERS: /* taken by the parser */
	case OLD_BAD:
	case OLD_HANDSHAKE:
	case OLD_PONG:
	case OLD_OTHER:
		break;
	}
}

/* Peers are learned from sessions only that have shaken hands. */
void old_handler_line(struct old_session *s, const char *p, size_t n)
{
	struct old_line l;

	if (!s->shaken && n >= 4 && memcmp(p, "~W~M", 4) == 0) {
		violate_and_end(s, "Old protocol magic bytes (~W~M)");
		return;
	}
	l = old_parse(p, n, s->shaken ? old_add_candidate : NULL, s->node);
	if (l.kind == OLD_BAD)
		bad_line(s, p);
	else if (s->shaken)
		serve(s, &l);
	else
		shake(s, &l);
}

/* Each handler takes the broadcast, which interrupts its reading, and writes it to
 * whatever writer its address has.
 */
void old_broadcast(struct peer_old *node)
{
	unsigned n = node->counts.broadcasts++;

	for (struct old_session *s = node->sessions; s; s = s->next) {
		if (s->dialed || !s->reading)
			continue;
		old_tear(s);
		if (reply_by_ip(s))
			old_write(
				s->host->writer,
				"{\"TransactionFinalized\":{\"txid\":[%u,%u,2,3,4,5,6,7,8,9,10,11,"
				"12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31],"
				"\"votes\":3}}",
				n / 256 % 256, n % 256);
	}
}
