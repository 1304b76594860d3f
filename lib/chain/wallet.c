/* SPDX-License-Identifier: MIT
 * lib/chain/wallet.c - the wallet file: bytes and struct
 */
#include <sodium.h>
#include <stdlib.h>

#include "chain/chain.h"
#include "timenode/file.h"

#define VERSION 1
#define FIXED 72 /* version, network, seed, key */
#define MODE 0600

void tn_wallet_wipe(struct tn_wallet *w)
{
	sodium_memzero(w, sizeof *w);
}

static int set_label(struct tn_wallet *w, const uint8_t *p, size_t n)
{
	if (n > TN_WALLET_LABEL || !tn_utf8_valid(p, n) || memchr(p, '\0', n))
		return TN_EINVAL;
	memcpy(w->label, p, n);
	w->label[n] = '\0';
	w->has_label = true;
	return 0;
}

int tn_wallet_make(struct tn_sha *s, const struct tn_network *net, const uint8_t seed[32],
		   int64_t created_at, const char *label, struct tn_wallet *out)
{
	int code;

	*out = (struct tn_wallet){ .created_at = created_at, .network = net->wallet_index };
	tn_secret_from_seed(&out->secret, seed);
	code = tn_address_of_key(s, net->digit, &out->secret.key, out->address);
	if (code == 0 && label)
		code = set_label(out, (const uint8_t *)label, strlen(label));
	if (code != 0)
		tn_wallet_wipe(out);
	return code;
}

/* ---- writing */

struct writer {
	uint8_t *buf;
	size_t room, n;
};

static void put(struct writer *w, const void *p, size_t n)
{
	if (w->n < w->room && n > 0)
		memcpy(w->buf + w->n, p, n < w->room - w->n ? n : w->room - w->n);
	w->n += n;
}

static void put_u32(struct writer *w, uint32_t v)
{
	uint8_t b[4];

	put_le32(b, v);
	put(w, b, sizeof b);
}

static void put_u64(struct writer *w, uint64_t v)
{
	uint8_t b[8];

	put_le64(b, v);
	put(w, b, sizeof b);
}

static void put_text(struct writer *w, const char *text)
{
	put_u64(w, strlen(text));
	put(w, text, strlen(text));
}

size_t tn_wallet_write(const struct tn_wallet *w, uint8_t *buf, size_t room)
{
	struct writer out = { buf, room, 0 };
	uint8_t has_label = w->has_label;

	put_u32(&out, VERSION);
	put_u32(&out, w->network);
	put(&out, w->secret.seed, sizeof w->secret.seed);
	put(&out, w->secret.key.b, sizeof w->secret.key.b);
	put_text(&out, w->address);
	put_u64(&out, (uint64_t)w->created_at);
	put(&out, &has_label, 1);
	if (w->has_label)
		put_text(&out, w->label);
	return out.n;
}

/* ---- reading */

static const uint8_t *take(struct tn_view *in, size_t n)
{
	const uint8_t *p = in->p;

	if (n > in->n)
		return NULL;
	in->p += n;
	in->n -= n;
	return p;
}

static bool take_u64(struct tn_view *in, uint64_t *v)
{
	const uint8_t *p = take(in, 8);

	if (p)
		*v = get_le64(p);
	return p != NULL;
}

static bool take_text(struct tn_view *in, struct tn_view *out)
{
	uint64_t n;

	if (!take_u64(in, &n) || n > in->n)
		return false;
	out->n = (size_t)n;
	out->p = take(in, out->n);
	return true;
}

/* Everything behind the keys; no label leaves label.p NULL. */
static bool take_rest(struct tn_view *in, struct tn_view *address, uint64_t *created,
		      struct tn_view *label)
{
	const uint8_t *flag;

	if (!take_text(in, address) || !take_u64(in, created))
		return false;
	flag = take(in, 1);
	if (!flag || *flag > 1 || (*flag == 1 && !take_text(in, label)))
		return false;
	return in->n == 0;
}

static uint32_t get_le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int check_head(const struct tn_network *net, const uint8_t *head, struct tn_error *err)
{
	uint32_t version = get_le32(head), network = get_le32(head + 4);

	if (version != VERSION)
		return tn_fail(err, TN_EBAD, "wallet version %u, not %d", (unsigned)version,
			       VERSION);
	if (network != net->wallet_index)
		return tn_fail(err, TN_EBAD, "a wallet of another network than %s", net->name);
	return 0;
}

static int read_wallet(struct tn_sha *s, const struct tn_network *net, struct tn_view in,
		       struct tn_wallet *out, struct tn_error *err)
{
	struct tn_view address = { NULL, 0 }, label = { NULL, 0 };
	const uint8_t *head = take(&in, FIXED);
	uint64_t created;
	int code;

	if (!head)
		return tn_fail(err, TN_EBAD, "not a wallet: too short");
	code = check_head(net, head, err);
	if (code != 0)
		return code;
	if (!take_rest(&in, &address, &created, &label))
		return tn_fail(err, TN_EBAD, "not a wallet: its parts do not end where it ends");
	code = tn_wallet_make(s, net, head + 8, (int64_t)created, NULL, out);
	if (code != 0)
		return tn_fail(err, code, "no memory");
	if (memcmp(out->secret.key.b, head + 40, sizeof out->secret.key.b) != 0)
		return tn_fail(err, TN_EBAD, "the public key is not that of the secret key");
	if (address.n != strlen(out->address) || memcmp(address.p, out->address, address.n) != 0)
		return tn_fail(err, TN_EBAD, "the address is not that of the key");
	if (label.p && set_label(out, label.p, label.n) != 0)
		return tn_fail(err, TN_EBAD, "a label that is no text of up to %d bytes",
			       TN_WALLET_LABEL);
	return 0;
}

int tn_wallet_read(struct tn_sha *s, const struct tn_network *net, struct tn_view in,
		   struct tn_wallet *out, struct tn_error *err)
{
	int code = read_wallet(s, net, in, out, err);

	if (code != 0)
		tn_wallet_wipe(out);
	return code;
}

/* ---- the file */

int tn_wallet_load(struct tn_sha *s, const struct tn_network *net, const char *path,
		   struct tn_wallet *out, struct tn_error *err)
{
	struct tn_error why = { "" };
	char *bytes;
	size_t n;
	int code = tn_file_read(path, TN_WALLET_BYTES, &bytes, &n, err);

	if (code != 0) {
		tn_wallet_wipe(out);
		return code;
	}
	code = tn_wallet_read(s, net, (struct tn_view){ (const uint8_t *)bytes, n }, out, &why);
	sodium_memzero(bytes, n);
	free(bytes);
	return code == 0 ? 0 : tn_fail(err, code, "%s: %s", path, why.text);
}

int tn_wallet_save(const struct tn_wallet *w, const char *path, struct tn_error *err)
{
	uint8_t bytes[TN_WALLET_BYTES];
	size_t n = tn_wallet_write(w, bytes, sizeof bytes);
	int code = tn_file_create(path, bytes, n, MODE, err);

	sodium_memzero(bytes, sizeof bytes);
	if (code == TN_EBUSY)
		tn_fail(err, code, "%s: is there already, and a key is not overwritten", path);
	return code;
}
