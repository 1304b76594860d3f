/* SPDX-License-Identifier: MIT
 * t/sim/link.h - one stream between two simulated hosts (private to t/sim)
 *
 * Each side holds what it has received and what it has sent that is still on its way.
 * A segment is a piece of data, the end, a reset, or a step of the opening handshake;
 * segments of one direction arrive in order.
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "sim/env_sim.h"

enum segment_kind { SEG_OPENED, SEG_ACCEPT, SEG_DATA, SEG_END, SEG_RESET };

struct segment {
	struct segment *next;
	uint64_t at_us;
	enum segment_kind kind;
	size_t n, taken;
	uint8_t bytes[];
};

struct segments {
	struct segment *first, *last;
};

enum side_state { SIDE_NONE, SIDE_OPEN, SIDE_CLOSED };

struct side {
	struct link *link;
	struct sim_host *node;
	struct env_conn *conn; /* NULL unless open */
	enum side_state state;

	struct segments received;
	bool received_end;
	int err;

	struct segments sent;      /* on their way to the other side */
	struct queue_item arrival; /* of the first of them */
	struct queue_item ack;     /* tells this side what the other has read */
	uint64_t written, read, acked;
	uint64_t latency_us, last_us;
	bool held, ack_held; /* waiting for the way to be free */
	bool shut;
	bool forgot; /* its host knows nothing of it: whoever sends is told so */
};

struct link {
	struct ring member; /* first: in the world's list */
	struct world *world;
	struct side side[2]; /* 0 dialed */
	struct tn_addr from, to;
	char *path;              /* of a Unix socket instead of `to` */
	struct queue_item syn;   /* the opening packet, or the refusal on its way back */
	struct queue_item death; /* of a link that is blocked for too long */
	int tries;
	bool refused;
};

/* Begins to connect conn; the result comes through conn->connect_done. */
void link_open(struct env_conn *conn, const struct tn_addr *to);
void link_open_path(struct env_conn *conn, const char *path);
void link_close(struct link *, int end, bool reset);
void link_free(struct link *);

long link_read(struct side *, void *, size_t);
long link_write(struct side *, const struct iovec *, int n);
void link_shut(struct side *);
bool link_readable(const struct side *);
bool link_writable(const struct side *);

/* One end fails, and the other is not told before it sends or keepalive asks. */
void link_forget(struct link *, int end);
void link_fail(struct link *); /* both ends see ECONNRESET */

/* A way between two nodes was blocked or freed. */
void link_way_changed(struct link *);

#endif
