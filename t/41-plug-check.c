/* SPDX-License-Identifier: MIT
 * t/41-plug-check.c - each fault of a descriptor is refused with a sentence of its own
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/tap.h"
#include "plug/impl.h"
#include "timenode/event.h"
#include "timenode/wire.h"

static tn_verdict on_msg(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return TN_TAKEN;
}

static void on_tell(struct tn_ctx *c, const void *p)
{
	(void)c, (void)p;
}

struct conf {
	uint64_t n;
};
struct slot {
	uint64_t n;
};
static const struct tn_schema slot_schema =
	TN_SCHEMA(struct slot, TN_RECORD, TN_FIELD(struct slot, n));
static const struct tn_field wild_field[] = { { "n", NULL, 4000, 0, 0, TN_K_U64, 0 } };
static const struct tn_schema wild = { "wild", wild_field, 8, 1, 0, TN_RECORD };

static const struct tn_plugin good = {
	TN_HEAD("good", "1", "nothing wrong"),
	.conf_bytes = sizeof(struct conf),
	.slot_bytes = sizeof(struct slot),
	.messages = TN_ROWS(struct tn_message, { "Ping", &tn_wire_ping, on_msg, TN_OWN, .max = 0 }),
	.options = TN_ROWS(struct tn_option, TN_OPT(struct conf, n, "1", 0, 9, "a number")),
	.commands = TN_ROWS(struct tn_command, { "show", "shows", NULL, &slot_schema, NULL }),
	.listens = TN_ROWS(struct tn_listen,
			   { TN_EV_PROBE, sizeof(struct tn_ev_session), on_tell, NULL }),
};

static const char *why(const struct tn_plugin *d)
{
	static struct tn_error err;
	struct tn_plugin out;

	err.text[0] = 0;
	return check_desc(d, "good", &out, &err) ? err.text : "";
}

/* Sizes differ between machines. */
static const char *text(const char *table, unsigned has, size_t want)
{
	static char buf[200];

	snprintf(buf, sizeof buf, "plugin good: %s %u bytes, not %zu", table, has, want);
	return buf;
}

