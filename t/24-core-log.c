/* SPDX-License-Identifier: MIT
 * t/24-core-log.c - the log: shape of a line, levels, repeats, a peer's text, sinks
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_sink.h"
#include "lib/tap.h"

enum { KEEP = 4096 };

/* A clock that is set by hand, and the lines written. */
struct world {
	int64_t now;
	unsigned lines;
	enum log_level level[KEEP];
	char *line[KEEP];
};

static int64_t clock_of(void *arg)
{
	return ((struct world *)arg)->now;
}

static void keep_line(void *arg, enum log_level level, const char *line, size_t n)
{
	struct world *w = arg;

	if (w->lines == KEEP)
		bail_out("more than %d lines", KEEP);
	w->level[w->lines] = level;
	w->line[w->lines++] = strndup(line, n);
}

static struct logger *begin(struct world *w)
{
	struct logger *l;

	memset(w, 0, sizeof *w);
	w->now = 1795174083123456; /* 2026-11-20T11:28:03.123456Z */
	l = logger_create(&(struct log_out){ clock_of, keep_line, w });
	if (!l)
		bail_out("no memory");
	return l;
}

static void end(struct world *w)
{
	for (unsigned i = 0; i < w->lines; i++)
		free(w->line[i]);
	w->lines = 0;
}

static const char *last(const struct world *w)
{
	return w->lines ? w->line[w->lines - 1] : NULL;
}

static void test_shape(void)
{
	struct world w;
	struct logger *l = begin(&w);
	char big[3000];

	log_line(l, "net", LOG_LEVEL_INFO, "", "[OUTBOUND] %s %d", "text", 7);
	is_str(last(&w), "2026-11-20T11:28:03.123Z info net [OUTBOUND] text 7", "a line");
	log_line(l, "net", LOG_LEVEL_ERROR, "", "a\nb\tc\x1b[31m\x7f");
	is_str(last(&w), "2026-11-20T11:28:03.123Z error net a?b?c?[31m?",
	       "one call is one line, without control bytes");
	is_int(w.level[1], LOG_LEVEL_ERROR, "the level goes along");
	w.now = -1;
	log_line(l, "net", LOG_LEVEL_WARN, "", "before");
	is_str(last(&w), "1969-12-31T23:59:59.999Z warn net before", "a time before 1970");
	memset(big, 'x', sizeof big);
	big[sizeof big - 1] = 0;
	log_line(l, "net", LOG_LEVEL_INFO, "", "%s", big);
	is_uint(strlen(last(&w)), LOG_LINE_MAX, "a long line is cut");
	is_str(last(&w) + LOG_LINE_MAX - 4, "x...", "and says so");
	logger_free(l);
	is_uint(w.lines, 4, "nothing more at the end");
	end(&w);
}

static void test_levels(void)
{
	struct world w;
	struct logger *l = begin(&w);
	int rc = 0;

	ok(logger_wants(l, "net", LOG_LEVEL_INFO) && !logger_wants(l, "net", LOG_LEVEL_DEBUG),
	   "info is the level at first");
	is_int(logger_level(l, "net", LOG_LEVEL_DEBUG), 0, "a level for one subsystem");
	ok(logger_wants(l, "net", LOG_LEVEL_DEBUG), "it has it");
	ok(!logger_wants(l, "nets", LOG_LEVEL_DEBUG) && !logger_wants(l, "ne", LOG_LEVEL_DEBUG),
	   "others do not");
	log_line(l, "net", LOG_LEVEL_DEBUG, "", "yes");
	log_line(l, "bus", LOG_LEVEL_DEBUG, "", "no");
	is_uint(w.lines, 1, "lines are filtered by it");
	logger_level(l, "net", LOG_LEVEL_ERROR);
	ok(!logger_wants(l, "net", LOG_LEVEL_WARN) && logger_wants(l, "net", LOG_LEVEL_ERROR),
	   "set again: quieter than the rest");
	logger_level(l, NULL, LOG_LEVEL_WARN);
	ok(logger_wants(l, "net", LOG_LEVEL_WARN) && !logger_wants(l, "net", LOG_LEVEL_INFO),
	   "the level of all drops the single ones");
	is_int(logger_level(l, "", LOG_LEVEL_WARN), TN_EINVAL, "a subsystem has a name");
	for (int i = 0; i < LOG_LEVELS_MAX; i++) {
		char name[8];

		snprintf(name, sizeof name, "s%d", i);
		rc |= logger_level(l, name, LOG_LEVEL_DEBUG);
	}
	is_int(rc, 0, "as many levels as promised");
	is_int(logger_level(l, "one-more", LOG_LEVEL_DEBUG), TN_EFULL, "and no more");
	is_int(logger_level(l, "s3", LOG_LEVEL_INFO), 0, "a known one can still change");
	for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++) {
		const char *word = log_level_word((enum log_level)i);

		is_int(log_level_of(word, strlen(word)), i, "level word %s", word);
	}
	is_int(log_level_of("info", 3), -1, "part of a word is none");
	is_int(log_level_of("INFO", 4), -1, "capitals are none");
	logger_free(l);
	end(&w);
}

