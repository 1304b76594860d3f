/* SPDX-License-Identifier: MIT
 * t/chaingen.c - writes blocks from a seed to stdout, for tests of whole nodes
 *
 * usage: chaingen [--network NAME] [--genesis-time S] [--seed N] [--blocks N] [--txs N]
 *                 [--masternodes N] [--dust N[xBLOCKS]] [--unsigned|--old] [--fork-at H --branch N]
 *                 [--fund ADDRESS:COUNT:SATOSHIS ...] [--bad NAME --bad-at H
 *                 [--bad-every N] [--only-bad]]
 *                 [--format lines|bincode] [--genesis] [--cache FILE]
 *        chaingen --list-bad
 *
 * lines: one block a line as JSON. bincode: for each block its length, eight bytes with the
 * lowest first, and its bincode. With --fork-at blocks above H are those of branch N; the
 * others are the same whatever N. With --bad the block at that height, and with
 * --bad-every each N above it, is wrong and the others are as if it were not; --only-bad prints
 * no others. --fund, up to 8 times, pays coins to an address as soon as there
 * is enough; it is an error when the chain is too short for all of them. With --cache the output is also kept in FILE, behind a line
 * with the settings, and comes from there the next time that these are the same.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chaingen.h"

struct wish {
	struct chaingen_conf conf;
	uint64_t blocks, fork_at, branch, bad_at, bad_every;
	int bad; /* -1: none */
	bool bincode, genesis, only_bad;
	const char *cache;
	char line[1024]; /* all settings that decide the output */
};

struct out {
	FILE *to[2]; /* stdout, and the cache if there is one */
	char *buf;
	size_t room;
};

static _Noreturn void die(const char *what, const char *value)
{
	fprintf(stderr, "chaingen: %s%s%s\n", what, value ? ": " : "", value ? value : "");
	exit(2);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end)
		die("not a number", text);
	return v;
}

static int find_bad(const char *name)
{
	for (unsigned i = 0; i < CHAINGEN_BAD; i++)
		if (strcmp(chaingen_bad(i)->name, name) == 0)
			return (int)i;
	die("no such fault", name);
}

static _Noreturn void list_bad(void)
{
	for (unsigned i = 0; i < CHAINGEN_BAD; i++)
		printf("%s\t%s\n", chaingen_bad(i)->name,
		       tn_block_fault_name(chaingen_bad(i)->fault));
	exit(0);
}

enum {
	O_NETWORK,
	O_TIME,
	O_SEED,
	O_BLOCKS,
	O_TXS,
	O_MASTERNODES,
	O_DUST,
	O_UNSIGNED,
	O_OLD,
	O_FUND,
	O_FORK,
	O_BRANCH,
	O_BAD,
	O_BAD_AT,
	O_BAD_EVERY,
	O_ONLY_BAD,
	O_FORMAT,
	O_GENESIS,
	O_CACHE,
	O_LIST
};

static const struct option options[] = {
	{ "network", 1, NULL, O_NETWORK },
	{ "genesis-time", 1, NULL, O_TIME },
	{ "seed", 1, NULL, O_SEED },
	{ "blocks", 1, NULL, O_BLOCKS },
	{ "txs", 1, NULL, O_TXS },
	{ "masternodes", 1, NULL, O_MASTERNODES },
	{ "dust", 1, NULL, O_DUST },
	{ "unsigned", 0, NULL, O_UNSIGNED },
	{ "old", 0, NULL, O_OLD },
	{ "fund", 1, NULL, O_FUND },
	{ "fork-at", 1, NULL, O_FORK },
	{ "branch", 1, NULL, O_BRANCH },
	{ "bad", 1, NULL, O_BAD },
	{ "bad-at", 1, NULL, O_BAD_AT },
	{ "bad-every", 1, NULL, O_BAD_EVERY },
	{ "only-bad", 0, NULL, O_ONLY_BAD },
	{ "format", 1, NULL, O_FORMAT },
	{ "genesis", 0, NULL, O_GENESIS },
	{ "cache", 1, NULL, O_CACHE },
	{ "list-bad", 0, NULL, O_LIST },
	{ NULL, 0, NULL, 0 },
};

