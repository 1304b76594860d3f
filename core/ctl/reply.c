/* SPDX-License-Identifier: MIT
 * core/ctl/reply.c - rows and ends as lines of JSON
 *
 * Written by hand because a row is a flat list of few kinds and numbers are full u64.
 * Without memory a row is left out and the request ends with an error, so that nobody
 * takes a table with holes for a whole one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ctl/impl.h"

static bool grow(struct text *t, size_t more)
{
	size_t room = t->room ? t->room : 512;
	char *p;

	while (room - t->n < more)
		room *= 2;
	if (room == t->room)
		return true;
	p = realloc(t->p, room);
	if (!p) {
		t->bad = true;
		return false;
	}
	t->p = p;
	t->room = room;
	return true;
}

static void add(struct text *t, const char *p, size_t n)
{
	if (t->bad || !grow(t, n))
		return;
	memcpy(t->p + t->n, p, n);
	t->n += n;
}

static void add_z(struct text *t, const char *z)
{
	add(t, z, strlen(z));
}

/* Bytes of the UTF-8 sequence at p, 0 if there is none (also for surrogates). */
static size_t sequence(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (len == 0 || len > n || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static void add_escaped(struct text *t, unsigned char c)
{
	char hex[8];

	snprintf(hex, sizeof(hex), "\\u%04x", c);
	add(t, hex, 6);
}

/* Bytes that are no UTF-8 become U+FFFD: an answer is always valid JSON. */
static void add_string(struct text *t, const char *p, size_t n)
{
	add(t, "\"", 1);
	for (size_t i = 0, len; i < n; i += len ? len : 1) {
		len = sequence(p + i, n - i);
		if (len == 0)
			add_z(t, "\\ufffd");
		else if (p[i] == '"' || p[i] == '\\')
			add(t, (const char[]){ '\\', p[i] }, 2);
		else if (len == 1 && ((unsigned char)p[i] < 0x20 || p[i] == 0x7f))
			add_escaped(t, (unsigned char)p[i]);
		else
			add(t, p + i, len);
	}
	add(t, "\"", 1);
}

static void begin(struct request *r, const char *what)
{
	r->out.n = 0;
	r->out.bad = false;
	add_z(&r->out, "{\"id\":");
	add_z(&r->out, r->id);
	add_z(&r->out, what);
}

/* What a client does with it is no part of a recording. */
static void hand_out(struct request *r, const char *json, size_t n, bool last)
{
	struct env *env = r->ctl->set.env;

	env->quiet++;
	r->fn(r->arg, json, n, last);
	env->quiet--;
}

static void give(struct request *r, bool last)
{
	if (r->out.bad)
		r->lost = true;
	else
		hand_out(r, r->out.p, r->out.n, last);
}

static void key(struct request *r, const char *name)
{
	if (r->comma)
		add(&r->out, ",", 1);
	r->comma = true;
	add_string(&r->out, name, strlen(name));
	add(&r->out, ":", 1);
}

void reply_row(struct request *r)
{
	begin(r, ",\"row\":{");
	r->comma = false;
}

void reply_text(struct request *r, const char *name, const char *value)
{
	key(r, name);
	if (value)
		add_string(&r->out, value, strlen(value));
	else
		add_z(&r->out, "null");
}

void reply_ip(struct request *r, const char *name, const struct tn_addr *a)
{
	char text[TN_ADDR_TEXT];

	reply_text(r, name, tn_addr_ip_text(a, text));
}

void reply_u64(struct request *r, const char *name, uint64_t v)
{
	char text[24];

	key(r, name);
	snprintf(text, sizeof(text), "%" PRIu64, v);
	add_z(&r->out, text);
}

void reply_i64(struct request *r, const char *name, int64_t v)
{
	char text[24];

	key(r, name);
	snprintf(text, sizeof(text), "%" PRId64, v);
	add_z(&r->out, text);
}

void reply_bool(struct request *r, const char *name, bool v)
{
	key(r, name);
	add_z(&r->out, v ? "true" : "false");
}

void reply_null(struct request *r, const char *name)
{
	reply_text(r, name, NULL);
}

void reply_time(struct request *r, const char *name, int64_t wall_us)
{
	time_t s = (time_t)(wall_us / 1000000);
	int ms = (int)(wall_us / 1000 % 1000);
	char day[32], text[48];
	struct tm tm;

	if (wall_us < 0 || !gmtime_r(&s, &tm) ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
		reply_null(r, name);
		return;
	}
	snprintf(text, sizeof(text), "%s.%03dZ", day, ms);
	reply_text(r, name, text);
}

void reply_open(struct request *r, const char *name)
{
	key(r, name);
	add(&r->out, "{", 1);
	r->comma = false;
}

void reply_close(struct request *r)
{
	add(&r->out, "}", 1);
	r->comma = true;
}

void reply_send(struct request *r)
{
	add_z(&r->out, "}}");
	give(r, false);
}

void reply_raw(struct request *r, const char *json, size_t n)
{
	begin(r, ",\"row\":");
	add(&r->out, json, n);
	add(&r->out, "}", 1);
	give(r, false);
}

/* The one line that must come even without memory. */
static void give_fixed(struct request *r)
{
	char text[CTL_ID_MAX + 80];
	int n = snprintf(text, sizeof(text), "{\"id\":%s,\"error\":\"no memory\",\"code\":%d}",
			 r->id, TN_ENOMEM);

	hand_out(r, text, (size_t)n, true);
}

void reply_end(struct request *r, int code, const char *error)
{
	if (code == 0 && r->lost) {
		code = TN_ENOMEM;
		error = "no memory: rows are missing";
	}
	begin(r, code ? ",\"error\":" : ",\"end\":0}");
	r->comma = true;
	if (code) {
		add_string(&r->out, error, strlen(error));
		reply_i64(r, "code", code);
		add(&r->out, "}", 1);
	}
	if (r->out.bad)
		give_fixed(r);
	else
		give(r, true);
}

void reply_join(char *buf, size_t room, const char *word)
{
	size_t n = strlen(buf);

	if (n + 1 + strlen(word) < room)
		snprintf(buf + n, room - n, "%s%s", n ? "," : "", word);
}
