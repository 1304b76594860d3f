/* SPDX-License-Identifier: MIT
 * hello - greets every peer that also runs hello, and counts the greetings
 */
#include <timenode/host.h>

struct hello {
	struct tn_str text;
};
static const struct tn_schema hello_schema =
	TN_SCHEMA(struct hello, TN_RECORD, TN_FIELD_MAX(struct hello, text, 80));

enum { M_HELLO };
enum { C_GREETED };

static tn_verdict on_hello(struct tn_ctx *c, const struct tn_msg *m)
{
	const struct hello *h = m->body;

	tn_metric(c, C_GREETED, 1);
	TN_LOG(c, TN_INFO, m->from, "says %.*s", (int)h->text.n, h->text.p);
	return TN_TAKEN;
}

static void up(struct tn_ctx *c, struct tn_sid s, void *slot)
{
	const struct hello h = { { "hello", 5 } };

	(void)slot;
	tn_send(c, s, M_HELLO, &h); /* TN_ESKIP where the peer lacks hello */
}

TN_PLUGIN = {
	TN_HEAD("hello", "1.0", "greets peers"),
	.up = up,
	.messages = TN_ROWS(struct tn_message, [M_HELLO] = { "Hello", &hello_schema, on_hello,
							     TN_OWN, .max = 256, .rate = 1,
							     .feature = "hello" }),
	.metrics = TN_ROWS(struct tn_metric, [C_GREETED] = { "greeted", "heard", TN_M_COUNT, 1 }),
};
