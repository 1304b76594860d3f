/* SPDX-License-Identifier: MIT
 * cli/wire_check.c - one line: hashes of what it carries, and whether its signature fits
 */
#include "config.h"

#include <string.h>

#include "wire.h"

/* ---- hash: results of one line stand side by side */

struct hashing {
	struct wire *w;
	bool some;
};

static void put_result(struct hashing *h, const char *word, const struct tn_hash *hash)
{
	if (h->some)
		putchar(' ');
	printf("%s ", word);
	wire_put_hex(hash->b, sizeof hash->b);
	h->some = true;
}

static bool put_tx(struct hashing *h, const struct tn_tx *tx)
{
	struct tn_hash id;

	if (tn_txid(h->w->sha, tx, &id) != 0)
		return false;
	put_result(h, "txid", &id);
	return true;
}

static bool put_header(struct hashing *h, const struct tn_header *head, const struct tn_hash *root)
{
	struct tn_hash id;

	if (tn_block_hash(h->w->sha, head, &id) != 0)
		return false;
	put_result(h, "block", &id);
	put_result(h, "merkle", root);
	return true;
}

static bool put_block(struct hashing *h, const struct tn_block *b)
{
	struct tn_hash root;

	return tn_block_merkle(h->w->sha, b, &root) == 0 && put_header(h, &b->header, &root);
}

static bool put_body(struct hashing *h, const struct tn_schema *s, const void *body)
{
	bool good = true;

	if (s == &tn_wire_tx)
		return put_tx(h, body);
	if (s == &tn_wire_header)
		return put_header(h, body, &((const struct tn_header *)body)->merkle_root);
	if (s == &tn_wire_block)
		return put_block(h, body);
	if (s == &tn_wire_block_proposal)
		return put_block(h, &((const struct tn_block_proposal *)body)->block);
	if (s == &tn_wire_blocks) {
		const struct tn_blocks *list = body;

		for (uint32_t i = 0; i < list->blocks.n && good; i++)
			good = put_block(h, &list->blocks.v[i]);
	} else if (s == &tn_wire_txs) {
		const struct tn_txs *list = body;

		for (uint32_t i = 0; i < list->txs.n && good; i++)
			good = put_tx(h, &list->txs.v[i]);
	}
	return good;
}

static void hash_body(struct wire *w, const struct tn_schema *s, const void *body)
{
	struct hashing h = { w, false };

	if (!put_body(&h, s, body))
		wire_error(w, "no memory");
	else if (!h.some)
		wire_error(w, "no transaction and no block in it");
	else
		putchar('\n');
}

/* A value that stands alone, not as a message. */
static bool hash_bare(struct wire *w, struct tn_view line)
{
	static const struct tn_schema *const bare[] = { &tn_wire_tx, &tn_wire_header,
							&tn_wire_block };
	const void *body;

	for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++) {
		if (tn_json_read(bare[i], line, w->arena, &body, NULL, NULL) != 0)
			continue;
		hash_body(w, bare[i], body);
		return true;
	}
	return false;
}

void wire_hash(struct wire *w, struct tn_view line)
{
	struct wire_message m;
	struct tn_envelope e;
	bool named = tn_envelope_peek(line, &e) == 0 && tn_message_find(e.name, e.name_n) >= 0;

	if (!named && tn_utf8_valid(line.p, line.n) && hash_bare(w, line))
		return;
	if (wire_read(w, line, &m))
		hash_body(w, m.schema, m.body);
}

/* ---- verify: NULL is good, else the reason */

static const char no_fit[] = "the signature does not fit";

static const char *reason_of(int code)
{
	return code == 0 ? NULL : code == TN_EBAD ? no_fit : "no memory";
}

static bool other_key(const struct wire *w, const struct tn_key *key)
{
	return w->has_key && memcmp(&w->key, key, sizeof *key) != 0;
}

static const char *check_heartbeat(struct wire *w, const void *body)
{
	const struct tn_heartbeat *h = body;

	if (other_key(w, &h->masternode_pubkey))
		return "it has another key";
	return reason_of(tn_heartbeat_verify(w->sha, h));
}

static const char *check_attestation(struct wire *w, const void *body)
{
	const struct tn_attestation *t = body;

	if (other_key(w, &t->witness_pubkey))
		return "it has another key";
	return reason_of(tn_attestation_verify(w->sha, t));
}

static const char *check_vote(struct wire *w, const void *body)
{
	return reason_of(tn_vote_verify(&w->key, body));
}

static const char *check_size(struct tn_bytes sig)
{
	static const uint8_t zero[64];

	if (sig.n != sizeof zero)
		return "a signature has 64 bytes";
	return memcmp(sig.p, zero, sizeof zero) == 0 ? "not signed" : NULL;
}

static const char *check_block_vote(struct wire *w, const void *body)
{
	const struct tn_block_vote *v = body;
	const char *fault = check_size(v->signature);

	if (fault)
		return fault;
	return tn_block_vote_verify(&w->key, &v->block_hash, v->approve, v->signature) ? NULL
										       : no_fit;
}

static const char *check_proposal(struct wire *w, const void *body)
{
	const struct tn_block_proposal *p = body;
	const char *fault = check_size(p->signature);
	struct tn_hash hash;
	struct tn_sig sig;

	if (fault)
		return fault;
	if (tn_block_hash(w->sha, &p->block.header, &hash) != 0)
		return "no memory";
	memcpy(sig.b, p->signature.p, sizeof sig.b);
	return tn_verify(&w->key, hash.b, sizeof hash.b, &sig) ? NULL : no_fit;
}

/* It lists the votes of many; this is about the one whose key was given. */
static const char *check_commit(struct wire *w, const void *body)
{
	const struct tn_block_commit *c = body;

	for (uint32_t i = 0; i < c->signatures.n; i++)
		if (tn_block_vote_verify(&w->key, &c->block_hash, true,
					 c->signatures.v[i].signature))
			return NULL;
	return "no signature of that key in it";
}

static const struct judge {
	const struct tn_schema *schema;
	const char *(*check)(struct wire *, const void *body);
	bool needs_key;
} judges[] = {
	{ &tn_wire_heartbeat, check_heartbeat, false },
	{ &tn_wire_attestation, check_attestation, false },
	{ &tn_wire_vote, check_vote, true },
	{ &tn_wire_block_vote, check_block_vote, true },
	{ &tn_wire_block_proposal, check_proposal, true },
	{ &tn_wire_block_commit, check_commit, true },
};

static const struct judge *judge_of(const struct tn_schema *s)
{
	for (size_t i = 0; i < sizeof judges / sizeof judges[0]; i++)
		if (judges[i].schema == s)
			return &judges[i];
	return NULL;
}

void wire_verify(struct wire *w, struct tn_view line)
{
	const struct judge *j;
	struct wire_message m;
	const char *fault;

	if (!wire_read(w, line, &m))
		return;
	j = judge_of(m.schema);
	if (!j) {
		wire_error(w, "%s is not signed", tn_message_name(m.index));
	} else if (j->needs_key && !w->has_key) {
		wire_error(w, "%s does not hold its key: give --key", tn_message_name(m.index));
	} else {
		fault = j->check(w, m.body);
		if (fault)
			wire_bad(w, fault);
		else
			puts("good");
	}
}
