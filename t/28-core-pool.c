/* SPDX-License-Identifier: MIT
 * t/28-core-pool.c - jobs and the writer of core/env/env.h, against threads and the simulator
 */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/lab.h"

enum { MANY = 200 };

/* What the cases share; `lock` because run() is on other threads. */
struct board {
	struct lab *lab;
	struct env *env;
	pthread_mutex_t lock;
	pthread_cond_t met;
	unsigned runs, strange, dones, ran, wrong, inside, together, meeting, finish_at;
	unsigned order[MANY], done_order[MANY];
	unsigned more; /* jobs that done() submits */
	bool calling;  /* the test is inside a call of the environment */
	pthread_t loop;
};

struct item {
	struct env_job job;
	struct board *board;
	unsigned number, runs, dones;
};

static void on_run(struct env_job *j)
{
	struct item *i = (struct item *)(void *)j;
	struct board *b = i->board;

	pthread_mutex_lock(&b->lock);
	b->strange += b->env->ops->running && pthread_equal(pthread_self(), b->loop);
	if (++b->inside > b->together)
		b->together = b->inside;
	if (b->runs < MANY)
		b->order[b->runs] = i->number;
	b->runs++;
	i->runs++;
	pthread_mutex_unlock(&b->lock);
	pthread_mutex_lock(&b->lock);
	b->inside--;
	pthread_mutex_unlock(&b->lock);
}

/* Waits until as many are here as `meeting`; only where there are threads. */
static void on_meet(struct env_job *j)
{
	struct board *b = ((struct item *)(void *)j)->board;
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	pthread_mutex_lock(&b->lock);
	b->strange += b->env->ops->running(b->env) != j;
	b->inside++;
	pthread_cond_broadcast(&b->met);
	while (b->inside < b->meeting)
		if (pthread_cond_timedwait(&b->met, &b->lock, &until))
			break;
	b->together = b->inside > b->together ? b->inside : b->together;
	pthread_mutex_unlock(&b->lock);
}

static void on_done(struct env_job *j)
{
	struct item *i = (struct item *)(void *)j;
	struct board *b = i->board;

	b->wrong += b->calling || i->dones++ || i->runs != j->ran;
	b->wrong += !pthread_equal(pthread_self(), b->loop);
	if (b->dones < MANY)
		b->done_order[b->dones] = i->number;
	b->ran += j->ran;
	if (b->more) {
		b->more--;
		i->dones = i->runs = 0;
		if (b->env->ops->submit(b->env, j))
			b->wrong++;
	}
	if (++b->dones == b->finish_at)
		lab_finish(b->lab);
}

static void begin(struct board *b, struct lab *l, unsigned finish_at)
{
	*b = (struct board){ .lab = l, .env = l->a, .finish_at = finish_at };
	b->loop = pthread_self();
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->met, NULL);
}

static struct item *items(struct board *b, unsigned n, void (*run)(struct env_job *))
{
	struct item *v = calloc(n, sizeof *v);

	for (unsigned i = 0; i < n; i++)
		v[i] = (struct item){ .job = { .run = run, .done = on_done, .name = "test" },
				      .board = b,
				      .number = i };
	return v;
}

static int give(struct board *b, struct item *i, bool write)
{
	int rc;

	b->calling = true;
	rc = write ? b->env->ops->write_behind(b->env, &i->job)
		   : b->env->ops->submit(b->env, &i->job);
	b->calling = false;
	return rc;
}

/* ---- cases */

static void exactly_once(struct lab *l)
{
	struct board b;
	struct item *v;
	unsigned refused = 0, odd = 0;

	begin(&b, l, MANY);
	v = items(&b, MANY, on_run);
	for (unsigned i = 0; i < MANY; i++)
		refused += give(&b, &v[i], false) != 0;
	is_uint(refused, 0, "many jobs are taken");
	ok(lab_run(l), "all of them are done");
	lab_wait(l, 20000);
	for (unsigned i = 0; i < MANY; i++)
		odd += v[i].runs != 1 || v[i].dones != 1;
	is_uint(odd, 0, "each has run once and was done once");
	is_uint(b.wrong + b.strange, 0, "done on the loop and not inside of a call, run elsewhere");
	free(v);
}

static void chain(struct lab *l)
{
	struct board b;
	struct item *v;

	begin(&b, l, 50);
	b.more = 49;
	v = items(&b, 1, on_run);
	give(&b, v, false);
	ok(lab_run(l), "done() gives the job again, and again");
	is_uint(b.runs, 50, "it ran each time");
	is_uint(b.wrong + b.strange, 0, "and was done each time");
	free(v);
}

static void full(struct lab *l)
{
	struct board b;
	struct item *v;
	unsigned taken = 0;

	begin(&b, l, ENV_JOBS_MAX);
	v = items(&b, ENV_JOBS_MAX + 2, on_run);
	while (taken < ENV_JOBS_MAX && !give(&b, &v[taken], false))
		taken++;
	is_uint(taken, ENV_JOBS_MAX, "so many jobs are taken");
	is_int(give(&b, &v[taken], false), TN_EFULL, "one more is not");
	is_int(give(&b, &v[taken], true), 0, "the writer counts for itself");
	b.finish_at++;
	ok(lab_run(l), "they are all done");
	is_int(give(&b, &v[taken + 1], false), 0, "then there is room again");
	b.finish_at++;
	ok(lab_run(l), "and it is done too");
	is_uint(b.wrong + b.strange, 0, "nothing happened twice");
	free(v);
}

