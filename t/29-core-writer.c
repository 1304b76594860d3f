/* SPDX-License-Identifier: MIT
 * t/29-core-writer.c - commits that are written behind: seen at once, durable in order, bounded
 *
 * Every case runs on LMDB with a real thread and on the simulator's disk.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "env/timer.h"
#include "lib/store_help.h"
#include "net/ban.h"
#include "sim/disk.h"
#include "sim/lab.h"

static char story[4000];

static void is_story(const char *want, const char *what)
{
	is_str(story, want, "%s", what);
	story[0] = 0;
}

static void add(const char *word)
{
	snprintf(story + strlen(story), sizeof story - strlen(story), "%s%s", *story ? " " : "",
		 word);
}

/* A host with a store; open it again to see what a restart would. */
struct bed {
	struct lab *lab;
	struct disk *disk;
	struct timers *timers;
	char dir[300];
	struct store *s;
	int db;
	unsigned told, finish_at;
};

struct note {
	struct bed *bed;
	const char *word;
	int rc;
	unsigned times;
};

static void open_it(struct bed *b)
{
	b->s = b->lab->real ? open_lmdb(b->dir, MAP) : disk_store(b->disk);
	b->db = store_db(b->s, "t", 1, NULL);
	b->timers = timers_create(b->lab->a);
	store_write_behind(b->s, b->lab->a, b->timers);
}

static struct bed begin(bool real)
{
	struct bed b = { .lab = lab_create(real) };

	new_dir(b.dir);
	b.disk = disk_create();
	open_it(&b);
	story[0] = 0;
	return b;
}

static void close_it(struct bed *b)
{
	store_close(b->s);
	timers_free(b->timers);
}

static void end(struct bed *b)
{
	close_it(b);
	lab_free(b->lab);
	disk_free(b->disk);
}

static void on_told(void *arg, int rc, const char *why)
{
	struct note *n = arg;
	char text[100];

	n->rc = rc;
	n->times++;
	snprintf(text, sizeof text, "%s%s", n->word, rc ? ":failed" : "");
	add(text);
	if (rc && !why)
		add("without a reason");
	if (++n->bed->told == n->bed->finish_at)
		lab_finish(n->bed->lab);
}

static struct store_batch *batch_of(struct bed *b, const char *key, const char *val)
{
	struct store_batch *x = store_batch(b->s);

	if (val ? store_put(x, b->db, text(key), text(val)) : store_del(x, b->db, text(key)))
		bail_out("no memory");
	return x;
}

static int commit(struct bed *b, struct note *n, const char *key, const char *val)
{
	n->bed = b;
	return store_commit_told(batch_of(b, key, val), on_told, n, NULL);
}

static void wait_for(struct bed *b, unsigned told)
{
	b->finish_at = told;
	if (b->told < told && !lab_run(b->lab))
		fail("told in time");
	b->finish_at = 0;
}

static int give(void *arg, struct tn_view k, struct tn_view v)
{
	char row[100];

	snprintf(row, sizeof row, "%.*s=%.*s", (int)k.n, (const char *)k.p, (int)v.n,
		 (const char *)v.p);
	add(row);
	return *(unsigned *)arg && --*(unsigned *)arg == 0 ? 9 : 0;
}

static int scan(struct bed *b, const char *from, unsigned most)
{
	return store_scan(b->s, b->db, text(from), give, &most);
}

/* ---- cases */

static void seen_at_once(bool real)
{
	struct bed b = begin(real);
	struct note n[4] = { { .word = "1" }, { .word = "2" }, { .word = "3" }, { .word = "4" } };

	is_int(commit(&b, &n[0], "k", "old"), 0, "accepted");
	is_str(get_one(b.s, b.db, "k"), "old", "and read at once");
	commit(&b, &n[1], "k", "new");
	is_str(get_one(b.s, b.db, "k"), "new", "the later one counts");
	commit(&b, &n[2], "x", "y");
	commit(&b, &n[3], "k", NULL);
	is_str(get_one(b.s, b.db, "k"), "-", "a deletion too");
	is_story("", "nobody is told inside of a commit");
	ok(store_ahead(b.s) > 0, "bytes wait");
	wait_for(&b, 4);
	is_story("1 2 3 4", "told once each, in order");
	is_uint(store_ahead(b.s), 0, "nothing waits");
	is_str(get_one(b.s, b.db, "k"), "-", "durable: the same");
	is_str(get_one(b.s, b.db, "x"), "y", "and the other");
	end(&b);
}

