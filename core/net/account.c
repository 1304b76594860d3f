/* SPDX-License-Identifier: MIT
 * core/net/account.c - sparse counters per message, and what they miss
 */
#include "net/account.h"

#include <stdlib.h>
#include <string.h>

/* Index of the first row that is not below id. */
static unsigned lower_bound(const struct account *a, unsigned id)
{
	unsigned lo = 0, hi = a->rows;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (a->row[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* One more and no room beyond: rows are few and new ones rare, sessions are many. */
static void *grow(void *p, unsigned n, size_t size)
{
	return realloc(p, (n + (size_t)1) * size);
}

/* The row of a message, made on first use; NULL without memory. */
static struct account_row *row_of(struct account *a, unsigned id)
{
	unsigned at = lower_bound(a, id);
	struct account_row *row;

	if (at < a->rows && a->row[at].id == id)
		return &a->row[at];
	row = grow(a->row, a->rows, sizeof(*row));
	if (!row)
		return NULL;
	a->row = row;
	memmove(row + at + 1, row + at, (a->rows - at) * sizeof(*row));
	row[at] = (struct account_row){ .id = (uint16_t)id };
	a->rows++;
	return &row[at];
}

static bool add_refusals(struct account_row *row, unsigned way, unsigned reason, uint64_t count)
{
	struct account_refusal *list;

	for (unsigned i = 0; i < row->refusals; i++) {
		if (row->refusal[i].reason != reason || row->refusal[i].way != way)
			continue;
		row->refusal[i].count += count;
		return true;
	}
	list = grow(row->refusal, row->refusals, sizeof(*list));
	if (!list)
		return false;
	row->refusal = list;
	list[row->refusals++] = (struct account_refusal){ (uint16_t)reason, (uint16_t)way, count };
	return true;
}

void account_clear(struct account *a)
{
	for (unsigned i = 0; i < a->rows; i++)
		free(a->row[i].refusal);
	free(a->row);
	*a = (struct account){ 0 };
}

static uint64_t *counter(struct account_row *row, enum account_count what)
{
	switch (what) {
	case COUNT_RECEIVED:
		return &row->received;
	case COUNT_HANDLED:
		return &row->handled;
	case COUNT_UNKNOWN:
		return &row->unknown;
	case COUNT_MALFORMED:
		return &row->malformed;
	case COUNT_OFFERED:
		return &row->offered;
	case COUNT_SENT:
		return &row->sent;
	case COUNT_DISCARDED:
		break;
	}
	return &row->discarded;
}

void account_add(struct account *a, unsigned id, enum account_count what)
{
	struct account_row *row = row_of(a, id);

	if (row)
		++*counter(row, what);
	else
		a->lost++;
}

void account_refuse(struct account *a, unsigned id, enum account_way way, unsigned reason)
{
	struct account_row *row = row_of(a, id);

	if (!row || !add_refusals(row, way, reason, 1))
		a->lost++;
}

/* One below zero wraps, and then shows as an imbalance as it should. */
void account_wait(struct account *a, unsigned id, int change)
{
	struct account_row *row = row_of(a, id);

	if (row)
		row->waiting += (uint64_t)(int64_t)change;
	else
		a->lost++;
}

uint64_t account_refused(const struct account_row *row, enum account_way way)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < row->refusals; i++)
		if (row->refusal[i].way == way)
			sum += row->refusal[i].count;
	return sum;
}

int64_t account_off_in(const struct account_row *row)
{
	return (int64_t)(row->received - row->handled - row->unknown - row->malformed -
			 row->waiting - account_refused(row, ACCOUNT_IN));
}

int64_t account_off_out(const struct account_row *row, uint64_t queued)
{
	return (int64_t)(row->offered - row->sent - row->discarded - queued -
			 account_refused(row, ACCOUNT_OUT));
}

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

uint64_t account_off(const struct account *a, uint64_t (*queued)(void *arg, unsigned id), void *arg)
{
	uint64_t sum = a->lost;

	for (unsigned i = 0; i < a->rows; i++) {
		const struct account_row *row = &a->row[i];

		sum += magnitude(account_off_in(row));
		sum += magnitude(account_off_out(row, queued ? queued(arg, row->id) : 0));
	}
	return sum;
}

void account_add_row(struct account_row *to, const struct account_row *from)
{
	to->received += from->received;
	to->handled += from->handled;
	to->unknown += from->unknown;
	to->malformed += from->malformed;
	to->waiting += from->waiting;
	to->offered += from->offered;
	to->sent += from->sent;
	to->discarded += from->discarded;
}

static uint64_t sum_of(const struct account_row *row)
{
	return row->received + row->handled + row->unknown + row->malformed + row->waiting +
	       row->offered + row->sent + row->discarded + account_refused(row, ACCOUNT_IN) +
	       account_refused(row, ACCOUNT_OUT);
}

/* Without memory the whole row is lost, with everything that it counted. */
static void fold_row(struct account *to, const struct account_row *from)
{
	struct account_row *row = row_of(to, from->id);

	if (!row) {
		to->lost += sum_of(from);
		return;
	}
	account_add_row(row, from);
	for (unsigned i = 0; i < from->refusals; i++) {
		const struct account_refusal *r = &from->refusal[i];

		if (!add_refusals(row, r->way, r->reason, r->count))
			to->lost += r->count;
	}
}

void account_fold(struct account *to, struct account *from)
{
	to->lost += from->lost;
	for (unsigned i = 0; i < from->rows; i++)
		fold_row(to, &from->row[i]);
	account_clear(from);
}