#define FAULT(change, sentence)                     \
	do {                                        \
		struct tn_plugin d = good;          \
		change;                             \
		is_str(why(&d), sentence, #change); \
	} while (0)

#define ROWS(member, T, ...) d.member = (struct tn_table)TN_ROWS(struct T, __VA_ARGS__)

static void heads(void)
{
	is_str(why(&good), "", "a sound descriptor passes");
	FAULT(d.magic = 1, "plugin good: not a timenode plugin (magic is 00000001, not 544e504c)");
	FAULT(d.abi_major = 9,
	      "plugin good: built for plugin interface 9, this node has 0: rebuild it");
	FAULT(d.abi_minor = 9,
	      "plugin good: needs plugin interface 0.9, this node has 0.4: update the node");
	FAULT((d.abi_minor = 0, d.size = offsetof(struct tn_plugin, save)), "");
	FAULT(d.size = 16, text("its descriptor has", 16, sizeof(struct tn_plugin)));
	FAULT(d.name = "other", "plugin good: the file says its name is other");
	FAULT(d.name = "Good",
	      "plugin good: its own name is not a word of a-z, 0-9, - and _ (up to 32)");
	FAULT(d.name = NULL,
	      "plugin good: its own name is not a word of a-z, 0-9, - and _ (up to 32)");
	FAULT(d.version = "", "plugin good: no version");
	FAULT(d.summary = NULL, "plugin good: no licence or no summary");
	FAULT(d.slot_bytes = 1u << 30, "plugin good: state, conf or slot over 16 MiB");
}

static void messages(void)
{
	FAULT(ROWS(messages, tn_message, { "Pi ng", NULL, on_msg, TN_OWN, .max = 0 }),
	      "plugin good: messages row 0: not a message name of letters and digits");
	FAULT(ROWS(messages, tn_message, { NULL, NULL, on_msg, TN_OWN, .max = 0 }),
	      "plugin good: messages row 0: not a message name of letters and digits");
	FAULT(ROWS(messages, tn_message, { "Ping", NULL, on_msg, 9, .max = 0 }),
	      "plugin good: messages row 0: no such claim");
	FAULT(ROWS(messages, tn_message, { "Ping", NULL, NULL, TN_WATCH, .max = 0 }),
	      "plugin good: messages row 0: a gate or watcher without a handler");
	FAULT(ROWS(messages, tn_message, { "Ping", NULL, on_msg, TN_OWN, .later_ms = 30001 }),
	      "plugin good: messages row 0: a deadline over 30 s");
	FAULT(ROWS(messages, tn_message, { "Ping", NULL, on_msg, TN_OWN, .flags = 128 }),
	      "plugin good: messages row 0: a flag that this node does not know");
	FAULT(ROWS(messages, tn_message, { "Ping", NULL, on_msg, TN_OWN, .feature = "A b" }),
	      "plugin good: messages row 0: a feature is up to 32 of a-z, 0-9 and -");
	FAULT(ROWS(messages, tn_message, { "Ping", NULL, on_msg, TN_OWN, .max = 0 },
		   { "Ping", NULL, on_msg, TN_OWN, .max = 0 }),
	      "plugin good: messages row 1: the same name and claim as another row");
	FAULT(d.messages.stride = 8,
	      text("table messages has rows of", 8, sizeof(struct tn_message)));
	FAULT(d.messages.row = NULL, text("table messages has rows of", sizeof(struct tn_message),
					  sizeof(struct tn_message)));
	FAULT(d.messages.rows = 600, "plugin good: table messages has more than 512 rows");
}

static void others(void)
{
	FAULT(ROWS(listens, tn_listen, { TN_EV_PROBE, 4000, on_tell, NULL }),
	      "plugin good: listens row 0: its payload is larger than the node's");
	FAULT(ROWS(listens, tn_listen, { TN_EV_PROBE, 8, NULL, NULL }),
	      "plugin good: listens row 0: either tell or ask");
	FAULT(ROWS(commands, tn_command, { "Show", "shows", NULL, NULL, NULL }),
	      "plugin good: commands row 0: not a command name");
	FAULT(ROWS(commands, tn_command, { "show", NULL, NULL, NULL, NULL }),
	      "plugin good: commands row 0: no help");
	FAULT(ROWS(commands, tn_command, { "show", "", NULL, NULL, NULL }),
	      "plugin good: commands row 0: no code, and its row is not the slot");
	FAULT(d.slot_bytes = 4,
	      "plugin good: commands row 0: no code, and its row is not the slot");
	FAULT(ROWS(metrics, tn_metric, { "a b", "", 0, 0 }),
	      "plugin good: metrics row 0: a metric needs a name of a-z, 0-9 and _, and help");
	FAULT(ROWS(metrics, tn_metric, { "a", "", 7, 0 }),
	      "plugin good: metrics row 0: no such kind");
	FAULT(ROWS(reasons, tn_reason, { "x", NULL }),
	      "plugin good: reasons row 0: a reason needs a name of a-z, 0-9 and -, and help");
	FAULT(ROWS(reasons, tn_reason, { "x", "" }, { "x", "" }),
	      "plugin good: reasons row 1: the same name as another row");
	FAULT(ROWS(dbs, tn_dbdef, { "", NULL, 0 }), "plugin good: dbs row 0: not a database name");
	FAULT(ROWS(needs, tn_need, { NULL, 0, 0, 0 }),
	      "plugin good: needs row 0: not a service name");
	FAULT(ROWS(needs, tn_need, { "x", 0, 0, 7 }),
	      "plugin good: needs row 0: neither a need nor a want");
	FAULT(ROWS(offers, tn_offer, { "x", 0, 0, NULL }),
	      "plugin good: offers row 0: a service without functions");
	FAULT(ROWS(emits, tn_emits, { "", 0 }), "plugin good: emits row 0: not an event name");
}

static void parts(void)
{
	struct tn_plugin d = good;

	ROWS(messages, tn_message, { "Ping", &wild, on_msg, TN_OWN, .max = 0 });
	ok(!strncmp(why(&d), "plugin good: messages row 0: schema: ", 37),
	   "a schema that reaches outside of its struct: %s", why(&d));
	d = good;
	ROWS(options, tn_option, { "n", "99", "", 0, 9, 0, TN_O_INT, 0 });
	ok(!strncmp(why(&d), "plugin good: options: ", 22), "a default out of bounds: %s", why(&d));
	d = good;
	d.conf_bytes = 4;
	ok(!strncmp(why(&d), "plugin good: options: ", 22), "an option outside of conf: %s",
	   why(&d));
}

/* ---- against those loaded already: one plugin stands there */

static const char *among(const struct tn_plugin *there, const struct tn_plugin *d)
{
	static struct tn_error err;
	static struct plugin other;
	struct plug pl = { .count = 1, .list = { &other } };

	other.desc = *there;
	err.text[0] = 0;
	return check_among(&pl, d, NULL, &err) ? err.text : "";
}

static void pairs(void)
{
	static const int ops;
	struct tn_plugin a = good, d = good;

	is_str(among(&a, &d), "plugin good: loaded already", "the same name");
	d.name = "more";
	is_str(among(&a, &d), "plugin more: command show is plugin good's already",
	       "the same command");
	d.commands = (struct tn_table){ 0 };
	is_str(among(&a, &d), "", "else it may come");
	ROWS(offers, tn_offer, { "chain", 1, 0, &ops });
	a.offers = d.offers;
	is_str(among(&a, &d), "plugin more: service chain is offered by plugin good already",
	       "the same service");
	a.offers = (struct tn_table){ 0 };
	a.emits = (struct tn_table)TN_ROWS(struct tn_emits, { "new.block", 8 });
	ROWS(listens, tn_listen, { "new.block", 16, on_tell, NULL });
	is_str(among(&a, &d), "plugin more: event new.block has 16 bytes there, 8 in plugin good",
	       "a listener that knows more of a payload than there is");
	is_str(among(&d, &a), "plugin more: event new.block has 16 bytes there, 8 in plugin good",
	       "in whatever order they come");
	ROWS(listens, tn_listen, { "new.block", 4, on_tell, NULL });
	is_str(among(&a, &d), "", "one that knows less is fine");
}

static void files(void)
{
	char path[300], want[400];
	struct tn_error err = { "" };

	snprintf(path, sizeof path, "%s/p.so", tap_tmpdir());
	is_int(check_file(path, &err), TN_ENOENT, "no file");
	is_int(check_file(tap_tmpdir(), &err), TN_EINVAL, "a directory");
	fclose(fopen(path, "w"));
	chmod(path, 0644);
	is_int(check_file(path, &err), 0, "a file of ours passes");
	chmod(path, 0646);
	is_int(check_file(path, &err), TN_EINVAL, "one that everybody may write does not");
	snprintf(want, sizeof want, "%s: everybody may write it: chmod o-w", path);
	is_str(err.text, want, "and is told so");
	if (geteuid() || chown(path, 12345, 0)) {
		skip(1, "only root can give a file away");
		return;
	}
	chmod(path, 0644);
	is_int(check_file(path, &err), TN_EINVAL, "somebody else's file");
}

int main(void)
{
	heads();
	messages();
	others();
	parts();
	pairs();
	files();
	return done_testing();
}
