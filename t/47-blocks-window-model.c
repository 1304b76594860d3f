/* SPDX-License-Identifier: MIT
 * t/47-blocks-window-model.c - random peers, slow, lossy and lying: all blocks come, in order, and
 * only liars are blamed
 *
 * usage: 47-blocks-window-model.t [SEEDS [FIRST_SEED]]
 */
#include <stdlib.h>
#include <string.h>

#include "blocks/window.h"
#include "lib/tap.h"
#include "sim/rng.h"

enum kind {
	HONEST,
	SLOW,   /* up to 20 s */
	SHORT,  /* fewer than asked */
	LOSSY,  /* some requests are never answered */
	LEAVES, /* comes and goes */
	HONEST_KINDS,
	HIGH = HONEST_KINDS, /* 2^64 - 1 */
	HOLLOW,              /* has half of what it says */
	GAP,                 /* withholds a block */
	SWAPPED,
	RANGE,  /* other heights */
	LONG,   /* more than asked */
	TWICE,  /* answers twice */
	BODY,   /* a changed body in the middle */
	BAD,    /* a bad block in the middle */
	SILENT, /* never answers: not blamed, told as stalled */
	BRANCH, /* another branch: not blamed, told as that */
	KINDS
};

enum { PEERS = 12, LENGTH = 700, BUNDLES = 40000, WAITING = 6, STILL = 1000 };
#define LIMIT 2000

struct answer { /* on its way */
	uint64_t at, from;
	uint32_t n, bad; /* bad: which one, n for none */
	bool swapped, gap;
};

struct node {
	enum kind kind;
	bool up, blamed, told; /* told: stalled or on a branch */
	uint64_t height, open_until, next_tell;
	struct answer way[WAITING];
	uint32_t n, asks, answers;
	uint64_t open_from, open_to;
};

struct bundle {
	uint32_t node, n, bad;
	uint64_t from;
	bool out; /* in the window's hands */
};

struct model {
	struct rng r;
	struct window *w;
	struct window_conf conf;
	uint64_t now, tip, delivered, judge_at, ends;
	unsigned still; /* so often something was due and the clock did not move */
	struct node node[PEERS];
	struct bundle bundle[BUNDLES];
	uint32_t bundles, held;
	struct window_act queue[LENGTH + 1]; /* delivered and not judged yet, by height */
	const char *wrong;
};

static uint64_t draw(struct model *m, uint64_t low, uint64_t high)
{
	return rng_range(&m->r, low, high);
}

static void wrong(struct model *m, const char *why)
{
	if (!m->wrong)
		m->wrong = why;
}

static void tell(struct model *m, uint32_t i)
{
	struct node *p = &m->node[i];
	uint64_t h = p->kind == HIGH ? UINT64_MAX : p->height;

	p->next_tell = m->now + 60000;
	if (!window_height(m->w, i, h, LIMIT))
		wrong(m, "no room for a peer");
	p->up = true;
}

static uint64_t latency(struct model *m, enum kind kind)
{
	return kind == SLOW ? draw(m, 1000, 20000) : draw(m, 5, 400);
}

/* How a peer answers; replies of one peer keep their order. */
static void answer(struct model *m, struct node *p, const struct window_act *a)
{
	uint32_t n = (uint32_t)(a->to - a->from + 1);
	struct answer x = { m->now + latency(m, p->kind), a->from, n, n, false, false };

	if (p->kind == SILENT || (p->kind == LOSSY && draw(m, 0, 3) == 0) || p->n == WAITING)
		return;
	if (p->n > 0 && p->way[p->n - 1].at > x.at)
		x.at = p->way[p->n - 1].at;
	if (p->kind == SHORT)
		x.n = x.bad = (uint32_t)draw(m, 1, n);
	if (p->kind == HOLLOW && a->to > LENGTH / 3)
		x.n = x.bad = 0;
	if (p->kind == RANGE)
		x.from += draw(m, 1, 50);
	if (p->kind == LONG)
		x.n = x.bad = n + 1;
	if (p->kind == BODY || p->kind == BAD || p->kind == BRANCH)
		x.bad = (uint32_t)draw(m, 0, n - 1);
	x.gap = p->kind == GAP && n > 2;
	x.swapped = p->kind == SWAPPED && n > 1;
	p->way[p->n++] = x;
	if (p->kind == TWICE && p->n < WAITING) {
		p->way[p->n] = x;
		p->way[p->n++].at += draw(m, 1, 3000);
	}
}

