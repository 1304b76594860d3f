/* SPDX-License-Identifier: MIT
 * core/net/total.c - accounts of ended sessions, by address and direction
 *
 * Bounded: once TOTALS_MAX addresses are known, further ones share the unspecified
 * address, so that a flood from many addresses costs no memory and loses no count.
 */
#include <stdlib.h>
#include <string.h>

#include "net/room.h"

static struct net_total *find(struct net *net, const struct tn_addr *ip, bool outbound)
{
	for (size_t i = 0; i < net->totals; i++)
		if (net->total[i].outbound == outbound && !tn_addr_cmp_ip(&net->total[i].ip, ip))
			return &net->total[i];
	return NULL;
}

static struct net_total *get(struct net *net, const struct tn_addr *ip, bool outbound)
{
	static const struct tn_addr others = { .ip = { 0 } };
	struct net_total *t = find(net, ip, outbound);

	if (t)
		return t;
	if (net->totals >= TOTALS_MAX) { /* two places are left for the others */
		t = find(net, &others, outbound);
		if (t)
			return t;
		ip = &others;
	}
	t = &net->total[net->totals++];
	*t = (struct net_total){ .ip = *ip, .outbound = outbound };
	t->ip.port = 0;
	return t;
}

void total_add(struct net *net, struct session *s)
{
	account_fold(&get(net, &s->remote, s->outbound)->account, &s->account);
}

const struct net_total *net_total(const struct net *net, size_t i)
{
	return i < net->totals ? &net->total[i] : NULL;
}

uint64_t net_off_ended(const struct net *net)
{
	uint64_t off = 0;

	for (size_t i = 0; i < net->totals; i++)
		off += account_off(&net->total[i].account, NULL, NULL);
	/* Two faults of one peer may cancel each other in its totals, not in off_ended. */
	return off > net->off_ended ? off : net->off_ended;
}
