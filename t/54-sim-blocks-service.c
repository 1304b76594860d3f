/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-service.c - the service chain: what check and submit say of a block, wherever it lies
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/chainlab.h"

struct story {
	struct world *w;
	struct pluglab *l;
	struct chaingen *ours, *theirs;
	struct tn_arena *arena;
};

static struct story begin(void)
{
	struct story s = { .w = world_create(41), .arena = tn_arena_create((size_t)16 << 20) };

	s.l = chainlab_create(s.w, "a", "50.0.0.1", "", "");
	s.ours = chainlab_gen(41, 3);
	chainlab_feed(s.w, s.l, s.ours, 9);
	s.theirs = chaingen_fork(s.ours, 2);
	return s;
}

static void end(struct story *s)
{
	pluglab_free(s->l);
	world_free(s->w);
	chaingen_free(s->ours);
	chaingen_free(s->theirs);
	tn_arena_unref(s->arena);
}

static void says(struct story *s, bool dry, const struct tn_block *b, int want, const char *reason,
		 const char *name)
{
	char why[200] = "";
	int rc = (dry ? chainlab_check : chainlab_submit)(s->w, s->l, b, s->arena, why, sizeof why);

	is_int(rc, want, "%s", name);
	is_str(why, reason, "for that reason");
}

static void is_tip(struct story *s, const struct tn_block *b, const char *name)
{
	struct tn_tip tip = chainlab_tip(s->l);
	struct tn_sha *sha = tn_sha_create();
	struct tn_hash hash;

	tn_block_hash(sha, &b->header, &hash);
	is_mem(&tip.hash, &hash, sizeof hash, "%s", name);
	tn_sha_free(sha);
}

static void go_back(struct story *s, unsigned height)
{
	char args[80], *text;

	snprintf(args, sizeof args, "{\"action\":\"rollback\",\"height\":%u}", height);
	text = chainlab_ask(s->w, s->l, "chain", args);
	ok(strstr(text, "{\"height\":"), "back to %u (%s)", height, text);
	free(text);
}

int main(void)
{
	static const char beside[] = "it does not follow the tip";
	struct story s = begin();
	const struct tn_block *ten = chaingen_next(s.ours, s.arena),
			      *eleven = chaingen_next(s.ours, s.arena),
			      *other = chaingen_next(s.theirs, s.arena);

	says(&s, true, ten, 0, "", "the next block would connect");
	says(&s, true, eleven, TN_EBAD, beside, "the one behind it would not");
	is_uint(chainlab_tip(s.l).height, 9, "a check changes nothing");
	says(&s, false, ten, 0, "", "it connects");
	says(&s, false, eleven, 0, "", "and the one behind it");
	says(&s, false, ten, 0, "", "again: the chain has it");
	says(&s, true, other, TN_EBAD, beside, "a block of a shorter branch would not connect");
	says(&s, false, other, TN_EBAD, beside, "nor does it");
	says(&s, true, other, TN_EBAD, beside, "nor would it now that it lies beside the chain");
	says(&s, false, other, TN_EBAD, beside, "nor does it then");
	is_tip(&s, eleven, "the tip is what it was");
	go_back(&s, 9);
	says(&s, true, other, 0, "", "once the tip is its parent it would connect");
	says(&s, false, other, 0, "", "and does");
	is_tip(&s, other, "and is the tip");
	is_int(chainlab_metric(s.l, "side_blocks"), 0, "and no longer beside the chain");
	says(&s, true, ten, TN_EBAD, beside, "one of the branch that was left would not");
	end(&s);
	return done_testing();
}