static void add_fund(struct chaingen_conf *conf, const char *text)
{
	struct chaingen_fund *f = conf->fund;
	const char *colon = strchr(text, ':'), *last = strrchr(text, ':');
	char count[16];

	while (f < conf->fund + CHAINGEN_FUNDS && f->count > 0)
		f++;
	if (f == conf->fund + CHAINGEN_FUNDS)
		die("at most 8 funds", text);
	if (!colon || last == colon || colon - text >= TN_ADDRESS_TEXT ||
	    last - colon > (ptrdiff_t)sizeof count)
		die("not ADDRESS:COUNT:SATOSHIS", text);
	snprintf(f->address, sizeof f->address, "%.*s", (int)(colon - text), text);
	snprintf(count, sizeof count, "%.*s", (int)(last - colon - 1), colon + 1);
	f->count = (uint32_t)number(count);
	f->value = number(last + 1);
	if (f->count < 1 || f->count > 1000000 || f->value < TN_DUST ||
	    f->value > 10 * TN_BASE_REWARD)
		die("a fund is 1 to 1000000 coins of 546 satoshis to 1,000 TIME", text);
}

/* N in every block, or NxBLOCKS: in the first so many. */
static void set_dust(struct wish *w, char *text)
{
	char *x = strchr(text, 'x');

	w->conf.dust_blocks = x ? (uint32_t)number(x + 1) : UINT32_MAX;
	if (x)
		*x = 0;
	w->conf.dust = (uint32_t)number(text);
}

static void set_chain(struct wish *w, int which)
{
	switch (which) {
	case O_NETWORK:
		if (tn_network_find(optarg, &w->conf.net) != 0)
			die("no such network", optarg);
		break;
	case O_TIME:
		w->conf.net.genesis_time = (int64_t)number(optarg);
		break;
	case O_SEED:
		w->conf.seed = number(optarg);
		break;
	case O_BLOCKS:
		w->blocks = number(optarg);
		break;
	case O_TXS:
		w->conf.txs = (uint32_t)number(optarg);
		break;
	case O_MASTERNODES:
		w->conf.masternodes = (uint32_t)number(optarg);
		break;
	case O_DUST:
		set_dust(w, optarg);
		break;
	case O_UNSIGNED:
		w->conf.unsigned_spends = true;
		break;
	case O_OLD:
		w->conf.old = true;
		break;
	case O_FUND:
		add_fund(&w->conf, optarg);
		break;
	}
}

static void set_output(struct wish *w, int which)
{
	switch (which) {
	case O_FORK:
		w->fork_at = number(optarg);
		break;
	case O_BRANCH:
		w->branch = number(optarg);
		break;
	case O_BAD:
		w->bad = find_bad(optarg);
		break;
	case O_BAD_AT:
		w->bad_at = number(optarg);
		break;
	case O_BAD_EVERY:
		w->bad_every = number(optarg);
		break;
	case O_ONLY_BAD:
		w->only_bad = true;
		break;
	case O_FORMAT:
		w->bincode = strcmp(optarg, "bincode") == 0;
		if (!w->bincode && strcmp(optarg, "lines") != 0)
			die("no such format", optarg);
		break;
	case O_GENESIS:
		w->genesis = true;
		break;
	case O_CACHE:
		w->cache = optarg;
		break;
	case O_LIST:
		list_bad();
	}
}

/* Behind the line's other settings. */
static void name_funds(struct wish *w)
{
	size_t at = strlen(w->line);

	for (unsigned i = 0; i < CHAINGEN_FUNDS && w->conf.fund[i].count > 0; i++)
		at += (size_t)snprintf(w->line + at, sizeof w->line - at, " %s:%u:%" PRIu64,
				       w->conf.fund[i].address, w->conf.fund[i].count,
				       w->conf.fund[i].value);
	snprintf(w->line + at, sizeof w->line - at, "\n");
}

static void read_wish(struct wish *w, int argc, char **argv)
{
	int which;

	*w = (struct wish){ .blocks = 10, .fork_at = UINT64_MAX, .bad = -1 };
	w->conf = (struct chaingen_conf){ .seed = 1, .txs = 10, .masternodes = 5 };
	tn_network_find("testnet", &w->conf.net);
	while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (which == '?')
			exit(2);
		if (which <= O_FUND)
			set_chain(w, which);
		else
			set_output(w, which);
	}
	if (optind != argc)
		die("not an option", argv[optind]);
	if (w->conf.masternodes < 1 || w->conf.masternodes > CHAINGEN_WALLETS)
		die("masternodes: 1 to 16", NULL);
	if (w->conf.txs > 100000 || w->conf.dust > 1000000)
		die("txs: at most 100000; dust: 1000000", NULL);
	snprintf(w->line, sizeof w->line,
		 "chaingen 4 %c %" PRId64 " %" PRIu64 " %" PRIu64 " %u %u %u %u %d %d %" PRIu64
		 " %" PRIu64 " %d %" PRIu64 " %" PRIu64 " %d %d %d",
		 w->conf.net.digit, w->conf.net.genesis_time, w->conf.seed, w->blocks, w->conf.txs,
		 w->conf.masternodes, w->conf.dust, w->conf.dust_blocks, w->conf.unsigned_spends,
		 w->conf.old, w->fork_at, w->branch, w->bad, w->bad_at, w->bad_every, w->only_bad,
		 w->bincode, w->genesis);
	name_funds(w);
}

