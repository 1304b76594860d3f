/* SPDX-License-Identifier: MIT
 * plugins/masternodes/mesh.h - which masternodes are linked, and what travels how far
 *
 * Pure. A masternode is a place 0..n-1 in the list of them, sorted by address text, which is
 * thought of as a ring. Up to MESH_FULL are linked each with each. More are linked with the
 * places 1, 2, 4, 8... before and behind their own: about 2 log2(n) links each, and the rest
 * stays connected whatever any 2 log2(n) - 1 of them do. Whether two are neighbours does not
 * depend on who asks, and who of two neighbours dials is not decided here.
 *
 * Heartbeats (doc/protocol.md 12): each goes to all links of its masternode. Of every
 * `stride` of them one is *far*: it alone is relayed. The stride grows with the square root of
 * n, so that what each node has to carry does too.
 */
#ifndef PLUGINS_MASTERNODES_MESH_H
#define PLUGINS_MASTERNODES_MESH_H

#include "timenode/plugin.h"

#define MESH_FULL 50
#define MESH_TARGETS 64 /* room for the neighbours of any place, of any list */
#define MESH_GUEST 8    /* links that a node outside of the list wants */

/* ---- links */

/* Are two places neighbours? Not with themselves. */
bool mesh_neighbours(uint32_t n, uint32_t a, uint32_t b);

/* The neighbours of a place, in ascending order. Returns how many. */
uint32_t mesh_targets(uint32_t n, uint32_t me, uint32_t out[MESH_TARGETS]);

/* Of a node that is none of them: at most MESH_GUEST places, spread evenly, from one on that
 * `draw` decides. */
uint32_t mesh_guest(uint32_t n, uint64_t draw, uint32_t out[MESH_TARGETS]);

/* ---- heartbeats */

/* 1 below 64 masternodes, 2 below 256, 4 below 1024, and so on. */
uint32_t mesh_stride(uint32_t n);

/* Is the heartbeat that this address made at this time relayed? Who has a smaller stride
 * says so more often, never less. interval_s: from one to the next, at least 1. */
bool mesh_far(uint32_t ip, int64_t time, uint32_t interval_s, uint32_t stride);

/* How long a masternode may be silent: three far heartbeats, in milliseconds. */
uint64_t mesh_silence_ms(uint64_t interval_ms, uint32_t stride);

/* ---- relays: to whom one message goes on */

enum mesh_kind {
	MESH_RING, /* a masternode that relays itself */
	MESH_LEAF, /* a node that is no masternode */
	MESH_OLD   /* an old node: it relays nothing, and what it lacks nobody else gives it */
};
enum { MESH_RING_DRAWN = 2, MESH_LEAF_DRAWN = 6 };

struct mesh_link {
	uint64_t id;    /* of the session */
	uint32_t place; /* MESH_RING: in the list */
	uint8_t kind;
	bool chosen; /* the answer */
};

/* The next link of the ring on both sides of `me`, which make sure that everybody gets it;
 * MESH_RING_DRAWN and MESH_LEAF_DRAWN more that the draw decides, which make it fast and bear
 * with broken links; every old node. Returns how many. */
uint32_t mesh_relay(struct mesh_link *link, uint32_t n, uint32_t me, uint64_t draw);

/* The link on the way to a place: nearer to it than we are, and the nearest of all. NULL: none
 * is. With all links up every step halves the way. */
const struct mesh_link *mesh_route(const struct mesh_link *link, uint32_t n, uint32_t places,
				   uint32_t me, uint32_t to);

#endif
