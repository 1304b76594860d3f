/* SPDX-License-Identifier: MIT
 * plugins/transactions/drip.c - votes that wait for an old node
 */
#include "drip.h"

#include <string.h>

static struct drip_vote *at(struct drip *d, uint32_t i)
{
	return &d->v[(d->first + i) % DRIP_MAX];
}

static uint32_t shed(struct drip *d, uint32_t n)
{
	d->first = (d->first + n) % DRIP_MAX;
	d->n -= n;
	return n;
}

/* They stand in the order in which they came, and so in the order in which they expire. */
static uint32_t shed_expired(struct drip *d, uint64_t now)
{
	uint32_t n = 0;

	while (n < d->n && at(d, n)->until <= now)
		n++;
	return shed(d, n);
}

uint32_t drip_add(struct drip *d, const struct tn_vote *vote, uint64_t now)
{
	struct drip_vote *v;
	uint32_t gone = 0;

	if (vote->voter.n >= sizeof v->name)
		return 1;
	if (d->n == DRIP_MAX)
		gone = shed_expired(d, now);
	if (d->n == DRIP_MAX)
		gone += shed(d, 1);
	v = at(d, d->n++);
	v->vote = *vote;
	memcpy(v->name, vote->voter.p, vote->voter.n);
	v->until = now + DRIP_MS;
	return gone;
}

const struct tn_vote *drip_next(struct drip *d, uint64_t now, uint32_t *gone)
{
	struct drip_vote *v;

	*gone = shed_expired(d, now);
	if (!d->n)
		return NULL;
	v = at(d, 0);
	shed(d, 1);
	v->vote.voter.p = v->name;
	return &v->vote;
}
