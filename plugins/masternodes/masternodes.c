/* SPDX-License-Identifier: MIT
 * plugins/masternodes/masternodes.c - who is a masternode, and this node's own key
 *
 * The descriptor and the plugin's life; masternodes.h says which file does what.
 */
#include "masternodes.h"

#include <inttypes.h>
#include <string.h>

#include "beats.h"
#include "keyfile.h"
#include "voters.h"

enum { SAVE_MS = 10000, CONTACT_MS = 1000 };

/* ---- the key */

static int find_network(struct tn_ctx *c, struct tn_error *err)
{
	struct tn_net_info info;

	if (!TN_HAS(c, data_dir) || tn_network_info(c, &info))
		return tn_fail(err, TN_EINVAL, "this host does not say which network it is on");
	if (tn_network_find(info.name, &mn_state(c)->net))
		return tn_fail(err, TN_EINVAL, "no network \"%s\" is known", info.name);
	if (!strcmp(info.name, "private"))
		mn_state(c)->net.genesis_time = info.genesis_time;
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
				   .silence_ms = mn_beats_silence_ms(c),
				   .forget_ms = conf->forget,
				   .change_ms = conf->change_every };
}

/* ---- what changed */

void mn_changed(struct tn_ctx *c)
{
	const struct registry *g = mn_state(c)->registry;
	const struct tn_ev_masternodes ev = { registry_active(g), registry_count(g) };

	tn_metric(c, C_KNOWN, registry_count(g));
	tn_metric(c, C_ACTIVE, registry_active(g));
	mn_state(c)->list_old = true;
	mn_beats_changed(c);
	tn_tell(c, E_CHANGED, &ev);
}

static void on_gone(void *arg, const struct mn_record *r, bool removed)
{
	struct tn_ctx *c = arg;

	if (removed)
		TN_LOG(c, TN_DEBUG, TN_NOBODY, "Masternode %s is forgotten", r->text);
	else
		TN_LOG(c, TN_INFO, TN_NOBODY, "Masternode %s is inactive: silent for %" PRIu64 " s",
		       r->text, registry_silence_ms(r, mn_now(c)) / 1000);
}

static void check(struct tn_ctx *c, void *arg)
{
	struct mn_state *st = mn_state(c);
	struct mn_limits limits;

	(void)arg;
	mn_self_live(c);
	limits = limits_of(c); /* silence grows with their number */
	registry_limits(st->registry, &limits);
	if (registry_check(st->registry, mn_now(c), on_gone, c))
		mn_changed(c);
	mn_collateral_tick(c);
}

/* ---- life */

/* Voters are known before they are met, and no other key of theirs is ever taken. */
static int pin_voters(struct tn_ctx *c, struct tn_error *err)
{
	struct mn_state *st = mn_state(c);
	int rc = 0;

	registry_unpin_all(st->registry);
	for (uint32_t i = 0; !rc && i < st->voters.voter.n; i++) {
		const struct tn_voter *v = &st->voters.voter.v[i];
		uint32_t ip;

		rc = mn_ip_parse(v->address, &ip);
		if (!rc)
			rc = registry_pin(st->registry, ip, &v->key, mn_now(c));
	}
	return rc ? tn_fail(err, rc, "no room for %u voters", st->voters.voter.n) : 0;
}

static int init(struct tn_ctx *c, struct tn_error *err)
{
	struct mn_state *st = mn_state(c);
	int rc = find_network(c, err);

	if (rc)
		return rc;
	st->sha = tn_sha_create();
	if (!st->sha)
		return tn_fail(err, TN_ENOMEM, "no memory");
	rc = mn_self_parse(c, mn_conf(c), &st->self, err);
	if (!rc)
		rc = mn_beats_init(c, err);
	return rc ? rc : take_voters(c, err);
}

static int load_registry(struct tn_ctx *c, const struct mn_limits *limits, struct tn_error *err)
{
	struct mn_state *st = mn_state(c);

	registry_free(st->registry);
	st->registry = registry_create(limits);
	if (!st->registry)
		return tn_fail(err, TN_ENOMEM, "no memory");
	mn_beats_changed(c);
	return mn_keep_load(c, err);
}

/* How long one may be silent depends on how many there are: first known when all are there. */
static int make_registry(struct tn_ctx *c, struct tn_error *err)
{
	struct mn_limits limits = limits_of(c), next;
	int rc = load_registry(c, &limits, err);

	if (rc)
		return rc;
	next = limits_of(c);
	if (next.silence_ms != limits.silence_ms)
		rc = load_registry(c, &next, err);
	return rc ? rc : pin_voters(c, err);
}

