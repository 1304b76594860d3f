/* SPDX-License-Identifier: MIT
 * core/plug/command.c - commands of plugins: found, run, answered row by row
 */
#include "plug/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plug/impl.h"

/* Lives until the command ends, whoever asked; reply.row NULL: nobody listens any more. */
struct tn_cmd {
	struct plugin *p;
	const struct tn_command *row;
	struct plug_reply reply;
	uint64_t ticket; /* 0: not held */
	bool in_call;
	struct tn_error early; /* finished inside run() already */
	int early_code;
};

static const struct tn_command *first_after(const struct plugin *p, const struct tn_command **after)
{
	const struct tn_command *c;

	for (unsigned i = 0; (c = plug_row(&p->desc.commands, i)); i++) {
		if (!*after)
			return c;
		if (c == *after)
			*after = NULL;
	}
	return NULL;
}

const struct tn_command *plug_command_next(struct plug *pl, const struct tn_command *after,
					   const char **owner)
{
	for (unsigned i = 0; i < pl->count; i++) {
		const struct tn_command *c = first_after(pl->list[i], &after);

		if (!c)
			continue;
		if (owner)
			*owner = pl->list[i]->name;
		return c;
	}
	return NULL;
}

const struct tn_command *plug_command_find(struct plug *pl, const char *name)
{
	const struct tn_command *c = NULL;
	const char *owner;

	while ((c = plug_command_next(pl, c, &owner)))
		if (!strcmp(c->name, name))
			return life_find(pl, owner)->state == PLUGIN_RUNNING ? c : NULL;
	return NULL;
}

static struct plugin *find_owner(struct plug *pl, const struct tn_command *row)
{
	const struct tn_command *c = NULL;
	const char *owner;

	while ((c = plug_command_next(pl, c, &owner)))
		if (c == row)
			return life_find(pl, owner);
	return NULL;
}

/* ---- rows */

static int put_row(struct tn_cmd *cmd, const char *head, const void *row)
{
	const struct tn_schema *s = cmd->row->row;
	size_t lead = strlen(head), n = tn_json_write(s, row, NULL, 0);
	char *text;

	if (!cmd->reply.row)
		return 0;
	text = malloc(lead + n + 1);
	if (!text)
		return TN_ENOMEM;
	memcpy(text, head, lead);
	tn_json_write(s, row, text + lead, n);
	if (lead) { /* "{...," and "{...}" become one object */
		text[lead] = ',';
		if (s->fields == 0)
			text[lead] = ' ';
	}
	cmd->reply.row(cmd->reply.arg, text, lead + n);
	free(text);
	return 0;
}

int command_row(struct plugin *p, struct tn_cmd *cmd, const void *row, uint32_t bytes)
{
	if (!cmd || cmd->p != p || !cmd->row->row || bytes != cmd->row->row->size)
		return TN_EINVAL;
	return put_row(cmd, "", row);
}

/* A command without code: the slot of every session, led by who that is. */
static int put_slots(struct tn_cmd *cmd)
{
	struct session *s;
	char head[160], ip[TN_ADDR_TEXT];
	int rc = 0;

	for (s = net_first(cmd->p->plug->net); s && !rc; s = net_next(s)) {
		void *slot = slots_get(cmd->p, s);

		if (!slot || !session_is_up(s))
			continue;
		snprintf(head, sizeof head, "{\"ip\":\"%s\",\"port\":%u,\"dir\":\"%s\"",
			 tn_addr_ip_text(&s->addr, ip), s->addr.port, s->outbound ? "out" : "in");
		rc = put_row(cmd, head, slot);
	}
	return rc;
}

/* ---- running */

void command_hold(struct tn_cmd *cmd, uint64_t ticket)
{
	cmd->ticket = ticket;
}

struct plugin *command_owner(const struct tn_cmd *cmd)
{
	return cmd->p;
}

