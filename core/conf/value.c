/* SPDX-License-Identifier: MIT
 * core/conf/value.c - times and sizes with units, read and written
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf_impl.h"

struct unit {
	const char *word;
	uint64_t factor;
};

/* The smallest first. */
static const struct unit times[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }
};
static const struct unit sizes[] = {
	{ "", 1 }, { "K", 1u << 10 }, { "M", 1u << 20 }, { "G", 1u << 30 }, { "T", 1ull << 40 }
};
enum { UNITS = 5 };

static int parse(const char *text, const struct unit units[UNITS], uint64_t *out)
{
	uint64_t v = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (v > (INT64_MAX - digit) / 10)
			return TN_EINVAL;
		v = v * 10 + digit;
	}
	if (p == text)
		return TN_EINVAL;
	for (int i = 0; i < UNITS; i++) {
		if (strcmp(p, units[i].word) != 0 && (*p || i))
			continue;
		if (v > INT64_MAX / units[i].factor)
			return TN_EINVAL;
		*out = v * units[i].factor;
		return 0;
	}
	return TN_EINVAL;
}

int conf_parse_ms(const char *text, uint64_t *out)
{
	return parse(text, times, out);
}

int conf_parse_size(const char *text, uint64_t *out)
{
	return parse(text, sizes, out);
}

static const char *format(uint64_t v, const struct unit units[UNITS], char buf[CONF_NUMBER_MAX])
{
	int i = UNITS - 1;

	while (i > 0 && (v == 0 || v % units[i].factor))
		i--;
	snprintf(buf, CONF_NUMBER_MAX, "%llu%s", (unsigned long long)(v / units[i].factor),
		 units[i].word);
	return buf;
}

const char *conf_ms_text(uint64_t ms, char buf[CONF_NUMBER_MAX])
{
	return ms ? format(ms, times, buf) : strcpy(buf, "0s");
}

const char *conf_size_text(uint64_t bytes, char buf[CONF_NUMBER_MAX])
{
	return format(bytes, sizes, buf);
}
