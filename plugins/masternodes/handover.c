/* SPDX-License-Identifier: MIT
 * plugins/masternodes/handover.c - what one build of the plugin tells the next: which heartbeats
 * were taken, so that none of them counts again
 *
 * The registry goes through the store. Attestations that wait for their heartbeat are lost.
 */
#include <string.h>

#include "beats.h"

struct lane {
	bool any;
	int64_t time;
	uint64_t due_us;
};
struct memory {
	uint32_t ip;
	struct lane keyed, direct;
	struct tn_key key, pin;
	uint64_t sequence, verified, pin_session;
	bool pinned;
};
struct witnesses {
	struct tn_key key;
};
struct entry {
	uint32_t ip, by;
	uint64_t sequence;
	int64_t time;
	struct tn_hash hash;
	struct tn_key key;
	bool ours, verified;
	TN_LIST(struct witnesses) witness;
};
struct handover {
	uint32_t format;
	TN_LIST(struct memory) memory;
	TN_LIST(struct entry) history; /* the oldest first */
};

enum { FORMAT = 1, MEMORY_MAX = 100000 };

/* clang-format off */
static const struct tn_schema lane_schema = TN_SCHEMA(struct lane, TN_RECORD,
	TN_FIELD(struct lane, any), TN_FIELD(struct lane, time), TN_FIELD(struct lane, due_us));
static const struct tn_schema memory_schema = TN_SCHEMA(struct memory, TN_RECORD,
	TN_FIELD(struct memory, ip), TN_SUB(struct memory, keyed, &lane_schema),
	TN_SUB(struct memory, direct, &lane_schema), TN_FIELD(struct memory, key),
	TN_FIELD(struct memory, pin), TN_FIELD(struct memory, sequence),
	TN_FIELD(struct memory, verified), TN_FIELD(struct memory, pin_session),
	TN_FIELD(struct memory, pinned));
static const struct tn_schema witness_schema = TN_SCHEMA(struct witnesses, TN_RECORD,
	TN_FIELD(struct witnesses, key));
static const struct tn_schema entry_schema = TN_SCHEMA(struct entry, TN_RECORD,
	TN_FIELD(struct entry, ip), TN_FIELD(struct entry, by), TN_FIELD(struct entry, sequence),
	TN_FIELD(struct entry, time), TN_FIELD(struct entry, hash), TN_FIELD(struct entry, key),
	TN_FIELD(struct entry, ours), TN_FIELD(struct entry, verified),
	TN_LISTOF(struct entry, witness, &witness_schema, BEAT_WITNESSES));
static const struct tn_schema handover_schema = TN_SCHEMA(struct handover, TN_RECORD,
	TN_FIELD(struct handover, format),
	TN_LISTOF(struct handover, memory, &memory_schema, MEMORY_MAX),
	TN_LISTOF(struct handover, history, &entry_schema, BEAT_HISTORY));
/* clang-format on */

/* ---- out */

static struct lane lane_out(const struct beat_lane *l)
{
	return (struct lane){ l->any, l->time, l->due_us };
}

static int memory_out(const struct beat_table *t, struct tn_arena *a, struct handover *h)
{
	h->memory.v = tn_alloc(a, (t->n + 1) * sizeof *h->memory.v);
	if (!h->memory.v)
		return TN_ENOMEM;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct beat_memory *m = &t->v[i];

		h->memory.v[h->memory.n++] = (struct memory){ .ip = m->ip,
							      .keyed = lane_out(&m->keyed),
							      .direct = lane_out(&m->direct),
							      .key = m->key,
							      .pin = m->pin,
							      .sequence = m->sequence,
							      .verified = m->verified,
							      .pin_session = m->pin_session,
							      .pinned = m->pinned };
	}
	return 0;
}

static int entry_out(const struct beat_entry *e, struct tn_arena *a, struct entry *out)
{
	*out = (struct entry){ .ip = e->ip,
			       .by = e->by,
			       .sequence = e->sequence,
			       .time = e->time,
			       .hash = e->hash,
			       .key = e->key,
			       .ours = e->ours,
			       .verified = e->verified };
	out->witness.v = tn_alloc(a, BEAT_WITNESSES * sizeof *out->witness.v);
	if (!out->witness.v)
		return TN_ENOMEM;
	for (; out->witness.n < e->witnesses; out->witness.n++)
		out->witness.v[out->witness.n].key = e->witness[out->witness.n];
	return 0;
}

static int history_out(const struct beat_history *b, struct tn_arena *a, struct handover *h)
{
	uint32_t n = beat_history_count(b);

	h->history.v = tn_alloc(a, (n + 1) * sizeof *h->history.v);
	if (!h->history.v)
		return TN_ENOMEM;
	for (uint32_t i = n; i-- > 0; h->history.n++)
		if (entry_out(beat_history_at(b, i), a, &h->history.v[h->history.n]))
			return TN_ENOMEM;
	return 0;
}

int mn_save(struct tn_ctx *c, struct tn_arena *a, struct tn_view *out, struct tn_error *err)
{
	const struct mn_beats *b = mn_state(c)->beats;
	struct handover h = { .format = FORMAT };
	uint8_t *bytes;

	if (memory_out(&b->memory, a, &h) || history_out(b->history, a, &h))
		return tn_fail(err, TN_ENOMEM, "no memory");
	out->n = tn_bin_write(&handover_schema, &h, NULL, 0);
	out->p = bytes = tn_alloc(a, out->n);
	if (!bytes)
		return tn_fail(err, TN_ENOMEM, "no memory");
	tn_bin_write(&handover_schema, &h, bytes, out->n);
	return 0;
}

/* ---- in */

static struct beat_lane lane_in(const struct lane *l)
{
	return (struct beat_lane){ l->any, l->time, l->due_us };
}

static void memory_in(struct beat_table *t, const struct memory *m)
{
	*beat_get(t, m->ip) = (struct beat_memory){ .ip = m->ip,
						    .keyed = lane_in(&m->keyed),
						    .direct = lane_in(&m->direct),
						    .key = m->key,
						    .sequence = m->sequence,
						    .verified = m->verified,
						    .pinned = m->pinned,
						    .pin_session = m->pin_session,
						    .pin = m->pin };
}

static void entry_in(struct beat_history *b, const struct entry *from)
{
	struct beat_entry e = { .ip = from->ip,
				.by = (uint8_t)from->by,
				.sequence = from->sequence,
				.time = from->time,
				.hash = from->hash,
				.key = from->key,
				.ours = from->ours,
				.verified = from->verified };

	mn_ip_text(e.ip, e.address);
	for (; e.witnesses < from->witness.n; e.witnesses++)
		e.witness[e.witnesses] = from->witness.v[e.witnesses].key;
	beat_history_add(b, &e);
}

int mn_restore(struct tn_ctx *c, struct tn_view saved, struct tn_error *err)
{
	struct mn_beats *b = mn_state(c)->beats;
	const struct handover *h;
	const void *body;
	int rc = tn_bin_read(&handover_schema, saved, tn_scratch(c), &body, err);

	if (rc)
		return rc;
	h = body;
	if (h->format != FORMAT)
		return tn_fail(err, TN_EINVAL, "saved as format %u, this build reads %u",
			       (unsigned)h->format, (unsigned)FORMAT);
	mn_state(c)->fresh = false;
	for (uint32_t i = 0; i < h->memory.n; i++)
		memory_in(&b->memory, &h->memory.v[i]);
	for (uint32_t i = 0; i < h->history.n; i++)
		entry_in(b->history, &h->history.v[i]);
	return 0;
}
