/* SPDX-License-Identifier: MIT
 * core/conf/option.c - fills a struct from a group by a table of options
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_impl.h"

/* One value, from the file or from the table's default, before it is checked. */
struct input {
	enum { IN_BOOL, IN_NUMBER, IN_TEXT, IN_LIST, IN_OTHER } type;
	int64_t number; /* also of IN_BOOL */
	const char *text;
	const char **item; /* of a list */
	uint32_t items;
};

/* What is being filled. */
struct fill {
	const struct conf *c;
	const char *group;
	const struct tn_option *row;
	config_setting_t *at; /* NULL: the default */
	struct tn_arena *arena;
	struct tn_error *err;
};

static int refuse(const struct fill *f, const config_setting_t *at, const char *found,
		  const char *expected)
{
	char key[CONF_KEY_MAX];

	conf_key(f->group, f->row->key, key);
	if (f->at)
		return conf_fail(f->c, at, f->err, "%s: found %s, expected %s", key, found,
				 expected);
	return tn_fail(f->err, TN_EINVAL, "the default of %s: found %s, expected %s", key, found,
		       expected);
}

static int refuse_value(const struct fill *f, const struct input *in)
{
	char found[CONF_FOUND_MAX], expected[CONF_EXPECT_MAX];

	if (f->at)
		conf_found(f->at, found);
	else
		conf_found_text(in->text, found);
	return refuse(f, f->at, found, conf_expected(f->row, expected));
}

static int no_memory(const struct fill *f)
{
	char key[CONF_KEY_MAX];

	return tn_fail(f->err, TN_ENOMEM, "%s: no memory for its values",
		       conf_key(f->group, f->row->key, key));
}

/* ---- putting a value into the struct */

static bool in_range(const struct tn_option *o, int64_t v)
{
	if (o->lo == 0 && o->hi == 0)
		return v >= 0;
	return v >= o->lo && v <= o->hi;
}

static int put_number(const struct fill *f, const struct input *in, void *member)
{
	uint64_t v = 0;
	int rc = TN_EINVAL;

	if (in->type == IN_NUMBER && in->number >= 0) {
		v = (uint64_t)in->number;
		rc = 0;
	} else if (in->type == IN_TEXT && f->row->type == TN_O_SIZE) {
		rc = conf_parse_size(in->text, &v);
	} else if (in->type == IN_TEXT && f->row->type == TN_O_MS) {
		rc = conf_parse_ms(in->text, &v);
	}
	if (rc || !in_range(f->row, (int64_t)v))
		return refuse_value(f, in);
	memcpy(member, &v, sizeof v);
	return 0;
}

static int put_bool(const struct fill *f, const struct input *in, void *member)
{
	bool v = in->number != 0;

	if (in->type != IN_BOOL)
		return refuse_value(f, in);
	memcpy(member, &v, sizeof v);
	return 0;
}

static int copy_text(const struct fill *f, const char *text, struct tn_str *out)
{
	size_t n = strlen(text);
	char *p = tn_copy_text(f->arena, text, n);

	if (!p)
		return no_memory(f);
	*out = (struct tn_str){ p, (uint32_t)n };
	return 0;
}

static int put_text(const struct fill *f, const struct input *in, void *member)
{
	if (in->type != IN_TEXT || !in_range(f->row, (int64_t)strlen(in->text)))
		return refuse_value(f, in);
	return copy_text(f, in->text, member);
}

/* A name rather than a mistyped address: a letter that no address has. */
static bool is_name(const char *text)
{
	bool colons = strstr(text, "::") || strchr(text, '[');

	for (const char *p = text; *p; p++)
		if (isalpha((unsigned char)*p) && (!colons || !isxdigit((unsigned char)*p)))
			return true;
	return false;
}

static int put_addrs(const struct fill *f, const struct input *in, void *member)
{
	struct tn_addr *v = tn_alloc(f->arena, in->items * sizeof *v);
	char found[CONF_FOUND_MAX];

	if (!v)
		return no_memory(f);
	for (uint32_t i = 0; i < in->items; i++) {
		const config_setting_t *at = f->at ? config_setting_get_elem(f->at, i) : NULL;

		if (tn_addr_parse(&v[i], in->item[i], strlen(in->item[i])) == 0)
			continue;
		conf_found_text(in->item[i], found);
		return refuse(f, at, found,
			      is_name(in->item[i])
				      ? "an address (names are not looked up: write the address)"
				      : "an address, as \"192.0.2.7:24100\" or "
					"\"[2001:db8::7]:24100\"");
	}
	*(struct tn_addrs *)member = (struct tn_addrs){ v, in->items };
	return 0;
}

