/* SPDX-License-Identifier: MIT
 * cli/wire.c - timenode-cli wire: an offline filter over lines of the protocol
 *
 * Memory is bounded by the longest line taken, whatever the length of the stream.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "wire.h"

#define LINE_MAX_BYTES ((size_t)16 << 20)
#define FIRST_ROOM ((size_t)4096)
#define ARENA_BYTES ((size_t)256 << 20)

enum { DECODE = 1, ENCODE = 2, HASH = 4, VERIFY = 8, ADDRESS = 16, GENESIS = 32 };

static const struct operation {
	const char *name;
	unsigned bit;
	wire_op *op;
} operations[] = {
	{ "decode", DECODE, wire_decode },    { "encode", ENCODE, wire_encode },
	{ "hash", HASH, wire_hash },          { "verify", VERIFY, wire_verify },
	{ "address", ADDRESS, wire_address }, { "genesis", GENESIS, NULL },
};

static const char usage_text[] =
	"usage: timenode-cli wire OPERATION [options] < lines\n"
	"\n"
	"  decode [--pretty]       message to its canonical JSON\n"
	"  encode [--reverse]      message to bincode in hex, or back\n"
	"  hash                    transaction, header, block or a message with one to its hash\n"
	"  verify [--key HEX]      signed message to good or bad\n"
	"  address --network NAME  public key in hex to address; address to good or bad\n"
	"  genesis --network NAME [--time SECONDS]  the network's first block; reads nothing\n"
	"\n"
	"One result for each line. Exit codes: 0 done, 1 a line was bad, 2 usage.\n";

static int __attribute__((format(printf, 1, 2))) usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("timenode-cli: ", stderr);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return CLI_USAGE;
}

/* ---- options: each says to which operations it belongs */

static bool set_pretty(struct wire *w, const char *value)
{
	(void)value;
	w->pretty = true;
	return true;
}

static bool set_reverse(struct wire *w, const char *value)
{
	(void)value;
	w->reverse = true;
	return true;
}

static bool set_key(struct wire *w, const char *value)
{
	w->has_key = wire_read_hex(value, strlen(value), w->key.b, sizeof w->key.b) &&
		     tn_key_decodes(&w->key);
	return w->has_key;
}

static bool set_network(struct wire *w, const char *value)
{
	int64_t time = w->net.genesis_time;

	w->has_net = tn_network_find(value, &w->net) == 0;
	if (w->has_time)
		w->net.genesis_time = time;
	return w->has_net;
}

static bool set_time(struct wire *w, const char *value)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(value, &end, 10);
	w->has_time = errno == 0 && *end == '\0' && strspn(value, "-0123456789") == strlen(value);
	w->net.genesis_time = v;
	return w->has_time;
}

static const struct option {
	const char *name;
	unsigned of;
	bool valued;
	bool (*set)(struct wire *, const char *value);
} options[] = {
	{ "--pretty", DECODE, false, set_pretty },
	{ "--reverse", ENCODE, false, set_reverse },
	{ "--key", VERIFY, true, set_key },
	{ "--network", ADDRESS | GENESIS, true, set_network },
	{ "--time", GENESIS, true, set_time },
};

static const struct option *find_option(const char *word, unsigned bit)
{
	size_t n = strcspn(word, "=");

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strlen(options[i].name) == n && memcmp(options[i].name, word, n) == 0 &&
		    options[i].of & bit)
			return &options[i];
	return NULL;
}

static int take_option(struct wire *w, unsigned bit, int argc, char **argv, int *i)
{
	const struct option *o = find_option(argv[*i], bit);
	const char *value = strchr(argv[*i], '=');

	if (!o)
		return usage("wire: unknown word %s", argv[*i]);
	if (value && !o->valued)
		return usage("%s takes no value", o->name);
	if (value)
		value++;
	else if (o->valued && *i + 1 < argc)
		value = argv[++*i];
	if (o->valued && (!value || !*value))
		return usage("%s needs a value", o->name);
	return o->set(w, value) ? CLI_DONE : usage("not a value of its option: %s", value);
}

