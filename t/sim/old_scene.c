/* SPDX-License-Identifier: MIT
 * t/sim/old_scene.c - one old node and a raw peer that writes what it likes
 */
#include "sim/old_scene.h"

#include <errno.h>
#include <string.h>

#include "lib/tap.h"

struct tn_addr raw_addr(const char *ip)
{
	struct tn_addr a;

	if (tn_addr_parse(&a, ip, strlen(ip)))
		bail_out("no address: %s", ip);
	a.port = PORT;
	return a;
}

void raw_wait(struct world *w, uint64_t us)
{
	world_run(w, world_now(w) + us);
}

/* ---- a raw peer */

static void raw_readable(void *arg)
{
	struct raw *r = arg;
	long n;

	while ((n = r->env->ops->read(r->conn, r->got + r->n, sizeof(r->got) - 1 - r->n)) > 0)
		r->n += (size_t)n;
	r->got[r->n] = '\0';
	if (n == -EAGAIN)
		return;
	r->ended = true;
	r->env->ops->arm(r->conn, false, false);
}

static void raw_connected(void *arg, int err)
{
	struct raw *r = arg;

	r->up = err == 0;
	r->env->ops->arm(r->conn, r->up, false);
}

static const struct env_events raw_events = { .readable = raw_readable,
					      .connected = raw_connected };

static void raw_accepted(void *arg, struct env_conn *c, const struct tn_addr *from)
{
	struct raw *r = arg;

	(void)from;
	r->accepts++;
	if (r->hang_up) {
		r->env->ops->close(c, false);
		return;
	}
	r->env->ops->close(r->conn, false);
	r->conn = c;
	r->up = true;
	r->env->ops->adopt(c, &raw_events, r);
	r->env->ops->arm(c, true, false);
}

static const struct env_events raw_listen_events = { .accepted = raw_accepted };

void raw_listen(struct raw *r, struct env *env, const char *ip)
{
	struct tn_addr at = raw_addr(ip);

	*r = (struct raw){ .env = env };
	r->listener = env->ops->listen(env, &at, &raw_listen_events, r, NULL);
}

void raw_open(struct raw *r, struct env *env, const char *to)
{
	struct tn_addr at = raw_addr(to);

	*r = (struct raw){ .env = env };
	r->conn = env->ops->connect(env, &at, NULL, &raw_events, r, NULL);
}

void raw_write(struct raw *r, const char *text)
{
	struct iovec v = { (void *)(uintptr_t)text, strlen(text) };

	if (r->up)
		r->env->ops->writev(r->conn, &v, 1);
}

void raw_dial(struct raw *r, struct world *w, struct env *env, const char *to, const char *text)
{
	raw_open(r, env, to);
	raw_wait(w, SECOND);
	raw_write(r, text);
	raw_wait(w, SECOND / 2);
}

void raw_send(struct raw *r, struct world *w, const char *text)
{
	struct iovec v = { (void *)(uintptr_t)text, strlen(text) };

	r->n = 0;
	r->got[0] = '\0';
	r->env->ops->writev(r->conn, &v, 1);
	raw_wait(w, SECOND / 2);
}

void raw_end(struct raw *r)
{
	r->env->ops->close(r->conn, false);
	r->env->ops->close(r->listener, false);
	r->conn = r->listener = NULL;
}

/* ---- one old node and the host of a raw peer */

struct scene scene_of(const char *old_ip, const char *raw_ip, bool dials, uint64_t broadcast,
		      bool shut)
{
	struct scene s = { .world = world_create(7), .old_ip = old_ip, .raw_ip = raw_ip };
	struct tn_addr old_at = raw_addr(old_ip), raw_at = raw_addr(raw_ip);
	struct peer_old_conf conf = { .ip = old_ip,
				      .port = PORT,
				      .known = &raw_ip,
				      .knows = dials,
				      .dials = dials,
				      .broadcast_us = broadcast,
				      .shut_overwritten = shut };

	world_knobs(s.world)->segment = false;
	s.raw_env = world_node(s.world, "raw", &raw_at);
	s.old = peer_old_create(world_node(s.world, "old", &old_at), &conf, NULL);
	if (!s.old)
		bail_out("no old node");
	return s;
}

struct scene scene(const char *old_ip, const char *raw_ip, bool dials, uint64_t broadcast)
{
	return scene_of(old_ip, raw_ip, dials, broadcast, false);
}

void scene_leave(struct scene *s)
{
	peer_old_free(s->old);
	world_free(s->world);
}

struct peer_old_about scene_about(struct scene *s)
{
	return peer_old_about(s->old, s->raw_ip);
}

void scene_dial(struct raw *r, struct scene *s, const char *text)
{
	raw_dial(r, s->world, s->raw_env, s->old_ip, text);
}
