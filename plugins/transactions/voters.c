/* SPDX-License-Identifier: MIT
 * plugins/transactions/voters.c - who votes
 *
 * One place asks: whatever provides the set - the configuration or the chain - is behind the
 * service masternodes. A node that is named there with another key than its own does not vote.
 */
#include "voting.h"

#include <string.h>

static uint64_t next_height(struct tn_ctx *c)
{
	struct tn_tip tip;

	return tn_chain_tip(tn_need(c, N_CHAIN), &tip) ? 1 : tip.height + 1;
}

static bool is_me(struct tn_ctx *c, const struct votes *book)
{
	int me = votes_me(book);
	struct tn_identity own;

	if (me < 0 || tn_identity_get(tn_need(c, N_IDENTITY), &own))
		return false;
	return !memcmp(votes_key(book, (uint32_t)me), &own.key, sizeof own.key);
}

static void note_me(struct tn_ctx *c)
{
	struct voting *v = voting_of(c);
	bool other = votes_me(v->book) >= 0 && !v->can_vote;

	if (other && !v->told)
		TN_LOG(c, TN_WARN, TN_NOBODY,
		       "This node is a voter, but with another key than its own: it does not vote");
	v->told = other;
}

struct txids {
	struct tn_hash *v;
	uint32_t n;
};

static void note_txid(void *arg, const struct tn_hash *txid)
{
	struct txids *all = arg;

	all->v[all->n++] = *txid;
}

/* Other voters, or another number of them: what was counted may mean more or less now, and votes
 * of those who were no voters for a moment are gone. Who votes from now on has some to cast. */
static void look_again(struct tn_ctx *c)
{
	const struct open *open = voting_of(c)->open;
	struct txids all = { tn_alloc(tn_scratch(c), (open_count(open) + 1) * sizeof *all.v), 0 };

	if (!all.v)
		return; /* each is looked at again when it is due */
	open_each(open, open_count(open), note_txid, &all);
	for (uint32_t i = 0; i < all.n; i++) {
		struct pool_tx *e = pool_find(state_of(c)->pool, &all.v[i]);

		if (e)
			voting_again(c, e);
		else
			outcome(c, &all.v[i]);
	}
}

static void ask_set(struct tn_ctx *c)
{
	struct tn_voter_set set = { .me = -1 };
	struct voting *v = voting_of(c);
	int rc = tn_mn_voters(tn_need(c, N_MASTERNODES), next_height(c), tn_scratch(c), &set);

	if (rc == TN_ENOMEM)
		return; /* the old set stays */
	if (rc)
		set = (struct tn_voter_set){ .me = -1 };
	votes_set(v->book, &set);
	tn_metric(c, C_VOTERS, votes_voters(v->book));
}

void voters_refresh(struct tn_ctx *c)
{
	struct voting *v = voting_of(c);
	uint64_t sets = votes_sets(v->book);
	bool could = v->can_vote;

	ask_set(c);
	v->can_vote = is_me(c, v->book);
	note_me(c);
	if (votes_sets(v->book) != sets || (v->can_vote && !could))
		look_again(c);
}

int voters_session(struct tn_ctx *c, struct tn_sid s)
{
	const struct slot *slot = tn_slot(c, s);

	if (!slot || !slot->voting.ip[0])
		return -1;
	return votes_voter(voting_of(c)->book,
			   (struct tn_str){ slot->voting.ip, (uint32_t)strlen(slot->voting.ip) });
}

bool voters_meshed(struct tn_ctx *c)
{
	return votes_voters(voting_of(c)->book) <= MESH_MAX;
}
