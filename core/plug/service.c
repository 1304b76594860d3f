/* SPDX-License-Identifier: MIT
 * core/plug/service.c - services: looked up at each call, gone when their plugin is
 */
#include <stdio.h>
#include <string.h>

#include "plug/impl.h"

static const struct tn_offer *offer_for(const struct plugin *p, const struct tn_need *n)
{
	const struct tn_offer *o;

	for (unsigned i = 0; (o = plug_row(&p->desc.offers, i)); i++)
		if (!strcmp(o->name, n->name) && o->major == n->major && o->minor >= n->minor)
			return o;
	return NULL;
}

struct tn_svc service_find(struct plugin *p, unsigned need)
{
	const struct tn_need *n = plug_row(&p->desc.needs, need);
	struct plug *pl = p->plug;

	for (unsigned i = 0; n && i < pl->count; i++) {
		const struct tn_offer *o = offer_for(pl->list[i], n);

		if (o && pl->list[i]->state == PLUGIN_RUNNING)
			return (struct tn_svc){ o->ops, &pl->list[i]->ctx };
	}
	return (struct tn_svc){ NULL, NULL };
}

bool service_needs(const struct plugin *who, const struct plugin *p)
{
	const struct tn_need *n;

	for (unsigned i = 0; (n = plug_row(&who->desc.needs, i)); i++)
		if (n->want == TN_NEED && offer_for(p, n))
			return true;
	return false;
}

unsigned service_dependants(const struct plugin *p, char *buf, size_t room)
{
	unsigned n = 0;
	size_t at = 0;

	buf[0] = 0;
	for (unsigned i = 0; i < p->plug->count; i++) {
		const struct plugin *who = p->plug->list[i];

		if (who == p || !service_needs(who, p))
			continue;
		if (at < room)
			at += (size_t)snprintf(buf + at, room - at, "%s%s", n ? ", " : "",
					       who->name);
		n++;
	}
	return n;
}
