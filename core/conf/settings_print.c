/* SPDX-License-Identifier: MIT
 * core/conf/settings_print.c - the core's options as a file; what a restart is needed for
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf_impl.h"
#include "conf/settings.h"

struct out {
	char *buf;
	size_t room, n;
};

static char *place(const struct out *o)
{
	return o->n < o->room ? o->buf + o->n : NULL;
}

static size_t left(const struct out *o)
{
	return o->n < o->room ? o->room - o->n : 0;
}

static void say(struct out *o, const char *text, size_t n)
{
	size_t fit = n < left(o) ? n : left(o);

	if (fit)
		memcpy(place(o), text, fit);
	o->n += n;
}

static void print_levels(struct out *o, const struct settings *s)
{
	char line[80];

	if (!s->level_count)
		return;
	say(o, "\tlevels: {\n", 11);
	for (uint32_t i = 0; i < s->level_count; i++) {
		int n = snprintf(line, sizeof line, "\t\t%s = \"%s\";\n", s->levels[i].subsystem.p,
				 log_level_word(s->levels[i].level));

		say(o, line, (size_t)n);
	}
	say(o, "\t};\n", 4);
}

static void print_section(struct out *o, const struct settings *s,
			  const struct settings_section *sec)
{
	bool group = *sec->group;

	if (group) {
		say(o, "\n", 1);
		say(o, sec->group, strlen(sec->group));
		say(o, ": {\n", 4);
	}
	o->n += conf_print(sec->options, (const char *)s + sec->off, group, place(o), left(o));
	if (strcmp(sec->group, "log") == 0)
		print_levels(o, s);
	if (group)
		say(o, "};\n", 3);
}

size_t settings_print(const struct settings *s, char *buf, size_t room)
{
	struct out o = { buf, room, 0 };
	size_t n;
	const struct settings_section *sec = settings_sections(&n);

	for (size_t i = 0; i < n; i++)
		print_section(&o, s, &sec[i]);
	return o.n;
}

/* ---- restart */

/* The names of all fixed options: the caller may keep them. */
static const char *const fixed_names[] = {
	"data_dir",       "run_dir",         "plugin_dir",           "network.name",
	"network.listen", "network.genesis", "network.genesis_time", "store.map_size",
	"loop.hang",      "loop.abort",      "loop.threads",
};

static const char *fixed_name(const char *group, const char *key)
{
	char name[CONF_KEY_MAX];

	conf_key(group, key, name);
	for (size_t i = 0; i < sizeof fixed_names / sizeof *fixed_names; i++)
		if (strcmp(fixed_names[i], name) == 0)
			return fixed_names[i];
	return key;
}

size_t settings_restart_keys(const struct settings *old, const struct settings *now,
			     const char **keys, size_t n)
{
	size_t sections, found = 0;
	const struct settings_section *sec = settings_sections(&sections);

	for (size_t i = 0; i < sections; i++) {
		const char *a = (const char *)old + sec[i].off, *b = (const char *)now + sec[i].off;

		for (unsigned k = 0; k < sec[i].options.rows; k++) {
			const struct tn_option *o = conf_row(sec[i].options, k);

			if (!o->fixed || conf_same(o, a, b))
				continue;
			if (found < n)
				keys[found] = fixed_name(sec[i].group, o->key);
			found++;
		}
	}
	return found;
}
