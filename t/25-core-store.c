/* SPDX-License-Identifier: MIT
 * t/25-core-store.c - both stores give the same answers; what only a disk can do
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/tap.h"
#include "store/lmdb_impl.h"

enum { MAP = 16 << 20 };

/* ---- helpers */

static struct tn_view text(const char *s)
{
	return (struct tn_view){ (const uint8_t *)s, strlen(s) };
}

static const char *new_dir(char buf[300])
{
	static int number;

	snprintf(buf, 300, "%s/%d", tap_tmpdir(), number++);
	if (mkdir(buf, 0700) != 0)
		bail_out("cannot make %s", buf);
	return buf;
}

static struct store *open_lmdb(const char *dir, uint64_t map_size)
{
	struct tn_error err;
	struct store *s = store_lmdb_open(dir, map_size, "testnet", &err);

	if (!s)
		bail_out("%s", err.text);
	return s;
}

static struct store *make_store(bool disk)
{
	char dir[300];

	return disk ? open_lmdb(new_dir(dir), MAP) : store_memory_create();
}

static int put_one(struct store *s, int db, const char *key, const char *val)
{
	struct store_batch *b = store_batch(s);
	int rc = store_put(b, db, text(key), text(val));

	return rc ? (store_abandon(b), rc) : store_commit(b, NULL);
}

/* Reads a value as text, "-" if there is none; lasts until the next call. */
static const char *get_one(struct store *s, int db, const char *key)
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

struct listing {
	char text[4000];
	int left; /* entries until it stops by itself */
};

static int list_one(void *arg, struct tn_view key, struct tn_view val)
{
	struct listing *l = arg;
	size_t n = strlen(l->text);

	snprintf(l->text + n, sizeof l->text - n, "%.*s=%.*s ", (int)key.n, (const char *)key.p,
		 (int)val.n, (const char *)val.p);
	return --l->left ? 0 : 77;
}

static void is_listing(struct store *s, int db, const char *from, int left, int rc,
		       const char *want)
{
	struct listing l = { "", left };

	is_int(store_scan(s, db, text(from), list_one, &l), rc, "scan from \"%s\"", from);
	is_str(l.text, want, "gives these");
}

/* ---- conformance: run against both */

static void test_values(struct store *s)
{
	int a = store_db(s, "peers.book", 1, NULL), b = store_db(s, "core.bans", 3, NULL);
	struct tn_error err = { "" };

	ok(a >= 0 && b >= 0 && a != b, "two databases");
	is_int(store_db(s, "peers.book", 1, NULL), a, "the same name is the same database");
	is_int(store_db(s, "peers.book", 2, &err), TN_EBAD, "another format is refused");
	is_str(err.text, "database peers.book is open with format 1, not 2", "and said");
	is_str(get_one(s, a, "k"), "-", "empty at first");
	is_int(put_one(s, a, "k", "one"), 0, "put");
	is_str(get_one(s, a, "k"), "one", "get");
	is_str(get_one(s, b, "k"), "-", "databases are apart");
	is_int(put_one(s, a, "k", "two, longer than before"), 0, "put again");
	is_str(get_one(s, a, "k"), "two, longer than before", "replaces");
	is_int(put_one(s, a, "k", ""), 0, "an empty value");
	is_str(get_one(s, a, "k"), "", "is one");
	is_str(get_one(s, a, "kk"), "-", "a longer key is another");
	is_listing(s, a, "", 9, 0, "k= ");
}

