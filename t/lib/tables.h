/* SPDX-License-Identifier: MIT
 * t/lib/tables.h - a table with a member of every kind
 */
#ifndef T_LIB_TABLES_H
#define T_LIB_TABLES_H

#include "timenode/wire.h"

/* One record with a member of every kind, optional ones and extensions included. */
struct everything {
	bool flag;
	uint8_t small;
	uint32_t word;
	uint64_t big;
	int64_t number;
	struct tn_str text;
	struct tn_bytes blob;
	struct tn_hash hash;
	struct tn_key key;
	struct tn_addr addr;
	uint64_t maybe;
	TN_LIST(struct tn_str) names;
	uint32_t extra;
	TN_LIST(struct tn_str) extras;
	bool has_maybe, has_names, has_extra, has_extras;
};
extern const struct tn_schema everything_table;

#endif
