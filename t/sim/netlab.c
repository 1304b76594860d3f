/* SPDX-License-Identifier: MIT
 * t/sim/netlab.c - the net room alone in the simulator
 */
#include <stdlib.h>
#include <string.h>

#include "sim/netlab.h"

static void line(void *arg, struct session *s, unsigned id, const struct tn_envelope *e,
		 struct tn_view text)
{
	struct netlab *lab = arg;

	(void)e, (void)text;
	lab->lines++;
	if (id == NAME_UNKNOWN)
		account_add(&s->account, id, COUNT_UNKNOWN);
	else
		account_add(&s->account, id, COUNT_HANDLED);
}

static void opened(void *arg, struct session *s)
{
	struct netlab *lab = arg;

	(void)s;
	if (netlab_up(lab) > 1)
		lab->doubles++;
	if (netlab_up(lab) > lab->most)
		lab->most = netlab_up(lab);
}

static void up(void *arg, struct session *s)
{
	(void)s;
	((struct netlab *)arg)->ups++;
}

static void down(void *arg, struct session *s)
{
	(void)s;
	((struct netlab *)arg)->downs++;
}

void netlab_ping(struct netlab *lab, struct session *s, uint64_t nonce)
{
	struct tn_ping body = { nonce, 1 };
	struct frame *f = frame_encode(names_find(net_names(lab->net), "Ping", 4), "Ping",
				       &tn_wire_ping, &body);

	net_send(lab->net, s, f, 0, false);
	frame_unref(f);
}

static void probe(void *arg, struct session *s)
{
	struct netlab *lab = arg;

	lab->probes++;
	netlab_ping(lab, s, 7);
}

static void dialed(void *arg, const struct tn_addr *a, int result)
{
	struct netlab *lab = arg;

	(void)a;
	*(result ? &lab->dialed_bad : &lab->dialed_ok) += 1;
}

static const struct net_hooks hooks = {
	.line = line, .opened = opened, .up = up, .down = down, .probe = probe, .dialed = dialed
};

static int64_t wall(void *arg)
{
	return env_wall_us(((struct netlab *)arg)->env);
}

static void write_log(void *arg, enum log_level level, const char *text, size_t n)
{
	struct netlab *lab = arg;

	lab->env->ops->log(lab->env, (enum env_log_level)level, text, n);
}

static int configure(struct netlab *lab, const char *conf)
{
	struct tn_error err;
	struct conf *c = conf_read_text(conf, "netlab", &err);
	int r = c ? settings_read(c, &lab->set, lab->arena, &err) : -1;

	if (r)
		fprintf(stderr, "# %s\n", err.text);
	conf_free(c);
	return r;
}

struct netlab *netlab_create(struct world *world, const char *name, const char *ip,
			     const char *conf)
{
	struct netlab *lab = calloc(1, sizeof *lab);
	struct log_out out = { wall, write_log, lab };
	struct tn_error err;
	struct tn_addr a;

	tn_addr_parse(&a, ip, strlen(ip));
	lab->env = world_node(world, name, &a);
	lab->timers = timers_create(lab->env);
	lab->arena = tn_arena_create(0);
	lab->log = logger_create(&out);
	logger_level(lab->log, NULL, LOG_LEVEL_DEBUG);
	if (configure(lab, conf))
		abort();
	lab->net = net_create(&(struct net_setup){ .env = lab->env,
						   .timers = lab->timers,
						   .log = lab->log,
						   .settings = &lab->set,
						   .agent = "lab/1" },
			      &err);
	if (!lab->net)
		abort();
	net_hook(lab->net, &hooks, lab);
	return lab;
}

void netlab_start(struct netlab *lab)
{
	struct tn_error err;

	if (net_start(lab->net, &err)) {
		fprintf(stderr, "# %s\n", err.text);
		abort();
	}
}

void netlab_free(struct netlab *lab)
{
	if (!lab)
		return;
	net_free(lab->net);
	logger_free(lab->log);
	timers_free(lab->timers);
	tn_arena_unref(lab->arena);
	free(lab);
}

unsigned netlab_up(const struct netlab *lab)
{
	unsigned n = 0;

	for (struct session *s = net_any(lab->net, NULL); s; s = net_any(lab->net, s))
		n += session_is_up(s);
	return n;
}

struct session *netlab_single(const struct netlab *lab)
{
	struct session *found = NULL;

	for (struct session *s = net_any(lab->net, NULL); s; s = net_any(lab->net, s)) {
		if (!session_is_up(s))
			continue;
		if (found)
			return NULL;
		found = s;
	}
	return found;
}
