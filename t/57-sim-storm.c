/* SPDX-License-Identifier: MIT
 * t/57-sim-storm.c - hundreds of networks in storms, and one that runs for a day in peace
 *
 * No arguments: what make check runs. A seed: that one, with a trace if it fails. SEEDS and
 * FIRST_SEED in the environment: so many of 12 nodes; NODES and HOURS for others; FAULTS=0
 * with a seed: in peace.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/tap.h"
#include "sim/trial.h"

#define SELF "t/57-sim-storm.t"
#define HALVES 2

struct job {
	uint64_t first, seeds;
	unsigned nodes, hours;
};

struct sum {
	struct trial all;
	uint64_t runs, good, first_bad; /* 0: none */
};

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* Every second seed, from the begin on. */
static struct sum half(const struct job *job, unsigned which)
{
	struct sum s = { .runs = 0 };

	for (uint64_t i = which; i < job->seeds; i += HALVES) {
		struct trial_setup setup = { .seed = job->first + i,
					     .nodes = job->nodes,
					     .hours = job->hours,
					     .faults = true,
					     .again = SELF };
		struct trial t = trial_run(&setup);

		trial_add(&s.all, &t);
		s.runs++;
		s.good += t.good;
		if (!t.good && !s.first_bad)
			s.first_bad = setup.seed;
	}
	return s;
}

static bool read_all(int fd, struct sum *s)
{
	size_t n = 0;
	ssize_t got;

	while (n < sizeof *s && (got = read(fd, (char *)s + n, sizeof *s - n)) > 0)
		n += (size_t)got;
	return n == sizeof *s;
}

/* A child's sum comes through the pipe, whole or not at all. */
static pid_t begin(const struct job *job, unsigned which, int fd[2])
{
	pid_t pid;

	if (pipe(fd))
		bail_out("no pipe");
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail_out("no process");
	if (!pid) {
		struct sum s = half(job, which);

		close(fd[0]);
		_exit(write(fd[1], &s, sizeof s) != (ssize_t)sizeof s);
	}
	close(fd[1]);
	return pid;
}

static struct sum run(const struct job *job)
{
	struct sum s = { .runs = 0 }, part;
	int fd[HALVES][2], status;
	pid_t pid[HALVES];

	for (unsigned i = 0; i < HALVES; i++)
		pid[i] = begin(job, i, fd[i]);
	for (unsigned i = 0; i < HALVES; i++) {
		bool whole = read_all(fd[i][0], &part);

		close(fd[i][0]);
		waitpid(pid[i], &status, 0);
		if (!ok(whole && status == 0, "process %u ended as it should", i + 1))
			continue;
		trial_add(&s.all, &part.all);
		s.runs += part.runs;
		s.good += part.good;
		if (part.first_bad && (!s.first_bad || part.first_bad < s.first_bad))
			s.first_bad = part.first_bad;
	}
	return s;
}

static void print(const char *what, const struct trial *t)
{
	note("%s: %llu node-hours, %llu messages, %llu links checked after healing, %llu doubles "
	     "seen, %llu looks at sessions with every ping matched",
	     what, (unsigned long long)(t->node_seconds / 3600), (unsigned long long)t->messages,
	     (unsigned long long)t->pairs, (unsigned long long)t->doubles,
	     (unsigned long long)t->matched);
}

/* At least one of each kind for two runs, and of the usual ones several for each. */
static void floors(const struct job *job, const struct sum *s)
{
	uint64_t runs = s->runs, node_hours = runs * job->nodes * job->hours;

	print("storm", &s->all);
	for (int k = 0; k < STORM_FAULTS; k++)
		ok(s->all.fired[k] >= runs * (k == STORM_FIREWALL ? 1 : 10 * job->hours),
		   "%u times: %s", s->all.fired[k], storm_name((enum storm_fault)k));
	ok(s->all.node_seconds / 3600 >= node_hours * 8 / 10, "%llu node-hours were lived",
	   (unsigned long long)(s->all.node_seconds / 3600));
	ok(s->all.messages >= node_hours * 1000, "%llu messages were received",
	   (unsigned long long)s->all.messages);
	ok(s->all.pairs >= runs * job->nodes * 4 * job->hours, "%llu links were asked for",
	   (unsigned long long)s->all.pairs);
	ok(s->all.told >= runs / 2, "%llu are told by the histories after healing",
	   (unsigned long long)s->all.told);
	ok(s->all.doubles >= runs, "%llu doubles were seen", (unsigned long long)s->all.doubles);
}

static void storms(const struct job *job)
{
	struct sum s = run(job);

	is_uint(s.runs, job->seeds, "seeds %llu to %llu were run, %u nodes, %u hours each",
		(unsigned long long)job->first, (unsigned long long)(job->first + job->seeds - 1),
		job->nodes, job->hours);
	is_uint(s.good, job->seeds, "each keeps the invariants");
	floors(job, &s);
	if (s.first_bad)
		trial_run(&(struct trial_setup){ .seed = s.first_bad,
						 .nodes = job->nodes,
						 .hours = job->hours,
						 .faults = true,
						 .trace = 400,
						 .again = SELF });
}

static void peace(uint64_t seed, unsigned nodes, unsigned hours)
{
	struct trial t = trial_run(&(struct trial_setup){
		.seed = seed, .nodes = nodes, .hours = hours, .again = SELF });

	print("peace", &t);
	ok(t.good, "%u nodes, %u hours: no reconnect, no double, every ping matched", nodes, hours);
	is_uint(t.node_seconds, (uint64_t)nodes * hours * 3600,
		"each node lived through all of it");
	ok(t.messages >= (uint64_t)nodes * hours * 1000, "%llu messages were received",
	   (unsigned long long)t.messages);
	ok(t.pairs >= nodes * 4, "%llu links were asked for", (unsigned long long)t.pairs);
}

/* One seed decides everything: a trace or another look changes nothing. */
static void same_again(void)
{
	struct trial_setup setup = { .seed = 1, .nodes = 12, .hours = 1, .faults = true };
	struct trial a = trial_run(&setup), b;

	setup.trace = 100;
	b = trial_run(&setup);
	ok(a.good && a.hash == b.hash && a.messages == b.messages, "the same seed is the same run");
}

static int one(uint64_t seed)
{
	struct trial t = trial_run(&(struct trial_setup){ .seed = seed,
							  .nodes = (unsigned)number("NODES", 12),
							  .hours = (unsigned)number("HOURS", 2),
							  .faults = number("FAULTS", 1) != 0,
							  .trace = 4000,
							  .again = SELF });

	print(number("FAULTS", 1) ? "storm" : "peace", &t);
	ok(t.good, "seed %llu", (unsigned long long)seed);
	return done_testing();
}

int main(int argc, char **argv)
{
	uint64_t slow = number("TN_SLOW", 1); /* under a checker: less of everything */
	struct job job = { number("FIRST_SEED", 1), number("SEEDS", 200 / slow),
			   (unsigned)number("NODES", 12), (unsigned)number("HOURS", 2) };

	if (argc > 1)
		return one(strtoull(argv[1], NULL, 10));
	storms(&job);
	if (!getenv("SEEDS")) {
		same_again();
		peace(1, 50, 24 / slow ? (unsigned)(24 / slow) : 1);
	}
	return done_testing();
}
