/* SPDX-License-Identifier: MIT
 * t/plugins/bad_core.c - owns a message of the core
 */
#include "timenode/host.h"

TN_PLUGIN = {
	TN_HEAD("bad_core", "1", "wrong on purpose"),
	.messages = TN_ROWS(struct tn_message, { "Handshake", NULL, NULL, TN_OWN, .max = 0 }),
};
