/* SPDX-License-Identifier: MIT
 * t/sim/storm.c - draws faults, fires them and takes them back
 */
#include "config.h"

#include "sim/storm.h"

#include <stdlib.h>

#include "sim/queue.h"
#include "sim/rng.h"

#define SECOND UINT64_C(1000000)
#define ACTIVE_MAX 64
#define STREAM 77 /* of the seed: apart from the world's */

struct active {
	enum storm_fault kind;
	unsigned a, b;  /* node, or a pair */
	uint64_t group; /* of a partition */
	uint64_t until_us;
};

struct pair {
	unsigned blocks, active;
	uint64_t touched_us;
	bool door, firewall;
};

struct storm {
	struct fleet *fleet;
	struct rng rng;
	struct active active[ACTIVE_MAX];
	unsigned actives;
	unsigned fired[STORM_FAULTS];
	bool busy[STORM_FAULTS][FLEET_MAX]; /* one of a kind at a node */
	struct pair pair[FLEET_MAX][FLEET_MAX];
};

static const char *const names[STORM_FAULTS] = {
	"firewall", "one-way", "partition", "reset", "half reset", "lag",     "slow reader",
	"pause",    "suspend", "wall jump", "crash", "power cut",  "restart", "disk full",
};

const char *storm_name(enum storm_fault k)
{
	return names[k];
}

unsigned storm_fired(const struct storm *s, enum storm_fault k)
{
	return s->fired[k];
}

static uint64_t draw(struct storm *s, uint64_t low, uint64_t high)
{
	return rng_range(&s->rng, low, high);
}

static uint64_t now_us(const struct storm *s)
{
	return world_now(s->fleet->world);
}

/* ---- what is touched */

bool storm_path(const struct storm *s, unsigned a, unsigned b)
{
	return !s->pair[a][b].firewall;
}

uint64_t storm_touched(const struct storm *s, unsigned a, unsigned b)
{
	const struct pair *p = a < b ? &s->pair[a][b] : &s->pair[b][a];

	return p->active ? UINT64_MAX : p->touched_us;
}

static void touch(struct storm *s, unsigned a, unsigned b, int change)
{
	struct pair *p = a < b ? &s->pair[a][b] : &s->pair[b][a];

	p->active += (unsigned)change;
	p->touched_us = now_us(s);
}

static bool in(uint64_t group, unsigned i)
{
	return group >> i & 1;
}

static void touch_group(struct storm *s, uint64_t group, int change)
{
	for (unsigned i = 0; i < s->fleet->nodes; i++)
		for (unsigned j = i + 1; j < s->fleet->nodes; j++)
			if (in(group, i) != in(group, j))
				touch(s, i, j, change);
}

/* ---- begin and end of each kind */

static struct fleet_node *node(struct storm *s, unsigned i)
{
	return &s->fleet->node[i];
}

static void block(struct storm *s, unsigned a, unsigned b, bool on)
{
	struct pair *p = &s->pair[a][b];

	p->blocks = on ? p->blocks + 1 : p->blocks - 1;
	world_link_block(s->fleet->world, node(s, a)->env, node(s, b)->env, p->blocks > 0);
}

static void part(struct storm *s, uint64_t group, bool on)
{
	for (unsigned i = 0; i < s->fleet->nodes; i++)
		for (unsigned j = 0; j < s->fleet->nodes; j++)
			if (in(group, i) != in(group, j))
				block(s, i, j, on);
}

static void set_door(struct storm *s, const struct active *x, bool on)
{
	struct pair *p = &s->pair[x->a][x->b];
	enum world_door door = draw(s, 0, 1) ? WORLD_SILENT : WORLD_REFUSED;

	p->door = on;
	world_door(s->fleet->world, node(s, x->a)->env, node(s, x->b)->env,
		   on || p->firewall ? door : WORLD_OPEN);
}

static void jump(struct storm *s, unsigned a)
{
	int64_t day = INT64_C(86400) * (int64_t)SECOND;

	world_wall_offset(node(s, a)->env, (int64_t)draw(s, 0, 2 * (uint64_t)day) - day);
}

/* A node does not start on a full disk: its operator sees to that first. */
static void start(struct fleet_node *n)
{
	disk_full(n->disk, false);
	fleet_start(n);
}

