/* SPDX-License-Identifier: MIT
 * core/conf/settings.c - reads the core's options and what follows from them
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/conf_impl.h"
#include "conf/settings.h"

struct reading {
	const struct conf *c;
	struct settings *s;
	struct tn_arena *arena;
	struct tn_error *err;
};

static const struct {
	const char *word;
	uint16_t port;
} networks[] = { { "mainnet", 24000 }, { "testnet", 24100 }, { "private", 24200 } };

const char *settings_network_word(enum conf_network net)
{
	return networks[net].word;
}

static int no_memory(struct reading *r)
{
	return tn_fail(r->err, TN_ENOMEM, "no memory for the configuration");
}

/* "FILE:LINE: group.key: found F, expected E". Defaults are always right. */
static int refuse(struct reading *r, const char *group, const char *key, const char *found,
		  const char *expected)
{
	char where[160], name[CONF_KEY_MAX];

	if (r->c)
		conf_where(r->c, group, key, where);
	else
		strcpy(where, "defaults");
	return tn_fail(r->err, TN_EINVAL, "%s: %s: found %s, expected %s", where,
		       conf_key(group, key, name), found, expected);
}

static int refuse_text(struct reading *r, const char *group, const char *key, struct tn_str s,
		       const char *expected)
{
	char found[CONF_FOUND_MAX];

	return refuse(r, group, key, conf_found_text(s.p, found), expected);
}

/* ---- network */

static int read_name(struct reading *r)
{
	struct tn_str *name = &r->s->network.name;

	for (int i = NETWORK_MAINNET; i <= NETWORK_PRIVATE; i++) {
		if (strcasecmp(name->p, networks[i].word) != 0)
			continue;
		r->s->net = (enum conf_network)i;
		r->s->default_port = networks[i].port;
		name->p = networks[i].word;
		return 0;
	}
	return refuse_text(r, "network", "name", *name, "mainnet, testnet or private");
}

static int read_rule(struct reading *r)
{
	static const char *const words[] = { "lower", "higher", "any" };
	struct tn_str rule = r->s->network.dial_rule;

	for (int i = DIAL_LOWER; i <= DIAL_ANY; i++) {
		if (strcmp(rule.p, words[i]) == 0) {
			r->s->rule = (enum conf_dial_rule)i;
			return 0;
		}
	}
	return refuse_text(r, "network", "dial_rule", rule, "lower, higher or any");
}

static int fill_ports(struct reading *r, struct tn_addrs *list)
{
	struct tn_addr *v = tn_alloc(r->arena, list->n * sizeof *v);

	if (!v)
		return no_memory(r);
	for (uint32_t i = 0; i < list->n; i++) {
		v[i] = list->v[i];
		if (!v[i].port)
			v[i].port = r->s->default_port;
	}
	list->v = v;
	return 0;
}

/* An address twice in a list would be a second bind, or a double session. */
static int check_addrs(struct reading *r, const char *key, const struct tn_addrs *list,
		       bool unspecified)
{
	char addr[TN_ADDR_TEXT], found[CONF_FOUND_MAX + 16];

	for (uint32_t i = 0; i < list->n; i++) {
		tn_addr_text(&list->v[i], addr);
		if (!unspecified && tn_addr_is_unspecified(&list->v[i]))
			return refuse(r, "network", key, addr, "the address of a peer");
		for (uint32_t j = 0; j < i; j++) {
			if (tn_addr_cmp(&list->v[i], &list->v[j]) != 0)
				continue;
			snprintf(found, sizeof found, "%s twice", addr);
			return refuse(r, "network", key, found, "each address once");
		}
	}
	return 0;
}

static int read_addrs(struct reading *r)
{
	struct settings_network *n = &r->s->network;
	int rc = fill_ports(r, &n->listen);

	if (rc == 0)
		rc = fill_ports(r, &n->connect);
	if (rc == 0)
		rc = check_addrs(r, "listen", &n->listen, true);
	return rc ? rc : check_addrs(r, "connect", &n->connect, false);
}

static int read_local(struct reading *r)
{
	struct tn_str text = r->s->network.local_ip;
	struct tn_addr a;

	if (text.n == 0)
		return 0;
	if (tn_addr_parse(&a, text.p, text.n) != 0)
		return refuse_text(
			r, "network", "local_ip", text,
			"an address, or \"\" (names are not looked up: write the address)");
	if (tn_addr_is_unspecified(&a))
		return 0;
	if (!a.port)
		a.port = r->s->default_port;
	r->s->local = a;
	r->s->has_local = true;
	return 0;
}