static int read_options(struct wire *w, unsigned bit, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (take_option(w, bit, argc, argv, &i) != CLI_DONE)
			return CLI_USAGE;
	if (bit & (ADDRESS | GENESIS) && !w->has_net)
		return usage("wire %s needs --network", argv[0]);
	if (bit == GENESIS && w->has_time && strcmp(w->net.name, "private") != 0)
		return usage("the genesis time of %s is fixed", w->net.name);
	if (bit == GENESIS && !w->has_time && strcmp(w->net.name, "private") == 0)
		return usage("the network %s needs --time", w->net.name);
	return CLI_DONE;
}

/* ---- the stream */

struct input {
	char *p;
	size_t n, room;
	bool too_long;
};

static bool append(struct input *in, char c)
{
	if (in->n == in->room) {
		size_t room = in->room * 2;
		char *more = realloc(in->p, room);

		if (!more)
			return false;
		in->p = more;
		in->room = room;
	}
	in->p[in->n++] = c;
	return true;
}

/* The next line, without its LF; what the end of the stream cuts off is one too. */
static bool next_line(struct input *in)
{
	int c = getc_unlocked(stdin);

	in->n = 0;
	in->too_long = false;
	if (c == EOF)
		return false;
	for (; c != EOF && c != '\n'; c = getc_unlocked(stdin))
		if (in->too_long || in->n == LINE_MAX_BYTES || !append(in, (char)c))
			in->too_long = true;
	return true;
}

static int filter(struct wire *w, wire_op *op)
{
	struct input in = { malloc(FIRST_ROOM), 0, FIRST_ROOM, false };

	if (!in.p)
		return usage("no memory");
	while (!ferror(stdout) && next_line(&in)) {
		if (in.too_long)
			wire_error(w, "a line of more than %zu bytes", LINE_MAX_BYTES);
		else
			op(w, (struct tn_view){ (const uint8_t *)in.p, in.n });
		tn_arena_reset(w->arena);
	}
	free(in.p);
	if (ferror(stdin))
		return usage("cannot read: %s", strerror(errno));
	return w->bad ? CLI_REFUSED : CLI_DONE;
}

static int print_genesis(struct wire *w)
{
	const struct tn_block *b;
	size_t n;

	if (tn_genesis(w->sha, &w->net, w->arena, &b) != 0)
		return usage("no memory");
	n = tn_json_write(&tn_wire_block, b, w->buf, w->room);
	if (!wire_room(w, n))
		return CLI_USAGE;
	tn_json_write(&tn_wire_block, b, w->buf, w->room);
	fwrite(w->buf, 1, n, stdout);
	putchar('\n');
	return CLI_DONE;
}

static int run(struct wire *w, const struct operation *o)
{
	int code;

	w->sha = tn_sha_create();
	w->arena = tn_arena_create(ARENA_BYTES);
	if (!w->sha || !w->arena)
		code = usage("no memory");
	else
		code = o->op ? filter(w, o->op) : print_genesis(w);
	tn_sha_free(w->sha);
	tn_arena_unref(w->arena);
	free(w->buf);
	return code;
}

int wire_main(int argc, char **argv)
{
	struct wire w = { .room = 0 };

	if (argc < 1)
		return usage("wire: an operation is missing");
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
		fputs(usage_text, stdout);
		return CLI_DONE;
	}
	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
		if (strcmp(operations[i].name, argv[0]) != 0)
			continue;
		w.unknown_is_bad = operations[i].bit != DECODE;
		if (read_options(&w, operations[i].bit, argc, argv) != CLI_DONE)
			return CLI_USAGE;
		return run(&w, &operations[i]);
	}
	return usage("wire: unknown operation %s", argv[0]);
}
