/* SPDX-License-Identifier: MIT
 * t/19-lib-chain-wallet.c - the wallet file: the reference's bytes, hostile bytes, the disk
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/tap.h"
#include "timenode/chain.h"
#include "timenode/file.h"

enum { NETWORK = 4, SEED = 8, KEY = 40, ADDRESS = 72, FLAG = 126, LABEL = 127, SIZE = 149 };

struct bed {
	struct tn_sha *sha;
	struct tn_network test, main;
	struct tn_wallet wallet;
	uint8_t file[TN_WALLET_BYTES];
};

/* Seed A, testnet, created 1766102400, label "Default Wallet". */
static void setup(struct bed *b)
{
	uint8_t seed[32];

	for (uint8_t i = 0; i < 32; i++)
		seed[i] = i;
	b->sha = tn_sha_create();
	if (!b->sha || tn_network_find("testnet", &b->test) || tn_network_find("mainnet", &b->main))
		bail_out("no setup");
	is_int(tn_wallet_make(b->sha, &b->test, seed, 1766102400, "Default Wallet", &b->wallet), 0,
	       "a wallet");
	is_str(b->wallet.address, "TIME08sCbGZYLhzyQCFuo22hyevhvD27TL9aY9", "its address");
}

static bool reads(struct bed *b, const struct tn_network *net, const uint8_t *p, size_t n)
{
	struct tn_error err = { "" };
	struct tn_wallet w, zero;
	int code = tn_wallet_read(b->sha, net, (struct tn_view){ p, n }, &w, &err);

	memset(&zero, 0, sizeof zero);
	if (code == 0)
		return true;
	if (code != TN_EBAD || !err.text[0] || memcmp(&w, &zero, sizeof w) != 0)
		fail("a refusal without its reason, or with a key left behind");
	return false;
}

static void test_bytes(struct bed *b)
{
	static const uint8_t head[] = { 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3 };
	uint8_t again[TN_WALLET_BYTES], small[64];
	struct tn_wallet w;

	memset(small, 0xee, sizeof small);
	is_uint(tn_wallet_write(&b->wallet, b->file, sizeof b->file), SIZE, "149 bytes");
	is_mem(b->file, head, sizeof head, "version, network, seed");
	is_uint(b->file[FLAG], 1, "it has a label");
	is_uint(tn_wallet_write(&b->wallet, small, 50), SIZE, "the size in a small room");
	ok(small[49] == b->file[49] && small[50] == 0xee, "which is not left");
	is_int(tn_wallet_read(b->sha, &b->test, (struct tn_view){ b->file, SIZE }, &w, NULL), 0,
	       "read again");
	ok(w.has_label && w.created_at == 1766102400 && w.network == 1, "its members");
	is_str(w.label, "Default Wallet", "its label");
	is_uint(tn_wallet_write(&w, again, sizeof again), SIZE, "written again");
	is_mem(again, b->file, SIZE, "the same bytes");
}

static void test_label(struct bed *b)
{
	char longest[TN_WALLET_LABEL + 2];
	uint8_t file[TN_WALLET_BYTES];
	struct tn_wallet w;
	size_t n;

	memset(longest, 'l', sizeof longest);
	longest[TN_WALLET_LABEL + 1] = '\0';
	is_int(tn_wallet_make(b->sha, &b->test, b->wallet.secret.seed, 0, longest, &w), TN_EINVAL,
	       "a label too long");
	longest[TN_WALLET_LABEL] = '\0';
	is_int(tn_wallet_make(b->sha, &b->main, b->wallet.secret.seed, -1, longest, &w), 0,
	       "the longest");
	n = tn_wallet_write(&w, file, sizeof file);
	ok(n <= sizeof file && reads(b, &b->main, file, n), "is read");
	is_int(tn_wallet_make(b->sha, &b->test, b->wallet.secret.seed, 0, "\xff", &w), TN_EINVAL,
	       "a label that is no text");
	is_int(tn_wallet_make(b->sha, &b->test, b->wallet.secret.seed, 0, NULL, &w), 0, "none");
	is_uint(tn_wallet_write(&w, file, sizeof file), LABEL, "ends with its flag");
	ok(reads(b, &b->test, file, LABEL), "is read");
	file[FLAG] = 2;
	ok(!reads(b, &b->test, file, LABEL), "a flag that is neither");
}

