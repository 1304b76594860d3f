/* SPDX-License-Identifier: MIT
 * t/sim/old_scene.h - one old node and a raw peer that writes what it likes
 */
#ifndef SIM_OLD_SCENE_H
#define SIM_OLD_SCENE_H

#include "sim/peer_old.h"
#include "sim/world.h"

#define MS UINT64_C(1000)
#define SECOND (1000 * MS)
#define PORT 24100

struct tn_addr raw_addr(const char *ip); /* with PORT */
void raw_wait(struct world *, uint64_t us);

struct raw {
	struct env *env;
	struct env_conn *conn, *listener;
	char got[32768];
	size_t n;
	bool up, ended, hang_up; /* hang_up: closes whatever it accepts */
	unsigned accepts;
};

void raw_listen(struct raw *, struct env *, const char *ip);
void raw_open(struct raw *, struct env *, const char *to);
void raw_write(struct raw *, const char *text);
/* Connects and writes `text`, then half a second for answers. */
void raw_dial(struct raw *, struct world *, struct env *, const char *to, const char *text);
void raw_send(struct raw *, struct world *, const char *text); /* forgets what it got before */
void raw_end(struct raw *);

struct scene {
	struct world *world;
	struct env *raw_env;
	struct peer_old *old;
	const char *old_ip, *raw_ip;
};

struct scene scene(const char *old_ip, const char *raw_ip, bool dials, uint64_t broadcast);
struct scene scene_of(const char *old_ip, const char *raw_ip, bool dials, uint64_t broadcast,
		      bool shut);
void scene_leave(struct scene *);
struct peer_old_about scene_about(struct scene *); /* what the old node knows of the raw peer */
void scene_dial(struct raw *, struct scene *, const char *text);

#endif
