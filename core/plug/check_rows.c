/* SPDX-License-Identifier: MIT
 * core/plug/check_rows.c - the tables of a descriptor, row by row
 */
#include <string.h>

#include "plug/impl.h"
#include "timenode/event.h"

enum { LATER_MAX_MS = 30000, FEATURE_MAX = 32, WORD_MAX = 48, ROWS_MAX = 512 };

/* Every complaint begins alike: plugin, table, row. */
struct at {
	const struct tn_plugin *d;
	const char *table;
	unsigned row;
	struct tn_error *err;
};

static int bad(const struct at *a, const char *why)
{
	return tn_fail(a->err, TN_EINVAL, "plugin %s: %s row %u: %s", a->d->name, a->table, a->row,
		       why);
}

static bool in_set(const char *s, size_t max, const char *more)
{
	size_t n;

	if (!s || !*s)
		return false;
	for (n = 0; s[n]; n++)
		if (!((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '0' && s[n] <= '9') ||
		      strchr(more, s[n])))
			return false;
	return n <= max;
}

static bool is_message_name(const char *s)
{
	size_t n;

	if (!s || !*s)
		return false;
	for (n = 0; s[n]; n++)
		if (!((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z') ||
		      (s[n] >= '0' && s[n] <= '9')))
			return false;
	return n <= TN_NAME_MAX;
}

static int schema(const struct at *a, const struct tn_schema *s)
{
	struct tn_error why;

	if (!s || !tn_schema_check(s, &why))
		return 0;
	return tn_fail(a->err, TN_EINVAL, "plugin %s: %s row %u: schema: %.120s", a->d->name,
		       a->table, a->row, why.text);
}

static int message(const struct at *a, const void *row)
{
	const struct tn_message *m = row;

	if (!is_message_name(m->name))
		return bad(a, "not a message name of letters and digits");
	if (m->claim > TN_WATCH)
		return bad(a, "no such claim");
	if (m->claim != TN_OWN && !m->on)
		return bad(a, "a gate or watcher without a handler");
	if (m->later_ms > LATER_MAX_MS)
		return bad(a, "a deadline over 30 s");
	if (m->flags & ~(TN_DEDUP | TN_NOT_LEGACY | TN_BULK | TN_CLOSE_IF_FULL | TN_HIDDEN))
		return bad(a, "a flag that this node does not know");
	if (m->feature && !in_set(m->feature, FEATURE_MAX, "-"))
		return bad(a, "a feature is up to 32 of a-z, 0-9 and -");
	return schema(a, m->schema);
}

static int need(const struct at *a, const void *row)
{
	const struct tn_need *n = row;

	if (!in_set(n->name, WORD_MAX, "-_."))
		return bad(a, "not a service name");
	return n->want > TN_WANT ? bad(a, "neither a need nor a want") : 0;
}

static int offer(const struct at *a, const void *row)
{
	const struct tn_offer *o = row;

	if (!in_set(o->name, WORD_MAX, "-_."))
		return bad(a, "not a service name");
	return o->ops ? 0 : bad(a, "a service without functions");
}

/* Events of the core: what they carry is known here. */
static const struct tn_emits core_events[] = {
	{ TN_EV_PROBE, sizeof(struct tn_ev_session) },
	{ TN_EV_DIAL_WANTED, sizeof(struct tn_ev_dial_wanted) },
	{ TN_EV_DIALED, sizeof(struct tn_ev_dialed) },
};

static int listen(const struct at *a, const void *row)
{
	const struct tn_listen *l = row;

	if (!in_set(l->name, WORD_MAX, "-_."))
		return bad(a, "not an event name");
	if (!l->tell == !l->ask)
		return bad(a, "either tell or ask");
	for (size_t i = 0; i < sizeof core_events / sizeof core_events[0]; i++)
		if (!strcmp(l->name, core_events[i].name) && l->size > core_events[i].size)
			return bad(a, "its payload is larger than the node's");
	return 0;
}

static int emit(const struct at *a, const void *row)
{
	return in_set(((const struct tn_emits *)row)->name, WORD_MAX, "-_.")
		       ? 0
		       : bad(a, "not an event name");
}

static int command(const struct at *a, const void *row)
{
	const struct tn_command *c = row;
	int rc;

	if (!in_set(c->name, WORD_MAX, "-_"))
		return bad(a, "not a command name");
	if (!c->help)
		return bad(a, "no help");
	rc = schema(a, c->args);
	if (!rc)
		rc = schema(a, c->row);
	if (rc || c->run)
		return rc;
	if (!c->row || c->row->shape != TN_RECORD || c->row->size > a->d->slot_bytes)
		return bad(a, "no code, and its row is not the slot");
	return 0;
}

static int metric(const struct at *a, const void *row)
{
	const struct tn_metric *m = row;

	if (!in_set(m->name, WORD_MAX, "_") || !m->help)
		return bad(a, "a metric needs a name of a-z, 0-9 and _, and help");
	return m->kind > TN_M_TIMES ? bad(a, "no such kind") : 0;
}

static int db(const struct at *a, const void *row)
{
	const struct tn_dbdef *d = row;

	return in_set(d->name, WORD_MAX, "-_") ? schema(a, d->value)
					       : bad(a, "not a database name");
}

static int reason(const struct at *a, const void *row)
{
	const struct tn_reason *r = row;

	return in_set(r->name, WORD_MAX, "-") && r->help
		       ? 0
		       : bad(a, "a reason needs a name of a-z, 0-9 and -, and help");
}

/* ---- all tables alike: a row begins with its name */

struct kind {
	const char *name;
	size_t off, size; /* of the tn_table, of a row */
	int (*check)(const struct at *, const void *row);
};

#define KIND(member, T, fn)                                                       \
	{                                                                         \
#member, offsetof(struct tn_plugin, member), sizeof(struct T), fn \
	}
static const struct kind kinds[] = {
	KIND(needs, tn_need, need),          KIND(offers, tn_offer, offer),
	KIND(messages, tn_message, message), KIND(listens, tn_listen, listen),
	KIND(emits, tn_emits, emit),         KIND(commands, tn_command, command),
	KIND(metrics, tn_metric, metric),    KIND(dbs, tn_dbdef, db),
	KIND(reasons, tn_reason, reason),
};

static bool is_twin(const struct tn_table *t, const struct kind *k, unsigned i)
{
	const char *const *name = plug_row(t, i), *const * other;

	if (k->check == message) /* one may both own and watch a name */
		return false;
	for (unsigned j = 0; j < i; j++) {
		other = plug_row(t, j);
		if (!strcmp(*name, *other))
			return true;
	}
	return false;
}

static int owns_twice(const struct at *a, const struct tn_table *t)
{
	const struct tn_message *m = plug_row(t, a->row), *other;

	for (unsigned j = 0; j < a->row; j++) {
		other = plug_row(t, j);
		if (m->claim == other->claim && !strcmp(m->name, other->name))
			return bad(a, "the same name and claim as another row");
	}
	return 0;
}

static int check_table(const struct tn_plugin *d, const struct kind *k, struct tn_error *err)
{
	const struct tn_table *t = (const void *)((const char *)d + k->off);
	struct at a = { d, k->name, 0, err };
	int rc = 0;

	if (t->rows && (!t->row || t->stride < k->size || t->stride % sizeof(void *)))
		return tn_fail(err, TN_EINVAL, "plugin %s: table %s has rows of %u bytes, not %u",
			       d->name, k->name, t->stride, (unsigned)k->size);
	if (t->rows > ROWS_MAX)
		return tn_fail(err, TN_EINVAL, "plugin %s: table %s has more than %d rows", d->name,
			       k->name, ROWS_MAX);
	for (; a.row < t->rows && !rc; a.row++) {
		rc = k->check(&a, plug_row(t, a.row));
		if (!rc && is_twin(t, k, a.row))
			rc = bad(&a, "the same name as another row");
		if (!rc && k->check == message)
			rc = owns_twice(&a, t);
	}
	return rc;
}

static int check_options(const struct tn_plugin *d, struct tn_error *err)
{
	struct tn_error why;

	if (!conf_check_table(d->options, d->conf_bytes, &why))
		return 0;
	return tn_fail(err, TN_EINVAL, "plugin %s: options: %.180s", d->name, why.text);
}

int check_tables(const struct tn_plugin *d, struct tn_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !rc; i++)
		rc = check_table(d, &kinds[i], err);
	return rc ? rc : check_options(d, err);
}