static void test_hostile(struct bed *b)
{
	uint8_t bad[SIZE + 1], *cut;
	unsigned taken = 0, n;

	for (n = 0; n < SIZE; n++) {
		cut = malloc(n ? n : 1); /* the end of the block is the end of the file */
		if (!cut)
			bail_out("no memory");
		memcpy(cut, b->file, n);
		taken += reads(b, &b->test, cut, n);
		free(cut);
	}
	is_uint(taken, 0, "no beginning of a wallet is one");
	memcpy(bad, b->file, SIZE);
	bad[SIZE] = 0;
	ok(!reads(b, &b->test, bad, SIZE + 1), "nor is one with more behind it");
	ok(!reads(b, &b->main, b->file, SIZE), "nor one of another network");
	for (taken = 0, n = 0; n < 8 * SIZE; n++) {
		memcpy(bad, b->file, SIZE);
		bad[n / 8] ^= (uint8_t)(1U << n % 8);
		if (reads(b, &b->test, bad, SIZE) && n / 8 < LABEL - 9)
			diag("bit %u", n);
		else
			taken += n / 8 < LABEL - 9;
	}
	is_uint(taken, 8 * (LABEL - 9), "each bit before the date counts");
	memset(bad + ADDRESS, 0xff, 8);
	ok(!reads(b, &b->test, bad, SIZE), "a length beyond the world");
	memcpy(bad, b->file, SIZE);
	memset(bad + LABEL, 0xff, 8);
	ok(!reads(b, &b->test, bad, SIZE), "and of the label");
	memcpy(bad, b->file, SIZE);
	bad[SIZE - 1] = 0;
	ok(!reads(b, &b->test, bad, SIZE), "a label with a NUL");
}

static void test_file(struct bed *b)
{
	char path[512];
	struct tn_error err = { "" };
	struct tn_wallet w;
	struct stat st;

	snprintf(path, sizeof path, "%s/time-wallet.dat", tap_tmpdir());
	is_int(tn_wallet_load(b->sha, &b->test, path, &w, &err), TN_ENOENT, "no file");
	is_int(tn_wallet_save(&b->wallet, path, &err), 0, "saved");
	ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_size == SIZE,
	   "0600, 149 bytes");
	is_int(tn_wallet_load(b->sha, &b->test, path, &w, &err), 0, "loaded");
	is_mem(&w.secret, &b->wallet.secret, sizeof w.secret, "the key");
	is_int(tn_wallet_save(&b->wallet, path, &err), TN_EBUSY, "not saved over another");
	is_int(tn_wallet_load(b->sha, &b->main, path, &w, &err), TN_EBAD, "not for mainnet");
	ok(strstr(err.text, path) && strstr(err.text, "network"), "says which and why");
	b->file[KEY] ^= 1;
	is_int(tn_file_write(path, b->file, SIZE, 0600, &err), 0, "another public key");
	is_int(tn_wallet_load(b->sha, &b->test, path, &w, &err), TN_EBAD, "is found out");
	ok(strstr(err.text, "public key") != NULL, "and said");
	b->file[KEY] ^= 1;
	is_int(tn_file_write(path, b->file, sizeof b->file, 0600, &err), 0, "a file too long");
	is_int(tn_wallet_load(b->sha, &b->test, path, &w, &err), TN_EBAD, "is refused");
}

int main(void)
{
	struct bed b = { 0 };

	setup(&b);
	test_bytes(&b);
	test_label(&b);
	test_hostile(&b);
	test_file(&b);
	tn_wallet_wipe(&b.wallet);
	tn_sha_free(b.sha);
	return done_testing();
}
