/* SPDX-License-Identifier: MIT
 * t/sim/peer_old_host.c - the old node's tables by address: who is banned, who dials whom
 */
#include "sim/peer_old_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct old_host *old_host(struct peer_old *node, const char *ip)
{
	struct old_host *h;

	for (h = node->hosts; h; h = h->next)
		if (strcmp(h->ip, ip) == 0)
			return h;
	h = calloc(1, sizeof(*h));
	if (!h)
		abort(); /* a test without memory has no result */
	h->node = node;
	snprintf(h->ip, sizeof(h->ip), "%s", ip);
	*node->hosts_end = h;
	node->hosts_end = &h->next;
	return h;
}

/* ---- the blacklist (doc/protocol.md 8.2) */

bool old_is_banned(const struct old_host *h, uint64_t now_us)
{
	return h->about.permanent || now_us < h->banned_until_us;
}

static bool ban_for(struct old_host *h, uint64_t seconds)
{
	h->banned_until_us = env_mono_us(h->node->env) + seconds * OLD_SECOND_US;
	h->about.bans++;
	return true;
}

bool old_violation(struct old_host *h, const char *reason)
{
	uint64_t now = env_mono_us(h->node->env);

	if (h->about.violations && now - h->violation_us > 3600 * OLD_SECOND_US)
		h->about.violations = 0;
	h->violation_us = now;
	h->about.violations++;
	h->about.faults++;
	snprintf(h->about.reason, sizeof(h->about.reason), "%s", reason);
	if (h->about.violations == 3)
		return ban_for(h, 300);
	if (h->about.violations == 5)
		return ban_for(h, 3600);
	if (h->about.violations == 10) {
		h->about.permanent = true;
		return ban_for(h, 0);
	}
	return h->about.violations > 10;
}

/* ---- who dials, who wins (doc/protocol.md 8.3): two rules that contradict each other */

bool old_may_dial(const struct old_host *h)
{
	return strcmp(h->node->ip_text, h->ip) < 0 && !h->outbound && !h->inbound;
}

bool old_we_are_higher(const struct old_host *h)
{
	struct tn_addr peer;

	if (tn_addr_parse(&peer, h->ip, strlen(h->ip)))
		return strcmp(h->node->ip_text, h->ip) > 0;
	return tn_addr_cmp_ip(&h->node->ip, &peer) > 0;
}

void old_add_candidate(void *node, const char *text)
{
	char ip[TN_ADDR_TEXT];
	char *colon;

	snprintf(ip, sizeof(ip), "%s", text);
	colon = strrchr(ip, ':');
	if (colon)
		*colon = '\0';
	old_host(node, ip)->candidate = true;
}

/* ---- the registry (doc/protocol.md 8.4): one writer per address */

static void drop_writer(struct old_session *s)
{
	if (!s->reading)
		old_close(s);
	else if (s->node->shut_overwritten)
		s->node->env->ops->shut(s->conn);
}

void old_register(struct old_session *s)
{
	struct old_session *before = s->host->writer;

	s->host->writer = s;
	if (before && before != s)
		drop_writer(before);
}

void old_unregister(struct old_host *h)
{
	struct old_session *before = h->writer;

	h->writer = NULL;
	if (before)
		drop_writer(before);
}
