/* SPDX-License-Identifier: MIT
 * core/base/log.h - log lines: level, subsystem, subject; repeats are limited
 *
 * A line is `2026-11-20T11:28:03.123Z info net [OUTBOUND] text`,
 * at most LOG_LINE_MAX bytes; what is longer is cut and ends in "...". Control bytes
 * in it become '?', so that one call is always one line.
 * The logger formats and filters; where lines go is the environment's matter.
 *
 * Lines of one (format, subject) beyond LOG_REPEATS within the repeat time are counted
 * instead and summed up in one line when it is over: floods stay readable and
 * nothing is dropped without a word. The table of keys is bounded: while it is full,
 * new subjects share one key per format, and then all formats one key.
 */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include <stdarg.h>

#include "timenode/base.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

#define LOG_LINE_MAX 1024
#define LOG_REPEATS 10
#define LOG_SUBSYSTEM_MAX 32 /* with the NUL; a longer name is cut */
#define LOG_LEVELS_MAX 64    /* subsystems with a level of their own */

struct logger;

/* The outside: wall clock in microseconds and where a finished line goes (no LF). */
struct log_out {
	int64_t (*wall_us)(void *arg);
	void (*write)(void *arg, enum log_level, const char *line, size_t n);
	void *arg;
};

/* Level info, repeat time 10 s. NULL without memory. */
struct logger *logger_create(const struct log_out *);
void logger_free(struct logger *); /* NULL is fine; writes pending repeat sums */

/* subsystem NULL: all that have no level of their own; then drops single ones.
 * 0, or TN_EFULL beyond LOG_LEVELS_MAX, TN_EINVAL for a name that is empty or too long.
 */
int logger_level(struct logger *, const char *subsystem, enum log_level);

/* 0 turns the limit off; sums that are pending are written now. */
void logger_repeat(struct logger *, uint64_t ms);
bool logger_wants(const struct logger *, const char *subsystem, enum log_level);

/* -1 for no such word. */
int log_level_of(const char *word, size_t n);
const char *log_level_word(enum log_level);

/* subject: "" or what the line is about (an address, a plugin): it is the key of
 * repeat limiting together with fmt, and is not printed.
 */
void log_line(struct logger *, const char *subsystem, enum log_level, const char *subject,
	      const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void log_vline(struct logger *, const char *subsystem, enum log_level, const char *subject,
	       const char *fmt, va_list) __attribute__((format(printf, 5, 0)));

/* A peer's bytes made harmless: control and non-ASCII bytes and the backslash as \xNN,
 * cut at 120 bytes of output with "..." (never inside a \xNN). Returns buf.
 */
#define LOG_SAFE_MAX 124
const char *log_safe(char buf[LOG_SAFE_MAX], const void *p, size_t n);

/* Writes out the sums of repeats whose time is over. True while a sum is pending; the
 * node calls it each five seconds.
 */
bool logger_tick(struct logger *);

#endif
