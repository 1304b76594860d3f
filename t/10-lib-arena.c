/* SPDX-License-Identifier: MIT
 * t/10-lib-arena.c - arenas, error texts, whole files
 */
#include "config.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/tap.h"
#include "timenode/file.h"

#ifdef TN_SANITIZED
#include <sanitizer/asan_interface.h>
#endif

static void allocation(void)
{
	struct tn_arena *a = tn_arena_create(0);
	unsigned char *p, *q, zero[1000] = { 0 };
	char *text;
	unsigned i, wrong = 0;

	p = tn_alloc(a, 1000);
	is_mem(p, zero, 1000, "new memory is zero");
	memset(p, 0xaa, 1000);
	q = tn_alloc(a, 0);
	ok(q && q != p, "no bytes have an address of their own");
	for (i = 1; i < 300; i++) {
		q = tn_alloc(a, i * 7);
		wrong += !q || (uintptr_t)q % alignof(max_align_t) != 0 || q[i * 7 - 1] != 0;
		if (q)
			memset(q, 0x55, i * 7);
	}
	is_uint(wrong, 0, "every block is aligned and zero");
	for (i = 0; i < 1000; i++)
		wrong += p[i] != 0xaa;
	is_uint(wrong, 0, "no block overlaps the first");
	text = tn_copy_text(a, "abcdef", 3);
	is_str(text, "abc", "text is ended");
	is_str(tn_copy_text(a, NULL, 0), "", "no text");
	ok(!memcmp(tn_copy_bytes(a, "abc", 3), "abc", 3), "a copy of bytes");
	ok(tn_copy_bytes(a, NULL, 0), "a copy of none");
	ok(tn_arena_used(a) >= 1000 + 300 * 299 / 2 * 7, "what was handed out is counted");
	tn_arena_unref(a);
	tn_arena_unref(NULL);
}

static void limits(void)
{
	struct tn_arena *a = tn_arena_create(4096);
	size_t before;

	ok(!tn_alloc(a, 4097), "more than the limit");
	ok(!tn_alloc(a, SIZE_MAX) && !tn_alloc(a, SIZE_MAX - 8), "sizes that would wrap");
	ok(!tn_copy_text(a, "", SIZE_MAX), "a text that would wrap");
	ok(!tn_copy_bytes(a, "", SIZE_MAX), "bytes that would wrap");
	is_uint(tn_arena_used(a), 0, "a refusal takes nothing");
	isnt_null(tn_alloc(a, 4000), "below it");
	before = tn_arena_used(a);
	ok(!tn_alloc(a, 200), "the rest is too small");
	is_uint(tn_arena_used(a), before, "still nothing taken");
	isnt_null(tn_alloc(a, 90), "a block that fits");
	tn_arena_unref(a);
	a = tn_arena_create(0);
	isnt_null(tn_alloc(a, (size_t)16 << 20), "16 MiB by default");
	ok(!tn_alloc(a, 1), "and no byte more");
	tn_arena_unref(a);
}

static void resets(void)
{
	struct tn_arena *a = tn_arena_create(0);
	unsigned char *first = tn_alloc(a, 64), *again;

	memset(first, 0xff, 64);
	tn_alloc(a, 1 << 20);
	ok(tn_arena_ref(a) == a, "a second reference");
	is_int(tn_arena_reset(a), TN_EBUSY, "no reset while it is shared");
	is_int(first[63], 0xff, "and nothing happened");
	tn_arena_unref(a);
	is_int(tn_arena_reset(a), 0, "reset");
	is_uint(tn_arena_used(a), 0, "empty again");
#ifdef TN_SANITIZED
	ok(__asan_address_is_poisoned(first), "the old bytes are poisoned");
#else
	skip(1, "poison is for sanitizer builds");
#endif
	again = tn_alloc(a, 64);
	ok(again == first, "the first chunk was kept");
	is_int(again[63], 0, "and its bytes are zero again");
	tn_arena_unref(a);
}

static void *refs_and_unrefs(void *arg)
{
	struct tn_arena *a = arg;
	int i;

	for (i = 0; i < 20000; i++) {
		tn_arena_ref(a);
		tn_arena_unref(a);
	}
	tn_arena_unref(a);
	return NULL;
}

static void threads(void)
{
	struct tn_arena *a = tn_arena_create(0);
	pthread_t t[4];
	unsigned i;

	tn_alloc(a, 100);
	for (i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, refs_and_unrefs, tn_arena_ref(a)) != 0)
			bail_out("no thread");
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	is_int(tn_arena_reset(a), 0, "four threads leave exactly one reference");
	tn_arena_unref(a);
}