static void test_batch(struct store *s)
{
	int db = store_db(s, "batch", 1, NULL);
	struct store_batch *b;
	struct tn_view v = { NULL, 9 };

	put_one(s, db, "old", "1");
	b = store_batch(s);
	is_int(store_batch_get(b, db, text("old"), &v), TN_ENOENT, "a batch starts empty");
	store_put(b, db, text("new"), text("2"));
	store_del(b, db, text("old"));
	is_int(store_del(b, db, text("never")), 0, "deleting nothing is fine");
	ok(store_batch_get(b, db, text("new"), &v) == 0 && v.n == 1 && *v.p == '2', "it sees put");
	ok(store_batch_get(b, db, text("old"), &v) == 0 && !v.p, "and del");
	is_str(get_one(s, db, "new"), "-", "the store does not see it");
	is_str(get_one(s, db, "old"), "1", "before the commit");
	store_put(b, db, text("twice"), text("a"));
	store_put(b, db, text("twice"), text("b"));
	store_put(b, db, text("gone"), text("a"));
	store_del(b, db, text("gone"));
	store_del(b, db, text("back"));
	store_put(b, db, text("back"), (struct tn_view){ NULL, 0 });
	is_int(store_commit(b, NULL), 0, "commit");
	is_listing(s, db, "", 9, 0, "back= new=2 twice=b ");
	b = store_batch(s);
	store_put(b, db, text("x"), text("y"));
	store_abandon(b);
	is_str(get_one(s, db, "x"), "-", "an abandoned batch leaves nothing");
	is_int(store_commit(store_batch(s), NULL), 0, "an empty batch");
}

static void test_order(struct store *s)
{
	static const char *const keys[] = { "b", "a", "ab", "\xff", "B", "aa", "\x01", "abc" };
	int before = store_db(s, "order.0", 1, NULL), db = store_db(s, "order.1", 1, NULL),
	    behind = store_db(s, "order.2", 1, NULL);

	put_one(s, before, "z", "0");
	put_one(s, behind, "a", "0");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		put_one(s, db, keys[i], "v");
	is_listing(s, db, "", 99, 0, "\x01=v B=v a=v aa=v ab=v abc=v b=v \xff=v ");
	is_listing(s, db, "ab", 99, 0, "ab=v abc=v b=v \xff=v ");
	is_listing(s, db, "aba", 99, 0, "abc=v b=v \xff=v ");
	is_listing(s, db, "aba", 2, 77, "abc=v b=v ");
	is_listing(s, db, "\xff\xff", 9, 0, "");
}

static void test_arguments(struct store *s)
{
	static const char *const names[] = { "", "meta", "Big", "a b", "a/b" };
	int db = store_db(s, "args", 1, NULL);
	struct store_batch *b = store_batch(s);
	struct tn_arena *a = tn_arena_create(0), *small = tn_arena_create(16);
	uint8_t long_key[STORE_KEY_MAX + 1];
	struct tn_view v, max = { long_key, STORE_KEY_MAX }, more = { long_key, sizeof long_key };

	memset(long_key, 'k', sizeof long_key);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		is_int(store_db(s, names[i], 1, NULL), TN_EINVAL, "no name: \"%s\"", names[i]);
	is_int(store_put(b, db, text(""), text("v")), TN_EINVAL, "an empty key");
	is_int(store_put(b, db, more, text("v")), TN_EINVAL, "a key that is too long");
	is_int(store_put(b, 99, text("k"), text("v")), TN_EINVAL, "no such database");
	is_int(store_put(b, -1, text("k"), text("v")), TN_EINVAL, "nor a negative one");
	is_int(store_put(b, db, text("k"), (struct tn_view){ long_key, STORE_VAL_MAX + 1u }),
	       TN_EINVAL, "a value that is too long");
	is_int(store_put(b, db, max, text("longest")), 0, "the longest key");
	is_int(store_commit(b, NULL), 0, "what was refused is not in the batch");
	is_int(store_get(s, db, max, a, &v), 0, "it is found");
	is_int(store_get(s, db, more, a, &v), TN_EINVAL, "get: too long");
	is_int(store_get(s, 99, max, a, &v), TN_EINVAL, "get: no such database");
	is_int(store_scan(s, db, more, list_one, NULL), TN_EINVAL, "scan: too long");
	is_int(store_scan(s, 99, max, list_one, NULL), TN_EINVAL, "scan: no such database");
	put_one(s, db, "k", "more than sixteen bytes");
	is_int(store_get(s, db, text("k"), small, &v), TN_ENOMEM, "an arena that is too small");
	ok(!store_failed(s), "none of it hurts");
	tn_arena_unref(a);
	tn_arena_unref(small);
}

