/* SPDX-License-Identifier: MIT
 * core/plug/refresh.c - all plugins at once begin anew, as after an upgrade to the same build
 *
 * For the recorder: what a plugin keeps in its memory cannot be written down, but what it
 * hands to its next build can. From the moment of a refresh on, a node and one that is made
 * from a recording are the same.
 */
#include <stdlib.h>
#include <string.h>

#include "plug/impl.h"

struct refresh {
	struct plug *pl;
	struct plugin *fresh[PLUG_MAX];
	struct plug_saved saved[PLUG_MAX];
	struct tn_arena *memory;
	struct tn_error *err;
};

static int may_begin(const struct plug *pl, struct tn_error *err)
{
	if (bus_depth(pl->bus))
		return tn_fail(err, TN_EBUSY, "not from inside a plugin");
	if (pl->count == PLUG_MAX)
		return tn_fail(err, TN_EFULL, "%d plugins leave no room for one more", PLUG_MAX);
	for (unsigned i = 0; i < pl->count; i++)
		if (pl->list[i]->state != PLUGIN_RUNNING || pl->list[i]->drain)
			return tn_fail(err, TN_EBUSY, "plugin %s does not run", pl->list[i]->name);
	return 0;
}

static int prepare(struct refresh *r)
{
	struct plug *pl = r->pl;
	int rc = 0;

	r->memory = tn_arena_create(SWAP_BYTES_MAX);
	if (!r->memory)
		return tn_fail(r->err, TN_ENOMEM, "no memory");
	for (unsigned i = 0; i < pl->count && !rc; i++) {
		r->fresh[i] = load_again(pl->list[i], r->err);
		rc = r->fresh[i] ? swap_save(pl->list[i], r->memory, &r->saved[i].bytes, r->err)
				 : TN_ENOMEM;
		r->saved[i].name = pl->list[i]->name;
		r->saved[i].is = r->saved[i].bytes.p != NULL;
	}
	return rc;
}

/* Nothing of them is under way any more. */
static void halt_all(struct plug *pl)
{
	for (unsigned i = pl->count; i-- > 0;) {
		life_halt(pl->list[i], TN_STOP_SWAP);
		bus_end_holds(pl->list[i]->member);
	}
	bus_forget(pl->bus);
}

static struct tn_view bytes_of(const struct plug_saved *v)
{
	return v->is ? v->bytes : (struct tn_view){ NULL, 0 };
}

/* As if they had only been stopped. */
static void go_on(struct refresh *r)
{
	struct plug *pl = r->pl;
	struct tn_error why = { "" };

	for (unsigned i = 0; i < pl->count; i++) {
		slots_clear(pl->list[i]);
		if (life_begin(pl->list[i], bytes_of(&r->saved[i]), &why))
			quarantine_fault(pl->list[i], why.text);
	}
}

static int replace(struct refresh *r, unsigned i)
{
	struct plug *pl = r->pl;
	struct plugin *old = pl->list[i], *fresh = r->fresh[i];
	int rc = life_claim(fresh, old, r->err);

	if (rc)
		return rc;
	rc = life_init(fresh, r->err);
	if (rc) {
		life_leave(fresh);
		return rc;
	}
	swap_carry_metrics(old, fresh);
	bus_replace(fresh->member);
	load_take_file(fresh, old);
	pl->list[i] = fresh;
	r->fresh[i] = NULL;
	life_leave(old);
	load_close(old);
	return life_begin(fresh, bytes_of(&r->saved[i]), r->err);
}

/* Providers first. One that fails is put away like any that fails at run time. */
static int replace_all(struct refresh *r)
{
	struct plug *pl = r->pl;
	int rc = 0;

	for (unsigned i = 0; i < pl->count; i++) {
		int one = replace(r, i);

		if (one)
			quarantine_fault(pl->list[i], r->err->text);
		rc = rc ? rc : one;
	}
	return rc;
}

int plug_refresh(struct plug *pl, plug_refresh_fn *turn, void *arg, struct tn_error *err)
{
	struct refresh r = { .pl = pl, .err = err };
	int rc = may_begin(pl, err);

	if (rc)
		return rc;
	rc = prepare(&r);
	if (!rc) {
		halt_all(pl);
		rc = turn(arg, r.saved, pl->count, err);
		if (rc)
			go_on(&r);
		else
			rc = replace_all(&r);
	}
	for (unsigned i = 0; i < PLUG_MAX; i++)
		if (r.fresh[i])
			load_close(r.fresh[i]);
	tn_arena_unref(r.memory);
	return rc;
}
