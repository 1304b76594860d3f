/* SPDX-License-Identifier: MIT
 * core/plug/order.c - who starts before whom: providers of services first
 */
#include <stdio.h>
#include <string.h>

#include "plug/impl.h"

const void *plug_row(const struct tn_table *t, unsigned i)
{
	return i < t->rows ? (const char *)t->row + (size_t)i * t->stride : NULL;
}

static bool meets(const struct tn_offer *o, const struct tn_need *n)
{
	return !strcmp(o->name, n->name) && o->major == n->major && o->minor >= n->minor;
}

static bool offers(const struct order_item *it, const struct tn_need *need)
{
	const struct tn_offer *o;

	for (unsigned i = 0; (o = plug_row(&it->offers, i)); i++)
		if (meets(o, need))
			return true;
	return false;
}

int order_provider(const struct order_item *it, unsigned n, const struct tn_need *need)
{
	for (unsigned i = 0; i < n; i++)
		if (offers(&it[i], need))
			return (int)i;
	return -1;
}

/* Somebody offers it, but not as wanted: that makes a better sentence. */
static const struct tn_offer *other_version(const struct order_item *it, unsigned n,
					    const char *name)
{
	const struct tn_offer *o;

	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; (o = plug_row(&it[i].offers, j)); j++)
			if (!strcmp(o->name, name))
				return o;
	return NULL;
}

static int say_missing(const struct order_item *it, unsigned n, const struct order_item *who,
		       const struct tn_need *need, struct tn_error *err)
{
	const struct tn_offer *o = other_version(it, n, need->name);

	if (o)
		return tn_fail(err, TN_EINVAL, "plugin %s needs service %s %u.%u, loaded is %u.%u",
			       who->name, need->name, need->major, need->minor, o->major, o->minor);
	return tn_fail(err, TN_EINVAL, "plugin %s needs service %s %u.%u, which no plugin offers",
		       who->name, need->name, need->major, need->minor);
}

static int find_missing(const struct order_item *it, unsigned n, struct tn_error *err)
{
	const struct tn_need *need;

	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; (need = plug_row(&it[i].needs, j)); j++)
			if (need->want == TN_NEED && order_provider(it, n, need) < 0)
				return say_missing(it, n, &it[i], need, err);
	return 0;
}

/* A provider of i that is not placed yet, -1: i may be placed. Wants order too: what is
 * there comes first, but a want never makes a cycle (see order_sort). */
static int waits_for(const struct order_item *it, unsigned n, unsigned i, const bool *placed,
		     bool wants)
{
	const struct tn_need *need;

	for (unsigned j = 0; (need = plug_row(&it[i].needs, j)); j++) {
		int p = order_provider(it, n, need);

		if (p >= 0 && !placed[p] && (wants || need->want == TN_NEED))
			return p;
	}
	return -1;
}

static int pick(const struct order_item *it, unsigned n, const bool *placed, bool wants)
{
	for (unsigned i = 0; i < n; i++)
		if (!placed[i] && waits_for(it, n, i, placed, wants) < 0)
			return (int)i;
	return -1;
}

static int say_cycle(const struct order_item *it, unsigned n, const bool *placed,
		     struct tn_error *err)
{
	char text[200];
	size_t at = 0;
	unsigned i = 0, start;

	while (placed[i])
		i++;
	for (unsigned k = 0; k < n; k++) /* after n steps we are on the cycle */
		i = (unsigned)waits_for(it, n, i, placed, false);
	start = i;
	do {
		at += (size_t)snprintf(text + at, sizeof text - at, "%s -> ", it[i].name);
		i = (unsigned)waits_for(it, n, i, placed, false);
	} while (i != start && at < sizeof text);
	return tn_fail(err, TN_EINVAL, "plugins need each other in a circle: %s%s", text,
		       it[start].name);
}

int order_sort(const struct order_item *it, unsigned n, unsigned *at, struct tn_error *err)
{
	bool placed[PLUG_MAX] = { false };
	int rc = n > PLUG_MAX ? tn_fail(err, TN_EFULL, "more than %d plugins", PLUG_MAX)
			      : find_missing(it, n, err);

	for (unsigned k = 0; k < n && !rc; k++) {
		int i = pick(it, n, placed, true);

		if (i < 0)
			i = pick(it, n, placed, false);
		if (i < 0)
			return say_cycle(it, n, placed, err);
		placed[i] = true;
		at[k] = (unsigned)i;
	}
	return rc;
}