void command_finish(struct tn_cmd *cmd, int code, const char *text)
{
	cmd->ticket = 0;
	if (cmd->in_call) {
		cmd->early_code = tn_fail(&cmd->early, code, "%s", text ? text : "");
		return;
	}
	if (cmd->reply.end)
		cmd->reply.end(cmd->reply.arg, code, text ? text : code ? tn_code_text(code) : "");
	free(cmd);
}

static int call_run(struct tn_cmd *cmd, const void *args, struct tn_error *err)
{
	struct bus *b = cmd->p->plug->bus;
	struct bus_call call;
	int rc;

	bus_enter(b, &call, cmd->p->member, "command", cmd->row->name);
	rc = cmd->row->run ? cmd->row->run(&cmd->p->ctx, cmd, args, err) : put_slots(cmd);
	bus_exit(b, &call);
	return rc;
}

static int run(struct tn_cmd *cmd, const void *args, uint64_t *running, struct tn_error *err)
{
	struct tn_error why = { "" };
	int rc;

	cmd->in_call = true;
	rc = call_run(cmd, args, &why);
	cmd->in_call = false;
	if (rc > 0 && cmd->ticket) {
		*running = cmd->ticket;
		return PLUG_LATER;
	}
	if (cmd->ticket) { /* it held the command, then said that it is done */
		cmd->in_call = true;
		ticket_finish(cmd->p->plug, cmd->ticket, rc, NULL);
	} else if (rc > 0) { /* held and finished in one go */
		rc = cmd->early_code;
		why = cmd->early;
	}
	free(cmd);
	if (rc < 0)
		tn_fail(err, rc, "%s", why.text[0] ? why.text : tn_code_text(rc));
	return rc < 0 ? rc : 0;
}

/* A place counts in the arguments' text, so that is shown too. */
static int read_text(const struct tn_command *row, struct tn_view in, struct tn_arena *a,
		     const void **out, struct tn_error *err)
{
	struct tn_error why = { "" };
	int rc = tn_json_read(row->args, in, a, out, NULL, &why);
	bool cut = in.n > 160;

	if (!rc)
		return 0;
	return tn_fail(err, rc, "%s %.*s%s: %s", row->name, cut ? 160 : (int)in.n,
		       (const char *)in.p, cut ? "..." : "",
		       why.text[0] ? why.text : tn_code_text(rc));
}

static int read_args(const struct tn_command *row, struct tn_view in, struct tn_arena *a,
		     const void **out, struct tn_error *err)
{
	struct tn_view none = { (const uint8_t *)"{}", 2 };

	*out = NULL;
	if (row->args)
		return read_text(row, in.n ? in : none, a, out, err);
	if (!in.n || (in.n == 2 && !memcmp(in.p, "{}", 2)))
		return 0;
	return tn_fail(err, TN_EINVAL, "command %s takes no arguments", row->name);
}

int plug_command_run(struct plug *pl, const struct tn_command *row, const struct plug_reply *reply,
		     struct tn_view args, uint64_t *running, struct tn_error *err)
{
	struct plugin *p = find_owner(pl, row);
	struct tn_arena *a = tn_arena_create(0);
	struct tn_cmd *cmd = calloc(1, sizeof *cmd);
	const void *body;
	int rc;

	*running = 0;
	if (!p || p->state != PLUGIN_RUNNING)
		rc = tn_fail(err, TN_ENOENT, "no running plugin has that command");
	else if (!a || !cmd)
		rc = tn_fail(err, TN_ENOMEM, "no memory");
	else
		rc = read_args(row, args, a, &body, err);
	if (rc) {
		free(cmd);
	} else {
		*cmd = (struct tn_cmd){ .p = p, .row = row, .reply = *reply };
		rc = run(cmd, body, running, err);
	}
	tn_arena_unref(a);
	return rc;
}

void plug_command_drop(struct plug *pl, uint64_t running)
{
	struct tn_cmd *cmd = ticket_cmd(pl, running);

	if (cmd)
		cmd->reply = (struct plug_reply){ 0 };
}
