/* SPDX-License-Identifier: MIT
 * core/plug/quarantine.c - plugins that fail too often are unloaded and tried again later
 *
 * Whoever needs one goes with it and comes back behind it. What is remembered here is a
 * name and a delay: the next try loads the file anew, so that a mended one is taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plug/impl.h"

#define SECOND_US UINT64_C(1000000)
#define DELAY_FIRST_US (10 * SECOND_US)
#define DELAY_MAX_US (300 * SECOND_US)
#define HEALTHY_US (300 * SECOND_US) /* without a new fault: all is forgotten */
#define HALF_LIFE_US (60 * SECOND_US)

struct ward {
	struct ward *next;
	struct plug *pl;
	char name[PLUG_NAME_MAX + 1], version[33], why[200];
	uint64_t delay_us, due_us, timer;
	bool running;  /* on probation */
	bool innocent; /* went with one that it needs */
};

static struct ward *ward_find(const struct plug *pl, const char *name)
{
	struct ward *w = pl->wards;

	while (w && strcmp(w->name, name))
		w = w->next;
	return w;
}

static void ward_free(struct ward *w)
{
	struct ward **at = &w->pl->wards;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	timers_cancel(w->pl->timers, w->timer);
	free(w);
}

/* Behind the others: the order of stopping and of the table. */
static struct ward *ward_new(struct plug *pl, const char *name)
{
	struct ward *w = calloc(1, sizeof *w), **at = &pl->wards;

	if (!w)
		return NULL;
	w->pl = pl;
	snprintf(w->name, sizeof w->name, "%s", name);
	while (*at)
		at = &(*at)->next;
	*at = w;
	return w;
}

/* ---- coming back */

static void on_retry(void *arg);

static void wait_more(struct ward *w)
{
	w->delay_us = w->delay_us ? 2 * w->delay_us : DELAY_FIRST_US;
	if (w->delay_us > DELAY_MAX_US)
		w->delay_us = DELAY_MAX_US;
	timers_cancel(w->pl->timers, w->timer);
	w->running = false;
	w->due_us = env_mono_us(w->pl->env) + w->delay_us;
	w->timer = timers_add(w->pl->timers, w->delay_us, on_retry, w);
}

/* Those who only waited for a provider need not wait longer. */
static void wake_innocent(struct plug *pl)
{
	for (struct ward *w = pl->wards; w; w = w->next) {
		if (!w->innocent)
			continue;
		timers_cancel(pl->timers, w->timer);
		w->timer = timers_add(pl->timers, 0, on_retry, w);
	}
}

static void on_healthy(void *arg)
{
	struct ward *w = arg;

	w->timer = 0;
	ward_free(w);
}

static void came_back(struct ward *w)
{
	struct plug *pl = w->pl;

	if (w->innocent) {
		ward_free(w);
	} else {
		w->running = true;
		w->timer = timers_add(pl->timers, HEALTHY_US, on_healthy, w);
	}
	wake_innocent(pl);
}

static void on_retry(void *arg)
{
	struct ward *w = arg;
	struct tn_error err = { "" };

	w->timer = 0;
	if (!plug_load_now(w->pl, w->name, &err)) {
		came_back(w);
		return;
	}
	snprintf(w->why, sizeof w->why, "%.190s", err.text);
	wait_more(w);
	log_line(w->pl->log, "plug", LOG_LEVEL_WARN, w->name,
		 "plugin %s stays in quarantine for %u s: %s", w->name,
		 (unsigned)(w->delay_us / SECOND_US), w->why);
}

/* ---- going */

static void put_away(struct plugin *p, const char *why, bool innocent)
{
	struct plug *pl = p->plug;
	struct ward *w = ward_find(pl, p->name);

	if (!w)
		w = ward_new(pl, p->name);
	if (w) {
		snprintf(w->version, sizeof w->version, "%.32s", p->desc.version);
		snprintf(w->why, sizeof w->why, "%.190s", why);
		w->innocent = innocent;
		wait_more(w);
	}
	log_line(pl->log, "plug", LOG_LEVEL_ERROR, p->name,
		 "plugin %s is put into quarantine for %u s: %s; nobody owns its messages now",
		 p->name, w ? (unsigned)(w->delay_us / SECOND_US) : 0, why);
	life_drop(p, TN_STOP_FAULT);
}

