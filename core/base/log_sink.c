/* SPDX-License-Identifier: MIT
 * core/base/log_sink.c - log lines to stderr, a file or syslog
 */
#include "config.h"

#include "base/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

struct sink {
	int fd;           /* -1: syslog */
	char *file;       /* NULL unless to a file */
	uint64_t missing; /* lines since the last one that was written */
	bool torn;        /* the last write ended inside a line */
	int why;          /* errno of the last failure */
};

struct sink *sink_create(void)
{
	struct sink *s = calloc(1, sizeof *s);

	if (s)
		s->fd = STDERR_FILENO;
	return s;
}

static void leave(struct sink *s)
{
	if (s->file)
		close(s->fd);
	else if (s->fd < 0)
		closelog();
	free(s->file);
	s->file = NULL;
}

void sink_free(struct sink *s)
{
	if (!s)
		return;
	leave(s);
	free(s);
}

static int open_file(const char *file, struct tn_error *err)
{
	int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

	if (fd < 0)
		return tn_fail(err, TN_EIO, "log.file: cannot open %s: %s", file, strerror(errno));
	return fd;
}

static int to_file(struct sink *s, const char *file, struct tn_error *err)
{
	char *name = strdup(file);
	int fd;

	if (!name)
		return tn_fail(err, TN_ENOMEM, "log.file: no memory");
	fd = open_file(name, err);
	if (fd < 0) {
		free(name);
		return fd;
	}
	leave(s);
	s->file = name;
	s->fd = fd;
	s->torn = false;
	return 0;
}

int sink_fd(const struct sink *s)
{
	return s->fd;
}

int sink_set(struct sink *s, const char *to, const char *file, struct tn_error *err)
{
	bool syslog_wanted = strcmp(to, "syslog") == 0;

	if (strcmp(to, "file") == 0)
		return to_file(s, file, err);
	if (!syslog_wanted && strcmp(to, "stderr") != 0)
		return tn_fail(err, TN_EINVAL,
			       "log.to: found \"%s\", expected stderr, file or syslog", to);
	leave(s);
	s->torn = false;
	s->fd = syslog_wanted ? -1 : STDERR_FILENO;
	if (syslog_wanted)
		openlog("timenode", LOG_PID, LOG_DAEMON);
	return 0;
}

int sink_reopen(struct sink *s, struct tn_error *err)
{
	int fd;

	if (!s->file)
		return 0;
	fd = open_file(s->file, err);
	if (fd < 0)
		return fd;
	close(s->fd);
	s->fd = fd;
	s->torn = false;
	return 0;
}

/* 0 or an errno. What was written of a line that failed stays: `torn` ends it later. */
static int write_line(struct sink *s, const char *line, size_t n)
{
	struct iovec v[3] = { { .iov_base = (char[]){ '\n' }, .iov_len = s->torn },
			      { .iov_base = (void *)(uintptr_t)line, .iov_len = n },
			      { .iov_base = (char[]){ '\n' }, .iov_len = 1 } };
	int i = 0;

	while (i < 3) {
		ssize_t put = writev(s->fd, v + i, 3 - i);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? errno : EIO;
		s->torn = true;
		for (; i < 3 && (size_t)put >= v[i].iov_len; i++)
			put -= (ssize_t)v[i].iov_len;
		if (i < 3) {
			v[i].iov_base = (char *)v[i].iov_base + put;
			v[i].iov_len -= (size_t)put;
		}
	}
	s->torn = false;
	return 0;
}

/* Says how many lines are missing here, or false: still nothing can be written. */
static bool tell_missing(struct sink *s)
{
	char text[160];
	int n = snprintf(text, sizeof text, "(%llu log lines are missing here: %s)",
			 (unsigned long long)s->missing, strerror(s->why));

	if (write_line(s, text, (size_t)n))
		return false;
	s->missing = 0;
	return true;
}

static void write_syslog(enum log_level level, const char *line, size_t n)
{
	static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

	for (int skip = 0; skip < 2; skip++) {
		const char *blank = memchr(line, ' ', n);

		if (!blank)
			break;
		n -= (size_t)(blank + 1 - line);
		line = blank + 1;
	}
	syslog(priority[level], "%.*s", (int)n, line);
}

void sink_write(struct sink *s, enum log_level level, const char *line, size_t n)
{
	int rc;

	if (s->fd < 0) {
		write_syslog(level, line, n);
		return;
	}
	if (s->missing && !tell_missing(s)) {
		s->missing++;
		return;
	}
	rc = write_line(s, line, n);
	if (rc == 0)
		return;
	s->why = rc;
	s->missing++;
}
