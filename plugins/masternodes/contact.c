/* SPDX-License-Identifier: MIT
 * plugins/masternodes/contact.c - dials whom others named as a masternode, to hear it from itself
 *
 * A few at a time. Whoever answers and announces itself is in the registry; whoever does not
 * has had its turn and waits longer for the next one.
 */
#include <string.h>

#include "masternodes.h"

enum {
	CONTACT_US = 150000000, /* for one: the other side may be the one to dial, at first */
	LINGER_US = 15000000,   /* once it has spoken */
	STARTS = 4              /* in one tick */
};

struct tn_addr mn_dial_addr(struct tn_ctx *c, uint32_t ip)
{
	struct tn_addr a = mn_addr_of(ip), me;

	if (!strcmp(mn_state(c)->net.name, "private") && !tn_self(c, &me))
		a.port = me.port;
	return a;
}

static void end(struct tn_ctx *c, struct mn_contact *k)
{
	struct tn_addr a = mn_dial_addr(c, k->ip);

	k->until_us = 0;
	tn_dial(c, &a, TN_DIAL_MASTERNODE, false);
}

void mn_contact_end(struct tn_ctx *c)
{
	for (unsigned i = 0; i < MN_CONTACTS; i++)
		if (mn_state(c)->contact[i].until_us)
			end(c, &mn_state(c)->contact[i]);
}

/* It has spoken. Whether the link stays is for links.c to say, a little later. */
void mn_contact_met(struct tn_ctx *c, uint32_t ip)
{
	for (unsigned i = 0; i < MN_CONTACTS; i++) {
		struct mn_contact *k = &mn_state(c)->contact[i];

		if (!k->until_us || k->ip != ip)
			continue;
		k->met = true;
		k->until_us = mn_now(c).mono_us + LINGER_US;
	}
}

/* Only what was dialed for this is closed. */
static void let_go(struct tn_ctx *c, struct mn_contact *k)
{
	struct tn_addr any = mn_addr_of(k->ip);
	struct tn_sid sid = tn_find(c, &any);
	const struct mn_slot *slot = tn_slot(c, sid);
	struct tn_session s;

	if (slot && slot->noted) { /* one of our links */
		k->until_us = 0;
		return;
	}
	end(c, k);
	if (slot && k->met && !tn_session(c, sid, &s) && s.flags & TN_S_OUTBOUND &&
	    !(s.flags & TN_S_MANUAL))
		tn_close(c, sid, "a masternode that has spoken for itself");
}

/* One that is connected already announces itself if it is a masternode. */
static void begin(struct tn_ctx *c, struct mn_contact *k, uint32_t ip)
{
	struct tn_addr a = mn_dial_addr(c, ip), any = mn_addr_of(ip);
	uint32_t me;

	registry_dialed(mn_state(c)->registry, ip, mn_now(c));
	if ((!mn_own_ip(c, &me) && me == ip) || tn_find(c, &any).v ||
	    tn_dial(c, &a, TN_DIAL_MASTERNODE, true))
		return;
	*k = (struct mn_contact){ ip, false, mn_now(c).mono_us + CONTACT_US };
}

void mn_contact_tick(struct tn_ctx *c, void *arg)
{
	struct mn_state *st = mn_state(c);
	unsigned starts = 0;

	(void)arg;
	for (unsigned i = 0; i < MN_CONTACTS; i++) {
		struct mn_contact *k = &st->contact[i];
		const struct mn_record *r;

		if (k->until_us && mn_now(c).mono_us >= k->until_us)
			let_go(c, k);
		if (k->until_us || starts == STARTS)
			continue;
		r = registry_next_dial(st->registry, mn_now(c));
		if (!r)
			continue;
		starts++;
		begin(c, k, r->ip);
	}
}
