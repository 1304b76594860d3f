/* SPDX-License-Identifier: MIT
 * t/54-sim-mn-replay.c - announcements that somebody else passes on, as bytes on a link: replayed,
 * old, ahead, with a wrong key, of a wrong address, cut off; each is refused with its reason and
 * changes nothing here or further on
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/builtins.h"
#include "lib/tap.h"
#include "masternodes/beats.h"
#include "plug/impl.h"
#include "sim/pluglab.h"

#define SAY "MasternodeAnnouncement"
#define KEYS 4

static const struct plug_builtin builtins[] = { { "masternodes", &tn_plugin_desc_masternodes },
						{ "pingpong", &tn_plugin_desc_pingpong } };

/* The mouth speaks to the node, which is linked with another one besides. Both know some
 * masternodes, whose keys the test has and which nobody plays. */
struct scene {
	struct world *w;
	struct pluglab *node, *other, *mouth;
	struct tn_sha *sha;
	struct tn_secret key[KEYS];
	char text[KEYS][16], pay[KEYS][TN_ADDRESS_TEXT];
	char line[4096];
};

static void run(struct scene *s, uint64_t ms)
{
	world_run(s->w, world_now(s->w) + ms * 1000);
}

static struct tn_ctx *ctx(struct pluglab *l)
{
	return pluglab_ctx(l, "masternodes");
}

static int64_t wall(struct scene *s)
{
	return mn_now(ctx(s->node)).wall_s;
}