static void merged(bool real)
{
	struct bed b = begin(real);
	struct note n[9];
	const char *const keys[] = { "b", "d", "f", "a", "c", "d", "f", "g" };
	const char *const vals[] = { "1", "1", "1", "2", "2", "2", NULL, "2" };

	for (unsigned i = 0; i < 8; i++) {
		n[i] = (struct note){ .word = "" };
		commit(&b, &n[i], keys[i], vals[i]);
		if (i == 2)
			wait_for(&b, 3);
	}
	story[0] = 0;
	is_int(scan(&b, "", 0), 0, "a scan over what is written and what is not");
	is_story("a=2 b=1 c=2 d=2 g=2", "in one order, the later value, without what is deleted");
	scan(&b, "bb", 0);
	is_story("c=2 d=2 g=2", "from the middle");
	is_int(scan(&b, "", 3), 9, "a scan that is ended");
	is_story("a=2 b=1 c=2", "ends");
	wait_for(&b, 8);
	story[0] = 0;
	scan(&b, "", 0);
	is_story("a=2 b=1 c=2 d=2 g=2", "all written: the same");
	end(&b);
}

static void closed(bool real)
{
	struct bed b = begin(real);
	struct note n[50];
	char key[16];
	unsigned odd = 0;

	for (unsigned i = 0; i < 50; i++) {
		n[i] = (struct note){ .word = "" };
		snprintf(key, sizeof key, "%02u", i);
		commit(&b, &n[i], key, "v");
	}
	close_it(&b);
	for (unsigned i = 0; i < 50; i++)
		odd += n[i].times != 1 || n[i].rc;
	is_uint(odd, 0, "a close waits for all that was accepted, and tells");
	open_it(&b);
	story[0] = 0;
	odd = 0;
	for (unsigned i = 0; i < 50; i++) {
		snprintf(key, sizeof key, "%02u", i);
		odd += strcmp(get_one(b.s, b.db, key), "v") != 0;
	}
	is_uint(odd, 0, "and it is there afterwards");
	end(&b);
}

static void bounded(bool real)
{
	struct bed b = begin(real);
	struct note n[40] = { { .word = "x" } }, late = { .word = "late", .bed = &b };
	struct store_batch *x;
	struct tn_error err = { "" };
	unsigned taken = 0;

	store_ahead_max(b.s, 1000);
	while (taken < 40) {
		n[taken] = (struct note){ .word = "x", .bed = &b };
		x = batch_of(&b, "k", "v");
		if (store_commit_told(x, on_told, &n[taken], NULL)) {
			store_abandon(x);
			break;
		}
		taken++;
	}
	ok(taken > 1 && taken < 40, "so many bytes are taken: %u batches", taken);
	x = batch_of(&b, "k", "w");
	is_int(store_commit_told(x, on_told, &late, &err), TN_EFULL, "more are not");
	ok(strstr(err.text, "the disk is behind"), "with the reason: %s", err.text);
	is_uint(late.times, 0, "and nobody is told");
	is_int(store_commit(batch_of(&b, "k", "z"), NULL), TN_EFULL, "whoever waits for nothing");
	is_str(get_one(b.s, b.db, "k"), "v", "sees nothing of it");
	wait_for(&b, taken);
	is_int(store_commit_told(x, on_told, &late, NULL), 0, "the same batch later");
	wait_for(&b, taken + 1);
	is_str(get_one(b.s, b.db, "k"), "w", "is taken");
	store_ahead_max(b.s, 1);
	is_int(commit(&b, &n[0], "large", "one"), 0, "a larger one is taken when nothing waits");
	wait_for(&b, taken + 2);
	end(&b);
}

/* ---- patience */

static int commit_within(struct bed *b, uint32_t ms, struct note *n, const char *key)
{
	n->bed = b;
	return store_commit_within(batch_of(b, key, "v"), ms, on_told, n, NULL);
}

enum { LONG = 3600000 };

