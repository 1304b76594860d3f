/* SPDX-License-Identifier: MIT
 * core/net/group.c - which sessions share an address (IPv6: its /64), which an identity
 *
 * The identity of a new node is its node_id; an old node has none but its address.
 */
#include <stdlib.h>
#include <string.h>

#include "net/room.h"

static size_t make_key(uint8_t key[17], char type, const void *p, size_t n)
{
	memset(key, 0, 17);
	key[0] = (uint8_t)type;
	memcpy(key + 1, p, n);
	return 17;
}

struct group *group_find(const struct net *net, char type, const void *p, size_t n)
{
	uint8_t key[17];
	struct group *g;

	make_key(key, type, p, n);
	HASH_FIND(hh, net->groups, key, sizeof key, g);
	return g;
}

/* One subscriber has a whole /64: for limits it is one address. */
static void ip_key(const struct tn_addr *a, uint8_t key[17])
{
	make_key(key, 'i', a->ip, tn_addr_is_v4(a) ? 16 : 8);
}

static void key_of(const struct session *s, char type, uint8_t key[17])
{
	if (type == 'n' && s->node_id)
		make_key(key, 'n', &s->node_id, sizeof s->node_id);
	else if (type == 'n')
		make_key(key, 'o', s->remote.ip, sizeof s->remote.ip);
	else
		ip_key(&s->remote, key);
}

static struct session **link_of(struct session *s, char type)
{
	return type == 'i' ? &s->ip_next : &s->id_next;
}

int group_join(struct net *net, struct session *s, char type)
{
	uint8_t key[17];
	struct group *g;
	struct session **at;

	key_of(s, type, key);
	HASH_FIND(hh, net->groups, key, sizeof key, g);
	if (!g) {
		g = calloc(1, sizeof *g);
		if (!g)
			return TN_ENOMEM;
		memcpy(g->key, key, sizeof key);
		HASH_ADD(hh, net->groups, key, sizeof g->key, g);
	}
	at = &g->first;
	while (type == 'n' && *at) /* in the order of joining: two or three */
		at = link_of(*at, type);
	*link_of(s, type) = *at;
	*at = s;
	g->count++;
	return 0;
}

void group_leave(struct net *net, struct session *s, char type)
{
	uint8_t key[17];
	struct group *g;
	struct session **at;

	key_of(s, type, key);
	HASH_FIND(hh, net->groups, key, sizeof key, g);
	for (at = g ? &g->first : NULL; at && *at; at = link_of(*at, type)) {
		if (*at != s)
			continue;
		*at = *link_of(s, type);
		g->count--;
		break;
	}
	if (g && !g->count) {
		HASH_DEL(net->groups, g);
		free(g);
	}
}

struct group *group_of_ip(const struct net *net, const struct tn_addr *a)
{
	uint8_t key[17];

	ip_key(a, key);
	return group_find(net, 'i', key + 1, sizeof key - 1);
}

struct group *group_of_id(const struct net *net, const struct session *s)
{
	if (s->node_id)
		return group_find(net, 'n', &s->node_id, sizeof s->node_id);
	return group_find(net, 'o', s->remote.ip, sizeof s->remote.ip);
}
