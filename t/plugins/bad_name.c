/* SPDX-License-Identifier: MIT
 * t/plugins/bad_name.c - says another name than its file
 */
#include "timenode/host.h"

TN_PLUGIN = {
	TN_HEAD("another", "1", "wrong on purpose"),
};
