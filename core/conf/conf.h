/* SPDX-License-Identifier: MIT
 * core/conf/conf.h - the libconfig file, checked against what core and plugins declare
 *
 * Every key that exists is a row of a tn_option table; the core's own tables are in
 * conf/settings.h. Errors name file, line, what was found, what was expected and,
 * for an unknown key, the nearest known one.
 */
#ifndef CORE_CONF_H
#define CORE_CONF_H

#include "timenode/plugin.h"

struct conf; /* a parsed file */

/* NULL with "FILE:LINE: reason". Refused are files over 1 MiB, @include, NUL bytes,
 * hexadecimal numbers and numbers that libconfig would cut, besides what its grammar
 * does not take. Of a long path messages show the last 100 bytes. conf_read_text is for
 * the presets and for tests; `name` stands for the file in messages.
 */
struct conf *conf_read_file(const char *path, struct tn_error *);
struct conf *conf_read_text(const char *text, const char *name, struct tn_error *);
void conf_free(struct conf *); /* NULL is fine */

/* Is there such a group ("network", "plugins.pingpong")? */
bool conf_has(const struct conf *, const char *group);

/* Names of the groups inside a group, in file order: calls fn for each; other members
 * are passed over. Non-zero from fn ends it and is the result.
 */
int conf_each_group(const struct conf *, const char *group,
		    int (*fn)(void *arg, const char *name, int line), void *arg);

/* Fills `out` from `group` ("" = top level) by the table: from the file what stands
 * there, else the default. Every key of the group must be a row, or one of `also` (NULL-terminated
 * list of other allowed members, may be NULL). c may be NULL: defaults only.
 * lo..hi bound the value, the length of a text, the number of items of a list.
 * Texts and lists live in the arena. 0 or TN_EINVAL with the message.
 */
int conf_fill(const struct conf *c, const char *group, struct tn_table options,
	      const char *const *also, void *out, struct tn_arena *, struct tn_error *);

/* One text member of a group ("path" of a plugin), NULL if absent or no text
 * (*bad then tells which, with the message in err).
 */
const char *conf_text(const struct conf *, const char *group, const char *key, bool *bad,
		      struct tn_error *);

/* Word pairs of a group of texts (log.levels): fn(key, value, line). Non-texts are
 * TN_EINVAL with the line.
 */
int conf_each_text(const struct conf *, const char *group,
		   int (*fn)(void *arg, const char *key, const char *value, struct tn_error *),
		   void *arg, struct tn_error *);

/* "FILE:LINE" of a member, for messages of the caller; FILE alone if absent. */
const char *conf_where(const struct conf *, const char *group, const char *key, char buf[160]);

/* Checks a table itself (a plugin's): keys well formed ([a-z][a-z0-9_]*, not "path") and
 * unique, defaults valid and within lo..hi, members aligned and inside conf_bytes. 0 or
 * TN_EINVAL with the reason. Do this before conf_fill and conf_print.
 */
int conf_check_table(struct tn_table options, size_t conf_bytes, struct tn_error *);

/* Size of an option's member in its struct; 0 for a type that is none. */
size_t conf_option_bytes(const struct tn_option *);

/* Differences between two filled structs in options marked fixed: the key of the first
 * changed one, NULL if none.
 */
const char *conf_fixed_changed(struct tn_table options, const void *old, const void *now);

/* The options of one group as they would stand in a file, with help as comments:
 * values from `values`, or the defaults if NULL. Returns the bytes needed, writes at
 * most room, without a NUL. indent: number of tabs.
 */
size_t conf_print(struct tn_table options, const void *values, unsigned indent, char *buf,
		  size_t room);

/* The best match of `word` among n names, NULL if none is near: more than 3 changes, or
 * more than a third of the word (one at least).
 */
const char *conf_nearest(const char *word, const char *const *names, size_t n);

/* "250ms", "90s", "10m", "1h", "7d", plain numbers are milliseconds; "4K", "16M", "2G",
 * "1T", plain numbers are bytes. No signs, blanks or fractions; at most INT64_MAX.
 * 0 or TN_EINVAL (overflow too).
 */
int conf_parse_ms(const char *text, uint64_t *out);
int conf_parse_size(const char *text, uint64_t *out);

#endif
