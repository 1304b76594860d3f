/* SPDX-License-Identifier: MIT
 * plugins/transactions/rawtx.c - transactions, hashes and lists of coins as people type them
 */
#include "rawtx.h"

#include <string.h>

/* ---- hex */

struct tn_str rawtx_hex(struct tn_arena *a, const void *data, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = data;
	char *out = tn_alloc(a, 2 * n + 1);

	if (!out)
		return (struct tn_str){ "", 0 };
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	return (struct tn_str){ out, (uint32_t)(2 * n) };
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* How many bytes were read: less than n when what follows is no hex. */
static uint32_t unhex(const char *text, uint32_t n, uint8_t *out)
{
	for (uint32_t i = 0; i < n; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return i;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return n;
}

int rawtx_hash(struct tn_str text, struct tn_hash *out, struct tn_error *err)
{
	if (text.n != 2 * sizeof out->b || unhex(text.p, sizeof out->b, out->b) != sizeof out->b)
		return tn_fail(err, TN_EINVAL, "a txid has 64 hex digits");
	return 0;
}

/* ---- transactions */

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct tn_str trim(struct tn_str s)
{
	while (s.n && blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

static int bad_tx(int rc, const char *form, const struct tn_error *why, struct tn_error *err)
{
	if (rc == TN_ENOMEM)
		return tn_fail(err, rc, "no memory");
	return tn_fail(err, TN_EINVAL, "this is no transaction in %s: %.160s", form, why->text);
}

static int from_json(struct tn_str text, struct tn_arena *a, const void **out, struct tn_error *err)
{
	struct tn_error why = { "" };
	int rc = tn_json_read(&tn_wire_tx, (struct tn_view){ (const uint8_t *)text.p, text.n }, a,
			      out, NULL, &why);

	return rc ? bad_tx(rc, "JSON", &why, err) : 0;
}

static int from_hex(struct tn_str text, struct tn_arena *a, const void **out, struct tn_error *err)
{
	struct tn_error why = { "" };
	uint8_t *bytes = tn_alloc(a, text.n / 2);
	uint32_t n = bytes ? unhex(text.p, text.n / 2, bytes) : 0;
	int rc;

	if (!bytes)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (!text.n || n < text.n / 2)
		return tn_fail(
			err, TN_EINVAL,
			"a transaction is hex of its bincode, or JSON: no hex digit at place %u",
			2 * n + 1);
	if (text.n % 2)
		return tn_fail(err, TN_EINVAL, "an odd number of hex digits: was it cut?");
	rc = tn_bin_read(&tn_wire_tx, (struct tn_view){ bytes, n }, a, out, &why);
	return rc ? bad_tx(rc, "hex of bincode", &why, err) : 0;
}

int rawtx_read(struct tn_str text, struct tn_arena *a, const struct tn_tx **out,
	       struct tn_error *err)
{
	const void *tx = NULL;
	int rc;

	text = trim(text);
	rc = text.n && text.p[0] == '{' ? from_json(text, a, &tx, err)
					: from_hex(text, a, &tx, err);
	*out = tx;
	return rc;
}

struct tn_str rawtx_write(struct tn_arena *a, const struct tn_tx *tx)
{
	size_t n = tn_bin_write(&tn_wire_tx, tx, NULL, 0);
	uint8_t *bytes = tn_alloc(a, n);

	if (!bytes)
		return (struct tn_str){ "", 0 };
	tn_bin_write(&tn_wire_tx, tx, bytes, n);
	return rawtx_hex(a, bytes, n);
}

/* ---- lists: just as much JSON as they need */

struct scan {
	const char *p, *end;
};

static bool peek(struct scan *s, char c)
{
	while (s->p < s->end && blank(*s->p))
		s->p++;
	return s->p < s->end && *s->p == c;
}

static bool take(struct scan *s, char c)
{
	if (!peek(s, c))
		return false;
	s->p++;
	return true;
}

static bool at_end(struct scan *s)
{
	return !peek(s, '\0') && s->p == s->end;
}

/* Up to one of these characters; not empty. */
static bool until(struct scan *s, const char *stop, struct tn_str *out)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p && !strchr(stop, *s->p))
		s->p++;
	*out = trim((struct tn_str){ from, (uint32_t)(s->p - from) });
	return out->n > 0;
}

/* "text" without escapes: neither addresses nor hashes need any. */
static bool quoted(struct scan *s, struct tn_str *out)
{
	return take(s, '"') && until(s, "\"\\", out) && take(s, '"');
}

static bool value(struct scan *s, struct tn_str *out)
{
	return peek(s, '"') ? quoted(s, out) : until(s, ",}] \t\r\n", out);
}

static bool number(struct tn_str text, uint32_t *out)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = 10 * v + (uint64_t)(text.p[i] - '0');
		if (v > UINT32_MAX)
			return false;
	}
	*out = (uint32_t)v;
	return text.n > 0;
}

