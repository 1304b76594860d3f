/* SPDX-License-Identifier: MIT
 * t/lib/builtins.h - the shipped plugins as linked in from libtnplugins.a
 */
#ifndef T_LIB_BUILTINS_H
#define T_LIB_BUILTINS_H

#include "timenode/plugin.h"

extern const struct tn_plugin tn_plugin_desc_pingpong, tn_plugin_desc_peers, tn_plugin_desc_blocks,
	tn_plugin_desc_masternodes, tn_plugin_desc_transactions;

#endif