static void test_many_dbs(struct store *s)
{
	char name[32];
	int have = 0, rc = 0;
	struct tn_error err;

	for (int i = 0; i < STORE_DBS_MAX + 1 && rc >= 0; i++) {
		snprintf(name, sizeof name, "many.%d", i);
		rc = store_db(s, name, 1, &err);
		have += rc >= 0;
	}
	is_int(rc, TN_EFULL, "one too many");
	is_int(have, STORE_DBS_MAX, "64 databases");
	is_str(err.text, "database many.64: a store has 64 databases at most", "says so");
	is_int(store_db(s, "many.7", 1, &err), 7, "a known one is still found");
	is_int(put_one(s, 63, "k", "v"), 0, "the last one works");
	is_str(get_one(s, 63, "k"), "v", "as it should");
}

struct inner {
	struct store *s;
	int db, found, committed, opened;
};

static int act_inside(void *arg, struct tn_view key, struct tn_view val)
{
	struct inner *in = arg;
	struct store_batch *b = store_batch(in->s);

	(void)val;
	in->found += strcmp(get_one(in->s, in->db, "b"), "2") == 0;
	in->opened = store_db(in->s, "inside", 1, NULL);
	if (key.n == 1 && *key.p == 'b') {
		store_put(b, in->db, text("c"), text("3"));
		in->committed = store_commit(b, NULL);
	} else {
		store_abandon(b);
	}
	return 0;
}

/* Last, for it ends writing. */
static void test_inside_scan(struct store *s)
{
	struct inner in = { s, store_db(s, "scan", 1, NULL), 0, 0, 0 };
	struct tn_error err = { "" };

	put_one(s, in.db, "a", "1");
	put_one(s, in.db, "b", "2");
	is_int(store_scan(s, in.db, text(""), act_inside, &in), 0, "a scan with acts inside");
	is_int(in.found, 2, "reading is allowed");
	is_int(in.committed, TN_EBUSY, "a commit is not");
	is_int(in.opened, TN_EBUSY, "nor opening a database");
	is_str(store_failed(s), "a batch was committed from inside a scan", "it is told");
	is_int(store_commit(store_batch(s), &err), TN_EIO, "after a failure no more batches");
	is_str(err.text,
	       "nothing is written any more since a commit failed: a batch was committed from "
	       "inside a scan",
	       "and why");
	is_int(store_db(s, "later", 1, &err), TN_EIO, "nor databases");
	is_str(get_one(s, in.db, "a"), "1", "reading goes on");
	is_str(get_one(s, in.db, "c"), "-", "the refused batch left nothing");
}

static void conformance(bool disk)
{
	struct store *s = make_store(disk);

	note("%s", disk ? "lmdb" : "memory");
	test_values(s);
	test_batch(s);
	test_order(s);
	test_arguments(s);
	test_inside_scan(s);
	store_close(s);
	s = make_store(disk);
	test_many_dbs(s);
	store_close(s);
}

/* ---- the same random life in both, compared */

struct digest {
	uint64_t hash, entries;
};

static int digest_one(void *arg, struct tn_view key, struct tn_view val)
{
	struct digest *d = arg;

	for (size_t i = 0; i < key.n; i++)
		d->hash = (d->hash ^ key.p[i]) * 0x100000001b3u;
	d->hash = (d->hash ^ 0x100) * 0x100000001b3u;
	for (size_t i = 0; i < val.n; i++)
		d->hash = (d->hash ^ val.p[i]) * 0x100000001b3u;
	d->hash = (d->hash ^ 0x101) * 0x100000001b3u;
	d->entries++;
	return 0;
}

static uint32_t roll(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33) % below;
}

