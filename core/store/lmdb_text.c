/* SPDX-License-Identifier: MIT
 * core/store/lmdb_text.c - what went wrong with the file, and what to do about it
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "store/lmdb_impl.h"

#define FULL_BELOW ((uint64_t)1 << 20)

/* A size in the units of the configuration. */
static const char *size_text(uint64_t n, char buf[32])
{
	static const char *const unit[] = { "", "K", "M", "G", "T" };
	unsigned k = 0;

	while (k < 4 && n && n % 1024 == 0) {
		n /= 1024;
		k++;
	}
	snprintf(buf, 32, "%llu%s", (unsigned long long)n, unit[k]);
	return buf;
}

static int fail_damaged(const struct lmdb *l, const char *how, struct tn_error *err)
{
	return tn_fail(err, TN_EBAD,
		       "%.100s/data.mdb is damaged (%.50s): restore a backup or move it away; "
		       "it was left as it is",
		       l->dir, how);
}

/* LMDB calls a write that stored a part only an I/O error. */
static bool disk_is_full(const struct lmdb *l)
{
	struct statvfs v;

	return statvfs(l->dir, &v) == 0 && (uint64_t)v.f_bavail * v.f_frsize < FULL_BELOW;
}

int lmdb_fail(const struct lmdb *l, int rc, struct tn_error *err)
{
	char size[32];

	if (rc == EIO && disk_is_full(l))
		rc = ENOSPC;
	switch (rc) {
	case MDB_MAP_FULL:
		return tn_fail(err, TN_EIO,
			       "the store in %.100s is full: raise store.map_size (now %s) and "
			       "start again",
			       l->dir, size_text(l->map_size, size));
	case MDB_INVALID:
		return fail_damaged(l, "not an LMDB file", err);
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_PANIC:
	case MDB_BAD_TXN:
		return fail_damaged(l, mdb_strerror(rc), err);
	case MDB_VERSION_MISMATCH:
		return tn_fail(err, TN_EBAD,
			       "%.100s/data.mdb was written by another version of LMDB: copy it "
			       "with that version's mdb_dump and mdb_load",
			       l->dir);
	case ENOSPC:
	case EDQUOT:
		return tn_fail(
			err, TN_EIO,
			"no space left for %.100s/data.mdb: free some on that disk and start "
			"again",
			l->dir);
	case EFBIG:
		return tn_fail(err, TN_EIO,
			       "%.100s/data.mdb may not grow: raise the limit of file size (ulimit "
			       "-f) and start again",
			       l->dir);
	case EACCES:
	case EPERM:
	case EROFS:
		return tn_fail(err, TN_EIO,
			       "no permission to write in %.100s (%s): make it and its files "
			       "writable for timenode's user",
			       l->dir, strerror(rc));
	case ENOMEM:
		return tn_fail(err, TN_ENOMEM,
			       "no memory to map %s for %.100s: lower store.map_size or raise the "
			       "limit (ulimit -v)",
			       size_text(l->map_size, size), l->dir);
	default:
		return tn_fail(err, TN_EIO, "%.100s/data.mdb: %s: check the disk", l->dir,
			       mdb_strerror(rc));
	}
}
