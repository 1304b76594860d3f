/* SPDX-License-Identifier: MIT
 * lib/chain/merkle.c - merkle root of any number of leaves in constant memory
 *
 * A level holds at most one node that waits for its right neighbour; which levels do, are
 * the one-bits of the number of leaves so far.
 */
#include "chain/chain.h"

struct tree {
	struct tn_hash wait[64];
	uint64_t leaves;
};

static int join(struct tn_sha *s, const struct tn_hash *left, const struct tn_hash *right,
		struct tn_hash *out)
{
	tn_sha_begin(s);
	tn_sha_add(s, left->b, sizeof left->b);
	tn_sha_add(s, right->b, sizeof right->b);
	return tn_sha_end(s, out);
}

static int add_leaf(struct tn_sha *s, struct tree *t, struct tn_hash node)
{
	unsigned level = 0;

	for (; t->leaves >> level & 1; level++)
		if (join(s, &t->wait[level], &node, &node) != 0)
			return TN_ENOMEM;
	t->wait[level] = node;
	t->leaves++;
	return 0;
}

/* What is left over goes up: beside the one that waits there, else beside itself. */
static int finish(struct tn_sha *s, const struct tree *t, struct tn_hash *out)
{
	struct tn_hash node = { { 0 } };
	bool have = false;
	uint64_t left = t->leaves;

	for (unsigned level = 0; left > 0; level++, left >>= 1) {
		bool waits = left & 1;

		if (!have && !waits)
			continue;
		if (left == 1 && !have) {
			node = t->wait[level];
			break;
		}
		if (join(s, waits ? &t->wait[level] : &node, have ? &node : &t->wait[level],
			 &node) != 0)
			return TN_ENOMEM;
		have = true;
	}
	*out = node;
	return 0;
}

int tn_merkle_root(struct tn_sha *s, const struct tn_hash *leaf, size_t n, struct tn_hash *out)
{
	struct tree t = { .leaves = 0 };

	for (size_t i = 0; i < n; i++)
		if (add_leaf(s, &t, leaf[i]) != 0)
			return TN_ENOMEM;
	return finish(s, &t, out);
}

int tn_block_merkle(struct tn_sha *s, const struct tn_block *b, struct tn_hash *out)
{
	struct tree t = { .leaves = 0 };
	struct tn_hash txid;

	for (uint32_t i = 0; i < b->transactions.n; i++)
		if (tn_txid(s, &b->transactions.v[i], &txid) != 0 || add_leaf(s, &t, txid) != 0)
			return TN_ENOMEM;
	return finish(s, &t, out);
}
