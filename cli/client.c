/* SPDX-License-Identifier: MIT
 * cli/client.c - one request to the daemon and its answer, over the control socket
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define LINE_MAX_BYTES (64u * 1024 * 1024)
#define READ_BYTES 65536u

enum { GO_ON = -1 }; /* not the last line yet */

struct call {
	const char *path;
	int fd;
	unsigned timeout_ms;
	uint64_t deadline_ms;
	char *in;
	size_t n, seen, room; /* seen: bytes already searched for an LF */
	json_object *rows;
	struct cli_error *err;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int failed(struct call *c, const char *what)
{
	return cli_fail(c->err, CLI_USAGE, CLI_CODE_IO, "%s: %s", what, strerror(errno));
}

static int wait_for(struct call *c, short events)
{
	struct pollfd p = { .fd = c->fd, .events = events };
	uint64_t now = now_ms();
	int rc;

	do {
		rc = poll(&p, 1, now < c->deadline_ms ? (int)(c->deadline_ms - now) : 0);
		now = now_ms();
	} while ((rc < 0 && errno == EINTR) || (rc == 0 && now < c->deadline_ms));
	if (rc < 0)
		return failed(c, "poll");
	if (rc == 0)
		return cli_fail(c->err, CLI_USAGE, CLI_CODE_IO,
				"the daemon at %s does not answer (waited %.3g s, see --timeout)",
				c->path, c->timeout_ms / 1000.0);
	return GO_ON;
}

static int open_socket(struct call *c)
{
	struct sockaddr_un s = { .sun_family = AF_UNIX };
	size_t n = strlen(c->path);

	if (n >= sizeof(s.sun_path))
		return cli_fail(c->err, CLI_USAGE, CLI_CODE_USAGE,
				"the socket's path has more than %zu bytes: %s",
				sizeof(s.sun_path) - 1, c->path);
	memcpy(s.sun_path, c->path, n);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return failed(c, "socket");
	if (connect(c->fd, (const struct sockaddr *)&s, sizeof(s)) == 0)
		return GO_ON;
	return cli_fail(c->err, CLI_USAGE, CLI_CODE_IO,
			errno == EACCES
				? "not allowed to talk to the daemon at %s: be root or the "
				  "daemon's user (%s)"
				: "no daemon at %s: is timenoded running? --config, --node-id "
				  "or --socket name another one (%s)",
			c->path, strerror(errno));
}

/* A daemon that closes early may have said why: that is read, not the broken pipe. */
static int send_all(struct call *c, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t put = send(c->fd, p, n, MSG_NOSIGNAL);
		int rc = GO_ON;

		if (put > 0) {
			p += put;
			n -= (size_t)put;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			return GO_ON;
		} else if (errno == EAGAIN) {
			rc = wait_for(c, POLLOUT);
		} else if (errno != EINTR) {
			rc = failed(c, "cannot send to the daemon");
		}
		if (rc != GO_ON)
			return rc;
	}
	return GO_ON;
}

static int send_request(struct call *c, const char *command, json_object *args)
{
	json_object *doc = json_object_new_object();
	const char *text = NULL;
	int rc = GO_ON;

	if (doc && json_object_object_add(doc, "id", json_object_new_int(1)) == 0 &&
	    json_object_object_add(doc, "cmd", json_object_new_string(command)) == 0 &&
	    json_object_object_add(doc, "args", json_object_get(args)) == 0)
		text = json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PLAIN);
	if (!text)
		rc = cli_fail(c->err, CLI_USAGE, CLI_CODE_IO, "no memory");
	if (rc == GO_ON)
		rc = send_all(c, text, strlen(text));
	if (rc == GO_ON)
		rc = send_all(c, "\n", 1);
	json_object_put(doc);
	return rc;
}

/* ---- the answer */

static int nonsense(struct call *c, const char *line, size_t n)
{
	char show[61];
	size_t i;

	for (i = 0; i < n && i < sizeof(show) - 1; i++)
		show[i] = line[i] >= 0x20 && line[i] < 0x7f ? line[i] : '?';
	show[i] = '\0';
	return cli_fail(c->err, CLI_USAGE, CLI_CODE_IO,
			"what answers at %s is no timenoded: it says \"%s\"", c->path, show);
}

