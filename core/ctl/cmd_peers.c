/* SPDX-License-Identifier: MIT
 * core/ctl/cmd_peers.c - peers, addnode, ban, unban, banlist
 */
#include <stdio.h>

#include "ctl/impl.h"

/* ---- peers */

/* Of all its messages. */
static void give_traffic(struct request *r, const struct session *s)
{
	uint64_t received = 0, sent = 0;

	for (unsigned i = 0; i < s->account.rows; i++) {
		received += s->account.row[i].received;
		sent += s->account.row[i].sent;
	}
	reply_u64(r, "received", received);
	reply_u64(r, "sent", sent);
	reply_u64(r, "bytes_in", s->read_bytes);
	reply_u64(r, "bytes_out", s->wrote_bytes);
}

static void give_peer(struct request *r, const struct session *s, uint64_t now)
{
	reply_row(r);
	reply_ip(r, "ip", &s->addr);
	reply_u64(r, "port", s->addr.port);
	reply_text(r, "dir", s->outbound ? "out" : "in");
	reply_text(r, "state", link_state_text((enum link_state)s->state));
	reply_u64(r, "up_s", s->up_us ? (now - s->up_us) / 1000000 : 0);
	reply_u64(r, "rtt_us", s->rtt_us);
	reply_u64(r, "queued", s->out.bytes);
	reply_text(r, "agent", s->agent);
	reply_u64(r, "node_id", s->node_id);
	reply_bool(r, "legacy", s->legacy);
	reply_u64(r, "quiet_ms", session_quiet_ms(s, now));
	reply_bool(r, "paused", s->pauses > 0);
	reply_bool(r, "masternode", s->masternode);
	reply_bool(r, "manual", s->manual);
	reply_bool(r, "primary", s->primary);
	give_traffic(r, s);
	reply_u64(r, "sid", s->sid);
	reply_send(r);
}

static int run_peers(struct request *r, struct tn_error *err)
{
	const struct net *net = r->ctl->set.net;
	uint64_t now = env_mono_us(r->ctl->set.env);

	(void)err;
	for (const struct session *s = NULL; (s = net_any(net, s));)
		give_peer(r, s, now);
	return 0;
}

static int run_addnode(struct request *r, struct tn_error *err)
{
	const char *text = r->value[0];
	struct tn_addr a;
	int rc;

	if (tn_addr_parse(&a, text, strlen(text)) < 0)
		return tn_fail(err, TN_EINVAL,
			       "\"%.60s\" is no address (1.2.3.4, 1.2.3.4:24100, [::1]:24100)",
			       text);
	rc = net_add_manual(r->ctl->set.net, &a);
	if (rc == TN_EINVAL)
		return tn_fail(err, rc, "%.60s is our own or not usable on this network", text);
	if (rc == TN_EFULL)
		return tn_fail(err, rc, "the table of peers is full");
	return rc;
}

static bool is_meant(const struct session *s, const struct tn_addr *a)
{
	if (s->state == LINK_CLOSING || tn_addr_cmp_ip(&s->remote, a) != 0)
		return false;
	return !a->port || s->addr.port == a->port || s->remote.port == a->port;
}

/* Only this once: somebody whom we want is dialed again, and may dial us. */
static int run_disconnect(struct request *r, struct tn_error *err)
{
	struct net *net = r->ctl->set.net;
	const char *text = r->value[0];
	unsigned ended = 0;
	struct tn_addr a;

	if (tn_addr_parse(&a, text, strlen(text)) < 0)
		return tn_fail(err, TN_EINVAL, "\"%.60s\" is no address", text);
	for (struct session *s = NULL; (s = net_any(net, s));) {
		if (!is_meant(s, &a))
			continue;
		reply_row(r);
		reply_ip(r, "ip", &s->addr);
		reply_u64(r, "port", s->addr.port);
		reply_text(r, "dir", s->outbound ? "out" : "in");
		reply_text(r, "state", link_state_text((enum link_state)s->state));
		reply_send(r);
		net_close(net, s, "ended by the operator");
		ended++;
	}
	return ended ? 0 : tn_fail(err, TN_ENOENT, "no session with %.60s (peers)", text);
}

/* ---- bans */

