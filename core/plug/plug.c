/* SPDX-License-Identifier: MIT
 * core/plug/plug.c - the plugin host as a whole: made, loaded, started, reloaded, asked
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plug/impl.h"
#include "timenode/event.h"

/* ---- what the bus brings up */

static void on_opened(void *arg, struct session *s)
{
	slots_opened(arg, s);
}

static void on_up(void *arg, struct session *s)
{
	struct plug *pl = arg;

	for (unsigned i = 0; i < pl->count; i++)
		if (pl->list[i]->state == PLUGIN_RUNNING)
			slots_up(pl->list[i], s);
}

static void on_down(void *arg, struct session *s)
{
	struct plug *pl = arg;

	for (unsigned i = pl->count; i-- > 0;)
		if (pl->list[i]->member)
			slots_down(pl->list[i], s);
}

static void on_closed(void *arg, struct session *s)
{
	slots_closed(arg, s);
}

static void on_probe(void *arg, struct session *s)
{
	struct tn_ev_session ev = { { s->sid } };

	event_tell(arg, TN_EV_PROBE, sizeof ev, &ev);
}

static void on_dial_wanted(void *arg, uint32_t slots)
{
	struct tn_ev_dial_wanted ev = { slots };

	event_tell(arg, TN_EV_DIAL_WANTED, sizeof ev, &ev);
}

static void on_dialed(void *arg, const struct tn_addr *a, int result)
{
	struct tn_ev_dialed ev = { *a, result };

	event_tell(arg, TN_EV_DIALED, sizeof ev, &ev);
}

static void on_failed(void *arg, void *of, unsigned points, const char *what)
{
	(void)arg;
	quarantine_points(of, points, what);
}

static void *slot(void *arg, void *of, struct session *s)
{
	(void)arg;
	return slots_get(of, s);
}

static const struct bus_hooks hooks = {
	.opened = on_opened,
	.up = on_up,
	.down = on_down,
	.closed = on_closed,
	.probe = on_probe,
	.dial_wanted = on_dial_wanted,
	.dialed = on_dialed,
	.slot = slot,
	.failed = on_failed,
};

struct plug *plug_create(const struct plug_setup *set, struct tn_error *err)
{
	struct plug *pl = calloc(1, sizeof *pl);
	struct bus_setup bus = { set->env, set->timers, set->log, set->settings,
				 set->net, &hooks,      pl };

	if (!pl)
		goto fail;
	*pl = (struct plug){ .env = set->env,
			     .timers = set->timers,
			     .log = set->log,
			     .settings = set->settings,
			     .net = set->net,
			     .store = set->store,
			     .builtins = set->builtins,
			     .is_reserved = set->is_reserved,
			     .builtin_count = set->builtin_count,
			     .has_files = set->has_files,
			     .fatal = set->fatal,
			     .fatal_arg = set->fatal_arg };
	pl->timer_handles = handles_create();
	pl->tickets = handles_create();
	if (!pl->timer_handles || !pl->tickets)
		goto fail;
	pl->bus = bus_create(&bus, err);
	if (pl->bus)
		return pl;
	plug_free(pl);
	return NULL;
fail:
	tn_fail(err, TN_ENOMEM, "no memory for plugins");
	plug_free(pl);
	return NULL;
}

void plug_free(struct plug *pl)
{
	if (!pl)
		return;
	plug_stop_all(pl, TN_STOP_EXIT);
	timers_cancel(pl->timers, pl->husk_timer);
	load_close_husks(pl);
	bus_free(pl->bus);
	handles_free(pl->timer_handles);
	handles_free(pl->tickets);
	free(pl);
}

struct bus *plug_bus(const struct plug *pl)
{
	return pl->bus;
}

/* ---- all at once */

struct loading {
	struct plug *pl;
	const struct conf *c;
	struct tn_error *err;
};

/* Which line of the configuration named it, unless the text begins with one already. */
static int name_line(struct loading *l, const char *name)
{
	struct tn_error said = *l->err;
	char where[160];
	size_t file;

	conf_where(l->c, "plugins", name, where);
	file = strcspn(where, ":");
	if (!strncmp(said.text, where, file) && said.text[file] == ':')
		return TN_EINVAL;
	return tn_fail(l->err, TN_EINVAL, "%s: %s", where, said.text);
}

/* The same for one that refuses its options; rc stays what it is. */
static int init_one(struct loading *l, struct plugin *p)
{
	int rc = life_init(p, l->err);

	if (rc && l->c)
		name_line(l, p->name);
	return rc;
}

static int open_one(void *arg, const char *name, int line)
{
	struct loading *l = arg;
	struct plugin *p;

	(void)line;
	if (l->pl->count == PLUG_MAX)
		return tn_fail(l->err, TN_EFULL, "more than %d plugins", PLUG_MAX);
	p = load_open(l->pl, name, l->c, NULL, l->err);
	if (!p)
		return name_line(l, name);
	l->pl->list[l->pl->count++] = p;
	return 0;
}

static void fill_items(const struct plug *pl, struct order_item *it)
{
	for (unsigned i = 0; i < pl->count; i++)
		it[i] = (struct order_item){ pl->list[i]->name, pl->list[i]->desc.needs,
					     pl->list[i]->desc.offers };
}

