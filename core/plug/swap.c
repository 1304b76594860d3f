/* SPDX-License-Identifier: MIT
 * core/plug/swap.c - a running plugin is replaced by a new build; sessions do not notice
 *
 * All in one turn of the loop, so that no message can come between: those that arrive
 * meanwhile wait in the kernel. The old build is not touched before the new one is checked
 * and init'ed, and is brought back when the new one fails after that.
 */
#include <stdlib.h>
#include <string.h>

#include "plug/impl.h"

struct swap {
	struct plug *pl;
	struct plugin *old, *new;
	struct tn_arena *memory; /* of the saved bytes */
	struct tn_view saved;    /* p NULL: nothing was handed over */
	struct tn_error *err;
};

static unsigned place_of(const struct plug *pl, const struct plugin *p)
{
	unsigned i = 0;

	while (pl->list[i] != p)
		i++;
	return i;
}

/* Whoever needs what the old one offers must find it in the new one, and no circle. */
static int check_place(const struct swap *w, unsigned *at)
{
	struct order_item it[PLUG_MAX];

	for (unsigned i = 0; i < w->pl->count; i++) {
		const struct plugin *p = w->pl->list[i] == w->old ? w->new : w->pl->list[i];

		it[i] = (struct order_item){ p->name, p->desc.needs, p->desc.offers };
	}
	return order_sort(it, w->pl->count, at, w->err);
}

int swap_save(struct plugin *p, struct tn_arena *memory, struct tn_view *out, struct tn_error *err)
{
	struct tn_error why = { "" };
	struct bus_call call;
	int rc;

	if (!p->desc.save)
		return 0;
	bus_enter(p->plug->bus, &call, p->member, "save", NULL);
	rc = p->desc.save(&p->ctx, memory, out, &why);
	bus_exit(p->plug->bus, &call);
	if (rc)
		return tn_fail(err, rc, "plugin %s: save: %.180s", p->name,
			       why.text[0] ? why.text : tn_code_text(rc));
	return 0;
}

static int save(struct swap *w)
{
	if (!w->old->desc.save)
		return 0;
	w->memory = tn_arena_create(SWAP_BYTES_MAX);
	if (!w->memory)
		return tn_fail(w->err, TN_ENOMEM, "no memory");
	return swap_save(w->old, w->memory, &w->saved, w->err);
}

/* By name: rows may have moved. A row of another kind begins at zero. */
void swap_carry_metrics(const struct plugin *from, struct plugin *to)
{
	const struct tn_metric *a, *b;

	for (unsigned i = 0; (a = plug_row(&to->desc.metrics, i)); i++)
		for (unsigned j = 0; (b = plug_row(&from->desc.metrics, j)); j++)
			if (a->kind == b->kind && !strcmp(a->name, b->name))
				to->metric[i] = from->metric[j];
}

/* The old one again, as if it had only been stopped. If even that fails, it goes. */
static void bring_back(struct swap *w)
{
	struct tn_error why = { "" };

	bus_replace(w->old->member);
	slots_clear(w->old);
	if (!life_begin(w->old, w->saved, &why)) {
		log_line(w->pl->log, "plug", LOG_LEVEL_WARN, w->old->name,
			 "plugin %s: upgrade failed, %s runs on: %s", w->old->name,
			 w->old->desc.version, w->err->text);
		return;
	}
	log_line(w->pl->log, "plug", LOG_LEVEL_ERROR, w->old->name,
		 "plugin %s: upgrade failed, and %s does not start again: %s", w->old->name,
		 w->old->desc.version, why.text);
	quarantine_fault(w->old, why.text);
}

static int exchange(struct swap *w)
{
	int rc;

	life_halt(w->old, TN_STOP_SWAP);
	swap_carry_metrics(w->old, w->new);
	bus_replace(w->new->member);
	rc = life_begin(w->new, w->saved, w->err);
	if (rc)
		bring_back(w);
	return rc;
}

/* The new one takes the old one's place; `at` is the order with it there. */
static void settle(struct swap *w, const unsigned *at)
{
	struct plugin *list[PLUG_MAX];
	struct plug *pl = w->pl;

	log_line(pl->log, "plug", LOG_LEVEL_INFO, w->new->name,
		 "plugin %s %s took over from %s, %u sessions stay up, %u bytes handed over",
		 w->new->name, w->new->desc.version, w->old->desc.version, net_count_up(pl->net),
		 (unsigned)w->saved.n);
	pl->list[place_of(pl, w->old)] = w->new;
	for (unsigned i = 0; i < pl->count; i++)
		list[i] = pl->list[at[i]];
	memcpy(pl->list, list, pl->count * sizeof list[0]);
	life_leave(w->old);
	load_close(w->old);
}

static int prepare(struct swap *w, unsigned *at)
{
	int rc = check_place(w, at);

	if (!rc)
		rc = life_claim(w->new, w->old, w->err);
	if (!rc)
		rc = life_init(w->new, w->err);
	return rc ? rc : save(w);
}

static int swap(struct swap *w)
{
	unsigned at[PLUG_MAX];
	int rc = prepare(w, at);

	if (!rc)
		rc = exchange(w);
	if (!rc) {
		settle(w, at);
	} else {
		life_leave(w->new);
		load_close(w->new);
	}
	tn_arena_unref(w->memory);
	return rc;
}

int plug_upgrade(struct plug *pl, const char *name, struct tn_error *err)
{
	struct swap w = { .pl = pl, .old = life_find(pl, name), .err = err };

	if (!w.old && quarantine_has(pl, name))
		return plug_load(pl, name, err);
	if (!w.old)
		return tn_fail(err, TN_ENOENT, "plugin %s is not loaded", name);
	if (bus_depth(pl->bus))
		return tn_fail(err, TN_EBUSY, "plugin %s: not from inside a plugin", name);
	if (w.old->state != PLUGIN_RUNNING)
		return tn_fail(err, TN_EBUSY, "plugin %s does not run", name);
	if (pl->count == PLUG_MAX)
		return tn_fail(err, TN_EFULL, "%d plugins leave no room for one more", PLUG_MAX);
	w.new = load_open(pl, name, pl->conf, w.old, err);
	return w.new ? swap(&w) : TN_EINVAL;
}
