/* SPDX-License-Identifier: MIT
 * t/plugins/twice_2.c - version 2 of a plugin that is replaced while its file is loaded
 */
#include "timenode/host.h"

TN_PLUGIN = {
	TN_HEAD("twice", "2", "replaced"),
};
