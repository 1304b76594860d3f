/* SPDX-License-Identifier: MIT
 * lib/wire/tables.h - short forms for the tables of the protocol's types
 */
#ifndef LIB_WIRE_TABLES_H
#define LIB_WIRE_TABLES_H

#include "timenode/schema.h"

/* clang-format off */
/* A member whose name on the wire is not that of the C member. */
#define FIELD_AS(T, m, wire_name) \
	{ wire_name, NULL, offsetof(T, m), TN_LIMIT(T, m, 0), 0, TN_KIND(T, m), 0, sizeof wire_name - 1 }
#define EXT(T, m) TN_FIELD_IF(T, m, 0, has_##m, TN_F_EXT)
/* clang-format on */

#endif
