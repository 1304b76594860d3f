/* SPDX-License-Identifier: MIT
 * core/net/listen.c - those who dial us: a place is taken before a byte is read
 */
#include <stdlib.h>

#include "net/judge.h"
#include "net/room.h"

const struct env_events session_events = {
	.readable = line_readable,
	.writable = flush_writable,
	.connected = handshake_connected,
};

/* Beyond its slots the node takes a few more, only to tell them why not. */
static const char *no_place(const struct net *net, const struct tn_addr *from)
{
	const struct settings_sessions *set = &net->set->sessions;
	const struct group *g = group_of_ip(net, from);
	bool open = net->set->net == NETWORK_PRIVATE || judge_whitelisted(net, from);

	if (net->stopping)
		return "shutting down";
	if (net->slots[SLOT_IN] >= set->inbound + PENDING_EXTRA)
		return "full";
	if (!open && g && g->count >= set->max_per_ip + 2)
		return "too many connections from its address";
	return NULL;
}

static void turn_away(struct net *net, struct env_conn *c, const struct tn_addr *from,
		      const char *why)
{
	char at[TN_ADDR_TEXT];

	net->counts.refused++;
	net_log(net, LOG_LEVEL_INFO, NULL, "Refusing %s: %s", tn_addr_text(from, at), why);
	net->env->ops->close(c, true);
}

static void accepted(void *arg, struct env_conn *c, const struct tn_addr *from)
{
	struct net *net = arg;
	const char *why = no_place(net, from);
	struct session *s = why ? NULL : session_create(net, false, from, SLOT_IN);
	char at[TN_ADDR_TEXT];

	net->counts.accepted++;
	if (!s) {
		turn_away(net, c, from, why ? why : "no memory");
		return;
	}
	s->conn = c;
	net_log(net, LOG_LEVEL_DEBUG, s, "connection from %s", tn_addr_text(from, at));
	net->env->ops->adopt(c, &session_events, s);
	handshake_begin(s);
}

const struct env_events listener_events = { .accepted = accepted };

int listen_start(struct net *net, struct tn_error *err)
{
	const struct tn_addrs *at = &net->set->network.listen;
	char text[TN_ADDR_TEXT];

	net->listener = calloc(at->n ? at->n : 1, sizeof *net->listener);
	if (!net->listener)
		return tn_fail(err, TN_ENOMEM, "no memory for listeners");
	for (uint32_t i = 0; i < at->n; i++) {
		struct env_conn *c =
			net->env->ops->listen(net->env, &at->v[i], &listener_events, net, err);

		if (!c)
			return TN_EIO;
		net->listener[net->listeners++] = c;
		net_log(net, LOG_LEVEL_INFO, NULL, "Listening on %s",
			tn_addr_text(&at->v[i], text));
	}
	return 0;
}

void listen_stop(struct net *net)
{
	while (net->listeners)
		net->env->ops->close(net->listener[--net->listeners], false);
	free(net->listener);
	net->listener = NULL;
}
