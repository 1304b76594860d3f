/* SPDX-License-Identifier: MIT
 * plugins/masternodes/list.c - GetMasternodes: answered from one encoded line, and asked
 *
 * What we answer are those that are active; what others answer are names worth a dial.
 */
#include <string.h>

#include "masternodes.h"

enum {
	GIVE_MAX = 10000,  /* masternodes in an answer */
	TAKE_MAX = 10000,  /* names looked at in an answer of theirs */
	KEEP_US = 1000000, /* an answer is made anew at most so often, and only after a change */
	ANSWER_MS = 20000,
	SHORT_BYTES = 1200, /* old nodes tear a line that comes in two segments */
	ENTRY_BYTES = 330   /* of the text of one, at most */
};

static void forget(struct tn_ctx *c, struct tn_frame **f)
{
	if (*f)
		tn_frame_unref(c, *f);
	*f = NULL;
}

void mn_list_free(struct tn_ctx *c)
{
	forget(c, &mn_state(c)->list);
	forget(c, &mn_state(c)->short_list);
}

static void fill(const struct mn_record *r, struct tn_announcement *out)
{
	*out = (struct tn_announcement){ .address = { r->text, (uint32_t)strlen(r->text) },
					 .reward_address = { r->reward,
							     (uint32_t)strlen(r->reward) },
					 .tier.tag = r->announced,
					 .public_key = r->key };
}

/* For an old node our own record comes first and the others only as far as they fit. */
static struct tn_frame *make(struct tn_ctx *c, uint32_t most, uint32_t first_ip)
{
	const struct registry *g = mn_state(c)->registry;
	const struct mn_record *first = registry_find(g, first_ip);
	struct tn_announcements list = { { NULL, 0 } };
	uint32_t n = registry_active(g) < most ? registry_active(g) : most;

	list.masternodes.v = tn_alloc(tn_scratch(c), (n + 1) * sizeof *list.masternodes.v);
	if (!list.masternodes.v)
		return NULL;
	if (first && first->active && n)
		fill(first, &list.masternodes.v[list.masternodes.n++]);
	for (uint32_t i = 0; i < registry_count(g) && list.masternodes.n < n; i++) {
		const struct mn_record *r = registry_at(g, i);

		if (r->active && r != first)
			fill(r, &list.masternodes.v[list.masternodes.n++]);
	}
	return tn_make_frame(c, M_LIST, &list);
}

static void renew(struct tn_ctx *c)
{
	struct mn_state *st = mn_state(c);
	uint32_t me;

	mn_list_free(c);
	st->list = make(c, GIVE_MAX, 0);
	st->short_list = make(c, SHORT_BYTES / ENTRY_BYTES, mn_own_ip(c, &me) ? 0 : me);
	st->listed_us = mn_now(c).mono_us;
	st->list_old = false;
}

tn_verdict mn_on_get(struct tn_ctx *c, const struct tn_msg *m)
{
	struct mn_state *st = mn_state(c);
	struct tn_frame *f;

	if (!st->list || (st->list_old && mn_now(c).mono_us - st->listed_us >= KEEP_US))
		renew(c);
	f = m->flags & TN_MSG_LEGACY ? st->short_list : st->list;
	if (!f)
		return TN_BROKEN;
	tn_send_frame(c, m->from, f);
	return TN_TAKEN;
}

/* ---- asking */

static void hear(struct tn_ctx *c, struct mn_slot *slot, const struct tn_announcement *said,
		 uint32_t told_by)
{
	struct registry *g = mn_state(c)->registry;
	struct tn_addr a;
	uint32_t ip, me;

	if (mn_ip_parse(said->address, &ip) || (!mn_own_ip(c, &me) && ip == me) ||
	    registry_find(g, ip))
		return;
	a = mn_addr_of(ip);
	if (tn_usable(c, &a) && tn_bucket_take(&slot->hints, 1, tn_now_us(c)))
		registry_hear(g, ip, told_by, mn_now(c));
}

static tn_verdict on_list(struct tn_ctx *c, struct tn_sid sid, void *arg, const struct tn_reply *r,
			  uint64_t tag)
{
	const struct tn_announcements *list;
	struct tn_session who;
	uint32_t told_by;

	(void)tag;
	if (r->status || tn_session(c, sid, &who))
		return TN_TAKEN; /* no answer is no fault: old nodes that dialed us are silent */
	list = r->msg->body;
	if (!mn_ip_of(&who.addr, &told_by))
		told_by = UINT32_MAX; /* all of IPv6 is one teller */
	for (uint32_t i = 0; i < list->masternodes.n && i < TAKE_MAX; i++)
		hear(c, arg, &list->masternodes.v[i], told_by);
	return TN_TAKEN;
}

void mn_ask(struct tn_ctx *c, struct tn_sid sid, void *slot)
{
	const struct tn_question q = {
		.send = M_GET, .expect = M_LIST, .timeout_ms = ANSWER_MS, .done = on_list
	};

	(void)slot;
	tn_ask_peer(c, sid, &q);
}
