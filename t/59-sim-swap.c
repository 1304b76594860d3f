/* SPDX-License-Identifier: MIT
 * t/59-sim-swap.c - upgrades that work and that fail, quarantine and its delays, in virtual time
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/builtins.h"
#include "lib/tap.h"
#include "sim/pluglab.h"

enum { FAILS, HOLDS }; /* what a node does with GetBlockHeight */

static struct {
	int mode;
	bool refuse_start, refuse_restore, refuse_save;
	struct tn_hold hold;
	char story[400];
} now;

static void say(const char *word)
{
	size_t n = strlen(now.story);

	snprintf(now.story + n, sizeof now.story - n, "%s%s", n ? " " : "", word);
}

static void is_story(const char *want, const char *what)
{
	is_str(now.story, want, "%s", what);
	now.story[0] = 0;
}

/* ---- a plugin that offers something, in two builds, and one that needs it */

static tn_verdict on_ask(struct tn_ctx *c, const struct tn_msg *m)
{
	if (now.mode == FAILS)
		return TN_BROKEN;
	now.hold = tn_hold(c, m);
	return TN_LATER;
}

static int old_start(struct tn_ctx *c, struct tn_error *err)
{
	(void)c;
	say("old:start");
	return now.refuse_start ? tn_fail(err, TN_EBUSY, "not now") : 0;
}

static int new_start(struct tn_ctx *c, struct tn_error *err)
{
	say("new:start");
	tn_metric(c, 0, 1);
	return now.refuse_start ? tn_fail(err, TN_EBUSY, "not now") : 0;
}

static void old_stop(struct tn_ctx *c, enum tn_why why)
{
	(void)c;
	say(why == TN_STOP_SWAP    ? "old:stop-swap"
	    : why == TN_STOP_FAULT ? "old:stop-fault"
				   : "old:stop");
}

static void on_up(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)c, (void)s;
	say(*(uint64_t *)slot == 7 ? "up:known" : "up:new");
	*(uint64_t *)slot = 7;
}

static void on_down(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	(void)c, (void)s, (void)slot;
	say("down");
}

static int save_one(struct tn_ctx *c, struct tn_sid s, void *slot, void *arg)
{
	(void)c, (void)slot;
	*(struct tn_sid *)arg = s;
	return 0;
}

static int save(struct tn_ctx *c, struct tn_arena *a, struct tn_view *out, struct tn_error *err)
{
	struct tn_sid *sid = tn_alloc(a, sizeof *sid);

	say("save");
	if (now.refuse_save)
		return tn_fail(err, TN_EBUSY, "nothing is ready");
	tn_each(c, NULL, save_one, sid);
	*out = TN_VIEW(*sid);
	return 0;
}

static int restore(struct tn_ctx *c, struct tn_view saved, struct tn_error *err)
{
	struct tn_sid sid;

	say("restore");
	memcpy(&sid, saved.p, sizeof sid);
	*(uint64_t *)tn_slot(c, sid) = 7;
	if (!now.refuse_restore)
		return 0;
	now.refuse_restore = false; /* the next one may */
	return tn_fail(err, TN_EBAD, "unreadable");
}

static const int service = 1;

#define BUILD(version_, start_, stop_)                                                           \
	{                                                                                        \
		TN_HEAD("base", version_, "offers a service"),                                   \
			.slot_bytes = 8,                                                         \
			.offers = TN_ROWS(struct tn_offer, { "thing", 1, 0, &service }),         \
			.messages = TN_ROWS(struct tn_message,                                   \
					    { "GetBlockHeight", &tn_schema_unit, on_ask, TN_OWN, \
					      .window = 9, .later_ms = 30000 }),                 \
			.metrics = TN_ROWS(struct tn_metric, { "n", "starts", TN_M_COUNT, 1 }),  \
			.start = start_, .stop = stop_, .up = on_up, .down = on_down,            \
			.save = save, .restore = restore,                                        \
	}

