/* SPDX-License-Identifier: MIT
 * t/sim/disk.h - what a simulated node's store leaves behind
 *
 * A store that is closed, by a crash too, leaves what its committed batches wrote; what
 * was not committed is gone. The next store on the same disk begins with that.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "store/store.h"

struct disk;

struct disk *disk_create(void);
void disk_free(struct disk *); /* its store must be closed; NULL is fine */
struct store *disk_store(struct disk *);
void disk_full(struct disk *, bool full); /* commits fail */
uint64_t disk_commits(const struct disk *);
uint64_t disk_failures(const struct disk *); /* commits that found it full */

#endif
