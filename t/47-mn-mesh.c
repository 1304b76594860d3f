/* SPDX-License-Identifier: MIT
 * t/47-mn-mesh.c - masternodes stay connected with few links each, and what is relayed arrives
 *
 * With a number as argument: so many more random failures for each size.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "masternodes/mesh.h"
#include "sim/rng.h"

#define MOST 1200

static uint64_t rng_below(struct rng *rng, uint64_t n)
{
	return rng_range(rng, 0, n - 1);
}

static unsigned log2_up(uint32_t n)
{
	unsigned bits = 0;

	while (1u << bits < n)
		bits++;
	return bits;
}

/* ---- links */

/* Both sides agree, nobody is his own neighbour, the list is what the question says. */
static bool is_agreed(uint32_t n)
{
	uint32_t out[MESH_TARGETS], found, at;

	for (uint32_t a = 0; a < n; a++) {
		found = mesh_targets(n, a, out);
		at = 0;
		for (uint32_t b = 0; b < n; b++) {
			bool there = at < found && out[at] == b;

			if (there != mesh_neighbours(n, a, b) || there != mesh_neighbours(n, b, a))
				return false;
			at += there;
		}
		if (at != found || mesh_neighbours(n, a, a))
			return false;
	}
	return true;
}

static uint32_t degree(uint32_t n)
{
	uint32_t out[MESH_TARGETS];

	return mesh_targets(n, 0, out);
}

static void links(void)
{
	uint32_t out[MESH_TARGETS];
	bool agreed = true, few = true, full = true;

	for (uint32_t n = 0; n <= 300; n++) {
		agreed = agreed && is_agreed(n);
		if (n && n <= MESH_FULL)
			full = full && degree(n) == n - 1;
	}
	for (uint32_t n = MESH_FULL + 1; n <= 10000; n++)
		few = few && degree(n) <= 2 * log2_up(n) && degree(n) + 2 >= 2 * (log2_up(n) - 1);
	ok(agreed, "two masternodes agree whether they are neighbours, up to 300 of them");
	ok(full, "up to %d each is linked with each", MESH_FULL);
	ok(few,
	   "up to 10,000 each has at most 2 log2(n) links (%u of 51, %u of 1,000, %u of 10,000)",
	   degree(51), degree(1000), degree(10000));
	is_uint(mesh_targets(5, 5, out), 0, "who is not in the list has no neighbours");
	is_uint(mesh_targets(UINT32_MAX, 7, out), MESH_TARGETS, "any number of them fits the room");
}

/* How many of those that are left can be reached from one of them. */
static uint32_t reach(uint32_t n, const bool *lost)
{
	static uint32_t queue[MOST];
	static bool seen[MOST];
	uint32_t out[MESH_TARGETS], head = 0, tail = 0, found;

	memcpy(seen, lost, n * sizeof *seen);
	for (uint32_t i = 0; i < n && !tail; i++)
		if (!lost[i])
			queue[tail++] = i;
	seen[queue[0]] = true;
	while (head < tail) {
		found = mesh_targets(n, queue[head++], out);
		for (uint32_t i = 0; i < found; i++)
			if (!seen[out[i]]) {
				seen[out[i]] = true;
				queue[tail++] = out[i];
			}
	}
	return tail;
}

static void lose(struct rng *rng, uint32_t n, uint32_t k, bool *lost)
{
	uint32_t out[MESH_TARGETS], victim = (uint32_t)rng_below(rng, n);
	uint32_t found = mesh_targets(n, victim, out);
	bool aimed = rng_below(rng, 2);

	memset(lost, 0, n * sizeof *lost);
	while (k) { /* half of the times all of them are neighbours of one victim */
		uint32_t i = (uint32_t)rng_below(rng, aimed ? found : n);

		if (aimed)
			i = out[i];
		k -= !lost[i];
		lost[i] = true;
	}
}

