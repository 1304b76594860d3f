/* SPDX-License-Identifier: MIT
 * plugins/masternodes/masternodes.c - who is a masternode, and this node's own key
 *
 * The descriptor and the plugin's life; masternodes.h says which file does what.
 */
#include "masternodes.h"

#include <stdio.h>
#include <string.h>

#include "beats.h"
#include "keyfile.h"
#include "voters.h"

/* ---- the key */

static int find_network(struct tn_ctx *c, struct tn_error *err)
{
	struct tn_net_info info;

	if (!TN_HAS(c, data_dir) || tn_network_info(c, &info))
		return tn_fail(err, TN_EINVAL, "this host does not say which network it is on");
	if (tn_network_find(info.name, &mn_state(c)->net))
		return tn_fail(err, TN_EINVAL, "no network \"%s\" is known", info.name);
	return 0;
}

/* Where no files are kept (the simulator) the seed lies in the store. */
static int key_in_store(struct tn_ctx *c, const uint8_t fresh[32], struct tn_error *err)
{
	struct mn_state *st = mn_state(c);
	struct tn_view at = { (const uint8_t *)"seed", 4 }, val = { fresh, 32 };
	struct tn_batch *b;

	if (tn_get(c, NULL, D_KEY, at, &val) || val.n != 32) {
		val = (struct tn_view){ fresh, 32 };
		b = tn_batch(c);
		if (!b)
			return tn_fail(err, TN_ENOMEM, "no memory");
		tn_put(c, b, D_KEY, at, val);
		if (tn_commit(c, b, TN_NO_TICKET) == TN_EFULL)
			tn_abandon(c, b);
	}
	if (tn_wallet_make(st->sha, &st->net, val.p, tn_wall_s(c), NULL, &st->wallet))
		return tn_fail(err, TN_ENOMEM, "no memory");
	return 0;
}

static int key_in_file(struct tn_ctx *c, const char *path, const uint8_t fresh[32],
		       struct tn_error *err)
{
	struct mn_state *st = mn_state(c);
	bool made;
	int rc = mn_keyfile_open(st->sha, &st->net, path, fresh, tn_wall_s(c), &st->wallet, &made,
				 err);

	if (!rc && made)
		TN_LOG(c, TN_WARN, TN_NOBODY,
		       "Wallet created: %s (%s). Its key is in this file alone: keep a copy "
		       "(timenode-cli backupwallet)",
		       path, st->wallet.address);
	return rc;
}

static int open_key(struct tn_ctx *c, struct tn_error *err)
{
	char path[1100];
	uint8_t fresh[32];
	int rc = tn_data_dir(c, path, sizeof path - sizeof MN_WALLET_FILE - 1);

	c->host->random(c, fresh, sizeof fresh);
	if (rc == TN_ENOENT)
		return key_in_store(c, fresh, err);
	if (rc)
		return tn_fail(err, rc, "data_dir is too long");
	strcat(path, "/" MN_WALLET_FILE);
	return key_in_file(c, path, fresh, err);
}

/* ---- configuration */

static int take_voters(struct tn_ctx *c, struct tn_error *err)
{
	struct mn_state *st = mn_state(c);
	struct tn_arena *a = tn_arena_new(c);
	int rc = a ? mn_voters_parse(&mn_conf(c)->voters, a, &st->voters, err)
		   : tn_fail(err, TN_ENOMEM, "no memory");

	if (rc) {
		tn_arena_unref(a);
		return rc;
	}
	tn_arena_unref(st->voters_memory);
	st->voters_memory = a;
	return 0;
}

static struct mn_limits limits_of(struct tn_ctx *c)
{
	const struct mn_conf *conf = mn_conf(c);
	uint32_t max = (uint32_t)conf->registry_max;
	bool private = !strcmp(mn_state(c)->net.name, "private");

	return (struct mn_limits){ .max = max,
				   .group_max = private ? 0 : 16 + max / 64,
				   .heard_max = 16 + max / 4,
				   .told_max = private ? 16 + max / 4 : 16 + max / 32,
				   .silence_ms = conf->silence,
				   .forget_ms = conf->forget,
				   .change_ms = conf->change_every };
}

