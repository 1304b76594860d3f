/* SPDX-License-Identifier: MIT
 * t/sim/phase.h - what a node's chain is just doing: for tests that kill it
 */
#ifndef SIM_PHASE_H
#define SIM_PHASE_H

#include "timenode/host.h"

enum phase {
	PHASE_QUIET,
	PHASE_SYNC,      /* it catches up */
	PHASE_CONNECT,   /* a block is judged or written */
	PHASE_CONNECTED, /* the same, all in memory and not yet on the disk */
	PHASE_REORG,     /* blocks are taken back, or others put in their place, in a batch */
	PHASE_REORGED,   /* the same, all in memory and not yet on the disk */
	PHASES
};
const char *phase_name(enum phase);

struct phase_watch {
	int64_t reorgs; /* when nothing waited for the disk */
};

/* Called as often as possible, with the ctx of the plugin blocks; waiting: bytes that its
 * store has accepted and not made durable. */
enum phase phase_now(struct phase_watch *, struct tn_ctx *, uint64_t waiting, int64_t reorgs);

#endif
