/* SPDX-License-Identifier: MIT
 * core/ctl/request.c - one request line: read, checked, run; its answer now or later
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/impl.h"
#include "env/record.h"

#define DEPTH_MAX 16
#define ARGS_MAX 64 /* members of a schema */
#define PLAIN (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* ---- life of a request */

static void hold(struct request *r)
{
	struct ctl *ctl = r->ctl;

	r->next = ctl->held;
	if (ctl->held)
		ctl->held->prev = r;
	ctl->held = r;
	ctl->held_count++;
}

static void unhold(struct request *r)
{
	if (r->prev)
		r->prev->next = r->next;
	else
		r->ctl->held = r->next;
	if (r->next)
		r->next->prev = r->prev;
	r->ctl->held_count--;
}

static void discard(struct request *r)
{
	free(r->out.p);
	free(r);
}

static void finish(struct request *r, int code, const char *text)
{
	reply_end(r, code, text && *text ? text : tn_code_text(code));
	discard(r);
}

static void on_row(void *arg, const char *json, size_t n)
{
	reply_raw(arg, json, n);
}

static void on_end(void *arg, int code, const char *text)
{
	unhold(arg);
	finish(arg, code, text);
}

static struct request *create(struct ctl *ctl, ctl_reply_fn *fn, void *arg)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	*r = (struct request){ .ctl = ctl, .fn = fn, .arg = arg, .id = "null" };
	return r;
}

static bool is_of(const struct request *r, ctl_reply_fn *fn, const void *arg)
{
	return r->fn == fn && r->arg == arg;
}

bool request_waits(const struct ctl *ctl, ctl_reply_fn *fn, const void *arg)
{
	for (const struct request *r = ctl->held; r; r = r->next)
		if (is_of(r, fn, arg))
			return true;
	return false;
}

static void let_go(struct request *r)
{
	unhold(r);
	plug_command_drop(r->ctl->set.plug, r->running);
	plug_leave_drop(r->ctl->set.plug, r);
	bans_forget(net_bans(r->ctl->set.net), r);
}

void request_drop_of(struct ctl *ctl, ctl_reply_fn *fn, void *arg)
{
	for (struct request *r = ctl->held, *next; r; r = next) {
		next = r->next;
		if (!is_of(r, fn, arg))
			continue;
		let_go(r);
		discard(r);
	}
}

void request_drop_all(struct ctl *ctl)
{
	struct request *r;

	while ((r = ctl->held)) {
		let_go(r);
		finish(r, TN_EGONE, "the node is ending");
	}
}

/* ---- reading */

static int parse_error(json_tokener *t, enum json_tokener_error e, struct tn_error *err)
{
	if (e == json_tokener_continue)
		return tn_fail(err, TN_EBAD, "bad JSON: it ends too early");
	return tn_fail(err, TN_EBAD, "bad JSON at byte %zu: %s", json_tokener_get_parse_end(t) + 1,
		       json_tokener_error_desc(e));
}

/* The whole line must be one JSON object. */
static int parse(const char *line, size_t n, json_object **doc, struct tn_error *err)
{
	json_tokener *t = n <= CTL_LINE_MAX ? json_tokener_new_ex(DEPTH_MAX) : NULL;
	enum json_tokener_error e;
	int rc = 0;

	if (n > CTL_LINE_MAX)
		return tn_fail(err, TN_EINVAL, "a request line has at most %u bytes", CTL_LINE_MAX);
	if (!t)
		return tn_fail(err, TN_ENOMEM, "no memory");
	json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*doc = json_tokener_parse_ex(t, line, (int)n);
	e = json_tokener_get_error(t);
	if (e != json_tokener_success)
		rc = parse_error(t, e, err);
	else if (!json_object_is_type(*doc, json_type_object))
		rc = tn_fail(err, TN_EBAD, "a request is an object like {\"cmd\":\"help\"}");
	json_tokener_free(t);
	return rc;
}

/* First, so that every later error bears it. */
static int read_id(struct request *r, json_object *doc, struct tn_error *err)
{
	json_object *id = NULL;
	const char *text;
	size_t n;

	if (!json_object_object_get_ex(doc, "id", &id) || !id)
		return 0;
	if (!json_object_is_type(id, json_type_int) && !json_object_is_type(id, json_type_string))
		return tn_fail(err, TN_EINVAL, "\"id\" is a whole number or a text");
	text = json_object_to_json_string_length(id, PLAIN, &n);
	if (!text || n >= sizeof(r->id))
		return tn_fail(err, TN_EINVAL, "\"id\" is longer than %u bytes", CTL_ID_MAX - 1);
	memcpy(r->id, text, n + 1);
	return 0;
}

