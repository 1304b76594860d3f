/* SPDX-License-Identifier: MIT
 * plugins/masternodes/voters.h - the voter set, as the configuration names it
 */
#ifndef PLUGINS_MASTERNODES_VOTERS_H
#define PLUGINS_MASTERNODES_VOTERS_H

#include "timenode/plugin.h"
#include "timenode/service/masternodes.h"

/* Each text is "203.0.113.7=" and 64 hexadecimal digits, the public key. The set is sorted by
 * address text and lies in the arena; its `me` is -1. 0, TN_ENOMEM, or TN_EINVAL with the
 * reason: no IPv4 address, no key, a key that does not decode, an
 * address or a key that comes twice.
 */
int mn_voters_parse(const struct tn_texts *, struct tn_arena *, struct tn_voter_set *,
		    struct tn_error *);

#endif
