/* SPDX-License-Identifier: MIT
 * t/00-tap.c - the TAP producer itself: each way to fail in a child of its own
 *
 * This program cannot trust the producer, so it prints its own TAP by hand.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/tap.h"

enum { OUTPUT_MAX = 8192, DEADLINE_S = 20 };

struct outcome {
	int status; /* of exit, or -signal */
	char out[OUTPUT_MAX], err[OUTPUT_MAX];
};

static unsigned run, failed;

static void check(bool good, const char *what)
{
	failed += !good;
	printf("%sok %u - %s\n", good ? "" : "not ", ++run, what);
	fflush(stdout);
}

static void read_all(FILE *f, char text[OUTPUT_MAX])
{
	size_t n;

	rewind(f);
	n = fread(text, 1, OUTPUT_MAX - 1, f);
	text[n] = '\0';
	fclose(f);
}

/* Runs body() in a child whose output goes to files and waits for its end. */
static struct outcome observe(int (*body)(void))
{
	struct outcome o = { .status = -1 };
	FILE *out = tmpfile(), *err = tmpfile();
	int status;
	pid_t pid;

	if (!out || !err)
		exit(1);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		alarm(DEADLINE_S);
		dup2(fileno(out), 1);
		dup2(fileno(err), 2);
		exit(body());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		exit(1);
	o.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	read_all(out, o.out);
	read_all(err, o.err);
	return o;
}

static void expect(int (*body)(void), int status, const char *out, const char *what)
{
	struct outcome o = observe(body);
	bool good = o.status == status && strcmp(o.out, out) == 0;

	check(good, what);
	if (!good)
		fprintf(stderr, "# status %d, expected %d; output:\n%s# expected:\n%s", o.status,
			status, o.out, out);
}