static int check_members(json_object *doc, struct tn_error *err)
{
	json_object_object_foreach(doc, name, value)
	{
		(void)value;
		if (strcmp(name, "id") != 0 && strcmp(name, "cmd") != 0 &&
		    strcmp(name, "args") != 0)
			return tn_fail(err, TN_EINVAL,
				       "unknown member \"%.40s\": a request has id, cmd and args",
				       name);
	}
	return 0;
}

static int read_line(json_object *doc, const char **name, json_object **args, struct tn_error *err)
{
	json_object *cmd = NULL;

	if (!json_object_object_get_ex(doc, "cmd", &cmd) ||
	    !json_object_is_type(cmd, json_type_string))
		return tn_fail(err, TN_EINVAL, "\"cmd\" is missing or no text");
	*name = json_object_get_string(cmd);
	*args = NULL;
	if (json_object_object_get_ex(doc, "args", args) && *args &&
	    !json_object_is_type(*args, json_type_object))
		return tn_fail(err, TN_EINVAL, "\"args\" is no object");
	return check_members(doc, err);
}

/* ---- arguments of the core's own commands: texts by name */

static int unknown_arg(const char *command, const char *name, const char *const *known, size_t n,
		       struct tn_error *err)
{
	const char *near = n ? conf_nearest(name, known, n) : NULL;

