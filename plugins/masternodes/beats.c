/* SPDX-License-Identifier: MIT
 * plugins/masternodes/beats.c - our own heartbeats, and those that come
 */
#include "beats.h"

#include <stdlib.h>
#include <string.h>

enum { MEMORY = 10000, FORGED = 10 };

static struct mn_beats *beats_of(struct tn_ctx *c)
{
	return mn_state(c)->beats;
}

/* ---- shared with attest.c */

uint64_t mn_beat_interval_s(struct tn_ctx *c)
{
	return mn_conf(c)->heartbeat_every / 1000;
}

uint32_t mn_strict_ip(struct tn_str text)
{
	char buf[TN_MN_ADDRESS_TEXT];
	uint32_t ip;

	if (mn_ip_parse(text, &ip))
		return 0;
	mn_ip_text(ip, buf);
	return strlen(buf) == text.n && !memcmp(buf, text.p, text.n) ? ip : 0;
}

const struct tn_key *mn_key_of(struct tn_ctx *c, uint32_t ip)
{
	const struct mn_record *r = registry_find(mn_state(c)->registry, ip);

	return r && !r->heard ? &r->key : NULL;
}

bool mn_is_far(struct tn_ctx *c, uint32_t ip, int64_t time)
{
	mn_ring(c); /* the stride comes with it */
	return mesh_far(ip, time, (uint32_t)mn_beat_interval_s(c), beats_of(c)->stride);
}

uint64_t mn_beats_silence_ms(struct tn_ctx *c)
{
	if (mn_state(c)->registry)
		mn_ring(c);
	return mn_conf(c)->silence * beats_of(c)->stride;
}

static void check_run(const void *in_, void *out_)
{
	const struct mn_check *in = in_;
	struct mn_checked *out = out_;

	out->good = tn_verify(&in->key, in->digest.b, sizeof in->digest.b, &in->sig);
}

int mn_check_work(struct tn_ctx *c, const struct mn_check *in,
		  void (*done)(struct tn_ctx *, int, const void *, void *))
{
	struct tn_job job = { .name = "signature",
			      .run = check_run,
			      .done = done,
			      .in = in,
			      .in_bytes = sizeof *in,
			      .out_bytes = sizeof(struct mn_checked) };

	return tn_work(c, &job);
}

void mn_forged(struct tn_ctx *c, const struct tn_msg *m)
{
	if (!(m->flags & TN_MSG_LEGACY)) /* old nodes pass on what they have not looked at */
		tn_fault(c, m->from, FORGED, "a signature that its key did not make");
}

/* ---- those that come */

static tn_verdict refuse(struct tn_ctx *c, enum beat_fate fate)
{
	static const uint8_t reason[BEAT_FATES] = {
		[BEAT_ADDRESS] = R_ADDRESS, [BEAT_OURS] = R_OURS,
		[BEAT_UNKNOWN] = R_UNMET,   [BEAT_OLD] = R_OLD,
		[BEAT_FUTURE] = R_FUTURE,   [BEAT_REPLAYED] = R_REPLAYED,
		[BEAT_KEY] = R_KEY,         [BEAT_SEQUENCE] = R_SEQUENCE,
		[BEAT_OFTEN] = R_OFTEN,     [BEAT_SIGNATURE] = R_SIGNATURE,
	};

	beats_of(c)->refused[fate]++;
	return tn_refuse(reason[fate]);
}

static struct beat_scene scene_of(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct mn_slot *slot = tn_slot(c, m->from);
	struct beat_scene s = { .beat = m->body,
				.legacy = m->flags & TN_MSG_LEGACY,
				.from_ip = slot ? slot->ip : 0,
				.now_s = tn_wall_s(c),
				.since_s = mn_since(c),
				.now_us = tn_now_us(c),
				.interval_us = mn_conf(c)->heartbeat_every * 1000 };

	s.ip = mn_strict_ip(s.beat->masternode_address);
	s.key = mn_key_of(c, s.ip);
	s.signs = s.key && registry_find(mn_state(c)->registry, s.ip)->signed_at;
	s.m = beat_find(&beats_of(c)->memory, s.ip);
	mn_own_ip(c, &s.own_ip);
	return s;
}

