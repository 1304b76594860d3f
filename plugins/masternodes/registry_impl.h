/* SPDX-License-Identifier: MIT
 * plugins/masternodes/registry_impl.h - what the files of the registry share
 */
#ifndef PLUGINS_MASTERNODES_REGISTRY_IMPL_H
#define PLUGINS_MASTERNODES_REGISTRY_IMPL_H

#include "registry.h"

struct registry {
	struct mn_limits limits;
	struct mn_record **list; /* sorted by text */
	uint32_t count, room, active, heard;
	uint32_t *gone; /* stored ones that were removed */
	uint32_t gone_count, gone_room;
	struct mn_record **shown; /* sorted by coin: those that hold theirs */
	uint32_t shown_count, shown_room;
	uint32_t *told; /* of each /16 of tellers, how many heard ones it named */
};

struct mn_record *registry_get(const struct registry *, uint32_t ip);
/* A heard one; the caller knows that there is room. NULL without memory. */
struct mn_record *registry_insert(struct registry *, uint32_t ip, struct mn_time);
/* It goes, and is to be taken out of the list. */
void registry_drop(struct registry *, struct mn_record *);
/* It holds the coin that it names. false: another one does, or no memory. */
bool registry_show(struct registry *, struct mn_record *);
/* It holds it no more: before its coin changes, or it goes. */
void registry_unshow(struct registry *, struct mn_record *);
/* Seconds it has been active since it last became so. */
int64_t registry_run_s(const struct mn_record *, int64_t until_us);

#endif
