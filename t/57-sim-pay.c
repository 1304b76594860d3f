/* SPDX-License-Identifier: MIT
 * t/57-sim-pay.c - payments, conflicting ones too, through partitions, crashes and delay
 *
 * Masternodes are given payments: some alone, some in pairs that spend one coin, given to two
 * different nodes at the same instant. Meanwhile the network parts and heals, and nodes die and
 * forget what was not on their disk. Whatever happens: of a pair never both are final, anywhere, at
 * any time; no voter ever approves both; when all is healed all nodes agree, and every payment
 * that nothing opposes is final everywhere. Who gave it to a node that died gives it again: the
 * same bytes, not signed anew.
 *
 * SEEDS=500 FIRST_SEED=1 for the long form, NODES=7; one seed as argument shows one run.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/paylab.h"
#include "sim/rng.h"

#define SECOND 1000000u

enum { ALONE = 6, PAIRS = 4, PAYMENTS = ALONE + 2 * PAIRS, ROUNDS = 6 };

struct story {
	struct paylab *l;
	struct rng r;
	struct payment pay[PAYMENTS]; /* the pairs behind those that are alone */
	unsigned at[PAYMENTS];        /* the node it was given to */
	unsigned round[PAYMENTS];     /* when */
	bool was_final[PAYMENTS];     /* somewhere, at some time */
	uint64_t approved[PAYMENTS];  /* voters whose approvals were seen somewhere */
	unsigned nodes;
};

struct sums {
	unsigned both, twice, disagree, stuck, lost, off;
	unsigned decided, open, crashes, parts;
};

static bool in_pair(unsigned i)
{
	return i >= ALONE;
}

static unsigned partner(unsigned i)
{
	return ALONE + ((i - ALONE) ^ 1);
}

/* Before anything can be forgotten: what is final, and who approved what. */
static void look_at(struct story *s, unsigned node)
{
	if (!s->l->f->node[node].node)
		return;
	for (unsigned i = 0; i < PAYMENTS; i++) {
		s->was_final[i] |= paylab_state(s->l, node, &s->pay[i].txid) == PAY_FINAL;
		s->approved[i] |= paylab_approvals(s->l, node, &s->pay[i].txid);
	}
}

static void look(struct story *s)
{
	for (unsigned n = 0; n < s->nodes; n++)
		look_at(s, n);
}

static void story_begin(struct story *s, uint64_t seed, unsigned nodes)
{
	memset(s, 0, sizeof *s);
	s->nodes = nodes;
	rng_seed(&s->r, seed, 31);
	s->l = paylab_create(seed, nodes, nodes, ALONE + PAIRS);
	for (unsigned i = 0; i < PAYMENTS; i++) {
		unsigned coin = in_pair(i) ? ALONE + (i - ALONE) / 2 : i;

		s->pay[i] = paylab_pay(s->l, s->l->coin[coin], PAYLAB_COIN, i);
		s->at[i] = (unsigned)rng_range(&s->r, 0, nodes - 1);
		s->round[i] = (unsigned)rng_range(&s->r, 0, ROUNDS - 1);
		if (in_pair(i) && i & 1) { /* ALONE is even: the second of a pair */
			s->at[i] = (s->at[i - 1] + 1 + (unsigned)rng_range(&s->r, 0, nodes - 2)) %
				   nodes;
			s->round[i] = s->round[i - 1];
		}
	}
}

static void story_end(struct story *s)
{
	for (unsigned i = 0; i < PAYMENTS; i++)
		payment_free(&s->pay[i]);
	paylab_free(s->l);
}

static void submit_round(struct story *s, unsigned round)
{
	for (unsigned i = 0; i < PAYMENTS; i++)
		if (s->round[i] == round)
			paylab_submit(s->l, s->at[i], &s->pay[i]);
}

static void kill_one(struct story *s, struct sums *sum)
{
	struct fleet_node *n = &s->l->f->node[rng_range(&s->r, 0, s->nodes - 1)];

	if (!n->node)
		return;
	look(s);
	if (rng_range(&s->r, 0, 1))
		fleet_crash(n);
	else
		fleet_cut(n);
	sum->crashes++;
}

static void raise_some(struct story *s, bool all)
{
	for (unsigned i = 0; i < s->nodes; i++)
		if (!s->l->f->node[i].node && (all || rng_range(&s->r, 0, 1)))
			fleet_start(&s->l->f->node[i]);
}

static void trouble(struct story *s, struct sums *sum)
{
	if (rng_range(&s->r, 0, 2) == 0) {
		paylab_heal(s->l);
	} else if (rng_range(&s->r, 0, 1)) {
		paylab_part(s->l, rng_range(&s->r, 1, (1u << s->nodes) - 2));
		sum->parts++;
	}
	raise_some(s, false);
}