static int entry_of(struct tn_ctx *c, const struct tn_heartbeat *h, uint32_t ip,
		    struct beat_entry *out)
{
	*out = (struct beat_entry){ .ip = ip,
				    .sequence = h->sequence_number,
				    .time = h->timestamp,
				    .key = h->masternode_pubkey };
	mn_ip_text(ip, out->address);
	return tn_heartbeat_hash(mn_state(c)->sha, h, &out->hash);
}

/* Whatever is relayed others can judge: it is signed with the key that all of them know. */
static void relay(struct tn_ctx *c, const struct tn_msg *m, const struct beat_entry *e)
{
	struct tn_filter f = { .also = mn_links_chosen };

	if (e->by != BEAT_BY_KEY || !mn_is_far(c, e->ip, e->time))
		return;
	mn_links_choose(c, m->from, e->ip, &e->hash);
	tn_relay(c, &f, m);
}

static tn_verdict take(struct tn_ctx *c, const struct tn_msg *m)
{
	struct mn_beats *b = beats_of(c);
	struct beat_scene s = scene_of(c, m); /* again: another copy may have been faster */
	struct beat_entry e;
	enum beat_by by;
	enum beat_fate fate = beat_judge(&s, &by);

	if (fate)
		return refuse(c, fate);
	if (entry_of(c, s.beat, s.ip, &e))
		return TN_BROKEN;
	e.by = (uint8_t)by;
	beat_take(beat_get(&b->memory, s.ip), &s, by, m->from.v);
	b->taken++;
	if (registry_alive(mn_state(c)->registry, s.ip, mn_now(c)))
		mn_changed(c);
	relay(c, m, &e);
	mn_attest(c, beat_history_add(b->history, &e));
	return TN_TAKEN;
}

static void on_checked(struct tn_ctx *c, int status, const void *in_, void *out_)
{
	const struct mn_check *in = in_;
	const struct mn_checked *out = out_;
	const struct tn_msg *m = tn_held(c, in->hold);

	if (status || !m)
		return; /* the plugin stops, or it took too long */
	if (!out->good)
		mn_forged(c, m);
	tn_settle(c, in->hold, out->good ? take(c, m) : refuse(c, BEAT_SIGNATURE));
}

tn_verdict mn_on_heartbeat(struct tn_ctx *c, const struct tn_msg *m)
{
	struct beat_scene s = scene_of(c, m);
	struct mn_check in = { .key = s.beat->masternode_pubkey, .sig = s.beat->signature };
	enum beat_by by;
	enum beat_fate fate = beat_judge(&s, &by);

	if (fate)
		return refuse(c, fate);
	if (tn_signed_heartbeat(mn_state(c)->sha, s.beat, &in.digest))
		return TN_BROKEN;
	in.hold = tn_hold(c, m);
	if (!in.hold.v)
		return TN_BROKEN;
	if (mn_check_work(c, &in, on_checked))
		tn_settle(c, in.hold, tn_refuse(R_OVERLOAD));
	return TN_LATER;
}

/* ---- ours */

static int load_own(struct tn_ctx *c)
{
	struct tn_view at = { (const uint8_t *)"own", 3 }, val;
	const void *own;

	if (tn_get(c, NULL, D_BEAT, at, &val))
		return 0;
	if (tn_bin_read(&beat_own_schema, val, tn_scratch(c), &own, NULL))
		return TN_EBAD;
	beats_of(c)->own = *(const struct beat_own *)own;
	return 0;
}

static void record_own(struct tn_ctx *c, const struct tn_heartbeat *h, uint32_t ip)
{
	struct mn_beats *b = beats_of(c);
	struct beat_entry e;

	b->sent++;
	if (registry_alive(mn_state(c)->registry, ip, mn_now(c)))
		mn_changed(c);
	if (entry_of(c, h, ip, &e))
		return;
	e.ours = true;
	mn_attest(c, beat_history_add(b->history, &e));
}

/* Its number is on the disk: no crash can make us use it again. */
static void on_stored(struct tn_ctx *c, int result, const void *payload, void *arg)
{
	struct mn_beats *b = beats_of(c);
	struct tn_heartbeat h = { .sequence_number = b->own.sequence, .timestamp = b->own.time };
	char text[TN_MN_ADDRESS_TEXT];
	uint32_t ip;

	(void)payload;
	if ((uintptr_t)arg != (uintptr_t)b->storing) /* of one that was abandoned */
		return;
	b->storing = 0;
	if (result || mn_own_ip(c, &ip))
		return;
	mn_ip_text(ip, text);
	h.masternode_address = (struct tn_str){ text, (uint32_t)strlen(text) };
	if (tn_heartbeat_sign(mn_state(c)->sha, &mn_state(c)->wallet.secret, &h))
		return;
	tn_broadcast(c, NULL, M_HEARTBEAT, &h);
	record_own(c, &h, ip);
}

