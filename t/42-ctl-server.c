/* SPDX-License-Identifier: MIT
 * t/42-ctl-server.c - the control socket: lines in pieces, many rows, slow and many clients
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/ctlbed.h"

#define SECOND UINT64_C(1000000)

struct client {
	struct bed *b;
	struct env_conn *c;
	char *in;
	size_t n, room;
	bool connected, ended;
};

static void on_readable(void *arg)
{
	struct client *k = arg;
	long got;

	if (k->room - k->n < 65536) {
		k->room = 2 * k->room + 65536;
		k->in = realloc(k->in, k->room);
	}
	got = k->b->env->ops->read(k->c, k->in + k->n, k->room - k->n - 1);
	if (got > 0) {
		k->n += (size_t)got;
	} else if (got != -EAGAIN) {
		k->ended = true;
		k->b->env->ops->arm(k->c, false, false);
	}
}

static void on_connected(void *arg, int err)
{
	struct client *k = arg;

	k->connected = err == 0;
}

static const struct env_events events = { .readable = on_readable, .connected = on_connected };

static void join(struct client *k, struct bed *b, bool reads)
{
	*k = (struct client){ .b = b };
	k->c = world_connect_path(b->env, "ctl", &events, k);
	if (!k->c)
		bail_out("no control socket");
	world_run(b->world, world_now(b->world) + SECOND / 100);
	ok(k->connected, "connected");
	b->env->ops->arm(k->c, reads, false);
}

static void leave(struct client *k)
{
	k->b->env->ops->close(k->c, false);
	free(k->in);
	*k = (struct client){ 0 };
}

/* All of it, while the world turns. */
static void say_n(struct client *k, const char *text, size_t n)
{
	for (unsigned turns = 0; n > 0 && turns < 10000; turns++) {
		struct iovec v;
		long put;
		char *copy = malloc(n);

		memcpy(copy, text, n);
		v = (struct iovec){ copy, n };
		put = k->b->env->ops->writev(k->c, &v, 1);
		free(copy);
		if (put > 0) {
			text += put;
			n -= (size_t)put;
		}
		world_run(k->b->world, world_now(k->b->world) + 1000);
	}
}

static void say(struct client *k, const char *text)
{
	say_n(k, text, strlen(text));
}

static void run(struct bed *b, uint64_t us)
{
	world_run(b->world, world_now(b->world) + us);
}

/* Lines with this text; each line whole and one JSON object, else bad is counted. */
static unsigned lines(const struct client *k, const char *word, unsigned *bad)
{
	size_t at = 0;
	unsigned found = 0;

	*bad = 0;
	while (at < k->n) {
		char *lf = memchr(k->in + at, '\n', k->n - at);
		size_t n = lf ? (size_t)(lf - (k->in + at)) : k->n - at;
		json_tokener *t = json_tokener_new();
		json_object *o = json_tokener_parse_ex(t, k->in + at, (int)n);

		*bad += !lf || !json_object_is_type(o, json_type_object);
		found += memmem(k->in + at, n, word, strlen(word)) != NULL;
		json_object_put(o);
		json_tokener_free(t);
		at += n + 1;
	}
	return found;
}

static void count(const struct client *k, const char *word, unsigned want, const char *what)
{
	unsigned bad, n = lines(k, word, &bad);

	is_uint(n, want, "%s", what);
	is_uint(bad, 0, "all lines are whole");
}

