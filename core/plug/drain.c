/* SPDX-License-Identifier: MIT
 * core/plug/drain.c - a plugin is let finish jobs and commits before it is unloaded or upgraded
 */
#include <stdio.h>
#include <stdlib.h>

#include "plug/impl.h"

struct drain {
	enum plug_leave how;
	plug_end_fn *end; /* NULL: nobody asks any more */
	void *arg;
	uint64_t timer;
};

static bool is_busy(const struct plugin *p)
{
	return p->jobs || p->writes;
}

static const char *slowest(const struct plugin *p)
{
	return p->jobs ? job_oldest(p) : "of writing";
}

static void finish(struct drain *d, int code, const char *text)
{
	if (d->end)
		d->end(d->arg, code, text);
	free(d);
}

static struct drain *take(struct plugin *p)
{
	struct drain *d = p->drain;

	timers_cancel(p->plug->timers, d->timer);
	p->drain = NULL;
	return d;
}

static int leave(struct plug *pl, const char *name, enum plug_leave how, struct tn_error *err)
{
	return how == PLUG_UPGRADE ? plug_upgrade(pl, name, err) : plug_unload(pl, name, err);
}

static void on_quiet(void *arg)
{
	struct plugin *p = arg;
	struct drain *d = take(p);
	struct tn_error err = { "" };
	char name[PLUG_NAME_MAX + 1];
	int rc;

	snprintf(name, sizeof name, "%s", p->name);
	rc = leave(p->plug, name, d->how, &err);
	finish(d, rc, err.text);
}

static void on_late(void *arg)
{
	struct plugin *p = arg;
	struct drain *d = p->drain;
	struct tn_error err;
	int rc;

	if (!is_busy(p)) {
		on_quiet(p);
		return;
	}
	take(p);
	rc = tn_fail(&err, TN_EBUSY, "plugin %s runs on: its job %s takes longer than %d s",
		     p->name, slowest(p), PLUG_DRAIN_S);

	log_line(p->plug->log, "plug", LOG_LEVEL_WARN, p->name,
		 "plugin %s runs on: its job %s takes longer than %d s", p->name, slowest(p),
		 PLUG_DRAIN_S);
	finish(d, rc, err.text);
}

/* From the loop: this is called from inside of what has just ended. */
void drain_look(struct plugin *p)
{
	struct plug *pl = p->plug;
	uint64_t soon;

	if (!p->drain || is_busy(p))
		return;
	soon = timers_add(pl->timers, 0, on_quiet, p);
	if (!soon)
		return; /* its deadline will end it */
	timers_cancel(pl->timers, p->drain->timer);
	p->drain->timer = soon;
}

void drain_cancel(struct plugin *p)
{
	if (p->drain)
		finish(take(p), TN_EGONE, "the plugin has stopped for another reason");
}

static int begin(struct plugin *p, const struct drain *model, struct tn_error *err)
{
	struct drain *d = malloc(sizeof *d);

	if (d)
		*d = *model;
	if (d)
		d->timer =
			timers_add(p->plug->timers, PLUG_DRAIN_S * UINT64_C(1000000), on_late, p);
	if (!d || !d->timer) {
		free(d);
		return tn_fail(err, TN_ENOMEM, "no memory");
	}
	p->drain = d;
	return PLUG_LATER;
}

int plug_leave(struct plug *pl, const char *name, enum plug_leave how, plug_end_fn *end, void *arg,
	       struct tn_error *err)
{
	struct plugin *p = life_find(pl, name);
	char who[160];

	if (p && p->drain)
		return tn_fail(err, TN_EBUSY, "plugin %s is about to go already", name);
	if (!p || !is_busy(p) || bus_depth(pl->bus))
		return leave(pl, name, how, err);
	if (how == PLUG_UNLOAD && service_dependants(p, who, sizeof who))
		return leave(pl, name, how, err);
	return begin(p, &(struct drain){ how, end, arg, 0 }, err);
}

void plug_leave_drop(struct plug *pl, void *arg)
{
	for (unsigned i = 0; i < pl->count; i++)
		if (pl->list[i]->drain && pl->list[i]->drain->arg == arg)
			pl->list[i]->drain->end = NULL;
}
