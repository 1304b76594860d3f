/* SPDX-License-Identifier: MIT
 * plugins/pingpong/pingpong.h - what the plugin knows of a session, and its handing over
 */
#ifndef PINGPONG_H
#define PINGPONG_H

#include "timenode/host.h"

/* A ping on its way. A carried one was asked by an earlier build: no question waits for it
 * here, its pong comes as a stray one. */
struct open {
	uint64_t nonce, asked_us; /* 0: free */
	bool carried;
};

enum { OPEN = 2 }; /* one of the pulse, one of a probe */

struct slot { /* per session; zero: nothing known yet */
	uint32_t last_us, min_us, avg_us, missed;
	uint64_t sum_us, pongs, asked_us;
	struct open open[OPEN];
	bool handed; /* the next build counts what is open now */
};

/* The upgrade's two halves (timenode/plugin.h): the slots of all primary sessions as bytes,
 * and back into the slots that are there. After save the old build no longer counts what is
 * open as gone. restore: TN_EINVAL for another format, TN_EBAD for damaged bytes. */
int pingpong_save(struct tn_ctx *, struct tn_arena *, struct tn_view *out, struct tn_error *);
int pingpong_restore(struct tn_ctx *, struct tn_view saved, struct tn_error *);

#endif