static void in_pieces(struct bed *b)
{
	static const char text[] = "{\"id\":1,\"cmd\":\"echo\",\"args\":{\"n\":5}}\n"
				   "\r\n\n"
				   "{\"id\":2,\"cmd\":\"nix\"}\r\n"
				   "{\"id\":3,\"cmd\":\"echo\",\"args\":{\"n\":6}}";
	struct client k;
	char *two;

	join(&k, b, true);
	for (size_t i = 0; text[i]; i++)
		say_n(&k, text + i, 1);
	run(b, SECOND);
	count(&k, "\"id\":1,\"row\":{\"n\":5", 1, "a request byte by byte is answered");
	count(&k, "\"id\"", 3, "blank lines are not, nor is one without its end");
	b->env->ops->shut(k.c);
	run(b, SECOND);
	count(&k, "\"id\":3,\"row\":{\"n\":6", 1, "the end of the stream ends a line too");
	count(&k, "\"id\"", 5, "row, end, error, row, end");
	two = memmem(k.in, k.n, "\"id\":2,\"error\"", 14);
	ok(two && two < (char *)memmem(k.in, k.n, "\"id\":3", 6), "in the order of the requests");
	ok(k.ended, "then the connection is closed");
	leave(&k);
}

static void many_rows(struct bed *b)
{
	struct client k;

	join(&k, b, true);
	say(&k, "{\"id\":1,\"cmd\":\"many\",\"args\":{\"n\":1000,\"bytes\":5000}}\n");
	run(b, 60 * SECOND);
	count(&k, "\"row\"", 1000, "a thousand rows of 5 kB arrive");
	count(&k, "\"end\":0", 1, "and their end");
	ok(k.n > 5000000, "%zu bytes", k.n);
	leave(&k);
}

static void long_line(struct bed *b)
{
	char *text = malloc(80000);
	struct client k;

	memset(text, 'x', 80000);
	join(&k, b, true);
	say_n(&k, text, 65536);
	run(b, SECOND);
	is_uint(k.n, 0, "65536 bytes without an end are waited for");
	say_n(&k, "x", 1);
	run(b, SECOND);
	count(&k, "\"error\":\"a request line has at most", 1, "one more is refused");
	ok(k.ended, "and the connection closed");
	leave(&k);
	free(text);
}

static void never_reads(struct bed *b)
{
	struct bed_grep g = { "is cut off: it takes nothing", 0 };
	struct answer a = { 0 };
	struct client k;

	bed_grep(b, &g);
	join(&k, b, true);
	say(&k, "{\"id\":1,\"cmd\":\"echo\"}\n");
	run(b, 25 * SECOND);
	b->env->ops->arm(k.c, false, false);
	say(&k, "{\"id\":1,\"cmd\":\"many\",\"args\":{\"n\":1000,\"bytes\":5000}}\n");
	run(b, 25 * SECOND);
	is_uint(g.n, 0, "a client that does not read is borne with for a while");
	run(b, 10 * SECOND);
	is_uint(g.n, 1, "then it is cut off with a log line");
	b->env->ops->arm(k.c, true, false);
	run(b, 5 * SECOND);
	ok(k.ended, "it sees the end");
	is_int(bed_ask(b, &a, "{\"cmd\":\"status\"}"), 0, "the node lives on");
	leave(&k);
	answer_clear(&a);
	bed_grep(b, NULL);
}

/* More than may be queued: the client asks for it, and for ever more. */
static void too_much(struct bed *b)
{
	struct bed_grep g = { "is cut off: too much is queued", 0 };
	struct client k;

	bed_grep(b, &g);
	join(&k, b, false);
	say(&k, "{\"id\":1,\"cmd\":\"many\",\"args\":{\"n\":700,\"bytes\":50000}}\n");
	run(b, SECOND);
	is_uint(g.n, 1, "an answer over 32 MiB is cut off");
	leave(&k);
	run(b, SECOND);
	bed_grep(b, NULL);
}