static void flood(struct logger *l, const char *subject, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		log_line(l, "net", LOG_LEVEL_WARN, subject, "refused %u", i);
}

static void test_repeats(void)
{
	struct world w;
	struct logger *l = begin(&w);

	flood(l, "1.2.3.4", 10);
	is_uint(w.lines, 10, "ten lines pass");
	ok(!logger_tick(l), "no sum is pending");
	flood(l, "1.2.3.4", 3512);
	is_uint(w.lines, 10, "the rest waits");
	log_line(l, "net", LOG_LEVEL_WARN, "5.6.7.8", "refused %u", 1);
	log_line(l, "net", LOG_LEVEL_WARN, "1.2.3.4", "closed");
	is_uint(w.lines, 12, "another subject and another format are not limited");
	w.now += 9999999;
	ok(logger_tick(l), "a sum is pending");
	is_uint(w.lines, 12, "but its time is not over");
	w.now += 1;
	ok(!logger_tick(l), "its time is over");
	is_str(last(&w), "2026-11-20T11:28:13.123Z warn net (3512 more lines like: refused 0)",
	       "the sum");
	is_uint(w.lines, 13, "one line");
	flood(l, "1.2.3.4", 11);
	is_uint(w.lines, 23, "then ten lines pass again");
	w.now -= 3600 * (int64_t)1000000;
	flood(l, "1.2.3.4", 1);
	is_uint(w.lines, 25, "a clock set back ends the time: sum and line");
	is_str(w.line[23] + 25, "warn net (1 more line like: refused 10)", "the sum of one");
	flood(l, "1.2.3.4", 14);
	logger_free(l);
	is_str(last(&w) + 25, "warn net (5 more lines like: refused 9)", "the end writes sums");
	end(&w);
}

static void test_repeat_time(void)
{
	struct world w;
	struct logger *l = begin(&w);

	flood(l, "a", 12);
	logger_repeat(l, 0);
	is_str(last(&w) + 25, "warn net (2 more lines like: refused 10)", "turned off: the sum");
	flood(l, "a", 100);
	is_uint(w.lines, 111, "no limit then");
	logger_repeat(l, 1000);
	flood(l, "a", 11);
	w.now += 1000000;
	ok(!logger_tick(l), "another repeat time");
	is_uint(w.lines, 122, "is kept to");
	logger_free(l);
	is_uint(w.lines, 122, "nothing is summed up twice");
	end(&w);
}

static unsigned long long sum_up(const struct world *w, unsigned *written)
{
	unsigned long long total = 0, more;

	*written = 0;
	for (unsigned i = 0; i < w->lines; i++) {
		const char *open = strchr(w->line[i], '(');

		if (open && sscanf(open, "(%llu more line", &more) == 1)
			total += more;
		else
			(*written)++;
	}
	return total;
}

