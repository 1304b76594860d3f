/* SPDX-License-Identifier: MIT
 * t/sim/trouble.c - what a world does to its nodes: doors, resets, power, slowness
 */
#include "config.h"

#include "sim/link.h"

void world_door(struct world *w, struct env *from, struct env *to, enum world_door door)
{
	world_path(w, sim_host_of(from), sim_host_of(to))->door = door;
}

static struct link *link_of(struct ring *r)
{
	return (struct link *)(void *)r;
}

/* Which of its ends lies there: -1 none, or it is not established at both. */
static int end_at(const struct link *l, const struct sim_host *a, const struct sim_host *b)
{
	if (l->path || l->side[0].state != SIDE_OPEN || l->side[1].state != SIDE_OPEN ||
	    l->side[0].err || l->side[1].err)
		return -1;
	for (int i = 0; i < 2; i++)
		if (l->side[i].node == a && l->side[!i].node == b)
			return i;
	return -1;
}

unsigned world_reset(struct world *w, struct env *a, struct env *b, bool both)
{
	struct ring *links = world_links(w);
	unsigned n = 0;

	for (struct ring *r = links->next; r != links; r = r->next) {
		int end = end_at(link_of(r), sim_host_of(a), sim_host_of(b));

		if (end < 0)
			continue;
		if (both)
			link_fail(link_of(r));
		else
			link_forget(link_of(r), end);
		n++;
	}
	return n;
}

void world_power(struct world *w, struct env *e, bool on)
{
	struct sim_host *n = sim_host_of(e);
	struct ring *links = world_links(w);

	n->off = !on;
	if (on)
		sim_work_bury(n);
	else
		sim_work_drop(n);
	for (struct ring *r = links->next; r != links; r = r->next)
		if (link_of(r)->side[0].node == n || link_of(r)->side[1].node == n)
			link_way_changed(link_of(r));
}

void world_kill(struct env *e)
{
	sim_work_drop(sim_host_of(e));
}

void world_slow_disk(struct env *e, uint64_t us)
{
	sim_host_of(e)->write_lag_us = us;
}

void world_slow_jobs(struct env *e, uint64_t us)
{
	sim_host_of(e)->work_lag_us = us;
}

void world_lag(struct env *e, uint64_t us)
{
	sim_host_of(e)->lag_us = us;
}

void world_sluggish(struct env *e, size_t read_max, uint64_t turn_us)
{
	sim_host_of(e)->read_max = read_max;
	sim_host_of(e)->turn_us = turn_us;
}

void world_pause(struct world *w, struct env *e, uint64_t us, bool clock_stops)
{
	struct sim_host *n = sim_host_of(e);

	n->still_until_us = world_now(w) + us;
	n->clock_stands = clock_stops;
	if (!clock_stops)
		return;
	n->mono_lost_us += us;
	if (n->wake.place)
		queue_set(world_queue(w), &n->wake, n->wake.at_us + us);
}

void world_wake(struct world *w, struct env *e)
{
	struct sim_host *n = sim_host_of(e);
	uint64_t left;

	if (n->still_until_us <= world_now(w))
		return;
	left = n->still_until_us - world_now(w);
	n->still_until_us = 0;
	if (n->clock_stands) {
		n->mono_lost_us -= left;
		if (n->wake.place)
			queue_set(world_queue(w), &n->wake, n->wake.at_us - left);
	}
	if (n->tick.place)
		queue_set(world_queue(w), &n->tick, world_now(w));
}

unsigned world_streams(struct world *w)
{
	struct ring *links = world_links(w);
	unsigned n = 0;

	for (struct ring *r = links->next; r != links; r = r->next)
		n++;
	return n;
}
