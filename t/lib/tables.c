/* SPDX-License-Identifier: MIT
 * t/lib/tables.c - a table with a member of every kind
 */
#include "lib/tables.h"

/* clang-format off */
#define F(T, m) TN_FIELD(struct T, m)

const struct tn_schema everything_table = TN_SCHEMA(struct everything, TN_RECORD,
	F(everything, flag), F(everything, small), F(everything, word), F(everything, big),
	F(everything, number), F(everything, text), F(everything, blob), F(everything, hash),
	F(everything, key), F(everything, addr),
	TN_FIELD_IF(struct everything, maybe, 0, has_maybe, TN_F_NULL),
	TN_LISTOF_IF(struct everything, names, &tn_schema_word, 3, has_names, TN_F_NULL),
	TN_FIELD_IF(struct everything, extra, 0, has_extra, TN_F_EXT),
	TN_LISTOF_IF(struct everything, extras, &tn_schema_string, 0, has_extras, TN_F_EXT));
/* clang-format on */
