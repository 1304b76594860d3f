/* SPDX-License-Identifier: MIT
 * t/plugins/bad_minor.c - needs a newer node
 */
#include "timenode/host.h"

TN_PLUGIN = {
	.magic = TN_MAGIC,
	.abi_major = TN_ABI_MAJOR,
	.abi_minor = 99,
	.size = sizeof(struct tn_plugin),
	.name = "bad_minor",
	.version = "1",
	.license = "MIT",
	.summary = "wrong on purpose",
};
