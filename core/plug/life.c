/* SPDX-License-Identifier: MIT
 * core/plug/life.c - claim, init, start, up ... down, stop, fini: one order for every way
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plug/impl.h"

static const char *const more_keys[] = { "path", NULL };

int life_conf(struct plugin *p, const struct conf *c, void **values, struct tn_arena **memory,
	      struct tn_error *err)
{
	char group[64];
	int rc;

	snprintf(group, sizeof group, "plugins.%s", p->name);
	*memory = tn_arena_create(0);
	*values = *memory ? tn_alloc(*memory, p->desc.conf_bytes) : NULL;
	if (!*values)
		return tn_fail(err, TN_ENOMEM, "plugin %s: no memory", p->name);
	if (c && !conf_has(c, group))
		c = NULL;
	rc = conf_fill(c, group, p->desc.options, more_keys, *values, *memory, err);
	return rc;
}

struct plugin *life_find(const struct plug *pl, const char *name)
{
	for (unsigned i = 0; i < pl->count; i++)
		if (!strcmp(pl->list[i]->name, name))
			return pl->list[i];
	return NULL;
}

int life_claim(struct plugin *p, const struct plugin *instead, struct tn_error *err)
{
	struct bus_member_setup set = { .name = p->name,
					.ctx = &p->ctx,
					.messages = p->desc.messages,
					.reasons = p->desc.reasons,
					.of = p,
					.instead = instead ? instead->member : NULL };

	if (slots_add_plugin(p)) {
		slots_drop_plugin(p);
		return tn_fail(err, TN_ENOMEM, "plugin %s: no memory", p->name);
	}
	p->member = bus_join(p->plug->bus, &set, err);
	if (p->member)
		return 0;
	slots_drop_plugin(p);
	return TN_EINVAL;
}

/* A plugin may forget to say why. */
static int say_why(const struct plugin *p, const char *step, int rc, struct tn_error *err)
{
	struct tn_error why = *err;

	return tn_fail(err, rc < 0 ? rc : TN_EINVAL, "plugin %s: %s: %.180s", p->name, step,
		       why.text[0] ? why.text : tn_code_text(rc));
}

int life_init(struct plugin *p, struct tn_error *err)
{
	struct tn_error why = { "" };
	struct bus_call call;
	int rc = data_open(p, err);

	if (rc)
		return rc;
	p->inited = true;
	if (!p->desc.init)
		return 0;
	bus_enter(p->plug->bus, &call, p->member, "init", NULL);
	rc = p->desc.init(&p->ctx, &why);
	bus_exit(p->plug->bus, &call);
	if (!rc)
		return 0;
	*err = why;
	return say_why(p, "init", rc, err);
}

static void say_state(const struct plugin *p, const char *what)
{
	log_line(p->plug->log, "plug", LOG_LEVEL_INFO, p->name, "plugin %s %s %s", p->name,
		 p->desc.version, what);
}

/* What it began ends now; it may ask no more questions from here on. */
static void end_open(struct plugin *p)
{
	bus_end_questions(p->member);
	job_end(p);
	ticket_sweep(p);
}

static void undo_start(struct plugin *p)
{
	bus_activate(p->member, false);
	end_open(p);
	plug_timer_sweep(p);
	p->state = PLUGIN_LOADED;
}

static int call_start(struct plugin *p, struct tn_error *err)
{
	struct tn_error why = { "" };
	struct bus_call call;
	int rc;

	if (!p->desc.start)
		return 0;
	bus_enter(p->plug->bus, &call, p->member, "start", NULL);
	rc = p->desc.start(&p->ctx, &why);
	bus_exit(p->plug->bus, &call);
	if (!rc)
		return 0;
	*err = why;
	return say_why(p, "start", rc, err);
}

static int call_restore(struct plugin *p, struct tn_view saved, struct tn_error *err)
{
	struct tn_error why = { "" };
	struct bus_call call;
	int rc;

	if (!p->desc.restore || !saved.p)
		return 0;
	bus_enter(p->plug->bus, &call, p->member, "restore", NULL);
	rc = p->desc.restore(&p->ctx, saved, &why);
	bus_exit(p->plug->bus, &call);
	if (!rc)
		return 0;
	*err = why;
	return say_why(p, "restore", rc, err);
}

int life_begin(struct plugin *p, struct tn_view saved, struct tn_error *err)
{
	int rc;

	p->state = PLUGIN_RUNNING;
	bus_activate(p->member, true);
	rc = call_start(p, err);
	if (rc) {
		undo_start(p);
		return rc;
	}
	rc = call_restore(p, saved, err);
	if (rc) {
		life_halt(p, TN_STOP_FAULT);
		return rc;
	}
	for (struct session *s = net_first(p->plug->net); s; s = net_next(s))
		if (session_is_up(s))
			slots_up(p, s);
	return 0;
}

int life_start(struct plugin *p, struct tn_error *err)
{
	int rc = life_begin(p, (struct tn_view){ NULL, 0 }, err);

	if (!rc)
		say_state(p, "started");
	return rc;
}

static void all_down(struct plugin *p)
{
	for (struct session *s = net_first(p->plug->net); s; s = net_next(s))
		slots_down(p, s);
}

static void call_stop(struct plugin *p, enum tn_why why)
{
	struct bus_call call;

	if (!p->desc.stop)
		return;
	bus_enter(p->plug->bus, &call, p->member, "stop", NULL);
	p->desc.stop(&p->ctx, why);
	bus_exit(p->plug->bus, &call);
}

void life_leave(struct plugin *p)
{
	struct bus_call call;

	if (!p->member)
		return;
	job_end(p);
	ticket_sweep(p);
	bus_end_holds(p->member);
	plug_timer_sweep(p);
	data_sweep(p);
	if (p->inited && p->desc.fini) {
		bus_enter(p->plug->bus, &call, p->member, "fini", NULL);
		p->desc.fini(&p->ctx);
		bus_exit(p->plug->bus, &call);
	}
	p->inited = false;
	bus_leave(p->member);
	p->member = NULL;
	slots_drop_plugin(p);
}

/* Holds stay: a plugin that is brought back may still settle them. */
void life_halt(struct plugin *p, enum tn_why why)
{
	drain_cancel(p);
	p->state = PLUGIN_STOPPING;
	all_down(p);
	end_open(p);
	call_stop(p, why);
	ticket_sweep(p);
	bus_activate(p->member, false);
	plug_timer_sweep(p);
	data_sweep(p);
	p->state = PLUGIN_LOADED;
}

void life_stop(struct plugin *p, enum tn_why why)
{
	if (p->state == PLUGIN_RUNNING) {
		life_halt(p, why);
		say_state(p, "stopped");
	}
	life_leave(p);
}

void life_drop(struct plugin *p, enum tn_why why)
{
	struct plug *pl = p->plug;
	unsigned i = 0;

	life_stop(p, why);
	while (pl->list[i] != p)
		i++;
	memmove(&pl->list[i], &pl->list[i + 1], (pl->count - i - 1) * sizeof pl->list[0]);
	pl->count--;
	load_close(p);
}
