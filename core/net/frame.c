/* SPDX-License-Identifier: MIT
 * core/net/frame.c - encoded lines with a count of their holders
 */
#include "net/frame.h"

#include <stdlib.h>
#include <string.h>

#include "timenode/wire.h"

#define FRAME_MAX ((size_t)1 << 30)

static struct frame *create(unsigned id, size_t n)
{
	struct frame *f = n <= FRAME_MAX ? malloc(sizeof(*f) + n) : NULL;

	if (f)
		*f = (struct frame){ .refs = 1, .n = (uint32_t)n, .id = (uint16_t)id };
	return f;
}

/* Most lines are short: they are written once here, only longer ones twice. */
struct frame *frame_encode(unsigned id, const char *name, const struct tn_schema *schema,
			   const void *body)
{
	char small[1024];
	size_t n = tn_line_write(name, schema, body, small, sizeof(small));
	struct frame *f = create(id, n);

	if (!f)
		return NULL;
	if (n <= sizeof(small))
		memcpy(f->line, small, n);
	else
		tn_line_write(name, schema, body, (char *)f->line, n);
	return f;
}

struct frame *frame_copy(unsigned id, struct tn_view line)
{
	struct frame *f = line.n < FRAME_MAX ? create(id, line.n + 1) : NULL;

	if (!f)
		return NULL;
	if (line.n)
		memcpy(f->line, line.p, line.n);
	f->line[line.n] = '\n';
	return f;
}

struct frame *frame_ref(struct frame *f)
{
	f->refs++;
	return f;
}

void frame_unref(struct frame *f)
{
	if (f && --f->refs == 0)
		free(f);
}
