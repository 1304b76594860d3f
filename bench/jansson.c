/* SPDX-License-Identifier: MIT
 * bench/jansson.c - jansson, which refuses numbers above INT64_MAX
 */
#include <jansson.h>

typedef json_t *node;
#define NODE node

#define GET(v, name) json_object_get(v, name)
#define COUNT(v) json_array_size(v)
#define AT(v, i, before) json_array_get(v, i)
#define UNSIGNED(v) ((uint64_t)json_integer_value(v))
#define SIGNED(v) json_integer_value(v)
#define TRUTH(v) json_is_true(v)
#define TEXT(v) json_string_value(v)
#define TEXT_N(v) json_string_length(v)
#define PARSE(text, n) json_loadb(text, n, 0, NULL)
#define DROP(root) json_decref(root)
#define PRINT(root) json_dumps(root, JSON_COMPACT)
#define FREE_TEXT(text) free((void *)(uintptr_t)(text))

#include "extract.h"

const struct op ops[] = {
	{ "decode jansson", NULL, decode },
	{ "encode jansson", prepare, encode },
	{ NULL, NULL, NULL },
};
