/* SPDX-License-Identifier: MIT
 * core/daemon.c - the process around a node: background, pid file, service manager, limits
 */
#include "config.h"

#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- directories */

static const char to_do[] = "name another one by data_dir or run_dir, or mend this one";

static int make_one(const char *path, struct tn_error *err)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &st) == 0)
		return S_ISDIR(st.st_mode)
			       ? 0
			       : tn_fail(err, TN_EIO, "%s is there and is no directory: %s", path,
					 to_do);
	return tn_fail(err, TN_EIO, "cannot make the directory %s: %s: %s", path, strerror(errno),
		       to_do);
}

int daemon_make_dir(const char *path, struct tn_error *err)
{
	char part[4096];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(part))
		return tn_fail(err, TN_EIO, "the path of a directory is empty or too long");
	memcpy(part, path, n + 1);
	for (char *p = part + 1; *p; p++) {
		int rc;

		if (*p != '/')
			continue;
		*p = 0;
		rc = make_one(part, err);
		*p = '/';
		if (rc < 0)
			return rc;
	}
	return make_one(part, err);
}

/* ---- pid file */

static int held_by_other(int fd, const char *path, struct tn_error *err)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = 0;
	text[strcspn(text, "\n")] = 0;
	return tn_fail(err, TN_EBUSY, "another timenoded is running here, pid %s (%s)",
		       text[0] ? text : "unknown", path);
}

/* Is the open file still the one at the path? Its last owner may have unlinked it between
 * our open and our lock; the lock of an unlinked file protects nothing.
 */
static bool still_there(int fd, const char *path)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && stat(path, &there) == 0 && mine.st_dev == there.st_dev &&
	       mine.st_ino == there.st_ino;
}

/* A locked descriptor, TN_EBUSY with the reason, or TN_EIO with errno set. */
static int open_locked(const char *path, struct tn_error *err)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

		if (fd < 0)
			return TN_EIO;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			int rc = errno == EWOULDBLOCK ? held_by_other(fd, path, err) : TN_EIO;
			int saved = errno;

			close(fd);
			errno = saved;
			return rc;
		}
		if (still_there(fd, path))
			return fd;
		close(fd);
	}
}

int daemon_take_pid(const char *path, struct tn_error *err)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	int fd = open_locked(path, err);

	if (fd == TN_EBUSY)
		return fd;
	if (fd < 0)
		return tn_fail(err, TN_EIO, "cannot take the pid file %s: %s", path,
			       strerror(errno));
	/* Readable for everybody whatever the umask is: an init script's status needs it. */
	if (fchmod(fd, 0644) < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n) {
		tn_fail(err, TN_EIO, "cannot write the pid file %s: %s", path, strerror(errno));
		daemon_drop_pid(fd, path);
		return TN_EIO;
	}
	return fd;
}

void daemon_drop_pid(int fd, const char *path)
{
	if (fd < 0)
		return;
	/* Unlinked while the lock is held: nobody else can have taken the name over. */
	unlink(path);
	close(fd);
}

/* ---- background */

/* What the child said: one byte of exit code, then the reason. Nothing: it died. */
static int await_child(int fd, pid_t child)
{
	char said[1 + sizeof(struct tn_error)];
	size_t n = 0;
	ssize_t got;
	int status;

	while (n < sizeof(said) - 1) {
		got = read(fd, said + n, sizeof(said) - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	said[n] = 0;
	if (n == 1 && said[0] == 0)
		return 0;
	if (n > 1) {
		fprintf(stderr, "timenoded: %s\n", said + 1);
		return said[0];
	}
	if (waitpid(child, &status, 0) == child && WIFSIGNALED(status))
		fprintf(stderr, "timenoded: died at its start by signal %d\n", WTERMSIG(status));
	else
		fprintf(stderr, "timenoded: ended at its start without a reason\n");
	return 1;
}

int daemon_background(int *report, struct tn_error *err)
{
	int fd[2];
	pid_t child;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return tn_fail(err, TN_EIO, "cannot make a pipe: %s", strerror(errno));
	fflush(NULL);
	child = fork();
	if (child < 0) {
		close(fd[0]);
		close(fd[1]);
		return tn_fail(err, TN_EIO, "cannot fork: %s", strerror(errno));
	}
	if (child > 0) {
		close(fd[1]);
		return await_child(fd[0], child) + 1;
	}
	close(fd[0]);
	setsid();
	*report = fd[1];
	return 0;
}

/* Short writes cannot happen: it is less than a pipe takes at once. */
static void send_report(int report, const void *p, size_t n)
{
	ssize_t put;

	do
		put = write(report, p, n);
	while (put < 0 && errno == EINTR);
	close(report);
}

void daemon_up(int report)
{
	int null;

	if (report < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	send_report(report, "", 1);
}

void daemon_failed(int report, int exit_code, const char *why)
{
	char said[1 + sizeof(struct tn_error)];
	int n;

	if (report < 0) {
		fprintf(stderr, "timenoded: %s\n", why);
		return;
	}
	said[0] = (char)exit_code;
	n = snprintf(said + 1, sizeof(said) - 1, "%s", why);
	send_report(report, said,
		    1 + ((size_t)n < sizeof(said) - 1 ? (size_t)n : sizeof(said) - 2));
}

/* ---- the service manager: sd_notify(3) without its library */

void daemon_notify(const char *state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;
	socklen_t len;
	int fd;

	if (n < 2 || n >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')
		to.sun_path[0] = 0; /* an abstract name: led by NUL, not ended by one */
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	/* Nobody to tell of a failure: the manager will notice by itself. */
	(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, len);
	close(fd);
}

static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);
	char *end;
	unsigned long long v;

	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	v = strtoull(text, &end, 10);
	return errno || *end ? 0 : v;
}

uint64_t daemon_watchdog_us(void)
{
	uint64_t pid = number_of("WATCHDOG_PID");

	if (getenv("WATCHDOG_PID") && pid != (uint64_t)getpid())
		return 0;
	return number_of("WATCHDOG_USEC");
}

/* ---- limits */

/* glibc raises its threshold for blocks of their own to the largest one ever freed, up to
 * 32 MiB: a few long lines, and tens of megabytes stay with the process for good.
 */
void daemon_tune_memory(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, 64 * 1024);
	mallopt(M_TRIM_THRESHOLD, 128 * 1024);
#endif
}

uint64_t daemon_raise_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 0;
	if (r.rlim_cur < r.rlim_max) {
		rlim_t had = r.rlim_cur;

		r.rlim_cur = r.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &r) < 0)
			return had;
	}
	return r.rlim_cur;
}
