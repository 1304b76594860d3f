/* SPDX-License-Identifier: MIT
 * t/13-lib-schema.c - the check of a third party's table, and the tables we ship
 */
#include <stddef.h>
#include <string.h>

#include "lib/tables.h"
#include "lib/tap.h"

struct item {
	uint32_t tag;
	uint64_t number;
	struct tn_str text;
	TN_LIST(struct tn_str) list;
	struct tn_key key;
	bool has;
};

static const struct tn_field good_fields[] = {
	TN_FIELD(struct item, number),
	TN_FIELD_IF(struct item, text, 0, has, TN_F_NULL),
	TN_LISTOF(struct item, list, &tn_schema_word, 5),
	TN_FIELD(struct item, key),
};
static const struct tn_schema good = { "item", good_fields, sizeof(struct item), 4, 0, TN_RECORD };

static void shipped(void)
{
	struct tn_error err;
	unsigned i;

	for (i = 0; i < TN_MESSAGES; i++)
		is_int(tn_schema_check(tn_message_schema(i), &err), 0, "table of %s",
		       tn_message_name(i));
	is_int(tn_schema_check(&tn_schema_unit, &err), 0, "unit");
	is_int(tn_schema_check(&tn_schema_string, &err), 0, "string");
	is_int(tn_schema_check(&tn_schema_word, &err), 0, "word");
	is_int(tn_schema_check(&everything_table, &err), 0, "a member of every kind");
	is_int(tn_schema_check(&good, &err), 0, "the table that is broken below");
}

/* One change to one member of the good table, or to the table itself. */
static void refused(const char *what, unsigned at, struct tn_field f, const char *why)
{
	struct tn_field field[4];
	struct tn_schema s = good;
	struct tn_error err = { "" };

	memcpy(field, good_fields, sizeof field);
	field[at] = f;
	s.field = field;
	is_int(tn_schema_check(&s, &err), TN_EINVAL, "refused: %s", what);
	ok(strstr(err.text, why), "%s: \"%s\" says \"%s\"", what, err.text, why);
}

static void refused_table(const char *what, struct tn_schema s, const char *why)
{
	struct tn_error err = { "" };

	is_int(tn_schema_check(&s, &err), TN_EINVAL, "refused: %s", what);
	ok(strstr(err.text, why), "%s: \"%s\" says \"%s\"", what, err.text, why);
}

