/* SPDX-License-Identifier: MIT
 * core/net/slots.c - room for a newcomer when inbound slots are full
 */
#include <stdlib.h>

#include "net/evict.h"
#include "net/judge.h"

static bool may_go(const struct session *s)
{
	return session_is_up(s) && !s->outbound && s->slot == SLOT_IN && !s->masternode &&
	       !judge_whitelisted(s->net, &s->remote);
}

static struct evict_candidate describe(const struct session *s)
{
	uint64_t group = tn_addr_group(&s->remote);

	return (struct evict_candidate){ .sid = s->sid,
					 .netgroup = group,
					 .keyed = evict_key(group, s->net->node_id),
					 .useful_us = (uint64_t)s->note[SESSION_USEFUL_MS] * 1000,
					 .up_us = s->up_us,
					 .height = s->note[SESSION_HEIGHT],
					 .rtt_us = s->rtt_us };
}

static size_t collect(struct net *net, struct evict_candidate *v, size_t room)
{
	size_t n = 0;

	for (struct session *s = net_any(net, NULL); s && n < room; s = net_any(net, s))
		if (may_go(s))
			v[n++] = describe(s);
	return n;
}

bool slots_full(const struct net *net)
{
	return net->slots[SLOT_IN] > net->set->sessions.inbound;
}

bool slots_make_room(struct net *net)
{
	size_t room = net->slots[SLOT_IN];
	struct evict_candidate *v = calloc(room ? room : 1, sizeof *v);
	uint64_t sid = v ? evict_choose(v, collect(net, v, room)) : 0;
	struct session *s = net_session(net, sid);

	free(v);
	if (!s)
		return false;
	net->counts.evicted++;
	net_close(net, s, "inbound slots are full: it gave way to a newcomer");
	return true;
}