/* Providers stand in front, so that one pass finds also those who need it over others. */
static void mark_needing(const struct plug *pl, const struct plugin *p, bool goes[PLUG_MAX])
{
	for (unsigned i = 0; i < pl->count; i++) {
		goes[i] = pl->list[i] == p;
		for (unsigned j = 0; j < i && !goes[i]; j++)
			goes[i] = goes[j] && service_needs(pl->list[i], pl->list[j]);
	}
}

static void put_away_all(struct plug *pl, struct plugin *p, const bool goes[PLUG_MAX])
{
	char why[200], because[80];

	snprintf(why, sizeof why, "%s", p->why);
	snprintf(because, sizeof because, "plugin %s, which it needs, is in quarantine", p->name);
	for (unsigned i = pl->count; i-- > 0;)
		if (goes[i])
			put_away(pl->list[i], pl->list[i] == p ? why : because, pl->list[i] != p);
}

/* The one without which the node shall not run, among those that would go. */
static const struct plugin *critical(const struct plug *pl, const bool goes[PLUG_MAX])
{
	for (unsigned i = 0; i < pl->count; i++)
		if (goes[i] && pl->list[i]->desc.flags & TN_PF_CRITICAL)
			return pl->list[i];
	return NULL;
}

/* Once: whatever fails while the node stops changes nothing. */
static void give_up(struct plug *pl, const struct plugin *p, const struct plugin *needs)
{
	char why[80];

	if (p == needs)
		log_line(pl->log, "plug", LOG_LEVEL_ERROR, p->name,
			 "plugin %s fails, and the node cannot go on without it: %s", p->name,
			 p->why);
	else
		log_line(pl->log, "plug", LOG_LEVEL_ERROR, p->name,
			 "plugin %s fails, and the node cannot go on without plugin %s, "
			 "which needs it: %s",
			 p->name, needs->name, p->why);
	snprintf(why, sizeof why, "plugin %s failed", p->name);
	pl->given_up = true;
	pl->fatal(pl->fatal_arg, why);
}

static void on_faults(void *arg)
{
	struct plug *pl = arg;
	bool goes[PLUG_MAX];
	const struct plugin *needs;
	unsigned i = 0;

	pl->fault_timer = 0;
	while (i < pl->count && !pl->list[i]->why[0])
		i++;
	if (i == pl->count)
		return;
	mark_needing(pl, pl->list[i], goes);
	needs = critical(pl, goes);
	if (needs && pl->fatal) {
		give_up(pl, pl->list[i], needs);
		return;
	}
	put_away_all(pl, pl->list[i], goes);
	pl->fault_timer = timers_add(pl->timers, 0, on_faults, pl);
}

/* Never at once: its code may be on the stack. */
void quarantine_fault(struct plugin *p, const char *why)
{
	struct plug *pl = p->plug;

	if (p->why[0] || pl->given_up)
		return;
	snprintf(p->why, sizeof p->why, "%.190s", *why ? why : "it fails");
	if (!pl->fault_timer)
		pl->fault_timer = timers_add(pl->timers, 0, on_faults, pl);
}

void quarantine_points(struct plugin *p, unsigned points, const char *what)
{
	uint32_t now = score_add(&p->faults, points, env_mono_us(p->plug->env), HALF_LIFE_US);

	if (now >= QUARANTINE_POINTS)
		quarantine_fault(p, what);
}

/* ---- asked */

bool quarantine_has(const struct plug *pl, const char *name)
{
	const struct ward *w = ward_find(pl, name);

	return w && !w->running;
}

void quarantine_forget(struct plug *pl, const char *name)
{
	struct ward *w = ward_find(pl, name);

	if (w)
		ward_free(w);
	wake_innocent(pl);
}

void quarantine_free(struct plug *pl)
{
	while (pl->wards)
		ward_free(pl->wards);
	timers_cancel(pl->timers, pl->fault_timer);
	pl->fault_timer = 0;
}

bool quarantine_info(const struct plug *pl, size_t i, struct plug_info *out)
{
	uint64_t now = env_mono_us(pl->env);
	const struct ward *w = pl->wards;

	for (; w && (w->running || i); w = w->next)
		i -= !w->running;
	if (!w)
		return false;
	*out = (struct plug_info){ .name = w->name,
				   .version = w->version,
				   .summary = "",
				   .license = "",
				   .state = "quarantined",
				   .path = "",
				   .reason = w->why,
				   .retry_us = w->due_us > now ? w->due_us - now : 0 };
	return true;
}
