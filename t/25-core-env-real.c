/* SPDX-License-Identifier: MIT
 * t/25-core-env-real.c - what only the libevent environment has: options of sockets,
 * files of Unix sockets, signals, and a process without descriptors
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/tap.h"
#include "sim/lab.h"

/* ---- socket options, read from the descriptors themselves */

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t n = sizeof(value);

	return getsockopt(fd, level, name, &value, &n) ? -1 : value;
}

static bool has_options(int fd)
{
	return option(fd, IPPROTO_TCP, TCP_NODELAY) == 1 &&
	       option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1 &&
	       option(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 30 &&
	       option(fd, IPPROTO_TCP, TCP_KEEPINTVL) == 10 &&
	       option(fd, IPPROTO_TCP, TCP_KEEPCNT) == 3 &&
	       option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT) == 60000 &&
	       (fcntl(fd, F_GETFD) & FD_CLOEXEC) && (fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/* TCP sockets among the first descriptors: listeners, and streams with all options. */
static void count_sockets(unsigned *listeners, unsigned *streams, unsigned *complete)
{
	*listeners = *streams = *complete = 0;
	for (int fd = 3; fd < 64; fd++) {
		if (option(fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP)
			continue;
		if (option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1)
			++*listeners;
		else
			++*streams;
		*complete += has_options(fd);
	}
}

static void options(void)
{
	struct lab *l = lab_create(true);
	struct end listener, dialed, accepted;
	unsigned listeners, streams, complete;

	ok(lab_pair(l, &listener, &dialed, &accepted), "a pair");
	count_sockets(&listeners, &streams, &complete);
	ok(listeners == 1 && streams == 2, "its descriptors are found");
	is_uint(complete, 3,
		"non-blocking, close-on-exec, NODELAY, keepalive 30/10/3, "
		"user timeout 60 s on all, the accepted one too");
	lab_close(&dialed);
	lab_close(&accepted);
	lab_close(&listener);
	count_sockets(&listeners, &streams, &complete);
	is_uint(listeners + streams, 0, "close closes them");
	lab_free(l);
}

static bool have_ipv6(void)
{
	struct sockaddr_in6 s = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool have = fd >= 0 && !bind(fd, (struct sockaddr *)&s, sizeof(s));

	if (fd >= 0)
		close(fd);
	return have;
}

static void ipv6(void)
{
	struct lab *l = lab_create(true);
	struct end listener = { .lab = l, .env = l->a }, dialed = listener, accepted = { 0 };
	struct tn_addr at = { .ip = { [15] = 1 }, .port = l->at.port };

	listener.accepted = &accepted;
	listener.c = l->a->ops->listen(l->a, &at, &end_events, &listener, NULL);
	dialed.c = l->a->ops->connect(l->a, &at, &at, &end_events, &dialed, NULL);
	ok(listener.c && dialed.c, "listen and connect on ::1");
	while ((!accepted.c || !dialed.connects) && lab_run(l))
		;
	ok(accepted.c && !tn_addr_cmp_ip(&accepted.from, &at), "accepted from ::1");
	lab_close(&dialed);
	l->a->ops->close(accepted.c, false);
	lab_close(&listener);
	lab_free(l);
}

/* In a network namespace of its own, where all addresses reach nobody. */
static int wildcards(void)
{
	struct tn_addr v4 = { .ip = { [10] = 0xff, [11] = 0xff } }, v6 = { .ip = { 0 } };
	struct lab *l;
	struct env_conn *a, *b;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 77;
	l = lab_create(true);
	v4.port = v6.port = 24200;
	a = l->a->ops->listen(l->a, &v6, &end_events, NULL, NULL);
	b = l->a->ops->listen(l->a, &v4, &end_events, NULL, NULL);
	l->a->ops->close(b, false);
	l->a->ops->close(a, false);
	lab_free(l);
	return !a ? 1 : !b ? 2 : 0;
}

/* What fn returned in a process of its own; -1: it did not return. */
static int in_child(int (*fn)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static void both_wildcards(void)
{
	int result = in_child(wildcards);

	if (result == 77)
		skip(1, "no network namespaces here");
	else
		is_int(result, 0, ":: leaves IPv4 to the listener of 0.0.0.0");
}

/* ---- Unix sockets as files */

static void make_dead(const char *path)
{
	struct sockaddr_un s = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(s.sun_path, sizeof(s.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&s, sizeof(s)))
		bail_out("cannot make a socket file: %s", strerror(errno));
	close(fd);
}

static void path_files(void)
{
	struct lab *l = lab_create(true);
	struct env_conn *c;
	struct tn_error err = { "" };
	char path[100], name[200];
	struct stat st;
	mode_t old = umask(0);
	int fd;

	snprintf(path, sizeof(path), "%s/dead.sock", tap_tmpdir());
	make_dead(path);
	c = l->a->ops->listen_path(l->a, path, &end_events, NULL, &err);
	ok(c != NULL, "a dead socket file is replaced %s", err.text);
	ok(!stat(path, &st) && S_ISSOCK(st.st_mode), "by a socket");
	is_int(st.st_mode & 0777, 0600, "for its owner only, whatever the umask is");
	umask(old);
	l->a->ops->close(c, false);
	ok(stat(path, &st) && errno == ENOENT, "which goes away with the listener");

	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	ok(!l->a->ops->listen_path(l->a, path, &end_events, NULL, &err), "a file is not replaced");
	ok(!stat(path, &st) && S_ISREG(st.st_mode), "it is still there: %s", err.text);
	unlink(path);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	ok(!l->a->ops->listen_path(l->a, name, &end_events, NULL, &err), "a path too long");
	isnt_null(strstr(err.text, "107 bytes"), "is an error, not a shorter path");
	ok(!l->a->ops->listen_path(l->a, "", &end_events, NULL, &err), "an empty path as well");
	lab_free(l);
}

/* ---- signals */

static void on_signal(void *arg, int signo)
{
	struct end *e = arg;

	e->connects += signo == SIGUSR1;
	lab_finish(e->lab);
}

static void signals(void)
{
	struct lab *l = lab_create(true);
	struct end e = { .lab = l };

	is_int(env_event_signal(l->a, SIGUSR1, on_signal, &e), 0, "a signal is watched");
	raise(SIGUSR1);
	is_uint(e.connects, 0, "its handler runs not inside the signal");
	ok(lab_run(l), "but on the loop");
	is_uint(e.connects, 1, "with its number");
	ok(env_event_signal(l->a, 0, on_signal, &e) < 0, "signal 0 is an error");
	lab_free(l);
}

/* ---- a process without descriptors */

struct full {
	struct lab *lab;
	struct env_conn *conns[8];
	unsigned n, fulls;
	int err;
	uint64_t full_us, next_us;
	int plug; /* a descriptor to give back */
};

static void full_accepted(void *arg, struct env_conn *c, const struct tn_addr *from)
{
	struct full *f = arg;

	(void)from;
	f->conns[f->n++ % 8] = c;
	f->next_us = env_mono_us(f->lab->a);
	lab_finish(f->lab);
}

static void on_full(void *arg, int err)
{
	struct full *f = arg;

	f->err = err;
	if (f->fulls++ == 0)
		f->full_us = env_mono_us(f->lab->a);
	if (f->fulls == 3) { /* it goes on trying; now let it */
		close(f->plug);
		f->plug = -1;
	}
}

static const struct env_events full_events = { .accepted = full_accepted };

/* 0, or the number of the first thing that was wrong. */
static int without_descriptors(void)
{
	struct lab *l = lab_create(true);
	struct full f = { .lab = l };
	struct end dialed = { .lab = l, .env = l->a };
	struct env_conn *listener = l->a->ops->listen(l->a, &l->at, &full_events, &f, NULL);
	struct rlimit limit;

	env_event_on_full(l->a, on_full, &f);
	dialed.c = l->a->ops->connect(l->a, &l->at, NULL, &end_events, &dialed, NULL);
	f.plug = dup(0);
	if (!listener || !dialed.c || f.plug < 0)
		return 1;
	limit.rlim_cur = limit.rlim_max = (rlim_t)f.plug + 1;
	if (setrlimit(RLIMIT_NOFILE, &limit) || dup(0) >= 0)
		return 2;
	while (f.n == 0)
		if (!lab_run(l))
			return 3;
	if (f.fulls < 3 || f.err != EMFILE)
		return 4;
	if (f.next_us - f.full_us < 300000) /* three pauses: the loop did not spin */
		return 5;
	if (f.n != 1 || f.plug != -1)
		return 6;
	l->a->ops->close(f.conns[0], false);
	lab_close(&dialed);
	l->a->ops->close(listener, false);
	lab_free(l);
	return 0;
}

static void full(void)
{
	if (getenv("TN_VALGRIND")) {
		skip(1, "valgrind keeps descriptors and their limit to itself");
		return;
	}
	is_int(in_child(without_descriptors), 0,
	       "out of descriptors: told each time, a pause of 100 ms between, then accepted");
}

int main(void)
{
	options();
	if (have_ipv6())
		ipv6();
	else
		skip(2, "no IPv6 here");
	both_wildcards();
	path_files();
	signals();
	full();
	return done_testing();
}