static const struct tn_plugin old_base = BUILD("1", old_start, old_stop);
static const struct tn_plugin new_base = BUILD("2", new_start, NULL);
static const struct tn_plugin bare_base = { TN_HEAD("base", "3", "offers nothing any more") };
static const struct tn_plugin user = {
	TN_HEAD("user", "1", "needs it"),
	.needs = TN_ROWS(struct tn_need, { "thing", 1, 0, TN_NEED }),
};

static const struct tn_plugin critical_user = {
	TN_HEAD("user", "1", "needs it"),
	.flags = TN_PF_CRITICAL,
	.needs = TN_ROWS(struct tn_need, { "thing", 1, 0, TN_NEED }),
};

static struct plug_builtin builtins[] = { { "base", &old_base }, { "user", &user } };

static struct plugpair meet(int mode)
{
	struct plugpair p;

	memset(&now, 0, sizeof now);
	now.mode = mode;
	builtins[0].desc = &old_base;
	p = plugpair_create(1, "base: { }; user: { };", builtins, 2);
	plug_unload(p.b->plug, "user", NULL);
	plug_unload(p.b->plug, "base", NULL);
	now.story[0] = 0;
	return p;
}

static const char *shown(struct plugpair *p, const char *name, uint64_t *retry_us)
{
	static char text[300];
	struct plug_info i;

	for (size_t k = 0; plug_info(p->a->plug, k, &i); k++) {
		if (strcmp(i.name, name))
			continue;
		snprintf(text, sizeof text, "%s %s%s%s", i.version, i.state, i.reason ? ": " : "",
			 i.reason ? i.reason : "");
		if (retry_us)
			*retry_us = i.retry_us;
		return text;
	}
	return "not there";
}

static void ask(struct plugpair *p, unsigned n)
{
	while (n--)
		pluglab_say(p->b, "GetBlockHeight", "\"GetBlockHeight\"");
	plugpair_run(p, 1000);
}

/* ---- upgrades */

static void upgrade(void)
{
	struct plugpair p = meet(HOLDS);
	struct tn_error err = { "" };
	struct plug_metric m;
	uint64_t sid = pluglab_session(p.a)->sid;

	ask(&p, 1);
	is_uint(pluglab_count(p.a, "GetBlockHeight", COUNT_RECEIVED), 1, "a message is held");
	builtins[0].desc = &new_base;
	is_int(plug_upgrade(p.a->plug, "base", &err), 0, "the second build takes over: %s",
	       err.text);
	is_story("save down old:stop-swap new:start restore up:known",
		 "save, down, stop, start, restore, up: what was saved is there at up()");
	is_str(shown(&p, "base", NULL), "2 running", "it runs");
	is_str(shown(&p, "user", NULL), "1 running", "who needs it was not asked");
	is_uint(pluglab_session(p.a)->sid, sid, "the session is the same");
	is_uint(pluglab_refused(p.a, "GetBlockHeight", ACCOUNT_IN, "unloaded"), 1,
		"what the first one held is refused(unloaded)");
	ok(plug_metric(p.a->plug, 0, &m) && m.value == 1, "a metric goes on");
	is_int(plug_upgrade(p.a->plug, "base", &err), 0, "and again");
	ok(plug_metric(p.a->plug, 0, &m) && m.value == 2, "from where it was");
	ask(&p, 1);
	is_uint(pluglab_off(p.a), 0, "the account balances");
	plugpair_free(&p);
}