static void set_timers(struct tn_ctx *c)
{
	struct mn_state *st = mn_state(c);

	tn_cancel(c, st->check);
	tn_cancel(c, st->announce);
	tn_cancel(c, st->ask);
	st->check = tn_every(c, mn_conf(c)->check_every, check, NULL);
	st->announce = tn_pulse(c, mn_conf(c)->announce_every, mn_announce);
	st->ask = tn_pulse(c, mn_conf(c)->ask_every, mn_ask);
}

static int start(struct tn_ctx *c, struct tn_error *err)
{
	struct mn_state *st = mn_state(c);
	int rc = mn_self_allowed(c, err);

	if (!rc)
		rc = open_key(c, err);
	if (!rc)
		rc = make_registry(c, err);
	if (!rc)
		rc = mn_beats_start(c, err);
	if (rc)
		return rc;
	st->start = mn_now(c);
	st->fresh = true;
	set_timers(c);
	if (!st->check.v || !st->announce.v || !st->ask.v ||
	    !tn_every(c, SAVE_MS, mn_keep_save, NULL).v ||
	    !tn_every(c, CONTACT_MS, mn_contact_tick, NULL).v)
		return tn_fail(err, TN_ENOMEM, "no memory");
	tn_metric(c, C_TRUST, mn_conf(c)->trust_announced_tier);
	if (st->self.on && mn_own_ip(c, &st->said_ip))
		TN_LOG(c, TN_INFO, TN_NOBODY,
		       "This node is announced as a masternode as soon as peers tell its address");
	st->said_ip = 0;
	mn_self_live(c);
	mn_changed(c);
	mn_collateral_all(c); /* who had shown a coin may have it still */
	return 0;
}

/* Three in the time between two of ours. */
static void limit_own(struct tn_ctx *c, struct mn_slot *slot)
{
	uint64_t period = 1000 * mn_conf(c)->announce_every;

	tn_bucket_init(&slot->own, 3, (uint32_t)period, 3, tn_now_us(c));
}

static int limit_again(struct tn_ctx *c, struct tn_sid sid, void *slot, void *arg)
{
	(void)sid, (void)arg;
	limit_own(c, slot);
	return 0;
}

static void up(struct tn_ctx *c, struct tn_sid sid, void *arg)
{
	struct mn_slot *slot = arg;

	slot->sid = sid;
	slot->first = tn_after(c, mn_conf(c)->announce_first, mn_announce_first, slot);
	limit_own(c, slot);
	tn_bucket_init(&slot->relayed, 20, 1000000, 2000, tn_now_us(c));
	tn_bucket_init(&slot->hints, 1, 1000000, 256, tn_now_us(c));
	mn_beats_up(c, sid, slot);
	mn_ask(c, sid, slot);
}

static void down(struct tn_ctx *c, struct tn_sid sid, void *arg)
{
	struct mn_slot *slot = arg;

	mn_beats_down(c, sid, slot);
	tn_cancel(c, slot->first);
}

/* Valid by itself; what the host knows besides is asked at the start alone. */
static int check_conf(struct tn_ctx *c, const void *conf, struct tn_error *err)
{
	const struct mn_conf *next = conf;
	struct tn_arena *a = tn_arena_new(c);
	struct tn_voter_set voters;
	struct mn_self self;
	int rc = a ? mn_voters_parse(&next->voters, a, &voters, err)
		   : tn_fail(err, TN_ENOMEM, "no memory");

	if (!rc)
		rc = mn_self_parse(c, next, &self, err);
	tn_arena_unref(a);
	return rc;
}

static void reloaded(struct tn_ctx *c)
{
	struct mn_state *st = mn_state(c);
	const struct mn_limits limits = limits_of(c);
	struct tn_error err = { "" };
	uint32_t was = st->said_ip;

	mn_self_parse(c, mn_conf(c), &st->self, &err);
	registry_limits(st->registry, &limits);
	if (take_voters(c, &err))
		TN_LOG(c, TN_ERROR, TN_NOBODY, "the voters are what they were: %s", err.text);
	else if (pin_voters(c, &err))
		TN_LOG(c, TN_ERROR, TN_NOBODY, "not all voters' keys are kept: %s", err.text);
	set_timers(c);
	tn_each(c, NULL, limit_again, NULL);
	mn_beats_reloaded(c);
	mn_announce_anew(c);
	tn_metric(c, C_TRUST, mn_conf(c)->trust_announced_tier);
	if (mn_self_allowed(c, &err))
		TN_LOG(c, TN_ERROR, TN_NOBODY, "This node is no masternode now: %s", err.text);
	st->said_ip = 0;
	mn_self_live(c);
	if (was && was != st->said_ip) /* it is none any more, or another one */
		registry_silent(st->registry, was, mn_now(c));
	mn_changed(c);
}

