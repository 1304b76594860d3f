/* SPDX-License-Identifier: MIT
 * core/ctl/cmd_why.c - why IP: its state, the rule that decided, the next dial, its past
 */
#include <stdio.h>

#include "ctl/impl.h"

static const char *kind_text(const struct peer *p)
{
	if (p->configured)
		return "configured";
	if (p->kind == PEER_MANUAL)
		return "manual";
	return p->kind == PEER_MASTERNODE ? "masternode" : "candidate";
}

/* A rule has decided only about somebody whom we want. */
static const char *rule_text(const struct peer *p)
{
	if (p->self)
		return "our own address";
	return p->wanted ? dial_why_text((enum dial_why)p->why)
			 : "not wanted: it is theirs to dial";
}

static void give_next_dial(struct request *r, const struct peer *p, uint64_t now)
{
	if (!p->next_dial_us)
		reply_null(r, "next_dial_s");
	else
		reply_u64(r, "next_dial_s",
			  p->next_dial_us > now ? (p->next_dial_us - now) / 1000000 : 0);
}

static void give_peer(struct request *r, const struct peer *p, uint64_t now)
{
	reply_row(r);
	reply_ip(r, "ip", &p->addr);
	reply_text(r, "state", link_state_text((enum link_state)p->state));
	reply_text(r, "rule", rule_text(p));
	give_next_dial(r, p, now);
	reply_u64(r, "port", p->addr.port);
	reply_text(r, "kind", kind_text(p));
	reply_bool(r, "wanted", p->wanted);
	reply_bool(r, "legacy", p->legacy);
	reply_u64(r, "node_id", p->node_id);
	reply_u64(r, "failures", p->failures);
	reply_u64(r, "zombies", p->zombies);
	reply_send(r);
}

static void give_history(struct request *r, const struct peer *p)
{
	const struct history_entry *e;

	for (unsigned i = 0; (e = history_at(&p->history, i)); i++) {
		reply_row(r);
		reply_time(r, "at", e->at_us);
		reply_text(r, "from", link_state_text((enum link_state)e->from));
		reply_text(r, "to", link_state_text((enum link_state)e->to));
		reply_text(r, "reason", e->reason ? e->reason : "");
		reply_send(r);
	}
}

static void give_state(struct request *r, const struct tn_addr *a, const char *state,
		       const char *rule)
{
	reply_row(r);
	reply_ip(r, "ip", a);
	reply_text(r, "state", state);
	reply_text(r, "rule", rule);
	reply_null(r, "next_dial_s");
	reply_send(r);
}

static unsigned give_ban(struct request *r, const struct tn_addr *a)
{
	int64_t now_s = env_wall_us(r->ctl->set.env) / 1000000;
	const struct ban *b = bans_find(net_bans(r->ctl->set.net), a, now_s);
	char text[160];

	if (!b)
		return 0;
	snprintf(text, sizeof(text), "%.80s (%lld s to go, %u points)", b->why,
		 (long long)(b->until_s - now_s), b->points);
	give_state(r, a, "banned", text);
	return 1;
}

/* Whoever has not introduced himself yet has no record. */
static unsigned give_strangers(struct request *r, const struct tn_addr *a)
{
	unsigned n = 0;

	for (const struct session *s = NULL; (s = net_any(r->ctl->set.net, s));) {
		if (s->peer || tn_addr_cmp_ip(&s->addr, a) != 0)
			continue;
		give_state(r, a, link_state_text((enum link_state)s->state),
			   s->why ? s->why : "it dialed us and has not introduced itself");
		n++;
	}
	return n;
}

static unsigned give_peers(struct request *r, const struct tn_addr *a)
{
	uint64_t now = env_mono_us(r->ctl->set.env);
	unsigned n = 0;

	for (const struct peer *p = NULL; (p = net_peer_next(r->ctl->set.net, p));) {
		if (tn_addr_cmp_ip(&p->addr, a) != 0 || (a->port && p->addr.port != a->port))
			continue;
		give_peer(r, p, now);
		give_history(r, p);
		n++;
	}
	return n;
}

static int run_why(struct request *r, struct tn_error *err)
{
	const char *text = r->value[0];
	struct tn_addr a;
	unsigned n;

	if (tn_addr_parse(&a, text, strlen(text)) < 0)
		return tn_fail(err, TN_EINVAL, "\"%.60s\" is no address", text);
	n = give_ban(r, &a);
	n += give_peers(r, &a);
	n += give_strangers(r, &a);
	return n ? 0 : tn_fail(err, TN_ENOENT, "never heard of %.60s", text);
}

const struct command command_why[] = {
	{ .name = "why",
	  .help = "why an address is connected or not: its state, the rule, the last 20 changes",
	  .param = { { "ip", false } },
	  .run = run_why },
	{ .name = NULL },
};
