/* SPDX-License-Identifier: MIT
 * lib/wire/sink.h - where writers put bytes: all are counted, those that fit are kept
 */
#ifndef LIB_WIRE_SINK_H
#define LIB_WIRE_SINK_H

#include <stddef.h>
#include <string.h>

struct sink {
	char *buf;
	size_t room, n;
};

static inline void sink_put(struct sink *k, const void *p, size_t n)
{
	if (k->n < k->room && n)
		memcpy(k->buf + k->n, p, n < k->room - k->n ? n : k->room - k->n);
	k->n += n;
}

static inline void sink_char(struct sink *k, char c)
{
	if (k->n < k->room)
		k->buf[k->n] = c;
	k->n++;
}

#endif
