/* SPDX-License-Identifier: MIT
 * core/watchdog.h - a thread that sees when the loop does not come back
 *
 * It only reads one number of the loop and sends it a signal (crash.h): the loop itself says
 * where it hangs. Real processes only.
 */
#ifndef CORE_WATCHDOG_H
#define CORE_WATCHDOG_H

#include "crash.h"
#include "env/event.h"

struct watchdog;

/* hang_ms: from when a turn of the loop is told, then at twice, four times... that. abort_ms:
 * from when the process is killed, 0 = never. NULL with the reason. */
struct watchdog *watchdog_start(struct env *, struct crash *, uint64_t hang_ms, uint64_t abort_ms,
				struct tn_error *);
void watchdog_stop(struct watchdog *); /* NULL is fine; waits for the thread */

/* ---- what it decides, without a thread */

struct watch {
	uint64_t hang_us, abort_us;
	uint64_t since_us; /* of the turn that is looked at, 0: none */
	uint64_t seen_us;  /* how long it was seen to last */
	uint64_t next_us;  /* when it is told of next */
};
enum watch_what { WATCH_NOTHING, WATCH_TELL, WATCH_KILL };

/* since_us: env_event_busy_since. waited_us: since the last look; asked_us: what was meant
 * to be waited: a process that stood still as a whole did not hang. */
enum watch_what watch_look(struct watch *, uint64_t since_us, uint64_t now_us, uint64_t waited_us,
			   uint64_t asked_us);
/* How long to wait until the next look. */
uint64_t watch_pause_us(const struct watch *);

#endif
