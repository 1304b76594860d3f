/* SPDX-License-Identifier: MIT
 * plugins/masternodes/commands.c - what operators see of masternodes
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keyfile.h"
#include "masternodes.h"
#include "text.h"

static struct tn_str str(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

static bool is(struct tn_str text, const char *word)
{
	return text.n == strlen(word) && !memcmp(text.p, word, text.n);
}

static bool is_voter(struct tn_ctx *c, const char *address)
{
	const struct tn_voter_set *set = &mn_state(c)->voters;

	for (uint32_t i = 0; i < set->voter.n; i++)
		if (is(set->voter.v[i].address, address))
			return true;
	return false;
}

/* ---- masternodelist */

struct list_args {
	struct tn_str which;
	bool has_which;
};
/* clang-format off */
const struct tn_schema mn_list_args_schema = TN_SCHEMA(struct list_args, TN_RECORD,
	TN_FIELD_IF(struct list_args, which, 16, has_which, TN_F_NULL));

struct list_row {
	struct tn_str address, state, tier, announced, reward, key;
	bool eligible, collateral, voter, connected;
	uint64_t silent_s, uptime_s;
	int64_t first_seen, last_seen;
};
const struct tn_schema mn_list_row_schema = TN_SCHEMA(struct list_row, TN_RECORD,
	TN_FIELD(struct list_row, address), TN_FIELD(struct list_row, state),
	TN_FIELD(struct list_row, tier), TN_FIELD(struct list_row, announced),
	TN_FIELD(struct list_row, eligible), TN_FIELD(struct list_row, collateral),
	TN_FIELD(struct list_row, voter),
	TN_FIELD(struct list_row, connected), TN_FIELD(struct list_row, silent_s),
	TN_FIELD(struct list_row, uptime_s), TN_FIELD(struct list_row, first_seen),
	TN_FIELD(struct list_row, last_seen), TN_FIELD(struct list_row, reward),
	TN_FIELD(struct list_row, key));
/* clang-format on */

static const char *state_of(const struct mn_record *r)
{
	return r->heard ? "heard" : r->active ? "active" : "inactive";
}

static void show(struct tn_ctx *c, struct tn_cmd *cmd, const struct mn_record *r)
{
	char key[2 * sizeof r->key.b + 1] = "";
	struct tn_addr a = mn_addr_of(r->ip);
	struct mn_time now = mn_now(c);
	struct list_row row = { .address = str(r->text),
				.state = str(state_of(r)),
				.tier = str(mn_tier_text(mn_tier_of(c, r))),
				.announced = str(r->heard ? "" : mn_tier_text(r->announced)),
				.reward = str(r->reward),
				.eligible = mn_eligible(c, r) == ELIGIBLE,
				.collateral = r->collateral,
				.voter = r->pinned,
				.connected = tn_find(c, &a).v != 0,
				.silent_s = registry_silence_ms(r, now) / 1000,
				.uptime_s = registry_uptime_s(r, now),
				.first_seen = r->first_s,
				.last_seen = r->last_s };

	if (!r->heard || r->pinned)
		mn_hex_text(r->key.b, sizeof r->key.b, key);
	row.key = str(key);
	tn_row(c, cmd, &row);
}

int mn_cmd_list(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct registry *g = mn_state(c)->registry;
	const struct list_args *a = args;
	struct tn_str which = a->has_which ? a->which : str("all");

	if (!is(which, "all") && !is(which, "active") && !is(which, "inactive") &&
	    !is(which, "heard"))
		return tn_fail(err, TN_EINVAL,
			       "masternodelist \"%.*s\": all, active, inactive or heard",
			       (int)which.n, which.p);
	for (uint32_t i = 0; i < registry_count(g); i++) {
		const struct mn_record *r = registry_at(g, i);

		if (is(which, "all") || is(which, state_of(r)))
			show(c, cmd, r);
	}
	return 0;
}

/* ---- masternodestatus */

struct status_row {
	bool masternode, active, eligible, voter, collateral, trust_announced_tier;
	struct tn_str address, tier, announced, payment, reward, key, reason;
	uint64_t uptime_s;
	uint32_t voters, known, masternodes_active;
};
/* clang-format off */
const struct tn_schema mn_status_row_schema = TN_SCHEMA(struct status_row, TN_RECORD,
	TN_FIELD(struct status_row, masternode), TN_FIELD(struct status_row, address),
	TN_FIELD(struct status_row, active), TN_FIELD(struct status_row, eligible),
	TN_FIELD(struct status_row, reason),
	TN_FIELD(struct status_row, tier), TN_FIELD(struct status_row, announced),
	TN_FIELD(struct status_row, collateral), TN_FIELD(struct status_row, trust_announced_tier),
	TN_FIELD(struct status_row, voter), TN_FIELD(struct status_row, voters),
	TN_FIELD(struct status_row, known), TN_FIELD(struct status_row, masternodes_active),
	TN_FIELD(struct status_row, uptime_s), TN_FIELD(struct status_row, payment),
	TN_FIELD(struct status_row, reward), TN_FIELD(struct status_row, key));
