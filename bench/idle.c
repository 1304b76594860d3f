/* SPDX-License-Identifier: MIT
 * bench/idle.c - what a real node costs while its peers are silent
 *
 * The nodes live as long as the run, so that pings are spread over their interval as they
 * are in a network; their peers are a process that answers and is otherwise silent.
 */
#include "crowd.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { WINDOW_MS = 5000, INTERVAL_MS = 30000 };

struct idle {
	struct daemon d;
	pid_t peers;
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
	pause_ms(INTERVAL_MS);
}

static void measure(const struct probe *p, double out[OUTS])
{
	pid_t pid;
	double cpu, wakeups;

	if (!node[p->k].d.pid)
		start(&node[p->k], p);
	pid = node[p->k].d.pid;
	cpu = process_cpu(pid);
	wakeups = process_wakeups(pid);
	pause_ms(WINDOW_MS);
	out[0] = (process_cpu(pid) - cpu) / (WINDOW_MS * 1e6) * 100;
	out[1] = (process_wakeups(pid) - wakeups) * 1e3 / WINDOW_MS;
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
