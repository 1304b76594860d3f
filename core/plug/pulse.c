/* SPDX-License-Identifier: MIT
 * core/plug/pulse.c - sessions by the time of their next pulse
 */
#include "plug/pulse.h"

#include <stdlib.h>

enum { FIRST_ROOM = 16, STEP_US = 50000 };

void pulse_free(struct pulse *p)
{
	free(p->at);
	*p = (struct pulse){ 0 };
}

static struct pulse_entry *entry(const struct pulse *p, uint32_t i)
{
	return &p->at[(p->head + i) & (p->room - 1)];
}

static bool grow(struct pulse *p)
{
	uint32_t room = p->room ? p->room * 2 : FIRST_ROOM;
	struct pulse_entry *at;

	if (room < p->room)
		return false;
	at = malloc(room * sizeof *at);
	if (!at)
		return false;
	for (uint32_t i = 0; i < p->n; i++)
		at[i] = *entry(p, i);
	free(p->at);
	p->at = at;
	p->head = 0;
	p->room = room;
	return true;
}

bool pulse_push(struct pulse *p, struct pulse_entry e)
{
	if (p->n == p->room && !grow(p))
		return false;
	if (p->n && entry(p, p->n - 1)->due_us > e.due_us)
		e.due_us = entry(p, p->n - 1)->due_us;
	*entry(p, p->n++) = e;
	return true;
}

bool pulse_pop(struct pulse *p, uint64_t now_us, struct pulse_entry *out)
{
	if (!p->n || entry(p, 0)->due_us > now_us)
		return false;
	*out = *entry(p, 0);
	p->head = (p->head + 1) & (p->room - 1);
	p->n--;
	return true;
}

uint64_t pulse_next_us(const struct pulse *p)
{
	return p->n ? entry(p, 0)->due_us : UINT64_MAX;
}

void pulse_compact(struct pulse *p, bool (*alive)(void *arg, const struct pulse_entry *), void *arg)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < p->n; i++)
		if (alive(arg, entry(p, i)))
			*entry(p, kept++) = *entry(p, i);
	p->n = kept;
}

uint64_t pulse_due(uint64_t now_us, uint64_t ms)
{
	uint64_t due = now_us + ms * 1000;

	return ms < 1000 ? due : (due + STEP_US - 1) / STEP_US * STEP_US;
}
