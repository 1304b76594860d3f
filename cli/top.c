/* SPDX-License-Identifier: MIT
 * cli/top.c - a live screen of what one node does, drawn again each second
 *
 * The terminal's other screen is used, and given back on q, Ctrl-C, SIGTERM and SIGHUP;
 * Ctrl-Z gives it back for as long as the program stands still.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

enum { PERIOD_MS = 1000, ANSWER_MS = 2000, ROWS = 24, COLUMNS = 80, ROWS_MAX = 40 };
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"

struct top {
	const struct cli_options *o;
	const char *path;
	struct top_sample was, is;
	struct termios before;
	bool terminal; /* `before` is to be restored */
	bool keyboard; /* there may be keys */
	int signals;
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- samples */

static void sample_clear(struct top_sample *s)
{
	json_object_put(s->status);
	json_object_put(s->messages);
	json_object_put(s->peers);
	*s = (struct top_sample){ 0 };
}

static json_object *ask(const struct top *t, const char *command, int *result,
			struct cli_error *err)
{
	json_object *rows = json_object_new_array(), *args = json_object_new_object();
	unsigned ms = t->o->timeout_ms < ANSWER_MS ? t->o->timeout_ms : ANSWER_MS;

	if (*result == CLI_DONE)
		*result = rows && args ? client_call(t->path, command, args, ms, rows, err)
				       : cli_fail(err, CLI_USAGE, CLI_CODE_IO, "no memory");
	json_object_put(args);
	return rows;
}

static int sample(const struct top *t, struct top_sample *s, struct cli_error *err)
{
	json_object *status;
	int result = CLI_DONE;

	status = ask(t, "status", &result, err);
	s->messages = ask(t, "messages", &result, err);
	s->peers = ask(t, "peers", &result, err);
	s->at_s = now_s();
	s->status = json_object_get(status ? json_object_array_get_idx(status, 0) : NULL);
	json_object_put(status);
	if (result == CLI_DONE && !s->status)
		result = cli_fail(err, CLI_USAGE, CLI_CODE_IO, "status has no row");
	if (result != CLI_DONE)
		sample_clear(s);
	return result;
}

/* ---- once */

static int print_once(struct top *t, struct cli_error *err)
{
	const struct timespec second = { 1, 0 };
	int result = sample(t, &t->was, err);
	json_object *top;

	if (result != CLI_DONE)
		return result;
	nanosleep(&second, NULL);
	result = sample(t, &t->is, err);
	if (result != CLI_DONE)
		return result;
	top = top_compare(&t->was, &t->is);
	if (!top)
		return cli_fail(err, CLI_USAGE, CLI_CODE_IO, "no memory");
	if (t->o->json)
		puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PLAIN |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		top_print(stdout, top, ROWS_MAX);
	json_object_put(top);
	return CLI_DONE;
}

/* ---- the screen */

static void enter(struct top *t)
{
	struct termios raw;

	t->terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &t->before) == 0;
	t->keyboard = t->terminal;
	if (t->terminal) {
		raw = t->before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fputs(ENTER, stdout);
	fflush(stdout);
}

static void leave(struct top *t)
{
	fputs(LEAVE, stdout);
	fflush(stdout);
	if (t->terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
}

/* Lines are cut at the width, by characters: a wrapped one would push the first off. */
static void put_page(const char *page, unsigned rows, unsigned columns)
{
	unsigned row = 0, column = 0;

	fputs("\033[H", stdout);
	for (; *page && row + 1 < rows; page++) {
		if (*page == '\n') {
			fputs("\033[K\n", stdout);
			row++;
			column = 0;
		} else if (((unsigned char)*page & 0xc0) == 0x80 ? column <= columns
								 : ++column <= columns) {
			fputc(*page, stdout);
		}
	}
	fputs("\033[J", stdout);
	fflush(stdout);
}

static void draw(struct top *t, const struct cli_error *err)
{
	struct winsize w = { 0 };
	json_object *top = t->is.status ? top_compare(&t->was, &t->is) : NULL;
	char *page = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&page, &n);

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	w.ws_row = w.ws_row ? w.ws_row : ROWS;
	w.ws_col = w.ws_col ? w.ws_col : COLUMNS;
	if (f) {
		if (*err->text)
			fprintf(f, "%s\n", err->text);
		if (top)
			top_print(f, top, w.ws_row);
		fclose(f);
		put_page(page, w.ws_row, w.ws_col);
	}
	free(page);
	json_object_put(top);
}

/* Without an answer the page stays, with the reason above it. */
static void refresh(struct top *t)
{
	struct cli_error err = { "", 0 };
	struct top_sample next = { 0 };

	if (sample(t, &next, &err) == CLI_DONE) {
		sample_clear(&t->was);
		t->was = t->is;
		t->is = next;
	}
	draw(t, &err);
}

/* ---- signals and keys */

static int watch_signals(sigset_t *set)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		sigaddset(set, ends[i]);
	if (sigprocmask(SIG_BLOCK, set, NULL) != 0)
		return -1;
	return signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void stand_still(struct top *t)
{
	leave(t);
	raise(SIGSTOP);
	enter(t);
}

/* True: it shall end. */
static bool take_signals(struct top *t)
{
	const struct cli_error none = { "", 0 };
	struct signalfd_siginfo s;

	while (read(t->signals, &s, sizeof s) == (ssize_t)sizeof s) {
		if (s.ssi_signo == SIGTSTP)
			stand_still(t);
		else if (s.ssi_signo != SIGWINCH)
			return true;
		draw(t, &none);
	}
	return false;
}

static bool take_keys(struct top *t)
{
	char key[64];
	ssize_t n = read(STDIN_FILENO, key, sizeof key);

	if (n <= 0)
		t->keyboard = false;
	return n > 0 && memchr(key, 'q', (size_t)n);
}

/* Waits out the period; true: it shall end. */
static bool wait_period(struct top *t)
{
	double end = now_s() + PERIOD_MS / 1e3, now;
	bool stop = false;

	while (!stop && (now = now_s()) < end) {
		struct pollfd p[2] = { { .fd = t->signals, .events = POLLIN },
				       { .fd = t->keyboard ? STDIN_FILENO : -1,
					 .events = POLLIN } };

		if (poll(p, 2, (int)((end - now) * 1e3) + 1) < 0 && errno != EINTR)
			return true;
		stop = (p[0].revents && take_signals(t)) || (p[1].revents && take_keys(t));
	}
	return stop;
}

static int show(struct top *t, struct cli_error *err)
{
	sigset_t set;
	int result = sample(t, &t->is, err);

	if (result != CLI_DONE)
		return result;
	t->signals = watch_signals(&set);
	if (t->signals < 0)
		return cli_fail(err, CLI_USAGE, CLI_CODE_IO, "signalfd: %s", strerror(errno));
	enter(t);
	do
		refresh(t);
	while (!wait_period(t));
	leave(t);
	close(t->signals);
	return CLI_DONE;
}

int top_run(const struct cli_options *o, const char *path, struct cli_error *err)
{
	struct top t = { .o = o, .path = path, .signals = -1 };
	int result;

	if (o->once || o->json || !isatty(STDOUT_FILENO))
		result = print_once(&t, err);
	else
		result = show(&t, err);
	sample_clear(&t.was);
	sample_clear(&t.is);
	return result;
}