static void patient(bool real)
{
	struct bed b = begin(real);
	struct note n[9] = { { .word = "1" }, { .word = "2" }, { .word = "3" },
			     { .word = "4" }, { .word = "5" }, { .word = "6" } };

	commit_within(&b, LONG, &n[0], "a");
	commit_within(&b, LONG, &n[1], "b");
	is_str(get_one(b.s, b.db, "a"), "v", "a patient commit is seen at once");
	lab_wait(b.lab, 50000);
	is_story("", "and waits");
	commit(&b, &n[2], "c", "v");
	wait_for(&b, 3);
	is_story("1 2 3", "one that is not takes it along, in order");
	commit_within(&b, LONG, &n[3], "d");
	lab_wait(b.lab, 50000);
	is_story("", "the next waits again");
	commit_within(&b, 10, &n[4], "e");
	wait_for(&b, 5);
	is_story("4 5", "the least patient says when");
	is_uint(timers_count(b.timers), 0, "no timer is left");
	commit_within(&b, LONG, &n[5], "f");
	store_settle(b.s);
	is_story("6", "a settle does not wait for it");
	end(&b);
}

static void patient_close(bool real)
{
	struct bed b = begin(real);
	struct note n = { .word = "1" };

	commit_within(&b, LONG, &n, "a");
	close_it(&b);
	is_story("1", "nor does a close");
	open_it(&b);
	is_str(get_one(b.s, b.db, "a"), "v", "it is there afterwards");
	end(&b);
}

/* What comes behind it moves to its map, which has no memory of its own. */
static void empty_first(bool real)
{
	struct bed b = begin(real);
	struct note n[2] = { { .word = "nothing", .bed = &b }, { .word = "a" } };

	store_commit_within(store_batch(b.s), LONG, on_told, &n[0], NULL);
	commit_within(&b, LONG, &n[1], "a");
	is_str(get_one(b.s, b.db, "a"), "v", "behind a commit of nothing: seen");
	store_settle(b.s);
	is_story("nothing a", "both are told");
	is_str(get_one(b.s, b.db, "a"), "v", "and it is there");
	close_it(&b);
	open_it(&b);
	is_str(get_one(b.s, b.db, "a"), "v", "afterwards too");
	end(&b);
}

static void patient_bounded(bool real)
{
	struct bed b = begin(real);
	struct note n[40] = { { .word = "x" } }, late = { .word = "late", .bed = &b };
	struct store_batch *x;
	unsigned given = 0;

	store_ahead_max(b.s, 8000);
	while (given < 39 && b.told == 0) {
		n[given] = (struct note){ .word = "x" };
		if (commit_within(&b, LONG, &n[given++], "k"))
			break;
		lab_wait(b.lab, 20000);
	}
	ok(given > 2 && given < 39, "a quarter of what may wait does not: %u batches", given);
	lab_wait(b.lab, 50000);
	n[39] = (struct note){ .word = "last" };
	commit_within(&b, LONG, &n[39], "k");
	store_ahead_max(b.s, 1);
	x = batch_of(&b, "k", "w");
	is_int(store_commit_told(x, on_told, &late, NULL), TN_EFULL, "nothing more is taken");
	wait_for(&b, given + 1);
	is_uint(store_ahead(b.s), 0, "which ends the patience of those before it");
	is_int(store_commit_told(x, on_told, &late, NULL), 0, "so that it finds room");
	wait_for(&b, given + 2);
	end(&b);
}

static void patient_failing(bool real)
{
	struct bed b = begin(real);
	struct note n = { .word = "1" };

	commit_within(&b, 10, &n, "a");
	store_fail(b.s, "told to");
	wait_for(&b, 1);
	is_story("1:failed", "a store that has failed tells those who waited");
	end(&b);
}

/* Told commits again: a chain that never leaves the loop. */
struct chain {
	struct bed *bed;
	unsigned left;
};

static void on_chain(void *arg, int rc, const char *why)
{
	struct chain *c = arg;

	(void)why;
	if (rc || --c->left == 0)
		lab_finish(c->bed->lab);
	else if (store_commit_told(batch_of(c->bed, "k", "v"), on_chain, c, NULL))
		fail("a commit from inside of being told");
}