static void errors(void)
{
	struct tn_error err;
	char big[500];
	int i, known = 0;

	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	is_int(tn_fail(&err, TN_EBAD, "%s %d", "text", 5), TN_EBAD, "the code comes back");
	is_str(err.text, "text 5", "the text is there");
	tn_fail(&err, TN_EBAD, "%s", big);
	is_uint(strlen(err.text), sizeof err.text - 1, "a long text is cut");
	is_int(tn_fail(NULL, TN_EIO, "nobody listens"), TN_EIO, "no text wanted");
	for (i = TN_EBAD; i <= TN_EGONE; i++)
		known += strcmp(tn_code_text(i), "unknown error") != 0;
	is_int(known, 10, "every code has a text");
	is_str(tn_code_text(TN_EGONE), "stale handle", "the right one");
	is_str(tn_code_text(TN_EBAD), "bad data", "for the last as well");
	is_str(tn_code_text(TN_EBAD - 1), "unknown error", "below");
	is_str(tn_code_text(1), "unknown error", "above");
}

static void files(void)
{
	char path[512], *text;
	struct tn_error err;
	struct stat st;
	size_t n;
	uint8_t large[10000];

	snprintf(path, sizeof path, "%s/file", tap_tmpdir());
	is_int(tn_file_read(path, 100, &text, &n, &err), TN_ENOENT, "cannot be read");
	ok(!text && strstr(err.text, path), "the text names it");
	is_int(tn_file_write(path, "a\0b", 3, 0640, &err), 0, "written: %s", err.text);
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640, "with its mode");
	is_int(tn_file_read(path, 3, &text, &n, &err), 0, "read at its size");
	is_uint(n, 3, "its size");
	is_mem(text, "a\0b", 4, "its bytes and a NUL");
	free(text);
	is_int(tn_file_read(path, 2, &text, &n, &err), TN_EBAD, "larger than the limit");
	ok(!text, "nothing is handed out");
	memset(large, 7, sizeof large);
	is_int(tn_file_write(path, large, sizeof large, 0600, &err), 0, "replaced");
	is_int(tn_file_read(path, 1 << 20, &text, &n, &err), 0, "read again");
	ok(n == sizeof large && memcmp(text, large, n) == 0, "all of it");
	free(text);
	is_int(tn_file_create(path, "x", 1, 0600, &err), TN_EBUSY, "not created over another");
	ok(strstr(err.text, "is there already") != NULL, "%s", err.text);
	ok(stat(path, &st) == 0 && st.st_size == sizeof large, "which stays as it is");
	is_int(tn_file_write(path, NULL, 0, 0600, NULL), 0, "an empty file");
	is_int(tn_file_read(path, 0, &text, &n, NULL), 0, "read with limit 0");
	is_str(text, "", "is empty");
	free(text);
	is_int(tn_file_read(tap_tmpdir(), 100, &text, &n, &err), TN_EIO, "a directory is no file");
	snprintf(path, sizeof path, "%s/fresh", tap_tmpdir());
	is_int(tn_file_create(path, "x", 1, 0600, &err), 0, "created where nothing was");
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "with its mode");
	ok(symlink("nowhere", path) != 0 && unlink(path) == 0 && symlink("nowhere", path) == 0,
	   "a link that leads nowhere");
	is_int(tn_file_create(path, "x", 1, 0600, &err), TN_EBUSY, "is something too");
	snprintf(path, sizeof path, "%s/none/file", tap_tmpdir());
	is_int(tn_file_write(path, "x", 1, 0600, &err), TN_EIO, "no such directory");
	snprintf(path, sizeof path, "%s/sub", tap_tmpdir());
	ok(mkdir(path, 0700) == 0, "a directory");
	is_int(tn_file_write(path, "x", 1, 0600, &err), TN_EIO, "is not replaced by a file");
}

static void no_leftovers(void)
{
	char command[600];
	FILE *f;
	char line[64] = "";

	/* "file", "fresh" and "sub": nothing temporary stays behind, also after failures. */
	snprintf(command, sizeof command, "ls -A '%s' | tr '\\n' ' '", tap_tmpdir());
	f = popen(command, "r");
	if (!f || !fgets(line, sizeof line, f))
		bail_out("cannot list the directory");
	pclose(f);
	is_str(line, "file fresh sub ", "no temporary file is left");
}

int main(void)
{
	allocation();
	limits();
	resets();
	threads();
	errors();
	files();
	no_leftovers();
	return done_testing();
}
