/* SPDX-License-Identifier: MIT
 * bench/crowd.h - a real timenoded in a process of its own, and a crowd of peers for it
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "figure.h"

#include <sys/types.h>

/* ---- a daemon with nothing but these plugins ("pingpong: { }; peers: { };") */

struct daemon {
	pid_t pid;
	uint16_t port;
	char dir[64];
};

void daemon_start(struct daemon *, const char *plugins);
void daemon_stop(struct daemon *);
double process_memory(pid_t);  /* bytes of its own: neither files nor shared */
double process_cpu(pid_t);     /* nanoseconds of all its threads */
double process_wakeups(pid_t); /* times that any of its threads had slept */
void process_settle(pid_t);    /* waits until it does nothing any more */

/* ---- peers that dialed a node, each from an address of its own */

struct crowd {
	int *fd, poll;
	unsigned n;
	uint64_t pongs; /* received */
};

int dial(uint16_t port, unsigned from); /* 127.1.x.y, blocking */
void introduce(int fd, uint64_t id);    /* Handshake and Ack */
void say(int fd, const char *p, size_t n);
uint16_t free_port(void);
int listen_any(uint16_t *port); /* on 127.0.0.1 */

void crowd_join(struct crowd *, uint16_t port, unsigned n);
void crowd_leave(struct crowd *);
/* Reads what comes and answers every Ping, for so long or until so many Pongs came. */
void crowd_serve(struct crowd *, unsigned ms, uint64_t pongs);

#endif