static bool is(struct tn_str text, const char *word)
{
	return text.n == strlen(word) && !memcmp(text.p, word, text.n);
}

/* Room for as many as there can be: each has at least one of these characters. */
static uint32_t count(struct tn_str text, char c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < text.n; i++)
		n += text.p[i] == c;
	return n + 1;
}

/* ---- inputs */

static bool put_input(struct rawtx_inputs *list, struct tn_str txid, struct tn_str vout)
{
	struct tn_outpoint *o = &list->at.v[list->at.n];

	if (rawtx_hash(txid, &o->txid, NULL) || !number(vout, &o->vout))
		return false;
	list->at.n++;
	return true;
}

static bool input_object(struct scan *s, struct rawtx_inputs *list)
{
	struct tn_str key, txid = { NULL, 0 }, vout = { NULL, 0 };

	if (!take(s, '{'))
		return false;
	do {
		if (!quoted(s, &key) || !take(s, ':') ||
		    !value(s, is(key, "txid")   ? &txid
			      : is(key, "vout") ? &vout
						: &key))
			return false;
	} while (take(s, ','));
	return take(s, '}') && put_input(list, txid, vout);
}

static bool input_words(struct scan *s, struct rawtx_inputs *list)
{
	struct tn_str txid, vout;

	return until(s, ":,", &txid) && take(s, ':') && until(s, ",", &vout) &&
	       put_input(list, txid, vout);
}

static bool read_inputs(struct scan *s, struct rawtx_inputs *list)
{
	bool json = take(s, '[');

	do {
		if (!(json ? input_object(s, list) : input_words(s, list)))
			return false;
	} while (take(s, ','));
	return (!json || take(s, ']')) && at_end(s);
}

static bool twice(const struct rawtx_inputs *list)
{
	for (uint32_t i = 0; i < list->at.n; i++)
		for (uint32_t k = 0; k < i; k++)
			if (list->at.v[i].vout == list->at.v[k].vout &&
			    !memcmp(&list->at.v[i].txid, &list->at.v[k].txid, 32))
				return true;
	return false;
}

int rawtx_inputs(struct tn_str text, struct tn_arena *a, struct rawtx_inputs *out,
		 struct tn_error *err)
{
	struct scan s = { text.p, text.p + text.n };

	out->at.n = 0;
	out->at.v = tn_alloc(a, count(text, ':') * sizeof *out->at.v);
	if (!out->at.v)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (!read_inputs(&s, out))
		return tn_fail(err, TN_EINVAL,
			       "inputs are TXID:VOUT with commas between, or JSON like "
			       "[{\"txid\":\"64 hex digits\",\"vout\":0}]: not so at place %u",
			       (uint32_t)(s.p - text.p) + 1);
	if (twice(out))
		return tn_fail(err, TN_EINVAL, "an input is named twice");
	return 0;
}

/* ---- outputs */

static void put_output(struct rawtx_outputs *list, struct tn_str address, struct tn_str amount)
{
	list->pay.v[list->pay.n++] = (struct rawtx_pay){ address, amount };
}

static bool output_members(struct scan *s, struct rawtx_outputs *list)
{
	struct tn_str address, amount;

	if (!take(s, '{'))
		return false;
	do {
		if (!quoted(s, &address) || !take(s, ':') || !value(s, &amount))
			return false;
		put_output(list, address, amount);
	} while (take(s, ','));
	return take(s, '}');
}

static bool output_words(struct scan *s, struct rawtx_outputs *list)
{
	struct tn_str address, amount;

	do {
		if (!until(s, "=,", &address) || !take(s, '=') || !until(s, ",", &amount))
			return false;
		put_output(list, address, amount);
	} while (take(s, ','));
	return true;
}

/* The field writes them as one object or as a list of objects. */
static bool read_outputs(struct scan *s, struct rawtx_outputs *list)
{
	if (peek(s, '{'))
		return output_members(s, list) && at_end(s);
	if (!take(s, '['))
		return output_words(s, list) && at_end(s);
	do {
		if (!output_members(s, list))
			return false;
	} while (take(s, ','));
	return take(s, ']') && at_end(s);
}

int rawtx_outputs(struct tn_str text, struct tn_arena *a, struct rawtx_outputs *out,
		  struct tn_error *err)
{
	struct scan s = { text.p, text.p + text.n };
	uint32_t room = count(text, ':') + count(text, '=');

	out->pay.n = 0;
	out->pay.v = tn_alloc(a, room * sizeof *out->pay.v);
	if (!out->pay.v)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (!read_outputs(&s, out))
		return tn_fail(err, TN_EINVAL,
			       "outputs are ADDRESS=AMOUNT with commas between, or JSON like "
			       "{\"ADDRESS\":\"1.5\"}: not so at place %u",
			       (uint32_t)(s.p - text.p) + 1);
	return 0;
}
