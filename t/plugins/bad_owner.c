/* SPDX-License-Identifier: MIT
 * t/plugins/bad_owner.c - owns a message that pingpong owns
 */
#include "timenode/host.h"

#include "timenode/wire.h"

TN_PLUGIN = {
	TN_HEAD("bad_owner", "1", "wrong on purpose"),
	.messages = TN_ROWS(struct tn_message, { "Ping", &tn_wire_ping, NULL, TN_OWN, .max = 0 }),
};