/* Whatever one fewer than the number of links do, the others stay connected. */
static void failures(unsigned more)
{
	static const uint32_t size[] = {
		51, 52, 63, 64, 65, 96, 100, 127, 128, 129, 255, 257, 1000
	};
	struct rng rng;
	bool lost[MOST], whole = true;
	unsigned runs = 0;

	rng_seed(&rng, 7, 0);
	for (unsigned s = 0; s < sizeof size / sizeof *size; s++)
		for (unsigned i = 0; i < 300 + more; i++, runs++) {
			uint32_t n = size[s], k = degree(n) - 1;

			lose(&rng, n, k, lost);
			whole = whole && reach(n, lost) == n - k;
		}
	ok(whole, "%u times all but one of as many as one has links were lost: connected", runs);
	for (uint32_t n = 51; n <= 56; n++)
		for (uint32_t a = 1; a < n; a++)
			for (uint32_t b = a + 1; b < n; b++)
				for (uint32_t c = b + 1; c < n; c++) {
					memset(lost, 0, sizeof lost);
					lost[a] = lost[b] = lost[c] = true;
					whole = whole && reach(n, lost) == n - 3;
				}
	ok(whole, "and after any three of 51 to 56, all of them tried");
	memset(lost, 0, sizeof lost);
	for (uint32_t i = 0; i < 100; i++)
		lost[i] = !(i == 50 || (i > 2 && i < 7)); /* the test can tell */
	ok(reach(100, lost) != 5, "(five that are left far apart are not connected)");
}

static void guests(void)
{
	uint32_t out[MESH_TARGETS];

	is_uint(mesh_guest(0, 5, out), 0, "a guest of nobody has no links");
	is_uint(mesh_guest(3, 5, out), 3, "of three, three");
	is_uint(mesh_guest(1000, 5, out), MESH_GUEST, "of a thousand, eight");
	ok(out[0] == 5 && out[7] == 880, "evenly spread");
}

/* ---- relays: everybody at once, step by step */

struct spread {
	uint32_t n;
	bool lost[MOST], has[MOST];
	uint32_t queue[MOST], tail;
	uint64_t copies, rings, fails_every; /* every so many-th copy is lost; 0: none */
	struct rng rng;
};

static uint64_t pair_id(uint32_t from, uint32_t to)
{
	return (uint64_t)from << 32 | (to + 1);
}

static void give(struct spread *s, uint32_t to)
{
	s->copies++;
	if (s->fails_every && rng_below(&s->rng, s->fails_every) == 0)
		return;
	if (s->has[to])
		return;
	s->has[to] = true;
	s->queue[s->tail++] = to;
}

static uint32_t links_of(const struct spread *s, uint32_t me, struct mesh_link *link)
{
	uint32_t out[MESH_TARGETS], found = mesh_targets(s->n, me, out), n = 0;

	for (uint32_t i = 0; i < found; i++)
		if (!s->lost[out[i]])
			link[n++] = (struct mesh_link){ .id = pair_id(me, out[i]),
							.place = out[i],
							.kind = MESH_RING };
	return n;
}

static uint32_t spread(struct spread *s, uint32_t from, uint64_t beat)
{
	struct mesh_link link[MESH_TARGETS];
	uint32_t head = 0, n = links_of(s, from, link);

	memset(s->has, 0, sizeof s->has);
	s->tail = 0;
	s->has[from] = true;
	for (uint32_t i = 0; i < n; i++)
		give(s, link[i].place);
	while (head < s->tail) {
		uint32_t me = s->queue[head++];

		n = links_of(s, me, link);
		mesh_relay(link, n, me, beat);
		for (uint32_t i = 0; i < n; i++)
			if (link[i].chosen)
				give(s, link[i].place);
	}
	return s->tail;
}

/* Copies are lost only with the link that carries them. Then a few miss one heartbeat; three
 * in a row would have to go past them before somebody looked dead. */
static void relays(uint32_t n, uint32_t lost, uint64_t fails_every)
{
	static struct spread s;
	uint64_t missed = 0, beats = 0;
	double copies;

	memset(&s, 0, sizeof s);
	s.n = n;
	s.fails_every = fails_every;
	rng_seed(&s.rng, n, lost);
	if (lost)
		lose(&s.rng, n, lost, s.lost);
	for (uint32_t beat = 0; beat < 200; beat++) {
		uint32_t from = (uint32_t)rng_below(&s.rng, n);

		if (s.lost[from])
			continue;
		beats++;
		missed += n - lost - 1 - spread(&s, from, beat);
	}
	copies = (double)s.copies / (double)beats / (n - lost);
	if (fails_every)
		ok(missed * 500 < beats * n,
		   "%u, %u of them gone, every 20th copy lost: %llu of %llu", n, lost,
		   (unsigned long long)missed, (unsigned long long)(beats * n));
	else
		is_uint(missed, 0, "%u, %u of them gone: each heartbeat reaches all", n, lost);
	ok(copies < 2 + MESH_RING_DRAWN + 1, "with %.1f copies a node", copies);
}

