/* SPDX-License-Identifier: MIT
 * t/lib/tap.c - TAP producer for tests in C
 */
#include "config.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "lib/tap.h"

enum { TEXT_MAX = 1024, STATUS_FAILED = 1, STATUS_BAIL = 255 };

/* One process, one stdout, one counter: the only mutable state, and it lives in tests. */
static struct {
	pid_t owner; /* 0 until the first call */
	unsigned planned, run, failed;
	bool has_plan, done;
	bool skipped, bailed; /* the exit status was chosen on purpose */
	const char *todo;
	char tmpdir[256];
} tap;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static bool plan_met(void)
{
	if (!tap.done)
		return false;
	return tap.planned == tap.run && tap.run > 0 && tap.failed == 0;
}

/* Runs at exit: main() may return what it likes, the status tells the truth. */
static void leave(void)
{
	if (getpid() != tap.owner)
		return;
	if (tap.tmpdir[0])
		nftw(tap.tmpdir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (tap.skipped || plan_met())
		return;
	if (!tap.done && !tap.bailed)
		fprintf(stderr, "# ended after check %u without done_testing()\n", tap.run);
	fflush(NULL);
	/* No exit handler behind this one may have another opinion of the status. */
	_exit(tap.bailed ? STATUS_BAIL : STATUS_FAILED);
}

static void begin(void)
{
	if (tap.owner)
		return;
	tap.owner = getpid();
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	atexit(leave);
}

/* What TAP or a terminal would take for something else. */
static void print_escaped(const char *text)
{
	unsigned char c;

	for (; (c = (unsigned char)*text) != 0; text++) {
		if (c == '\n' || c == '\r')
			putchar(' ');
		else if (c < 0x20 || c >= 0x7f)
			printf("\\x%02x", c);
		else if (c == '#' || c == '\\')
			printf("\\%c", c);
		else
			putchar(c);
	}
}

static void print_comment(FILE *to, const char *fmt, va_list ap) TAP_PRINTF(2, 0);
static void print_comment(FILE *to, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];
	char *line = text, *rest;

	vsnprintf(text, sizeof text, fmt, ap);
	while (line) {
		rest = strchr(line, '\n');
		if (rest)
			*rest++ = '\0';
		fprintf(to, "# %s\n", line);
		line = rest && *rest ? rest : NULL;
	}
	fflush(to);
}

static bool result(const char *file, int line, bool passed, const char *fmt, va_list ap)
	TAP_PRINTF(4, 0);
static bool result(const char *file, int line, bool passed, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];

	begin();
	tap.run++;
	vsnprintf(text, sizeof text, fmt, ap);
	printf("%sok %u - ", passed ? "" : "not ", tap.run);
	print_escaped(text);
	if (tap.todo) {
		printf(" # TODO ");
		print_escaped(tap.todo);
	} else if (!passed) {
		tap.failed++;
	}
	putchar('\n');
	fflush(stdout);
	if (!passed)
		diag("failed: %s\nat %s:%d", text, file, line);
	return passed;
}

void plan(unsigned n)
{
	begin();
	if (tap.has_plan || tap.run)
		bail_out("plan() belongs before the first check");
	tap.has_plan = true;
	tap.planned = n;
	printf("1..%u\n", n);
	fflush(stdout);
}

int done_testing(void)
{
	begin();
	if (!tap.has_plan) {
		tap.has_plan = true;
		tap.planned = tap.run;
		printf("1..%u\n", tap.run);
		fflush(stdout);
	}
	tap.done = true;
	if (tap.planned != tap.run)
		diag("planned %u checks but ran %u", tap.planned, tap.run);
	else if (tap.run == 0)
		diag("no checks were run");
	if (tap.failed)
		diag("%u of %u checks failed", tap.failed, tap.run);
	return plan_met() ? 0 : STATUS_FAILED;
}

bool tap_ok(const char *file, int line, bool cond, const char *expr, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(file, line, cond, fmt, ap);
	va_end(ap);
	if (!cond)
		diag("     got: false\nexpected: %s", expr);
	return cond;
}

bool tap_is_int(const char *file, int line, intmax_t got, intmax_t want, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(file, line, got == want, fmt, ap);
	va_end(ap);
	if (got != want)
		diag("     got: %jd\nexpected: %jd", got, want);
	return got == want;
}

bool tap_is_uint(const char *file, int line, uintmax_t got, uintmax_t want, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(file, line, got == want, fmt, ap);
	va_end(ap);
	if (got != want)
		diag("     got: %ju\nexpected: %ju", got, want);
	return got == want;
}

/* Quoted, or the bare word NULL, so that "NULL" and NULL differ. */
static void say_text(const char *label, const char *text)
{
	if (text)
		diag("%s: \"%s\"", label, text);
	else
		diag("%s: NULL", label);
}

