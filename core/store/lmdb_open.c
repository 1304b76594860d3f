/* SPDX-License-Identifier: MIT
 * core/store/lmdb_open.c - lock, open and check the file; declare databases
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/lmdb_impl.h"

/* The format of the store as a whole: what `meta` holds. */
enum { FORMAT = 1 };

#define GROWTH ((uint64_t)1 << 20) /* of the file at a time; it uses no disk before it is written */

static MDB_val text_val(const char *s)
{
	return (MDB_val){ strlen(s), (void *)(uintptr_t)s };
}

uint64_t lmdb_used(const struct lmdb *l)
{
	MDB_envinfo info;
	MDB_stat stat;

	mdb_env_info(l->env, &info);
	mdb_env_stat(l->env, &stat);
	return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

static int file_size(const struct lmdb *l, int *fd, uint64_t *size)
{
	struct stat st;
	int rc = mdb_env_get_fd(l->env, fd);

	if (rc)
		return rc;
	if (fstat(*fd, &st) != 0)
		return errno;
	*size = (uint64_t)st.st_size;
	return 0;
}

int lmdb_resize(const struct lmdb *l, uint64_t size, bool cut)
{
	uint64_t now;
	int fd, rc = file_size(l, &fd, &now);

	if (rc || now == size || (now > size && !cut))
		return rc;
	return ftruncate(fd, (off_t)size) == 0 ? 0 : errno;
}

int lmdb_grow(const struct lmdb *l, uint64_t size)
{
	uint64_t now, more = size + GROWTH;
	int fd, rc = file_size(l, &fd, &now);

	if (rc || now >= size || now >= l->map_size)
		return rc;
	rc = lmdb_resize(l, more < l->map_size ? more : l->map_size, false);
	return rc ? lmdb_resize(l, size < l->map_size ? size : l->map_size, false) : 0;
}

/* ---- one process a directory */

static int fail_locked(const struct lmdb *l, struct tn_error *err)
{
	char pid[16] = "";
	ssize_t n = read(l->lock, pid, sizeof pid - 1);

	pid[n > 0 ? strspn(pid, "0123456789") : 0] = 0;
	return tn_fail(err, TN_EBUSY,
		       "%.100s is in use by another process (%s): stop it, or set another data_dir",
		       l->dir, *pid ? pid : "unknown");
}

static int take_lock(struct lmdb *l, struct tn_error *err)
{
	char path[4096], pid[16];
	int n = snprintf(path, sizeof path, "%s/lock", l->dir);

	if (n >= (int)sizeof path)
		return lmdb_fail(l, ENAMETOOLONG, err);
	l->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (l->lock < 0 && (errno == ENOENT || errno == ENOTDIR))
		return tn_fail(err, TN_ENOENT,
			       "%.150s is not a directory: make it, or set data_dir", l->dir);
	if (l->lock < 0)
		return lmdb_fail(l, errno, err);
	if (flock(l->lock, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? fail_locked(l, err) : lmdb_fail(l, errno, err);
	/* The number is for people only: the lock itself is what counts. */
	n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(l->lock, 0) != 0 || write(l->lock, pid, (size_t)n) != n)
		return lmdb_fail(l, errno, err);
	return 0;
}

/* ---- the file */

static int open_env(struct lmdb *l, struct tn_error *err)
{
	uint64_t size;
	int fd, rc = mdb_env_create(&l->env);

	if (rc == 0)
		rc = mdb_env_set_maxdbs(l->env, STORE_DBS_MAX + 1);
	if (rc == 0)
		rc = l->map_size > SIZE_MAX ? ENOMEM
					    : mdb_env_set_mapsize(l->env, (size_t)l->map_size);
	if (rc == 0)
		rc = mdb_env_open(l->env, l->dir, MDB_NOTLS, 0600);
	if (rc == 0)
		rc = file_size(l, &fd, &size);
	if (rc)
		return lmdb_fail(l, rc, err);
	/* Reading a page that is not there would be a SIGBUS. Our commits keep the file at
	 * least as long as its last page (see lmdb.c), so a shorter one was cut. */
	if (size < lmdb_used(l))
		return tn_fail(err, TN_EBAD,
			       "%.100s/data.mdb is damaged (cut off): restore a backup or move it "
			       "away; it was left as it is",
			       l->dir);
	return 0;
}

static int begin_meta(struct lmdb *l, MDB_txn *txn, const char *network, struct tn_error *err)
{
	MDB_val key = text_val("network"), val = text_val(network);
	uint8_t format[2] = { 0, FORMAT };
	int rc = mdb_dbi_open(txn, "meta", MDB_CREATE, &l->meta);

	if (rc == 0)
		rc = mdb_put(txn, l->meta, &key, &val, 0);
	key = text_val("format");
	val = (MDB_val){ 2, format };
	if (rc == 0)
		rc = mdb_put(txn, l->meta, &key, &val, 0);
	return rc ? lmdb_fail(l, rc, err) : 0;
}

static int fail_foreign(const struct lmdb *l, struct tn_error *err)
{
	return tn_fail(
		err, TN_EBAD,
		"%.100s/data.mdb is not timenode's: set another data_dir; it was left as it is",
		l->dir);
}

static int check_meta(struct lmdb *l, MDB_txn *txn, const char *network, struct tn_error *err)
{
	MDB_val key = text_val("format"), val;
	const uint8_t *p;
	int rc = mdb_get(txn, l->meta, &key, &val);

	if (rc == MDB_NOTFOUND || (rc == 0 && val.mv_size != 2))
		return fail_foreign(l, err);
	if (rc)
		return lmdb_fail(l, rc, err);
	p = val.mv_data;
	if (p[0] != 0 || p[1] != FORMAT)
		return tn_fail(err, TN_EBAD,
			       "%.100s/data.mdb has format %d, this timenode knows %d: start the "
			       "timenode that wrote it",
			       l->dir, p[0] << 8 | p[1], FORMAT);
	key = text_val("network");
	rc = mdb_get(txn, l->meta, &key, &val);
	if (rc)
		return rc == MDB_NOTFOUND ? fail_foreign(l, err) : lmdb_fail(l, rc, err);
	if (val.mv_size != strlen(network) || memcmp(val.mv_data, network, val.mv_size) != 0)
		return tn_fail(err, TN_EBAD,
			       "%.100s holds data of network %.*s, not %.16s: set network.name, or "
			       "another data_dir",
			       l->dir, val.mv_size < 16 ? (int)val.mv_size : 16,
			       (const char *)val.mv_data, network);
	return 0;
}

static int open_meta(struct lmdb *l, const char *network, struct tn_error *err)
{
	MDB_txn *txn;
	MDB_stat stat;
	int rc = mdb_txn_begin(l->env, NULL, 0, &txn);

	if (rc)
		return lmdb_fail(l, rc, err);
	rc = mdb_dbi_open(txn, "meta", 0, &l->meta);
	if (rc == 0) {
		rc = check_meta(l, txn, network, err);
	} else if (rc == MDB_NOTFOUND) {
		rc = mdb_env_stat(l->env, &stat);
		if (rc)
			rc = lmdb_fail(l, rc, err);
		else
			rc = stat.ms_entries ? fail_foreign(l, err)
					     : begin_meta(l, txn, network, err);
	} else {
		/* MDB_INCOMPATIBLE: a key of that name that is no database */
		rc = rc == MDB_INCOMPATIBLE ? fail_foreign(l, err) : lmdb_fail(l, rc, err);
	}
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	rc = mdb_txn_commit(txn);
	return rc ? lmdb_fail(l, rc, err) : 0;
}

int lmdb_begin(struct lmdb *l, const char *network, struct tn_error *err)
{
	int rc = take_lock(l, err);

	if (rc == 0)
		rc = open_env(l, err);
	if (rc == 0)
		rc = open_meta(l, network, err);
	if (rc)
		return rc;
	rc = mdb_txn_begin(l->env, NULL, MDB_RDONLY, &l->read);
	if (rc)
		return lmdb_fail(l, rc, err);
	mdb_txn_reset(l->read);
	return 0;
}

void lmdb_undo(struct lmdb *l)
{
	if (l->read)
		mdb_txn_abort(l->read);
	if (l->env)
		mdb_env_close(l->env);
	if (l->lock >= 0)
		close(l->lock);
}

/* ---- databases */

static int fail_version(const struct lmdb *l, const char *name, int stored, int wanted,
			struct tn_error *err)
{
	return tn_fail(err, TN_EBAD,
		       "database %s in %.100s has format %d, this timenode knows %d: start the one "
		       "that wrote it; it was left as it is",
		       name, l->dir, stored, wanted);
}

static int declare(struct lmdb *l, MDB_txn *txn, const char *name, uint16_t version, MDB_dbi *dbi,
		   struct tn_error *err)
{
	char text[STORE_NAME_MAX + 4];
	uint8_t format[2] = { (uint8_t)(version >> 8), (uint8_t)version };
	const uint8_t *p;
	MDB_val key, val;
	int rc;

	snprintf(text, sizeof text, "db.%s", name);
	key = text_val(text);
	rc = mdb_get(txn, l->meta, &key, &val);
	if (rc == 0 && val.mv_size != 2)
		return lmdb_fail(l, MDB_CORRUPTED, err);
	if (rc == 0) {
		p = val.mv_data;
		if (memcmp(p, format, 2) != 0)
			return fail_version(l, name, p[0] << 8 | p[1], version, err);
	} else if (rc == MDB_NOTFOUND) {
		val = (MDB_val){ 2, format };
		rc = mdb_put(txn, l->meta, &key, &val, 0);
	}
	if (rc == 0)
		rc = mdb_dbi_open(txn, name, MDB_CREATE, dbi);
	return rc ? lmdb_fail(l, rc, err) : 0;
}

int lmdb_declare(struct lmdb *l, const char *name, uint16_t version, MDB_dbi *dbi,
		 struct tn_error *err)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(l->env, NULL, 0, &txn);

	if (rc)
		return lmdb_fail(l, rc, err);
	rc = declare(l, txn, name, version, dbi, err);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	rc = mdb_txn_commit(txn);
	return rc ? lmdb_fail(l, rc, err) : 0;
}