/* A flood of subjects must neither write without bound nor lose a line. */
static void test_many_subjects(void)
{
	struct world w;
	struct logger *l = begin(&w);
	char subject[32];
	unsigned written;
	unsigned long long more;

	for (unsigned i = 0; i < 20000; i++) {
		snprintf(subject, sizeof subject, "peer %u", i);
		flood(l, subject, 1);
	}
	ok(w.lines < 300, "20000 subjects write %u lines", w.lines);
	log_line(l, "net", LOG_LEVEL_ERROR, "", "something else");
	is_str(last(&w) + 25, "error net something else", "another format still has its say");
	w.now += 10 * 1000000;
	ok(!logger_tick(l), "over");
	more = sum_up(&w, &written);
	is_uint(more + written, 20001, "every line is written or counted");
	logger_free(l);
	end(&w);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void test_many_formats(void)
{
	struct world w;
	struct logger *l = begin(&w);
	char fmt[32];
	unsigned written;
	unsigned long long more;

	for (unsigned i = 0; i < 5000; i++) {
		snprintf(fmt, sizeof fmt, "format %u %%u", i);
		log_line(l, "net", i == 4999 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "", fmt, i);
	}
	ok(w.lines < 400, "5000 formats write %u lines", w.lines);
	logger_free(l);
	more = sum_up(&w, &written);
	is_uint(more + written, 5000, "every line is written or counted");
	ok(strncmp(last(&w) + 25, "error net (", 11) == 0, "the sum is as grave as its gravest");
	end(&w);
}
#pragma GCC diagnostic pop

static void test_safe(void)
{
	char buf[LOG_SAFE_MAX], in[400];

	is_str(log_safe(buf, "plain ~text", 11), "plain ~text", "plain text stays");
	is_str(log_safe(buf, "", 0), "", "nothing");
	is_str(log_safe(buf, "a\0\n\x1b\xc3\xa9\x7f", 7), "a\\x00\\x0a\\x1b\\xc3\\xa9\\x7f",
	       "control and non-ASCII bytes");
	is_str(log_safe(buf, "\\x41", 4), "\\x5cx41", "an escape cannot be faked");
	memset(in, 'y', sizeof in);
	is_uint(strlen(log_safe(buf, in, 120)), 120, "120 bytes fit");
	ok(!strchr(buf, '.'), "uncut");
	is_uint(strlen(log_safe(buf, in, 121)), 123, "121 are cut");
	is_str(buf + 119, "y...", "with dots");
	memset(in + 118, 1, 5);
	is_str(log_safe(buf, in, sizeof in) + 117, "y...", "an escape is never cut in two");
}

static void write_sink(struct sink *s, const char *line)
{
	sink_write(s, LOG_LEVEL_INFO, line, strlen(line));
}

static void is_file(const char *path, const char *want, const char *what)
{
	char *got = tap_slurp(path, NULL);

	is_str(got, want, "%s", what);
	free(got);
}

static void test_file(void)
{
	struct sink *s = sink_create();
	struct tn_error err;
	struct stat st;
	char path[300], moved[310], want[400];

	snprintf(path, sizeof path, "%s/log", tap_tmpdir());
	snprintf(moved, sizeof moved, "%s.1", path);
	is_int(sink_set(s, "file", path, &err), 0, "a file");
	write_sink(s, "one");
	rename(path, moved);
	write_sink(s, "two");
	is_int(sink_reopen(s, &err), 0, "reopened");
	write_sink(s, "three");
	is_file(moved, "one\ntwo\n", "the moved file has what came before");
	is_file(path, "three\n", "the new one what came after");
	is_int(sink_set(s, "file", path, &err), 0, "the same again");
	write_sink(s, "four");
	is_file(path, "three\nfour\n", "appends");
	ok(stat(path, &st) == 0 && (st.st_mode & 0777 & ~0640) == 0, "nobody else reads it");
	snprintf(moved, sizeof moved, "%s/none/log", tap_tmpdir());
	snprintf(want, sizeof want, "log.file: cannot open %s: No such file or directory", moved);
	is_int(sink_set(s, "file", moved, &err), TN_EIO, "a file that cannot be");
	is_str(err.text, want, "says so");
	is_int(sink_set(s, "paper", "", &err), TN_EINVAL, "an unknown word");
	is_str(err.text, "log.to: found \"paper\", expected stderr, file or syslog", "says so");
	write_sink(s, "five");
	is_file(path, "three\nfour\nfive\n", "both change nothing");
	sink_free(s);
}

/* A file that may not grow stands for a full disk. */
static void test_missing(void)
{
	struct sink *s = sink_create();
	struct rlimit old, small = { 10, RLIM_INFINITY };
	struct tn_error err;
	char path[300];

	snprintf(path, sizeof path, "%s/full", tap_tmpdir());
	sink_set(s, "file", path, &err);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	write_sink(s, "first");
	write_sink(s, "second");
	write_sink(s, "third");
	setrlimit(RLIMIT_FSIZE, &old);
	write_sink(s, "fourth");
	write_sink(s, "fifth");
	is_file(path,
		"first\nseco\n(2 log lines are missing here: File too large)\nfourth\nfifth\n",
		"lines that could not be written are counted");
	sink_free(s);
}

/* stderr of a real process, in a child's place. */
static void test_stderr(void)
{
	struct sink *s = sink_create();
	char path[300];
	int keep = dup(2), fd;

	snprintf(path, sizeof path, "%s/stderr", tap_tmpdir());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 2);
	write_sink(s, "to stderr");
	sink_set(s, "syslog", "", NULL);
	sink_set(s, "stderr", "", NULL);
	is_int(sink_reopen(s, NULL), 0, "nothing to reopen");
	write_sink(s, "again");
	dup2(keep, 2);
	close(keep);
	close(fd);
	is_file(path, "to stderr\nagain\n", "stderr at first, and again after syslog");
	sink_free(s);
}

int main(void)
{
	test_shape();
	test_levels();
	test_repeats();
	test_repeat_time();
	test_many_subjects();
	test_many_formats();
	test_safe();
	test_file();
	test_missing();
	test_stderr();
	return done_testing();
}