static void on_ask(struct model *m, const struct window_act *a)
{
	struct node *p = &m->node[a->peer];

	/* Who has nothing is left alone for a time only. */
	if (a->peer >= PEERS || !p->up || (p->blamed && p->kind != HOLLOW) || a->from > a->to ||
	    a->to - a->from >= m->conf.chunk || a->from <= m->tip ||
	    a->to > m->tip + m->conf.span || a->to > p->height)
		wrong(m, "a request that must not be");
	if (p->open_until > m->now)
		wrong(m, "two requests to one peer");
	for (uint32_t i = 0; i < PEERS; i++) {
		const struct node *q = &m->node[i];

		if (q->up && q->open_until > m->now && q->open_from <= a->to &&
		    a->from <= q->open_to)
			wrong(m, "two peers asked for one block");
	}
	if (a->deadline <= m->now || a->deadline > m->now + m->conf.stall_max_ms)
		wrong(m, "a deadline out of bounds");
	p->open_until = a->deadline;
	p->open_from = a->from;
	p->open_to = a->to;
	p->asks++;
	answer(m, p, a);
}

static void on_deliver(struct model *m, const struct window_act *a)
{
	const struct bundle *b = &m->bundle[a->bundle];

	if (a->from != m->delivered + 1 || a->from > LENGTH)
		wrong(m, "handed out of order");
	else if (!b->out || b->node != a->peer || b->from + a->index != a->from)
		wrong(m, "handed out a block that is not there");
	else
		m->queue[a->from] = *a;
	m->delivered = a->from;
	if (!m->judge_at)
		m->judge_at = m->now + draw(m, 0, 20);
}

static void on_release(struct model *m, const struct window_act *a)
{
	if (a->bundle >= m->bundles || !m->bundle[a->bundle].out)
		wrong(m, "released twice");
	m->bundle[a->bundle].out = false;
	m->held--;
}

static void on_blame(struct model *m, const struct window_act *a)
{
	static const enum window_reason want[KINDS] = {
		[HIGH] = WINDOW_HEIGHT,   [HOLLOW] = WINDOW_EMPTY,  [GAP] = WINDOW_ORDER,
		[SWAPPED] = WINDOW_ORDER, [RANGE] = WINDOW_RANGE,   [LONG] = WINDOW_RANGE,
		[TWICE] = WINDOW_UNASKED, [BODY] = WINDOW_BAD_BODY, [BAD] = WINDOW_BAD_BLOCK,
	};
	struct node *p = &m->node[a->peer];

	if (p->kind < HONEST_KINDS)
		wrong(m, "an honest peer was blamed");
	else if (p->kind == SILENT || p->kind == BRANCH)
		wrong(m, "what is no lie was blamed");
	else if (a->reason != want[p->kind] &&
		 !((p->kind == TWICE || p->kind == SWAPPED) && a->reason == WINDOW_RANGE))
		wrong(m, "blamed for something else");
	p->blamed = true;
	p->open_until = 0;
}