	if (n == 0)
		return tn_fail(err, TN_EINVAL, "%s takes no argument", command);
	return tn_fail(err, TN_EINVAL, "%s: unknown argument \"%.40s\"%s%s%s", command, name,
		       near ? ", do you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int unknown_to_core(const struct command *c, const char *name, struct tn_error *err)
{
	const char *known[CTL_PARAMS];
	size_t n = 0;

	while (n < CTL_PARAMS && c->param[n].name) {
		known[n] = c->param[n].name;
		n++;
	}
	return unknown_arg(c->name, name, known, n, err);
}

/* A schema's reader skips members that it does not know, as the wire wants it. Here such a one
 * is a slip of whoever typed it, and the command would run without it.
 */
static int check_names(const struct tn_command *c, json_object *args, struct tn_error *err)
{
	const char *known[ARGS_MAX];
	size_t n = 0;

	if (!c->args || c->args->shape != TN_RECORD)
		return 0;
	for (; n < c->args->fields && n < ARGS_MAX; n++)
		known[n] = c->args->field[n].name;
	json_object_object_foreach(args, name, value)
	{
		size_t i = 0;

		(void)value;
		while (i < n && strcmp(known[i], name) != 0)
			i++;
		if (i == n)
			return unknown_arg(c->name, name, known, n, err);
	}
	return 0;
}

static int take_arg(struct request *r, const struct command *c, const char *name,
		    json_object *value, struct tn_error *err)
{
	for (unsigned i = 0; i < CTL_PARAMS && c->param[i].name; i++) {
		if (strcmp(c->param[i].name, name) != 0)
			continue;
		if (!json_object_is_type(value, json_type_string))
			return tn_fail(err, TN_EINVAL, "%s: \"%s\" is a text", c->name, name);
		r->value[i] = json_object_get_string(value);
		if (strlen(r->value[i]) != (size_t)json_object_get_string_len(value))
			return tn_fail(err, TN_EINVAL, "%s: \"%s\" has a NUL in it", c->name, name);
		return 0;
	}
	return unknown_to_core(c, name, err);
}

static int take_args(struct request *r, const struct command *c, json_object *args,
		     struct tn_error *err)
{
	int rc;

	if (args) {
		json_object_object_foreach(args, name, value)
		{
			rc = take_arg(r, c, name, value, err);
			if (rc < 0)
				return rc;
		}
	}
	for (unsigned i = 0; i < CTL_PARAMS && c->param[i].name; i++)
		if (!c->param[i].optional && !r->value[i])
			return tn_fail(err, TN_EINVAL, "%s needs \"%s\"", c->name,
				       c->param[i].name);
	return 0;
}

/* ---- running */

static void note(struct ctl *ctl, const char *name, json_object *args)
{
	char safe[LOG_SAFE_MAX];
	const char *text = args ? json_object_to_json_string_ext(args, PLAIN) : "";

	log_line(ctl->set.log, "ctl", LOG_LEVEL_INFO, name, "Operator: %s %s", name,
		 log_safe(safe, text ? text : "", text ? strlen(text) : 0));
}

static int too_many(const struct ctl *ctl, struct tn_error *err)
{
	if (ctl->held_count < CTL_HELD_MAX)
		return 0;
	return tn_fail(err, TN_EFULL, "%u commands are waiting for their end already",
		       CTL_HELD_MAX);
}

int request_leave(struct request *r, const char *plugin, enum plug_leave how, struct tn_error *err)
{
	int rc = too_many(r->ctl, err);

	return rc ? rc : plug_leave(r->ctl->set.plug, plugin, how, on_end, r, err);
}

static int not_saved(int rc, const char *why, struct tn_error *err)
{
	return tn_fail(err, rc, "until restart only, for it cannot be stored: %.180s", why);
}

static void on_saved(void *arg, int rc, const char *why)
{
	struct tn_error err = { "" };

	on_end(arg, rc ? not_saved(rc, why, &err) : 0, err.text);
}

int request_bans_saved(struct request *r, struct tn_error *err)
{
	struct tn_error why = { "" };
	int rc = too_many(r->ctl, err);

	if (rc)
		return rc;
	rc = bans_when_saved(net_bans(r->ctl->set.net), on_saved, r, &why);
	if (rc < 0)
		return not_saved(rc, why.text, err);
	return rc ? PLUG_LATER : 0;
}

/* 0, PLUG_LATER or an error. */
static int run_plugins(struct request *r, const struct tn_command *c, json_object *args,
		       struct tn_error *err)
{
	const struct plug_reply reply = { on_row, on_end, r };
	struct tn_view view = { NULL, 0 };
	int rc = too_many(r->ctl, err);

	if (rc)
		return rc;
	if (args && json_object_object_length(args) > 0) {
		rc = check_names(c, args, err);
		if (rc)
			return rc;
		view.p = (const uint8_t *)json_object_to_json_string_length(args, PLAIN, &view.n);
		if (!view.p)
			return tn_fail(err, TN_ENOMEM, "no memory");
	}
	return plug_command_run(r->ctl->set.plug, c, &reply, view, &r->running, err);
}

static int run(struct request *r, json_object *doc, struct tn_error *err)
{
	struct ctl *ctl = r->ctl;
	const struct command *own;
	const struct tn_command *plugins;
	json_object *args = NULL;
	const char *name = NULL;
	int rc = read_line(doc, &name, &args, err);

	if (rc < 0)
		return rc;
	own = command_find(name);
	if (!own) {
		plugins = plug_command_find(ctl->set.plug, name);
		return plugins ? run_plugins(r, plugins, args, err)
			       : command_unknown(ctl->set.plug, name, err);
	}
	rc = take_args(r, own, args, err);
	if (rc < 0)
		return rc;
	if (own->changes)
		note(ctl, name, args);
	return own->run(r, err);
}

/* A replay asks the same. What is held and answered later is the plugin's work. */
static int run_recorded(struct request *r, json_object *doc, struct tn_view line,
			struct tn_error *err)
{
	struct env_record *rec = r->ctl->set.env->record;
	json_object *cmd = NULL;
	const struct command *own = NULL;
	int rc;

	if (json_object_object_get_ex(doc, "cmd", &cmd) &&
	    json_object_is_type(cmd, json_type_string))
		own = command_find(json_object_get_string(cmd));
	if (!rec || (own && own->outside))
		return run(r, doc, err);
	env_record_turn(rec, RECORD_COMMAND, line);
	rc = run(r, doc, err);
	env_record_turn_over(rec);
	return rc;
}

static int process(struct request *r, const char *line, size_t n, struct tn_error *err)
{
	json_object *doc = NULL;
	int rc = parse(line, n, &doc, err);

	if (rc == 0)
		rc = read_id(r, doc, err);
	if (rc == 0)
		rc = run_recorded(r, doc, (struct tn_view){ (const uint8_t *)line, n }, err);
	memset(r->value, 0, sizeof(r->value));
	json_object_put(doc);
	return rc;
}

int ctl_run(struct ctl *ctl, const char *line, size_t n, ctl_reply_fn *fn, void *arg)
{
	static const char no_memory[] = "{\"id\":null,\"error\":\"no memory\",\"code\":-8}";
	struct tn_error err = { "" };
	struct request *r = create(ctl, fn, arg);
	int rc;

	if (!r) {
		fn(arg, no_memory, sizeof(no_memory) - 1, true);
		return TN_ENOMEM;
	}
	rc = process(r, line, n, &err);
	if (rc == PLUG_LATER) {
		hold(r);
		return 0;
	}
	finish(r, rc, err.text);
	return rc;
}