bool tap_is_str(const char *file, int line, const char *got, const char *want, const char *fmt, ...)
{
	bool same = got && want ? strcmp(got, want) == 0 : got == want;
	va_list ap;

	va_start(ap, fmt);
	result(file, line, same, fmt, ap);
	va_end(ap);
	if (!same) {
		say_text("     got", got);
		say_text("expected", want);
	}
	return same;
}

static void say_bytes(const char *label, const uint8_t *p, size_t from, size_t n)
{
	char text[16 * 3 + 1] = "";
	size_t i;

	for (i = 0; i < 16 && from + i < n; i++)
		snprintf(text + i * 3, 4, "%02x ", p[from + i]);
	diag("%s: %s", label, text);
}

bool tap_is_mem(const char *file, int line, const void *got, const void *want, size_t n,
		const char *fmt, ...)
{
	const uint8_t *g = got, *w = want;
	size_t at = 0;
	bool same;
	va_list ap;

	while (g && w && at < n && g[at] == w[at])
		at++;
	same = at == n && (n == 0 || (g && w));
	va_start(ap, fmt);
	result(file, line, same, fmt, ap);
	va_end(ap);
	if (!same && g && w) {
		diag("first difference at byte %zu of %zu", at, n);
		say_bytes("     got", g, at, n);
		say_bytes("expected", w, at, n);
	} else if (!same) {
		diag("     got: %s\nexpected: %s", g ? "bytes" : "NULL", w ? "bytes" : "NULL");
	}
	return same;
}

bool tap_isnt_null(const char *file, int line, const void *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	result(file, line, p != NULL, fmt, ap);
	va_end(ap);
	if (!p)
		diag("     got: NULL\nexpected: a pointer");
	return p != NULL;
}

void skip(unsigned n, const char *why, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	begin();
	va_start(ap, why);
	vsnprintf(text, sizeof text, why, ap);
	va_end(ap);
	while (n-- > 0) {
		printf("ok %u # SKIP ", ++tap.run);
		print_escaped(text);
		putchar('\n');
	}
	fflush(stdout);
}

void todo(const char *why)
{
	begin();
	tap.todo = why;
}

void skip_all(const char *why, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	begin();
	if (tap.has_plan || tap.run)
		bail_out("skip_all() belongs before the first check");
	va_start(ap, why);
	vsnprintf(text, sizeof text, why, ap);
	va_end(ap);
	printf("1..0 # SKIP ");
	print_escaped(text);
	putchar('\n');
	tap.skipped = true;
	exit(0);
}

void bail_out(const char *why, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	begin();
	va_start(ap, why);
	vsnprintf(text, sizeof text, why, ap);
	va_end(ap);
	printf("Bail out! ");
	print_escaped(text);
	putchar('\n');
	tap.bailed = true;
	exit(STATUS_BAIL);
}

void diag(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_comment(stderr, fmt, ap);
	va_end(ap);
}

void note(const char *fmt, ...)
{
	va_list ap;

	begin();
	va_start(ap, fmt);
	print_comment(stdout, fmt, ap);
	va_end(ap);
}

const char *tap_tmpdir(void)
{
	const char *base = getenv("TMPDIR");

	begin();
	if (tap.tmpdir[0])
		return tap.tmpdir;
	snprintf(tap.tmpdir, sizeof tap.tmpdir, "%s/tn-test-XXXXXX", base && *base ? base : "/tmp");
	if (!mkdtemp(tap.tmpdir)) {
		tap.tmpdir[0] = '\0';
		bail_out("no temporary directory: %s", strerror(errno));
	}
	return tap.tmpdir;
}

char *tap_slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	size_t used = 0, room = 4096, got;
	char *text = malloc(room + 1);

	if (!f || !text)
		bail_out("cannot read %s: %s", path, strerror(errno));
	while ((got = fread(text + used, 1, room - used, f)) > 0) {
		used += got;
		if (used == room) {
			room *= 2;
			text = realloc(text, room + 1);
			if (!text)
				bail_out("no memory for %s", path);
		}
	}
	if (ferror(f))
		bail_out("cannot read %s: %s", path, strerror(errno));
	fclose(f);
	text[used] = '\0';
	if (n)
		*n = used;
	return text;
}

char *tap_source(const char *name)
{
	const char *dir = getenv("TN_SRCDIR");
	size_t n;
	char *path;

	dir = dir && *dir ? dir : ".";
	n = strlen(dir) + strlen(name) + 2;
	path = malloc(n);
	if (!path)
		bail_out("no memory");
	snprintf(path, n, "%s/%s", dir, name);
	return path;
}