/* Of the states that last: on and off. */
static void set(struct storm *s, const struct active *x, bool on)
{
	struct env *e = node(s, x->a)->env;

	if (x->kind == STORM_DOOR)
		set_door(s, x, on);
	else if (x->kind == STORM_PARTITION)
		part(s, x->group, on);
	else if (x->kind == STORM_LAG)
		world_lag(e, on ? draw(s, 100, 4000) * 1000 : 0);
	else if (x->kind == STORM_SLUGGISH && on)
		world_sluggish(e, draw(s, 8, 200), draw(s, 10, 300) * 1000);
	else if (x->kind == STORM_SLUGGISH)
		world_sluggish(e, 0, 0);
	else if (x->kind == STORM_WALL && on)
		jump(s, x->a);
	else if (x->kind == STORM_DISK)
		disk_full(node(s, x->a)->disk, on);
	else if (!on && x->kind >= STORM_CRASH && x->kind <= STORM_RESTART)
		start(node(s, x->a));
}

static bool is_touching(enum storm_fault k)
{
	return k != STORM_DOOR && k != STORM_WALL && k != STORM_DISK;
}

static void say(struct storm *s, const struct active *x, const char *what)
{
	bool two = x->kind == STORM_DOOR || x->kind == STORM_RESET || x->kind == STORM_HALF_RESET;

	world_trace_note(s->fleet->world, node(s, x->a)->env,
			 x->kind == STORM_PARTITION ? NULL : node(s, two ? x->b : x->a)->env,
			 "*** %s %s of %s%s%s", storm_name(x->kind), what,
			 x->kind == STORM_PARTITION ? "a group around " : "", node(s, x->a)->name,
			 two ? (x->kind == STORM_DOOR ? " towards " : " with ") : "");
	if (two)
		world_trace_note(s->fleet->world, node(s, x->b)->env, NULL, "***   %s",
				 node(s, x->b)->name);
}

static void end(struct storm *s, unsigned i)
{
	struct active x = s->active[i];

	s->active[i] = s->active[--s->actives];
	s->busy[x.kind][x.a] = false;
	say(s, &x, "ends");
	set(s, &x, false);
	if (is_touching(x.kind))
		touch_group(s, x.group, -1);
}

static void begin(struct storm *s, struct active *x, uint64_t longest_s)
{
	x->until_us = now_us(s) + draw(s, SECOND, longest_s * SECOND);
	s->active[s->actives++] = *x;
	s->busy[x->kind][x->a] = true;
	if (is_touching(x->kind))
		touch_group(s, x->group, 1);
	set(s, x, true);
}

/* ---- firing */

static void stand_still(struct storm *s, struct active *x)
{
	uint64_t us = draw(s, SECOND / 2, (draw(s, 0, 3) ? 15 : 200) * SECOND);

	begin(s, x, 1);
	s->active[s->actives - 1].until_us = now_us(s) + us;
	world_pause(s->fleet->world, node(s, x->a)->env, us, x->kind == STORM_SUSPEND);
}

static void take_down(struct storm *s, struct active *x)
{
	begin(s, x, draw(s, 0, 3) ? 20 : 200);
	if (x->kind == STORM_CRASH)
		fleet_crash(node(s, x->a));
	else if (x->kind == STORM_POWER)
		fleet_cut(node(s, x->a));
	else
		fleet_stop(node(s, x->a));
}

static bool is_down(const struct storm *s, unsigned i)
{
	return !s->fleet->node[i].node;
}

/* Not now: the same at the same node, or a node that stands still is told to stop. */
static bool is_out(const struct storm *s, const struct active *x)
{
	if (s->busy[x->kind][x->a] || (x->kind == STORM_DOOR && s->pair[x->a][x->b].door))
		return true;
	if (x->kind == STORM_PARTITION || x->kind == STORM_DOOR)
		return false;
	return is_down(s, x->a) || s->busy[STORM_PAUSE][x->a] || s->busy[STORM_SUSPEND][x->a];
}

static bool is_end(enum storm_fault k)
{
	return k >= STORM_CRASH && k <= STORM_RESTART;
}

static void fire_one(struct storm *s, struct active *x)
{
	struct world *w = s->fleet->world;
	struct env *a = node(s, x->a)->env, *b = node(s, x->b)->env;

	if (x->kind == STORM_RESET || x->kind == STORM_HALF_RESET) {
		if (!world_reset(w, a, b, x->kind == STORM_RESET))
			return; /* there is none */
		touch(s, x->a, x->b, 0);
	}
	say(s, x, "begins");
	s->fired[x->kind]++;
	if (x->kind == STORM_RESET || x->kind == STORM_HALF_RESET)
		return;
	if (x->kind == STORM_PAUSE || x->kind == STORM_SUSPEND) {
		stand_still(s, x);
	} else if (is_end(x->kind)) {
		take_down(s, x);
	} else {
		begin(s, x, draw(s, 0, 2) ? 30 : 240);
	}
}

