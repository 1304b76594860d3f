/* SPDX-License-Identifier: MIT
 * core/bus/bus.c - the bus object and the blocks of its sessions
 */
#include <stdlib.h>

#include "bus/impl.h"

static void on_opened(void *arg, struct session *s)
{
	struct bus *b = arg;
	struct bus_peer *p = calloc(1, sizeof *p);

	s->block = p;
	if (!p) {
		net_close(b->net, s, "no memory");
		return;
	}
	p->s = s;
	b->hooks->opened(b->arg, s);
}

static void on_up(void *arg, struct session *s)
{
	struct bus *b = arg;

	if (s->block)
		b->hooks->up(b->arg, s);
}

static void on_down(void *arg, struct session *s)
{
	struct bus *b = arg;

	if (s->block)
		b->hooks->down(b->arg, s);
}

static void on_closed(void *arg, struct session *s)
{
	struct bus *b = arg;
	struct bus_peer *p = peer_of(s);

	if (!p)
		return;
	question_session_ended(b, p);
	hold_session_ended(b, p);
	b->hooks->closed(b->arg, s);
	s->block = NULL;
	free(p->row);
	free(p);
}

static void on_sent(void *arg, struct session *s, uint32_t token)
{
	struct bus_peer *p = peer_of(s);

	(void)arg;
	if (!p)
		return;
	if (p->bulk_token == token)
		p->bulk_token = 0;
	question_sent(p, token, s->write_us);
}

static void on_probe(void *arg, struct session *s)
{
	struct bus *b = arg;

	b->hooks->probe(b->arg, s);
}

static void on_dial_wanted(void *arg, uint32_t slots)
{
	struct bus *b = arg;

	b->hooks->dial_wanted(b->arg, slots);
}

static void on_dialed(void *arg, const struct tn_addr *a, int result)
{
	struct bus *b = arg;

	b->hooks->dialed(b->arg, a, result);
}

static const struct net_hooks hooks = {
	.line = dispatch_line,
	.opened = on_opened,
	.up = on_up,
	.down = on_down,
	.closed = on_closed,
	.sent = on_sent,
	.probe = on_probe,
	.dial_wanted = on_dial_wanted,
	.dialed = on_dialed,
};

struct bus *bus_create(const struct bus_setup *set, struct tn_error *err)
{
	struct bus *b = calloc(1, sizeof *b);

	if (!b)
		goto fail;
	*b = (struct bus){ .env = set->env,
			   .timers = set->timers,
			   .log = set->log,
			   .settings = set->settings,
			   .net = set->net,
			   .hooks = set->hooks,
			   .arg = set->arg };
	b->names = net_names(b->net);
	b->reason_gone = (uint16_t)reasons_add(b->names, "gone");
	b->holds = handles_create();
	b->scratch = tn_arena_create(0);
	if (!b->holds || !b->scratch)
		goto fail;
	net_hook(b->net, &hooks, b);
	return b;
fail:
	tn_fail(err, TN_ENOMEM, "no memory for the bus");
	bus_free(b);
	return NULL;
}

/* ---- the end: the net may outlive us and must find nobody */

static void no_line(void *arg, struct session *s, unsigned id, const struct tn_envelope *e,
		    struct tn_view line)
{
	(void)arg, (void)e, (void)line;
	account_refuse(&s->account, id, ACCOUNT_IN, REASON_NO_OWNER);
}

static void no_session(void *arg, struct session *s)
{
	(void)arg, (void)s;
}

static void no_sent(void *arg, struct session *s, uint32_t token)
{
	(void)arg, (void)s, (void)token;
}

static void no_dial_wanted(void *arg, uint32_t slots)
{
	(void)arg, (void)slots;
}

static void no_dialed(void *arg, const struct tn_addr *a, int result)
{
	(void)arg, (void)a, (void)result;
}

static const struct net_hooks no_hooks = { no_line,    no_session,     no_session,
					   no_session, no_session,     no_sent,
					   no_session, no_dial_wanted, no_dialed };

static void leave_net(struct bus *b)
{
	for (struct session *s = net_any(b->net, NULL); s; s = net_any(b->net, s))
		on_closed(b, s);
	net_hook(b->net, &no_hooks, NULL);
}

void bus_free(struct bus *b)
{
	if (!b)
		return;
	if (b->net)
		leave_net(b);
	for (unsigned i = 0; i < b->claims; i++)
		free(b->claim[i].viewer);
	free(b->claim);
	tn_seen_free(b->seen);
	handles_free(b->holds);
	tn_arena_unref(b->scratch);
	tn_arena_unref(b->spare);
	free(b);
}

struct net *bus_net(const struct bus *b)
{
	return b->net;
}

uint64_t bus_now_us(const struct bus *b)
{
	return env_mono_us(b->env);
}

void **bus_slots(struct session *s)
{
	return s->block ? &peer_of(s)->slots : NULL;
}