/* 300 requests at once would be 60 MB of answers: they are run as the client reads. */
static void back_pressure(struct bed *b)
{
	struct bed_grep g = { "is cut off", 0 };
	char text[300 * 64];
	size_t n = 0;
	struct client k;

	bed_grep(b, &g);
	for (unsigned i = 0; i < 300; i++)
		n += (size_t)snprintf(
			text + n, sizeof text - n,
			"{\"id\":%u,\"cmd\":\"many\",\"args\":{\"n\":4,\"bytes\":50000}}\n", i);
	join(&k, b, false);
	say_n(&k, text, n);
	run(b, SECOND);
	b->env->ops->arm(k.c, true, false);
	for (unsigned s = 0; s < 600 && !k.ended && k.n < 60060000; s++)
		run(b, SECOND);
	count(&k, "\"row\"", 1200, "every row of 300 requests arrives");
	count(&k, "\"end\":0", 300, "every request has its end");
	is_uint(g.n, 0, "and nobody was cut off");
	leave(&k);
	bed_grep(b, NULL);
}

static void many_clients(struct bed *b)
{
	struct client k[17];

	for (unsigned i = 0; i < 17; i++) {
		join(&k[i], b, true);
		run(b, SECOND / 10);
	}
	for (unsigned i = 0; i < 16; i++)
		say(&k[i], "{\"id\":1,\"cmd\":\"status\"}\n");
	run(b, SECOND);
	for (unsigned i = 0; i < 16; i++)
		count(&k[i], "\"row\"", 1, "each of 16 clients is served");
	count(&k[16], "\"code\":-2}", 1, "the 17th is told that there are too many");
	ok(k[16].ended, "and closed");
	leave(&k[16]);
	leave(&k[3]);
	run(b, SECOND);
	join(&k[16], b, true);
	say(&k[16], "{\"id\":1,\"cmd\":\"status\"}\n");
	run(b, SECOND);
	count(&k[16], "\"row\"", 1, "when one has left there is room for it");
	for (unsigned i = 0; i < 17; i++)
		if (k[i].b)
			leave(&k[i]);
	run(b, SECOND);
}

/* 64 commands may wait: whoever leaves gives his places back, and his commands end for
 * nobody. */
static void held(struct bed *b)
{
	struct answer a = { 0 };
	struct client k;

	join(&k, b, true);
	for (unsigned i = 0; i < 64; i++)
		say(&k, "{\"id\":1,\"cmd\":\"later\",\"args\":{\"ms\":5000}}\n");
	run(b, SECOND);
	is_int(bed_ask(b, &a, "{\"cmd\":\"later\",\"args\":{\"ms\":1}}"), -2, "64 commands wait");
	leave(&k);
	run(b, SECOND);
	is_int(bed_ask(b, &a, "{\"cmd\":\"later\",\"args\":{\"ms\":1}}"), 0,
	       "the places of a client that has gone are free");
	run(b, 10 * SECOND);
	is_int(bed_ask(b, &a, "{\"cmd\":\"status\"}"), 0, "their ends do no harm");

	join(&k, b, true);
	say(&k,
	    "{\"id\":8,\"cmd\":\"later\",\"args\":{\"ms\":5000}}\n{\"id\":9,\"cmd\":\"echo\"}\n");
	run(b, SECOND);
	count(&k, "\"id\":9,\"end\"", 1, "a waiting command does not keep others up");
	count(&k, "\"id\":8", 0, "and has no answer yet");
	run(b, 10 * SECOND);
	count(&k, "\"id\":8", 2, "then it has row and end");
	leave(&k);
	answer_clear(&a);
}

int main(void)
{
	struct world *w = world_create(42);
	struct answer a = { 0 };
	struct client k;
	struct bed b;

	bed_open(&b, w, "127.0.0.1", "", "timenode/test");
	in_pieces(&b);
	many_rows(&b);
	long_line(&b);
	never_reads(&b);
	too_much(&b);
	back_pressure(&b);
	many_clients(&b);
	held(&b);

	join(&k, &b, true);
	say(&k, "{\"id\":8,\"cmd\":\"later\",\"args\":{\"ms\":5000}}\n");
	run(&b, SECOND);
	bed_close(&b);
	run(&b, SECOND);
	ok(k.ended, "a node that ends closes its clients");
	leave(&k);
	answer_clear(&a);
	world_free(w);
	return done_testing();
}
