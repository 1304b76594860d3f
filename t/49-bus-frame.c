/* SPDX-License-Identifier: MIT
 * t/49-bus-frame.c - a line that a plugin has written itself is sent as it is, if it is that message
 */
#include <string.h>

#include "lib/tap.h"
#include "sim/pluglab.h"

struct note {
	uint64_t n;
};

static const struct tn_schema note_schema =
	TN_SCHEMA(struct note, TN_RECORD, TN_FIELD(struct note, n));

struct state {
	uint64_t sum;
	unsigned notes;
};

enum { M_NOTE, M_SEEN };

static tn_verdict on_note(struct tn_ctx *c, const struct tn_msg *m)
{
	struct state *st = c->state;

	st->notes++;
	st->sum += ((const struct note *)m->body)->n;
	return TN_TAKEN;
}

static tn_verdict on_seen(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return TN_TAKEN;
}

TN_PLUGIN = {
	TN_HEAD("notes", "1", "sends lines of its own"),
	.state_bytes = sizeof(struct state),
	.messages = TN_ROWS(struct tn_message,
			    [M_NOTE] = { "Note", &note_schema, on_note, TN_OWN, .max = 1024 },
			    [M_SEEN] = { "Ping", NULL, on_seen, TN_WATCH }),
};

static const struct plug_builtin builtin = { "notes", &tn_plugin_desc };

static struct tn_frame *frame(struct pluglab *l, unsigned row, const char *line)
{
	return tn_frame_line(pluglab_ctx(l, "notes"), row, line, strlen(line));
}

static void refused(struct pluglab *l, unsigned row, const char *line, const char *name)
{
	struct tn_frame *f = frame(l, row, line);

	ok(!f, "%s is no frame", name);
	if (f)
		tn_frame_unref(pluglab_ctx(l, "notes"), f);
}

static void sent(struct plugpair *p, const char *line, const char *name)
{
	const struct state *st = pluglab_ctx(p->b, "notes")->state;
	struct tn_sid to = { pluglab_session(p->a)->sid };
	struct tn_frame *f = frame(p->a, M_NOTE, line);
	unsigned before = st->notes;

	if (!f)
		bail_out("%s: no frame", name);
	is_int(tn_send_frame(pluglab_ctx(p->a, "notes"), to, f), 0, "%s is sent", name);
	tn_frame_unref(pluglab_ctx(p->a, "notes"), f);
	plugpair_run(p, 1000);
	is_uint(st->notes, before + 1, "and comes");
}

int main(void)
{
	struct plugpair p = plugpair_create(5, "notes: { };", &builtin, 1);

	plugpair_run(&p, 15000);
	if (!pluglab_session(p.a) || !pluglab_session(p.b))
		bail_out("they did not meet");
	sent(&p, "{\"Note\":{\"n\":5}}", "a line without its LF");
	sent(&p, "{\"Note\":{\"n\":7}}\n", "a line with it");
	is_uint(((const struct state *)pluglab_ctx(p.b, "notes")->state)->sum, 12, "as they are");
	refused(p.a, M_NOTE, "{\"Other\":{\"n\":5}}", "another message");
	refused(p.a, M_NOTE, "{\"Notes\":{\"n\":5}}", "a longer name");
	refused(p.a, M_NOTE, "{\"Note\":{\"n\":5}}\n{\"Note\":{\"n\":5}}\n", "two lines");
	refused(p.a, M_NOTE, "{\"Note\":{\"n\":5}}\n\n", "a line and an empty one");
	refused(p.a, M_NOTE, "", "nothing");
	refused(p.a, M_NOTE, "\n", "an empty line");
	refused(p.a, M_SEEN, "{\"Ping\":1}", "a message of another owner");
	refused(p.a, 9, "{\"Note\":{\"n\":5}}", "a row that is not there");
	is_uint(pluglab_off(p.a) + pluglab_off(p.b), 0, "both accounts balance");
	plugpair_free(&p);
	return done_testing();
}
