/* SPDX-License-Identifier: MIT
 * t/29-core-watchdog.c - when a turn of the loop is told of, and when the process gives up
 */
#include "watchdog.h"

#include "lib/tap.h"

#define SECOND UINT64_C(1000000)

/* A turn that begins at 10 s and is looked at as the thread would, until `until`. */
struct seen {
	unsigned told;
	uint64_t first_us, kill_us;
};

static struct seen follow(struct watch *w, uint64_t begun, uint64_t until)
{
	struct seen s = { 0, 0, 0 };
	uint64_t now = begun - SECOND / 2;

	while (now < until && !s.kill_us) {
		uint64_t pause = watch_pause_us(w);

		now += pause;
		switch (watch_look(w, now < begun ? 0 : begun, now, pause, pause)) {
		case WATCH_TELL:
			s.first_us = s.told++ ? s.first_us : now - begun;
			break;
		case WATCH_KILL:
			s.kill_us = now - begun;
			break;
		case WATCH_NOTHING:
			break;
		}
	}
	return s;
}

static void hang(void)
{
	struct watch w = { .hang_us = 2 * SECOND, .abort_us = 60 * SECOND };
	struct seen s = follow(&w, 10 * SECOND, 200 * SECOND);

	ok(s.first_us >= 2 * SECOND && s.first_us < 3 * SECOND, "told between 2 and 3 s: %u ms",
	   (unsigned)(s.first_us / 1000));
	is_uint(s.told, 5, "and at 4, 8, 16 and 32 s");
	ok(s.kill_us >= 60 * SECOND && s.kill_us < 61 * SECOND, "killed at 60 s");
	w = (struct watch){ .hang_us = 2 * SECOND };
	s = follow(&w, 10 * SECOND, 200 * SECOND);
	is_uint(s.kill_us, 0, "never with 0");
	is_uint(s.told, 7, "but told of");
}

static void calm(void)
{
	struct watch w = { .hang_us = 2 * SECOND, .abort_us = 3 * SECOND };
	unsigned said = 0;

	for (uint64_t now = SECOND; now < 100 * SECOND; now += SECOND)
		said += watch_look(&w, now - 10, now, SECOND, SECOND) != WATCH_NOTHING;
	is_uint(said, 0, "many turns are not one long turn");
	for (uint64_t now = SECOND; now < 100 * SECOND; now += SECOND)
		said += watch_look(&w, 0, now, SECOND, SECOND) != WATCH_NOTHING;
	is_uint(said, 0, "waiting is not hanging");
	is_uint(watch_pause_us(&w), SECOND, "an idle loop is looked at once a second");
}

static void stopped(void)
{
	struct watch w = { .hang_us = 2 * SECOND, .abort_us = 60 * SECOND };

	watch_look(&w, 5 * SECOND, 5 * SECOND + 1, SECOND, SECOND);
	is_int(watch_look(&w, 5 * SECOND, 3605 * SECOND, 3600 * SECOND, SECOND / 4), WATCH_NOTHING,
	       "a process that stood still for an hour as a whole did not hang");
}

int main(void)
{
	hang();
	calm();
	stopped();
	return done_testing();
}