static int put_texts(const struct fill *f, const struct input *in, void *member)
{
	struct tn_str *v = tn_alloc(f->arena, in->items * sizeof *v);
	int rc = v ? 0 : no_memory(f);

	for (uint32_t i = 0; i < in->items && rc == 0; i++)
		rc = copy_text(f, in->item[i], &v[i]);
	if (rc == 0)
		*(struct tn_texts *)member = (struct tn_texts){ v, in->items };
	return rc;
}

static int put_list(const struct fill *f, const struct input *in, void *member)
{
	if (in->type != IN_LIST || !in_range(f->row, in->items))
		return refuse_value(f, in);
	return f->row->type == TN_O_ADDRS ? put_addrs(f, in, member) : put_texts(f, in, member);
}

static int put(const struct fill *f, const struct input *in, void *out)
{
	void *member = (char *)out + f->row->off;

	switch (f->row->type) {
	case TN_O_BOOL:
		return put_bool(f, in, member);
	case TN_O_INT:
	case TN_O_SIZE:
	case TN_O_MS:
		return put_number(f, in, member);
	case TN_O_TEXT:
		return put_text(f, in, member);
	default:
		return put_list(f, in, member);
	}
}

/* ---- from the file */

static int take_items(const struct fill *f, struct input *in)
{
	char found[CONF_FOUND_MAX];
	int n = config_setting_length(f->at);

	in->type = IN_LIST;
	in->items = (uint32_t)n;
	in->item = tn_alloc(f->arena, (size_t)n * sizeof *in->item);
	if (!in->item)
		return no_memory(f);
	for (int i = 0; i < n; i++) {
		const config_setting_t *e = config_setting_get_elem(f->at, (unsigned)i);

		if (config_setting_type(e) != CONFIG_TYPE_STRING)
			return refuse(f, e, conf_found(e, found), "a text in this list");
		in->item[i] = config_setting_get_string(e);
	}
	return 0;
}

static int put_setting(const struct fill *f, void *out)
{
	struct input in = { .type = IN_OTHER };
	bool list = f->row->type == TN_O_ADDRS || f->row->type == TN_O_TEXTS;
	int rc = 0;

	switch (config_setting_type(f->at)) {
	case CONFIG_TYPE_BOOL:
		in.type = IN_BOOL;
		in.number = config_setting_get_bool(f->at);
		break;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		in.type = IN_NUMBER;
		in.number = config_setting_get_int64(f->at);
		break;
	case CONFIG_TYPE_STRING:
		in.type = IN_TEXT;
		in.text = config_setting_get_string(f->at);
		break;
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		if (list)
			rc = take_items(f, &in);
		break;
	default:
		break;
	}
	return rc ? rc : put(f, &in, out);
}

/* ---- from the table */

/* "a, b" into its items, in place. */
static int cut_items(const struct fill *f, char *text, struct input *in)
{
	uint32_t n = *text != 0;

	for (const char *p = text; *p; p++)
		n += *p == ',';
	in->type = IN_LIST;
	in->items = n;
	in->item = tn_alloc(f->arena, n * sizeof *in->item);
	if (!in->item)
		return no_memory(f);
	for (uint32_t i = 0; i < n; i++) {
		size_t len;

		text += strspn(text, " ");
		in->item[i] = text;
		len = strcspn(text, ",");
		text += len;
		if (*text)
			*text++ = 0;
	}
	return 0;
}

static void read_plain(const char *text, struct input *in)
{
	uint64_t v;

	/* digits alone are bytes: the size parser reads them without a unit */
	if (text[strspn(text, "0123456789")] || conf_parse_size(text, &v) != 0)
		return;
	in->type = IN_NUMBER;
	in->number = (int64_t)v;
}