/* Each way to fail leaves the first build running, with what it holds. */
static void failures(void)
{
	struct plugpair p = meet(HOLDS);
	struct tn_error err = { "" };

	ask(&p, 1);
	builtins[0].desc = &bare_base;
	is_int(plug_upgrade(p.a->plug, "base", &err), TN_EINVAL, "a build without the service");
	is_str(err.text, "plugin user needs service thing 1.0, which no plugin offers",
	       "who needs it");
	is_story("", "the old build was not touched");
	builtins[0].desc = &new_base;
	now.refuse_save = true;
	is_int(plug_upgrade(p.a->plug, "base", &err), TN_EBUSY, "a save that refuses");
	is_story("save", "the old build was only asked");
	now.refuse_save = false;
	now.refuse_restore = true;
	is_int(plug_upgrade(p.a->plug, "base", &err), TN_EBAD, "a restore that refuses");
	is_str(err.text, "plugin base: restore: unreadable", "with its reason");
	is_story("save down old:stop-swap new:start restore old:start restore up:known",
		 "the old build is started and restored");
	is_str(shown(&p, "base", NULL), "1 running", "it runs");
	is_int(tn_settle(pluglab_ctx(p.a, "base"), now.hold, TN_TAKEN), 0,
	       "and settles what it held all the time");
	is_uint(pluglab_count(p.a, "GetBlockHeight", COUNT_HANDLED), 1, "which is handled");
	now.refuse_start = true;
	is_int(plug_upgrade(p.a->plug, "base", &err), TN_EBUSY, "neither of them starts");
	plugpair_run(&p, 100);
	is_str(shown(&p, "base", NULL), "1 quarantined: plugin base: start: not now",
	       "then it is put away");
	is_str(shown(&p, "user", NULL),
	       "1 quarantined: plugin base, which it needs, is in quarantine",
	       "with its dependant");
	is_uint(pluglab_off(p.a), 0, "the account balances");
	plugpair_free(&p);
}

/* ---- quarantine */

static void delays(void)
{
	static const unsigned want[] = { 10, 20, 40, 80, 160, 300, 300 };
	struct plugpair p = meet(FAILS);
	uint64_t us = 0;

	ask(&p, 9);
	is_str(shown(&p, "base", NULL), "1 running", "nine failures");
	now.refuse_start = true;
	ask(&p, 1);
	is_str(shown(&p, "base", &us), "1 quarantined: its verdicts are BROKEN again and again",
	       "the tenth");
	for (unsigned i = 0; i < 7; i++) {
		shown(&p, "base", &us);
		ok(us <= want[i] * 1000000ull && us + 1200000 > want[i] * 1000000ull,
		   "try %u after %u s (%u ms left)", i + 1, want[i], (unsigned)(us / 1000));
		plugpair_run(&p, us / 1000 + 100);
	}
	now.refuse_start = false;
	shown(&p, "base", &us);
	plugpair_run(&p, us / 1000 + 1000);
	is_str(shown(&p, "base", NULL), "1 running", "it comes back");
	is_str(shown(&p, "user", NULL), "1 running", "and who needs it with it");
	ask(&p, 10);
	shown(&p, "base", &us);
	ok(us > 290000000, "soon again: no shorter than before");
	plugpair_run(&p, 301000);
	is_str(shown(&p, "base", NULL), "1 running", "it comes back");
	plugpair_run(&p, 301000);
	ask(&p, 10);
	shown(&p, "base", &us);
	ok(us > 0 && us <= 10000000, "after five healthy minutes: 10 s");
	is_int(plug_unload(p.a->plug, "base", NULL), 0, "the operator may let it go");
	is_str(shown(&p, "base", NULL), "not there", "for good");
	is_uint(pluglab_off(p.a), 0, "the account balances");
	plugpair_free(&p);
}

/* ---- a plugin without which the node shall not run needs the one that fails */

static void needed(void)
{
	struct plugpair p;

	builtins[1].desc = &critical_user;
	p = meet(FAILS);
	ask(&p, 9);
	is_uint(p.a->fatals, 0, "nine failures");
	ask(&p, 20);
	is_uint(p.a->fatals, 1, "ten end the node, once");
	is_str(p.a->fatal, "plugin base failed", "told by its name");
	is_str(shown(&p, "base", NULL), "1 running", "nobody is put into quarantine");
	plugpair_free(&p);
	builtins[1].desc = &user;
}

int main(void)
{
	upgrade();
	failures();
	delays();
	needed();
	return done_testing();
}
