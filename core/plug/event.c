/* SPDX-License-Identifier: MIT
 * core/plug/event.c - tell and ask: by name, in start order, nested at most 8 deep
 */
#include <string.h>

#include "plug/impl.h"

static const struct tn_listen *next_listen(const struct plugin *p, const char *name, bool ask,
					   unsigned *from)
{
	const struct tn_listen *l;

	while ((l = plug_row(&p->desc.listens, (*from)++)))
		if ((ask ? l->ask != NULL : l->tell != NULL) && !strcmp(l->name, name))
			return l;
	return NULL;
}

static bool too_deep(struct plug *pl, const char *name)
{
	if (pl->events < EVENT_DEPTH)
		return false;
	log_line(pl->log, "plug", LOG_LEVEL_ERROR, name,
		 "event %s is not delivered: %d events inside each other", name, EVENT_DEPTH);
	return true;
}

/* A listener never reads past what was emitted: sizes were compared at load. */
static bool fits(const struct tn_listen *l, uint32_t size)
{
	return l->size <= size;
}

static void tell_one(struct plugin *p, const char *name, uint32_t size, const void *payload)
{
	const struct tn_listen *l;
	struct bus_call call;
	unsigned row = 0;

	while ((l = next_listen(p, name, false, &row))) {
		if (!fits(l, size))
			continue;
		bus_enter(p->plug->bus, &call, p->member, "event", name);
		l->tell(&p->ctx, payload);
		bus_exit(p->plug->bus, &call);
	}
}

void event_tell(struct plug *pl, const char *name, uint32_t size, const void *payload)
{
	if (too_deep(pl, name))
		return;
	pl->events++;
	for (unsigned i = 0; i < pl->count; i++)
		if (pl->list[i]->state == PLUGIN_RUNNING)
			tell_one(pl->list[i], name, size, payload);
	pl->events--;
}

/* While it answers, batches of whoever asks are lent to it (data.c). */
static int ask_one(const struct plugin *from, struct plugin *p, const char *name, uint32_t size,
		   void *payload, struct tn_error *err)
{
	struct asking asking = { from, p, p->plug->asking };
	const struct tn_listen *l;
	struct bus_call call;
	unsigned row = 0;
	int rc = 0;

	while (!rc && (l = next_listen(p, name, true, &row))) {
		if (!fits(l, size))
			return tn_fail(err, TN_EINVAL, "event %s is too small for plugin %s", name,
				       p->name);
		p->plug->asking = &asking;
		bus_enter(p->plug->bus, &call, p->member, "event", name);
		rc = l->ask(&p->ctx, payload, err);
		bus_exit(p->plug->bus, &call);
		p->plug->asking = asking.outer;
	}
	return rc;
}

int event_ask(struct plugin *from, const char *name, uint32_t size, void *payload,
	      struct tn_error *err)
{
	struct plug *pl = from->plug;
	int rc = 0;

	if (too_deep(pl, name))
		return tn_fail(err, TN_EFULL, "events nest too deep");
	pl->events++;
	for (unsigned i = 0; i < pl->count && !rc; i++)
		if (pl->list[i]->state == PLUGIN_RUNNING)
			rc = ask_one(from, pl->list[i], name, size, payload, err);
	pl->events--;
	return rc;
}
