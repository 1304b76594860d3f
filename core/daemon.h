/* SPDX-License-Identifier: MIT
 * core/daemon.h - the process around a node: background, pid file, service manager, limits
 *
 * Called by main.c before and around the loop; the only calls of the core that may block.
 */
#ifndef CORE_DAEMON_H
#define CORE_DAEMON_H

#include "timenode/base.h"

/* Makes the directory and what is missing above it, with mode 0700. 0, or TN_EIO with the
 * reason. One that is there already is left as it is.
 */
int daemon_make_dir(const char *path, struct tn_error *);

/* Takes the pid file for this process's life: creates and locks it and writes the pid.
 * The descriptor to give back with daemon_drop_pid; TN_EBUSY with the other's pid if a
 * living process holds it; TN_EIO with the reason. A file left by a dead one is taken over.
 */
int daemon_take_pid(const char *path, struct tn_error *);
void daemon_drop_pid(int fd, const char *path); /* fd < 0 is fine */

/* Forks. In the child: 0, a session of its own, and *report is where daemon_up or
 * daemon_failed goes. In the parent: waits for that report, prints a failure to stderr and
 * returns the exit code + 1. TN_EIO: no fork.
 */
int daemon_background(int *report, struct tn_error *);

/* The one report of the child; report < 0 (in the foreground) is fine. After daemon_up
 * stdin, stdout and stderr are /dev/null.
 */
void daemon_up(int report);
void daemon_failed(int report, int exit_code, const char *why);

/* Tells the service manager ("READY=1"), if there is one. */
void daemon_notify(const char *state);

/* Microseconds between two signs of life that the service manager asks for, 0: none. */
uint64_t daemon_watchdog_us(void);

/* Large blocks go back to the system when they are freed, whatever lies behind them. */
void daemon_tune_memory(void);

/* As many descriptors as the hard limit allows. Returns how many. */
uint64_t daemon_raise_files(void);

#endif
