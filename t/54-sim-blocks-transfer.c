/* SPDX-License-Identifier: MIT
 * t/54-sim-blocks-transfer.c - export while the chain changes; names that are no files; a tip that is not on the disk yet
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/tap.h"
#include "sim/chainlab.h"
#include "sim/fleet.h"

enum { FORK = 20, BLOCKS = 300 };

struct story {
	struct fleet *f;
	struct fleet_node *n;
	struct chaingen *g;
	struct tn_arena *arena;
	uint64_t top;
	char dir[100], file[120];
	bool done;
	int code;
	char why[300];
};

static struct plug *plug_of(const struct story *s)
{
	return node_plug(s->n->node);
}

static bool lower(void *arg)
{
	struct story *s = arg;

	return chain_tip(plug_of(s)).height < s->top;
}

static void grow(struct story *s, struct chaingen *g, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct tn_block *b = chaingen_next(g, s->arena);

		s->top = b->header.height;
		chain_offer(plug_of(s), b, s->arena);
	}
	if (!world_run_while(s->f->world, lower, s, world_now(s->f->world) + 600000000))
		bail_out("the blocks do not connect");
}

static struct story *begin(void)
{
	struct story *s = calloc(1, sizeof *s);
	const char *tmp = getenv("TMPDIR");

	snprintf(s->dir, sizeof s->dir, "%.60s/tn-transfer-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(s->dir))
		bail_out("no temporary directory");
	snprintf(s->file, sizeof s->file, "%s/x.jsonl", s->dir);
	s->f = fleet_create(31);
	s->n = fleet_add(s->f, "50.0.0.1",
			 "network: { name = \"testnet\"; listen = [ \"50.0.0.1\" ]; }; "
			 "plugins: { blocks: { }; };");
	s->arena = tn_arena_create((size_t)256 << 20);
	s->g = chainlab_gen(31, 6);
	fleet_start(s->n);
	return s;
}

static void end(struct story *s)
{
	unlink(s->file);
	rmdir(s->dir);
	fleet_free(s->f);
	chaingen_free(s->g);
	tn_arena_unref(s->arena);
	free(s);
}

static void no_row(void *arg, const char *json, size_t n)
{
	(void)arg, (void)json, (void)n;
}

static void on_end(void *arg, int code, const char *why)
{
	struct story *s = arg;

	s->done = true;
	s->code = code;
	snprintf(s->why, sizeof s->why, "%s", why);
}

static bool not_done(void *arg)
{
	return !((struct story *)arg)->done;
}

/* The first piece is written, and the others are not. */
static bool no_piece(void *arg)
{
	struct story *s = arg;
	struct stat st;

	return !s->done && (stat(s->file, &st) || st.st_size == 0);
}

/* An import or export of the file that is under way when this returns. */
static void begin_transfer(struct story *s, const char *action)
{
	struct plug_reply reply = { .row = no_row, .end = on_end, .arg = s };
	char args[200];
	struct tn_view in = { (const uint8_t *)args, 0 };
	struct tn_error err = { "" };
	uint64_t running;

	in.n = (size_t)snprintf(args, sizeof args, "{\"action\":\"%s\",\"file\":\"%s\"}", action,
				s->file);
	s->done = false;
	if (plug_command_run(plug_of(s), plug_command_find(plug_of(s), "chain"), &reply, in,
			     &running, &err) != PLUG_LATER)
		bail_out("no %s: %s", action, err.text);
}

static void branch_meanwhile(struct story *s)
{
	struct chaingen *other;

	grow(s, s->g, FORK);
	other = chaingen_fork(s->g, 2);
	grow(s, s->g, BLOCKS - FORK);
	world_slow_jobs(s->n->env, 30000000);
	begin_transfer(s, "export");
	world_run_while(s->f->world, no_piece, s, world_now(s->f->world) + 100000000);
	world_slow_jobs(s->n->env, 0);
	grow(s, other, BLOCKS + 1 - FORK);
	ok(!s->done, "the branch changes while an export is under way");
	world_run_while(s->f->world, not_done, s, world_now(s->f->world) + 100000000);
	is_int(s->code, TN_EBUSY,
	       "the chain changes below it: no file of two branches is called good");
	ok(strstr(s->why, "the chain changed meanwhile"), "and it says so (%s)", s->why);
	chaingen_free(other);
}

