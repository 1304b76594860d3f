/* SPDX-License-Identifier: MIT
 * core/net/send_queue.h - frames waiting for the kernel: counted, bounded, 16 bytes each
 *
 * A ring of frame pointers that grows and shrinks with use; a single frame needs no memory
 * of its own, so a queue may not be moved. The first frame may be partly written. Bounds in bytes are the caller's (net.c): per session and node.
 */
#ifndef CORE_NET_SEND_QUEUE_H
#define CORE_NET_SEND_QUEUE_H

#include <sys/uio.h>

#include "net/frame.h"

struct send_entry {
	struct frame *frame;
	uint32_t token;
};

struct send_queue {                    /* zero is empty */
	struct send_entry *entry, one; /* entry is &one while room is 1 */
	uint32_t room, first, count;
	uint32_t done;  /* bytes of the first frame already written */
	uint64_t bytes; /* not yet written */
};

/* Takes a reference of its own. TN_ENOMEM. */
int send_queue_push(struct send_queue *, struct frame *, uint32_t token);

/* Up to n pieces to write now; returns the number. */
int send_queue_pieces(const struct send_queue *, struct iovec *, int n);

/* `wrote` bytes left: fn for each frame that is gone whole, in order. */
void send_queue_wrote(struct send_queue *, size_t wrote,
		      void (*fn)(void *arg, unsigned id, uint32_t token), void *arg);

/* Empties it: fn for each frame that was not written whole. Frees the ring. */
void send_queue_clear(struct send_queue *, void (*fn)(void *arg, unsigned id), void *arg);

/* Frames of this message that lie in it. */
uint64_t send_queue_count(const struct send_queue *, unsigned id);

#endif
