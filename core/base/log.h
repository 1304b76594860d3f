/* SPDX-License-Identifier: MIT
 * core/base/log.h - log lines: level, subsystem, subject; repeats are limited
 *
 * A line is `2026-11-20T11:28:03.123Z info net [OUTBOUND] text` (DETAILS, Outside).
 * The logger formats and filters; where lines go is the environment's matter.
 * Lines of one (format, subject) beyond 10 within the repeat time are counted
 * instead and summed up in one line when it is over: floods stay readable and
 * nothing is dropped without a word.
 */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include <stdarg.h>

#include "timenode/base.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct logger;

/* The outside: wall clock in microseconds and where a finished line goes. */
struct log_out {
	int64_t (*wall_us)(void *arg);
	void (*write)(void *arg, enum log_level, const char *line, size_t n);
	void *arg;
};

struct logger *logger_create(const struct log_out *);
void logger_free(struct logger *); /* NULL is fine; writes pending repeat sums */

/* subsystem NULL: all that have no level of their own; then drops single ones. */
int logger_level(struct logger *, const char *subsystem, enum log_level);
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

/* A peer's bytes made harmless: control and non-ASCII bytes as \xNN, cut at 120
 * bytes of output with "...". Returns buf.
 */
#define LOG_SAFE_MAX 124
const char *log_safe(char buf[LOG_SAFE_MAX], const void *p, size_t n);

/* Writes out the sums of repeats whose time is over; the node calls it each second
 * while one is pending (returns true).
 */
bool logger_tick(struct logger *);

#endif
