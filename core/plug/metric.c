/* SPDX-License-Identifier: MIT
 * core/plug/metric.c - numbers that plugins count, for tables and status
 */
#include "plug/impl.h"

static void add_time(struct metric *m, int64_t v)
{
	uint64_t us = v < 0 ? 0 : (uint64_t)v;

	m->last_us = us;
	m->min_us = m->times && m->min_us < us ? m->min_us : us;
	m->max_us = m->max_us > us ? m->max_us : us;
	m->sum_us += us;
	m->times++;
	m->value = (int64_t)(m->sum_us / m->times);
}

void metric_add(struct plugin *p, unsigned row, int64_t v)
{
	const struct tn_metric *def = plug_row(&p->desc.metrics, row);

	if (!def)
		return;
	if (def->kind == TN_M_TIMES)
		add_time(&p->metric[row], v);
	else if (def->kind == TN_M_GAUGE)
		p->metric[row].value = v;
	else
		p->metric[row].value += v;
}

static void fill(const struct plugin *p, unsigned row, struct plug_metric *out)
{
	const struct tn_metric *def = plug_row(&p->desc.metrics, row);
	const struct metric *m = &p->metric[row];

	*out = (struct plug_metric){ .plugin = p->name,
				     .name = def->name,
				     .help = def->help,
				     .kind = def->kind,
				     .in_status = def->in_status,
				     .value = m->value,
				     .times = m->times,
				     .last_us = m->last_us,
				     .min_us = m->min_us,
				     .max_us = m->max_us };
}

bool plug_metric(const struct plug *pl, size_t i, struct plug_metric *out)
{
	for (unsigned k = 0; k < pl->count; k++) {
		if (i < pl->list[k]->desc.metrics.rows) {
			fill(pl->list[k], (unsigned)i, out);
			return true;
		}
		i -= pl->list[k]->desc.metrics.rows;
	}
	return false;
}