/* One at a time: as long as the disk has not taken the last number, none is made, or the one
 * that was not stored yet would be sent when the last one is. */
static void make(struct tn_ctx *c)
{
	struct mn_beats *b = beats_of(c);
	struct beat_own next = beat_next(&b->own, tn_wall_s(c));
	struct tn_batch *batch = b->storing ? NULL : tn_batch(c);
	int rc;

	if (!batch)
		return;
	if (tn_put_as(c, batch, D_BEAT, (struct tn_view){ (const uint8_t *)"own", 3 },
		      &beat_own_schema, &next)) {
		tn_abandon(c, batch);
		return;
	}
	b->own = next;
	b->storing = next.sequence;
	rc = tn_commit(c, batch, tn_promise(c, 0, on_stored, (void *)(uintptr_t)next.sequence));
	if (rc == TN_EFULL)
		tn_abandon(c, batch);
	if (rc)
		b->storing = 0;
}

static void on_time(struct tn_ctx *c, void *arg);

/* In the middle of an interval of the wall clock, so that a little lateness never makes two of
 * ours count as of the same one (mesh_far). */
static void set_timer(struct tn_ctx *c)
{
	struct mn_beats *b = beats_of(c);
	uint64_t interval = mn_beat_interval_s(c);
	uint64_t now = (uint64_t)tn_wall_s(c) % interval;
	uint64_t wait = (b->phase % interval + interval - now) % interval;

	tn_cancel(c, b->timer);
	b->timer = tn_after(c, (wait ? wait : interval) * 1000, on_time, NULL);
}

static void on_time(struct tn_ctx *c, void *arg)
{
	uint32_t ip;

	(void)arg;
	if (!mn_own_ip(c, &ip))
		make(c);
	set_timer(c);
}

/* ---- life */

int mn_beats_init(struct tn_ctx *c, struct tn_error *err)
{
	struct mn_beats *b = calloc(1, sizeof *b);

	mn_state(c)->beats = b;
	if (!b)
		return tn_fail(err, TN_ENOMEM, "no memory");
	b->stale = true;
	b->stride = 1;
	b->salt = tn_random64(c);
	b->history = beat_history_create(BEAT_HISTORY);
	b->early = calloc(1, sizeof *b->early);
	if (!b->history || !b->early ||
	    beat_table_create(&b->memory, (uint32_t)mn_conf(c)->registry_max))
		return tn_fail(err, TN_ENOMEM, "no memory");
	return 0;
}

static void set_phase(struct tn_ctx *c)
{
	uint64_t interval = mn_beat_interval_s(c);

	beats_of(c)->phase = (uint32_t)(interval / 4 + tn_random64(c) % (interval / 2 + 1));
	set_timer(c);
}

/* The number is read here, not before: until now another build may have sent one. */
int mn_beats_start(struct tn_ctx *c, struct tn_error *err)
{
	if (load_own(c))
		return tn_fail(err, TN_EBAD, "our last heartbeat's number is unreadable");
	set_phase(c);
	return beats_of(c)->timer.v && !mn_links_start(c) ? 0
							  : tn_fail(err, TN_ENOMEM, "no memory");
}

void mn_beats_reloaded(struct tn_ctx *c)
{
	set_phase(c);
}

void mn_beats_changed(struct tn_ctx *c)
{
	beats_of(c)->stale = true;
}

void mn_beats_down(struct tn_ctx *c, struct tn_sid sid, struct mn_slot *slot)
{
	struct beat_memory *m = beat_find(&beats_of(c)->memory, slot->ip);

	if (m)
		beat_unpin(m, sid.v);
}

void mn_beats_fini(struct tn_ctx *c)
{
	struct mn_beats *b = beats_of(c);

	if (!b)
		return;
	mn_links_free(c);
	beat_table_free(&b->memory);
	beat_history_free(b->history);
	free(b->early);
	free(b);
	mn_state(c)->beats = NULL;
}
