/* SPDX-License-Identifier: MIT
 * core/conf/file.c - a parsed file, its groups, and where things stand in it
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "conf/conf_impl.h"

enum { FILE_MAX = 1 << 20, NAME_MAX_SHOWN = 100 };

/* The end of a long path: it is the part that tells files apart. */
static const char *shown(const char *name)
{
	size_t n = strlen(name);

	return n > NAME_MAX_SHOWN ? name + n - NAME_MAX_SHOWN : name;
}

/* ---- reading */

/* The first word of a line, which is the key of a setting that stands in one. */
static void first_word(const char *text, int line, char word[48])
{
	size_t n;

	while (line > 1 && (text = strchr(text, '\n'))) {
		text++;
		line--;
	}
	if (text)
		text += strspn(text, " \t\r{");
	n = text ? strcspn(text, " \t\r\n=:;{") : 0;
	snprintf(word, 48, "%.*s", (int)(n < 40 ? n : 40), text ? text : "");
}

static void explain(const struct conf *c, const char *text, struct tn_error *err)
{
	const char *what = config_error_text(&c->cfg);
	int line = config_error_line(&c->cfg);
	char word[48], safe[LOG_SAFE_MAX];

	first_word(text, line, word);
	log_safe(safe, word, strlen(word));
	if (what && strcmp(what, "duplicate setting name") == 0)
		tn_fail(err, TN_EINVAL, "%s:%d: found %.60s a second time, expected each key once",
			c->name, line, safe);
	else if (what && strcmp(what, "mismatched element type in array") == 0)
		tn_fail(err, TN_EINVAL,
			"%s:%d: found values of several types in [ ], expected all of one", c->name,
			line);
	else
		tn_fail(err, TN_EINVAL,
			"%s:%d: %s%s%.60s%s, expected key = value; or group: { ... };", c->name,
			line, what ? what : "syntax error", *safe ? " at or before \"" : "", safe,
			*safe ? "\"" : "");
}

struct conf *conf_read_text(const char *text, const char *name, struct tn_error *err)
{
	struct conf *c = calloc(1, sizeof *c);

	if (!c || !(c->name = strdup(shown(name)))) {
		free(c);
		tn_fail(err, TN_ENOMEM, "%s: no memory", shown(name));
		return NULL;
	}
	config_init(&c->cfg);
	if (conf_scan(text, strlen(text), c->name, err) != 0) {
		conf_free(c);
		return NULL;
	}
	if (!config_read_string(&c->cfg, text)) {
		explain(c, text, err);
		conf_free(c);
		return NULL;
	}
	return c;
}

/* The file and a NUL behind it; NULL with the reason. */
static char *read_all(FILE *f, const char *name, size_t *n, struct tn_error *err)
{
	char *text = malloc(FILE_MAX + 2);

	if (!text) {
		tn_fail(err, TN_ENOMEM, "%s: no memory", name);
		return NULL;
	}
	*n = fread(text, 1, FILE_MAX + 1, f);
	if (ferror(f))
		tn_fail(err, TN_EIO, "%s: cannot read: %s", name, strerror(errno));
	else if (*n > FILE_MAX)
		tn_fail(err, TN_EINVAL, "%s: found more than 1 MiB, expected a configuration",
			name);
	else {
		text[*n] = 0;
		return text;
	}
	free(text);
	return NULL;
}

struct conf *conf_read_file(const char *path, struct tn_error *err)
{
	FILE *f = fopen(path, "re");
	struct conf *c = NULL;
	char *text;
	size_t n;

	if (!f) {
		tn_fail(err, TN_EIO, "%s: cannot open: %s", shown(path), strerror(errno));
		return NULL;
	}
	text = read_all(f, shown(path), &n, err);
	fclose(f);
	/* a NUL byte would hide what follows it: the scan refuses it */
	if (text && (strlen(text) == n || conf_scan(text, n, shown(path), err) == 0))
		c = conf_read_text(text, path, err);
	free(text);
	return c;
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	config_destroy(&c->cfg);
	free(c->name);
	free(c);
}

/* ---- messages */

int conf_fail(const struct conf *c, const config_setting_t *at, struct tn_error *err,
	      const char *fmt, ...)
{
	struct tn_error why;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why.text, sizeof why.text, fmt, ap);
	va_end(ap);
	if (!at || !config_setting_source_line(at))
		return tn_fail(err, TN_EINVAL, "%s: %s", c->name, why.text);
	return tn_fail(err, TN_EINVAL, "%s:%u: %s", c->name, config_setting_source_line(at),
		       why.text);
}

