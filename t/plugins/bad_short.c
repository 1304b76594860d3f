/* SPDX-License-Identifier: MIT
 * t/plugins/bad_short.c - its descriptor is too short
 */
#include "timenode/host.h"

TN_PLUGIN = {
	.magic = TN_MAGIC,
	.abi_major = TN_ABI_MAJOR,
	.abi_minor = TN_ABI_MINOR,
	.size = 16,
	.name = "bad_short",
	.version = "1",
	.license = "MIT",
	.summary = "wrong on purpose",
};