static struct tn_str str(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

static const struct mn_record *record(struct pluglab *l, const char *text)
{
	uint32_t ip;

	return mn_ip_parse(str(text), &ip) ? NULL : registry_find(mn_state(ctx(l))->registry, ip);
}

static bool is_apart(void *arg)
{
	struct scene *s = arg;

	return netlab_up(s->node->lab) < 2 || !netlab_up(s->mouth->lab);
}

/* As if it had announced itself at both and been silent since. */
static void enroll(struct scene *s, struct pluglab *l, unsigned i)
{
	struct mn_claim claim = { .key = s->key[i].key };

	mn_ip_parse(str(s->text[i]), &claim.ip);
	strcpy(claim.reward, s->pay[i]);
	if (registry_claim(mn_state(ctx(l))->registry, &claim, true, mn_now(ctx(l)), NULL) !=
	    MN_NEW)
		bail_out("cannot register %s", s->text[i]);
	registry_silent(mn_state(ctx(l))->registry, claim.ip, mn_now(ctx(l)));
}

static void make_keys(struct scene *s)
{
	uint8_t seed[32];

	for (unsigned i = 0; i < KEYS; i++) {
		memset(seed, (int)i + 1, sizeof seed);
		tn_secret_from_seed(&s->key[i], seed);
		snprintf(s->text[i], sizeof s->text[i], "80.%u.0.1", i);
		tn_address_of_key(s->sha, '0', &s->key[i].key, s->pay[i]);
	}
}

static struct scene begin(void)
{
	struct scene s = { .w = world_create(5), .sha = tn_sha_create() };

	make_keys(&s);
	s.node = pluglab_create(
		s.w, "node", "60.0.0.9",
		"network: { name = \"testnet\"; listen = [ \"60.0.0.9\" ]; };"
		"plugins: { masternodes: { masternode = true; announce_first = \"10m\"; announce_every = \"1h\"; }; };",
		builtins, 2);
	s.other = pluglab_create(s.w, "other", "51.0.0.9",
				 "network: { name = \"testnet\"; listen = [ \"51.0.0.9\" ]; "
				 "connect = [ \"60.0.0.9\" ]; }; plugins: { masternodes: { }; };",
				 builtins, 2);
	s.mouth = pluglab_create(s.w, "mouth", "50.0.0.3",
				 "network: { name = \"testnet\"; listen = [ \"50.0.0.3\" ]; "
				 "connect = [ \"60.0.0.9\" ]; }; plugins: { pingpong: { }; };",
				 builtins, 2);
	if (!world_run_while(s.w, is_apart, &s, world_now(s.w) + 60000000))
		bail_out("the nodes do not meet");
	run(&s, 181000); /* whatever was signed before the start is too old now */
	for (unsigned i = 0; i < KEYS - 1; i++) { /* the last one is not registered */
		enroll(&s, s.node, i);
		enroll(&s, s.other, i);
	}
	return s;
}

static void end(struct scene *s)
{
	is_uint(pluglab_off(s->mouth) + pluglab_off(s->other), 0, "every message has a fate");
	pluglab_free(s->mouth);
	pluglab_free(s->other);
	pluglab_free(s->node);
	tn_sha_free(s->sha);
	world_free(s->w);
}

/* ---- the account of a node, over all its sessions */

static const struct account_row *row_of(struct pluglab *l, const struct session *s)
{
	unsigned id = names_find(net_names(l->lab->net), SAY, strlen(SAY));

	for (unsigned i = 0; i < s->account.rows; i++)
		if (s->account.row[i].id == id)
			return &s->account.row[i];
	return NULL;
}

static uint64_t refusals(struct pluglab *l, const char *reason)
{
	const struct session *s = NULL;
	uint64_t n = 0;

	while ((s = net_any(l->lab->net, s))) {
		const struct account_row *r = row_of(l, s);

		for (unsigned i = 0; r && i < r->refusals; i++)
			if (r->refusal[i].way == ACCOUNT_IN &&
			    !strcmp(reasons_text(net_names(l->lab->net), r->refusal[i].reason),
				    reason))
				n += r->refusal[i].count;
	}
	return n;
}

static uint64_t received(struct pluglab *l)
{
	const struct session *s = NULL;
	uint64_t n = 0;

	while ((s = net_any(l->lab->net, s)))
		n += row_of(l, s) ? row_of(l, s)->received : 0;
	return n;
}

/* ---- what is said */

static struct tn_announcement announcement(struct scene *s, unsigned i, int64_t time)
{
	struct tn_announcement a = { .address = str(s->text[i]),
				     .reward_address = str(s->pay[i]),
				     .tier.tag = TN_TIER_FREE,
				     .timestamp = time };

	tn_announcement_sign(s->sha, &s->key[i], "testnet", &a);
	return a;
}

static size_t write(struct scene *s, const struct tn_announcement *a)
{
	size_t n = tn_line_write(SAY, &tn_wire_announcement, a, s->line, sizeof s->line) - 1;

	s->line[n] = '\0';
	return n;
}

static void say_line(struct scene *s)
{
	pluglab_say(s->mouth, SAY, s->line);
	run(s, 1000);
}

static void taken(struct scene *s, const struct tn_announcement *a, const char *what)
{
	write(s, a);
	say_line(s);
	ok(record(s->node, a->address.p)->active &&
		   record(s->node, a->address.p)->signed_at == a->timestamp,
	   "%s: taken", what);
}

/* All that is known at a node of the masternodes, but for how long ago that was. */
struct known {
	struct {
		struct tn_key key;
		char reward[TN_ADDRESS_TEXT];
		int64_t signed_at, life_us;
		bool heard, active;
	} of[KEYS];
	uint32_t met, active;
};

static void known(struct pluglab *l, struct scene *s, struct known *out)
{
	const struct registry *g = mn_state(ctx(l))->registry;

	memset(out, 0, sizeof *out);
	for (unsigned i = 0; i < KEYS; i++) {
		const struct mn_record *r = record(l, s->text[i]);

		if (!r || r->heard) /* a name that was told is worth a dial */
			continue;
		out->met++;
		out->of[i].key = r->key;
		strcpy(out->of[i].reward, r->reward);
		out->of[i].signed_at = r->signed_at;
		out->of[i].life_us = r->life_us;
		out->of[i].active = r->active;
	}
	out->active = registry_active(g);
}

static bool same(const struct known *a, const struct known *b)
{
	return !memcmp(a, b, sizeof *a);
}

static void refused_line(struct scene *s, const char *reason, const char *what)
{
	uint64_t was = refusals(s->node, reason), is;
	uint64_t passed = received(s->other);
	struct known here, there, now;

	known(s->node, s, &here);
	known(s->other, s, &there);
	say_line(s);
	is = refusals(s->node, reason);
	is_uint(is, was + 1, "%s: refused(%s)", what, reason);
	known(s->node, s, &now);
	ok(same(&here, &now), "%s: nothing changed", what);
	known(s->other, s, &now);
	ok(same(&there, &now) && received(s->other) == passed,
	   "%s: nor at the other node, which heard nothing of it", what);
}

static void refused(struct scene *s, const struct tn_announcement *a, const char *reason,
		    const char *what)
{
	write(s, a);
	refused_line(s, reason, what);
}

static uint64_t malformed(struct scene *s)
{
	struct tn_addr from = mn_addr_of(0x32000003);
	const struct session *b = NULL;
	uint64_t n = 0;

	while ((b = net_any(s->node->lab->net, b)))
		for (unsigned i = 0; !tn_addr_cmp_ip(&b->remote, &from) && i < b->account.rows; i++)
			n += b->account.row[i].malformed;
	return n;
}

/* ---- what is tested */

static void times(void)
{
	struct scene s = begin();
	struct tn_announcement a = announcement(&s, 0, wall(&s)), before, bad;

	before = announcement(&s, 0, wall(&s) - 1);
	taken(&s, &a, "signed with the key that it gave itself");
	refused(&s, &a, "masternodes.replayed", "the same bytes again");
	refused(&s, &before, "masternodes.replayed", "one from before");
	bad = announcement(&s, 1, wall(&s) - MN_CLAIM_AGE_S - 1);
	refused(&s, &bad, "masternodes.old", "made too long ago");
	bad = announcement(&s, 1, wall(&s) + MN_CLAIM_AGE_S + 5);
	refused(&s, &bad, "masternodes.future", "made too far ahead");
	bad = announcement(&s, 1, INT64_MAX);
	refused(&s, &bad, "masternodes.future", "at the end of time");
	bad = announcement(&s, 1, INT64_MIN);
	refused(&s, &bad, "masternodes.old", "before its beginning");
	a = announcement(&s, 1, wall(&s) - MN_CLAIM_AGE_S + 5);
	taken(&s, &a, "as old as may be");
	run(&s, 20000);
	refused(&s, &a, "masternodes.old", "and too old a little later");
	a = announcement(&s, 2, wall(&s));
	a.tier.tag = TN_TIER_BRONZE;
	tn_announcement_sign(s.sha, &s.key[2], "testnet", &a);
	taken(&s, &a, "one that says something new");
	ok(record(s.other, s.text[2])->signed_at == a.timestamp &&
		   record(s.other, s.text[2])->announced == TN_TIER_BRONZE,
	   "is passed on");
	refused(&s, &a, "masternodes.replayed", "the same bytes again");
	end(&s);
}

static void forged(void)
{
	struct scene s = begin();
	struct tn_announcement bad = announcement(&s, 0, wall(&s));

	bad.signature.b[17] ^= 4;
	refused(&s, &bad, "masternodes.signature", "a signature with one other bit");
	bad = announcement(&s, 0, wall(&s));
	bad.reward_address = str(s.pay[2]);
	refused(&s, &bad, "masternodes.signature", "another reward address than was signed");
	bad = announcement(&s, 0, wall(&s));
	bad.tier.tag = TN_TIER_GOLD;
	refused(&s, &bad, "masternodes.signature", "another tier");
	bad = announcement(&s, 0, wall(&s));
	bad.timestamp++;
	refused(&s, &bad, "masternodes.signature", "another time");
	end(&s); /* a new session: four of these are enough to be banned */
	s = begin();
	bad = announcement(&s, 0, wall(&s));
	tn_announcement_sign(s.sha, &s.key[0], "mainnet", &bad);
	refused(&s, &bad, "masternodes.signature", "signed for another network");
	bad = announcement(&s, 1, wall(&s));
	bad.address = str(s.text[0]);
	tn_announcement_sign(s.sha, &s.key[1], "testnet", &bad);
	refused(&s, &bad, "masternodes.key", "signed with its own key, in another's name");
	bad = announcement(&s, 1, wall(&s));
	bad.address = str(s.text[0]);
	bad.public_key = s.key[0].key;
	refused(&s, &bad, "masternodes.signature", "the same with the other's key beside it");
	bad = announcement(&s, 3, wall(&s));
	refused(&s, &bad, "masternodes.unmet", "of one that never spoke here");
	bad = announcement(&s, 0, wall(&s));
	bad.has_signature = bad.has_timestamp = false;
	refused(&s, &bad, "masternodes.address", "not signed at all");
	bad = announcement(&s, 0, wall(&s));
	bad.address = str("60.0.0.9");
	refused(&s, &bad, "masternodes.ours", "in the name of the node itself");
	bad.address = str("10.0.0.1");
	tn_announcement_sign(s.sha, &s.key[0], "testnet", &bad);
	refused(&s, &bad, "masternodes.address", "of an address of no public network");
	bad.address = str("2001:db8::1");
	tn_announcement_sign(s.sha, &s.key[0], "testnet", &bad);
	refused(&s, &bad, "masternodes.address", "of IPv6");
	bad = announcement(&s, 0, wall(&s));
	bad.reward_address = str("TIME18sCbGZYLhzyQCFuo22hyevhvD27TL9aY9");
	tn_announcement_sign(s.sha, &s.key[0], "testnet", &bad);
	refused(&s, &bad, "masternodes.reward", "paid on another network");
	end(&s);
}

/* Every length of a good one: none is half understood. */
static void truncated(void)
{
	struct scene s = begin();
	struct tn_announcement a = announcement(&s, 0, wall(&s));
	struct known here, now;
	uint64_t was = malformed(&s), cuts = 0;
	size_t n = write(&s, &a);
	bool there = true;

	known(s.node, &s, &here);
	for (size_t at = n - 1; at > n - 40 && there; at -= 13, cuts++) {
		s.line[at] = '\0';
		say_line(&s);
		there = netlab_up(s.mouth->lab);
	}
	known(s.node, &s, &now);
	is_uint(malformed(&s), was + cuts, "cut off: malformed");
	ok(same(&here, &now), "and nothing changed");
	end(&s);
}

/* The masternode has got another key since: what the old one signed is worth nothing. */
static void new_key(void)
{
	struct scene s = begin();
	struct tn_announcement old = announcement(&s, 0, wall(&s)), a;
	struct mn_claim claim = { .key = s.key[3].key };

	taken(&s, &old, "with its first key");
	registry_silent(mn_state(ctx(s.node))->registry, record(s.node, s.text[0])->ip,
			mn_now(ctx(s.node)));
	claim.ip = record(s.node, s.text[0])->ip;
	strcpy(claim.reward, s.pay[3]);
	is_int(registry_claim(mn_state(ctx(s.node))->registry, &claim, true, mn_now(ctx(s.node)),
			      NULL),
	       MN_CHANGED, "after its silence it has another key");
	refused(&s, &old, "masternodes.key", "its old announcement");
	a = announcement(&s, 0, wall(&s) + 1);
	refused(&s, &a, "masternodes.key", "a new one of the old key");
	end(&s);
}

static bool restart(struct scene *s)
{
	struct tn_error err = { "" };

	return !plug_unload(s->node->plug, "masternodes", &err) &&
	       !plug_load(s->node->plug, "masternodes", &err);
}

/* One that was heard just before a crash need not be on the disk: nothing from before the start
 * counts. Of one whose clock is ahead the newest is known. */
static void restarted(void)
{
	struct scene s = begin();
	struct tn_announcement last = announcement(&s, 0, wall(&s));
	struct tn_announcement ahead = announcement(&s, 1, wall(&s) + 60), never, next;

	never = announcement(&s, 2, wall(&s)); /* nobody has heard it */
	taken(&s, &last, "one");
	taken(&s, &ahead, "one whose clock is ahead");
	ok(restart(&s), "the plugin goes and comes");
	run(&s, 2000);
	ok(record(s.node, s.text[0])->signed_at == last.timestamp &&
		   record(s.node, s.text[1])->signed_at == ahead.timestamp,
	   "and knows the last ones");
	refused(&s, &last, "masternodes.old", "from before the start");
	refused(&s, &never, "masternodes.old", "as all that is");
	refused(&s, &ahead, "masternodes.replayed", "ahead, but heard");
	next = announcement(&s, 0, wall(&s));
	taken(&s, &next, "a newer one");
	end(&s);
}

int main(void)
{
	times();
	forged();
	truncated();
	new_key();
	restarted();
	return done_testing();
}