static void is_refused(struct story *s, const char *args, const char *want, const char *name)
{
	char *text = chain_ask(s->f->world, plug_of(s), "chain", args);

	ok(strstr(text, want), "%s (%s)", name, text);
	free(text);
}

static bool second_lower(void *arg)
{
	struct story *s = arg;

	return chain_tip(node_plug(s->f->node[1].node)).height < s->top;
}

/* The tip that it asked for was not on the disk yet: it hears of it when it is. */
static void asked_too_early(struct story *s)
{
	struct fleet_node *n =
		fleet_add(s->f, "53.0.0.1",
			  "network: { name = \"testnet\"; listen = [ \"53.0.0.1\" ]; "
			  "dial_rule = \"any\"; connect = [ \"50.0.0.1\" ]; }; "
			  "plugins: { blocks: { }; };");

	grow(s, s->g, 30);
	begin_transfer(s, "export");
	world_run_while(s->f->world, not_done, s, world_now(s->f->world) + 100000000);
	free(chain_ask(s->f->world, plug_of(s), "chain", "{\"action\":\"rollback\",\"height\":0}"));
	world_slow_disk(s->n->env, 3000000);
	begin_transfer(s, "import");
	world_run_while(s->f->world, lower, s, world_now(s->f->world) + 100000000);
	ok(!s->done && chain_tip(plug_of(s)).height == s->top,
	   "an imported chain, before the disk has it");
	fleet_start(n);
	world_run_while(s->f->world, second_lower, s, world_now(s->f->world) + 30000000);
	is_uint(chain_tip(node_plug(n->node)).height, s->top,
		"who asks before the tip is on the disk has it half a minute later");
}

/* A record's length may begin with the byte of a brace. */
static void brace(struct story *s)
{
	static const char record[8 + '{'] = { '{' };
	FILE *f = fopen(s->file, "wb");
	char args[200];

	if (!f || fwrite(record, sizeof record, 1, f) != 1 || fclose(f))
		bail_out("no file");
	snprintf(args, sizeof args, "{\"action\":\"import\",\"file\":\"%s\"}", s->file);
	is_refused(s, args, ": something after the value at byte 108", "123 bytes are no JSON");
	unlink(s->file);
}

/* Neither an export of nothing nor a file that a crash left full of zeros is silently good. */
static void nothing_and_zeros(struct story *s)
{
	static const char zeros[1000];
	char args[200];
	struct stat st;
	FILE *f;

	snprintf(args, sizeof args, "{\"action\":\"export\",\"file\":\"%s\"}", s->file);
	free(chain_ask(s->f->world, plug_of(s), "chain", args));
	ok(!stat(s->file, &st) && st.st_size == 0, "a chain without blocks makes an empty file");
	is_refused(s, args, ": there is something of that name", "which is not written over");
	unlink(s->file);
	snprintf(args, sizeof args, "{\"action\":\"export\",\"file\":\"%s/none/x\"}", s->dir);
	is_refused(s, args, "No such file or directory", "where none can be made it says so");
	f = fopen(s->file, "wb");
	if (!f || fwrite(zeros, sizeof zeros, 1, f) != 1 || fclose(f))
		bail_out("no file of zeros");
	snprintf(args, sizeof args, "{\"action\":\"import\",\"file\":\"%s\"}", s->file);
	is_refused(s, args, ": this is no file of blocks", "zeros are no blocks");
	unlink(s->file);
}

int main(void)
{
	struct story *s = begin();
	char args[200];

	is_refused(s, "{\"action\":\"import\",\"file\":\"/tmp/a\\u0000b\"}",
		   "error -4 an absolute path is needed", "a name that ends early is no name");
	snprintf(args, sizeof args, "{\"action\":\"import\",\"file\":\"%s\"}", s->dir);
	is_refused(s, args, ": Is a directory", "a directory is told as what it is");
	nothing_and_zeros(s);
	brace(s);
	branch_meanwhile(s);
	end(s);
	s = begin();
	asked_too_early(s);
	end(s);
	return done_testing();
}
