/* SPDX-License-Identifier: MIT
 * core/net/names.c - interned message names and refusal reasons
 *
 * Open addressing over the numbers: the table holds at most half of its places, and
 * nothing a peer sends is ever put into it.
 */
#include "net/names.h"

#include <stdlib.h>
#include <string.h>

#define PLACES 1024u /* a power of two, at least twice NAME_MAX */
#define REASONS_MAX 1024u

struct name {
	char *text;
	uint32_t n;
	uint32_t max; /* longest line, 0: the node's own limit */
};

struct names {
	struct name name[NAME_MAX];
	uint16_t place[PLACES]; /* number of a name, 0: free */
	unsigned count;
	uint32_t smallest;
	char *reason[REASONS_MAX];
	unsigned reasons;
};

static const char *const core_reason[REASON_CORE] = {
	[REASON_NO_OWNER] = "no-owner",
	[REASON_HANDSHAKE] = "handshake",
	[REASON_SIZE] = "size",
	[REASON_RATE] = "rate",
	[REASON_DUPLICATE] = "duplicate",
	[REASON_UNASKED] = "unasked",
	[REASON_BUSY] = "busy",
	[REASON_TIMEOUT] = "timeout",
	[REASON_BROKEN] = "broken",
	[REASON_UNLOADED] = "unloaded",
	[REASON_FEATURE] = "feature",
	[REASON_LEGACY] = "legacy",
	[REASON_FULL] = "full",
	[REASON_BLANK] = "blank",
	[REASON_UTF8] = "utf8",
	[REASON_OVERSIZE] = "oversize",
	[REASON_CUT] = "cut",
	[REASON_MEMORY] = "memory",
};

/* Both ends and the length tell names apart; what a peer sends is never put into the
 * table, so that nobody can make its chains long.
 */
static uint32_t hash(const char *p, size_t n)
{
	uint64_t head = 0, tail = 0;
	size_t part = n < sizeof head ? n : sizeof head;

	if (part == sizeof head) {
		memcpy(&head, p, sizeof head);
		memcpy(&tail, p + n - sizeof tail, sizeof tail);
	} else {
		memcpy(&head, p, part);
	}
	head = (head ^ n) * UINT64_C(0x9e3779b97f4a7c15);
	tail *= UINT64_C(0xc2b2ae3d27d4eb4f);
	return (uint32_t)((head ^ tail) * UINT64_C(0x9e3779b97f4a7c15) >> 40);
}

/* The place where this name is, or where it would be put. */
static unsigned place_of(const struct names *t, const char *name, size_t n)
{
	unsigned at = hash(name, n) & (PLACES - 1);

	for (; t->place[at]; at = (at + 1) & (PLACES - 1)) {
		const struct name *e = &t->name[t->place[at]];

		if (e->n == n && memcmp(e->text, name, n) == 0)
			break;
	}
	return at;
}

static bool add_wire_names(struct names *t)
{
	for (unsigned i = 0; i < TN_MESSAGES; i++)
		if (!names_add(t, tn_message_name(i)))
			return false;
	return true;
}

static bool add_core_reasons(struct names *t)
{
	for (unsigned i = 0; i < REASON_CORE; i++) {
		t->reason[i] = strdup(core_reason[i]);
		if (!t->reason[i])
			return false;
		t->reasons++;
	}
	return true;
}

struct names *names_create(void)
{
	struct names *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->count = NAME_FIRST;
	t->smallest = UINT32_MAX;
	if (add_core_reasons(t) && add_wire_names(t))
		return t;
	names_free(t);
	return NULL;
}

void names_free(struct names *t)
{
	if (!t)
		return;
	for (unsigned i = NAME_FIRST; i < t->count; i++)
		free(t->name[i].text);
	for (unsigned i = 0; i < t->reasons; i++)
		free(t->reason[i]);
	free(t);
}

unsigned names_find(const struct names *t, const char *name, size_t n)
{
	unsigned id = t->place[place_of(t, name, n)];

	return id ? id : NAME_UNKNOWN;
}

unsigned names_add(struct names *t, const char *name)
{
	size_t n = strlen(name);
	unsigned at = place_of(t, name, n);
	char *text;

	if (t->place[at])
		return t->place[at];
	if (t->count == NAME_MAX || n > TN_NAME_MAX)
		return 0;
	text = strdup(name);
	if (!text)
		return 0;
	t->name[t->count] = (struct name){ .text = text, .n = (uint32_t)n };
	t->place[at] = (uint16_t)t->count;
	return t->count++;
}

const char *names_text(const struct names *t, unsigned id)
{
	if (id == NAME_NONE)
		return "-";
	return id >= NAME_FIRST && id < t->count ? t->name[id].text : "?";
}

unsigned names_count(const struct names *t)
{
	return t->count;
}

static uint32_t smallest_max(const struct names *t)
{
	uint32_t least = UINT32_MAX;

	for (unsigned i = NAME_FIRST; i < t->count; i++)
		if (t->name[i].max && t->name[i].max < least)
			least = t->name[i].max;
	return least;
}

void names_set_max(struct names *t, unsigned id, uint32_t max)
{
	if (id < NAME_FIRST || id >= t->count)
		return;
	t->name[id].max = max;
	t->smallest = smallest_max(t);
}

uint32_t names_max(const struct names *t, unsigned id)
{
	return id < t->count ? t->name[id].max : 0;
}

uint32_t names_smallest_max(const struct names *t)
{
	return t->smallest;
}

unsigned reasons_add(struct names *t, const char *text)
{
	for (unsigned i = 0; i < t->reasons; i++)
		if (strcmp(t->reason[i], text) == 0)
			return i;
	if (t->reasons == REASONS_MAX)
		return REASON_BROKEN;
	t->reason[t->reasons] = strdup(text);
	return t->reason[t->reasons] ? t->reasons++ : REASON_BROKEN;
}

const char *reasons_text(const struct names *t, unsigned reason)
{
	return reason < t->reasons ? t->reason[reason] : "?";
}