static void live(struct store *s, uint64_t seed, struct digest out[2], int *failures)
{
	static uint8_t val[6000];
	uint8_t key[3];

	store_db(s, "r0", 1, NULL);
	store_db(s, "r1", 1, NULL);
	for (int batch = 0; batch < 40; batch++) {
		struct store_batch *b = store_batch(s);

		for (uint32_t n = roll(&seed, 60); n; n--) {
			int db = (int)roll(&seed, 2);
			struct tn_view k = { key, 1 + roll(&seed, 3) };

			for (size_t i = 0; i < k.n; i++)
				key[i] = (uint8_t)(roll(&seed, 8) * 36);
			memset(val, (int)roll(&seed, 256), sizeof val);
			*failures +=
				roll(&seed, 3) == 0
					? store_del(b, db, k) != 0
					: store_put(b, db, k,
						    (struct tn_view){
							    val, roll(&seed, sizeof val) }) != 0;
		}
		if (roll(&seed, 5) == 0)
			store_abandon(b);
		else
			*failures += store_commit(b, NULL) != 0;
	}
	for (int db = 0; db < 2; db++)
		store_scan(s, db, (struct tn_view){ NULL, 0 }, digest_one, &out[db]);
}

static void test_random(void)
{
	int failures = 0, different = 0;
	uint64_t entries = 0;

	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct store *mem = make_store(false), *disk = make_store(true);
		struct digest a[2] = { { 0, 0 }, { 0, 0 } }, b[2] = { { 0, 0 }, { 0, 0 } };

		live(mem, seed, a, &failures);
		live(disk, seed, b, &failures);
		different += memcmp(a, b, sizeof a) != 0;
		entries += a[0].entries + a[1].entries;
		store_close(mem);
		store_close(disk);
	}
	is_int(failures, 0, "a random life without failures");
	is_int(different, 0, "is the same in both stores");
	ok(entries > 1000, "and leaves something: %llu entries", (unsigned long long)entries);
}

/* ---- what only a disk can do */

static void is_refused(const char *dir, const char *network, const char *want, const char *what)
{
	struct tn_error err = { "" };
	struct store *s = store_lmdb_open(dir, MAP, network, &err);
	char text_of[600];
	const char *at;

	ok(!s, "%s is refused", what);
	store_close(s);
	/* the directory differs from run to run */
	at = strstr(err.text, dir);
	if (at)
		snprintf(text_of, sizeof text_of, "%.*sDIR%s", (int)(at - err.text), err.text,
			 at + strlen(dir));
	else
		snprintf(text_of, sizeof text_of, "%s", err.text);
	is_str(text_of, want, "with its reason");
}

static const char *in_use(pid_t pid)
{
	static char buf[120];

	snprintf(buf, sizeof buf,
		 "DIR is in use by another process (%ld): stop it, or set another data_dir",
		 (long)pid);
	return buf;
}

static void test_reopen(void)
{
	char dir[300], path[320];
	struct store *s;
	struct stat st;
	struct tn_error err = { "" };
	const char *at;

	new_dir(dir);
	s = open_lmdb(dir, MAP);
	put_one(s, store_db(s, "a", 1, NULL), "k", "v");
	put_one(s, store_db(s, "b", 258, NULL), "k", "w");
	store_close(s);
	s = open_lmdb(dir, MAP / 4);
	is_str(get_one(s, store_db(s, "b", 258, NULL), "k"), "w", "what was written is there");
	is_str(get_one(s, store_db(s, "a", 1, NULL), "k"), "v", "in each database");
	store_close(s);
	s = open_lmdb(dir, MAP);
	is_int(store_db(s, "b", 257, &err), TN_EBAD, "another format");
	at = strstr(err.text, " has format");
	is_str(at ? at : err.text,
	       " has format 258, this timenode knows 257: start the one that wrote it; it was left "
	       "as it is",
	       "is said");
	is_str(get_one(s, store_db(s, "b", 258, NULL), "k"), "w", "and nothing was changed");
	is_refused(dir, "testnet", in_use(getpid()), "a second opening");
	store_close(s);
	is_refused(dir, "mainnet",
		   "DIR holds data of network testnet, not mainnet: set network.name, or another "
		   "data_dir",
		   "another network");
	is_refused(dir, "test",
		   "DIR holds data of network testnet, not test: set network.name, or another "
		   "data_dir",
		   "the beginning of its name");
	snprintf(path, sizeof path, "%s/data.mdb", dir);
	ok(stat(path, &st) == 0 && (st.st_mode & 077) == 0, "nobody else reads the file");
}