/* clang-format on */

/* Why it is not paid, or not for the tier that it announces. */
static void explain_pay(struct tn_ctx *c, const struct mn_record *r, char *buf, size_t room)
{
	enum eligible_why why = mn_eligible(c, r);
	char coin[200];
	int n = snprintf(buf, room, "%s", why == ELIGIBLE ? "" : eligible_text(why));

	if (r->announced == TN_TIER_FREE || mn_tier_of(c, r) != TN_TIER_FREE)
		return;
	mn_collateral_why(c, r, coin, sizeof coin);
	snprintf(buf + n, room - (size_t)n, "%scounts as Free: %s", n ? "; " : "", coin);
}

/* Why it is not active; else what an operator should know of; else "". */
static void explain(struct tn_ctx *c, const struct mn_record *r, char *buf, size_t room)
{
	const struct mn_state *st = mn_state(c);
	struct tn_error err;
	uint32_t ip;

	if (!st->self.on)
		snprintf(buf, room, "masternode = false in the configuration");
	else if (mn_self_allowed(c, &err))
		snprintf(buf, room, "%s", err.text);
	else if (mn_own_ip(c, &ip))
		snprintf(buf, room,
			 "its own address is not known: set `address`, or wait until "
			 "three peers in different networks have told it");
	else if (!r)
		snprintf(buf, room, "the registry is full");
	else if (r->pinned && memcmp(&r->key, &st->wallet.secret.key, sizeof r->key) != 0)
		snprintf(buf, room, "`voters` has another key for this address");
	else if (!tn_count(c, NULL))
		snprintf(buf, room, "no peer is connected: nobody hears it");
	else
		explain_pay(c, r, buf, room);
}

int mn_cmd_status(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct mn_state *st = mn_state(c);
	char address[TN_MN_ADDRESS_TEXT] = "", why[300],
	     key[2 * sizeof st->wallet.secret.key.b + 1];
	bool known;
	uint32_t ip;
	const struct mn_record *r = NULL;
	struct status_row row = { .masternode = st->self.on };

	(void)args, (void)err;
	known = !mn_own_ip(c, &ip);
	if (known) {
		mn_ip_text(ip, address);
		r = registry_find(st->registry, ip);
	}
	explain(c, r, why, sizeof why);
	row.address = str(address);
	row.reason = str(why);
	row.active = r && r->active && tn_count(c, NULL) != 0;
	row.eligible = row.active && mn_eligible(c, r) == ELIGIBLE;
	row.tier = str(mn_tier_text(r ? mn_tier_of(c, r) : TN_TIER_FREE));
	row.announced = str(mn_tier_text(st->self.tier));
	row.collateral = r && r->collateral;
	row.trust_announced_tier = mn_conf(c)->trust_announced_tier;
	row.voter = known && is_voter(c, address);
	row.voters = st->voters.voter.n;
	row.known = registry_count(st->registry);
	row.masternodes_active = registry_active(st->registry);
	row.uptime_s = r ? registry_uptime_s(r, mn_now(c)) : 0;
	row.payment = str(st->wallet.address);
	row.reward = str(st->self.reward[0] ? st->self.reward : st->wallet.address);
	row.key = str(mn_hex_text(st->wallet.secret.key.b, sizeof st->wallet.secret.key.b, key));
	tn_row(c, cmd, &row);
	return 0;
}

/* ---- backupwallet */

struct backup {
	struct tn_str file;
};
/* clang-format off */
const struct tn_schema mn_backup_args_schema = TN_SCHEMA(struct backup, TN_RECORD,
	TN_FIELD_MAX(struct backup, file, 1000));
const struct tn_schema mn_backup_row_schema = TN_SCHEMA(struct backup, TN_RECORD,
	TN_FIELD_MAX(struct backup, file, 1000));
/* clang-format on */

int mn_cmd_backup(struct tn_ctx *c, struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	const struct mn_state *st = mn_state(c);
	const struct backup *a = args;
	char *path = tn_copy_text(tn_scratch(c), a->file.p, a->file.n);
	char dir[8];
	int rc;

	if (!path)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (tn_data_dir(c, dir, sizeof dir) == TN_ENOENT)
		return tn_fail(err, TN_EINVAL, "this node keeps no files");
	rc = mn_keyfile_copy(st->sha, &st->net, &st->wallet, path, err);
	if (rc)
		return rc;
	tn_row(c, cmd, &(struct backup){ str(path) });
	return 0;
}
