/* SPDX-License-Identifier: MIT
 * timenode/base.h - views, errors, addresses and arenas: what every header needs
 *
 * Part of libtimenode (lib/base). No I/O, no globals; every call is pure except
 * for the memory it is told to fill.
 */
#ifndef TIMENODE_BASE_H
#define TIMENODE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TN_API __attribute__((visibility("default")))

/* Every call that can fail returns 0 or one of these. */
enum tn_code {
	TN_EGONE = -1,  /* the handle is stale: its session, message... ended */
	TN_EFULL = -2,  /* a bounded queue or table is full */
	TN_EBUSY = -3,  /* one is already under way; or: more bytes are needed */
	TN_EINVAL = -4, /* the caller's argument is wrong */
	TN_ENOENT = -5, /* there is no such thing */
	TN_ESKIP = -6,  /* this peer must not get it: no feature, old node */
	TN_ETIME = -7,  /* deadline passed */
	TN_ENOMEM = -8, /* no memory, or an arena's limit */
	TN_EIO = -9,    /* the system refused; the text says what */
	TN_EBAD = -10   /* the data breaks a rule */
};

/* Text goes into the caller's buffer; nothing is allocated on the error path. */
struct tn_error {
	char text[240];
};

/* Writes the text (cut to fit) and returns `code`, so that `return tn_fail(...)`
 * is one statement. err may be NULL.
 */
TN_API int tn_fail(struct tn_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "stale handle", "queue full"...: a fixed text for a code, never NULL. */
TN_API const char *tn_code_text(int code);

/* Borrowed bytes. */
struct tn_view {
	const uint8_t *p;
	size_t n;
};

/* ---- addresses: 16 bytes, IPv4 in its mapped form, port in host order (0 = unknown).
 * Canonical: ::ffff:a.b.c.d and a.b.c.d are the same address everywhere.
 */
struct tn_addr {
	uint8_t ip[16];
	uint16_t port;
};

#define TN_ADDR_TEXT 56 /* room for "[" IPv6 "]:65535" and NUL */

/* "1.2.3.4", "1.2.3.4:24100", "::1", "[::1]:24100"; no names, no zones, no blanks.
 * A written port is 1 to 65535. 0 or TN_EINVAL; *out is written only on success.
 */
TN_API int tn_addr_parse(struct tn_addr *out, const char *text, size_t n);

/* Text of the address, with the port unless it is 0. Returns buf. */
TN_API const char *tn_addr_text(const struct tn_addr *a, char buf[TN_ADDR_TEXT]);

/* The same without the port. */
TN_API const char *tn_addr_ip_text(const struct tn_addr *a, char buf[TN_ADDR_TEXT]);

/* Numeric order, every IPv4 address below every IPv6 one: < 0, 0, > 0. */
TN_API int tn_addr_cmp_ip(const struct tn_addr *a, const struct tn_addr *b);

/* The same, then by port. */
TN_API int tn_addr_cmp(const struct tn_addr *a, const struct tn_addr *b);

TN_API bool tn_addr_is_v4(const struct tn_addr *a);
TN_API bool tn_addr_is_unspecified(const struct tn_addr *a); /* 0.0.0.0 or :: */
TN_API bool tn_addr_is_loopback(const struct tn_addr *a);
TN_API bool tn_addr_is_private(const struct tn_addr *a); /* RFC 1918, fc00::/7 */

/* A public unicast address: not loopback, private, link-local, multicast,
 * documentation, shared (100.64/10), benchmarking, reserved or unspecified.
 * Whether an address is usable on *this network* is a question for the host.
 */
TN_API bool tn_addr_routable(const struct tn_addr *a);

/* The netgroup that counts as one for diversity: /16 of IPv4, /32 of IPv6.
 * Two addresses are of one group exactly if the results are equal.
 */
TN_API uint64_t tn_addr_group(const struct tn_addr *a);

struct tn_subnet {
	uint8_t ip[16];
	uint8_t bits; /* of the 128, so an IPv4 /8 is 104 */
};

/* "127.0.0.0/8", "::1", "10.1.2.3": 0 or TN_EINVAL. Host bits must be zero. */
TN_API int tn_subnet_parse(struct tn_subnet *out, const char *text, size_t n);
/* ::/0 holds no IPv4 address, 0.0.0.0/0 all of them and nothing else. */
TN_API bool tn_subnet_has(const struct tn_subnet *s, const struct tn_addr *a);

/* ---- arenas. An arena owns everything allocated from it. It is counted: whoever
 * keeps a pointer past the callback that lent it takes a reference, and that is
 * the only lifetime rule for message bodies, blocks and transactions.
 */
struct tn_arena;

/* A new arena with one reference; at most `limit` bytes will be handed out
 * (0: 16 MiB). NULL without memory.
 */
TN_API struct tn_arena *tn_arena_create(size_t limit);

/* n zeroed bytes aligned for any type; NULL at the limit or without memory.
 * n = 0 gives a valid pointer.
 */
TN_API void *tn_alloc(struct tn_arena *a, size_t n);

/* A copy of n bytes, aligned; NULL like tn_alloc. */
TN_API void *tn_copy_bytes(struct tn_arena *a, const void *p, size_t n);

/* A NUL-terminated copy of n bytes; NULL like tn_alloc. */
TN_API char *tn_copy_text(struct tn_arena *a, const char *text, size_t n);

TN_API struct tn_arena *tn_arena_ref(struct tn_arena *a);
TN_API void tn_arena_unref(struct tn_arena *a); /* NULL is fine; from any thread */

/* Back to empty, memory kept for the next use; only with exactly one reference.
 * Freed bytes are poisoned in sanitizer builds. 0, or TN_EBUSY when it is shared.
 */
TN_API int tn_arena_reset(struct tn_arena *a);

/* Bytes handed out so far, each block rounded up to its alignment. */
TN_API size_t tn_arena_used(const struct tn_arena *a);

#ifdef __cplusplus
}
#endif
#endif
