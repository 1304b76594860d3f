/* SPDX-License-Identifier: MIT
 * t/25-core-store-disk.c - the store on disk: refusals, full disks, a process that dies
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

#include "lib/store_help.h"
#include "store/lmdb_impl.h"

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
	test_reopen();
	test_damaged();
	test_foreign();
	test_no_way_in();
	test_map_full();
	test_write_fails();
	test_texts();
	test_killed();
	return done_testing();
}
