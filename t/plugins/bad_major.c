/* SPDX-License-Identifier: MIT
 * t/plugins/bad_major.c - built for another interface
 */
#include "timenode/host.h"

TN_PLUGIN = {
	.magic = TN_MAGIC,
	.abi_major = 99,
	.abi_minor = TN_ABI_MINOR,
	.size = sizeof(struct tn_plugin),
	.name = "bad_major",
	.version = "1",
	.license = "MIT",
	.summary = "wrong on purpose",
};