static void expect_error(int (*body)(void), const char *text, const char *what)
{
	struct outcome o = observe(body);
	const char *line;
	bool good = strstr(o.err, text) != NULL;

	/* Whatever else is there, it is comments. */
	for (line = o.err; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		good = good && *line == '#';
	check(good, what);
	if (!good)
		fprintf(stderr, "# errors:\n%s# expected in them: %s\n", o.err, text);
}

static int all_good(void)
{
	plan(6);
	ok(1 == 1, "one %s", "text");
	is_int(-5, -5, "numbers");
	is_uint(UINT64_MAX, UINT64_MAX, "large numbers");
	is_str("a", "a", "strings");
	is_mem("a\0b", "a\0b", 3, "bytes");
	isnt_null("", "pointers");
	return done_testing();
}

static int late_plan(void)
{
	ok(true, "only one");
	return done_testing();
}

static int one_bad(void)
{
	plan(2);
	ok(false, "is bad");
	ok(true, "is good");
	return done_testing();
}

static int bad_int(void)
{
	is_int(-1, 2, "int");
	return done_testing();
}

static int bad_uint(void)
{
	is_uint(1, UINT64_MAX, "uint");
	return done_testing();
}

static int bad_str(void)
{
	is_str(NULL, "NULL", "null is not \"NULL\"");
	return done_testing();
}

static int bad_mem(void)
{
	is_mem("abc", "abd", 3, "mem");
	return done_testing();
}

static int null_mem(void)
{
	is_mem(NULL, "abd", 3, "mem");
	return done_testing();
}

static int bad_null(void)
{
	isnt_null(NULL, "pointer");
	return done_testing();
}

static int plan_short(void)
{
	plan(2);
	ok(true, "only one of two");
	return done_testing();
}

static int plan_long(void)
{
	plan(1);
	ok(true, "first");
	ok(true, "second");
	return done_testing();
}

static int nothing(void)
{
	return done_testing();
}

static int forgotten(void)
{
	plan(1);
	ok(true, "and then nothing");
	return 0;
}

static int status_lies(void)
{
	ok(false, "bad");
	done_testing();
	return 0;
}

static int odd_text(void)
{
	ok(true, "a # TODO b\\c\nnot ok 2\x1b\xff");
	return done_testing();
}

static int skips(void)
{
	skip(2, "no %s", "disk");
	return done_testing();
}

static int todo_bad(void)
{
	todo("not yet");
	ok(false, "known");
	todo(NULL);
	ok(true, "fine");
	return done_testing();
}

static int skips_all(void)
{
	skip_all("not on %s", "Mars");
}

static int bails(void)
{
	ok(true, "before");
	bail_out("no %s", "air");
}

static int dies(void)
{
	ok(true, "printed before the end");
	abort();
}

/* Text that waits in a buffer at a fork would come twice. */
static int forks(void)
{
	pid_t pid;

	ok(true, "before the fork");
	note("comment");
	pid = fork();
	if (pid == 0)
		exit(0); /* flushes what was copied; the parent's checks are not its own */
	waitpid(pid, NULL, 0);
	return done_testing();
}

static int makes_dir(void)
{
	char path[512];
	size_t n;
	FILE *f;
	char *text;

	printf("# %s\n", tap_tmpdir());
	snprintf(path, sizeof path, "%s/sub", tap_tmpdir());
	ok(mkdir(path, 0700) == 0, "a directory in it");
	snprintf(path, sizeof path, "%s/sub/file", tap_tmpdir());
	f = fopen(path, "wb");
	if (!f || fwrite("a\0b", 1, 3, f) != 3 || fclose(f) != 0)
		bail_out("cannot write");
	text = tap_slurp(path, &n);
	is_uint(n, 3, "its size");
	is_mem(text, "a\0b", 4, "its bytes and a NUL");
	free(text);
	return done_testing();
}

static int slurps_nothing(void)
{
	tap_slurp("/nonexistent/file", NULL);
	return 0;
}

static void directories(void)
{
	struct outcome o = observe(makes_dir);
	char *end = strchr(o.out, '\n');

	check(o.status == 0 && end, "a temporary directory and a file in it");
	if (end)
		*end = '\0';
	check(o.out[0] == '#' && access(o.out + 2, F_OK) != 0, "which are gone afterwards");
	o = observe(slurps_nothing);
	check(o.status == 255 && strncmp(o.out, "Bail out! ", 10) == 0, "no file, no test");
}

static void verdicts(void)
{
	expect(all_good, 0,
	       "1..6\nok 1 - one text\nok 2 - numbers\nok 3 - large numbers\nok 4 - strings\n"
	       "ok 5 - bytes\nok 6 - pointers\n",
	       "a good run with a plan");
	expect(late_plan, 0, "ok 1 - only one\n1..1\n", "a good run without");
	expect(one_bad, 1, "1..2\nnot ok 1 - is bad\nok 2 - is good\n", "a failure");
	expect(plan_short, 1, "1..2\nok 1 - only one of two\n", "less than planned");
	expect(plan_long, 1, "1..1\nok 1 - first\nok 2 - second\n", "more than planned");
	expect(nothing, 1, "1..0\n", "no check at all");
	expect(forgotten, 1, "1..1\nok 1 - and then nothing\n", "done_testing forgotten");
	expect(status_lies, 1, "not ok 1 - bad\n1..1\n", "main returns 0 after a failure");
	expect(odd_text, 0, "ok 1 - a \\# TODO b\\\\c not ok 2\\x1b\\xff\n1..1\n",
	       "text that looks like TAP");
	expect(skips, 0, "ok 1 # SKIP no disk\nok 2 # SKIP no disk\n1..2\n", "skipped checks");
	expect(todo_bad, 0, "not ok 1 - known # TODO not yet\nok 2 - fine\n1..2\n", "todo");
	expect(skips_all, 0, "1..0 # SKIP not on Mars\n", "a skipped program");
	expect(bails, 255, "ok 1 - before\nBail out! no air\n", "bail out");
	expect(dies, -SIGABRT, "ok 1 - printed before the end\n", "death by signal");
	expect(forks, 0, "ok 1 - before the fork\n# comment\n1..1\n", "a fork copies nothing");
}

static void explanations(void)
{
	expect_error(one_bad, "# at ", "a failure names its place");
	expect_error(one_bad, "00-tap.c:", "a failure names its file");
	expect_error(one_bad, "# failed: is bad\n", "a failure repeats the description");
	expect_error(one_bad, "# expected: false\n", "ok() shows the condition");
	expect_error(bad_int, "#      got: -1\n# expected: 2\n", "is_int() shows both");
	expect_error(bad_uint, "# expected: 18446744073709551615\n", "is_uint() shows both");
	expect_error(bad_str, "#      got: NULL\n# expected: \"NULL\"\n", "is_str() shows both");
	expect_error(bad_mem,
		     "# first difference at byte 2 of 3\n#      got: 63 \n# expected: 64 \n",
		     "is_mem() shows where");
	expect_error(null_mem, "#      got: NULL\n", "is_mem() with no bytes");
	expect_error(bad_null, "#      got: NULL\n", "isnt_null()");
	expect_error(plan_short, "# planned 2 checks but ran 1\n", "a plan that was not met");
	expect_error(forgotten, "without done_testing()", "done_testing forgotten");
}

int main(void)
{
	verdicts();
	explanations();
	directories();
	printf("1..%u\n", run);
	return failed == 0 ? 0 : 1;
}
