/* SPDX-License-Identifier: MIT
 * core/store/store.c - checks of arguments before an implementation is asked
 */
#include "config.h"

#include <string.h>

#include "store/store_impl.h"

void store_close(struct store *s)
{
	if (!s)
		return;
	writer_close(s);
	s->ops->close(s);
}

void store_write_behind(struct store *s, struct env *env, struct timers *timers)
{
	s->env = env;
	s->timers = timers;
	if (!s->ahead_max)
		s->ahead_max = STORE_AHEAD_MAX;
}

void store_ahead_max(struct store *s, uint64_t bytes)
{
	s->ahead_max = bytes;
}

uint64_t store_ahead(const struct store *s)
{
	return s->ahead;
}

const char *store_failed(const struct store *s)
{
	return s->failed ? s->why.text : NULL;
}

static int fail_format(const char *name, unsigned has, unsigned wanted, struct tn_error *err)
{
	return tn_fail(err, TN_EBAD, "database %s is open with format %u, not %u", name, has,
		       wanted);
}

static int open_db(struct store *s, const char *name, uint16_t version, struct tn_error *err)
{
	int rc;

	if (s->dbs == STORE_DBS_MAX)
		return tn_fail(err, TN_EFULL, "database %s: a store has %d databases at most", name,
			       STORE_DBS_MAX);
	if (s->failed)
		return tn_fail(err, TN_EIO, "database %s: the store failed: %.150s", name,
			       s->why.text);
	if (s->scanning)
		return tn_fail(err, TN_EBUSY, "database %s: not from inside a scan", name);
	writer_settle(s); /* a database is made by a transaction of this thread */
	rc = s->ops->db(s, name, version, err);
	if (rc)
		return rc;
	strcpy(s->db[s->dbs].name, name);
	s->db[s->dbs].version = version;
	return s->dbs++;
}

int store_db(struct store *s, const char *name, uint16_t version, struct tn_error *err)
{
	size_t n = strlen(name);

	if (n == 0 || n > STORE_NAME_MAX || strcmp(name, "meta") == 0 ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != n)
		return tn_fail(
			err, TN_EINVAL,
			"database \"%.60s\": a name is 1 to %d of a-z 0-9 . _ - and not meta", name,
			STORE_NAME_MAX);
	for (int i = 0; i < s->dbs; i++) {
		if (strcmp(s->db[i].name, name) != 0)
			continue;
		if (s->db[i].version != version)
			return fail_format(name, s->db[i].version, version, err);
		return i;
	}
	return open_db(s, name, version, err);
}

void store_settle(struct store *s)
{
	writer_settle(s);
}

void store_fail(struct store *s, const char *why)
{
	s->failed = true;
	tn_fail(&s->why, TN_EIO, "%s", why);
}

int store_dbs(const struct store *s)
{
	return s->dbs;
}

const char *store_db_name(const struct store *s, int db, uint16_t *version)
{
	*version = s->db[db].version;
	return s->db[db].name;
}

static bool is_db(const struct store *s, int db)
{
	return db >= 0 && db < s->dbs;
}

int store_get(struct store *s, int db, struct tn_view key, struct tn_arena *a, struct tn_view *val)
{
	if (!is_db(s, db) || key.n == 0 || key.n > STORE_KEY_MAX)
		return TN_EINVAL;
	if (s->ahead) {
		int rc = overlay_get(s, db, key, a, val);

		if (rc <= 0)
			return rc;
	}
	return s->ops->get(s, db, key, a, val);
}

int store_scan(struct store *s, int db, struct tn_view from, store_scan_fn *fn, void *arg)
{
	int rc;

	if (!is_db(s, db) || from.n > STORE_KEY_MAX)
		return TN_EINVAL;
	s->scanning++;
	rc = s->ahead ? overlay_scan(s, db, from, fn, arg) : s->ops->scan(s, db, from, fn, arg);
	s->scanning--;
	return rc;
}
