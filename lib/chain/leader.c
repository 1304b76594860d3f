/* SPDX-License-Identifier: MIT
 * lib/chain/leader.c - who makes a block
 */
#include <stdlib.h>

#include "chain/chain.h"

static int compare(const void *a, const void *b)
{
	const struct tn_str *left = a, *right = b;
	uint32_t n = left->n < right->n ? left->n : right->n;
	int order = n > 0 ? memcmp(left->p, right->p, n) : 0;

	return order != 0 ? order : (left->n > right->n) - (left->n < right->n);
}

void tn_texts_sort(struct tn_str *text, size_t n)
{
	if (n > 1)
		qsort(text, n, sizeof *text, compare);
}

static int choose(struct tn_sha *s, size_t n, size_t *index)
{
	struct tn_hash seed;

	if (tn_sha_end(s, &seed) != 0)
		return TN_ENOMEM;
	*index = (size_t)(get_le64(seed.b) % n);
	return 0;
}

int tn_leader(struct tn_sha *s, uint64_t height, const struct tn_str *address, size_t n,
	      size_t *index)
{
	if (n == 0)
		return TN_EINVAL;
	tn_sha_begin(s);
	sha_add_le64(s, height);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && compare(&address[i - 1], &address[i]) >= 0)
			return TN_EINVAL;
		tn_sha_add(s, address[i].p, address[i].n);
	}
	return choose(s, n, index);
}

int tn_producer(struct tn_sha *s, const struct tn_hash *tip, uint64_t height, size_t n,
		size_t *index)
{
	if (n == 0)
		return TN_EINVAL;
	tn_sha_begin(s);
	tn_sha_add(s, tip->b, sizeof tip->b);
	sha_add_le64(s, height);
	return choose(s, n, index);
}