static const char *subnet_text(const struct tn_subnet *s, char buf[TN_ADDR_TEXT])
{
	struct tn_addr a = { .port = 0 };
	size_t n;

	memcpy(a.ip, s->ip, sizeof(a.ip));
	tn_addr_ip_text(&a, buf);
	if (s->bits == 128)
		return buf;
	n = strlen(buf);
	snprintf(buf + n, TN_ADDR_TEXT - n, "/%u",
		 tn_addr_is_v4(&a) && s->bits >= 96 ? s->bits - 96u : s->bits);
	return buf;
}

static int read_subnet(const char *text, struct tn_subnet *out, struct tn_error *err)
{
	if (tn_subnet_parse(out, text, strlen(text)) == 0)
		return 0;
	return tn_fail(err, TN_EINVAL,
		       "\"%.60s\" is no address or subnet (1.2.3.4, 10.0.0.0/8, 2001:db8::/32; "
		       "no port, host bits are zero)",
		       text);
}

/* A number alone could be meant in seconds or hours: the unit must be said. */
static int read_duration(const char *text, uint64_t *ms, struct tn_error *err)
{
	size_t n = strlen(text);

	if (n == 0 || (text[n - 1] >= '0' && text[n - 1] <= '9') || conf_parse_ms(text, ms) < 0)
		return tn_fail(err, TN_EINVAL, "\"%.40s\" is no duration (90s, 1h, 7d)", text);
	if (*ms < 1000 || *ms / 1000 > INT32_MAX)
		return tn_fail(err, TN_EINVAL, "a ban lasts from 1 second to 68 years");
	return 0;
}

static int run_ban(struct request *r, struct tn_error *err)
{
	const char *why = r->value[2] && *r->value[2] ? r->value[2] : "by the operator";
	uint64_t ms = r->ctl->set.settings->score.ban_time;
	struct tn_subnet net;
	char safe[LOG_SAFE_MAX];
	int rc = read_subnet(r->value[0], &net, err);

	if (rc == 0 && r->value[1])
		rc = read_duration(r->value[1], &ms, err);
	if (rc < 0)
		return rc;
	rc = net_ban(r->ctl->set.net, &net, ms, log_safe(safe, why, strlen(why)));
	if (rc == TN_EFULL)
		return tn_fail(err, rc, "the list is full of bans by the operator (bans_max)");
	if (rc == TN_EIO)
		return tn_fail(err, rc, "banned until restart only: the store cannot be written");
	return rc ? rc : request_bans_saved(r, err);
}

static int run_unban(struct request *r, struct tn_error *err)
{
	struct tn_subnet net;
	int rc = read_subnet(r->value[0], &net, err);

	if (rc == 0)
		rc = net_unban(r->ctl->set.net, &net);
	if (rc == TN_ENOENT)
		return tn_fail(err, rc, "%.60s is not in the list of bans as such (banlist)",
			       r->value[0]);
	return rc ? rc : request_bans_saved(r, err);
}

static int give_ban(void *arg, const struct ban *b)
{
	struct request *r = arg;
	char text[TN_ADDR_TEXT];

	reply_row(r);
	reply_text(r, "ip", subnet_text(&b->net, text));
	reply_time(r, "until", b->until_s * 1000000);
	reply_u64(r, "points", b->points);
	reply_text(r, "why", b->why);
	reply_send(r);
	return 0;
}

static int run_banlist(struct request *r, struct tn_error *err)
{
	(void)err;
	bans_each(net_bans(r->ctl->set.net), env_wall_us(r->ctl->set.env) / 1000000, give_ban, r);
	return 0;
}

const struct command command_peers[] = {
	{ .name = "peers", .help = "sessions in any state", .run = run_peers },
	{ .name = "addnode",
	  .help = "dial an address now and keep it connected until restart",
	  .param = { { "addr", false } },
	  .changes = true,
	  .run = run_addnode },
	{ .name = "disconnect",
	  .help = "end the sessions with an address; who is wanted is dialed again",
	  .param = { { "addr", false } },
	  .changes = true,
	  .run = run_disconnect },
	{ .name = "ban",
	  .help = "close and keep out an address or subnet for a duration (90s, 1h, 7d)",
	  .param = { { "addr", false }, { "duration", true }, { "reason", true } },
	  .changes = true,
	  .run = run_ban },
	{ .name = "unban",
	  .help = "lift a ban of banlist",
	  .param = { { "addr", false } },
	  .changes = true,
	  .run = run_unban },
	{ .name = "banlist", .help = "bans in force", .run = run_banlist },
	{ .name = NULL },
};
