/* SPDX-License-Identifier: MIT
 * core/plug/pulse.h - sessions by the time of their next pulse
 *
 * Pure. All sessions of one pulse share its interval, so a queue in order of coming is
 * in order of due time. Entries of sessions that have gone are left behind and dropped
 * when they come due, or when they are the half.
 */
#ifndef CORE_PLUG_PULSE_H
#define CORE_PLUG_PULSE_H

#include <stdbool.h>
#include <stdint.h>

struct pulse_entry {
	uint64_t sid, due_us;
	uint32_t serial; /* of the up() it belongs to */
};

struct pulse {                  /* zero is empty */
	struct pulse_entry *at; /* a ring */
	uint32_t head, n, room;
};

void pulse_free(struct pulse *); /* what it holds, not itself */

/* Due times only grow: an earlier one is taken for the last one's. false: no memory. */
bool pulse_push(struct pulse *, struct pulse_entry);
bool pulse_pop(struct pulse *, uint64_t now_us, struct pulse_entry *out); /* false: none due */
uint64_t pulse_next_us(const struct pulse *);                             /* UINT64_MAX: empty */

/* Drops every entry that is not alive. */
void pulse_compact(struct pulse *, bool (*alive)(void *arg, const struct pulse_entry *), void *arg);

/* When an interval that begins now is over: from a second on rounded up to 50 ms, so that
 * many sessions share a wake-up. */
uint64_t pulse_due(uint64_t now_us, uint64_t ms);

#endif
