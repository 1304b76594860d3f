/* SPDX-License-Identifier: MIT
 * plugins/masternodes/voters.c - the voter set, as the configuration names it
 */
#include "voters.h"

#include <string.h>

#include "registry.h"
#include "text.h"

static int parse_one(struct tn_str text, struct tn_arena *a, struct tn_voter *out,
		     struct tn_error *err)
{
	const char *eq = text.n ? memchr(text.p, '=', text.n) : NULL;
	char ip[TN_MN_ADDRESS_TEXT];
	struct tn_str left, right;
	uint32_t n;

	if (!eq)
		return tn_fail(err, TN_EINVAL, "voters: \"%.*s\" is not ADDRESS=KEY",
			       (int)(text.n < 100 ? text.n : 100), text.n ? text.p : "");
	left = (struct tn_str){ text.p, (uint32_t)(eq - text.p) };
	right = (struct tn_str){ eq + 1, text.n - left.n - 1 };
	if (mn_ip_parse(left, &n) || left.n != strlen(mn_ip_text(n, ip)))
		return tn_fail(err, TN_EINVAL, "voters: \"%.*s\" is no IPv4 address",
			       (int)(left.n < 60 ? left.n : 60), left.p);
	if (mn_hex_parse(right, out->key.b, sizeof out->key.b))
		return tn_fail(err, TN_EINVAL, "voters: the key of %s is not 64 hexadecimal digits",
			       ip);
	if (!tn_key_decodes(&out->key))
		return tn_fail(err, TN_EINVAL, "voters: the key of %s is no Ed25519 public key",
			       ip);
	out->address.p = tn_copy_text(a, ip, left.n);
	out->address.n = left.n;
	return out->address.p ? 0 : tn_fail(err, TN_ENOMEM, "no memory");
}

static int compare(struct tn_str a, struct tn_str b)
{
	int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* Into its place among the sorted ones before it. */
static int place(struct tn_voter_set *set, const struct tn_voter *v, struct tn_error *err)
{
	uint32_t at = set->voter.n;

	for (uint32_t i = 0; i < set->voter.n; i++)
		if (!memcmp(&set->voter.v[i].key, &v->key, sizeof v->key))
			return tn_fail(err, TN_EINVAL, "voters: %.*s and %.*s have the same key",
				       (int)set->voter.v[i].address.n, set->voter.v[i].address.p,
				       (int)v->address.n, v->address.p);
	while (at && compare(set->voter.v[at - 1].address, v->address) > 0)
		at--;
	if (at && !compare(set->voter.v[at - 1].address, v->address))
		return tn_fail(err, TN_EINVAL, "voters: %.*s comes twice", (int)v->address.n,
			       v->address.p);
	memmove(&set->voter.v[at + 1], &set->voter.v[at], (set->voter.n - at) * sizeof *v);
	set->voter.v[at] = *v;
	set->voter.n++;
	return 0;
}

int mn_voters_parse(const struct tn_texts *texts, struct tn_arena *a, struct tn_voter_set *out,
		    struct tn_error *err)
{
	int rc = 0;

	*out = (struct tn_voter_set){ .me = -1 };
	out->voter.v = tn_alloc(a, (texts->n + 1) * sizeof *out->voter.v);
	if (!out->voter.v)
		return tn_fail(err, TN_ENOMEM, "no memory for %u voters", texts->n);
	for (uint32_t i = 0; !rc && i < texts->n; i++) {
		struct tn_voter v;

		rc = parse_one(texts->v[i], a, &v, err);
		if (!rc)
			rc = place(out, &v, err);
	}
	return rc;
}
