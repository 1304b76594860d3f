/* SPDX-License-Identifier: MIT
 * core/ctl/command.c - the list of all commands, and `help` that prints it
 */
#include <stdio.h>

#include "ctl/impl.h"

#define NAMES_MAX 256

static const struct command *const tables[] = { command_node, command_plugin, command_peers,
						command_why,  command_audit,  command_help };

const struct command *command_at(size_t i)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (const struct command *c = tables[t]; c->name; c++)
			if (i-- == 0)
				return c;
	return NULL;
}

const struct command *command_find(const char *name)
{
	const struct command *c;

	for (size_t i = 0; (c = command_at(i)); i++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

bool ctl_has_command(const char *name)
{
	return command_find(name) != NULL;
}

static const char *nearest(struct plug *plug, const char *word)
{
	const char *names[NAMES_MAX];
	const struct tn_command *p = NULL;
	const struct command *c;
	size_t n = 0;

	for (size_t i = 0; n < NAMES_MAX && (c = command_at(i)); i++)
		names[n++] = c->name;
	while (n < NAMES_MAX && (p = plug_command_next(plug, p, NULL)))
		names[n++] = p->name;
	return conf_nearest(word, names, n);
}

int command_unknown(struct plug *plug, const char *word, struct tn_error *err)
{
	const char *near = nearest(plug, word);

	return tn_fail(err, TN_ENOENT, "unknown command \"%.40s\"%s%s%s", word,
		       near ? ", do you mean \"" : ": help lists them, a plugin's while it runs",
		       near ? near : "", near ? "\"?" : "");
}

/* ---- help */

static bool wanted(const struct request *r, const char *name)
{
	return !r->value[0] || strcmp(r->value[0], name) == 0;
}

static void give_row(struct request *r, const char *name, const char *args, const char *help,
		     const char *owner)
{
	reply_row(r);
	reply_text(r, "command", name);
	reply_text(r, "args", args);
	reply_text(r, "help", help ? help : "");
	reply_text(r, "plugin", owner);
	reply_send(r);
}

static void give_own(struct request *r, const struct command *c)
{
	char args[160] = "";
	size_t n = 0;

	for (unsigned i = 0; i < CTL_PARAMS && c->param[i].name; i++)
		n += (size_t)snprintf(args + n, sizeof(args) - n,
				      c->param[i].optional ? "%s[%s]" : "%s%s", i ? " " : "",
				      c->param[i].name);
	give_row(r, c->name, args, c->help, "");
}

static void give_plugins(struct request *r, const struct tn_command *c, const char *owner)
{
	char args[160] = "", word[64];

	for (unsigned i = 0; c->args && i < c->args->fields; i++) {
		const struct tn_field *f = &c->args->field[i];

		snprintf(word, sizeof(word), f->flags ? "[%s=]" : "%s=", f->name);
		reply_join(args, sizeof(args), word);
	}
	give_row(r, c->name, args, c->help, owner);
}

static int run_help(struct request *r, struct tn_error *err)
{
	const struct tn_command *p = NULL;
	const struct command *c;
	const char *owner = NULL;
	unsigned rows = 0;

	for (size_t i = 0; (c = command_at(i)); i++)
		if (wanted(r, c->name)) {
			give_own(r, c);
			rows++;
		}
	while ((p = plug_command_next(r->ctl->set.plug, p, &owner)))
		if (wanted(r, p->name) && !command_find(p->name)) {
			give_plugins(r, p, owner);
			rows++;
		}
	return rows ? 0 : command_unknown(r->ctl->set.plug, r->value[0], err);
}

const struct command command_help[] = {
	{ .name = "help",
	  .help = "every command with its arguments",
	  .param = { { "command", true } },
	  .run = run_help },
	{ .name = NULL },
};