/* A file of the given bytes as DIR/data.mdb. */
static void put_file(const char *dir, const void *p, size_t n)
{
	char path[320];
	FILE *f;

	snprintf(path, sizeof path, "%s/data.mdb", dir);
	f = fopen(path, "wb");
	if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0)
		bail_out("cannot write %s", path);
}

static void is_untouched(const char *dir, const void *p, size_t n)
{
	char path[320], *now;
	size_t size;

	snprintf(path, sizeof path, "%s/data.mdb", dir);
	now = tap_slurp(path, &size);
	ok(size == n && memcmp(now, p, n) == 0, "the file is as it was");
	free(now);
}

static void test_damaged(void)
{
	char dir[300], path[320], junk[9000], *good;
	size_t n;
	struct store *s;

	new_dir(dir);
	memset(junk, 'j', sizeof junk);
	put_file(dir, junk, sizeof junk);
	is_refused(
		dir, "testnet",
		"DIR/data.mdb is damaged (not an LMDB file): restore a backup or move it away; it "
		"was left as it is",
		"a file of something else");
	is_untouched(dir, junk, sizeof junk);
	put_file(dir, junk, 50);
	is_refused(
		dir, "testnet",
		"DIR/data.mdb is damaged (not an LMDB file): restore a backup or move it away; it "
		"was left as it is",
		"a short file of something else");
	is_untouched(dir, junk, 50);

	new_dir(dir);
	s = open_lmdb(dir, MAP);
	for (int i = 0; i < 50; i++) {
		junk[8990] = 0;
		snprintf(path, sizeof path, "k%d", i);
		put_one(s, store_db(s, "a", 1, NULL), path, junk);
	}
	store_close(s);
	snprintf(path, sizeof path, "%s/data.mdb", dir);
	good = tap_slurp(path, &n);
	put_file(dir, good, n - 1);
	is_refused(
		dir, "testnet",
		"DIR/data.mdb is damaged (cut off): restore a backup or move it away; it was left "
		"as it is",
		"a file that was cut by one byte");
	is_untouched(dir, good, n - 1);
	put_file(dir, good, n);
	s = open_lmdb(dir, MAP);
	is_uint(strlen(get_one(s, store_db(s, "a", 1, NULL), "k49")), 199, "the whole one is good");
	store_close(s);
	free(good);
}

/* Writes into an environment behind the store's back. */
static void put_raw(const char *dir, const char *db, const char *key, const void *p, size_t n)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_val k = { strlen(key), (void *)(uintptr_t)key }, v = { n, (void *)(uintptr_t)p };

	if (mdb_env_create(&env) || mdb_env_set_maxdbs(env, 4) || mdb_env_open(env, dir, 0, 0600) ||
	    mdb_txn_begin(env, NULL, 0, &txn) || mdb_dbi_open(txn, db, db ? MDB_CREATE : 0, &dbi) ||
	    mdb_put(txn, dbi, &k, &v, 0) || mdb_txn_commit(txn))
		bail_out("cannot write into %s", dir);
	mdb_env_close(env);
}

