/* SPDX-License-Identifier: MIT
 * core/plug/ticket.c - promises: finished exactly once, by whoever has the value, by the
 * deadline (TN_ETIME) or with their plugin (TN_EGONE)
 */
#include <stdlib.h>

#include "plug/impl.h"

enum { DEFAULT_MS = 30000 };

struct ticket {
	struct plugin *p;
	tn_finish_fn *fn; /* NULL: a command's */
	void *arg;
	struct tn_cmd *cmd;
	uint64_t handle, timer;
	int soon; /* result that the loop will bring */
	struct ticket *prev, *next;
};

static void take(struct ticket *t)
{
	timers_cancel(t->p->plug->timers, t->timer);
	handles_remove(t->p->plug->tickets, t->handle);
	if (t->prev)
		t->prev->next = t->next;
	else
		t->p->tickets = t->next;
	if (t->next)
		t->next->prev = t->prev;
	t->p->pending--;
}

static void finish(struct ticket *t, int result, const void *payload)
{
	struct bus *b = t->p->plug->bus;
	struct bus_call call;

	take(t);
	if (t->cmd) {
		command_finish(t->cmd, result, payload);
	} else {
		bus_enter(b, &call, t->p->member, "promise", NULL);
		t->fn(&t->p->ctx, result, payload, t->arg);
		bus_exit(b, &call);
	}
	free(t);
}

static void on_deadline(void *arg)
{
	struct ticket *t = arg;

	t->timer = 0;
	finish(t, TN_ETIME, t->cmd ? "the plugin gave no answer in time" : NULL);
}

static uint64_t create(struct plugin *p, uint32_t ms, struct ticket model)
{
	struct ticket *t = malloc(sizeof *t);

	if (!t)
		return 0;
	*t = model;
	t->p = p;
	t->handle = handles_add(p->plug->tickets, t);
	t->timer = timers_add(p->plug->timers, (ms ? ms : DEFAULT_MS) * UINT64_C(1000), on_deadline,
			      t);
	if (!t->handle || !t->timer) {
		timers_cancel(p->plug->timers, t->timer);
		handles_remove(p->plug->tickets, t->handle);
		free(t);
		return 0;
	}
	t->next = p->tickets;
	if (t->next)
		t->next->prev = t;
	p->tickets = t;
	p->pending++;
	return t->handle;
}

uint64_t ticket_promise(struct plugin *p, uint32_t ms, tn_finish_fn *fn, void *arg)
{
	return fn ? create(p, ms, (struct ticket){ .fn = fn, .arg = arg }) : 0;
}

uint64_t ticket_command(struct plugin *p, struct tn_cmd *cmd, uint32_t ms)
{
	return create(p, ms, (struct ticket){ .cmd = cmd });
}

int ticket_finish(struct plug *pl, uint64_t handle, int result, const void *payload)
{
	struct ticket *t = handles_get(pl->tickets, handle);

	if (!t)
		return TN_EGONE;
	finish(t, result, payload);
	return 0;
}

struct tn_cmd *ticket_cmd(const struct plug *pl, uint64_t handle)
{
	struct ticket *t = handles_get(pl->tickets, handle);

	return t ? t->cmd : NULL;
}

static void on_soon(void *arg)
{
	struct ticket *t = arg;

	t->timer = 0;
	finish(t, t->soon, NULL);
}

void ticket_finish_soon(struct plug *pl, uint64_t handle, int result)
{
	struct ticket *t = handles_get(pl->tickets, handle);
	uint64_t timer;

	if (!t)
		return;
	timer = timers_add(pl->timers, 0, on_soon, t);
	if (!timer)
		return; /* its deadline will end it */
	timers_cancel(pl->timers, t->timer);
	t->timer = timer;
	t->soon = result;
}

void ticket_sweep(struct plugin *p)
{
	while (p->tickets)
		finish(p->tickets, TN_EGONE, p->tickets->cmd ? "the plugin has stopped" : NULL);
}