static int hex_digit(char c)
{
	const char *at = strchr("0123456789abcdef", c);

	return c && at ? (int)(at - "0123456789abcdef") : -1;
}

static int read_genesis(struct reading *r)
{
	struct tn_str *text = &r->s->network.genesis;
	char *low = tn_copy_text(r->arena, text->p, text->n);

	if (!low)
		return no_memory(r);
	for (uint32_t i = 0; i < text->n; i++) {
		low[i] = (char)tolower((unsigned char)low[i]);
		if (hex_digit(low[i]) < 0 || text->n != 64)
			return refuse_text(r, "network", "genesis", *text,
					   "64 hex digits, or \"\"");
	}
	text->p = low;
	for (uint32_t i = 0; i < text->n; i += 2)
		r->s->genesis[i / 2] = (uint8_t)(hex_digit(low[i]) << 4 | hex_digit(low[i + 1]));
	r->s->has_genesis = text->n != 0;
	if (r->s->network.genesis_time && r->s->net != NETWORK_PRIVATE)
		return refuse(r, "network", "genesis_time", "a time",
			      "none: only a private network has one of its own");
	return 0;
}

static int read_whitelist(struct reading *r)
{
	const struct tn_texts *list = &r->s->network.whitelist;

	r->s->whitelist = tn_alloc(r->arena, list->n * sizeof *r->s->whitelist);
	if (!r->s->whitelist)
		return no_memory(r);
	r->s->whitelists = list->n;
	for (uint32_t i = 0; i < list->n; i++)
		if (tn_subnet_parse(&r->s->whitelist[i], list->v[i].p, list->v[i].n) != 0)
			return refuse_text(r, "network", "whitelist", list->v[i],
					   "an address or a subnet without host bits, as "
					   "\"192.0.2.0/24\" (names are not looked up)");
	return 0;
}

/* ---- what must fit together */

struct pair {
	const char *group, *key, *least;
	uint64_t value, bound;
	const char *(*as_text)(uint64_t, char buf[CONF_NUMBER_MAX]);
};

static const char *points_text(uint64_t v, char buf[CONF_NUMBER_MAX])
{
	snprintf(buf, CONF_NUMBER_MAX, "%llu", (unsigned long long)v);
	return buf;
}

/* One of the two may be the default: then the line is the other's. */
static int refuse_pair(struct reading *r, const struct pair *p)
{
	char found[CONF_NUMBER_MAX], bound[CONF_NUMBER_MAX], where[160], key[CONF_KEY_MAX];

	conf_where(r->c, p->group, p->key, where);
	if (strcmp(where, r->c->name) == 0)
		conf_where(r->c, p->group, p->least, where);
	return tn_fail(r->err, TN_EINVAL, "%s: %s: found %s, expected at least that of %s, %s",
		       where, conf_key(p->group, p->key, key), p->as_text(p->value, found),
		       p->least, p->as_text(p->bound, bound));
}

