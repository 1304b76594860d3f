/* SPDX-License-Identifier: MIT
 * core/net/fault.c - points for misbehaviour, and what they lead to
 *
 * Bans are no protection against denial of service (Bitcoin Core says the
 * same of its own); they keep one bad neighbour from being dialed again at once.
 */
#include <stdio.h>
#include <string.h>

#include "net/judge.h"
#include "net/room.h"

#define REACH_US 600000000u /* faults found late reach a session that ended */

static void close_all_of(struct net *net, const struct tn_subnet *of, const char *why)
{
	for (struct session *s = net_any(net, NULL); s; s = net_any(net, s))
		if (tn_subnet_has(of, &s->remote))
			net_close(net, s, "%s", why);
}

static void ban_address(struct net *net, const struct tn_addr *a, uint32_t points, const char *why)
{
	int64_t now = env_wall_us(net->env) / 1000000;
	struct ban b = { .until_s = now + (int64_t)(net->set->score.ban_time / 1000),
			 .points = points };
	char text[TN_ADDR_TEXT];

	memcpy(b.net.ip, a->ip, sizeof b.net.ip);
	b.net.bits = 128;
	snprintf(b.why, sizeof b.why, "%s", why);
	if (bans_add(net->bans, &b, now) == TN_EFULL)
		return;
	net_log(net, LOG_LEVEL_WARN, NULL, "Banned %s for %llu s: %s", tn_addr_ip_text(a, text),
		(unsigned long long)(net->set->score.ban_time / 1000), why);
	close_all_of(net, &b.net, "banned for misbehaviour");
}

static void score_address(struct net *net, const struct tn_addr *a, unsigned points,
			  const char *why)
{
	uint64_t half_life = net->set->score.half_life * 1000;
	uint32_t sum = bans_score(net->bans, a, points, net_now(net), half_life);

	if (sum >= net->set->score.ban)
		ban_address(net, a, sum, why);
}

static struct ended *find_ended(struct net *net, uint64_t sid)
{
	for (unsigned i = 0; i < ENDED; i++)
		if (net->ended[i].sid == sid && net_now(net) - net->ended[i].at_us < REACH_US)
			return &net->ended[i];
	return NULL;
}

int net_fault(struct net *net, uint64_t sid, unsigned points, const char *why)
{
	struct session *s = handles_get(net->sessions, sid);
	struct ended *e = s || !sid ? NULL : find_ended(net, sid);
	uint64_t half_life = net->set->score.half_life * 1000;
	struct tn_addr ip;
	uint32_t sum;

	if (!s && !e)
		return TN_EGONE;
	ip = s ? s->remote : e->ip;
	sum = score_add(s ? &s->score : &e->score, points, net_now(net), half_life);
	net_log(net, LOG_LEVEL_DEBUG, s, "%u points (now %u): %s", points, sum, why);
	if (!points || judge_whitelisted(net, &ip))
		return 0;
	if (s && sum >= net->set->score.close)
		net_close(net, s, "misbehaviour: %s", why);
	score_address(net, &ip, points, why);
	return 0;
}

void net_malformed(struct net *net, struct session *s, unsigned id, const char *why)
{
	char text[TN_ADDR_TEXT];

	account_add(&s->account, id, COUNT_MALFORMED);
	net_log(net, LOG_LEVEL_DEBUG, s, "malformed %s from %s: %s", names_text(net->names, id),
		tn_addr_text(&s->remote, text), why);
	net_fault(net, s->sid, s->legacy ? 0 : 10, "malformed message");
}

int net_ban(struct net *net, const struct tn_subnet *of, uint64_t ms, const char *why)
{
	int64_t now = env_wall_us(net->env) / 1000000;
	struct ban b = { .net = *of, .until_s = now + (int64_t)(ms / 1000) };
	int r;

	snprintf(b.why, sizeof b.why, "%s", why);
	r = bans_add(net->bans, &b, now);
	if (r != TN_EFULL)
		close_all_of(net, of, "banned by the operator");
	return r;
}

int net_unban(struct net *net, const struct tn_subnet *of)
{
	int r = bans_lift(net->bans, of);

	for (struct peer *p = net->peers; p && !r; p = p->hh.next)
		if (tn_subnet_has(of, &p->addr) && p->wanted && !p->session) {
			p->next_dial_us = 0;
			dialer_consider(net, p);
		}
	return r;
}