static void chained(bool real)
{
	struct bed b = begin(real);
	struct chain c = { &b, 30 };

	store_commit_told(batch_of(&b, "k", "v"), on_chain, &c, NULL);
	ok(lab_run(b.lab), "whoever is told commits again");
	is_uint(c.left, 0, "and again");
	is_int(store_db(b.s, "u", 1, NULL), 1, "a new database");
	store_commit_told(batch_of(&b, "k", "v"), on_chain, &c, NULL);
	c.left = 3;
	is_int(store_db(b.s, "w", 1, NULL), 2, "also while something is being written");
	end(&b);
}

/* A failure of the second of four. */
static void failing(bool real)
{
	struct bed b = begin(real);
	struct note n[5] = {
		{ .word = "1" }, { .word = "2" }, { .word = "3" }, { .word = "4" }, { .word = "5" }
	};
	struct store_batch *large;
	struct tn_view v = { calloc(1, MAP), MAP };

	commit(&b, &n[0], "k", "first");
	wait_for(&b, 1);
	disk_full(b.disk, true);
	large = batch_of(&b, "k", "second");
	if (real) /* more than the map holds */
		store_put(large, b.db, text("large"), v);
	n[1].bed = &b;
	is_int(store_commit_told(large, on_told, &n[1], NULL), 0, "accepted");
	commit(&b, &n[2], "k", "third");
	commit(&b, &n[3], "x", "fourth");
	wait_for(&b, 4);
	is_story("1 2:failed 3:failed 4:failed", "a failed commit takes those behind it along");
	ok(store_failed(b.s) != NULL, "the store says so");
	is_int(commit(&b, &n[4], "k", "fifth"), TN_EIO, "and takes no more");
	is_str(get_one(b.s, b.db, "k"), "first", "what is durable is read");
	is_str(get_one(b.s, b.db, "x"), "-", "and nothing else");
	disk_full(b.disk, false);
	close_it(&b);
	open_it(&b);
	is_str(get_one(b.s, b.db, "k"), "first", "nothing was overwritten");
	free((void *)(uintptr_t)v.p);
	end(&b);
}

/* Small batches and large ones on top of each other, beside an array that says what must be
 * seen, while some are being written. */
enum { KEYS = 6000, LARGE = 5000 };

struct model {
	int v[KEYS]; /* -1: none */
	unsigned at, odd;
};

static void put_number(struct bed *b, struct store_batch *x, struct model *m, unsigned k, int v)
{
	uint8_t key[2] = { (uint8_t)(k >> 8), (uint8_t)k };
	struct tn_view where = { key, 2 }, what = { (const uint8_t *)&v, sizeof v };

	if (v < 0 ? store_del(x, b->db, where) : store_put(x, b->db, where, what))
		bail_out("no memory");
	m->v[k] = v;
}

static int compare_row(void *arg, struct tn_view k, struct tn_view v)
{
	struct model *m = arg;
	unsigned key = (unsigned)k.p[0] << 8 | k.p[1];

	while (m->at < key)
		m->odd += m->v[m->at++] != -1;
	m->odd += v.n != sizeof(int) || memcmp(v.p, &m->v[key], sizeof(int)) != 0;
	m->at = key + 1;
	return 0;
}

static unsigned differences(struct bed *b, struct model *m)
{
	struct tn_arena *a = tn_arena_create(0);

	m->at = m->odd = 0;
	store_scan(b->s, b->db, text(""), compare_row, m);
	while (m->at < KEYS)
		m->odd += m->v[m->at++] != -1;
	for (unsigned k = 0; k < KEYS; k += 7) {
		uint8_t key[2] = { (uint8_t)(k >> 8), (uint8_t)k };
		struct tn_view v;
		int rc = store_get(b->s, b->db, (struct tn_view){ key, 2 }, a, &v);

		m->odd += m->v[k] < 0 ? rc != TN_ENOENT : rc || memcmp(v.p, &m->v[k], v.n);
	}
	tn_arena_unref(a);
	return m->odd;
}

