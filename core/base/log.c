/* SPDX-License-Identifier: MIT
 * core/base/log.c - formats and filters log lines, limits repeats
 */
#include "config.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Places of the repeat table: single (format, subject) keys, then one key per format
 * for the time when those are all taken, then one for everything.
 */
enum { SINGLES = 256, FORMATS = 63, PLACES = SINGLES + FORMATS + 1 };
enum { SAMPLE_MAX = 200 };

struct repeat {
	int64_t since; /* wall clock of its first line */
	uint64_t lines;
	enum log_level level;
	char subsystem[LOG_SUBSYSTEM_MAX];
	char sample[SAMPLE_MAX]; /* text of the first line that was not written */
};

struct single {
	char subsystem[LOG_SUBSYSTEM_MAX];
	enum log_level level;
};

struct logger {
	struct log_out out;
	enum log_level level;
	uint32_t singles, taken; /* taken: places with a key */
	int64_t window;          /* microseconds, 0: no limit */
	struct single single[LOG_LEVELS_MAX];
	uint64_t key[PLACES]; /* 0: free; apart from the rest, for they are searched */
	struct repeat repeat[PLACES];
};

static const char *const words[] = { "error", "warn", "info", "debug" };

struct logger *logger_create(const struct log_out *out)
{
	struct logger *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->out = *out;
	l->level = LOG_LEVEL_INFO;
	l->window = 10 * 1000000;
	return l;
}

int log_level_of(const char *word, size_t n)
{
	for (int i = 0; i < (int)(sizeof words / sizeof *words); i++)
		if (strlen(words[i]) == n && memcmp(words[i], word, n) == 0)
			return i;
	return -1;
}

const char *log_level_word(enum log_level level)
{
	return words[level];
}

static struct single *find_single(struct logger *l, const char *subsystem)
{
	for (uint32_t i = 0; i < l->singles; i++)
		if (strcmp(l->single[i].subsystem, subsystem) == 0)
			return &l->single[i];
	return NULL;
}

int logger_level(struct logger *l, const char *subsystem, enum log_level level)
{
	struct single *s;

	if (!subsystem) {
		l->level = level;
		l->singles = 0;
		return 0;
	}
	if (!*subsystem || strlen(subsystem) >= LOG_SUBSYSTEM_MAX)
		return TN_EINVAL;
	s = find_single(l, subsystem);
	if (!s) {
		if (l->singles == LOG_LEVELS_MAX)
			return TN_EFULL;
		s = &l->single[l->singles++];
		strcpy(s->subsystem, subsystem);
	}
	s->level = level;
	return 0;
}

bool logger_wants(const struct logger *l, const char *subsystem, enum log_level level)
{
	for (uint32_t i = 0; i < l->singles; i++)
		if (strcmp(l->single[i].subsystem, subsystem) == 0)
			return level <= l->single[i].level;
	return level <= l->level;
}

/* ---- one line */

static size_t put_stamp(char *buf, size_t room, int64_t us)
{
	time_t s = (time_t)(us / 1000000);
	int rest = (int)(us % 1000000);
	struct tm tm;

	if (rest < 0) {
		rest += 1000000;
		s--;
	}
	if (!gmtime_r(&s, &tm))
		memset(&tm, 0, sizeof tm);
	return (size_t)snprintf(buf, room, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
				tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
				rest / 1000);
}

/* buf holds a text of which `n` bytes were wanted: marks a cut. Returns its length. */
static size_t mark_cut(char *buf, size_t room, size_t n)
{
	if (n < room)
		return n;
	memcpy(buf + room - 4, "...", 4);
	return room - 1;
}

static size_t format(char *buf, size_t room, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static size_t format(char *buf, size_t room, const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, room, fmt, ap);

	if (n < 0) /* a wide character without an encoding: say what was meant */
		n = snprintf(buf, room, "(not printable: %s)", fmt);
	return mark_cut(buf, room, (size_t)n);
}

static void write_text(struct logger *l, const char *subsystem, enum log_level level, int64_t now,
		       const char *text)
{
	char line[LOG_LINE_MAX + 1], stamp[64];
	size_t n;

	put_stamp(stamp, sizeof stamp, now);
	n = (size_t)snprintf(line, sizeof line, "%s %s %.*s %s", stamp, words[level],
			     LOG_SUBSYSTEM_MAX - 1, subsystem, text);
	n = mark_cut(line, sizeof line, n);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	l->out.write(l->out.arg, level, line, n);
}

/* ---- repeats */

static uint64_t mix(uint64_t h, const char *s)
{
	/* FNV-1a with the NUL, so that ("ab", "c") is not ("a", "bc") */
	do
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	while (*s++);
	return h;
}

static bool is_over(const struct logger *l, const struct repeat *r, int64_t now)
{
	/* a clock that was set back ends the window too */
	return now < r->since || (uint64_t)now - (uint64_t)r->since >= (uint64_t)l->window;
}

