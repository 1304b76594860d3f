/* SPDX-License-Identifier: MIT
 * plugins/masternodes/mesh.c - which masternodes are linked, and what travels how far
 */
#include "mesh.h"

/* ---- links */

static uint32_t distance(uint32_t n, uint32_t a, uint32_t b)
{
	uint32_t d = a > b ? a - b : b - a;

	return d < n - d ? d : n - d;
}

/* Offsets are powers of two in either direction, so both ways round count. */
static bool is_chord(uint32_t d)
{
	return d && !(d & (d - 1));
}

bool mesh_neighbours(uint32_t n, uint32_t a, uint32_t b)
{
	uint32_t d = a > b ? a - b : b - a;

	if (a >= n || b >= n || a == b)
		return false;
	return n <= MESH_FULL || is_chord(d) || is_chord(n - d);
}

static void insert(uint32_t *v, uint32_t *n, uint32_t place)
{
	uint32_t at = *n;

	for (uint32_t i = 0; i < *n; i++)
		if (v[i] == place)
			return;
	if (*n == MESH_TARGETS)
		return;
	for (; at && v[at - 1] > place; at--)
		v[at] = v[at - 1];
	v[at] = place;
	++*n;
}

uint32_t mesh_targets(uint32_t n, uint32_t me, uint32_t out[MESH_TARGETS])
{
	uint32_t found = 0;

	if (me >= n)
		return 0;
	if (n <= MESH_FULL) {
		for (uint32_t i = 0; i < n; i++)
			if (i != me)
				out[found++] = i;
		return found;
	}
	for (uint64_t d = 1; d < n; d *= 2) {
		insert(out, &found, (uint32_t)((me + d) % n));
		insert(out, &found, (uint32_t)((me + n - d) % n));
	}
	return found;
}

uint32_t mesh_guest(uint32_t n, uint64_t draw, uint32_t out[MESH_TARGETS])
{
	uint32_t found = 0, want = n < MESH_GUEST ? n : MESH_GUEST;

	for (uint32_t i = 0; i < want; i++)
		insert(out, &found, (uint32_t)((draw % n + (uint64_t)i * n / want) % n));
	return found;
}

/* ---- heartbeats */

uint32_t mesh_stride(uint32_t n)
{
	uint32_t stride = 1;

	for (uint64_t more = 64; more <= n; more *= 4)
		stride *= 2;
	return stride;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* The address shifts the count, so that not all are relayed in the same minute. Only the low
 * bits of the sum decide: who has half the stride agrees wherever it said yes. */
bool mesh_far(uint32_t ip, int64_t time, uint32_t interval_s, uint32_t stride)
{
	uint64_t count = (uint64_t)time / (interval_s ? interval_s : 1);

	return ((count + mix(ip)) & (stride - 1)) == 0;
}

uint64_t mesh_silence_ms(uint64_t interval_ms, uint32_t stride)
{
	return 3 * interval_ms * stride;
}

/* ---- relays */

static uint32_t choose(struct mesh_link *l)
{
	uint32_t fresh = l && !l->chosen;

	if (l)
		l->chosen = true;
	return fresh;
}

/* The lowest draw among those of a kind that are not chosen yet. */
static struct mesh_link *drawn(struct mesh_link *link, uint32_t n, enum mesh_kind kind,
			       uint64_t draw)
{
	struct mesh_link *best = NULL;

	for (struct mesh_link *l = link; l < link + n; l++) {
		if (l->kind != kind || l->chosen)
			continue;
		if (!best || mix(draw ^ mix(l->id)) < mix(draw ^ mix(best->id)))
			best = l;
	}
	return best;
}

/* One before us when the unsigned difference wraps: counted from our own place, the next is
 * the one with the least difference and the one before that with the greatest. */
static uint32_t choose_ring(struct mesh_link *link, uint32_t n, uint32_t me)
{
	struct mesh_link *next = NULL, *before = NULL;

	for (struct mesh_link *l = link; l < link + n; l++) {
		if (l->kind != MESH_RING)
			continue;
		if (!next || l->place - me < next->place - me)
			next = l;
		if (!before || l->place - me > before->place - me)
			before = l;
	}
	return choose(next) + choose(before);
}

uint32_t mesh_relay(struct mesh_link *link, uint32_t n, uint32_t me, uint64_t draw)
{
	uint32_t chosen;

	for (uint32_t i = 0; i < n; i++)
		link[i].chosen = false;
	chosen = choose_ring(link, n, me);
	for (unsigned i = 0; i < MESH_RING_DRAWN; i++)
		chosen += choose(drawn(link, n, MESH_RING, draw));
	for (unsigned i = 0; i < MESH_LEAF_DRAWN; i++)
		chosen += choose(drawn(link, n, MESH_LEAF, draw));
	for (uint32_t i = 0; i < n; i++)
		if (link[i].kind == MESH_OLD)
			chosen += choose(&link[i]);
	return chosen;
}

const struct mesh_link *mesh_route(const struct mesh_link *link, uint32_t n, uint32_t places,
				   uint32_t me, uint32_t to)
{
	uint32_t least = distance(places, me, to);
	const struct mesh_link *best = NULL;

	for (const struct mesh_link *l = link; l < link + n; l++) {
		if (l->kind != MESH_RING || l->place >= places ||
		    distance(places, l->place, to) >= least)
			continue;
		least = distance(places, l->place, to);
		best = l;
	}
	return best;
}