const char *conf_found_text(const char *text, char buf[CONF_FOUND_MAX])
{
	char safe[LOG_SAFE_MAX];

	log_safe(safe, text, strlen(text));
	snprintf(buf, CONF_FOUND_MAX, "\"%.50s%s\"", safe, strlen(safe) > 50 ? "..." : "");
	return buf;
}

const char *conf_found(const config_setting_t *s, char buf[CONF_FOUND_MAX])
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_GROUP:
		return strcpy(buf, "a group");
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		return strcpy(buf, "a list");
	case CONFIG_TYPE_BOOL:
		return strcpy(buf, config_setting_get_bool(s) ? "true" : "false");
	case CONFIG_TYPE_STRING:
		return conf_found_text(config_setting_get_string(s), buf);
	case CONFIG_TYPE_FLOAT:
		snprintf(buf, CONF_FOUND_MAX, "the fraction %.17g", config_setting_get_float(s));
		return buf;
	default:
		snprintf(buf, CONF_FOUND_MAX, "%lld", config_setting_get_int64(s));
		return buf;
	}
}

const char *conf_key(const char *group, const char *key, char buf[CONF_KEY_MAX])
{
	snprintf(buf, CONF_KEY_MAX, "%.48s%s%.48s", group, *group ? "." : "", key);
	return buf;
}

/* ---- looking things up */

config_setting_t *conf_group(const struct conf *c, const char *group)
{
	config_setting_t *s;

	if (!*group)
		return config_root_setting(&c->cfg);
	s = config_lookup(&c->cfg, group);
	return s && config_setting_is_group(s) ? s : NULL;
}

bool conf_has(const struct conf *c, const char *group)
{
	return conf_group(c, group) != NULL;
}

int conf_each_group(const struct conf *c, const char *group,
		    int (*fn)(void *arg, const char *name, int line), void *arg)
{
	const config_setting_t *g = conf_group(c, group);
	int rc = 0, n = g ? config_setting_length(g) : 0;

	for (int i = 0; i < n && rc == 0; i++) {
		const config_setting_t *s = config_setting_get_elem(g, (unsigned)i);

		if (config_setting_is_group(s))
			rc = fn(arg, config_setting_name(s), (int)config_setting_source_line(s));
	}
	return rc;
}

static const config_setting_t *member(const struct conf *c, const char *group, const char *key)
{
	config_setting_t *g = conf_group(c, group);

	return g ? config_setting_get_member(g, key) : NULL;
}

const char *conf_text(const struct conf *c, const char *group, const char *key, bool *bad,
		      struct tn_error *err)
{
	const config_setting_t *s = member(c, group, key);
	char name[CONF_KEY_MAX], found[CONF_FOUND_MAX];

	*bad = s && config_setting_type(s) != CONFIG_TYPE_STRING;
	if (*bad)
		conf_fail(c, s, err, "%s: found %s, expected a text", conf_key(group, key, name),
			  conf_found(s, found));
	return s && !*bad ? config_setting_get_string(s) : NULL;
}

int conf_each_text(const struct conf *c, const char *group,
		   int (*fn)(void *arg, const char *key, const char *value, struct tn_error *),
		   void *arg, struct tn_error *err)
{
	const config_setting_t *g = conf_group(c, group);
	int rc = 0, n = g ? config_setting_length(g) : 0;
	char name[CONF_KEY_MAX], found[CONF_FOUND_MAX];

	for (int i = 0; i < n && rc == 0; i++) {
		const config_setting_t *s = config_setting_get_elem(g, (unsigned)i);

		if (config_setting_type(s) != CONFIG_TYPE_STRING)
			return conf_fail(c, s, err, "%s: found %s, expected a text",
					 conf_key(group, config_setting_name(s), name),
					 conf_found(s, found));
		rc = fn(arg, config_setting_name(s), config_setting_get_string(s), err);
	}
	return rc;
}

const char *conf_where(const struct conf *c, const char *group, const char *key, char buf[160])
{
	const config_setting_t *s = member(c, group, key);

	if (s)
		snprintf(buf, 160, "%s:%u", c->name, config_setting_source_line(s));
	else
		snprintf(buf, 160, "%s", c->name);
	return buf;
}