/* The instants that matter are those between a payment's arrival and its votes': milliseconds. */
static void run_round(struct story *s, unsigned round, struct sums *sum)
{
	trouble(s, sum);
	submit_round(s, round);
	for (unsigned i = 0; i < 3; i++) {
		fleet_run(s->l->f, rng_range(&s->r, 0, 150000));
		if (rng_range(&s->r, 0, 2) == 0)
			kill_one(s, sum);
	}
	fleet_run(s->l->f, rng_range(&s->r, 0, 20) * SECOND);
	look(s);
}

static bool all_final(struct story *s)
{
	for (unsigned i = 0; i < ALONE; i++)
		for (unsigned n = 0; n < s->nodes; n++)
			if (paylab_state(s->l, n, &s->pay[i].txid) != PAY_FINAL)
				return false;
	return true;
}

static void heal(struct story *s)
{
	paylab_heal(s->l);
	raise_some(s, true);
	fleet_run(s->l->f, 30 * SECOND);
	for (unsigned i = 0; i < PAYMENTS; i++)
		if (paylab_state(s->l, s->at[i], &s->pay[i].txid) == PAY_ABSENT)
			paylab_submit(s->l, s->at[i], &s->pay[i]);
	for (unsigned i = 0; i < 60 && !all_final(s); i++)
		fleet_run(s->l->f, 10 * SECOND);
	fleet_run(s->l->f, 90 * SECOND); /* pairs have time to be decided, too */
	look(s);
}

static unsigned final_at(struct story *s, unsigned i)
{
	unsigned n = 0;

	for (unsigned at = 0; at < s->nodes; at++)
		n += paylab_state(s->l, at, &s->pay[i].txid) == PAY_FINAL;
	return n;
}

static void tell(struct story *s)
{
	for (unsigned i = 0; i < PAYMENTS; i++) {
		diag("payment %u given to %u in round %u, final once %d, approved by %llx", i,
		     s->at[i], s->round[i], s->was_final[i], (unsigned long long)s->approved[i]);
		for (unsigned n = 0; n < s->nodes; n++)
			diag("   node %u: state %d approvals %llx", n,
			     (int)paylab_state(s->l, n, &s->pay[i].txid),
			     (unsigned long long)paylab_approvals(s->l, n, &s->pay[i].txid));
	}
}

static void judge(struct story *s, struct sums *sum)
{
	for (unsigned i = 0; i < PAYMENTS; i++) {
		unsigned n = final_at(s, i);

		sum->disagree += n != 0 && n != s->nodes;
		sum->lost += s->was_final[i] && n == 0;
		if (!in_pair(i)) {
			sum->stuck += n != s->nodes;
			continue;
		}
		sum->both += i < partner(i) && s->was_final[i] && s->was_final[partner(i)];
		sum->twice += (s->approved[i] & s->approved[partner(i)]) != 0;
		sum->decided += n == s->nodes;
	}
	for (unsigned at = 0; at < s->nodes; at++)
		sum->off += fleet_missing(&s->l->f->node[at]) != 0;
}

static bool is_bad(const struct sums *s)
{
	return s->both || s->twice || s->disagree || s->stuck || s->lost || s->off;
}

static void run(uint64_t seed, unsigned nodes, struct sums *sum)
{
	struct sums before = *sum;
	struct story s;

	story_begin(&s, seed, nodes);
	for (unsigned round = 0; round < ROUNDS; round++)
		run_round(&s, round, sum);
	heal(&s);
	judge(&s, sum);
	sum->open += PAIRS - (sum->decided - before.decided);
	if (is_bad(sum) && !is_bad(&before)) {
		diag("seed %d: both %u twice %u disagree %u stuck %u lost %u off %u", (int)seed,
		     sum->both, sum->twice, sum->disagree, sum->stuck, sum->lost, sum->off);
		if (getenv("BLAME"))
			tell(&s);
	}
	story_end(&s);
}

static unsigned number(const char *name, unsigned other)
{
	const char *text = getenv(name);

	return text && *text ? (unsigned)strtoul(text, NULL, 10) : other;
}

int main(int argc, char **argv)
{
	unsigned first = number("FIRST_SEED", 1), seeds = number("SEEDS", 4);
	unsigned nodes = number("NODES", 4);
	struct sums sum = { 0 };

	if (argc > 1) {
		first = (unsigned)strtoul(argv[1], NULL, 10);
		seeds = 1;
	}
	for (unsigned i = 0; i < seeds; i++)
		run(first + i, nodes, &sum);
	diag("%u runs, %u nodes: %u crashes, %u partitions; of %u pairs %u decided, %u open", seeds,
	     nodes, sum.crashes, sum.parts, seeds * PAIRS, sum.decided, sum.open);
	is_uint(sum.both, 0, "never are both of a pair final");
	is_uint(sum.twice, 0, "no voter approves both");
	is_uint(sum.disagree, 0, "in the end all nodes agree");
	is_uint(sum.stuck, 0, "what nothing opposes is final everywhere");
	is_uint(sum.lost, 0, "what was final once is final in the end");
	is_uint(sum.off, 0, "every message is accounted for");
	return done_testing();
}