static bool has_sum(const struct repeat *r)
{
	return r->lines > LOG_REPEATS;
}

static void release(struct logger *l, size_t i, int64_t now)
{
	struct repeat *r = &l->repeat[i];
	uint64_t more = r->lines - LOG_REPEATS;
	char text[SAMPLE_MAX + 64];

	if (has_sum(r)) {
		snprintf(text, sizeof text, "(%llu more line%s like: %s)", (unsigned long long)more,
			 more == 1 ? "" : "s", r->sample);
		write_text(l, r->subsystem, r->level, now, text);
	}
	l->key[i] = 0;
	l->taken--;
	r->lines = 0;
}

/* The place of `key` among from..to: its own or a free one, PLACES if all are taken. */
static size_t find_place(struct logger *l, uint64_t key, size_t from, size_t to, int64_t now)
{
	size_t free_place = PLACES;

	for (size_t i = from; i < to; i++) {
		if (l->key[i] == key)
			return i;
		if (free_place == PLACES && l->key[i] == 0)
			free_place = i;
	}
	for (size_t i = from; i < to && free_place == PLACES; i++) {
		if (is_over(l, &l->repeat[i], now)) {
			release(l, i, now);
			free_place = i;
		}
	}
	return free_place;
}

static size_t choose_place(struct logger *l, const char *fmt, const char *subject, int64_t now)
{
	uint64_t by_format = mix(0xcbf29ce484222325u, fmt) | 1;
	uint64_t key = mix(by_format, subject) | 1;
	size_t i = find_place(l, key, 0, SINGLES, now);

	if (i == PLACES) {
		key = by_format;
		i = find_place(l, key, SINGLES, SINGLES + FORMATS, now);
	}
	if (i == PLACES) {
		key = 1;
		i = PLACES - 1;
	}
	if (l->key[i] && is_over(l, &l->repeat[i], now))
		release(l, i, now);
	if (!l->key[i]) {
		l->key[i] = key;
		l->taken++;
		l->repeat[i].since = now;
	}
	return i;
}

/* Counts the line; true if it is one too many and was remembered instead. */
static bool absorb(struct logger *l, size_t place, const char *subsystem, enum log_level level,
		   const char *text)
{
	struct repeat *r = &l->repeat[place];

	r->lines++;
	if (!has_sum(r))
		return false;
	if (r->lines == LOG_REPEATS + 1) {
		r->level = level;
		snprintf(r->subsystem, sizeof r->subsystem, "%s", subsystem);
		mark_cut(r->sample, sizeof r->sample,
			 (size_t)snprintf(r->sample, sizeof r->sample, "%s", text));
	}
	if (level < r->level) /* a shared key: the sum is as grave as the gravest line */
		r->level = level;
	return true;
}

void log_vline(struct logger *l, const char *subsystem, enum log_level level, const char *subject,
	       const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX];
	int64_t now;

	if (!logger_wants(l, subsystem, level))
		return;
	now = l->out.wall_us(l->out.arg);
	format(text, sizeof text, fmt, ap);
	if (l->window && absorb(l, choose_place(l, fmt, subject, now), subsystem, level, text))
		return;
	write_text(l, subsystem, level, now, text);
}

void log_line(struct logger *l, const char *subsystem, enum log_level level, const char *subject,
	      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vline(l, subsystem, level, subject, fmt, ap);
	va_end(ap);
}

static void release_all(struct logger *l)
{
	int64_t now = l->out.wall_us(l->out.arg);

	for (size_t i = 0; i < PLACES; i++)
		if (l->key[i])
			release(l, i, now);
}

void logger_repeat(struct logger *l, uint64_t ms)
{
	int64_t window = ms > INT64_MAX / 1000 ? INT64_MAX : (int64_t)ms * 1000;

	if (window == 0)
		release_all(l);
	l->window = window;
}

bool logger_tick(struct logger *l)
{
	int64_t now = l->out.wall_us(l->out.arg);
	bool pending = false;

	for (size_t i = 0; l->taken && i < PLACES; i++) {
		if (!l->key[i])
			continue;
		if (is_over(l, &l->repeat[i], now))
			release(l, i, now);
		else if (has_sum(&l->repeat[i]))
			pending = true;
	}
	return pending;
}

void logger_free(struct logger *l)
{
	if (!l)
		return;
	release_all(l);
	free(l);
}

/* ---- a peer's text */

const char *log_safe(char buf[LOG_SAFE_MAX], const void *p, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = p;
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		bool plain = s[i] >= 0x20 && s[i] < 0x7f && s[i] != '\\';

		if (used + (plain ? 1 : 4) > 120) {
			memcpy(buf + used, "...", 3);
			used += 3;
			break;
		}
		if (plain) {
			buf[used++] = (char)s[i];
			continue;
		}
		memcpy(buf + used, "\\x", 2);
		buf[used + 2] = hex[s[i] >> 4];
		buf[used + 3] = hex[s[i] & 15];
		used += 4;
	}
	buf[used] = 0;
	return buf;
}
