/* SPDX-License-Identifier: MIT
 * cli/top_compare.c - two samples of one node become rates, busiest first, and a page
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "cli.h"

enum { BINS = 5 };

static uint64_t number(json_object *row, const char *key)
{
	json_object *v = NULL;

	return row && json_object_object_get_ex(row, key, &v) ? json_object_get_uint64(v) : 0;
}

static const char *text(json_object *row, const char *key)
{
	json_object *v = NULL;
	const char *p =
		row && json_object_object_get_ex(row, key, &v) ? json_object_get_string(v) : NULL;

	return p ? p : "";
}

static void put(json_object *row, const char *key, json_object *v)
{
	if (!v || json_object_object_add(row, key, v) != 0)
		json_object_put(v);
}

static void copy(json_object *to, json_object *from, const char *key)
{
	json_object *v = NULL;

	if (json_object_object_get_ex(from, key, &v))
		put(to, key, json_object_get(v));
}

/* A second; what a new session or a restarted node counted has begun at zero. */
static uint64_t rate(json_object *was, json_object *is, const char *key, double seconds)
{
	uint64_t a = number(was, key), b = number(is, key);

	return (uint64_t)((double)(b >= a ? b - a : b) / seconds + 0.5);
}

static void put_rate(json_object *to, const char *name, json_object *was, json_object *is,
		     const char *key, double seconds)
{
	put(to, name, json_object_new_uint64(rate(was, is, key, seconds)));
}

/* ---- rows of before, found by a key */

static json_object *index_of(json_object *rows, const char *key)
{
	json_object *index = json_object_new_object();

	for (size_t i = 0; index && rows && i < json_object_array_length(rows); i++) {
		json_object *row = json_object_array_get_idx(rows, i);

		json_object_object_add(index, text(row, key), json_object_get(row));
	}
	return index;
}

static json_object *found(json_object *index, json_object *row, const char *key)
{
	json_object *v = NULL;

	if (index)
		json_object_object_get_ex(index, text(row, key), &v);
	return v;
}

/* ---- messages and peers */

static json_object *message_row(json_object *was, json_object *is, double seconds)
{
	json_object *row = json_object_new_object();

	if (!row)
		return NULL;
	copy(row, is, "message");
	put_rate(row, "in_rate", was, is, "received", seconds);
	put_rate(row, "out_rate", was, is, "sent", seconds);
	copy(row, is, "received");
	copy(row, is, "sent");
	copy(row, is, "refused_in");
	copy(row, is, "refused_out");
	copy(row, is, "waiting");
	copy(row, is, "queued");
	return row;
}

static json_object *peer_row(json_object *was, json_object *is, double seconds)
{
	static const char *const same[] = { "ip", "port", "dir", "state", "up_s", "rtt_us" };
	json_object *row = json_object_new_object();

	if (!row)
		return NULL;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		copy(row, is, same[i]);
	put_rate(row, "in_rate", was, is, "received", seconds);
	put_rate(row, "out_rate", was, is, "sent", seconds);
	put_rate(row, "bytes_in_rate", was, is, "bytes_in", seconds);
	put_rate(row, "bytes_out_rate", was, is, "bytes_out", seconds);
	copy(row, is, "queued");
	copy(row, is, "agent");
	return row;
}

/* Messages a second first, then bytes, then what was ever received and sent. */
static int by_traffic(const void *a, const void *b)
{
	static const char *const keys[][2] = { { "in_rate", "out_rate" },
					       { "bytes_in_rate", "bytes_out_rate" },
					       { "received", "sent" } };
	json_object *x = *(json_object *const *)a, *y = *(json_object *const *)b;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		uint64_t m = number(x, keys[i][0]) + number(x, keys[i][1]);
		uint64_t n = number(y, keys[i][0]) + number(y, keys[i][1]);

		if (m != n)
			return m < n ? 1 : -1;
	}
	return strcmp(text(x, "ip"), text(y, "ip"));
}

typedef json_object *row_fn(json_object *was, json_object *is, double seconds);

static json_object *compare_rows(json_object *was, json_object *is, const char *key, row_fn *fn,
				 double seconds)
{
	json_object *out = json_object_new_array(), *index = index_of(was, key);

	for (size_t i = 0; out && is && i < json_object_array_length(is); i++) {
		json_object *row = json_object_array_get_idx(is, i);

		json_object_array_add(out, fn(found(index, row, key), row, seconds));
	}
	if (out)
		json_object_array_sort(out, by_traffic);
	json_object_put(index);
	return out;
}

/* ---- the node */

/* The bin in which the turn lies that so many of a thousand do not exceed. */
static const char *percentile(json_object *was, json_object *is, unsigned permille)
{
	static const char *const key[BINS] = { "loop_1ms", "loop_10ms", "loop_100ms", "loop_1s",
					       "loop_longer" };
	static const char *const below[BINS] = { "<1ms", "<10ms", "<100ms", "<1s", ">1s" };
	uint64_t count[BINS], all = 0, sum = 0;
	unsigned i;

	for (i = 0; i < BINS; i++)
		all += count[i] = rate(was, is, key[i], 1);
	for (i = 0; all && i < BINS; i++) {
		sum += count[i];
		if (sum * 1000 >= all * permille)
			return below[i];
	}
	return "-";
}

