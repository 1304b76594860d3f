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

/* ---- the table: chains, since there are two groups for each session and an entry of
 * uthash is larger than a group
 */

static uint32_t hash(const struct net *net, const uint8_t key[17])
{
	uint64_t head, tail;

	memcpy(&head, key, sizeof head);
	memcpy(&tail, key + 8, sizeof tail);
	head = (head ^ net->node_id) * UINT64_C(0x9e3779b97f4a7c15);
	tail = (tail ^ key[16] ^ head >> 32) * UINT64_C(0xc2b2ae3d27d4eb4f);
	return (uint32_t)((head ^ tail ^ tail >> 29) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/* Where the pointer to this group is, or to be put. The table is there. */
static struct group **find(const struct net *net, const uint8_t key[17])
{
	struct group **at = &net->group[hash(net, key) & (net->group_buckets - 1)];

	while (*at && memcmp((*at)->key, key, sizeof(*at)->key) != 0)
		at = &(*at)->next;
	return at;
}

/* Without memory the chains become longer, or there is no table yet: false. */
static bool make_room(struct net *net)
{
	uint32_t had = net->group_buckets;
	struct group **old = net->group, **table, *g;

	if (had && net->groups < 2 * had)
		return true;
	table = calloc(had ? 2 * (size_t)had : 64, sizeof(struct group *));
	if (!table)
		return had != 0;
	net->group = table;
	net->group_buckets = had ? 2 * had : 64;
	for (uint32_t i = 0; i < had; i++)
		while ((g = old[i])) {
			old[i] = g->next;
			g->next = NULL;
			*find(net, g->key) = g;
		}
	free(old);
	return true;
}

static struct group *get(struct net *net, const uint8_t key[17])
{
	struct group *g, **at;

	if (!make_room(net))
		return NULL;
	at = find(net, key);
	if (*at)
		return *at;
	g = calloc(1, sizeof *g);
	if (!g)
		return NULL;
	memcpy(g->key, key, sizeof g->key);
	net->groups++;
	return *at = g;
}

static void drop(struct net *net, struct group **at)
{
	struct group *g = *at;

	*at = g->next;
	net->groups--;
	free(g);
}

void group_clear(struct net *net)
{
	for (uint32_t i = 0; i < net->group_buckets; i++)
		while (net->group[i])
			drop(net, &net->group[i]);
	free(net->group);
}

/* ---- groups */

struct group *group_find(const struct net *net, char type, const void *p, size_t n)
{
	uint8_t key[17];

	make_key(key, type, p, n);
	return net->group_buckets ? *find(net, key) : NULL;
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
	g = get(net, key);
	if (!g)
		return TN_ENOMEM;
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
	struct group **place, *g;
	struct session **at;
	uint8_t key[17];

	if (!net->group_buckets)
		return;
	key_of(s, type, key);
	place = find(net, key);
	g = *place;
	for (at = g ? &g->first : NULL; at && *at; at = link_of(*at, type)) {
		if (*at != s)
			continue;
		*at = *link_of(s, type);
		g->count--;
		break;
	}
	if (g && !g->count)
		drop(net, place);
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