static json_object *parse(const char *line, size_t n)
{
	json_tokener *t = json_tokener_new();
	json_object *doc;

	if (!t)
		return NULL;
	doc = json_tokener_parse_ex(t, line, (int)n);
	if (json_tokener_get_error(t) != json_tokener_success ||
	    json_tokener_get_parse_end(t) != n) {
		json_object_put(doc);
		doc = NULL;
	}
	json_tokener_free(t);
	return doc;
}

/* null is what the daemon says where it could not read the id. */
static bool is_ours(json_object *doc)
{
	json_object *id = NULL;

	return json_object_object_get_ex(doc, "id", &id) &&
	       (!id || (json_object_is_type(id, json_type_int) && json_object_get_int(id) == 1));
}

static int take_answer(struct call *c, json_object *doc, const char *line, size_t n)
{
	json_object *v = NULL, *code = NULL;

	if (!json_object_is_type(doc, json_type_object) || !is_ours(doc))
		return nonsense(c, line, n);
	if (json_object_object_get_ex(doc, "row", &v) && json_object_is_type(v, json_type_object))
		return json_object_array_add(c->rows, json_object_get(v)) == 0
			       ? GO_ON
			       : cli_fail(c->err, CLI_USAGE, CLI_CODE_IO, "no memory");
	if (json_object_object_get_ex(doc, "end", &v) && json_object_is_type(v, json_type_int))
		return CLI_DONE;
	if (json_object_object_get_ex(doc, "error", &v) &&
	    json_object_is_type(v, json_type_string) &&
	    json_object_object_get_ex(doc, "code", &code) &&
	    json_object_is_type(code, json_type_int))
		return cli_fail(c->err, CLI_REFUSED, json_object_get_int(code), "%s",
				json_object_get_string(v));
	return nonsense(c, line, n);
}

static int take_line(struct call *c, const char *line, size_t n)
{
	json_object *doc = parse(line, n);
	int rc = take_answer(c, doc, line, n);

	json_object_put(doc);
	c->deadline_ms = now_ms() + c->timeout_ms;
	return rc;
}

/* All whole lines that are there. */
static int take_lines(struct call *c)
{
	size_t begin = 0;
	char *lf;
	int rc = GO_ON;

	while (rc == GO_ON && (lf = memchr(c->in + c->seen, '\n', c->n - c->seen))) {
		rc = take_line(c, c->in + begin, (size_t)(lf - (c->in + begin)));
		begin = c->seen = (size_t)(lf - c->in) + 1;
	}
	c->n -= begin;
	memmove(c->in, c->in + begin, c->n);
	c->seen = c->n;
	return rc;
}

static int make_room(struct call *c)
{
	size_t room = c->room ? c->room * 2 : READ_BYTES;
	char *p;

	if (c->n < c->room)
		return GO_ON;
	if (room > LINE_MAX_BYTES)
		return cli_fail(c->err, CLI_USAGE, CLI_CODE_IO,
				"what answers at %s is no timenoded: a line has no end", c->path);
	p = realloc(c->in, room);
	if (!p)
		return cli_fail(c->err, CLI_USAGE, CLI_CODE_IO, "no memory");
	c->in = p;
	c->room = room;
	return GO_ON;
}

static int read_some(struct call *c)
{
	int rc = make_room(c);
	ssize_t got;

	if (rc == GO_ON)
		rc = wait_for(c, POLLIN);
	if (rc != GO_ON)
		return rc;
	got = recv(c->fd, c->in + c->n, c->room - c->n, 0);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? GO_ON
							 : failed(c, "cannot read from the daemon");
	if (got == 0)
		return cli_fail(c->err, CLI_USAGE, CLI_CODE_IO,
				"the daemon closed the connection before the end of its answer");
	c->n += (size_t)got;
	return take_lines(c);
}

int client_call(const char *path, const char *command, json_object *args, unsigned timeout_ms,
		json_object *rows, struct cli_error *err)
{
	struct call c = { .path = path,
			  .fd = -1,
			  .timeout_ms = timeout_ms,
			  .deadline_ms = now_ms() + timeout_ms,
			  .rows = rows,
			  .err = err };
	int rc = open_socket(&c);

	if (rc == GO_ON)
		rc = send_request(&c, command, args);
	while (rc == GO_ON)
		rc = read_some(&c);
	if (c.fd >= 0)
		close(c.fd);
	free(c.in);
	return rc;
}