static void carry_out(struct model *m)
{
	struct window_act a;

	for (unsigned i = 0; window_next(m->w, m->now, &a); i++) {
		if (i > 100000) {
			wrong(m, "there is always more to do");
			return;
		}
		if (a.kind == WINDOW_ASK)
			on_ask(m, &a);
		else if (a.kind == WINDOW_DELIVER)
			on_deliver(m, &a);
		else if (a.kind == WINDOW_RELEASE)
			on_release(m, &a);
		else if (a.kind == WINDOW_BLAME)
			on_blame(m, &a);
		else
			m->node[a.peer].told = true;
		if (a.kind == WINDOW_BRANCH && m->node[a.peer].kind != BRANCH)
			wrong(m, "an honest peer is said to be on a branch");
		if (a.kind == WINDOW_STALLED || a.kind == WINDOW_BRANCH)
			m->node[a.peer].open_until = 0;
	}
}

static void deliver_answer(struct model *m, uint32_t i)
{
	struct node *p = &m->node[i];
	struct answer x = p->way[0];
	uint64_t h[256];

	memmove(p->way, p->way + 1, --p->n * sizeof *p->way);
	if (!p->up || m->bundles == BUNDLES)
		return;
	for (uint32_t k = 0; k < x.n; k++)
		h[k] = x.from + k + (x.gap && k > 0);
	if (x.swapped) {
		h[0] = x.from + 1;
		h[1] = x.from;
	}
	m->bundle[m->bundles] = (struct bundle){ i, x.n, x.bad, x.from, true };
	m->held++;
	if (x.from == p->open_from)
		p->open_until = 0;
	if (x.n == 0 || p->kind >= HONEST_KINDS)
		p->open_until = 0;
	p->answers++;
	window_reply(m->w, i, m->bundles++, h, x.n, 1000 * x.n, m->now);
}

static void judge(struct model *m)
{
	const struct window_act *a = &m->queue[m->tip + 1];
	const struct bundle *b;
	enum window_fate fate = WINDOW_GOOD;

	m->judge_at = 0;
	if (m->delivered <= m->tip)
		return;
	b = &m->bundle[a->bundle];
	if (a->index == b->bad)
		fate = m->node[b->node].kind == BODY  ? WINDOW_FAULT_BODY
		       : m->node[b->node].kind == BAD ? WINDOW_FAULT_BLOCK
						      : WINDOW_NOT_ON_TIP;
	else if (draw(m, 0, 200) == 0)
		fate = WINDOW_LATER;
	if (!b->out)
		wrong(m, "a block was released before it was judged");
	window_judged(m->w, m->tip + 1, fate);
	if (fate == WINDOW_GOOD)
		m->tip++;
	else
		m->delivered = m->tip;
	if (m->delivered > m->tip)
		m->judge_at = m->now + draw(m, 0, 20);
}

/* A sibling that is better, a block more that was announced, some fewer: what was handed out
 * belongs to another chain, and nobody will say what became of it. */
static void move_tip(struct model *m)
{
	uint64_t move = draw(m, 0, 2);

	if (draw(m, 0, 100))
		return;
	if (move == 1 && m->tip < LENGTH)
		m->tip++;
	else if (move == 2)
		m->tip -= draw(m, 0, m->tip < 3 ? m->tip : 3);
	for (uint32_t i = 0; i < PEERS && (move == 2 || m->conf.span == 1); i++)
		m->node[i].open_until = 0; /* what was asked is not waited for: another window */
	window_tip(m->w, m->tip);
	m->delivered = m->tip;
	m->judge_at = 0;
}

/* The first thing to happen; false: nothing ever will. */
static bool advance(struct model *m)
{
	uint64_t at = window_wake(m->w, m->now);

	for (uint32_t i = 0; i < PEERS; i++) {
		const struct node *p = &m->node[i];

		if (p->n && p->way[0].at < at)
			at = p->way[0].at;
		if (p->next_tell < at)
			at = p->next_tell;
	}
	if (m->judge_at && m->judge_at < at)
		at = m->judge_at;
	if (at == UINT64_MAX)
		return false;
	m->still = at > m->now ? 0 : m->still + 1;
	if (m->still > STILL)
		wrong(m, "what is due is never done");
	m->now = at > m->now ? at : m->now;
	return true;
}

