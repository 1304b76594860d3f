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

/* Rows of a plugin's database of format 1, for whoever plants damage while no store is open. On
 * trouble the test ends. */
struct disk_row {
	uint8_t key[100], val[8192];
	size_t key_n, val_n;
};
/* The one behind `skip` others, in the order of keys. */
void disk_read(struct disk *, const char *plugin, const char *db, uint64_t skip, struct disk_row *);
/* val NULL: removed. */
void disk_write(struct disk *, const char *plugin, const char *db, struct tn_view key,
		const struct tn_view *val);

#endif
