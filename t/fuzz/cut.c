/* SPDX-License-Identifier: MIT
 * t/fuzz/cut.c - a stream that arrives in pieces of any size falls into the same lines
 *
 * The first four bytes choose the pieces, the rest is the stream.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/mutate.h"
#include "timenode/wire.h"

/* The line that begins at `at`, found in one go. */
static size_t whole_line(const uint8_t *p, size_t n, size_t at)
{
	const uint8_t *lf = at < n ? memchr(p + at, '\n', n - at) : NULL;

	return lf ? (size_t)(lf - p) + 1 - at : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tn_cut cut = { 0 };
	size_t at = 0, there = 0, k;
	uint64_t seed = 1;
	uint8_t *copy;

	if (n < 4)
		return 0;
	memcpy(&seed, data, 4);
	seed |= (uint64_t)1 << 40;
	data += 4;
	n -= 4;
	copy = malloc(n + 1);
	MUST(copy);
	while (there < n) {
		size_t more = mutate_draw(&seed) % (n < 40 ? 3 : n / 7) + (mutate_draw(&seed) % 2);

		more = more < n - there ? more : n - there;
		memcpy(copy + there, data + there, more);
		there += more;
		while ((k = tn_cut_line(&cut, copy + at, there - at)) != 0) {
			MUST(k == whole_line(data, n, at));
			at += k;
		}
	}
	MUST(whole_line(data, n, at) == 0);
	free(copy);
	return 0;
}
