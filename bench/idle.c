/* SPDX-License-Identifier: MIT
 * bench/idle.c - what a real node costs while its peers are silent
 *
 * The nodes live as long as the run; their peers are a process that answers and is
 * otherwise silent.
 */
#include "crowd.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { INTERVAL_MS = 30000 };

struct idle {
	struct daemon d;
	pid_t peers;
	double cpu, wakeups; /* when its peers had joined and been pinged */
	uint64_t since_ms;
};

static struct idle node[2];
static pid_t owner;

static void end_all(void)
{
	for (unsigned i = 0; i < 2 && getpid() == owner; i++) {
		if (node[i].peers)
			kill(node[i].peers, SIGKILL);
		if (node[i].d.pid)
			daemon_stop(&node[i].d);
	}
}

static void start(struct idle *it, const struct probe *p)
{
	struct crowd c;

	if (!owner)
		atexit(end_all);
	owner = getpid();
	daemon_start(&it->d, p->k ? "pingpong: { }; peers: { };" : "");
	it->peers = fork();
	if (it->peers == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		crowd_join(&c, it->d.port, p->n);
		crowd_serve(&c, 1u << 30, 0);
		_exit(0);
	}
	pause_ms(2000);
	process_settle(it->d.pid);
	it->cpu = process_cpu(it->d.pid);
	it->wakeups = process_wakeups(it->d.pid);
	it->since_ms = now_ms();
}

/* All of it since the start: peers that came together are pinged together, once in an
 * interval, and a window of seconds would see all of that or nothing.
 */
static void measure(const struct probe *p, double out[OUTS])
{
	struct idle *it = &node[p->k];
	double ms;

	if (!it->d.pid)
		start(it, p);
	while (now_ms() - it->since_ms < INTERVAL_MS)
		pause_ms(100);
	ms = (double)(now_ms() - it->since_ms);
	out[0] = (process_cpu(it->d.pid) - it->cpu) / (ms * 1e6) * 100;
	out[1] = (process_wakeups(it->d.pid) - it->wakeups) * 1e3 / ms;
}

static const struct probe probes[] = {
	{ "idle-core", measure, 1000, 0 },
	{ "idle-plugins", measure, 1000, 1 },
	{ 0 },
};

static const struct figure figures[] = {
	{ "idle, 1,000 sessions, no plugins: processor", "%", "idle-core", NULL, 0.05 },
	{ "idle, 1,000 sessions, no plugins: wake-ups", "/s", "idle-core.1", NULL, 5 },
	{ "idle, 1,000 sessions, pingpong, peers: processor", "%", "idle-plugins", NULL, 0 },
	{ "idle, 1,000 sessions, pingpong, peers: wake-ups", "/s", "idle-plugins.1", NULL, 0 },
	{ 0 },
};

const struct part part_idle = { "idle", probes, figures };