static void emit(struct out *o, const void *p, size_t n)
{
	for (unsigned i = 0; i < 2; i++)
		if (o->to[i] && fwrite(p, 1, n, o->to[i]) != n)
			die("cannot write", NULL);
}

static size_t encode(struct out *o, const struct tn_block *b, bool bincode)
{
	return bincode ? tn_bin_write(&tn_wire_block, b, (uint8_t *)o->buf, o->room)
		       : tn_json_write(&tn_wire_block, b, o->buf, o->room);
}

static void emit_block(struct out *o, const struct tn_block *b, bool bincode)
{
	uint8_t length[8];
	size_t n = encode(o, b, bincode);

	if (n > o->room) {
		o->room = 2 * n;
		free(o->buf);
		o->buf = malloc(o->room);
		if (!o->buf)
			die("no memory", NULL);
		encode(o, b, bincode);
	}
	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)((uint64_t)n >> 8 * i);
	if (bincode)
		emit(o, length, sizeof length);
	emit(o, o->buf, n);
	if (!bincode)
		emit(o, "\n", 1);
}

static bool is_bad(const struct wish *w, uint64_t h)
{
	if (w->bad < 0 || h < w->bad_at)
		return false;
	return h == w->bad_at || (w->bad_every && (h - w->bad_at) % w->bad_every == 0);
}

static void generate(const struct wish *w, struct out *o)
{
	struct chaingen *g = chaingen_create(&w->conf), *branch;
	struct tn_arena *a = tn_arena_create((size_t)512 << 20);

	if (!a)
		die("no memory", NULL);
	if (w->genesis)
		emit_block(o, chaingen_genesis(g), w->bincode);
	for (uint64_t h = 1; h <= w->blocks; h++) {
		const struct tn_block *b;

		if (h - 1 == w->fork_at) {
			branch = chaingen_fork(g, w->branch);
			chaingen_free(g);
			g = branch;
		}
		b = chaingen_next(g, a);
		if (is_bad(w, h))
			b = chaingen_spoil((unsigned)w->bad, b, a);
		if (!b)
			die("this block does not allow that fault", NULL);
		if (!w->only_bad || is_bad(w, h))
			emit_block(o, b, w->bincode);
		if (tn_arena_reset(a) != 0)
			die("an arena is in use", NULL);
	}
	if (chaingen_owed(g) > 0)
		die("too few blocks for all that is to be funded", NULL);
	tn_arena_unref(a);
	chaingen_free(g);
}

/* true: it was there and is on stdout. */
static bool replay(const struct wish *w)
{
	char line[sizeof w->line], buf[1 << 16];
	FILE *f = fopen(w->cache, "rb");
	size_t n;

	if (!f)
		return false;
	if (!fgets(line, sizeof line, f) || strcmp(line, w->line) != 0) {
		fclose(f);
		return false;
	}
	while ((n = fread(buf, 1, sizeof buf, f)) > 0)
		if (fwrite(buf, 1, n, stdout) != n)
			die("cannot write", NULL);
	fclose(f);
	return true;
}

/* Under another name until it is whole. */
static void generate_and_keep(const struct wish *w, struct out *o)
{
	char name[4096];

	if (snprintf(name, sizeof name, "%s.new", w->cache) >= (int)sizeof name)
		die("name too long", w->cache);
	o->to[1] = fopen(name, "wb");
	if (!o->to[1] || fputs(w->line, o->to[1]) < 0)
		die("cannot write", name);
	generate(w, o);
	if (fclose(o->to[1]) != 0 || rename(name, w->cache) != 0)
		die("cannot write", w->cache);
}

int main(int argc, char **argv)
{
	struct out o = { { stdout, NULL }, NULL, 0 };
	struct wish w;

	read_wish(&w, argc, argv);
	if (!w.cache)
		generate(&w, &o);
	else if (!replay(&w))
		generate_and_keep(&w, &o);
	free(o.buf);
	return fflush(stdout) == 0 ? 0 : 2;
}
