/* SPDX-License-Identifier: MIT
 * bench/cjson.c - cJSON, whose numbers are doubles: only nonces below 2^53 come out right
 */
#include <cjson/cJSON.h>
#include <stddef.h>

typedef cJSON *node;
#define NODE node

#define GET(v, name) cJSON_GetObjectItemCaseSensitive(v, name)
#define COUNT(v) ((size_t)cJSON_GetArraySize(v))
#define AT(v, i, before) ((before) ? (before)->next : (v)->child)
#define UNSIGNED(v) ((uint64_t)(v)->valuedouble)
#define SIGNED(v) ((int64_t)(v)->valuedouble)
#define TRUTH(v) cJSON_IsTrue(v)
#define TEXT(v) (v)->valuestring
#define TEXT_N(v) strlen((v)->valuestring)
#define PARSE(text, n) cJSON_ParseWithLength(text, n)
#define DROP(root) cJSON_Delete(root)
#define PRINT(root) cJSON_PrintUnformatted(root)
#define FREE_TEXT(text) cJSON_free((void *)(uintptr_t)(text))

#include "extract.h"

const struct op ops[] = {
	{ "decode cJSON", NULL, decode },
	{ "encode cJSON", prepare, encode },
	{ NULL, NULL, NULL },
};
