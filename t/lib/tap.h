/* SPDX-License-Identifier: MIT
 * t/lib/tap.h - TAP producer for tests in C; the names are those of Test::More
 *
 * A test program calls plan(n) or nothing, then the checks, and ends with
 * `return done_testing();`. TAP goes to stdout, line by line and flushed, so that a
 * fork never copies pending text; a failure is explained on stderr with file, line,
 * got and expected. The exit status is 0 only if the plan was met and nothing failed,
 * also when main() forgets done_testing() or returns 0 after a failure.
 * One test program is one process with one counter; children that were forked must
 * leave with _exit() and must not check anything. Not for several threads at once.
 */
#ifndef T_LIB_TAP_H
#define T_LIB_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAP_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Before the first check: exactly n checks will follow. */
void plan(unsigned n);

/* After the last check: prints the plan if there was none; the exit status of main(). */
int done_testing(void);

/* Each check prints one line and returns whether it passed. Text in a description is
 * escaped where TAP gives it a meaning (# and \) or where it is not plain ASCII; line ends
 * become blanks.
 */
#define ok(cond, ...) tap_ok(__FILE__, __LINE__, (cond), #cond, __VA_ARGS__)
#define pass(...) tap_ok(__FILE__, __LINE__, true, "pass", __VA_ARGS__)
#define fail(...) tap_ok(__FILE__, __LINE__, false, "fail", __VA_ARGS__)
#define is_int(got, want, ...) tap_is_int(__FILE__, __LINE__, (got), (want), __VA_ARGS__)
#define is_uint(got, want, ...) tap_is_uint(__FILE__, __LINE__, (got), (want), __VA_ARGS__)
/* NULL is allowed and equal to NULL only. */
#define is_str(got, want, ...) tap_is_str(__FILE__, __LINE__, (got), (want), __VA_ARGS__)
/* The same n bytes. */
#define is_mem(got, want, n, ...) tap_is_mem(__FILE__, __LINE__, (got), (want), (n), __VA_ARGS__)
#define isnt_null(p, ...) tap_isnt_null(__FILE__, __LINE__, (p), __VA_ARGS__)

/* n checks that cannot be made here; they count as passed. */
void skip(unsigned n, const char *why, ...) TAP_PRINTF(2, 3);

/* Checks from here on are known to fail, until todo(NULL). */
void todo(const char *why);

/* Instead of any check: the whole program does not apply here. Ends it with 0. */
_Noreturn void skip_all(const char *why, ...) TAP_PRINTF(1, 2);

/* Nothing makes sense any more: ends this program and asks the driver to stop. */
_Noreturn void bail_out(const char *why, ...) TAP_PRINTF(1, 2);

/* Comment lines: diag() on stderr, note() on stdout. */
void diag(const char *fmt, ...) TAP_PRINTF(1, 2);
void note(const char *fmt, ...) TAP_PRINTF(1, 2);

/* A directory of this program's own, the same at each call, removed at its end. */
const char *tap_tmpdir(void);

/* The whole file and a NUL behind it; *n (may be NULL) is its size without that.
 * The caller frees it. A file that cannot be read is bail_out().
 */
char *tap_slurp(const char *path, size_t *n);

/* A file of the source tree, as "t/data/x.jsonl": $TN_SRCDIR or "." before it.
 * The caller frees it.
 */
char *tap_source(const char *name);

/* ---- behind the macros */
bool tap_ok(const char *file, int line, bool cond, const char *expr, const char *fmt, ...)
	TAP_PRINTF(5, 6);
bool tap_is_int(const char *file, int line, intmax_t got, intmax_t want, const char *fmt, ...)
	TAP_PRINTF(5, 6);
bool tap_is_uint(const char *file, int line, uintmax_t got, uintmax_t want, const char *fmt, ...)
	TAP_PRINTF(5, 6);
bool tap_is_str(const char *file, int line, const char *got, const char *want, const char *fmt, ...)
	TAP_PRINTF(5, 6);
bool tap_is_mem(const char *file, int line, const void *got, const void *want, size_t n,
		const char *fmt, ...) TAP_PRINTF(6, 7);
bool tap_isnt_null(const char *file, int line, const void *p, const char *fmt, ...)
	TAP_PRINTF(4, 5);

#endif