static void members(void)
{
	struct tn_field f;

#define CHANGE(at, what, why, ...) \
	f = good_fields[at];       \
	__VA_ARGS__;               \
	refused(what, at, f, why)
	CHANGE(0, "no name", "name", f.name = NULL);
	CHANGE(0, "empty name", "name", f.name = "");
	CHANGE(0, "name with a quote", "name", f.name = "a\"b");
	CHANGE(0, "name with a backslash", "name", f.name = "a\\b");
	CHANGE(0, "name with a blank", "name", f.name = "a b");
	CHANGE(0, "name of 64 bytes", "name",
	       f.name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	CHANGE(0, "name of another", "twice", f.name = "key");
	CHANGE(0, "kind 0", "kind", f.kind = 0);
	CHANGE(0, "kind 13", "kind", f.kind = TN_K_LIST + 1);
	CHANGE(0, "offset at the end", "outside", f.off = sizeof(struct item));
	CHANGE(0, "offset far outside", "outside", f.off = UINT32_MAX - 7);
	CHANGE(0, "offset that crosses the end", "outside", f.off = sizeof(struct item) - 4);
	CHANGE(0, "offset that is not aligned", "askew", f.off += 4);
	CHANGE(0, "a table at a number", "table", f.of = &tn_schema_word);
	CHANGE(1, "both flags", "flags", f.flags = TN_F_NULL | TN_F_EXT);
	CHANGE(1, "unknown flag", "flags", f.flags = 4);
	CHANGE(1, "presence outside", "presence", f.has = sizeof(struct item));
	CHANGE(2, "a list without a table", "table", f.of = NULL);
	CHANGE(2, "a list of units", "unit", f.of = &tn_schema_unit);
	CHANGE(3, "a short key", "32", f.max = 31);
	CHANGE(3, "fixed bytes without a size", "size", f.kind = TN_K_FIXED, f.max = 0);
	CHANGE(3, "fixed bytes beyond the end", "outside", f.kind = TN_K_FIXED, f.max = 4096);
#undef CHANGE
}

static void tables(void)
{
	static const struct tn_field alt[] = { TN_ALT_UNIT("A"), TN_ALT_UNIT("B") };
	static const struct tn_field number_alt[] = { { "A", NULL, 0, 0, 0, TN_K_U32, 0, 0 } };
	static const struct tn_field ext[] = { TN_FIELD_IF(struct item, number, 0, has, TN_F_EXT) };
	static const struct tn_schema choice = { "choice", alt, 4, 2, 0, TN_CHOICE };
	static const struct tn_field nested_alt[] = { { "A", &choice, 0, 0, 0, TN_K_SUB, 0, 0 } };
	static const struct tn_schema hollow = {
		"hollow", ext, sizeof(struct item), 1, 0, TN_RECORD
	};
	static const struct tn_field of_hollow[] = { { "l", &hollow, 0, 0, 0, TN_K_LIST, 0, 0 } };
	struct tn_schema s = good;

	refused_table("shape 5", (s.shape = 5, s), "shape");
	s = good;
	refused_table("no members", (s.fields = 0, s), "number of members");
	s = good;
	refused_table("no array", (s.field = NULL, s), "number of members");
	s = good;
	refused_table("no name", (s.name = NULL, s), "name");
	s = good;
	refused_table("a plain one with four", (s.shape = TN_PLAIN, s), "many");
	s = good;
	refused_table("too large", (s.size = 1 << 21, s), "large");
	s = tn_schema_unit;
	refused_table("a unit with members", (s.fields = 1, s.field = alt, s), "number of");
	s = choice;
	is_int(tn_schema_check(&s, NULL), 0, "a good choice");
	refused_table("a tag outside", (s.tag = 4, s), "tag");
	refused_table("a tag askew", (s.size = 8, s.tag = 2, s), "tag");
	s = choice;
	refused_table("a number as alternative", (s.field = number_alt, s.fields = 1, s), "altern");
	refused_table("a choice as alternative", (s.field = nested_alt, s.fields = 1, s), "choice");
	refused_table("an extension in a tuple",
		      (struct tn_schema){ "t", ext, sizeof(struct item), 1, 0, TN_TUPLE },
		      "extension");
	refused_table("a list of empty elements",
		      (struct tn_schema){ "t", of_hollow, 16, 1, 0, TN_RECORD }, "empty");
	is_int(tn_schema_check(NULL, NULL), TN_EINVAL, "no table at all");
}

static void depth(void)
{
	enum { DEEP = 17 };
	struct tn_field field[DEEP];
	struct tn_schema s[DEEP];
	struct tn_error err;
	unsigned i;

	for (i = 0; i < DEEP; i++) {
		field[i] = (struct tn_field){ "x", i ? &s[i - 1] : NULL,    0, 0,
					      0,   i ? TN_K_SUB : TN_K_U64, 0, 0 };
		s[i] = (struct tn_schema){ "deep", &field[i], 8, 1, 0, TN_RECORD };
	}
	is_int(tn_schema_check(&s[DEEP - 2], &err), 0, "sixteen deep");
	is_int(tn_schema_check(&s[DEEP - 1], &err), TN_EINVAL, "seventeen deep");
	field[0] = (struct tn_field){ "x", &s[0], 0, 0, 0, TN_K_SUB, 0, 0 };
	is_int(tn_schema_check(&s[0], &err), TN_EINVAL, "a table that holds itself");
}

static void names(void)
{
	unsigned i, wrong = 0, units = 0;
	char name[TN_NAME_MAX + 1];

	for (i = 0; i < TN_MESSAGES; i++) {
		const char *text = tn_message_name(i);
		const struct tn_schema *s = tn_message_schema(i);

		wrong += tn_message_find(text, strlen(text)) != (int)i;
		strcpy(name, text);
		wrong += tn_message_find(name, strlen(text) - 1) == (int)i;
		name[0] |= 0x20;
		wrong += tn_message_find(name, strlen(name)) != TN_ENOENT;
		units += s && s->shape == TN_UNIT;
	}
	is_uint(wrong, 0, "every name leads to its index, a changed one to none");
	is_uint(units, 7, "seven messages have no body");
	is_int(tn_message_find("", 0), TN_ENOENT, "no name");
	is_int(tn_message_find("Zzz", 3), TN_ENOENT, "behind all");
	is_int(tn_message_find("Ping\0", 5), TN_ENOENT, "a NUL behind a name");
	ok(!tn_message_name(TN_MESSAGES) && !tn_message_schema(TN_MESSAGES), "no 48th");
	ok(tn_message_schema(30) == tn_message_schema(31), "Ping and Pong share a body");
}

int main(void)
{
	shipped();
	members();
	tables();
	depth();
	names();
	return done_testing();
}
