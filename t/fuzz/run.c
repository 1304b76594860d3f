/* SPDX-License-Identifier: MIT
 * t/fuzz/run.c - a fuzz target as an ordinary test: every seed, and changes to each
 *
 * Linked with one target; its seeds are t/fuzz/seeds/<target>. Arguments are inputs to
 * run instead: what a fuzzer found.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/mutate.h"
#include "lib/tap.h"

enum { CHANGES = 300, CHANGED_MAX = 4096 };

/* In an allocation of its own size, so that a sanitizer sees what is read too far. */
static void once(const uint8_t *data, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1);

	if (!exact)
		bail_out("no memory");
	if (n)
		memcpy(exact, data, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

static void changed(const uint8_t *data, size_t n, uint64_t *seed)
{
	uint8_t *one = malloc(n + CHANGES), *two = malloc(n + CHANGES);
	size_t m = n;
	unsigned i;

	if (!one || !two)
		bail_out("no memory");
	memcpy(one, data, n);
	for (i = 0; i < CHANGES && n && n <= CHANGED_MAX; i++) {
		if (i % 3 == 0 || m == 0) { /* start anew: one, two or three changes */
			memcpy(one, data, n);
			m = n;
		}
		m = mutate_line(two, one, m, seed);
		memcpy(one, two, m);
		once(one, m);
	}
	free(one);
	free(two);
}

static void file(const char *path, bool change, uint64_t *seed)
{
	size_t n;
	char *data = tap_slurp(path, &n);

	once((uint8_t *)data, n);
	if (change)
		changed((uint8_t *)data, n, seed);
	free(data);
}

static void seeds(void)
{
	char name[128], path[4096], *dir;
	uint64_t seed = 0x9e3779b97f4a7c15u;
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(name, sizeof name, "t/fuzz/seeds/%s", FUZZ_TARGET);
	dir = tap_source(name);
	d = opendir(dir);
	if (!d)
		bail_out("no seeds in %s", dir);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		file(path, true, &seed);
		n++;
	}
	closedir(d);
	free(dir);
	ok(n >= 5, "%s: %u seeds, each with %u changes", FUZZ_TARGET, n, CHANGES);
}

int main(int argc, char **argv)
{
	uint64_t seed = 1;
	int i;

	for (i = 1; i < argc; i++)
		file(argv[i], false, &seed);
	if (argc == 1)
		seeds();
	else
		ok(true, "%d inputs", argc - 1);
	return done_testing();
}