static uint64_t sum_of(json_object *rows, const char *key)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < json_object_array_length(rows); i++)
		sum += number(json_object_array_get_idx(rows, i), key);
	return sum;
}

static json_object *node_row(const struct top_sample *was, const struct top_sample *is,
			     json_object *messages, json_object *peers)
{
	static const char *const same[] = {
		"version",      "network",       "uptime_s",      "in",
		"out",          "handshaking",   "legacy",        "audit",
		"queued_bytes", "partial_bytes", "loop_worst_us", "loop_held"
	};
	json_object *row = json_object_new_object();

	if (!row)
		return NULL;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		copy(row, is->status, same[i]);
	put(row, "in_rate", json_object_new_uint64(sum_of(messages, "in_rate")));
	put(row, "out_rate", json_object_new_uint64(sum_of(messages, "out_rate")));
	put(row, "bytes_in_rate", json_object_new_uint64(sum_of(peers, "bytes_in_rate")));
	put(row, "bytes_out_rate", json_object_new_uint64(sum_of(peers, "bytes_out_rate")));
	put(row, "loop_50", json_object_new_string(percentile(was->status, is->status, 500)));
	put(row, "loop_99", json_object_new_string(percentile(was->status, is->status, 990)));
	put(row, "loop_999", json_object_new_string(percentile(was->status, is->status, 999)));
	return row;
}

json_object *top_compare(const struct top_sample *was, const struct top_sample *is)
{
	double seconds = is->at_s - was->at_s > 0.01 ? is->at_s - was->at_s : 0.01;
	json_object *top = json_object_new_object(), *messages, *peers;

	messages = compare_rows(was->messages, is->messages, "message", message_row, seconds);
	peers = compare_rows(was->peers, is->peers, "sid", peer_row, seconds);
	if (top && messages && peers)
		put(top, "node", node_row(was, is, messages, peers));
	if (top) {
		put(top, "messages", messages);
		put(top, "peers", peers);
	}
	return top;
}

/* ---- for people */

/* Texts of the node may hold what a plugin or a peer wrote. */
static void print_safe(FILE *out, const char *p)
{
	for (; *p; p++)
		fputc((unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p, out);
}

static void print_node(FILE *out, json_object *n)
{
	uint64_t up = number(n, "uptime_s");

	fprintf(out, "timenode ");
	print_safe(out, text(n, "version"));
	fprintf(out, ", ");
	print_safe(out, text(n, "network"));
	fprintf(out,
		", up %" PRIu64 ":%02u:%02u; sessions: %" PRIu64 " in, %" PRIu64 " out, %" PRIu64
		" in handshake; audit: ",
		up / 3600, (unsigned)(up / 60 % 60), (unsigned)(up % 60), number(n, "in"),
		number(n, "out"), number(n, "handshaking"));
	print_safe(out, text(n, "audit"));
	fprintf(out,
		"\nmessages/s: %" PRIu64 " in, %" PRIu64 " out; bytes/s: %" PRIu64 " in, %" PRIu64
		" out; waiting: %" PRIu64 " B to send, %" PRIu64 " B of unfinished lines\n",
		number(n, "in_rate"), number(n, "out_rate"), number(n, "bytes_in_rate"),
		number(n, "bytes_out_rate"), number(n, "queued_bytes"), number(n, "partial_bytes"));
	fprintf(out, "turns of the loop: 50%% %s, 99%% %s, 99.9%% %s; worst %.1f ms; held by: ",
		text(n, "loop_50"), text(n, "loop_99"), text(n, "loop_999"),
		(double)number(n, "loop_worst_us") / 1e3);
	print_safe(out, *text(n, "loop_held") ? text(n, "loop_held") : "nobody");
	fputc('\n', out);
}

static void print_first(FILE *out, json_object *top, const char *key, unsigned rows)
{
	json_object *all = NULL, *some = json_object_new_array();

	json_object_object_get_ex(top, key, &all);
	for (unsigned i = 0; some && all && i < rows && i < json_object_array_length(all); i++)
		json_object_array_add(some, json_object_get(json_object_array_get_idx(all, i)));
	fputc('\n', out);
	if (some)
		table_print(out, some, false);
	json_object_put(some);
}

/* Half of what is left goes to messages, unless there are fewer. */
void top_print(FILE *out, json_object *top, unsigned rows)
{
	unsigned left = rows > 10 ? rows - 7 : 3, half = left / 2, n;
	json_object *node = NULL, *messages = NULL;

	if (json_object_object_get_ex(top, "node", &node))
		print_node(out, node);
	json_object_object_get_ex(top, "messages", &messages);
	n = messages ? (unsigned)json_object_array_length(messages) : 0;
	n = n < half ? n : half;
	print_first(out, top, "messages", n);
	print_first(out, top, "peers", left - n);
}
