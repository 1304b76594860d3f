/* SPDX-License-Identifier: MIT
 * plugins/transactions/watching.c - states of coins for peers, subscriptions
 *
 * A subscriber is told of every change in the order in which it happened, or its session ends: a
 * notification that does not fit into its queue closes it, and so does a subscription that
 * cannot be taken, for the wire has no answer to one. Who subscribes and then asks for
 * states gets, on the same session, the states before the changes that follow.
 */
#include "subscribe.h"
#include "transactions.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"

enum { ASKED_MAX = 1000, SUBSCRIBES = 10, SUBSCRIBES_US = 10000000, SAID = 1 << 15 };

/* What was said last of a coin, so that nothing is said twice: a branch that changes may bring a
 * coin back to where it was. One place for each hash: who comes later takes it.
 */
struct said {
	uint64_t coin, state;
};

struct watching {
	struct subscriptions *subs;
	struct said *said; /* SAID of them, while anybody watches */
	uint64_t key[2];
	struct tn_ctx *ctx; /* while a change is told */
	struct tn_frame *frame;
};

static struct watching *watching_of(struct tn_ctx *c)
{
	return state_of(c)->watching;
}

static struct subscribe_limits limits_of(struct tn_ctx *c)
{
	const struct conf *conf = conf_of(c);

	return (struct subscribe_limits){ conf->subscriptions, conf->subscribed,
					  conf->subscribed_max };
}

/* ---- life */

int watching_start(struct tn_ctx *c, struct tn_error *err)
{
	uint64_t key[2] = { tn_random64(c), tn_random64(c) };
	struct subscribe_limits limits = limits_of(c);
	struct watching *w = calloc(1, sizeof *w);

	if (w) {
		memcpy(w->key, key, sizeof key);
		w->subs = subscriptions_create(&limits, key);
	}
	if (!w || !w->subs) {
		free(w);
		return tn_fail(err, TN_ENOMEM, "no memory");
	}
	state_of(c)->watching = w;
	return 0;
}

void watching_stop(struct tn_ctx *c)
{
	struct watching *w = watching_of(c);

	if (!w)
		return;
	subscriptions_free(w->subs);
	free(w->said);
	free(w);
	state_of(c)->watching = NULL;
}

void watching_reloaded(struct tn_ctx *c)
{
	struct subscribe_limits limits = limits_of(c);

	if (watching_of(c))
		subscriptions_limit(watching_of(c)->subs, &limits);
}

/* What happens while nobody watches is not followed. */
static void forget_said(struct watching *w)
{
	if (subscriptions_sums(w->subs)->watched)
		return;
	free(w->said);
	w->said = NULL;
}

static void count(struct tn_ctx *c)
{
	const struct subscribe_sums *s = subscriptions_sums(watching_of(c)->subs);

	forget_said(watching_of(c));
	tn_metric(c, C_SUBSCRIPTIONS, s->subscriptions);
	tn_metric(c, C_SUBSCRIBED, s->watched);
}

void watching_up(struct tn_ctx *c, struct tn_sid s, struct slot *slot)
{
	struct watching_slot *w = &slot->watching;

	(void)s;
	tn_bucket_init(&w->pace, SUBSCRIBES, SUBSCRIBES_US, 4 * SUBSCRIBES, tn_now_us(c));
}

/* When this plugin goes and the session stays, its subscriber must not wait for what never comes. */
void watching_down(struct tn_ctx *c, struct tn_sid s, struct slot *slot)
{
	if (slot->watching.who)
		tn_close(c, s, "its subscriptions have ended");
	unsubscribe_all(watching_of(c)->subs, &slot->watching.who);
	count(c);
}

/* ---- subscriptions */

static tn_verdict refuse(struct tn_ctx *c, struct tn_sid s, const char *why)
{
	tn_metric(c, C_UNSUBSCRIBED, 1);
	tn_close(c, s, why);
	return tn_refuse(R_SUBSCRIPTION);
}

static const char *why_not(int rc)
{
	switch (rc) {
	case TN_EINVAL:
		return "a subscription with nothing in it, or with a text that is too long";
	case TN_EFULL:
		return "it subscribes to more than one peer may";
	case TN_EBUSY:
		return "there is no room for more subscriptions";
	default:
		return "no memory for its subscription";
	}
}

tn_verdict on_subscribe(struct tn_ctx *c, const struct tn_msg *m)
{
	struct slot *slot = tn_slot(c, m->from);
	int rc;

	if (m->flags & TN_MSG_SECONDARY || !slot)
		return refuse(c, m->from, "it subscribes on a second session");
	if (!tn_bucket_take(&slot->watching.pace, 1, tn_now_us(c)))
		return refuse(c, m->from, "it subscribes too often");
	rc = subscribe(watching_of(c)->subs, &slot->watching.who, m->from.v, m->body);
	if (rc)
		return refuse(c, m->from, why_not(rc));
	count(c);
	return TN_TAKEN;
}

tn_verdict on_unsubscribe(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_str *id = m->body;
	struct slot *slot = tn_slot(c, m->from);

	if (!slot || unsubscribe(watching_of(c)->subs, slot->watching.who, *id))
		return tn_refuse(R_SUBSCRIPTION);
	count(c);
	return TN_TAKEN;
}

/* ---- changes */

