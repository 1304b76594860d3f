/* SPDX-License-Identifier: MIT
 * t/sim/trace.h - the last things that happened in a world, as text (private to t/sim)
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

struct trace;

struct trace *trace_create(unsigned lines);
void trace_free(struct trace *); /* NULL is fine */

/* who, whom: whoever the line is about; compared only. */
void trace_add(struct trace *, uint64_t at_us, const void *who, const void *whom, const char *fmt,
	       va_list) __attribute__((format(printf, 5, 0)));

/* Lines about a or b (NULL, NULL: all), oldest first, led by "# ". */
void trace_print(const struct trace *, FILE *, const void *a, const void *b);

#endif