static void test_foreign(void)
{
	static const char want[] = "DIR/data.mdb is not timenode's: set another data_dir; it was "
				   "left as it is";
	char dir[300];

	new_dir(dir);
	put_raw(dir, NULL, "key", "v", 1);
	is_refused(dir, "testnet", want, "somebody else's database");
	new_dir(dir);
	put_raw(dir, NULL, "meta", "v", 1);
	is_refused(dir, "testnet", want, "one with a plain key \"meta\"");
	new_dir(dir);
	put_raw(dir, "meta", "owner", "me", 2);
	is_refused(dir, "testnet", want, "one with another \"meta\"");
	new_dir(dir);
	store_close(open_lmdb(dir, MAP));
	put_raw(dir, "meta", "format", "\1\2", 2);
	is_refused(
		dir, "testnet",
		"DIR/data.mdb has format 258, this timenode knows 1: start the timenode that wrote "
		"it",
		"a newer format");
}

static void test_no_way_in(void)
{
	char dir[300], path[320];

	new_dir(dir);
	snprintf(path, sizeof path, "%s/none", dir);
	is_refused(path, "testnet", "DIR is not a directory: make it, or set data_dir",
		   "a directory that is not there");
	close(open(path, O_CREAT | O_WRONLY, 0600));
	is_refused(path, "testnet", "DIR is not a directory: make it, or set data_dir", "a file");
	if (geteuid() == 0) {
		skip(2, "root may write everywhere");
		return;
	}
	chmod(dir, 0500);
	is_refused(dir, "testnet",
		   "no permission to write in DIR (Permission denied): make it and its files "
		   "writable for timenode's user",
		   "a directory without permission");
	chmod(dir, 0700);
}

/* ---- failing commits */

static int fill(struct store *s, int db, struct tn_error *err)
{
	static uint8_t big[50000];
	int rc = 0;

	for (unsigned i = 0; i < 1000 && rc == 0; i++) {
		struct store_batch *b = store_batch(s);

		store_put(b, db, (struct tn_view){ (uint8_t *)&i, sizeof i },
			  (struct tn_view){ big, sizeof big });
		rc = store_commit(b, err);
	}
	return rc;
}

static int count_one(void *arg, struct tn_view key, struct tn_view val)
{
	(void)key;
	++*(int *)arg;
	return val.n == 50000 ? 0 : 1;
}

static void test_map_full(void)
{
	char dir[300];
	struct tn_error err = { "" };
	struct store *s;
	int db, before = 0, after = 0;

	new_dir(dir);
	s = open_lmdb(dir, 1 << 20);
	db = store_db(s, "a", 1, NULL);
	is_int(fill(s, db, &err), TN_EIO, "a full map");
	is_str(strstr(err.text, " is full"),
	       " is full: raise store.map_size (now 1M) and start again", "names the option");
	is_int(store_commit(store_batch(s), &err), TN_EIO, "no more batches");
	is_int(store_scan(s, db, text(""), count_one, &before), 0, "still read");
	ok(before > 10, "%d values went in", before);
	store_close(s);
	s = open_lmdb(dir, 2 << 20);
	store_scan(s, store_db(s, "a", 1, NULL), text(""), count_one, &after);
	is_int(after, before, "and they are there with a larger map");
	is_int(put_one(s, store_db(s, "a", 1, NULL), "more", "x"), 0, "which takes more");
	store_close(s);
	s = open_lmdb(dir, 4096);
	is_str(get_one(s, store_db(s, "a", 1, NULL), "more"), "x",
	       "a map below the data is enlarged");
	store_close(s);
}

/* The limit of file size makes a write fail as a full disk does. */
static void test_write_fails(void)
{
	char dir[300];
	struct tn_error err = { "" };
	struct rlimit old, small;
	struct store *s;
	int db, before = 0, after = 0;

	new_dir(dir);
	s = open_lmdb(dir, MAP);
	db = store_db(s, "a", 1, NULL);
	put_one(s, db, "k", "v");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 3 << 20;
	setrlimit(RLIMIT_FSIZE, &small);
	is_int(fill(s, db, &err), TN_EIO, "a write that fails");
	setrlimit(RLIMIT_FSIZE, &old);
	is_str(strstr(err.text, " may not"),
	       " may not grow: raise the limit of file size (ulimit -f) and start again",
	       "says what to do");
	is_int(put_one(s, db, "k2", "v"), TN_EIO, "no more batches, though the limit is gone");
	is_str(get_one(s, db, "k"), "v", "still read");
	store_scan(s, db, text("\1"), count_one, &before);
	store_close(s);
	s = open_lmdb(dir, MAP);
	store_scan(s, store_db(s, "a", 1, NULL), text("\1"), count_one, &after);
	is_int(after, before, "the next start finds what was committed");
	store_close(s);
}

