/* SPDX-License-Identifier: MIT
 * core/net/net.c - the room as a whole: made, started, stopped, and asked
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/judge.h"
#include "net/room.h"

struct net *net_create(const struct net_setup *setup, struct tn_error *err)
{
	struct net *net = calloc(1, sizeof *net);

	if (!net)
		goto fail;
	net->env = setup->env;
	net->timers = setup->timers;
	net->log = setup->log;
	net->set = setup->settings;
	net->rules = setup->rules ? *setup->rules : (struct net_rules){ dial_rule, survivor_rule };
	snprintf(net->agent, sizeof net->agent, "%s", setup->agent);
	net->names = names_create();
	net->sessions = handles_create();
	net->total = calloc(TOTALS_MAX + 2, sizeof *net->total);
	if (!net->names || !net->sessions || !net->total)
		goto fail;
	net->bans = bans_create(setup->store, (uint32_t)setup->settings->score.bans_max,
				env_wall_us(net->env) / 1000000, err);
	if (!net->bans)
		goto out;
	while (!net->node_id)
		env_random(net->env, &net->node_id, sizeof net->node_id);
	net->handshake_id = names_find(net->names, "Handshake", 9);
	net->ack_id = names_find(net->names, "Ack", 3);
	net->version_id = names_find(net->names, "Version", 7);
	names_set_max(net->names, net->handshake_id, ODD_LINE_BYTES);
	names_set_max(net->names, net->ack_id, ODD_LINE_BYTES);
	names_set_max(net->names, net->version_id, ODD_LINE_BYTES);
	self_reset(net);
	return net;
fail:
	tn_fail(err, TN_ENOMEM, "no memory for the network room");
out:
	net_free(net);
	return NULL;
}

static void drop_session(struct net *net, struct session *s)
{
	timers_cancel(net->timers, s->timer);
	group_leave(net, s, 'i');
	if (s->up_us)
		group_leave(net, s, 'n');
	flush_discard(s);
	account_clear(&s->account);
	line_clear(net, &s->in);
	net->env->ops->close(s->conn, true);
	free(s->why);
	free(s);
}

void net_free(struct net *net)
{
	struct session *s, *next;

	if (!net)
		return;
	listen_stop(net);
	for (s = net_any(net, NULL); s; s = next) {
		next = net_any(net, s);
		drop_session(net, s);
	}
	while (net->peers)
		peer_drop(net, net->peers);
	timers_cancel(net->timers, net->stall_timer);
	timers_cancel(net->timers, net->want_timer);
	for (size_t i = 0; i < net->totals; i++)
		account_clear(&net->total[i].account);
	for (unsigned i = 0; i < 64; i++)
		free(net->feature[i]);
	free(net->total);
	group_clear(net);
	bans_free(net->bans);
	names_free(net->names);
	handles_free(net->sessions);
	session_cancel_end(net); /* whatever is left to do is not done on freed memory */
	free(net);
}

void net_hook(struct net *net, const struct net_hooks *hooks, void *arg)
{
	net->hooks = *hooks;
	net->hook_arg = arg;
}

static void want_configured(struct net *net)
{
	const struct tn_addrs *to = &net->set->network.connect;
	char text[TN_ADDR_TEXT];

	for (uint32_t i = 0; i < to->n; i++) {
		int r = net_dial(net, &to->v[i], PEER_MANUAL, true);
		struct peer *p = r && r != TN_EBUSY ? NULL : peer_find(net, &to->v[i]);

		if (p)
			p->configured = true;
		if (r && r != TN_EBUSY)
			net_log(net, LOG_LEVEL_WARN, NULL, "network.connect: %s is not dialed: %s",
				tn_addr_text(&to->v[i], text),
				r == TN_EINVAL ? "not usable on this network, or our own"
					       : tn_code_text(r));
	}
}

int net_start(struct net *net, struct tn_error *err)
{
	int r = listen_start(net, err);

	if (r)
		return r;
	want_configured(net);
	dialer_fill(net);
	return 0;
}

void net_stop(struct net *net, const char *why, void (*fn)(void *arg), void *arg)
{
	if (net->stopping)
		return;
	net->stopping = true;
	net->stopped = fn;
	net->stopped_arg = arg;
	listen_stop(net);
	for (struct peer *p = net->peers; p; p = p->hh.next)
		dialer_consider(net, p);
	for (struct session *s = net_any(net, NULL); s; s = net_any(net, s))
		net_close_flush(net, s, why);
	session_order_end(net);
}

static bool still_configured(const struct net *net, const struct peer *p)
{
	const struct tn_addrs *to = &net->set->network.connect;

	for (uint32_t i = 0; i < to->n; i++)
		if (!tn_addr_cmp(&to->v[i], &p->addr))
			return true;
	return false;
}

