/* SPDX-License-Identifier: MIT
 * bench/json-c.c - json-c
 */
#include <json-c/json.h>

typedef json_object *node;
#define NODE node

static node parse(const char *text, size_t n)
{
	json_tokener *t = json_tokener_new();
	node root = t ? json_tokener_parse_ex(t, text, (int)n) : NULL;

	json_tokener_free(t);
	return root;
}

#define GET(v, name) json_object_object_get(v, name)
#define COUNT(v) json_object_array_length(v)
#define AT(v, i, before) json_object_array_get_idx(v, i)
#define UNSIGNED(v) json_object_get_uint64(v)
#define SIGNED(v) json_object_get_int64(v)
#define TRUTH(v) json_object_get_boolean(v)
#define TEXT(v) json_object_get_string(v)
#define TEXT_N(v) json_object_get_string_len(v)
#define PARSE(text, n) parse(text, n)
#define DROP(root) json_object_put(root)
#define PRINT(root) json_object_to_json_string_ext(root, JSON_C_TO_STRING_NOSLASHESCAPE)
#define FREE_TEXT(text) ((void)(text)) /* kept in the tree */

#include "extract.h"

const struct op ops[] = {
	{ "decode json-c", NULL, decode },
	{ "encode json-c", prepare, encode },
	{ NULL, NULL, NULL },
};
