/* SPDX-License-Identifier: MIT
 * core/bus/claim.c - who owns, gates and watches which message: arrays by its number
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/impl.h"

const struct claim claim_none;

const char *bus_owner(const struct bus *b, unsigned id)
{
	const struct bus_member *m = claim_of(b, id)->owner;

	return m && m->active ? m->name : NULL;
}

static const struct tn_message *setup_row(const struct bus_member_setup *set, unsigned i)
{
	return (const void *)((const char *)set->messages.row + (size_t)i * set->messages.stride);
}

static bool is_core(const char *name)
{
	return !strcmp(name, "Handshake") || !strcmp(name, "Ack") || !strcmp(name, "Version");
}

static int check_owner(const struct bus *b, const struct bus_member_setup *set,
		       const struct tn_message *row, struct tn_error *err)
{
	unsigned id = names_find(b->names, row->name, strlen(row->name));
	const struct bus_member *owner = claim_of(b, id)->owner;

	if (row->claim != TN_OWN)
		return 0;
	if (is_core(row->name))
		return tn_fail(err, TN_EINVAL, "plugin %s: message %s belongs to the core",
			       set->name, row->name);
	if (id >= NAME_FIRST && owner && owner != set->instead)
		return tn_fail(err, TN_EINVAL,
			       "plugin %s: message %s is owned by plugin %s already", set->name,
			       row->name, owner->name);
	return 0;
}

int bus_may_join(const struct bus *b, const struct bus_member_setup *set, struct tn_error *err)
{
	int rc = 0;

	for (unsigned i = 0; i < set->messages.rows && !rc; i++)
		rc = check_owner(b, set, setup_row(set, i), err);
	return rc;
}

static bool room_for(struct bus *b, unsigned id)
{
	struct claim *more;

	if (id < b->claims)
		return true;
	more = realloc(b->claim, (id + 1) * sizeof *more);
	if (!more)
		return false;
	memset(more + b->claims, 0, (id + 1 - b->claims) * sizeof *more);
	b->claim = more;
	b->claims = id + 1;
	return true;
}

static int add_viewer(struct claim *c, struct bus_member *m, unsigned row, uint8_t kind)
{
	struct viewer *more = realloc(c->viewer, (c->viewers + 1u) * sizeof *more);

	if (!more)
		return TN_ENOMEM;
	c->viewer = more;
	more[c->viewers++] = (struct viewer){ m, (uint16_t)row, kind };
	return 0;
}

static void take_name(struct bus_member *m, unsigned i)
{
	struct claim *c = &m->bus->claim[m->row[i].id];

	c->owner = m;
	c->row = (uint16_t)i;
	c->message = member_row(m, i);
	names_set_max(m->bus->names, m->row[i].id, member_row(m, i)->max);
}

static int own(struct bus_member *m, const struct tn_message *row, unsigned i, struct tn_error *err)
{
	struct bus *b = m->bus;
	struct claim *c = &b->claim[m->row[i].id];

	if (row->feature) {
		int bit = net_feature_add(b->net, row->feature);

		if (bit < 0)
			return tn_fail(err, TN_EFULL, "plugin %s: 64 features are in use", m->name);
		m->row[i].feature = (int8_t)bit;
	}
	if (row->flags & TN_DEDUP && !gate_seen_create(b))
		return tn_fail(err, TN_ENOMEM, "plugin %s: no memory", m->name);
	if (!c->owner)
		take_name(m, i);
	return 0;
}

void bus_replace(struct bus_member *m)
{
	for (unsigned i = 0; i < m->messages.rows; i++)
		if (member_row(m, i)->claim == TN_OWN)
			take_name(m, i);
}

static int claim_row(struct bus_member *m, unsigned i, struct tn_error *err)
{
	const struct tn_message *row = member_row(m, i);
	unsigned id = names_add(m->bus->names, row->name);

	if (!id)
		return tn_fail(err, TN_EFULL, "plugin %s: no room for the name %s", m->name,
			       row->name);
	if (!room_for(m->bus, id))
		return tn_fail(err, TN_ENOMEM, "plugin %s: no memory", m->name);
	m->row[i].id = (uint16_t)id;
	if (row->claim == TN_OWN)
		return own(m, row, i, err);
	if (add_viewer(&m->bus->claim[id], m, i, row->claim))
		return tn_fail(err, TN_ENOMEM, "plugin %s: no memory", m->name);
	return 0;
}

static int name_reasons(struct bus_member *m)
{
	char text[128];

	for (unsigned i = 0; i < m->reasons.rows; i++) {
		const struct tn_reason *r = (const void *)((const char *)m->reasons.row +
							   (size_t)i * m->reasons.stride);

		snprintf(text, sizeof text, "%s.%s", m->name, r->name);
		m->reason[i] = (uint16_t)reasons_add(m->bus->names, text);
	}
	return 0;
}

static struct bus_member *member_create(struct bus *b, const struct bus_member_setup *set)
{
	struct bus_member *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->bus = b;
	m->name = set->name;
	m->ctx = set->ctx;
	m->of = set->of;
	m->messages = set->messages;
	m->reasons = set->reasons;
	m->row = calloc(m->messages.rows + 1u, sizeof *m->row);
	m->reason = calloc(m->reasons.rows + 1u, sizeof *m->reason);
	if (!m->row || !m->reason) {
		free(m->row);
		free(m->reason);
		free(m);
		return NULL;
	}
	for (unsigned i = 0; i < m->messages.rows; i++)
		m->row[i].feature = -1;
	return m;
}

struct bus_member *bus_join(struct bus *b, const struct bus_member_setup *set, struct tn_error *err)
{
	struct bus_member *m;

	if (bus_may_join(b, set, err))
		return NULL;
	m = member_create(b, set);
	if (!m) {
		tn_fail(err, TN_ENOMEM, "plugin %s: no memory", set->name);
		return NULL;
	}
	m->next = b->members;
	b->members = m;
	name_reasons(m);
	for (unsigned i = 0; i < m->messages.rows; i++)
		if (claim_row(m, i, err)) {
			bus_leave(m);
			return NULL;
		}
	return m;
}

void bus_activate(struct bus_member *m, bool on)
{
	m->active = on;
	if (on)
		m->ending = false;
}

uint32_t bus_pending(const struct bus_member *m)
{
	return m->questions + m->held;
}

static void drop_viewer(struct claim *c, const struct bus_member *m)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < c->viewers; i++)
		if (c->viewer[i].member != m)
			c->viewer[kept++] = c->viewer[i];
	c->viewers = (uint16_t)kept;
}

static void drop_claims(struct bus_member *m)
{
	struct bus *b = m->bus;

	for (unsigned i = 0; i < m->messages.rows; i++)
		if (m->row[i].feature >= 0)
			net_feature_drop(b->net, member_row(m, i)->feature);
	for (unsigned id = 0; id < b->claims; id++) {
		drop_viewer(&b->claim[id], m);
		if (b->claim[id].owner != m)
			continue;
		b->claim[id].owner = NULL;
		b->claim[id].message = NULL;
		names_set_max(b->names, id, 0);
	}
}

void bus_leave(struct bus_member *m)
{
	struct bus_member **at;

	if (!m)
		return;
	bus_activate(m, false);
	bus_end_questions(m);
	bus_end_holds(m);
	drop_claims(m);
	for (at = &m->bus->members; *at != m; at = &(*at)->next)
		;
	*at = m->next;
	free(m->row);
	free(m->reason);
	free(m);
}

/* One line for all of them: on a node without chain plugins they are forty. */
void bus_say_unowned(struct bus *b)
{
	char text[2048] = "";
	size_t n = 0;

	for (unsigned i = 0; i < TN_MESSAGES; i++) {
		const char *name = tn_message_name(i);

		if (is_core(name) || bus_owner(b, NAME_FIRST + i) || n >= sizeof text)
			continue;
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? ", " : "", name);
	}
	if (n)
		log_line(b->log, "bus", LOG_LEVEL_INFO, "",
			 "no plugin owns these messages, they will be refused(no-owner): %s", text);
}