static void come_and_go(struct model *m, uint32_t i)
{
	struct node *p = &m->node[i];

	if (p->kind != LEAVES || !p->up || draw(m, 0, 30))
		return;
	window_gone(m->w, i);
	p->up = false;
	p->n = 0;
	p->open_until = 0;
	p->next_tell = m->now + draw(m, 1, 20000);
}

static void step(struct model *m)
{
	for (uint32_t i = 0; i < PEERS; i++) {
		struct node *p = &m->node[i];

		if (p->next_tell <= m->now)
			tell(m, i);
		while (p->n && p->way[0].at <= m->now) {
			deliver_answer(m, i);
			carry_out(m);
			come_and_go(m, i);
		}
	}
	if (m->judge_at && m->judge_at <= m->now)
		judge(m);
	move_tip(m);
	carry_out(m);
}

static void begin(struct model *m, uint64_t seed)
{
	memset(m, 0, sizeof *m);
	rng_seed(&m->r, seed, 5);
	m->conf = (struct window_conf){
		(uint32_t)draw(m, 1, 300), (uint32_t)draw(m, 1, 101), PEERS, 2000, 64000,
		draw(m, 20000, 1000000)
	};
	m->w = window_create(&m->conf, 0);
	if (!m->w)
		bail_out("no memory");
	for (uint32_t i = 0; i < PEERS; i++) {
		m->node[i].kind = (enum kind)draw(m, 0, KINDS - 1);
		m->node[i].height = LENGTH;
		m->node[i].next_tell = draw(m, 0, 5000);
	}
	m->node[0].kind = (enum kind)draw(m, 0, HONEST_KINDS - 1);
	m->ends = UINT64_C(6) * 3600 * 1000;
}

/* Who lied and was asked has been found out, but for lies that nobody came to see. */
static void check_end(struct model *m, unsigned *found)
{
	if (m->tip != LENGTH)
		wrong(m, "the tip was not reached");
	for (uint32_t i = 0; i < PEERS; i++) {
		const struct node *p = &m->node[i];

		found[p->kind] += p->blamed || p->told;
		if (p->answers && !p->blamed && (p->kind == RANGE || p->kind == HIGH))
			wrong(m, "a liar was not found out");
		if (p->kind == LONG && p->answers && !p->blamed)
			wrong(m, "a liar was not found out");
	}
	window_tip(m->w, LENGTH + 100000);
	carry_out(m);
	if (m->held)
		wrong(m, "a bundle was never released");
}

static void run(uint64_t seed, unsigned *found)
{
	struct model *m = malloc(sizeof *m);

	if (!m)
		bail_out("no memory");
	begin(m, seed);
	while (m->tip < LENGTH && !m->wrong && m->now < m->ends && advance(m))
		step(m);
	if (!m->wrong)
		check_end(m, found);
	if (m->wrong) {
		fail("seed %llu: %s", (unsigned long long)seed, m->wrong);
		for (uint32_t i = 0; i < PEERS; i++)
			diag("peer %u: kind %d, %u asks, %u answers%s", (unsigned)i,
			     m->node[i].kind, (unsigned)m->node[i].asks,
			     (unsigned)m->node[i].answers, m->node[i].blamed ? ", blamed" : "");
		diag("tip %llu at %llu ms, span %u, chunk %u", (unsigned long long)m->tip,
		     (unsigned long long)m->now, m->conf.span, m->conf.chunk);
	}
	window_free(m->w);
	free(m);
}

int main(int argc, char **argv)
{
	unsigned long seeds = argc > 1 ? strtoul(argv[1], NULL, 10) : 300;
	unsigned long first = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	unsigned found[KINDS] = { 0 };

	for (unsigned long s = first; s < first + seeds; s++)
		run(s, found);
	pass("%lu seeds", seeds);
	for (unsigned k = HONEST_KINDS; k < KINDS; k++)
		ok(found[k] || seeds < 100, "kind %u was found out %u times", k, found[k]);
	return done_testing();
}
