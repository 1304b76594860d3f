/* SPDX-License-Identifier: MIT
 * cli/wire_line.c - one line: messages to JSON, bincode and back; addresses
 */
#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "timenode/value.h"
#include "wire.h"

#define FAULT_MAX 400

/* Control characters would break the line or the terminal. */
static void put_safe(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 32 || *text == 127 ? '?' : *text);
	putchar('\n');
}

void wire_error(struct wire *w, const char *fmt, ...)
{
	char text[FAULT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	fputs("error: ", stdout);
	put_safe(text);
	w->bad = true;
}

void wire_bad(struct wire *w, const char *reason)
{
	fputs("bad: ", stdout);
	put_safe(reason);
	w->bad = true;
}

bool wire_room(struct wire *w, size_t n)
{
	char *more;

	if (n <= w->room)
		return true;
	more = realloc(w->buf, n);
	if (!more) {
		wire_error(w, "no memory");
		return false;
	}
	w->buf = more;
	w->room = n;
	return true;
}

void wire_put_hex(const void *p, size_t n)
{
	static const char digit[] = "0123456789abcdef";
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++) {
		putchar_unlocked(digit[b[i] >> 4]);
		putchar_unlocked(digit[b[i] & 15]);
	}
}

static int value_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool wire_read_hex(const char *text, size_t text_n, uint8_t *out, size_t n)
{
	if (text_n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = value_of(text[2 * i]), low = value_of(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool wire_read(struct wire *w, struct tn_view line, struct wire_message *out)
{
	struct tn_error err = { "" };
	struct tn_envelope e;
	int index;

	if (!tn_utf8_valid(line.p, line.n))
		err = (struct tn_error){ "not UTF-8" };
	else if (tn_envelope_read(line, &e, &err) == 0) {
		index = tn_message_find(e.name, e.name_n);
		if (index < 0) {
			fputs("unknown: ", stdout);
			put_safe(e.name);
			w->bad = w->bad || w->unknown_is_bad;
			return false;
		}
		out->index = (unsigned)index;
		out->schema = tn_message_schema(out->index);
		if (tn_envelope_body(&e, out->schema, w->arena, &out->body, NULL, &err) == 0)
			return true;
	}
	wire_error(w, "%s", err.text[0] ? err.text : "no memory");
	return false;
}

/* The message as a line, its LF included. */
static void put_message(struct wire *w, const struct wire_message *m)
{
	const char *name = tn_message_name(m->index);
	size_t n = tn_line_write(name, m->schema, m->body, w->buf, w->room);

	if (n > w->room) {
		if (!wire_room(w, n))
			return;
		tn_line_write(name, m->schema, m->body, w->buf, w->room);
	}
	fwrite(w->buf, 1, n, stdout);
}

static void print_message(struct wire *w, const struct wire_message *m)
{
	size_t n = m->body ? tn_print(m->schema, m->body, NULL, 0) : 0;

	if (!wire_room(w, n))
		return;
	puts(tn_message_name(m->index));
	if (n > 0)
		tn_print(m->schema, m->body, w->buf, w->room);
	fwrite(w->buf, 1, n, stdout);
}

void wire_decode(struct wire *w, struct tn_view line)
{
	struct wire_message m;

	if (!wire_read(w, line, &m))
		return;
	if (w->pretty)
		print_message(w, &m);
	else
		put_message(w, &m);
}

static void put_bincode(struct wire *w, const struct wire_message *m)
{
	uint8_t number[4] = { (uint8_t)m->index };
	size_t n = m->body ? tn_bin_write(m->schema, m->body, NULL, 0) : 0;

	if (!wire_room(w, n))
		return;
	if (n > 0)
		tn_bin_write(m->schema, m->body, (uint8_t *)w->buf, w->room);
	wire_put_hex(number, sizeof number);
	wire_put_hex(w->buf, n);
	putchar('\n');
}

/* The message that these bytes are: its number, then its body. */
static void read_bincode(struct wire *w, struct tn_view in)
{
	struct tn_error err = { "" };
	struct wire_message m;
	uint32_t index;

	if (in.n < 4) {
		wire_error(w, "no number of a message");
		return;
	}
	index = in.p[0] | (uint32_t)in.p[1] << 8 | (uint32_t)in.p[2] << 16 |
		(uint32_t)in.p[3] << 24;
	m.index = index;
	m.schema = tn_message_schema(index);
	if (!m.schema) {
		wire_error(w, "no message has the number %u", (unsigned)index);
		return;
	}
	if (tn_bin_read(m.schema, (struct tn_view){ in.p + 4, in.n - 4 }, w->arena, &m.body, &err))
		wire_error(w, "%s", err.text);
	else
		put_message(w, &m);
}

static void decode_hex(struct wire *w, struct tn_view line)
{
	size_t n = line.n / 2;
	uint8_t *bytes = tn_alloc(w->arena, n);

	if (!bytes)
		wire_error(w, "no memory");
	else if (line.n % 2 != 0 || !wire_read_hex((const char *)line.p, line.n, bytes, n))
		wire_error(w, "not hex");
	else
		read_bincode(w, (struct tn_view){ bytes, n });
}

void wire_encode(struct wire *w, struct tn_view line)
{
	struct wire_message m;

	if (w->reverse)
		decode_hex(w, line);
	else if (wire_read(w, line, &m))
		put_bincode(w, &m);
}

static void put_address(struct wire *w, const struct tn_key *key)
{
	char text[TN_ADDRESS_TEXT];

	if (!tn_key_decodes(key))
		wire_bad(w, "a key that is no point");
	else if (tn_address_of_key(w->sha, w->net.digit, key, text) != 0)
		wire_error(w, "no memory");
	else
		puts(text);
}

void wire_address(struct wire *w, struct tn_view line)
{
	uint8_t payload[TN_ADDRESS_PAYLOAD];
	const char *text = (const char *)line.p;
	struct tn_error err = { "" };
	struct tn_key key;
	char digit;

	if (wire_read_hex(text, line.n, key.b, sizeof key.b)) {
		put_address(w, &key);
	} else if (tn_address_parse(w->sha, text, line.n, &digit, payload, &err) != 0) {
		wire_bad(w, err.text);
	} else if (digit != w->net.digit) {
		wire_bad(w, "an address of another network");
	} else {
		fputs("good ", stdout);
		wire_put_hex(payload, sizeof payload);
		putchar('\n');
	}
}