static bool fire(struct storm *s, const struct storm_watch *watch)
{
	unsigned n = s->fleet->nodes;
	struct active x = { .kind = (enum storm_fault)draw(s, STORM_DOOR, STORM_FAULTS - 1),
			    .a = (unsigned)draw(s, 0, n - 1) };

	x.b = (x.a + (unsigned)draw(s, 1, n - 1)) % n;
	x.group = UINT64_C(1) << x.a;
	if (x.kind == STORM_PARTITION)
		x.group |= rng_next(&s->rng) & ((UINT64_C(1) << n) - 1) & ~(UINT64_C(1) << x.b);
	if (s->actives == ACTIVE_MAX || is_out(s, &x))
		return true;
	if (is_end(x.kind) && !watch->down(watch->arg, x.a))
		return false;
	fire_one(s, &x);
	return true;
}

/* ---- running */

static void end_due(struct storm *s)
{
	for (unsigned i = s->actives; i-- > 0;)
		if (i < s->actives && s->active[i].until_us <= now_us(s))
			end(s, i);
}

static bool run(struct storm *s, uint64_t us, bool rage, const struct storm_watch *watch)
{
	uint64_t until = now_us(s) + us, next = now_us(s) + draw(s, 1, 15) * SECOND;

	while (now_us(s) < until) {
		world_run(s->fleet->world, now_us(s) + SECOND);
		end_due(s);
		if (!watch->second(watch->arg))
			return false;
		if (!rage || now_us(s) < next)
			continue;
		if (!fire(s, watch))
			return false;
		next = now_us(s) + draw(s, 1, 15) * SECOND;
	}
	return true;
}

bool storm_rage(struct storm *s, uint64_t us, const struct storm_watch *watch)
{
	return run(s, us, true, watch);
}

bool storm_calm(struct storm *s, uint64_t us, const struct storm_watch *watch)
{
	return run(s, us, false, watch);
}

/* All streams at once, as when a router starts again: everybody dials in the same moment. */
static void reset_all(struct storm *s)
{
	for (unsigned i = 0; i < s->fleet->nodes; i++)
		for (unsigned j = i + 1; j < s->fleet->nodes; j++)
			if (world_reset(s->fleet->world, node(s, i)->env, node(s, j)->env, true)) {
				s->fired[STORM_RESET]++;
				touch(s, i, j, 0);
			}
	world_trace_note(s->fleet->world, NULL, NULL, "*** all streams were reset");
}

void storm_heal(struct storm *s)
{
	while (s->actives)
		end(s, s->actives - 1);
	for (unsigned i = 0; i < s->fleet->nodes; i++) {
		world_wall_offset(node(s, i)->env, 0);
		world_wake(s->fleet->world, node(s, i)->env);
	}
	if (draw(s, 0, 1))
		reset_all(s);
	world_trace_note(s->fleet->world, NULL, NULL, "*** healed");
}

/* ---- firewalls */

/* Nobody gets in, or one in three does not. */
static void put_up(struct storm *s, unsigned to, bool all)
{
	enum world_door door = draw(s, 0, 1) ? WORLD_SILENT : WORLD_REFUSED;

	s->fired[STORM_FIREWALL]++;
	for (unsigned i = 0; i < s->fleet->nodes; i++) {
		if (i == to || (!all && draw(s, 0, 2)))
			continue;
		s->pair[i][to].firewall = true;
		world_door(s->fleet->world, node(s, i)->env, node(s, to)->env, door);
	}
}

struct storm *storm_create(struct fleet *f, uint64_t seed)
{
	struct storm *s = sim_alloc(sizeof *s);
	unsigned n;

	s->fleet = f;
	rng_seed(&s->rng, seed, STREAM);
	n = (unsigned)draw(s, 1, f->nodes / 4);
	for (unsigned i = 0; i < n; i++)
		put_up(s, (unsigned)draw(s, 0, f->nodes - 1), draw(s, 0, 1));
	return s;
}

void storm_free(struct storm *s)
{
	free(s);
}
