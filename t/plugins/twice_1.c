/* SPDX-License-Identifier: MIT
 * t/plugins/twice_1.c - version 1 of a plugin that is replaced while its file is loaded
 */
#include "timenode/host.h"

TN_PLUGIN = {
	TN_HEAD("twice", "1", "replaced"),
};
