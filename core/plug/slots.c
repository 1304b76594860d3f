/* SPDX-License-Identifier: MIT
 * core/plug/slots.c - what each plugin keeps per session, and who has been told of it
 *
 * One small array hangs on the session's block; a plugin's memory is made with the session,
 * or when the plugin comes later.
 */
#include <stdlib.h>
#include <string.h>

#include "plug/impl.h"

struct slot {
	void *p;         /* NULL: slot_bytes is 0 */
	uint32_t serial; /* of its up(); 0: not up */
};

struct slots {
	uint32_t n;
	struct slot at[];
};

static struct slot *slot_of(const struct plugin *p, struct session *s)
{
	void **block = bus_slots(s);
	struct slots *all = block ? *block : NULL;

	return all && p->index < all->n ? &all->at[p->index] : NULL;
}

static int grow(struct session *s, uint32_t n)
{
	struct slots **at = (struct slots **)(void *)bus_slots(s), *all = *at;
	uint32_t had = all ? all->n : 0;

	if (had >= n)
		return 0;
	all = realloc(all, sizeof *all + n * sizeof all->at[0]);
	if (!all)
		return TN_ENOMEM;
	for (uint32_t i = had; i < n; i++)
		all->at[i] = (struct slot){ 0 };
	all->n = n;
	*at = all;
	return 0;
}

static int add(struct plugin *p, struct session *s)
{
	struct slot *slot;

	if (grow(s, p->index + 1))
		return TN_ENOMEM;
	slot = slot_of(p, s);
	if (!p->desc.slot_bytes || slot->p)
		return 0;
	slot->p = calloc(1, p->desc.slot_bytes);
	return slot->p ? 0 : TN_ENOMEM;
}

void slots_opened(struct plug *pl, struct session *s)
{
	for (unsigned i = 0; i < pl->count; i++)
		if (pl->list[i]->member && add(pl->list[i], s)) {
			net_close(pl->net, s, "no memory");
			return;
		}
}

void slots_closed(struct plug *pl, struct session *s)
{
	struct slots **at = (struct slots **)(void *)bus_slots(s);

	(void)pl;
	if (!at || !*at)
		return;
	for (uint32_t i = 0; i < (*at)->n; i++)
		free((*at)->at[i].p);
	free(*at);
	*at = NULL;
}

static unsigned free_index(const struct plug *pl)
{
	uint64_t used = 0;
	unsigned i = 0;

	for (unsigned k = 0; k < pl->count; k++)
		if (pl->list[k]->member)
			used |= UINT64_C(1) << pl->list[k]->index;
	while (used >> i & 1)
		i++;
	return i;
}

int slots_add_plugin(struct plugin *p)
{
	struct net *net = p->plug->net;

	p->index = free_index(p->plug);
	for (struct session *s = net_any(net, NULL); s; s = net_any(net, s))
		if (bus_slots(s) && add(p, s))
			return TN_ENOMEM;
	return 0;
}

void slots_drop_plugin(struct plugin *p)
{
	struct net *net = p->plug->net;

	for (struct session *s = net_any(net, NULL); s; s = net_any(net, s)) {
		struct slot *slot = slot_of(p, s);

		if (!slot)
			continue;
		free(slot->p);
		*slot = (struct slot){ 0 };
	}
}

void slots_clear(struct plugin *p)
{
	struct net *net = p->plug->net;

	for (struct session *s = net_any(net, NULL); s; s = net_any(net, s)) {
		struct slot *slot = slot_of(p, s);

		if (slot && slot->p)
			memset(slot->p, 0, p->desc.slot_bytes);
	}
}

void *slots_get(const struct plugin *p, struct session *s)
{
	struct slot *slot = slot_of(p, s);

	return slot ? slot->p : NULL;
}

uint32_t slots_serial(struct plugin *p, struct session *s)
{
	struct slot *slot = slot_of(p, s);

	return slot ? slot->serial : 0;
}

void slots_up(struct plugin *p, struct session *s)
{
	struct slot *slot = slot_of(p, s);
	struct bus_call call;

	if (!slot || slot->serial || (p->desc.slot_bytes && !slot->p))
		return;
	if (++p->plug->serial == 0)
		p->plug->serial = 1;
	slot->serial = p->plug->serial;
	plug_timer_up(p, s);
	if (!p->desc.up)
		return;
	bus_enter(p->plug->bus, &call, p->member, "up", NULL);
	p->desc.up(&p->ctx, (struct tn_sid){ s->sid }, slot->p);
	bus_exit(p->plug->bus, &call);
}

void slots_down(struct plugin *p, struct session *s)
{
	struct slot *slot = slot_of(p, s);
	struct bus_call call;

	if (!slot || !slot->serial)
		return;
	slot->serial = 0;
	if (!p->desc.down)
		return;
	bus_enter(p->plug->bus, &call, p->member, "down", NULL);
	p->desc.down(&p->ctx, (struct tn_sid){ s->sid }, slot->p);
	bus_exit(p->plug->bus, &call);
}