static void is_text(int rc, const char *want)
{
	struct lmdb l = { .dir = (char[]){ "DIR" }, .map_size = 3u << 20 };
	struct tn_error err = { "" };

	ok(lmdb_fail(&l, rc, &err) < 0, "error %d", rc);
	is_str(err.text, want, "in words");
}

/* What cannot be brought about everywhere. */
static void test_texts(void)
{
	is_text(ENOSPC, "no space left for DIR/data.mdb: free some on that disk and start again");
	is_text(EDQUOT, "no space left for DIR/data.mdb: free some on that disk and start again");
	is_text(EROFS,
		"no permission to write in DIR (Read-only file system): make it and its files "
		"writable for timenode's user");
	is_text(ENOMEM,
		"no memory to map 3M for DIR: lower store.map_size or raise the limit (ulimit "
		"-v)");
	is_text(EIO, "DIR/data.mdb: Input/output error: check the disk");
	is_text(MDB_VERSION_MISMATCH,
		"DIR/data.mdb was written by another version of LMDB: copy it with that version's "
		"mdb_dump and mdb_load");
	is_text(MDB_CORRUPTED,
		"DIR/data.mdb is damaged (MDB_CORRUPTED: Located page was wrong type): restore a "
		"backup or move it away; it was left as it is");
}

/* ---- a process that dies */

static void write_until_killed(const char *dir, int report)
{
	struct store *s = open_lmdb(dir, MAP);
	int db = store_db(s, "a", 1, NULL);

	for (unsigned i = 0;; i++) {
		struct store_batch *b = store_batch(s);
		struct tn_view v = { (const uint8_t *)&i, sizeof i };

		store_put(b, db, text("left"), v);
		store_put(b, db, text("right"), v);
		if (store_commit(b, NULL) != 0 || write(report, &i, sizeof i) != sizeof i)
			_exit(1);
	}
}

static unsigned get_number(struct store *s, const char *key)
{
	struct tn_arena *a = tn_arena_create(0);
	struct tn_view v;
	unsigned n = 0;

	if (store_get(s, store_db(s, "a", 1, NULL), text(key), a, &v) == 0 && v.n == sizeof n)
		memcpy(&n, v.p, sizeof n);
	tn_arena_unref(a);
	return n;
}

static void test_killed(void)
{
	char dir[300];
	struct store *s;
	unsigned said = 0, got;
	int fd[2], status;
	pid_t pid;

	new_dir(dir);
	if (pipe(fd) != 0)
		bail_out("no pipe");
	pid = fork();
	if (pid == 0)
		write_until_killed(dir, fd[1]);
	close(fd[1]);
	while (said < 20 && read(fd[0], &said, sizeof said) == sizeof said)
		;
	is_refused(dir, "testnet", in_use(pid), "while another process has it, it");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	while (read(fd[0], &said, sizeof said) == sizeof said)
		;
	close(fd[0]);
	ok(said >= 20 && WIFSIGNALED(status), "killed after %u commits", said);
	s = open_lmdb(dir, MAP);
	got = get_number(s, "left");
	ok(got == said || got == said + 1, "what it reported is there: %u", got);
	is_uint(get_number(s, "right"), got, "batches are whole");
	store_close(s);
}

int main(void)
{
	conformance(false);
	conformance(true);
	test_random();
	test_reopen();
	test_damaged();
	test_foreign();
	test_no_way_in();
	test_map_full();
	test_write_fails();
	test_texts();
	test_killed();
	store_close(NULL);
	store_abandon(NULL);
	return done_testing();
}
