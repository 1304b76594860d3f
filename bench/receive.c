/* SPDX-License-Identifier: MIT
 * bench/receive.c - processor time to receive a line and to find its end
 *
 * Three receivers of the same stream: epoll, read and memchr; the node's loop with the
 * library's cutter; and the whole node up to the line's fate (it is nobody's message), which
 * also checks UTF-8, reads the name and counts.
 */
#include "inside.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"
#include "timenode/wire.h"

enum { READ = 65536, SLACK = 2 << 20, BYTES = 100 << 20 };

/* ---- the sender: a process that writes 64 KiB at a time */

static unsigned lines_of(unsigned bytes)
{
	return BYTES / bytes < 1000000 ? BYTES / bytes : 1000000;
}

static char *make_lines(unsigned bytes, size_t *n)
{
	static const char head[] = "{\"Ping\":\"";
	unsigned count = bytes < READ ? 4 * READ / bytes : 1;
	char *all = malloc((size_t)count * bytes), *p = all;

	if (!all)
		give_up("no memory");
	for (unsigned i = 0; i < count; i++, p += bytes) {
		memset(p, 'a' + (int)(i % 26), bytes);
		memcpy(p, head, sizeof head - 1);
		memcpy(p + bytes - 3, "\"}\n", 3);
	}
	*n = (size_t)count * bytes;
	return all;
}

static void send_lines(uint16_t port, unsigned bytes, bool hello)
{
	size_t n, left = (size_t)lines_of(bytes) * bytes, at = 0;
	char *all = make_lines(bytes, &n), c;
	int fd = dial(port, 0);

	if (hello)
		introduce(fd, 1);
	while (left) {
		size_t part = n - at < READ ? n - at : READ;

		part = part < left ? part : left;
		say(fd, all + at, part);
		left -= part;
		at = (at + part) % n;
	}
	shutdown(fd, SHUT_WR);
	while (recv(fd, &c, 1, 0) > 0)
		;
	_exit(0);
}

static pid_t start_sender(uint16_t port, unsigned bytes, bool hello)
{
	pid_t pid = fork();

	if (pid < 0)
		give_up("cannot fork");
	if (pid == 0)
		send_lines(port, bytes, hello);
	return pid;
}

/* ---- lines as both cutters see them: what is left is kept in front */

struct stream {
	uint8_t *p;
	size_t n, lines;
	struct tn_cut cut;
};

static void stream_init(struct stream *s)
{
	*s = (struct stream){ .p = malloc(SLACK + READ) };
	if (!s->p)
		give_up("no memory");
}

static void stream_keep(struct stream *s, size_t used)
{
	if (used && used < s->n)
		memmove(s->p, s->p + used, s->n - used);
	s->n -= used;
}

static void check_lines(const struct stream *s, unsigned bytes)
{
	if (s->lines != lines_of(bytes))
		give_up("%zu of %u lines came", s->lines, lines_of(bytes));
	free(s->p);
}

/* ---- epoll, read, memchr */

static void cut_plain(struct stream *s, size_t got)
{
	size_t used = 0, seen = s->n;
	uint8_t *lf;

	s->n += got;
	while ((lf = memchr(s->p + seen, '\n', s->n - seen))) {
		used = seen = (size_t)(lf - s->p) + 1;
		s->lines++;
	}
	stream_keep(s, used);
}

static void measure_plain(const struct probe *p, double out[OUTS])
{
	uint16_t port;
	int listener = listen_any(&port), fd, poll = epoll_create1(0);
	pid_t pid = start_sender(port, p->n, false);
	struct epoll_event e = { .events = EPOLLIN };
	struct stream s;
	double cpu;
	ssize_t got;

	stream_init(&s);
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e);
	cpu = cpu_ns();
	while (epoll_wait(poll, &e, 1, -1) == 1 && (got = recv(fd, s.p + s.n, READ, 0)) > 0)
		cut_plain(&s, (size_t)got);
	out[0] = (cpu_ns() - cpu) / lines_of(p->n);
	close(fd);
	close(listener);
	close(poll);
	waitpid(pid, NULL, 0);
	check_lines(&s, p->n);
}

/* ---- the node's environment and the library's cutter */

