/* SPDX-License-Identifier: MIT
 * core/record.h - a recording of a running node: started and ended; what its file begins with
 *
 * A recording begins between two turns. All plugins begin anew with what they hand over
 * (plug_refresh), sessions and peers are written down as they are (net_snapshot), and from
 * there on the environment is recorded (env/record.h). rerun.h makes a node from the file.
 */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "ctl/ctl.h"
#include "node.h"

/* RECORD_STATE entries, by id. */
enum {
	RECORD_STATE_NET = 1,  /* net_snapshot */
	RECORD_STATE_NODE,     /* instant and number of the log's timer, u64 big-endian each */
	RECORD_STATE_NO_STORE, /* text: why there are no stored values */
	RECORD_STATE_FAILED,   /* text: why the store takes no more */
	RECORD_STATE_DB = 256  /* and on: version, u16 big-endian, and name of a database */
};

/* At the end of this turn, or of one of the next: the reason of a failure after this call is
 * logged. Beyond `max` bytes (0: RECORD_DEFAULT) it ends by itself. TN_EBUSY: one runs;
 * TN_EIO: the file cannot be made, or is there already. */
int record_begin(struct node *, const char *path, uint64_t max, struct tn_error *);

/* Writes the counters and closes the file; nothing without a recording. Also from inside a
 * turn: what comes after it in this turn is not in the file. */
void record_end(struct node *, const char *why);

/* ctl_setup.record. */
int record_command(void *node, const char *action, const char *file, const char *size,
		   struct ctl_recording *, struct tn_error *);

#endif
