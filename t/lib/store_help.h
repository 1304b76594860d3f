/* SPDX-License-Identifier: MIT
 * t/lib/store_help.h - short forms for the tests of the store
 */
#ifndef T_LIB_STORE_HELP_H
#define T_LIB_STORE_HELP_H

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/tap.h"
#include "store/store.h"

enum { MAP = 16 << 20 };

static inline struct tn_view text(const char *s)
{
	return (struct tn_view){ (const uint8_t *)s, strlen(s) };
}

static inline const char *new_dir(char buf[300])
{
	static int number;

	snprintf(buf, 300, "%s/%d", tap_tmpdir(), number++);
	if (mkdir(buf, 0700) != 0)
		bail_out("cannot make %s", buf);
	return buf;
}

static inline struct store *open_lmdb(const char *dir, uint64_t map_size)
{
	struct tn_error err;
	struct store *s = store_lmdb_open(dir, map_size, "testnet", &err);

	if (!s)
		bail_out("%s", err.text);
	return s;
}

static inline int put_one(struct store *s, int db, const char *key, const char *val)
{
	struct store_batch *b = store_batch(s);
	int rc = store_put(b, db, text(key), text(val));

	return rc ? (store_abandon(b), rc) : store_commit(b, NULL);
}

/* Reads a value as text, "-" if there is none; lasts until the next call. */
static inline const char *get_one(struct store *s, int db, const char *key)
{
	static char buf[200];
	struct tn_arena *a = tn_arena_create(0);
	struct tn_view v;
	int rc = store_get(s, db, text(key), a, &v);

	if (rc == 0)
		snprintf(buf, sizeof buf, "%.*s", (int)v.n, (const char *)v.p);
	else
		snprintf(buf, sizeof buf, rc == TN_ENOENT ? "-" : "error %d", rc);
	tn_arena_unref(a);
	return buf;
}

#endif
