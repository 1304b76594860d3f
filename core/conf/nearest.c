/* SPDX-License-Identifier: MIT
 * core/conf/nearest.c - the known name that was probably meant
 */
#include "config.h"

#include <string.h>

#include "conf/conf.h"

enum { WORD_MAX = 40, FAR = 100 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Changes (a letter more, less, other, or two exchanged) that make b of a. */
static unsigned distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > WORD_MAX || m > WORD_MAX)
		return FAR;
	for (unsigned i = 0; i <= n; i++)
		d[i][0] = i;
	for (unsigned j = 0; j <= m; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			unsigned other = a[i - 1] != b[j - 1];

			d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + other);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1, FAR);
		}
	}
	return d[n][m];
}

const char *conf_nearest(const char *word, const char *const *names, size_t n)
{
	/* a third of the word may be wrong, or the names would be near by chance */
	unsigned limit = (unsigned)(strlen(word) + 2) / 3, best = (limit < 3 ? limit : 3) + 1;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		unsigned d = distance(word, names[i]);

		if (d < best) {
			best = d;
			found = names[i];
		}
	}
	return found;
}
