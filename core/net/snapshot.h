/* SPDX-License-Identifier: MIT
 * core/net/snapshot.h - sessions and peers as bytes, and a fresh room made from them
 *
 * For the recorder: a recording begins in the middle of a node's life, and whoever
 * replays it begins with what is in here. Left out, since nothing of it moves a message:
 * the lines of `why`, the account, sums and counts.
 */
#ifndef CORE_NET_SNAPSHOT_H
#define CORE_NET_SNAPSHOT_H

#include "net/net.h"

/* At the end of a turn: ends it for this room, with all that would not be worth its bytes
 * (sockets that are held, last words that wait to be read, second sessions). false: it goes
 * on, ask again after the next one. After a true and what follows it comes net_go_on, as the
 * first thing in a turn: reading goes on where it was cut short. */
bool net_settle(struct net *);
void net_go_on(struct net *);

/* conn: told of every connection with its callbacks (env_record_track), its number is
 * kept. 0 or TN_ENOMEM. */
typedef uint64_t net_track_fn(void *arg, struct env_conn *, const struct env_events *, void *of);
int net_snapshot(const struct net *, net_track_fn *, void *arg, struct tn_arena *,
		 struct tn_view *out, struct tn_error *);

/* Into a room that was created and not started. conn: makes the connection that has this
 * number. After it the bus has been told of the sessions (opened), plugins not (up). 0, or
 * TN_EBAD or TN_ENOMEM with the reason: the room is then good for net_free only. */
typedef struct env_conn *net_conn_fn(void *arg, uint64_t number, const struct tn_addr *with,
				     const struct env_events *, void *of);
int net_restore(struct net *, struct tn_view, net_conn_fn *, void *arg, struct tn_error *);

#endif
