/* SPDX-License-Identifier: MIT
 * core/net/double.c - a second session with one peer: carries out what survivor.h decides
 */
#include "net/room.h"

static struct session *primary_of(const struct net *net, const struct session *s)
{
	struct group *g = group_of_id(net, s);
	struct session *o = g ? g->first : NULL;

	while (o && !o->primary)
		o = o->id_next;
	return o;
}

/* A new node may have one more on probation, an old one two guests. */
bool double_admits(const struct session *s)
{
	const struct group *g = group_of_id(s->net, s);

	return !g || g->count < (s->node_id ? 2u : 3u);
}

static void look_again(void *session);

static struct survivor_answer ask(const struct session *first, const struct session *second)
{
	const struct net *net = second->net;

	return net->rules.survivor(&(struct survivor_question){
		.own_id = net->node_id,
		.peer_id = second->node_id,
		.first = { first->outbound, first->heard_since },
		.second = { second->outbound, second->heard_since },
		.age_us = net_now(net) - second->up_us,
	});
}

static void carry_out(struct session *first, struct session *second,
		      const struct survivor_answer *a)
{
	struct net *net = second->net;

	if (a->act == SURVIVOR_DROP_FIRST)
		net_close(net, first, "%s", a->why);
	else if (a->act == SURVIVOR_DROP_SECOND)
		net_close(net, second, "%s", a->why);
	else
		session_set_timer(second, a->again_us,
				  a->again_us < UINT64_MAX ? look_again : NULL);
}

static void look_again(void *arg)
{
	struct session *second = arg;
	struct session *first = primary_of(second->net, second);
	struct survivor_answer a;

	second->timer = 0;
	if (!first || first == second || !session_is_up(first))
		return;
	a = ask(first, second);
	carry_out(first, second, &a);
}

void double_begin(struct session *second)
{
	struct net *net = second->net;
	struct session *first = primary_of(net, second);
	struct survivor_answer a;

	if (!first)
		return;
	net->counts.doubles++;
	if (second->node_id || first->outbound == second->outbound)
		first->heard_since = false; /* survivor.h: heard since the second came UP */
	a = ask(first, second);
	net_log(net, LOG_LEVEL_INFO, second, "second session with the same peer: %s", a.why);
	if (a.probe && net->hooks.probe)
		net->hooks.probe(net->hook_arg, first);
	carry_out(first, second, &a);
}

void double_heard(struct session *s)
{
	struct group *g = group_of_id(s->net, s);
	struct session *o, *next;

	if (!g || g->count < 2)
		return;
	for (o = g->first; o; o = next) {
		next = o->id_next;
		if (!o->primary && session_is_up(o)) {
			session_set_timer(o, 0, NULL);
			look_again(o);
		}
	}
}