static void forget_configured(struct net *net, struct peer *p)
{
	p->configured = false;
	peer_want(net, p, false);
	timers_cancel(net->timers, p->timer);
	p->timer = 0;
	if (!peer_session(net, p))
		peer_set(net, p, LINK_IDLE, "taken out of network.connect");
}

/* A peer that was taken out of the file is not dialed any more; its session stays. */
void net_reload(struct net *net)
{
	struct peer *next; /* one that is let go moves to the end */

	self_reset(net);
	for (struct peer *p = net->peers; p; p = next) {
		next = p->hh.next;
		if (p->wanted && p->configured && !still_configured(net, p))
			forget_configured(net, p);
	}
	want_configured(net);
	dialer_fill(net);
}

/* ---- what it holds */

struct names *net_names(struct net *net)
{
	return net->names;
}

struct bans *net_bans(struct net *net)
{
	return net->bans;
}

const struct settings *net_settings(const struct net *net)
{
	return net->set;
}

uint64_t net_node_id(const struct net *net)
{
	return net->node_id;
}

bool net_usable(const struct net *net, const struct tn_addr *a)
{
	if (tn_addr_is_unspecified(a))
		return false;
	if (net->set->net == NETWORK_PRIVATE && (tn_addr_is_loopback(a) || tn_addr_is_private(a)))
		return true;
	return tn_addr_routable(a);
}

const uint8_t *net_genesis(const struct net *net)
{
	if (net->set->has_genesis)
		return net->set->genesis;
	return net->has_genesis ? net->genesis : NULL;
}

int net_tell_genesis(struct net *net, const uint8_t genesis[32])
{
	if (net->set->has_genesis)
		return memcmp(net->set->genesis, genesis, 32) ? TN_EINVAL : 0;
	memcpy(net->genesis, genesis, 32);
	net->has_genesis = true;
	return 0;
}

void net_log(struct net *net, enum log_level level, const struct session *s, const char *fmt, ...)
{
	char text[512], subject[TN_ADDR_TEXT] = "";
	va_list ap;

	if (!logger_wants(net->log, "net", level))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (s)
		tn_addr_ip_text(&s->remote, subject);
	log_line(net->log, "net", level, subject, s ? "%s %s" : "%s%s", s ? session_dir(s) : "",
		 text);
}

/* ---- sessions */

struct session *net_session(const struct net *net, uint64_t sid)
{
	struct session *s = handles_get(net->sessions, sid);

	return s && s->state != LINK_CLOSING ? s : NULL;
}

struct session *net_first(const struct net *net)
{
	return net->first;
}

struct session *net_next(const struct session *s)
{
	return s->next;
}

struct session *net_any(const struct net *net, const struct session *after)
{
	uint64_t sid = handles_next(net->sessions, after ? after->sid : 0);

	return sid ? handles_get(net->sessions, sid) : NULL;
}

struct session *net_find(const struct net *net, const struct tn_addr *a)
{
	const struct group *g = group_of_ip(net, a);

	for (struct session *s = g ? g->first : NULL; s; s = s->ip_next)
		if (s->primary && session_is_up(s) && !tn_addr_cmp_ip(&s->remote, a) &&
		    (!a->port || s->addr.port == a->port))
			return s;
	return NULL;
}

uint32_t net_count_up(const struct net *net)
{
	return net->up;
}

static void count_session(const struct session *s, struct net_counts *c)
{
	if (s->state == LINK_HANDSHAKING && s->slot != SLOT_HELD)
		c->handshaking++;
	c->held += s->slot == SLOT_HELD;
	if (!session_is_up(s))
		return;
	*(s->outbound ? &c->out : &c->in) += 1;
	c->masternodes += s->masternode;
	c->legacy += s->legacy;
}

void net_counts(const struct net *net, struct net_counts *out)
{
	*out = net->counts;
	for (struct session *s = net_any(net, NULL); s; s = net_any(net, s))
		count_session(s, out);
}

/* ---- features */

int net_feature_add(struct net *net, const char *word)
{
	int free_bit = -1;

	for (int i = 0; i < 64; i++) {
		if (net->feature[i] && !strcmp(net->feature[i], word)) {
			net->feature_refs[i]++;
			return i;
		}
		if (!net->feature[i] && !net->feature_refs[i] && free_bit < 0)
			free_bit = i;
	}
	if (free_bit < 0)
		return -1;
	net->feature[free_bit] = strdup(word);
	if (!net->feature[free_bit])
		return -1;
	net->feature_refs[free_bit] = 1;
	/* Open sessions agreed on features without it: the bit may be a reused one. */
	for (struct session *s = net_any(net, NULL); s; s = net_any(net, s))
		s->features &= ~((uint64_t)1 << free_bit);
	return free_bit;
}

void net_feature_drop(struct net *net, const char *word)
{
	for (int i = 0; i < 64; i++)
		if (net->feature[i] && !strcmp(net->feature[i], word) && !--net->feature_refs[i]) {
			free(net->feature[i]);
			net->feature[i] = NULL;
		}
}
