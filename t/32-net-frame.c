/* SPDX-License-Identifier: MIT
 * t/32-net-frame.c - a line is encoded once, whole, with its LF
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "net/frame.h"
#include "timenode/wire.h"

static void encoded(void)
{
	static const char want[] = "{\"Ping\":{\"nonce\":18446744073709551615,\"timestamp\":-7}}\n";
	struct tn_ping ping = { UINT64_MAX, -7 };
	struct frame *f = frame_encode(32, "Ping", &tn_wire_ping, &ping);

	isnt_null(f, "a frame");
	is_uint(f->id, 32, "with its number");
	is_uint(f->n, sizeof(want) - 1, "its length");
	is_mem(f->line, want, sizeof(want) - 1, "and its line");
	is_uint(f->refs, 1, "one reference");
	ok(frame_ref(f) == f && f->refs == 2, "another one");
	frame_unref(f);
	is_mem(f->line, want, sizeof(want) - 1, "it stays until the last one goes");
	frame_unref(f);
	frame_unref(NULL);
}

static void unit(void)
{
	struct frame *f = frame_encode(36, "GetPeers", &tn_schema_unit, NULL);

	is_uint(f->n, 11, "a name alone");
	is_mem(f->line, "\"GetPeers\"\n", 11, "is a string");
	frame_unref(f);
}

/* Around the size up to which a line is written once. */
static void sizes(void)
{
	enum { ADDRS = 300 };
	struct tn_str addr[ADDRS];
	struct tn_peers peers = { { addr, 0 } };
	unsigned wrong = 0, over = 0;

	for (unsigned i = 0; i < ADDRS; i++)
		addr[i] = (struct tn_str){ "1.2.3.4", 7 };
	for (unsigned n = 0; n <= ADDRS; n++) {
		size_t want = 21 + (n ? 10 * n - 1 : 0);
		struct frame *f;

		peers.addr.n = n;
		f = frame_encode(1, "PeersResponse", &tn_wire_peers, &peers);
		wrong += f->n != want || f->line[want - 1] != '\n' || f->line[want - 2] != '}';
		wrong += memchr(f->line, '\n', f->n) != f->line + want - 1;
		over += want > 1024;
		frame_unref(f);
	}
	is_uint(wrong, 0, "lines of 21 to 3020 bytes are whole, with one LF at the end");
	ok(over > 0, "some of them needed the second way");
}

static void copied(void)
{
	const uint8_t line[] = "{\"X\":1}";
	struct frame *f = frame_copy(7, (struct tn_view){ line, 7 });

	is_uint(f->n, 8, "a copy has its LF");
	is_mem(f->line, "{\"X\":1}\n", 8, "added");
	is_uint(f->id, 7, "and its number");
	frame_unref(f);
	f = frame_copy(7, (struct tn_view){ NULL, 0 });
	is_uint(f->n, 1, "of nothing too");
	frame_unref(f);
	ok(!frame_copy(7, (struct tn_view){ line, (size_t)1 << 30 }), "over 1 GiB is refused");
}

int main(void)
{
	encoded();
	unit();
	sizes();
	copied();
	return done_testing();
}
