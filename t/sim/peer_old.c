/* SPDX-License-Identifier: MIT
 * t/sim/peer_old.c - the old node put together
 */
#include "sim/peer_old_impl.h"

#include <stdlib.h>
#include <string.h>

#define PHASE3_US (120 * OLD_SECOND_US)

static const struct env_events listen_events = { .accepted = old_accepted };

static void phase_tick(void *arg)
{
	struct peer_old *node = arg;

	timers_add(node->timers, PHASE3_US, phase_tick, node);
	old_phase(node);
}

static void broadcast_tick(void *arg)
{
	struct peer_old *node = arg;

	timers_add(node->timers, node->broadcast_us, broadcast_tick, node);
	old_broadcast(node);
}

static char *copy(const char *text)
{
	char *own = strdup(text);

	if (!own)
		abort();
	return own;
}

static struct peer_old *create(struct env *env, const struct peer_old_conf *conf)
{
	struct peer_old *node = calloc(1, sizeof(*node));

	if (!node)
		abort();
	node->env = env;
	node->hosts_end = &node->hosts;
	node->ip_text = copy(conf->ip);
	node->handshake = conf->handshake ? copy(conf->handshake) : NULL;
	node->port = conf->port;
	node->dials = conf->dials;
	node->shut_overwritten = conf->shut_overwritten;
	node->broadcast_us = conf->broadcast_us;
	for (unsigned i = 0; i < conf->knows; i++)
		old_add_candidate(node, conf->known[i]);
	return node;
}

static int start(struct peer_old *node, struct tn_error *err)
{
	struct tn_addr at;

	if (tn_addr_parse(&node->ip, node->ip_text, strlen(node->ip_text)))
		return tn_fail(err, TN_EINVAL, "no address: %s", node->ip_text);
	node->timers = timers_create(node->env);
	if (!node->timers)
		abort();
	at = node->ip;
	at.port = node->port;
	node->listener = node->env->ops->listen(node->env, &at, &listen_events, node, err);
	if (!node->listener)
		return TN_EIO;
	if (node->dials)
		timers_add(node->timers, 0, phase_tick, node);
	if (node->broadcast_us)
		timers_add(node->timers, node->broadcast_us, broadcast_tick, node);
	return 0;
}

struct peer_old *peer_old_create(struct env *env, const struct peer_old_conf *conf,
				 struct tn_error *err)
{
	struct peer_old *node = create(env, conf);

	if (start(node, err) == 0)
		return node;
	peer_old_free(node);
	return NULL;
}

void peer_old_free(struct peer_old *node)
{
	if (!node)
		return;
	node->env->ops->close(node->listener, false);
	while (node->sessions) {
		struct old_session *s = node->sessions;

		node->sessions = s->next;
		node->env->ops->close(s->conn, false);
		old_session_free(s);
	}
	while (node->hosts) {
		struct old_host *h = node->hosts;

		node->hosts = h->next;
		free(h);
	}
	timers_free(node->timers);
	free(node->ip_text);
	free(node->handshake);
	free(node);
}

struct peer_old_about peer_old_about(struct peer_old *node, const char *ip)
{
	struct old_host *h = old_host(node, ip);
	struct peer_old_about about;

	h->about.open[PEER_OLD_DIALED] = h->about.open[PEER_OLD_ACCEPTED] = 0;
	for (struct old_session *s = node->sessions; s; s = s->next) {
		if (s->host != h || !s->reading || (!s->dialed && !s->shaken))
			continue;
		h->about.open[s->dialed ? PEER_OLD_DIALED : PEER_OLD_ACCEPTED]++;
		old_measure(s);
	}
	about = h->about;
	return about;
}

struct peer_old_counts peer_old_counts(const struct peer_old *node)
{
	return node->counts;
}