static void stop(struct tn_ctx *c, enum tn_why why)
{
	(void)why;
	mn_contact_end(c);
	mn_links_stop(c);
	mn_announce_anew(c);
	mn_list_free(c);
	mn_keep_save(c, NULL);
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
		[M_ANNOUNCE] = { "MasternodeAnnouncement", &tn_wire_announcement,
				 mn_on_announcement, TN_OWN, .max = 4096, .rate = 50, .pace = 1 },
		[M_GET] = { "GetMasternodes", &tn_schema_unit, mn_on_get, TN_OWN, TN_BULK,
			    .max = 64, .rate = 1, .pace = 1 },
		[M_LIST] = { "MasternodesResponse", &tn_wire_announcements, NULL, TN_OWN, TN_HIDDEN,
			     .max = 8 << 20 },
		[M_HEARTBEAT] = { "HeartbeatBroadcast", &tn_wire_heartbeat, mn_on_heartbeat, TN_OWN,
				  TN_DEDUP, .max = 2048, .rate = 200, .window = 64, .pace = 8 },
		[M_ATTESTATION] = { "HeartbeatAttestation", &tn_wire_attestation, mn_on_attestation,
				    TN_OWN, TN_DEDUP, .max = 2048, .rate = 500, .window = 64,
				    .pace = 8 }),
	.listens = TN_ROWS(struct tn_listen,
			   { TN_EV_CONNECTED, sizeof(struct tn_ev_block), mn_on_block, NULL },
			   { TN_EV_DISCONNECTED, sizeof(struct tn_ev_block), mn_on_block, NULL }),
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
	.dbs = TN_ROWS(
		struct tn_dbdef, [D_REGISTRY] = { "registry", &mn_stored_schema, 1 },
		[D_KEY] = { "key", NULL, 1 }, [D_BEAT] = { "heartbeat", &beat_own_schema, 1 }),
	.commands = TN_ROWS(struct tn_command,
			    { "masternodelist",
			      "masternodes that are known: all, active, inactive or heard",
			      &mn_list_args_schema, &mn_list_row_schema, mn_cmd_list },
			    { "masternodestatus", "this node as a masternode, and why it is none",
			      NULL, &mn_status_row_schema, mn_cmd_status },
			    { "backupwallet", "writes a copy of this node's key to a new file",
			      &mn_backup_args_schema, &mn_backup_row_schema, mn_cmd_backup },
			    { "getheartbeathistory", "heartbeats that were taken, newest first",
			      &mn_history_args_schema, &mn_history_row_schema, mn_cmd_history },
			    { "getattestationstats", "heartbeats and attestations, counted", NULL,
			      &mn_stats_row_schema, mn_cmd_stats }),
	.metrics = TN_ROWS(
		struct tn_metric, [C_KNOWN] = { "known", "masternodes known", TN_M_GAUGE, 1 },
		[C_ACTIVE] = { "active", "of those, active", TN_M_GAUGE, 1 },
		[C_TRUST] = { "trust_announced_tier", "1: every announced tier is believed",
			      TN_M_GAUGE, 1 },
		[C_TAKEN] = { "announcements", "announcements taken", TN_M_COUNT, 0 },
		[C_RELAYED] = { "relayed", "of those, passed on", TN_M_COUNT, 0 }),
	.reasons = TN_ROWS(
		struct tn_reason,
		[R_ADDRESS] = { "address", "neither the sender's own address nor signed, or no "
					   "IPv4 address" },
		[R_OURS] = { "ours", "our own address" },
		[R_OFTEN] = { "often", "more than this peer or masternode may send" },
		[R_REWARD] = { "reward", "a reward address that is none of this network" },
		[R_SIGNATURE] = { "signature",
				  "a signature that does not fit, or none where there must be one" },
		[R_OLD] = { "old", "made too long ago" },
		[R_FUTURE] = { "future", "made too far ahead" },
		[R_KEY] = { "key", "not the key of that masternode" },
		[R_REPLAYED] = { "replayed", "not newer than what is known" },
		[R_CHANGED] = { "changed", "another change of the same masternode, too soon" },
		[R_FULL] = { "no-room", "the registry is full" },
		[R_UNMET] = { "unmet", "a masternode that has not spoken for itself here" },
		[R_SEQUENCE] = { "sequence", "a heartbeat whose number does not grow" },
		[R_CHOSEN] = { "not-chosen", "not a witness of that heartbeat" },
		[R_TWICE] = { "twice", "this key has attested that heartbeat" },
		[R_EARLY] = { "early", "its heartbeat is not known, and no room to wait for it" },
		[R_OVERLOAD] = { "overload", "too many signatures wait to be verified" }),
	.init = init,
	.start = start,
	.check = check_conf,
	.reloaded = reloaded,
	.up = up,
	.down = down,
	.stop = stop,
	.fini = fini,
	.save = mn_save,
	.restore = mn_restore,
};