struct receiver {
	struct env *env;
	struct env_conn *listener, *conn;
	struct stream s;
	double cpu;
};

static void readable(void *arg)
{
	struct receiver *r = arg;
	size_t used = 0, line;
	long got = r->env->ops->read(r->conn, r->s.p + r->s.n, READ);

	if (got <= 0) {
		env_event_stop(r->env);
		return;
	}
	r->s.n += (size_t)got;
	while ((line = tn_cut_line(&r->s.cut, r->s.p + used, r->s.n - used))) {
		used += line;
		r->s.lines++;
	}
	stream_keep(&r->s, used);
}

static void accepted(void *arg, struct env_conn *conn, const struct tn_addr *from)
{
	static const struct env_events events = { .readable = readable };
	struct receiver *r = arg;

	(void)from;
	r->conn = conn;
	r->env->ops->adopt(conn, &events, r);
	r->env->ops->arm(conn, true, false);
	r->cpu = cpu_ns();
}

static void measure_cutter(const struct probe *p, double out[OUTS])
{
	static const struct env_events events = { .accepted = accepted };
	struct receiver r = { .env = env_event_create(NULL) };
	struct tn_error err = { "" };
	uint16_t port = free_port();
	struct tn_addr at;
	pid_t pid;

	stream_init(&r.s);
	tn_addr_parse(&at, "127.0.0.1", 9);
	at.port = port;
	r.listener = r.env->ops->listen(r.env, &at, &events, &r, &err);
	if (!r.listener)
		give_up("%s", err.text);
	pid = start_sender(port, p->n, false);
	env_event_run(r.env, &err);
	out[0] = (cpu_ns() - r.cpu) / lines_of(p->n);
	r.env->ops->close(r.conn, false);
	r.env->ops->close(r.listener, false);
	env_event_free(r.env);
	waitpid(pid, NULL, 0);
	check_lines(&r.s, p->n);
}

/* ---- the whole node */

struct whole {
	struct inside in;
	double begun, ended;
};

static void on_up(void *arg)
{
	((struct whole *)arg)->begun = cpu_ns();
}

static void on_down(void *arg)
{
	struct whole *w = arg;

	w->ended = cpu_ns();
	env_event_stop(w->in.env);
}

static void measure_node(const struct probe *p, double out[OUTS])
{
	struct whole w = { .begun = 0 };
	struct tn_error err;
	pid_t pid;

	inside_hooks = (struct inside_hooks){ on_up, on_down, &w };
	inside_start(&w.in, true);
	pid = start_sender(w.in.port, p->n, true);
	env_event_run(w.in.env, &err);
	out[0] = (w.ended - w.begun) / lines_of(p->n);
	inside_hooks = (struct inside_hooks){ 0 };
	inside_stop(&w.in);
	waitpid(pid, NULL, 0);
}

static const struct probe probes[] = {
	{ "plain-62", measure_plain, 62, 0 },        { "cutter-62", measure_cutter, 62, 0 },
	{ "node-62", measure_node, 62, 0 },          { "plain-1400", measure_plain, 1400, 0 },
	{ "cutter-1400", measure_cutter, 1400, 0 },  { "node-1400", measure_node, 1400, 0 },
	{ "plain-long", measure_plain, 1500000, 0 }, { "cutter-long", measure_cutter, 1500000, 0 },
	{ "node-long", measure_node, 1500000, 0 },   { 0 },
};

static const struct figure figures[] = {
	{ "receive and frame a line of 62 B", "ns", "cutter-62", "plain-62", 1.15 },
	{ "receive and frame a line of 1.4 KB", "ns", "cutter-1400", "plain-1400", 1.15 },
	{ "receive and frame a line of 1.5 MB", "ns", "cutter-long", "plain-long", 1.15 },
	{ "  whole node to its fate, 62 B", "ns", "node-62", "plain-62", 0 },
	{ "  whole node to its fate, 1.4 KB", "ns", "node-1400", "plain-1400", 0 },
	{ "  whole node to its fate, 1.5 MB", "ns", "node-long", "plain-long", 0 },
	{ 0 },
};

const struct part part_receive = { "receive", probes, figures };
