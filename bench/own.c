/* SPDX-License-Identifier: MIT
 * bench/own.c - libtimenode, once with each kernel
 */
#include <stdlib.h>

#include "wire/bulk.h"
#include "worker.h"

enum { ROOM = 4 << 20 };

static void decode(const struct corpus *c, const char *kernel)
{
	struct tn_arena *a = worker_arena();
	size_t i;

	for (i = 0; i < c->n; i++) {
		const struct tn_schema *s;
		struct tn_envelope e;
		const void *value;
		int code;

		tn_arena_reset(a);
		if (tn_envelope_read(c->line[i], &e, NULL) != 0)
			give_up("no envelope");
		s = tn_message_schema((unsigned)tn_message_find(e.name, e.name_n));
		code = kernel ? tn_json_read_by(kernel, s, e.body, a, &value, NULL, NULL)
			      : tn_envelope_body(&e, s, a, &value, NULL, NULL);
		if (code != 0)
			give_up("a line of ours cannot be read");
		worker_seen(c, i, value);
	}
}

static void decode_best(const struct corpus *c)
{
	decode(c, NULL);
}

static void decode_portable(const struct corpus *c)
{
	decode(c, "portable");
}

static void decode_sse2(const struct corpus *c)
{
	decode(c, "sse2");
}

static void decode_avx2(const struct corpus *c)
{
	decode(c, "avx2");
}

struct made {
	const char *name;
	const struct tn_schema *s;
	const void *value;
};

static void prepare(struct corpus *c)
{
	struct tn_arena *a = tn_arena_create((size_t)256 << 20);
	struct tn_envelope e;
	size_t i;

	if (c->made[0])
		return;
	for (i = 0; i < c->n; i++) {
		struct made *m = malloc(sizeof *m);
		int index;

		if (!m || !a || tn_envelope_read(c->line[i], &e, NULL) != 0)
			give_up("no memory");
		index = tn_message_find(e.name, e.name_n);
		m->name = tn_message_name((unsigned)index);
		m->s = tn_message_schema((unsigned)index);
		if (tn_envelope_body(&e, m->s, a, &m->value, NULL, NULL) != 0)
			give_up("a line of ours cannot be read");
		c->made[i] = m;
	}
}

static void encode(const struct corpus *c)
{
	static char buf[ROOM];
	size_t i;

	for (i = 0; i < c->n; i++) {
		const struct made *m = c->made[i];

		if (tn_line_write(m->name, m->s, m->value, buf, sizeof buf) != c->line[i].n + 1)
			give_up("a line is not written again");
		__asm__ volatile("" : : "r"(buf) : "memory");
	}
}

const struct op ops[] = {
	{ "decode timenode", NULL, decode_best },
	{ "decode timenode-portable", NULL, decode_portable },
#ifdef BULK_X86
	{ "decode timenode-sse2", NULL, decode_sse2 },
	{ "decode timenode-avx2", NULL, decode_avx2 },
#endif
	{ "encode timenode", prepare, encode },
	{ NULL, NULL, NULL },
};