static int sort(struct plug *pl, struct tn_error *err)
{
	struct order_item it[PLUG_MAX];
	struct plugin *sorted[PLUG_MAX];
	unsigned at[PLUG_MAX];
	int rc;

	fill_items(pl, it);
	rc = order_sort(it, pl->count, at, err);
	if (rc)
		return rc;
	for (unsigned i = 0; i < pl->count; i++)
		sorted[i] = pl->list[at[i]];
	memcpy(pl->list, sorted, pl->count * sizeof sorted[0]);
	return 0;
}

void plug_stop_all(struct plug *pl, enum tn_why why)
{
	quarantine_free(pl);
	while (pl->count)
		life_drop(pl->list[pl->count - 1], why);
	quarantine_free(pl);
}

static int load_all(struct plug *pl, const struct conf *c, bool init, struct tn_error *err)
{
	struct loading l = { pl, c, err };
	int rc = 0;

	if (c)
		rc = conf_each_group(c, "plugins", open_one, &l);
	if (!rc)
		rc = sort(pl, err);
	for (unsigned i = 0; i < pl->count && !rc; i++) {
		rc = life_claim(pl->list[i], NULL, err);
		if (!rc && init)
			rc = init_one(&l, pl->list[i]);
	}
	if (rc)
		plug_stop_all(pl, TN_STOP_FAULT);
	return rc;
}

int plug_load_all(struct plug *pl, const struct conf *c, struct tn_error *err)
{
	pl->conf = c;
	return load_all(pl, c, true, err);
}

int plug_check_all(struct plug *pl, const struct conf *c, struct tn_error *err)
{
	int rc = load_all(pl, c, false, err);

	plug_stop_all(pl, TN_STOP_EXIT);
	return rc;
}

int plug_start_all(struct plug *pl, struct tn_error *err)
{
	for (unsigned i = 0; i < pl->count; i++) {
		int rc = life_start(pl->list[i], err);

		if (rc) {
			plug_stop_all(pl, TN_STOP_FAULT);
			return rc;
		}
	}
	bus_say_unowned(pl->bus);
	return 0;
}

/* ---- one, at run time */

static int check_needs(const struct plug *pl, const struct plugin *p, struct tn_error *err)
{
	struct order_item it[PLUG_MAX + 1];
	unsigned at[PLUG_MAX + 1];

	fill_items(pl, it);
	it[pl->count] = (struct order_item){ p->name, p->desc.needs, p->desc.offers };
	return order_sort(it, pl->count + 1, at, err);
}

static bool is_word(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return n && n <= PLUG_NAME_MAX && !name[n];
}

int plug_load_now(struct plug *pl, const char *name, struct tn_error *err)
{
	struct plugin *p;
	int rc;

	if (!is_word(name))
		return tn_fail(err, TN_EINVAL, "not a plugin's name");
	if (bus_depth(pl->bus))
		return tn_fail(err, TN_EBUSY, "plugin %s: not from inside a plugin", name);
	if (pl->count == PLUG_MAX)
		return tn_fail(err, TN_EFULL, "more than %d plugins", PLUG_MAX);
	p = load_open(pl, name, pl->conf, NULL, err);
	if (!p)
		return life_find(pl, name) ? TN_EBUSY : TN_EINVAL;
	rc = check_needs(pl, p, err);
	if (rc) {
		load_close(p);
		return rc;
	}
	pl->list[pl->count++] = p;
	rc = life_claim(p, NULL, err);
	if (!rc)
		rc = life_init(p, err);
	if (!rc)
		rc = life_start(p, err);
	if (rc)
		life_drop(p, TN_STOP_FAULT);
	return rc;
}

int plug_load(struct plug *pl, const char *name, struct tn_error *err)
{
	int rc = plug_load_now(pl, name, err);

	if (!rc)
		quarantine_forget(pl, name);
	return rc;
}

int plug_unload(struct plug *pl, const char *name, struct tn_error *err)
{
	struct plugin *p = life_find(pl, name);
	char who[160];

	if (!p && quarantine_has(pl, name)) {
		quarantine_forget(pl, name);
		return 0;
	}
	if (!p)
		return tn_fail(err, TN_ENOENT, "plugin %s is not loaded", name);
	if (bus_depth(pl->bus))
		return tn_fail(err, TN_EBUSY, "plugin %s: not from inside a plugin", name);
	if (service_dependants(p, who, sizeof who))
		return tn_fail(err, TN_EBUSY, "plugin %s is needed by %s", name, who);
	quarantine_forget(pl, name);
	life_drop(p, TN_STOP_UNLOAD);
	return 0;
}

/* ---- tables */

bool plug_info(const struct plug *pl, size_t i, struct plug_info *out)
{
	static const char *const states[] = { "loaded", "running", "stopping" };
	const struct plugin *p;

	if (i >= pl->count)
		return quarantine_info(pl, i - pl->count, out);
	p = pl->list[i];
	*out = (struct plug_info){ .name = p->name,
				   .version = p->desc.version,
				   .summary = p->desc.summary,
				   .license = p->desc.license,
				   .state = p->drain ? "draining" : states[p->state],
				   .path = p->path ? p->path : "",
				   .messages = p->desc.messages,
				   .needs = p->desc.needs,
				   .options = p->desc.options,
				   .metrics = p->desc.metrics,
				   .conf = p->ctx.conf };
	if (p->member) {
		out->overrun = bus_overrun(p->member);
		out->pending = p->pending + bus_pending(p->member);
	}
	return true;
}
