/* SPDX-License-Identifier: MIT
 * t/25-core-store.c - both stores give the same answers
 */
#include "config.h"

#include <stdlib.h>

#include "lib/store_help.h"

static struct store *make_store(bool disk)
{
	char dir[300];

	return disk ? open_lmdb(new_dir(dir), MAP) : store_memory_create();
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

	is_int(store_scan(s, db, text(from), list_one, &l), rc, "scan from a key of %zu bytes",
	       strlen(from));
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

int main(void)
{
	conformance(false);
	conformance(true);
	test_random();
	store_close(NULL);
	store_abandon(NULL);
	return done_testing();
}
