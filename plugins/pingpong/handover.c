/* SPDX-License-Identifier: MIT
 * plugins/pingpong/handover.c - what one build of the plugin tells the next
 */
#include "pingpong.h"

struct saved_peer {
	uint64_t sid;
	uint32_t last_us, min_us, avg_us, missed;
	uint64_t sum_us, pongs, asked_us;
	uint64_t nonce0, asked0, nonce1, asked1;
};
struct saved_peers {
	const struct saved_peer *v;
	uint32_t n;
};
struct saved {
	uint32_t format;
	struct saved_peers peers;
};

enum { FORMAT = 1, PEERS_MAX = 1 << 20 };

#define MEMBER(m) TN_FIELD(struct saved_peer, m)
static const struct tn_schema saved_peer_schema =
	TN_SCHEMA(struct saved_peer, TN_RECORD, MEMBER(sid), MEMBER(last_us), MEMBER(min_us),
		  MEMBER(avg_us), MEMBER(missed), MEMBER(sum_us), MEMBER(pongs), MEMBER(asked_us),
		  MEMBER(nonce0), MEMBER(asked0), MEMBER(nonce1), MEMBER(asked1));
static const struct tn_schema saved_schema =
	TN_SCHEMA(struct saved, TN_RECORD, TN_FIELD(struct saved, format),
		  TN_LISTOF(struct saved, peers, &saved_peer_schema, PEERS_MAX));

static int save_peer(struct tn_ctx *c, struct tn_sid s, void *slot, void *arg)
{
	struct slot *p = slot;
	struct saved_peer **next = arg;

	(void)c;
	p->handed = true;
	*(*next)++ = (struct saved_peer){ s.v,
					  p->last_us,
					  p->min_us,
					  p->avg_us,
					  p->missed,
					  p->sum_us,
					  p->pongs,
					  p->asked_us,
					  p->open[0].nonce,
					  p->open[0].asked_us,
					  p->open[1].nonce,
					  p->open[1].asked_us };
	return 0;
}

int pingpong_save(struct tn_ctx *c, struct tn_arena *a, struct tn_view *out, struct tn_error *err)
{
	uint32_t n = tn_count(c, NULL);
	struct saved_peer *v = tn_alloc(a, n * sizeof *v), *next = v;
	struct saved all = { FORMAT, { v, n } };
	uint8_t *bytes;

	if (!v)
		return tn_fail(err, TN_ENOMEM, "no memory");
	tn_each(c, NULL, save_peer, &next);
	all.peers.n = (uint32_t)(next - v);
	out->n = tn_bin_write(&saved_schema, &all, NULL, 0);
	out->p = bytes = tn_alloc(a, out->n);
	if (!bytes)
		return tn_fail(err, TN_ENOMEM, "no memory");
	tn_bin_write(&saved_schema, &all, bytes, out->n);
	return 0;
}

static void restore_peer(struct tn_ctx *c, const struct saved_peer *v)
{
	struct slot *p = tn_slot(c, (struct tn_sid){ v->sid });

	if (!p)
		return;
	*p = (struct slot){ .last_us = v->last_us,
			    .min_us = v->min_us,
			    .avg_us = v->avg_us,
			    .missed = v->missed,
			    .sum_us = v->sum_us,
			    .pongs = v->pongs,
			    .asked_us = v->asked_us,
			    .open = { { v->nonce0, v->asked0, v->asked0 != 0 },
				      { v->nonce1, v->asked1, v->asked1 != 0 } } };
}

int pingpong_restore(struct tn_ctx *c, struct tn_view saved, struct tn_error *err)
{
	const void *body;
	const struct saved *all;
	int rc = tn_bin_read(&saved_schema, saved, tn_scratch(c), &body, err);

	if (rc)
		return rc;
	all = body;
	if (all->format != FORMAT)
		return tn_fail(err, TN_EINVAL, "saved as format %u, this build reads %u",
			       (unsigned)all->format, (unsigned)FORMAT);
	for (uint32_t i = 0; i < all->peers.n; i++)
		restore_peer(c, &all->peers.v[i]);
	return 0;
}
