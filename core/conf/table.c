/* SPDX-License-Identifier: MIT
 * core/conf/table.c - is a table of options itself sound; what differs between two structs
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf_impl.h"

/* ---- comparing */

static bool same_str(struct tn_str a, struct tn_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool same_addrs(const struct tn_addrs *a, const struct tn_addrs *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (tn_addr_cmp(&a->v[i], &b->v[i]) != 0)
			return false;
	return true;
}

static bool same_texts(const struct tn_texts *a, const struct tn_texts *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!same_str(a->v[i], b->v[i]))
			return false;
	return true;
}

bool conf_same(const struct tn_option *o, const void *a, const void *b)
{
	const void *x = (const char *)a + o->off, *y = (const char *)b + o->off;

	switch (o->type) {
	case TN_O_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case TN_O_TEXT:
		return same_str(*(const struct tn_str *)x, *(const struct tn_str *)y);
	case TN_O_ADDRS:
		return same_addrs(x, y);
	case TN_O_TEXTS:
		return same_texts(x, y);
	default:
		return *(const uint64_t *)x == *(const uint64_t *)y;
	}
}

const char *conf_fixed_changed(struct tn_table options, const void *old, const void *now)
{
	for (unsigned i = 0; i < options.rows; i++) {
		const struct tn_option *o = conf_row(options, i);

		if (o->fixed && !conf_same(o, old, now))
			return o->key;
	}
	return NULL;
}

/* ---- checking a table */

size_t conf_option_bytes(const struct tn_option *o)
{
	switch (o->type) {
	case TN_O_BOOL:
		return sizeof(bool);
	case TN_O_INT:
	case TN_O_SIZE:
	case TN_O_MS:
		return sizeof(uint64_t);
	case TN_O_TEXT:
		return sizeof(struct tn_str);
	case TN_O_ADDRS:
		return sizeof(struct tn_addrs);
	case TN_O_TEXTS:
		return sizeof(struct tn_texts);
	default:
		return 0;
	}
}

static bool is_key(const char *key)
{
	size_t n = key ? strlen(key) : 0;

	return n > 0 && n <= 40 && *key >= 'a' && *key <= 'z' &&
	       strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") == n &&
	       strcmp(key, "path") != 0;
}

static int check_row(struct tn_table t, unsigned row, size_t conf_bytes, struct tn_error *err)
{
	const struct tn_option *o = conf_row(t, row);
	size_t size = conf_option_bytes(o);

	if (!is_key(o->key))
		return tn_fail(
			err, TN_EINVAL,
			"option %u: a key is up to 40 of a-z 0-9 _, begins with a letter and "
			"is not path",
			row);
	for (unsigned i = 0; i < row; i++)
		if (strcmp(conf_row(t, i)->key, o->key) == 0)
			return tn_fail(err, TN_EINVAL, "option %s: declared twice", o->key);
	if (size == 0)
		return tn_fail(err, TN_EINVAL, "option %s: unknown type %u", o->key, o->type);
	if (o->off > conf_bytes || conf_bytes - o->off < size)
		return tn_fail(err, TN_EINVAL, "option %s: lies outside of its struct", o->key);
	if (o->off % (size < 8 ? size : 8))
		return tn_fail(err, TN_EINVAL, "option %s: is not aligned", o->key);
	if (o->lo < 0 || o->lo > o->hi)
		return tn_fail(err, TN_EINVAL, "option %s: its range is empty or negative", o->key);
	return 0;
}

int conf_check_table(struct tn_table options, size_t conf_bytes, struct tn_error *err)
{
	struct tn_arena *a;
	void *scratch;
	int rc = 0;

	if (options.rows && (!options.row || options.stride < sizeof(struct tn_option)))
		return tn_fail(err, TN_EINVAL, "options: the table has no rows of that size");
	for (unsigned i = 0; i < options.rows && rc == 0; i++)
		rc = check_row(options, i, conf_bytes, err);
	if (rc)
		return rc;
	a = tn_arena_create(0);
	scratch = calloc(1, conf_bytes + 1);
	if (a && scratch)
		rc = conf_fill(NULL, "", options, NULL, scratch, a, err);
	else
		rc = tn_fail(err, TN_ENOMEM, "options: no memory");
	free(scratch);
	tn_arena_unref(a);
	return rc;
}