static int put_default(const struct fill *f, void *out)
{
	const char *def = f->row->def ? f->row->def : "";
	struct input in = { .type = IN_OTHER, .text = def };
	char *copy;
	int rc = 0;

	switch (f->row->type) {
	case TN_O_BOOL:
		if (strcmp(def, "true") == 0 || strcmp(def, "false") == 0) {
			in.type = IN_BOOL;
			in.number = *def == 't';
		}
		break;
	case TN_O_INT:
		read_plain(def, &in);
		break;
	case TN_O_ADDRS:
	case TN_O_TEXTS:
		copy = tn_copy_text(f->arena, def, strlen(def));
		rc = copy ? cut_items(f, copy, &in) : no_memory(f);
		break;
	default:
		in.type = IN_TEXT;
		break;
	}
	return rc ? rc : put(f, &in, out);
}

/* ---- a whole group */

static bool is_known(struct tn_table t, const char *const *also, const char *key)
{
	for (unsigned i = 0; i < t.rows; i++)
		if (strcmp(conf_row(t, i)->key, key) == 0)
			return true;
	for (; also && *also; also++)
		if (strcmp(*also, key) == 0)
			return true;
	return false;
}

/* "a, b, c", ended by "..." where the room ends. */
static const char *join(const char *const *names, size_t n, char buf[120])
{
	size_t used = 0;

	*buf = 0;
	for (size_t i = 0; i < n; i++) {
		if (used + strlen(names[i]) + 8 > 120) {
			strcpy(buf + used, ", ...");
			break;
		}
		used += (size_t)sprintf(buf + used, "%s%s", i ? ", " : "", names[i]);
	}
	return buf;
}

static int refuse_unknown(const struct conf *c, const char *group, struct tn_table t,
			  const char *const *also, const config_setting_t *s, struct tn_error *err)
{
	const char *names[256], *near;
	char found[CONF_FOUND_MAX], where[64] = "", all[120];
	size_t n = 0;

	for (unsigned i = 0; i < t.rows && n < 256; i++)
		names[n++] = conf_row(t, i)->key;
	for (; also && *also && n < 256; also++)
		names[n++] = *also;
	if (*group)
		snprintf(where, sizeof where, " in %.48s", group);
	near = conf_nearest(config_setting_name(s), names, n);
	conf_found_text(config_setting_name(s), found);
	if (near)
		return conf_fail(c, s, err, "found the unknown key %s%s, expected perhaps \"%s\"",
				 found, where, near);
	return conf_fail(c, s, err, "found the unknown key %s%s, expected one of %s", found, where,
			 join(names, n, all));
}

static int check_group(const struct conf *c, const char *group, config_setting_t **out,
		       struct tn_error *err)
{
	config_setting_t *s = *group ? config_lookup(&c->cfg, group) : config_root_setting(&c->cfg);
	char found[CONF_FOUND_MAX];

	*out = s;
	if (s && !config_setting_is_group(s))
		return conf_fail(c, s, err, "%s: found %s, expected a group { ... }", group,
				 conf_found(s, found));
	return 0;
}

static int check_keys(const struct conf *c, const char *group, const config_setting_t *g,
		      struct tn_table t, const char *const *also, struct tn_error *err)
{
	int n = g ? config_setting_length(g) : 0;

	for (int i = 0; i < n; i++) {
		const config_setting_t *s = config_setting_get_elem(g, (unsigned)i);

		if (!is_known(t, also, config_setting_name(s)))
			return refuse_unknown(c, group, t, also, s, err);
	}
	return 0;
}

int conf_fill(const struct conf *c, const char *group, struct tn_table options,
	      const char *const *also, void *out, struct tn_arena *arena, struct tn_error *err)
{
	struct fill f = { .c = c, .group = group, .arena = arena, .err = err };
	config_setting_t *g = NULL;
	int rc = c ? check_group(c, group, &g, err) : 0;

	if (rc == 0)
		rc = check_keys(c, group, g, options, also, err);
	for (unsigned i = 0; i < options.rows && rc == 0; i++) {
		f.row = conf_row(options, i);
		f.at = g ? config_setting_get_member(g, f.row->key) : NULL;
		rc = f.at ? put_setting(&f, out) : put_default(&f, out);
	}
	return rc;
}
