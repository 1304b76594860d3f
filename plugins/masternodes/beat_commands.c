/* SPDX-License-Identifier: MIT
 * plugins/masternodes/beat_commands.c - getheartbeathistory, getattestationstats
 */
#include <string.h>

#include "beats.h"
#include "text.h"

enum { LIMIT = 10 };

static struct tn_str str(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

/* ---- getheartbeathistory */

const struct tn_schema mn_history_args_schema =
	TN_SCHEMA(struct mn_history_args, TN_RECORD,
		  TN_FIELD_IF(struct mn_history_args, address, 64, has_address, TN_F_NULL),
		  TN_FIELD_IF(struct mn_history_args, limit, 0, has_limit, TN_F_NULL));

struct history_row {
	struct tn_str address;
	uint64_t sequence;
	int64_t timestamp;
	struct tn_str key; /* how it is known to be that address's */
	bool ours, verified;
	uint32_t unique_witnesses;
	struct tn_str hash; /* in hexadecimal */
};
const struct tn_schema mn_history_row_schema =
	TN_SCHEMA(struct history_row, TN_RECORD, TN_FIELD(struct history_row, address),
		  TN_FIELD(struct history_row, sequence), TN_FIELD(struct history_row, timestamp),
		  TN_FIELD(struct history_row, key), TN_FIELD(struct history_row, ours),
		  TN_FIELD(struct history_row, verified),
		  TN_FIELD(struct history_row, unique_witnesses),
		  TN_FIELD(struct history_row, hash));

static const char *by_text(const struct beat_entry *e)
{
	switch ((enum beat_by)e->by) {
	case BEAT_BY_KEY:
		return "announced";
	case BEAT_BY_DIRECT:
		return "direct";
	case BEAT_BY_PIN:
		return "pinned";
	}
	return "";
}

static void show(struct tn_ctx *c, struct tn_cmd *cmd, const struct beat_entry *e)
{
	char hash[2 * sizeof e->hash.b + 1];
	struct history_row row = { .address = str(e->address),
				   .sequence = e->sequence,
				   .timestamp = e->time,
				   .key = str(by_text(e)),
				   .ours = e->ours,
				   .verified = e->verified,
				   .unique_witnesses = e->witnesses,
				   .hash = str(mn_hex_text(e->hash.b, sizeof e->hash.b, hash)) };

	tn_row(c, cmd, &row);
}

int mn_cmd_history(struct tn_ctx *c, struct tn_cmd *cmd, const void *args_, struct tn_error *err)
{
	const struct mn_history_args *args = args_;
	const struct beat_history *h = mn_state(c)->beats->history;
	uint64_t left = args->has_limit ? args->limit : LIMIT;
	const struct beat_entry *e;
	uint32_t ip = 0;

	if (args->has_address && mn_ip_parse(args->address, &ip))
		return tn_fail(err, TN_EINVAL, "getheartbeathistory \"%.*s\": no IPv4 address",
			       (int)args->address.n, args->address.p);
	for (uint32_t i = 0; left && (e = beat_history_at(h, i)); i++) {
		if (ip && e->ip != ip)
			continue;
		show(c, cmd, e);
		left--;
	}
	return 0;
}

/* ---- getattestationstats */

struct stats_row {
	uint32_t total_heartbeats, verified_heartbeats, pending_heartbeats, unique_masternodes;
	uint64_t total_verified_count, heartbeats_sent, heartbeats_taken, heartbeats_refused;
	uint64_t attestations_made, attestations_counted, attestations_early, attestations_passed,
		attestations_refused;
	uint64_t own_sequence;
	uint32_t stride;
	uint64_t silence_s;
};
const struct tn_schema mn_stats_row_schema = TN_SCHEMA(
	struct stats_row, TN_RECORD, TN_FIELD(struct stats_row, total_heartbeats),
	TN_FIELD(struct stats_row, verified_heartbeats),
	TN_FIELD(struct stats_row, pending_heartbeats),
	TN_FIELD(struct stats_row, unique_masternodes),
	TN_FIELD(struct stats_row, total_verified_count),
	TN_FIELD(struct stats_row, heartbeats_sent), TN_FIELD(struct stats_row, heartbeats_taken),
	TN_FIELD(struct stats_row, heartbeats_refused),
	TN_FIELD(struct stats_row, attestations_made),
	TN_FIELD(struct stats_row, attestations_counted),
	TN_FIELD(struct stats_row, attestations_early),
	TN_FIELD(struct stats_row, attestations_passed),
	TN_FIELD(struct stats_row, attestations_refused), TN_FIELD(struct stats_row, own_sequence),
	TN_FIELD(struct stats_row, stride), TN_FIELD(struct stats_row, silence_s));

static uint64_t sum(const uint64_t *v, unsigned n)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < n; i++)
		all += v[i];
	return all;
}

int mn_cmd_stats(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct mn_beats *b = mn_state(c)->beats;
	const struct beat_entry *e;
	struct stats_row row = { .total_heartbeats = beat_history_count(b->history),
				 .unique_masternodes = b->memory.n,
				 .total_verified_count = b->verified,
				 .heartbeats_sent = b->sent,
				 .heartbeats_taken = b->taken,
				 .heartbeats_refused = sum(b->refused, BEAT_FATES),
				 .attestations_made = b->made,
				 .attestations_counted = b->counted,
				 .attestations_early = b->waited,
				 .attestations_passed = b->passed,
				 .attestations_refused = sum(b->unwitnessed, WITNESS_FATES),
				 .own_sequence = b->own.sequence };

	(void)args, (void)err;
	row.silence_s = mn_beats_silence_ms(c) / 1000;
	row.stride = b->stride;
	for (uint32_t i = 0; (e = beat_history_at(b->history, i)); i++)
		row.verified_heartbeats += e->verified;
	row.pending_heartbeats = row.total_heartbeats - row.verified_heartbeats;
	tn_row(c, cmd, &row);
	return 0;
}