static void in_order(struct lab *l)
{
	struct board b;
	struct item *v;
	unsigned odd = 0;

	begin(&b, l, MANY);
	v = items(&b, MANY, on_run);
	for (unsigned i = 0; i < MANY; i++)
		give(&b, &v[i], true);
	ok(lab_run(l), "all is written");
	for (unsigned i = 0; i < MANY; i++)
		odd += b.order[i] != i || b.done_order[i] != i;
	is_uint(odd, 0, "in the order in which it came, and told in that order");
	is_uint(b.together, 1, "one at a time");
	is_uint(b.wrong + b.strange, 0, "on another thread, done on the loop");
	free(v);
}

static void settled(struct lab *l)
{
	struct board b;
	struct item *v;

	begin(&b, l, MANY);
	v = items(&b, MANY, on_run);
	l->a->ops->write_settle(l->a);
	for (unsigned i = 0; i < MANY; i++)
		give(&b, &v[i], true);
	l->a->ops->write_settle(l->a);
	is_uint(b.runs, MANY, "after write_settle everything has run");
	is_uint(b.dones, MANY, "and was done");
	is_uint(b.wrong + b.strange, 0, "once");
	lab_wait(l, 20000);
	is_uint(b.dones, MANY, "nothing comes later");
	free(v);
}

static void at_once(struct lab *l)
{
	struct board b;
	struct item *v;

	if (!l->real)
		return;
	env_event_threads(l->a, 3);
	begin(&b, l, 3);
	b.meeting = 3;
	v = items(&b, 3, on_meet);
	for (unsigned i = 0; i < 3; i++)
		v[i].runs = 1, give(&b, &v[i], false);
	ok(lab_run(l), "three jobs that wait for each other");
	is_uint(b.together, 3, "run at the same time on three threads");
	is_uint(b.wrong + b.strange, 0, "each is what its thread runs");
	ok(!l->a->ops->running(l->a), "the loop runs none");
	free(v);
}

/* The environment ends with jobs in hand. */
static void cut_off(bool real)
{
	struct lab *l = lab_create(real);
	unsigned odd = 0;
	struct board b;
	struct item *v;

	begin(&b, l, 0);
	v = items(&b, MANY, on_run);
	for (unsigned i = 0; i < MANY; i++)
		give(&b, &v[i], i % 2);
	lab_free(l);
	for (unsigned i = 0; i < MANY; i++)
		odd += v[i].dones != 1;
	is_uint(odd, 0, "%s: at the end of the environment each is done once",
		real ? "threads" : "simulator");
	is_uint(b.runs, b.ran, "and knows whether it has run");
	is_uint(b.wrong + b.strange, 0, "on the thread of the loop");
	free(v);
}

/* ---- the simulator only */

static void orders(uint64_t seed, unsigned order[MANY], struct tn_addr *ip)
{
	struct world *w = world_create(seed);
	struct lab l = { .world = w };
	struct board b;
	struct item *v;

	l.a = l.b = world_node(w, "a", ip);
	begin(&b, &l, 0);
	v = items(&b, MANY, on_run);
	for (unsigned i = 0; i < MANY; i++)
		give(&b, &v[i], false);
	world_run(w, world_now(w) + 1000000);
	memcpy(order, b.done_order, sizeof b.done_order);
	is_uint(b.dones, MANY, "seed %u: all are done", (unsigned)seed);
	world_free(w);
	free(v);
}

static void by_seed(void)
{
	static unsigned one[MANY], again[MANY], other[MANY], given[MANY];
	struct tn_addr ip;

	tn_addr_parse(&ip, "10.0.0.1", 8);
	orders(1, one, &ip);
	orders(1, again, &ip);
	orders(2, other, &ip);
	for (unsigned i = 0; i < MANY; i++)
		given[i] = i;
	ok(!memcmp(one, again, sizeof one), "the same seed gives the same order");
	ok(memcmp(one, other, sizeof one), "another seed another one");
	ok(memcmp(one, given, sizeof one), "and that is not how they came");
}

static void killed(void)
{
	struct world *w = world_create(3);
	struct lab l = { .world = w };
	struct tn_addr ip;
	struct board b;
	struct item *v;

	tn_addr_parse(&ip, "10.0.0.1", 8);
	l.a = l.b = world_node(w, "a", &ip);
	begin(&b, &l, 0);
	v = items(&b, MANY, on_run);
	for (unsigned i = 0; i < MANY / 2; i++)
		give(&b, &v[i], i % 2);
	world_run(w, world_now(w) + 1000);
	world_kill(l.a);
	for (unsigned i = MANY / 2; i < MANY; i++)
		give(&b, &v[i], i % 2);
	l.a->ops->write_settle(l.a);
	b.runs = 0;
	world_run(w, world_now(w) + 1000000);
	is_uint(b.runs, 0, "a dead host runs nothing");
	world_power(w, l.a, true);
	is_uint(b.dones, MANY, "when it is back all has been done without");
	ok(b.ran < MANY / 2, "most of it never ran");
	is_uint(b.wrong + b.strange, 0, "and knows that");
	give(&b, &v[0], true);
	v[0].dones = v[0].runs = 0;
	world_run(w, world_now(w) + 1000000);
	is_uint(b.runs, 1, "it works again");
	world_free(w);
	free(v);
}

static const struct {
	const char *name;
	void (*run)(struct lab *);
} cases[] = {
	{ "exactly once", exactly_once }, { "from done", chain }, { "full", full },
	{ "in order", in_order },         { "settled", settled }, { "at once", at_once },
};

int main(void)
{
	for (int real = 1; real >= 0; real--) {
		for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
			struct lab *l = lab_create(real);

			note("%s: %s", real ? "threads" : "simulator", cases[i].name);
			cases[i].run(l);
			lab_free(l);
		}
		cut_off(real);
	}
	by_seed();
	killed();
	return done_testing();
}
