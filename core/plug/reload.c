/* SPDX-License-Identifier: MIT
 * core/plug/reload.c - new options for running plugins: all stage, then all commit or none
 */
#include <stdio.h>
#include <string.h>

#include "plug/impl.h"

static void say_key(const struct plugin *p, const char *key, void (*say)(void *, const char *),
		    void *arg)
{
	char text[128];

	snprintf(text, sizeof text, "plugins.%s%s%s", p->name, key ? "." : "", key ? key : "");
	if (say)
		say(arg, text);
}

/* An option that waits for a restart keeps its old value; texts and lists are lent from
 * the old memory, which therefore lives on in the new one's place until commit copies it. */
static void keep_fixed(struct plugin *p, void (*say)(void *, const char *), void *arg)
{
	const struct tn_option *o;

	for (unsigned i = 0; (o = plug_row(&p->desc.options, i)); i++) {
		struct tn_table one = { o, p->desc.options.stride, 1 };
		char *now = (char *)p->next_conf + o->off;

		if (!o->fixed || !conf_fixed_changed(one, p->ctx.conf, p->next_conf))
			continue;
		say_key(p, o->key, say, arg);
		memcpy(now, (const char *)p->ctx.conf + o->off, conf_option_bytes(o));
		p->keeps_old = true;
	}
}

static int stage(struct plugin *p, const struct conf *c, void (*say)(void *, const char *),
		 void *arg, struct tn_error *err)
{
	struct tn_error why = { "" };
	struct bus_call call;
	char where[160];
	int rc = life_conf(p, c, &p->next_conf, &p->next_memory, err);

	if (rc)
		return rc;
	keep_fixed(p, say, arg);
	if (!p->desc.check)
		return 0;
	bus_enter(p->plug->bus, &call, p->member, "check", NULL);
	rc = p->desc.check(&p->ctx, p->next_conf, &why);
	bus_exit(p->plug->bus, &call);
	if (!rc)
		return 0;
	return tn_fail(err, rc, "%s: plugin %s: %.180s", conf_where(c, "plugins", p->name, where),
		       p->name, why.text[0] ? why.text : tn_code_text(rc));
}

struct comparing {
	struct plug *pl;
	void (*say)(void *, const char *);
	void *arg;
};

static int say_new(void *arg, const char *name, int line)
{
	struct comparing *k = arg;
	char text[128];

	(void)line;
	if (life_find(k->pl, name) || quarantine_has(k->pl, name) || !k->say)
		return 0;
	snprintf(text, sizeof text, "plugins.%s", name);
	k->say(k->arg, text);
	return 0;
}

/* Groups that came or went: loading and unloading is the operator's word, not ours. */
static void say_groups(struct plug *pl, const struct conf *c, void (*say)(void *, const char *),
		       void *arg)
{
	struct comparing k = { pl, say, arg };
	char group[64];

	conf_each_group(c, "plugins", say_new, &k);
	for (unsigned i = 0; i < pl->count; i++) {
		snprintf(group, sizeof group, "plugins.%s", pl->list[i]->name);
		if (!conf_has(c, group))
			say_key(pl->list[i], NULL, say, arg);
	}
}

int plug_reload_check(struct plug *pl, const struct conf *c,
		      void (*say)(void *arg, const char *key), void *arg, struct tn_error *err)
{
	int rc = 0;

	pl->next_conf = c;
	say_groups(pl, c, say, arg);
	for (unsigned i = 0; i < pl->count && !rc; i++)
		if (pl->list[i]->state == PLUGIN_RUNNING)
			rc = stage(pl->list[i], c, say, arg, err);
	if (rc)
		plug_reload_abort(pl);
	return rc;
}

void plug_reload_abort(struct plug *pl)
{
	for (unsigned i = 0; i < pl->count; i++) {
		tn_arena_unref(pl->list[i]->next_memory);
		pl->list[i]->next_memory = NULL;
		pl->list[i]->next_conf = NULL;
		pl->list[i]->keeps_old = false;
	}
	pl->next_conf = NULL;
}

/* Memory that kept values point into stays until the plugin goes. */
static void replace_memory(struct plugin *p)
{
	if (p->keeps_old && !p->first_memory)
		p->first_memory = p->conf_memory;
	else if (p->conf_memory != p->first_memory)
		tn_arena_unref(p->conf_memory);
	p->conf_memory = p->next_memory;
	p->next_memory = NULL;
	p->keeps_old = false;
}

static void take_over(struct plugin *p)
{
	struct bus_call call;

	p->ctx.conf = p->next_conf;
	p->next_conf = NULL;
	replace_memory(p);
	if (!p->desc.reloaded)
		return;
	bus_enter(p->plug->bus, &call, p->member, "reloaded", NULL);
	p->desc.reloaded(&p->ctx);
	bus_exit(p->plug->bus, &call);
}

void plug_reload_commit(struct plug *pl)
{
	if (!pl->next_conf)
		return;
	pl->conf = pl->next_conf;
	pl->next_conf = NULL;
	for (unsigned i = 0; i < pl->count; i++)
		if (pl->list[i]->next_conf)
			take_over(pl->list[i]);
}