static void layers(bool real)
{
	struct bed b = begin(real);
	struct note n[60];
	struct model m;
	unsigned odd = 0, seed = 7;

	for (unsigned k = 0; k < KEYS; k++)
		m.v[k] = -1;
	for (unsigned i = 0; i < 60; i++) {
		struct store_batch *x = store_batch(b.s);
		unsigned most = i % 5 == 3 ? LARGE : i % 11;

		for (unsigned c = 0; c <= most; c++) {
			seed = seed * 1103515245u + 12345u;
			put_number(&b, x, &m, (seed >> 12) % KEYS,
				   seed >> 30 ? (int)(i * 10000 + c) : -1);
		}
		n[i] = (struct note){ .word = "", .bed = &b };
		odd += store_commit_told(x, on_told, &n[i], NULL) != 0;
		odd += differences(&b, &m);
		if (i % 3 == 2)
			wait_for(&b, i - 1);
		odd += differences(&b, &m);
	}
	is_uint(odd, 0, "large batches and small ones: each read sees the latest");
	wait_for(&b, 60);
	is_uint(differences(&b, &m), 0, "all written: the same");
	end(&b);
}

/* ---- the simulator only: what a crash forgets is a suffix */

static unsigned numbers_left(struct bed *b, unsigned most)
{
	char key[16];
	unsigned n = 0, behind = 0;

	for (unsigned i = 0; i < most; i++) {
		snprintf(key, sizeof key, "%03u", i);
		if (strcmp(get_one(b->s, b->db, key), "v") != 0)
			continue;
		behind += n != i;
		n++;
	}
	is_uint(behind, 0, "what is left has no holes");
	return n;
}

static void cut(uint64_t us)
{
	struct bed b = begin(false);
	struct note n[100];
	char key[16];
	unsigned durable = 0, left;

	for (unsigned i = 0; i < 100; i++) {
		n[i] = (struct note){ .word = "" };
		snprintf(key, sizeof key, "%03u", i);
		commit(&b, &n[i], key, "v");
		lab_wait(b.lab, 500);
	}
	lab_wait(b.lab, us);
	for (unsigned i = 0; i < 100; i++)
		durable += n[i].times && !n[i].rc;
	world_power(b.lab->world, b.lab->a, false);
	store_commit(batch_of(&b, "050", "after the end"), NULL);
	close_it(&b);
	world_power(b.lab->world, b.lab->a, true);
	open_it(&b);
	left = numbers_left(&b, 100);
	ok(left >= durable && left <= 100, "%u were told durable, %u are there", durable, left);
	end(&b);
}

/* Who is told that a ban stands may pull the plug. */
static void bans_are_saved(bool real)
{
	struct bed b = begin(real);
	struct note n[2] = { { .bed = &b, .word = "saved" }, { .bed = &b, .word = "forgotten" } };
	struct bans *bans = bans_create(b.s, 10, 1000, NULL);
	struct ban ban = { .net = { .ip = { [15] = 1 }, .bits = 128 }, .until_s = 9000 };
	unsigned count;

	is_int(bans_when_saved(bans, on_told, &n[1], NULL), 1, "what loading changed waits too");
	bans_forget(bans, &n[1]);
	is_int(bans_add(bans, &ban, 1000), 0, "a ban is taken");
	is_int(bans_when_saved(bans, on_told, &n[0], NULL), 1, "and waits for the disk");
	ok(store_ahead(b.s) > 0, "not written yet");
	is_story("", "nobody is told");
	wait_for(&b, 1);
	is_story("saved", "told once it is there; whoever was forgotten is not");
	is_uint(store_ahead(b.s), 0, "all is written");
	bans_when_saved(bans, on_told, &n[0], NULL);
	bans_free(bans);
	close_it(&b);
	is_story("", "nobody is told after the end");
	open_it(&b);
	bans = bans_create(b.s, 10, 1000, NULL);
	count = bans_count(bans);
	bans_free(bans);
	is_uint(count, 1, "the ban is there after a restart");
	end(&b);
	bans = bans_create(NULL, 10, 1000, NULL);
	is_int(bans_when_saved(bans, on_told, &n[0], NULL), 0,
	       "without a store there is no waiting");
	bans_free(bans);
}

int main(void)
{
	static void (*const cases[])(bool) = { seen_at_once,   merged,          closed,
					       bans_are_saved, bounded,         chained,
					       failing,        layers,          patient,
					       patient_close,  patient_bounded, patient_failing,
					       empty_first };

	for (int real = 1; real >= 0; real--)
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			note("%s, case %zu", real ? "LMDB" : "simulator", i);
			cases[i](real);
		}
	for (uint64_t us = 0; us < 5; us++)
		cut(us * 2000);
	return done_testing();
}
