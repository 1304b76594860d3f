/* SPDX-License-Identifier: MIT
 * t/fake/node.c - a node that only tells what is asked of it, for the tests of main.c
 *
 * It writes one word per call to the log and misbehaves when its data directory holds a
 * file of that name: refuse-create, refuse-start, refuse-reload, slow-stop, crash-start,
 * stuck (a reload that never returns).
 */
#include "config.h"

#include "node.h"
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"

struct node {
	struct env *env;
	struct store *store;
	const struct settings *set;
};

static bool told(const struct settings *s, const char *what)
{
	char path[1024];

	snprintf(path, sizeof(path), "%.*s/%s", (int)s->top.data_dir.n, s->top.data_dir.p, what);
	return access(path, F_OK) == 0;
}

static void say(const struct node *n, const char *word)
{
	n->env->ops->log(n->env, ENV_LOG_INFO, word, strlen(word));
}

struct node *node_create(const struct node_setup *s, struct tn_error *err)
{
	struct node *n;

	if (told(s->settings, "refuse-create")) {
		tn_fail(err, TN_EINVAL, "the fake node refuses its configuration");
		store_close(s->store);
		return NULL;
	}
	n = calloc(1, sizeof(*n));
	n->env = s->env;
	n->store = s->store;
	n->set = s->settings;
	return n;
}

int node_start(struct node *n, const char *ctl_path, struct tn_error *err)
{
	char line[512];

	if (told(n->set, "refuse-start"))
		return tn_fail(err, TN_EIO, "the fake node cannot start");
	if (told(n->set, "crash-start"))
		abort();
	snprintf(line, sizeof(line), "fake: start %s", ctl_path);
	say(n, line);
	return 0;
}

size_t node_print_plugins(const struct node *n, char *buf, size_t room)
{
	(void)n;
	return (size_t)snprintf(buf, room, "plugins: { };\n");
}

int node_reload(struct node *n, const struct conf *c, struct tn_error *err)
{
	(void)c;
	while (told(n->set, "stuck"))
		usleep(10000);
	if (told(n->set, "refuse-reload"))
		return tn_fail(err, TN_EINVAL, "the fake node refuses the reload");
	say(n, "fake: reload");
	return 0;
}

void node_stop(struct node *n, void (*fn)(void *arg), void *arg)
{
	say(n, "fake: stop");
	if (!told(n->set, "slow-stop"))
		fn(arg);
}

void node_free(struct node *n)
{
	if (!n)
		return;
	say(n, "fake: free");
	store_close(n->store);
	free(n);
}

void node_on_quit(struct node *n, void (*fn)(void *arg, const char *fault), void *arg)
{
	(void)n;
	(void)fn;
	(void)arg;
}

void node_on_reload(struct node *n, int (*fn)(void *arg, struct tn_error *), void *arg)
{
	(void)n;
	(void)fn;
	(void)arg;
}

bool node_now(const struct node *n, struct bus_now *now)
{
	(void)n, (void)now;
	return false;
}

bool node_now_job(const struct node *n, struct bus_now *now)
{
	(void)n;
	(void)now;
	return false;
}

int record_begin(struct node *n, const char *path, uint64_t max, struct tn_error *err)
{
	(void)n, (void)path, (void)max;
	return tn_fail(err, TN_EINVAL, "the fake node cannot be recorded");
}