static int check_pairs(struct reading *r)
{
	const struct settings_sessions *n = &r->s->sessions;
	const struct settings_score *s = &r->s->score;
	const struct pair pairs[] = {
		{ "score", "ban", "close", s->ban, s->close, points_text },
		{ "sessions", "unfinished_session", "line_max", n->unfinished_session, n->line_max,
		  conf_size_text },
		{ "sessions", "unfinished_node", "unfinished_session", n->unfinished_node,
		  n->unfinished_session, conf_size_text },
		{ "sessions", "queue_session", "line_max", n->queue_session, n->line_max,
		  conf_size_text },
		{ "sessions", "queue_node", "queue_session", n->queue_node, n->queue_session,
		  conf_size_text },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		if (pairs[i].value < pairs[i].bound)
			return refuse_pair(r, &pairs[i]);
	return 0;
}

/* ---- log */

static int add_level(void *arg, const char *key, const char *value, struct tn_error *err)
{
	struct reading *r = arg;
	struct settings_level *l = &r->s->levels[r->s->level_count];
	size_t n = strlen(key);
	int level = log_level_of(value, strlen(value));
	const char *p;

	(void)err; /* is r->err */
	if (n >= LOG_SUBSYSTEM_MAX || r->s->level_count == LOG_LEVELS_MAX)
		return refuse_text(r, "log.levels", key, (struct tn_str){ key, 0 },
				   "at most 64 names of up to 31 bytes");
	if (level < 0)
		return refuse_text(r, "log.levels", key, (struct tn_str){ value, 0 },
				   "error, warn, info or debug");
	p = tn_copy_text(r->arena, key, n);
	if (!p)
		return no_memory(r);
	*l = (struct settings_level){ { p, (uint32_t)n }, (enum log_level)level };
	r->s->level_count++;
	return 0;
}

static int read_levels(struct reading *r)
{
	const config_setting_t *at;
	char found[CONF_FOUND_MAX];

	r->s->levels = tn_alloc(r->arena, LOG_LEVELS_MAX * sizeof *r->s->levels);
	if (!r->s->levels)
		return no_memory(r);
	at = r->c ? config_lookup(&r->c->cfg, "log.levels") : NULL;
	if (!at)
		return 0;
	if (!config_setting_is_group(at))
		return refuse(r, "log", "levels", conf_found(at, found),
			      "a group, as levels: { net = \"debug\"; };");
	return conf_each_text(r->c, "log.levels", add_level, r, r->err);
}

static int read_log(struct reading *r)
{
	const struct settings_log *l = &r->s->log;
	int level = log_level_of(l->level.p, l->level.n);

	if (strcmp(l->to.p, "stderr") != 0 && strcmp(l->to.p, "file") != 0 &&
	    strcmp(l->to.p, "syslog") != 0)
		return refuse_text(r, "log", "to", l->to, "stderr, file or syslog");
	if (strcmp(l->to.p, "file") == 0 && l->file.n == 0)
		return refuse(r, "log", "to", "\"file\" without log.file",
			      "log.file to name the file");
	if (level < 0)
		return refuse_text(r, "log", "level", l->level, "error, warn, info or debug");
	r->s->level = (enum log_level)level;
	return read_levels(r);
}

/* ---- all of it */

/* The groups of plugins are the plugin host's, but groups they must be. */
static int check_plugins(struct reading *r)
{
	const config_setting_t *g = r->c ? config_lookup(&r->c->cfg, "plugins") : NULL;
	char found[CONF_FOUND_MAX];

	if (!g)
		return 0;
	if (!config_setting_is_group(g))
		return refuse(r, "", "plugins", conf_found(g, found), "a group { ... }");
	for (int i = 0; i < config_setting_length(g); i++) {
		const config_setting_t *p = config_setting_get_elem(g, (unsigned)i);

		if (!config_setting_is_group(p))
			return refuse(r, "plugins", config_setting_name(p), conf_found(p, found),
				      "a group { ... }");
	}
	return 0;
}

static int read_sections(struct reading *r)
{
	static const char *const groups[] = { "network", "sessions", "score",   "store",
					      "loop",    "log",      "plugins", NULL };
	static const char *const levels[] = { "levels", NULL };
	size_t n;
	const struct settings_section *s = settings_sections(&n);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		const char *const *also = NULL;

		if (!*s[i].group)
			also = groups;
		else if (strcmp(s[i].group, "log") == 0)
			also = levels;
		rc = conf_fill(r->c, s[i].group, s[i].options, also, (char *)r->s + s[i].off,
			       r->arena, r->err);
	}
	return rc;
}

int settings_read(const struct conf *c, struct settings *out, struct tn_arena *arena,
		  struct tn_error *err)
{
	static int (*const steps[])(struct reading *) = {
		read_sections, read_name,      read_rule,   read_addrs, read_local,
		read_genesis,  read_whitelist, check_pairs, read_log,   check_plugins,
	};
	struct reading r = { c, out, arena, err };
	int rc = 0;

	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < sizeof steps / sizeof *steps && rc == 0; i++)
		rc = steps[i](&r);
	return rc;
}

/* ---- directories */

static int fill_dir(struct tn_str *dir, const char *root_dir, bool root, const char *home,
		    struct tn_arena *a, struct tn_error *err)
{
	size_t n;
	char *p;

	if (dir->n)
		return 0;
	n = strlen(root ? root_dir : home) + (root ? 0 : strlen("/.timenode"));
	p = tn_alloc(a, n + 1);
	if (!p)
		return tn_fail(err, TN_ENOMEM, "no memory for the configuration");
	snprintf(p, n + 1, "%s%s", root ? root_dir : home, root ? "" : "/.timenode");
	*dir = (struct tn_str){ p, (uint32_t)n };
	return 0;
}

int settings_dirs(struct settings *s, bool root, const char *home, struct tn_arena *a,
		  struct tn_error *err)
{
	int rc;

	if (!root && (!home || !*home) && (!s->top.data_dir.n || !s->top.run_dir.n))
		return tn_fail(err, TN_EINVAL,
			       "no home directory: set data_dir and run_dir, or HOME");
	rc = fill_dir(&s->top.data_dir, "/var/lib/timenode", root, home, a, err);
	return rc ? rc : fill_dir(&s->top.run_dir, "/run/timenode", root, home, a, err);
}
