/* SPDX-License-Identifier: MIT
 * plugins/blocks/window_impl.h - what the two files of the window share
 */
#ifndef PLUGINS_BLOCKS_WINDOW_IMPL_H
#define PLUGINS_BLOCKS_WINDOW_IMPL_H

#include "window.h"

enum { UNANSWERED = 4 };   /* requests that a peer may let pass before it is left alone */
enum { ASKED_BEFORE = 8 }; /* answers to requests of an earlier window that may still come */
enum { EMPTIES = 3 };      /* in a row are no accident */
enum { LEFT_MS = 600000 }; /* so long is such a peer left alone */

enum slot_state { FREE, ASKED, HELD, DELIVERED };

struct slot { /* of one height */
	enum slot_state state;
	uint64_t peer;   /* asked, or who sent it */
	uint64_t avoid;  /* who failed here last, if `failed` */
	uint64_t bundle; /* HELD, DELIVERED */
	uint32_t index;
	bool failed;
};

struct range {
	uint64_t from, to, deadline, sent;
	bool open; /* its deadline has not passed */
};

struct peer {
	uint64_t id, height, pause_until;
	uint64_t took_ms;               /* an answer, on average; 0: none yet */
	uint64_t pace_ms;               /* all that was asked, at the rate at which it came */
	struct range asked[UNANSWERED]; /* the oldest first; only the last can be open */
	uint32_t n, stalls, empties;
	uint64_t empty_at, empty_from; /* the last empty answer */
	uint64_t left_until;           /* it is left alone */
	uint32_t forgotten; /* requests that are not in asked any more and may still be answered */
	bool aside;         /* lied, left alone, or on another branch: not asked */
	bool liar;
};

struct bundle {
	uint64_t id, bytes;
	uint32_t left; /* slots that hold a block of it */
};

struct window {
	struct window_conf conf;
	uint64_t tip;
	uint64_t delivered; /* the highest one handed out, or tip */
	uint64_t held_bytes;
	uint64_t now; /* of the last call that told it */
	uint64_t stall_ms, doubled_at;
	struct slot *slot; /* height % span */
	struct peer *peer;
	uint32_t peers;
	struct bundle *bundle;
	uint32_t bundles;
	struct window_act *todo;
	uint32_t todos, todo_room;
};

static inline struct slot *slot_at(const struct window *w, uint64_t height)
{
	return &w->slot[height % w->conf.span];
}

/* Height of the last slot; the window never passes the end of numbers. */
static inline uint64_t last(const struct window *w)
{
	return w->tip > UINT64_MAX - w->conf.span ? UINT64_MAX : w->tip + w->conf.span;
}

static inline bool busy(const struct peer *p)
{
	return p->n > 0 && p->asked[p->n - 1].open;
}

/* It failed a deadline: others get the range, and it gets time. */
void window_stall(struct window *, struct peer *, uint64_t now);

#endif