int mn_own_ip(struct tn_ctx *c, uint32_t *ip)
{
	struct tn_addr me;

	if (!mn_conf(c)->masternode)
		return TN_ENOENT;
	if (mn_conf(c)->address.n)
		return mn_ip_parse(mn_conf(c)->address, ip) ? TN_ENOENT : 0;
	return tn_self(c, &me) || !mn_ip_of(&me, ip) ? TN_ENOENT : 0;
}

/* ---- messages: none is answered or believed yet */

static tn_verdict on_unready(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return tn_refuse(R_UNREADY);
}

void mn_changed(struct tn_ctx *c)
{
	const struct registry *g = mn_state(c)->registry;
	struct tn_ev_masternodes ev = { registry_active(g), registry_count(g) };

	mn_beats_changed(c);
	tn_tell(c, E_CHANGED, &ev);
}

/* ---- life */

static int init(struct tn_ctx *c, struct tn_error *err)
{
	struct mn_state *st = mn_state(c);
	struct mn_limits limits;
	int rc = find_network(c, err);

	if (rc)
		return rc;
	limits = limits_of(c);
	st->sha = tn_sha_create();
	st->registry = registry_create(&limits);
	if (!st->sha || !st->registry)
		return tn_fail(err, TN_ENOMEM, "no memory");
	rc = mn_beats_init(c, err);
	return rc ? rc : take_voters(c, err);
}

static void up(struct tn_ctx *c, struct tn_sid sid, void *slot)
{
	mn_beats_up(c, sid, slot);
}

static void down(struct tn_ctx *c, struct tn_sid sid, void *slot)
{
	mn_beats_down(c, sid, slot);
}

static int start(struct tn_ctx *c, struct tn_error *err)
{
	int rc = open_key(c, err);

	return rc ? rc : mn_beats_start(c, err);
}

static void fini(struct tn_ctx *c)
{
	struct mn_state *st = mn_state(c);

	mn_beats_fini(c);
	registry_free(st->registry);
	tn_arena_unref(st->voters_memory);
	tn_wallet_wipe(&st->wallet);
	tn_sha_free(st->sha);
}

