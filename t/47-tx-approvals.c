/* SPDX-License-Identifier: MIT
 * t/47-tx-approvals.c - one approval per coin, until when it binds, when it is forgotten
 */
#include <string.h>

#include "lib/tap.h"
#include "transactions/approvals.h"

static struct tn_outpoint coin(uint8_t tx, uint32_t vout)
{
	struct tn_outpoint o = { .vout = vout };

	memset(o.txid.b, tx, sizeof o.txid.b);
	return o;
}

static void test_judge(void)
{
	struct approval a = { .height = 5 };
	struct tn_hash same = { { 0 } }, other = { { 0 } };

	other.b[31] = 1;
	is_int(approval_judge(NULL, &same), APPROVAL_FREE, "nobody has it");
	is_int(approval_judge(&a, &same), APPROVAL_SAME, "this one has");
	is_int(approval_judge(&a, &other), APPROVAL_CONFLICT, "another one has");
}

/* It binds for the rest of its epoch and all of the next: never less than a whole one. */
static void test_epochs(void)
{
	unsigned bad = 0;

	for (uint64_t h = 0; h < 1000; h++) {
		struct approval a = { .height = h };
		uint64_t end = approval_end(h);

		bad += end - h <= EPOCH_BLOCKS || end - h > 2 * EPOCH_BLOCKS;
		bad += !approval_binds(&a, false, h) || !approval_binds(&a, false, end - 1);
		bad += approval_binds(&a, false, end) || !approval_binds(&a, true, end);
		bad += epoch_of(end) != epoch_of(h) + 2;
	}
	is_uint(bad, 0, "more than one epoch, at most two, and a final one for good");
	ok(approval_binds(&(struct approval){ .height = UINT64_MAX - 1 }, false, UINT64_MAX - 1),
	   "no wrap");
}

static void test_keys(void)
{
	struct tn_outpoint a = coin(1, 2), b = coin(1, 256);
	struct coin_key ka = coin_key(&a), kb = coin_key(&b);
	struct buried_key low = buried_coin(255, &b), high = buried_votes(256, &a.txid);
	struct buried got;

	ok(memcmp(ka.b, kb.b, sizeof ka.b) < 0, "coins in order");
	ok(memcmp(low.b, high.b, 9) < 0, "heights in order");
	ok(buried_read(low.b, low.n, &got), "an approval's key");
	ok(got.height == 255 && got.kind == BURIED_APPROVAL && got.what_n == COIN_KEY &&
		   !memcmp(got.what, kb.b, COIN_KEY),
	   "names its coin");
	ok(buried_read(high.b, high.n, &got), "that of votes");
	ok(got.height == 256 && got.kind == BURIED_VOTES && got.what_n == 32 &&
		   !memcmp(got.what, a.txid.b, 32),
	   "names the transaction");
	ok(!buried_read(low.b, low.n - 1, &got), "too short");
	ok(!buried_read(low.b, 8, &got), "far too short");
	low.b[8] = 'x';
	ok(!buried_read(low.b, low.n, &got), "of no kind");
}

static void test_depth(void)
{
	ok(!buried_deep(10, 9), "above the tip");
	ok(!buried_deep(10, 1010), "a thousand blocks may be taken back");
	ok(buried_deep(10, 1011), "no more than that");
}

static void test_stored(void)
{
	struct approval a = { .height = 77 };
	const void *back;
	uint8_t buf[64];
	struct tn_arena *arena = tn_arena_create(0);
	size_t n;

	memset(a.txid.b, 9, sizeof a.txid.b);
	n = tn_bin_write(&approval_schema, &a, buf, sizeof buf);
	is_uint(n, 40, "forty bytes");
	is_int(tn_bin_read(&approval_schema, (struct tn_view){ buf, n }, arena, &back, NULL), 0,
	       "read back");
	is_mem(back, &a, sizeof a, "the same");
	tn_arena_unref(arena);
}

int main(void)
{
	test_judge();
	test_epochs();
	test_keys();
	test_depth();
	test_stored();
	return done_testing();
}
