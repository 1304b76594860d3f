/* SPDX-License-Identifier: MIT
 * core/conf/conf_impl.h - what the files of this room share; nobody else includes it
 */
#ifndef CORE_CONF_IMPL_H
#define CORE_CONF_IMPL_H

#include <libconfig.h>
#include <stdarg.h>

#include "conf/conf.h"

struct conf {
	config_t cfg;
	char *name; /* of the file, as messages show it */
};

/* ---- scan.c: what libconfig 1.5 would read wrongly or explain badly: numbers that do
 * not fit, @include, bytes behind a NUL, texts without quotes, brackets that do not
 * match. 0 or TN_EINVAL.
 */
int conf_scan(const char *text, size_t n, const char *name, struct tn_error *);

/* ---- file.c */

/* "" is the root; NULL: no such group (or something that is no group). */
config_setting_t *conf_group(const struct conf *, const char *group);

/* "FILE:LINE: text", TN_EINVAL. */
int conf_fail(const struct conf *, const config_setting_t *at, struct tn_error *, const char *fmt,
	      ...) __attribute__((format(printf, 4, 5)));

/* What stands in the file, for a message: `"text"`, `5`, `true`, `a group`. */
#define CONF_FOUND_MAX 64
const char *conf_found(const config_setting_t *, char buf[CONF_FOUND_MAX]);
const char *conf_found_text(const char *text, char buf[CONF_FOUND_MAX]);

/* "group.key", or "key" at the top level. */
#define CONF_KEY_MAX 100
const char *conf_key(const char *group, const char *key, char buf[CONF_KEY_MAX]);

/* ---- value.c: numbers as they stand in a file, in the largest unit that fits */
#define CONF_NUMBER_MAX 32
const char *conf_ms_text(uint64_t ms, char buf[CONF_NUMBER_MAX]);
const char *conf_size_text(uint64_t bytes, char buf[CONF_NUMBER_MAX]);

/* ---- option.c */
static inline const struct tn_option *conf_row(struct tn_table t, unsigned i)
{
	return (const struct tn_option *)(const void *)((const char *)t.row + (size_t)i * t.stride);
}

/* Are the values of this option the same in both structs? */
bool conf_same(const struct tn_option *, const void *a, const void *b);

/* ---- expect.c: "a time from 1s to 1h, as "90s"": what an option takes */
#define CONF_EXPECT_MAX 160
const char *conf_expected(const struct tn_option *, char buf[CONF_EXPECT_MAX]);

#endif
