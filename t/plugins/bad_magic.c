/* SPDX-License-Identifier: MIT
 * t/plugins/bad_magic.c - its magic is not ours
 */
#include "timenode/host.h"

TN_PLUGIN = {
	.magic = 1,
	.abi_major = TN_ABI_MAJOR,
	.abi_minor = TN_ABI_MINOR,
	.size = sizeof(struct tn_plugin),
	.name = "bad_magic",
	.version = "1",
	.license = "MIT",
	.summary = "wrong on purpose",
};
