/* SPDX-License-Identifier: MIT
 * core/crash.h - the last line of a process that dies, and the word of one that hangs
 *
 * Both name the plugin, the message and the peer that the loop is with, and use nothing but
 * write(2): they are written by signal handlers on the thread of the loop, which therefore
 * reads its own state and nobody else's. Real processes only.
 */
#ifndef CORE_CRASH_H
#define CORE_CRASH_H

#include <stdatomic.h>

#include "base/log_sink.h"

struct node;
struct crash;

/* Takes SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT, on a stack of its own, and the signal
 * of crash_hangs. `node` points to where the node will be, NULL until it is. One per
 * process; the calling thread is that of the loop. NULL with the reason. */
struct crash *crash_watch(struct node *const *node, const struct sink *, struct tn_error *);
void crash_forget(struct crash *); /* NULL is fine */

/* From another thread: the loop says where it hangs, since `seconds`. */
void crash_hangs(struct crash *, unsigned seconds);
/* The same, and then it dies of SIGABRT. */
void crash_kill(struct crash *, unsigned seconds);

#endif
