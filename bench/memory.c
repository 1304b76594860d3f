/* SPDX-License-Identifier: MIT
 * bench/memory.c - user memory of a real node per session, before and after a long line
 */
#include "crowd.h"

#include <stdlib.h>
#include <string.h>

enum { LINE = 65536 };

/* A message that nobody owns here: counted and refused once it is complete. */
static void say_long_line(int fd)
{
	static const char head[] = "{\"TransactionBroadcast\":\"";
	static char line[LINE];

	memset(line, 'x', sizeof line);
	memcpy(line, head, sizeof head - 1);
	memcpy(line + sizeof line - 3, "\"}\n", 3);
	say(fd, line, sizeof line);
}

static void measure(const struct probe *p, double out[OUTS])
{
	struct daemon d;
	struct crowd c;
	double before;

	daemon_start(&d, p->k ? "pingpong: { }; peers: { };" : "");
	before = process_memory(d.pid);
	crowd_join(&c, d.port, p->n);
	crowd_serve(&c, 200, 0);
	process_settle(d.pid);
	out[0] = (process_memory(d.pid) - before) / p->n;
	for (unsigned i = 0; i < c.n; i++)
		say_long_line(c.fd[i]);
	crowd_serve(&c, 200, 0);
	process_settle(d.pid);
	out[1] = (process_memory(d.pid) - before) / p->n;
	crowd_leave(&c);
	daemon_stop(&d);
}

static const struct probe probes[] = {
	{ "memory-1k-core", measure, 1000, 0 },
	{ "memory-10k-core", measure, 10000, 0 },
	{ "memory-1k-plugins", measure, 1000, 1 },
	{ "memory-10k-plugins", measure, 10000, 1 },
	{ 0 },
};

#define IDLE "memory of an idle session, "
#define AFTER "  the same after a 64 KiB line, beside idle"

static const struct figure figures[] = {
	{ IDLE "1,000, no plugins", "B", "memory-1k-core", NULL, 1024 },
	{ AFTER, "B", "memory-1k-core.1", "memory-1k-core", 1.1 },
	{ IDLE "10,000, no plugins", "B", "memory-10k-core", NULL, 1024 },
	{ AFTER, "B", "memory-10k-core.1", "memory-10k-core", 1.1 },
	{ IDLE "1,000, pingpong, peers", "B", "memory-1k-plugins", NULL, 1024 },
	{ AFTER, "B", "memory-1k-plugins.1", "memory-1k-plugins", 1.1 },
	{ IDLE "10,000, pingpong, peers", "B", "memory-10k-plugins", NULL, 1024 },
	{ AFTER, "B", "memory-10k-plugins.1", "memory-10k-plugins", 1.1 },
	{ 0 },
};

const struct part part_memory = { "memory", probes, figures };