bool coins_watched(struct tn_ctx *c)
{
	const struct watching *w = watching_of(c);

	return w && (conf_of(c)->state_updates || subscriptions_sums(w->subs)->watched);
}

/* What stands on the wire for a coin that is no more and that no block spent: there is no such
 * state, so it is one in which nobody can spend it, by a transaction that cannot be.
 */
static struct tn_utxo_state state_gone(int64_t now)
{
	struct tn_utxo_state s = { .tag = TN_UTXO_LOCKED };

	s.u.locked.locked_at = now;
	return s;
}

static uint64_t hash_state(const struct watching *w, const struct tn_utxo_state *s)
{
	struct {
		uint64_t tag, height;
		struct tn_hash by;
	} k;

	memset(&k, 0, sizeof k);
	k.tag = s->tag;
	if (s->tag == TN_UTXO_SPENT_PENDING)
		k.by = s->u.pending.txid;
	else if (s->tag == TN_UTXO_SPENT_FINALIZED)
		k.by = s->u.finalized.txid;
	else if (s->tag == TN_UTXO_CONFIRMED)
		k.by = s->u.confirmed.txid, k.height = s->u.confirmed.block_height;
	return siphash(w->key, (const uint8_t *)&k, sizeof k);
}

/* Is that what was said last of this coin? Remembers it. */
static bool is_said(struct watching *w, const struct tn_outpoint *at, const struct tn_utxo_state *s)
{
	struct said now = { siphash(w->key, (const uint8_t *)at, sizeof *at), hash_state(w, s) };
	struct said *last;

	if (!w->said)
		w->said = calloc(SAID, sizeof *w->said);
	if (!w->said)
		return false;
	last = &w->said[now.coin % SAID];
	if (last->coin == now.coin && last->state == now.state)
		return true;
	*last = now;
	return false;
}

static void notify(void *arg, uint64_t session)
{
	struct watching *w = arg;
	struct tn_ctx *c = w->ctx;
	struct tn_sid s = { session };
	int rc = w->frame ? tn_send_frame(c, s, w->frame) : TN_ENOMEM;

	if (!rc) {
		tn_metric(c, C_NOTIFIED, 1);
		return;
	}
	tn_metric(c, C_UNSUBSCRIBED, 1);
	tn_close(c, s, "too slow for what it subscribed to");
}

void coin_changed(struct tn_ctx *c, const struct coin_change *change)
{
	struct watching *w = watching_of(c);
	struct tn_coin_change body = { change->at, change->now, tn_wall_s(c) };
	struct tn_coin_state update = { change->at, change->now };

	if (!coins_watched(c) || (!change->was && !change->is))
		return;
	if (!change->is)
		body.new_state = update.state = state_gone(body.timestamp);
	if (is_said(w, &change->at, &body.new_state))
		return;
	if (conf_of(c)->state_updates)
		tn_broadcast(c, NULL, M_STATE_UPDATE, &update);
	if (!subscribers_any(w->subs, &change->at, change->script))
		return;
	w->ctx = c;
	w->frame = tn_make_frame(c, M_STATE_NOTICE, &body);
	subscribers_each(w->subs, &change->at, change->script, notify, w);
	if (w->frame)
		tn_frame_unref(c, w->frame);
	w->frame = NULL;
}

struct tn_bytes input_owner(struct tn_ctx *c, const struct tn_txin *in, char buf[TN_ADDRESS_TEXT])
{
	struct tn_net_info info;
	struct tn_network net;
	struct tn_key key;

	if (in->script_sig.n != TN_SCRIPT_SIG_BYTES || tn_network_info(c, &info) ||
	    tn_network_find(info.name, &net))
		return (struct tn_bytes){ NULL, 0 };
	memcpy(key.b, in->script_sig.p, sizeof key.b);
	if (tn_address_of_key(state_of(c)->sha, net.digit, &key, buf))
		return (struct tn_bytes){ NULL, 0 };
	return (struct tn_bytes){ (const uint8_t *)buf, (uint32_t)strlen(buf) };
}

/* ---- questions; others' news are hints that nothing here rests on */

tn_verdict on_state_query(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct tn_outpoints *asked = m->body;
	struct tn_coin_states answer = { { NULL, 0 } };
	struct coin_view view;

	if (asked->outpoints.n > ASKED_MAX)
		return tn_refuse(R_STATES);
	answer.states.v =
		tn_alloc(tn_scratch(c), (asked->outpoints.n + 1) * sizeof *answer.states.v);
	if (!answer.states.v)
		return TN_BROKEN;
	for (uint32_t i = 0; i < asked->outpoints.n; i++) {
		const struct tn_outpoint *at = &asked->outpoints.v[i];
		int rc = coin_find(c, at, tn_scratch(c), &view);

		if (rc && rc != TN_ENOENT)
			return TN_BROKEN;
		if (!rc && view.has_state)
			answer.states.v[answer.states.n++] =
				(struct tn_coin_state){ *at, view.state };
	}
	tn_send(c, m->from, M_STATE_ANSWER, &answer);
	return TN_TAKEN;
}

tn_verdict on_state_notice(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return tn_refuse(R_NOTICE);
}

tn_verdict on_state_update(struct tn_ctx *c, const struct tn_msg *m)
{
	(void)c, (void)m;
	return TN_TAKEN;
}
