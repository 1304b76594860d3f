/* SPDX-License-Identifier: MIT
 * t/47-masternodes-config.c - voters, tiers, coins as people write them; the wallet file
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/tap.h"
#include "masternodes/keyfile.h"
#include "masternodes/text.h"
#include "masternodes/voters.h"
#include "timenode/file.h"

#define KEY_A "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
#define KEY_B "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"

static struct tn_str str(const char *text)
{
	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

static int parse(const char *a, const char *b, struct tn_arena *arena, struct tn_voter_set *out,
		 struct tn_error *err)
{
	const struct tn_str v[2] = { str(a), str(b ? b : "") };

	return mn_voters_parse(&(struct tn_texts){ v, b ? 2 : 1 }, arena, out, err);
}

static void refused(const char *a, const char *b, const char *why)
{
	struct tn_arena *arena = tn_arena_create(0);
	struct tn_voter_set set;
	struct tn_error err = { "" };

	ok(parse(a, b, arena, &set, &err) == TN_EINVAL && strstr(err.text, why), "%s: %s", a,
	   err.text);
	tn_arena_unref(arena);
}

static void voters(void)
{
	struct tn_arena *arena = tn_arena_create(0);
	struct tn_voter_set set;

	is_int(parse("203.0.113.7=" KEY_A, "10.0.0.12=" KEY_B, arena, &set, NULL), 0, "two voters");
	is_uint(set.voter.n, 2, "both");
	is_str(set.voter.v[0].address.p, "10.0.0.12", "sorted by text");
	is_uint(set.voter.v[1].key.b[0], 0x03, "each with its key");
	is_int(mn_voters_parse(&(struct tn_texts){ NULL, 0 }, arena, &set, NULL), 0,
	       "none is fine");
	tn_arena_unref(arena);
	refused("", NULL, "is not ADDRESS=KEY");
	refused("203.0.113.7", NULL, "is not ADDRESS=KEY");
	refused("203.0.113.7:24100=" KEY_A, NULL, "is no IPv4 address");
	refused("203.0.113.07=" KEY_A, NULL, "is no IPv4 address");
	refused("2001:db8::1=" KEY_A, NULL, "is no IPv4 address");
	refused("203.0.113.7=03a1", NULL, "is not 64 hexadecimal digits");
	refused("203.0.113.7=zz" KEY_A, NULL, "is not 64 hexadecimal digits");
	refused("203.0.113.7=0200000000000000000000000000000000000000000000000000000000000000",
		NULL, "is no Ed25519 public key");
	refused("203.0.113.7=" KEY_A, "203.0.113.7=" KEY_B, "comes twice");
	refused("203.0.113.7=" KEY_A, "203.0.113.8=" KEY_A, "have the same key");
}

static void texts(void)
{
	static const char coin[] = KEY_A ":4294967295";
	struct tn_outpoint o = { .vout = 1 };
	uint8_t tier = 9;

	ok(!mn_coin_parse(str(coin), &o) && o.vout == UINT32_MAX && o.txid.b[0] == 3, "a coin");
	ok(mn_coin_parse(str(KEY_A ":4294967296"), &o) && mn_coin_parse(str(KEY_A ":"), &o) &&
		   mn_coin_parse(str(KEY_A), &o) && mn_coin_parse(str(KEY_A ":-1"), &o) &&
		   mn_coin_parse(str(KEY_A " 1"), &o) && mn_coin_parse(str(""), &o),
	   "none of these");
	ok(!mn_tier_parse(str("Gold"), &tier) && tier == TN_TIER_GOLD, "a tier");
	ok(mn_tier_parse(str("gold"), &tier) && mn_tier_parse(str(""), &tier), "not these");
	is_str(mn_tier_text(TN_TIER_BRONZE), "Bronze", "and back");
	is_str(mn_tier_text(77), "?", "none");
}

struct files {
	struct tn_sha *sha;
	struct tn_network net;
	char path[600], copy[600];
};

static int open_it(struct files *f, uint8_t first, struct tn_wallet *w, bool *made,
		   struct tn_error *err)
{
	const uint8_t seed[32] = { first };

	return mn_keyfile_open(f->sha, &f->net, f->path, seed, 1766102400, w, made, err);
}

static void wallet(struct files *f)
{
	struct tn_wallet w, again;
	struct tn_error err;
	struct stat st;
	bool made;

	is_int(open_it(f, 1, &w, &made, &err), 0, "a first start");
	ok(made, "makes a wallet");
	ok(!stat(f->path, &st) && (st.st_mode & 07777) == 0600, "for its owner only");
	is_int(open_it(f, 2, &again, &made, &err), 0, "a second start");
	ok(!made && !memcmp(&w.secret, &again.secret, sizeof w.secret), "has the same key");
	is_int(mn_keyfile_copy(f->sha, &f->net, &w, f->copy, &err), 0, "a copy");
	is_int(mn_keyfile_copy(f->sha, &f->net, &w, f->copy, &err), TN_EBUSY, "never over another");
	is_int(mn_keyfile_copy(f->sha, &f->net, &w, f->path, &err), TN_EBUSY, "nor over itself");
	is_int(mn_keyfile_copy(f->sha, &f->net, &w, "here", &err), TN_EINVAL, "not somewhere");
}

static void bad_wallets(struct files *f)
{
	struct tn_network other;
	struct tn_wallet w;
	struct tn_error err;
	bool made = true;
	size_t n, after;
	char *bytes, *left;

	tn_file_read(f->path, 1000, &bytes, &n, NULL);
	tn_network_find("mainnet", &other);
	ok(mn_keyfile_open(f->sha, &other, f->path, (const uint8_t[32]){ 1 }, 0, &w, &made, &err) ==
			   TN_EBAD &&
		   !made,
	   "of another network: %s", err.text);
	bytes[20] ^= 1;
	tn_file_write(f->path, bytes, n, 0600, NULL);
	ok(open_it(f, 1, &w, &made, &err) == TN_EBAD && strstr(err.text, f->path), "damaged: %s",
	   err.text);
	tn_file_write(f->path, bytes, n / 2, 0600, NULL);
	ok(open_it(f, 1, &w, &made, &err) == TN_EBAD && !made, "cut: %s", err.text);
	tn_file_read(f->path, 1000, &left, &after, NULL);
	ok(after == n / 2 && !memcmp(left, bytes, after), "and left as it is");
	free(left);
	free(bytes);
	unlink(f->path);
	mkdir(f->path, 0700);
	ok(open_it(f, 1, &w, &made, &err) < 0 && !made, "a directory: %s", err.text);
	rmdir(f->path);
	strcat(f->path, "/not/there");
	ok(open_it(f, 1, &w, &made, &err) < 0 && !made, "nowhere: %s", err.text);
}

int main(void)
{
	struct files f = { .sha = tn_sha_create() };

	tn_network_find("testnet", &f.net);
	snprintf(f.path, sizeof f.path, "%s/time-wallet.dat", tap_tmpdir());
	snprintf(f.copy, sizeof f.copy, "%s/copy", tap_tmpdir());
	voters();
	texts();
	wallet(&f);
	bad_wallets(&f);
	tn_sha_free(f.sha);
	return done_testing();
}
