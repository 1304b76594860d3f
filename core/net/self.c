/* SPDX-License-Identifier: MIT
 * core/net/self.c - our own address
 *
 * Configured, else the address we listen on if it is a specific one, else what three
 * peers that we dialed report, in three different netgroups. Until then unknown. What
 * was learned can be a lie, or an address that we had: it decides who dials, but never
 * that somebody is ourselves (the node_id tells that), and it follows newer reports.
 */
#include "net/room.h"

#define VOTES_NEEDED 3

static void settle(struct net *net, const struct tn_addr *ip)
{
	const struct settings_network *set = &net->set->network;

	net->self = *ip;
	net->self.port = set->listen.n ? set->listen.v[0].port : 0;
	net->self_known = true;
}

static bool agreed(const struct net *net, const struct tn_addr *ip)
{
	unsigned n = 0;

	for (unsigned i = 0; i < net->votes; i++)
		n += !tn_addr_cmp_ip(&net->vote[i].ip, ip);
	return n >= VOTES_NEEDED;
}

void self_reset(struct net *net)
{
	const struct tn_addrs *listen = &net->set->network.listen;

	net->self_sure = true;
	if (net->set->has_local) {
		settle(net, &net->set->local);
		return;
	}
	for (uint32_t i = 0; i < listen->n; i++)
		if (!tn_addr_is_unspecified(&listen->v[i])) {
			settle(net, &listen->v[i]);
			return;
		}
	net->self_sure = net->self_known = false;
	for (unsigned i = 0; i < net->votes && !net->self_known; i++)
		if (agreed(net, &net->vote[i].ip))
			settle(net, &net->vote[i].ip);
}

/* One vote a netgroup: the latest counts. */
static void count_vote(struct net *net, uint64_t netgroup, const struct tn_addr *ip)
{
	unsigned i = 0;

	while (i < net->votes && net->vote[i].netgroup != netgroup)
		i++;
	if (i == 8)
		i = (unsigned)(netgroup % 8);
	if (i == net->votes)
		net->votes++;
	net->vote[i] = (struct vote){ netgroup, *ip };
}

void self_vote(struct net *net, const struct session *s, const struct tn_str *your_ip)
{
	struct tn_addr ip;
	char text[TN_ADDR_TEXT];

	if (net->self_sure || tn_addr_parse(&ip, your_ip->p, your_ip->n) || !net_usable(net, &ip))
		return;
	ip.port = 0;
	count_vote(net, tn_addr_group(&s->remote), &ip);
	if (!agreed(net, &ip) || (net->self_known && !tn_addr_cmp_ip(&net->self, &ip)))
		return;
	settle(net, &ip);
	net_log(net, LOG_LEVEL_INFO, NULL, "Own address learned from peers: %s",
		tn_addr_ip_text(&ip, text));
}

int net_self(const struct net *net, struct tn_addr *out)
{
	if (!net->self_known)
		return TN_ENOENT;
	*out = net->self;
	return 0;
}
