/* SPDX-License-Identifier: MIT
 * plugins/masternodes/keyfile.h - the wallet file of this node: loaded, made once, copied
 */
#ifndef PLUGINS_MASTERNODES_KEYFILE_H
#define PLUGINS_MASTERNODES_KEYFILE_H

#include "timenode/chain.h"

#define MN_WALLET_FILE "time-wallet.dat"

/* Reads the wallet, or makes one of `seed` (32 random bytes) when there is no file of that
 * name. *made tells which. 0, or an error with the reason and the path; nothing that is there
 * is ever overwritten. These calls block on the disk.
 */
int mn_keyfile_open(struct tn_sha *, const struct tn_network *, const char *path,
		    const uint8_t seed[32], int64_t now, struct tn_wallet *out, bool *made,
		    struct tn_error *);

/* Writes a copy and reads it back. TN_EBUSY if there is anything of that name. */
int mn_keyfile_copy(struct tn_sha *, const struct tn_network *, const struct tn_wallet *,
		    const char *path, struct tn_error *);

#endif
