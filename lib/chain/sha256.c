/* SPDX-License-Identifier: MIT
 * lib/chain/sha256.c - SHA-256 through libcrypto, fetched once, one context used again
 */
#include <openssl/evp.h>
#include <stdlib.h>

#include "chain/chain.h"

#define KEEP ((size_t)1 << 20) /* a buffer beyond this is given back */

struct tn_sha {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
	uint8_t *buf;
	size_t room;
	bool failed;
};

struct tn_sha *tn_sha_create(void)
{
	struct tn_sha *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	s->ctx = EVP_MD_CTX_new();
	if (s->md && s->ctx)
		return s;
	tn_sha_free(s);
	return NULL;
}

void tn_sha_free(struct tn_sha *s)
{
	if (!s)
		return;
	EVP_MD_CTX_free(s->ctx);
	EVP_MD_free(s->md);
	free(s->buf);
	free(s);
}

void tn_sha_begin(struct tn_sha *s)
{
	s->failed = EVP_DigestInit_ex2(s->ctx, s->md, NULL) != 1;
}

void tn_sha_add(struct tn_sha *s, const void *p, size_t n)
{
	if (!s->failed && n > 0)
		s->failed = EVP_DigestUpdate(s->ctx, p, n) != 1;
}

int tn_sha_end(struct tn_sha *s, struct tn_hash *out)
{
	struct tn_hash got;

	if (s->failed || EVP_DigestFinal_ex(s->ctx, got.b, NULL) != 1)
		return TN_ENOMEM;
	*out = got;
	return 0;
}

int tn_sha256(struct tn_sha *s, const void *p, size_t n, struct tn_hash *out)
{
	tn_sha_begin(s);
	tn_sha_add(s, p, n);
	return tn_sha_end(s, out);
}

static bool make_room(struct tn_sha *s, size_t n)
{
	uint8_t *more;

	if (n <= s->room)
		return true;
	more = realloc(s->buf, n);
	if (!more)
		return false;
	s->buf = more;
	s->room = n;
	return true;
}

static void shrink(struct tn_sha *s)
{
	if (s->room <= KEEP)
		return;
	free(s->buf);
	s->buf = NULL;
	s->room = 0;
}

void sha_add_value(struct tn_sha *s, const struct tn_schema *schema, const void *value)
{
	size_t n = tn_bin_write(schema, value, s->buf, s->room);

	if (n > s->room) {
		if (!make_room(s, n))
			s->failed = true;
		else
			tn_bin_write(schema, value, s->buf, s->room);
	}
	if (!s->failed)
		tn_sha_add(s, s->buf, n);
	shrink(s);
}

int tn_sha_value(struct tn_sha *s, const struct tn_schema *schema, const void *value,
		 struct tn_hash *out)
{
	tn_sha_begin(s);
	sha_add_value(s, schema, value);
	return tn_sha_end(s, out);
}