static void kinds(void)
{
	struct mesh_link v[40];
	uint32_t n = 0, leaves = 0, old = 0, rings = 0;

	for (uint32_t i = 0; i < 10; i++)
		v[n++] = (struct mesh_link){ .id = i, .place = i * 10, .kind = MESH_RING };
	for (uint32_t i = 0; i < 20; i++)
		v[n++] = (struct mesh_link){ .id = 100 + i, .kind = MESH_LEAF };
	for (uint32_t i = 0; i < 10; i++)
		v[n++] = (struct mesh_link){ .id = 200 + i, .kind = MESH_OLD };
	is_uint(mesh_relay(v, n, 45, 1), 2 + MESH_RING_DRAWN + MESH_LEAF_DRAWN + 10,
		"two of the ring and two more, six others, every old node");
	ok(v[4].chosen && v[5].chosen, "the ring's are the next on both sides");
	for (uint32_t i = 0; i < n; i++) {
		rings += v[i].chosen && v[i].kind == MESH_RING;
		leaves += v[i].chosen && v[i].kind == MESH_LEAF;
		old += v[i].chosen && v[i].kind == MESH_OLD;
	}
	ok(rings == 4 && leaves == 6 && old == 10, "%u, %u and %u", rings, leaves, old);
	mesh_relay(v, n, 95, 1);
	ok(v[9].chosen && v[0].chosen, "behind the last comes the first");
	mesh_relay(v, n, 0, 1);
	ok(v[0].chosen && v[9].chosen, "before the first comes the last");
	is_uint(mesh_relay(v, 1, 3, 1), 1, "the only link is chosen once");
	is_uint(mesh_relay(v, 0, 3, 1), 0, "no link");
}

/* ---- routes: every step is nearer, so it ends */

static void routes(void)
{
	static struct spread s;
	struct mesh_link link[MESH_TARGETS];
	uint32_t longest = 0, arrived = 0;

	memset(&s, 0, sizeof s);
	s.n = 1000;
	for (uint32_t from = 0; from < s.n; from += 7)
		for (uint32_t to = 0; to < s.n; to += 11) {
			uint32_t me = from, steps = 0;
			const struct mesh_link *next;

			while (me != to && steps < 100) {
				next = mesh_route(link, links_of(&s, me, link), s.n, me, to);
				if (!next)
					break;
				me = next->place;
				steps++;
			}
			arrived += me != to;
			longest = steps > longest ? steps : longest;
		}
	is_uint(arrived, 0, "every way of a thousand masternodes arrives");
	ok(longest <= 10, "in %u steps at most", longest);
	ok(!mesh_route(link, 0, 10, 1, 2), "without a link there is no way");
}

/* ---- strides */

static void strides(void)
{
	static const uint32_t want[][2] = { { 0, 1 },    { 10, 1 },    { 63, 1 },    { 64, 2 },
					    { 255, 2 },  { 256, 4 },   { 1000, 4 },  { 1023, 4 },
					    { 1024, 8 }, { 4096, 16 }, { 10000, 16 } };
	bool nested = true, counted = true;

	for (unsigned i = 0; i < sizeof want / sizeof *want; i++)
		is_uint(mesh_stride(want[i][0]), want[i][1], "stride of %u", want[i][0]);
	for (uint32_t ip = 1; ip < 300; ip++)
		for (uint32_t stride = 2; stride <= 16; stride *= 2) {
			uint32_t far = 0;

			for (int64_t t = 1800000000; t < 1800000000 + 60 * 64; t += 60) {
				bool is = mesh_far(ip * 2654435761u, t, 60, stride);

				far += is;
				nested = nested &&
					 (!is || mesh_far(ip * 2654435761u, t, 60, stride / 2));
			}
			counted = counted && far == 64 / stride;
		}
	ok(counted, "of every stride heartbeats one is far");
	ok(nested, "who has a smaller stride never disagrees");
	ok(mesh_far(1, 12345, 60, 1) && mesh_far(9, -1, 0, 1), "with stride 1 all are");
	is_uint(mesh_silence_ms(60000, 1), 180000, "silent for 180 s, below 64 masternodes");
	is_uint(mesh_silence_ms(60000, mesh_stride(1000)), 720000, "for 720 s, of a thousand");
}

int main(int argc, char **argv)
{
	links();
	failures(argc > 1 ? (unsigned)atoi(argv[1]) : 0);
	guests();
	kinds();
	relays(10, 0, 0);
	relays(51, 0, 0);
	relays(100, 0, 0);
	relays(100, 10, 0);
	relays(100, 10, 20);
	relays(1000, 0, 0);
	relays(1000, 15, 20);
	routes();
	strides();
	return done_testing();
}