TN_PLUGIN = {
	TN_HEAD("masternodes", "1.0", "who is a masternode, who is alive, and this node's own key"),
	.state_bytes = sizeof(struct mn_state),
	.conf_bytes = sizeof(struct mn_conf),
	.slot_bytes = sizeof(struct mn_slot),
	.needs = TN_ROWS(struct tn_need, [N_CHAIN] = TN_CHAIN_NEED(TN_WANT)),
	.offers = TN_ROWS(struct tn_offer,
			  { "identity", TN_IDENTITY_MAJOR, TN_IDENTITY_MINOR, &mn_identity_ops },
			  { "masternodes", TN_MASTERNODES_MAJOR, TN_MASTERNODES_MINOR,
			    &mn_masternodes_ops }),
	.messages = TN_ROWS(
		struct tn_message,
		[M_ANNOUNCE] = { "MasternodeAnnouncement", &tn_wire_announcement, on_unready,
				 TN_OWN, .max = 4096, .rate = 50, .pace = 1 },
		[M_GET] = { "GetMasternodes", &tn_schema_unit, on_unready, TN_OWN, .max = 64,
			    .rate = 1, .pace = 1 },
		[M_LIST] = { "MasternodesResponse", &tn_wire_announcements, NULL, TN_OWN, TN_HIDDEN,
			     .max = 8 << 20 },
		[M_HEARTBEAT] = { "HeartbeatBroadcast", &tn_wire_heartbeat, mn_on_heartbeat, TN_OWN,
				  TN_DEDUP, .max = 2048, .rate = 200, .window = 64, .pace = 8 },
		[M_ATTESTATION] = { "HeartbeatAttestation", &tn_wire_attestation, mn_on_attestation,
				    TN_OWN, TN_DEDUP, .max = 2048, .rate = 500, .window = 64,
				    .pace = 8 }),
	.emits = TN_ROWS(struct tn_emits, [E_CHANGED] = { TN_EV_MASTERNODES,
							  sizeof(struct tn_ev_masternodes) }),
	.options = TN_ROWS(
		struct tn_option,
		TN_OPT(struct mn_conf, masternode, "false", 0, 0, "this node is a masternode"),
		TN_OPT(struct mn_conf, address, "", 0, 15,
		       "its IPv4 address; \"\": network.local_ip or what peers report"),
		TN_OPT(struct mn_conf, tier, "Free", 0, 16, "Free, Bronze, Silver or Gold"),
		TN_OPT(struct mn_conf, reward, "", 0, 64,
		       "payment address for its share; \"\": that of the wallet"),
		TN_OPT(struct mn_conf, collateral, "", 0, 80,
		       "TXID:NUMBER of the coin that proves the tier"),
		TN_OPT(struct mn_conf, trust_announced_tier, "false", 0, 0,
		       "believe every announced tier, as old nodes do"),
		TN_OPT(struct mn_conf, voters, "", 0, 0,
		       "who votes: \"ADDRESS=PUBLIC KEY in hexadecimal\" each"),
		TN_OPT_MS(struct mn_conf, announce_first, "6s", 10, 600000,
			  "a link is up for so long before we announce ourselves on it"),
		TN_OPT_MS(struct mn_conf, announce_every, "1m", 100, 3600000,
			  "time between two announcements on a link"),
		TN_OPT_MS(struct mn_conf, ask_every, "10m", 1000, 86400000,
			  "time between two GetMasternodes to one peer"),
		TN_OPT_MS(struct mn_conf, silence, "3m", 300, 86400000,
			  "without a sign of life for so long: inactive"),
		TN_OPT_MS(struct mn_conf, check_every, "30s", 100, 3600000,
			  "how often silence is looked for"),
		TN_OPT_MS(struct mn_conf, forget, "1h", 1000, INT64_C(31) * 86400000,
			  "silent for so long: forgotten"),
		TN_OPT_MS(struct mn_conf, change_every, "5m", 0, 86400000,
			  "between two changes of what one masternode says of itself"),
		TN_OPT_MS(struct mn_conf, heartbeat_every, "1m", 1000, 600000,
			  "time between two of our heartbeats; the same on all nodes"),
		{ "registry_max", "10000", "masternodes known", 16, 100000,
		  offsetof(struct mn_conf, registry_max), TN_O_INT, 1 }),
	.commands = TN_ROWS(struct tn_command,
			    { "getheartbeathistory", "heartbeats that were taken, newest first",
			      &mn_history_args_schema, &mn_history_row_schema, mn_cmd_history },
			    { "getattestationstats", "heartbeats and attestations, counted", NULL,
			      &mn_stats_row_schema, mn_cmd_stats }),
	.dbs = TN_ROWS(
		struct tn_dbdef, [D_REGISTRY] = { "registry", &mn_stored_schema, 1 },
		[D_KEY] = { "key", NULL, 1 }, [D_BEAT] = { "heartbeat", &beat_own_schema, 1 }),
	.reasons = TN_ROWS(
		struct tn_reason, [R_UNREADY] = { "not-built", "nothing handles this message yet" },
		[R_ADDRESS] = { "address", "not the text of an IPv4 address" },
		[R_OURS] = { "ours", "it speaks of this node" },
		[R_OFTEN] = { "often", "more of this masternode than it may send" },
		[R_SIGNATURE] = { "signature", "not signed with the key inside" },
		[R_OLD] = { "old", "made more than 180 s ago" },
		[R_FUTURE] = { "future", "made more than 180 s ahead" },
		[R_KEY] = { "key", "not the key of that masternode" },
		[R_REPLAYED] = { "replayed", "not newer than what is known" },
		[R_UNMET] = { "unmet", "nobody of that address has announced itself" },
		[R_SEQUENCE] = { "sequence", "its number does not grow" },
		[R_CHOSEN] = { "not-chosen", "not a witness of that heartbeat" },
		[R_TWICE] = { "twice", "this key has attested that heartbeat" },
		[R_EARLY] = { "early", "its heartbeat is not known, and no room to wait for it" },
		[R_OVERLOAD] = { "overload", "too many signatures wait to be verified" }),
	.init = init,
	.start = start,
	.up = up,
	.down = down,
	.fini = fini,
};
