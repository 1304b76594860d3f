/* SPDX-License-Identifier: MIT
 * core/conf/scan.c - a look at the text before libconfig parses it
 *
 * libconfig 1.5 takes 5000000000 for 705032704, opens what @include names, stops at a
 * NUL byte and calls everything else "syntax error", often on a later line. So the text
 * is read once by words: only what is refused here is decided here, the grammar itself
 * stays libconfig's.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "conf/conf_impl.h"

enum { DEPTH_MAX = 16 };

struct scan {
	const char *p, *end, *name;
	int line;
	char before; /* the last sign: what follows = : [ ( is a value */
	int depth;
	struct {
		char open;
		int line;
	} nest[DEPTH_MAX];
	struct tn_error *err;
};

static int refuse(struct scan *s, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct scan *s, int line, const char *fmt, ...)
{
	struct tn_error why;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why.text, sizeof why.text, fmt, ap);
	va_end(ap);
	return tn_fail(s->err, TN_EINVAL, "%s:%d: %s", s->name, line, why.text);
}

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("_*-+.", c);
}

static bool starts(const struct scan *s, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, with, n) == 0;
}

static void skip_line(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
}

static int skip_comment(struct scan *s)
{
	int begun = s->line;

	for (s->p += 2; s->p < s->end; s->p++) {
		if (starts(s, "*/")) {
			s->p += 2;
			return 0;
		}
		s->line += *s->p == '\n';
	}
	return refuse(s, begun, "this comment never ends: expected */");
}

/* libconfig takes a text over several lines, where a forgotten quote would be found far
 * behind its place; nothing here needs one.
 */
static int skip_text(struct scan *s)
{
	for (s->p++; s->p < s->end && *s->p != '"' && *s->p != '\n'; s->p++) {
		if (starts(s, "\\x00"))
			return refuse(s, s->line, "found \\x00 in a text, expected no NUL byte");
		if (*s->p == '\\' && s->p + 1 < s->end && s->p[1] != '\n')
			s->p++;
	}
	if (s->p == s->end || *s->p == '\n')
		return refuse(s, s->line,
			      "this text does not end on its line: expected a closing \"");
	s->p++;
	s->before = '"';
	return 0;
}

/* ---- words and numbers */

static int check_integer(struct scan *s, const char *word)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(word, &end, 10);
	if (errno)
		return refuse(s, s->line, "the number %.40s is too large", word);
	if (!*end && (v > INT32_MAX || v < INT32_MIN))
		return refuse(s, s->line,
			      "the number %.40s is too large as it stands: write %.40sL", word,
			      word);
	return 0;
}

static int check_number(struct scan *s, const char *word)
{
	const char *digits = word + (*word == '-' || *word == '+');
	size_t n = strspn(digits, "0123456789");

	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
		return refuse(s, s->line, "found %.40s, expected a decimal number", word);
	if (n && (!digits[n] || strcmp(digits + n, "L") == 0 || strcmp(digits + n, "LL") == 0))
		return check_integer(s, word);
	/* a fraction is libconfig's; the option says that it wants none */
	if (n && digits[n + strspn(digits + n, "0123456789eE+-")] == 0)
		return 0;
	if (digits[n] == '.' && digits[n + 1 + strspn(digits + n + 1, "0123456789eE+-")] == 0)
		return 0;
	return refuse(s, s->line, "found %.40s, expected quotes around it: \"%.40s\"", word, word);
}

static bool is_bool(const char *word)
{
	return strcasecmp(word, "true") == 0 || strcasecmp(word, "false") == 0;
}

static int check_word(struct scan *s)
{
	const char *begin = s->p;
	char word[80];
	size_t n;

	while (s->p < s->end && is_word_byte(*s->p))
		s->p++;
	n = (size_t)(s->p - begin);
	if (n >= sizeof word)
		return refuse(s, s->line, "found the word %.20s..., expected at most 79 bytes",
			      begin);
	memcpy(word, begin, n);
	word[n] = 0;
	if (strchr("0123456789+-.", *word)) {
		s->before = '0';
		return check_number(s, word);
	}
	if (s->before && strchr("=:[(", s->before) && !is_bool(word))
		return refuse(s, s->line, "found %.40s, expected quotes around it: \"%.40s\"", word,
			      word);
	s->before = 'a';
	return 0;
}

/* ---- brackets and the rest */

static int check_close(struct scan *s, char open)
{
	if (s->depth == 0)
		return refuse(s, s->line, "this %c closes nothing", *s->p);
	s->depth--;
	if (s->nest[s->depth].open != open)
		return refuse(s, s->line, "found %c, but the %c of line %d is still open", *s->p,
			      s->nest[s->depth].open, s->nest[s->depth].line);
	return 0;
}

static int check_sign(struct scan *s)
{
	char buf[LOG_SAFE_MAX];
	int rc = 0;

	switch (*s->p) {
	case '{':
	case '[':
	case '(':
		if (s->depth == DEPTH_MAX)
			return refuse(s, s->line, "nested more than %d deep", DEPTH_MAX);
		s->nest[s->depth].open = *s->p;
		s->nest[s->depth++].line = s->line;
		break;
	case '}':
		rc = check_close(s, '{');
		break;
	case ']':
		rc = check_close(s, '[');
		break;
	case ')':
		rc = check_close(s, '(');
		break;
	case '=':
	case ':':
	case ';':
	case ',':
		break;
	case '@':
		return refuse(s, s->line, "@include is not taken: everything stands in one file");
	default:
		return refuse(s, s->line, "found the byte %s, expected key = value;",
			      log_safe(buf, s->p, 1));
	}
	s->before = *s->p++;
	return rc;
}

static int step(struct scan *s)
{
	if (*s->p == '\n')
		s->line++;
	if (strchr(" \t\r\n\f", *s->p)) {
		s->p++;
		return 0;
	}
	if (*s->p == '#' || starts(s, "//")) {
		skip_line(s);
		return 0;
	}
	if (starts(s, "/*"))
		return skip_comment(s);
	if (*s->p == '"')
		return skip_text(s);
	return is_word_byte(*s->p) ? check_word(s) : check_sign(s);
}

int conf_scan(const char *text, size_t n, const char *name, struct tn_error *err)
{
	struct scan s = { .p = text, .end = text + n, .name = name, .line = 1, .err = err };
	const char *nul = memchr(text, 0, n);
	int rc = 0;

	if (nul) {
		for (const char *p = text; p < nul; p++)
			s.line += *p == '\n';
		return refuse(&s, s.line, "found a NUL byte, expected text");
	}

	while (rc == 0 && s.p < s.end)
		rc = step(&s);
	if (rc == 0 && s.depth)
		rc = refuse(&s, s.nest[s.depth - 1].line, "this %c is never closed",
			    s.nest[s.depth - 1].open);
	return rc;
}
