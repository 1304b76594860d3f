/* SPDX-License-Identifier: MIT
 * core/base/log_sink.h - where the log lines of a real process go
 *
 * Used by main.c only; the simulator has its own. A line that could not be written
 * (full disk, a closed pipe) is counted, and the next one that can be written is led
 * by the number of those that are missing.
 */
#ifndef CORE_BASE_LOG_SINK_H
#define CORE_BASE_LOG_SINK_H

#include "base/log.h"

struct sink;

/* NULL without memory. Lines go to stderr until sink_set says otherwise. */
struct sink *sink_create(void);
void sink_free(struct sink *); /* NULL is fine */

/* to: "stderr", "syslog" or "file", which appends to `file` (made with mode 0640).
 * 0; TN_EIO with the reason, TN_EINVAL for another word, TN_ENOMEM: lines then still go
 * where they went.
 */
int sink_set(struct sink *, const char *to, const char *file, struct tn_error *);

/* SIGHUP: opens the file again by its name, since logrotate may have moved the old one.
 * Nothing to do for the others. If it fails, the old file goes on being written.
 */
int sink_reopen(struct sink *, struct tn_error *);

/* Where lines go, -1: syslog. For a signal handler, which has no other way. */
int sink_fd(const struct sink *);

/* One line without LF. To syslog it goes without its time and level, which syslog adds. */
void sink_write(struct sink *, enum log_level, const char *line, size_t n);

#endif
