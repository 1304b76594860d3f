/* SPDX-License-Identifier: MIT
 * core/net/judge.c - may this peer be ours?
 */
#include <stdio.h>
#include <string.h>

#include "net/judge.h"

bool judge_whitelisted(const struct net *net, const struct tn_addr *a)
{
	for (uint32_t i = 0; i < net->set->whitelists; i++)
		if (tn_subnet_has(&net->set->whitelist[i], a))
			return true;
	return false;
}

const struct ban *judge_banned(const struct net *net, const struct tn_addr *a)
{
	const struct ban *b = bans_find(net->bans, a, env_wall_us(net->env) / 1000000);

	return b && b->points && judge_whitelisted(net, a) ? NULL : b;
}

static bool same_word(const struct tn_str *a, const struct tn_str *b)
{
	return a->n == b->n && !strncasecmp(a->p, b->p, a->n);
}

static bool other_genesis(const struct net *net, bool has, const struct tn_hash *theirs)
{
	const uint8_t *ours = net_genesis(net);

	return has && ours && memcmp(theirs->b, ours, 32) != 0;
}

/* No room: for its class, or for more of its address. */
static const char *crowded(const struct session *s)
{
	const struct net *net = s->net;
	const struct settings_sessions *set = &net->set->sessions;
	const struct group *g = group_of_ip(net, &s->remote);
	bool open = net->set->net == NETWORK_PRIVATE || judge_whitelisted(net, &s->remote);

	if (!open && g && g->count > set->max_per_ip)
		return "too many sessions from your address";
	if (!double_admits(s))
		return "a second session is on probation already";
	return NULL;
}

bool judge_handshake(const struct session *s, const struct tn_handshake *m, char *why, size_t room)
{
	const struct net *net = s->net;
	const struct ban *ban = judge_banned(net, &s->remote);
	const char *text = NULL;

	if (memcmp(m->magic.b, "TIME", 4) != 0)
		text = "wrong magic";
	else if (m->protocol_version != 1)
		text = "unsupported protocol version";
	else if (net->set->network.strict_network &&
		 !same_word(&m->network, &net->set->network.name))
		text = "another network";
	else if (other_genesis(net, m->has_genesis, &m->genesis))
		text = "another genesis";
	else if (s->node_id == net->node_id)
		text = "self: this is your own node";
	else if (net->stopping)
		text = "shutting down";
	else if (ban)
		text = ban->points ? "banned for misbehaviour" : "banned by the operator";
	else
		text = crowded(s);
	if (text)
		snprintf(why, room, "%s", text);
	return text != NULL;
}

bool judge_ack(const struct session *s, const struct tn_ack *m, char *why, size_t room)
{
	const struct net *net = s->net;
	const char *text = NULL;

	if (other_genesis(net, m->has_genesis, &m->genesis))
		text = "another genesis at the peer";
	else if (s->node_id == net->node_id)
		text = "self: we dialed ourselves";
	else if (!double_admits(s))
		text = "a second session is on probation already";
	if (text)
		snprintf(why, room, "%s", text);
	return text != NULL;
}
