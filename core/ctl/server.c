/* SPDX-License-Identifier: MIT
 * core/ctl/server.c - the control room's life and its Unix socket
 */
#include <stdlib.h>

#include "ctl/impl.h"

static const char full_text[] =
	"{\"id\":null,\"error\":\"too many control clients are connected\",\"code\":-2}\n";

/* It is told why: the few bytes fit into any socket that is new. */
static void turn_away(struct ctl *ctl, struct env_conn *conn)
{
	char copy[sizeof(full_text)];
	struct iovec v = { copy, sizeof(full_text) - 1 };

	memcpy(copy, full_text, sizeof(full_text));
	log_line(ctl->set.log, "ctl", LOG_LEVEL_WARN, "",
		 "Control client refused: %u are connected", ctl->client_count);
	ctl->set.env->ops->writev(conn, &v, 1);
	ctl->set.env->ops->close(conn, false);
}

static void on_accepted(void *arg, struct env_conn *conn, const struct tn_addr *from)
{
	struct ctl *ctl = arg;

	(void)from;
	if (ctl->client_count >= CTL_CLIENTS_MAX || !client_create(ctl, conn))
		turn_away(ctl, conn);
}

static const struct env_events listener_events = { .accepted = on_accepted };

struct ctl *ctl_create(const struct ctl_setup *set, struct tn_error *err)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));

	if (!ctl) {
		tn_fail(err, TN_ENOMEM, "no memory for the control room");
		return NULL;
	}
	ctl->set = *set;
	ctl->begun_us = env_mono_us(set->env);
	return ctl;
}

void ctl_free(struct ctl *ctl)
{
	if (!ctl)
		return;
	while (ctl->clients)
		client_free(ctl->clients);
	request_drop_all(ctl);
	timers_cancel(ctl->set.timers, ctl->quit_timer);
	ctl->set.env->ops->close(ctl->listener, false);
	free(ctl);
}

int ctl_listen(struct ctl *ctl, const char *path, struct tn_error *err)
{
	struct env *env = ctl->set.env;
	struct tn_error own = { "" };

	if (ctl->listener)
		return tn_fail(err, TN_EBUSY, "the control socket is open already");
	ctl->listener = env->ops->listen_path(env, path, &listener_events, ctl, &own);
	if (!ctl->listener)
		return tn_fail(err, TN_EIO, "control socket: %.200s", own.text);
	log_line(ctl->set.log, "ctl", LOG_LEVEL_INFO, "", "Control socket at %s", path);
	return 0;
}

static void on_quit(void *arg)
{
	struct ctl *ctl = arg;

	ctl->quit_timer = 0;
	if (ctl->set.quit)
		ctl->set.quit(ctl->set.arg);
}

void ctl_order_quit(struct ctl *ctl)
{
	if (ctl->quit_timer)
		return;
	ctl->quit_timer = timers_add(ctl->set.timers, 0, on_quit, ctl);
	if (!ctl->quit_timer)
		on_quit(ctl);
}
