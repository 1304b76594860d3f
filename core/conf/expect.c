/* SPDX-License-Identifier: MIT
 * core/conf/expect.c - what an option takes, in words
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf_impl.h"

typedef const char *number_fn(uint64_t, char buf[CONF_NUMBER_MAX]);

static const char *plain_text(uint64_t v, char buf[CONF_NUMBER_MAX])
{
	snprintf(buf, CONF_NUMBER_MAX, "%llu", (unsigned long long)v);
	return buf;
}

/* " from LO to HI", or nothing where any value will do. */
static const char *range(const struct tn_option *o, number_fn *as_text, char buf[80])
{
	char lo[CONF_NUMBER_MAX], hi[CONF_NUMBER_MAX];

	*buf = 0;
	if (o->lo || o->hi)
		snprintf(buf, 80, " from %s to %s", as_text((uint64_t)o->lo, lo),
			 as_text((uint64_t)o->hi, hi));
	return buf;
}

static const char *count(const struct tn_option *o, const char *what, char buf[80])
{
	*buf = 0;
	if (o->lo || o->hi)
		snprintf(buf, 80, " of %lld to %lld %s", (long long)o->lo, (long long)o->hi, what);
	return buf;
}

const char *conf_expected(const struct tn_option *o, char buf[CONF_EXPECT_MAX])
{
	char of[80];

	switch (o->type) {
	case TN_O_BOOL:
		return strcpy(buf, "true or false");
	case TN_O_INT:
		snprintf(buf, CONF_EXPECT_MAX, "a number%s", range(o, plain_text, of));
		break;
	case TN_O_SIZE:
		snprintf(buf, CONF_EXPECT_MAX, "a size%s, as \"16M\"",
			 range(o, conf_size_text, of));
		break;
	case TN_O_MS:
		snprintf(buf, CONF_EXPECT_MAX, "a time%s, as \"90s\"", range(o, conf_ms_text, of));
		break;
	case TN_O_TEXT:
		snprintf(buf, CONF_EXPECT_MAX, "a text%s", count(o, "bytes", of));
		break;
	case TN_O_ADDRS:
		snprintf(buf, CONF_EXPECT_MAX,
			 "a list%s, as [ \"192.0.2.7\", \"[2001:db8::7]:24100\" ]",
			 count(o, "addresses", of));
		break;
	default:
		snprintf(buf, CONF_EXPECT_MAX, "a list%s, as [ \"a\", \"b\" ]",
			 count(o, "texts", of));
		break;
	}
	return buf;
}
