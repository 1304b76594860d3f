/* SPDX-License-Identifier: MIT
 * t/sim/peer_old_line.c - what the reference's parser takes (doc/protocol.md 2)
 *
 * On json-c, so that it is not our own decoder that judges our own encoder. It takes
 * more than the reference: bodies that the old node does not use are not looked into,
 * and json-c lets pass duplicate fields, single quotes, raw control characters and -0.
 */
#include "sim/peer_old_impl.h"

#include <json.h>
#include <string.h>

static const char *const units[] = {
	"GetGenesisHash", "GetBlockHeight",         "GetUTXOSet", "GetUTXOStateHash",
	"GetMasternodes", "GetPendingTransactions", "GetPeers",
};

static const char *const bodies[] = {
	"GenesisHashResponse",
	"BlockHeightResponse",
	"GetBlocks",
	"BlocksResponse",
	"Handshake",
	"Ack",
	"TransactionBroadcast",
	"TransactionVoteRequest",
	"TransactionVote",
	"TransactionFinalized",
	"TransactionRejected",
	"UTXOStateQuery",
	"UTXOStateResponse",
	"UTXOStateNotification",
	"UTXOStateUpdate",
	"Subscribe",
	"Unsubscribe",
	"BlockAnnouncement",
	"BlockRequest",
	"BlockResponse",
	"UTXOSetResponse",
	"UTXOStateHashResponse",
	"MasternodeAnnouncement",
	"MasternodesResponse",
	"Version",
	"Ping",
	"Pong",
	"PendingTransactionsResponse",
	"PeersResponse",
	"HeartbeatBroadcast",
	"HeartbeatAttestation",
	"GetBlockHash",
	"BlockHashResponse",
	"ConsensusQuery",
	"ConsensusQueryResponse",
	"GetBlockRange",
	"BlockRangeResponse",
	"BlockProposal",
	"BlockVote",
	"BlockCommit",
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

_Static_assert(COUNT(units) + COUNT(bodies) == 47, "the enum of the reference");

static bool is_one_of(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* Member `i` of a record: by its name, or by its place when the record is an array. */
static bool member(struct json_object *body, const char *name, size_t i, size_t fields,
		   struct json_object **out)
{
	if (json_object_is_type(body, json_type_array)) {
		*out = json_object_array_get_idx(body, i);
		return json_object_array_length(body) == fields;
	}
	return json_object_is_type(body, json_type_object) &&
	       json_object_object_get_ex(body, name, out);
}

static bool is_integer(struct json_object *v)
{
	return v && json_object_is_type(v, json_type_int);
}

static bool is_unsigned(struct json_object *v, uint64_t most)
{
	if (!is_integer(v) || json_object_get_int64(v) < 0)
		return false;
	return json_object_get_uint64(v) <= most;
}

static bool is_magic(struct json_object *v, bool *ok)
{
	static const unsigned magic[] = { 'T', 'I', 'M', 'E' };

	if (!v || !json_object_is_type(v, json_type_array) || json_object_array_length(v) != 4)
		return false;
	*ok = true;
	for (size_t i = 0; i < 4; i++) {
		struct json_object *b = json_object_array_get_idx(v, i);

		if (!is_unsigned(b, 255))
			return false;
		*ok = *ok && json_object_get_uint64(b) == magic[i];
	}
	return true;
}

static bool read_handshake(struct json_object *body, struct old_line *out)
{
	struct json_object *v;

	if (!member(body, "magic", 0, 3, &v) || !is_magic(v, &out->magic_ok))
		return false;
	if (!member(body, "protocol_version", 1, 3, &v) || !is_unsigned(v, UINT32_MAX))
		return false;
	out->version = json_object_get_uint64(v);
	return member(body, "network", 2, 3, &v) && json_object_is_type(v, json_type_string);
}

static bool read_ping(struct json_object *body, struct old_line *out)
{
	struct json_object *v;

	if (!member(body, "nonce", 0, 2, &v) || !is_unsigned(v, UINT64_MAX))
		return false;
	out->nonce = json_object_get_uint64(v);
	return member(body, "timestamp", 1, 2, &v) && is_integer(v);
}

static bool read_peers(struct json_object *body, void (*each)(void *, const char *), void *arg)
{
	size_t n;

	if (!json_object_is_type(body, json_type_array))
		return false;
	n = json_object_array_length(body);
	for (size_t i = 0; i < n; i++)
		if (!json_object_is_type(json_object_array_get_idx(body, i), json_type_string))
			return false;
	for (size_t i = 0; i < n && each; i++)
		each(arg, json_object_get_string(json_object_array_get_idx(body, i)));
	return true;
}

static bool read_ack(struct json_object *body)
{
	struct json_object *v;

	return member(body, "message_type", 0, 1, &v) && json_object_is_type(v, json_type_string);
}

static enum old_kind unit_kind(const char *name)
{
	if (!is_one_of(units, COUNT(units), name))
		return OLD_BAD;
	if (strcmp(name, "GetPeers") == 0)
		return OLD_GET_PEERS;
	if (strcmp(name, "GetBlockHeight") == 0)
		return OLD_GET_HEIGHT;
	if (strcmp(name, "GetMasternodes") == 0)
		return OLD_GET_MASTERNODES;
	return strcmp(name, "GetPendingTransactions") == 0 ? OLD_GET_PENDING : OLD_OTHER;
}

struct reading {
	struct old_line *out;
	void (*each_peer)(void *arg, const char *ip);
	void *arg;
};

static enum old_kind body_kind(const char *name, struct json_object *body, struct reading *r)
{
	if (!is_one_of(bodies, COUNT(bodies), name))
		return OLD_BAD;
	if (strcmp(name, "Handshake") == 0)
		return read_handshake(body, r->out) ? OLD_HANDSHAKE : OLD_BAD;
	if (strcmp(name, "Ping") == 0)
		return read_ping(body, r->out) ? OLD_PING : OLD_BAD;
	if (strcmp(name, "Pong") == 0)
		return read_ping(body, r->out) ? OLD_PONG : OLD_BAD;
	if (strcmp(name, "PeersResponse") == 0)
		return read_peers(body, r->each_peer, r->arg) ? OLD_PEERS : OLD_BAD;
	if (strcmp(name, "Ack") == 0)
		return read_ack(body) ? OLD_OTHER : OLD_BAD;
	return body ? OLD_OTHER : OLD_BAD;
}

static enum old_kind kind_of(struct json_object *v, struct reading *r)
{
	struct json_object_iterator it;
	struct json_object *body;

	if (json_object_is_type(v, json_type_string))
		return unit_kind(json_object_get_string(v));
	if (!json_object_is_type(v, json_type_object) || json_object_object_length(v) != 1)
		return OLD_BAD;
	it = json_object_iter_begin(v);
	body = json_object_iter_peek_value(&it);
	if (!body)
		return unit_kind(json_object_iter_peek_name(&it));
	return body_kind(json_object_iter_peek_name(&it), body, r);
}

/* NULL unless all of it is one value with blanks around it. */
static struct json_object *parse(const char *p, size_t n)
{
	struct json_tokener *t = json_tokener_new_ex(500);
	struct json_object *v = NULL;

	if (!t)
		return NULL;
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	v = json_tokener_parse_ex(t, p, (int)n);
	if (json_tokener_get_error(t) != json_tokener_success ||
	    json_tokener_get_parse_end(t) + strspn(p + json_tokener_get_parse_end(t), " \t\r") <
		    n) {
		json_object_put(v);
		v = NULL;
	}
	json_tokener_free(t);
	return v;
}

/* p is NUL-terminated behind its n bytes. */
struct old_line old_parse(const char *p, size_t n, void (*each_peer)(void *arg, const char *ip),
			  void *arg)
{
	struct old_line out = { .kind = OLD_BAD };
	struct reading r = { &out, each_peer, arg };
	struct json_object *v = parse(p, n);

	if (v)
		out.kind = kind_of(v, &r);
	json_object_put(v);
	return out;
}

/* Length of the sequence at p, 0: not valid. */
static size_t sequence(const unsigned char *p, size_t n)
{
	size_t len = *p < 0x80   ? 1
		     : *p < 0xc2 ? 0
		     : *p < 0xe0 ? 2
		     : *p < 0xf0 ? 3
		     : *p < 0xf5 ? 4
				 : 0;

	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

bool old_is_utf8(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;

	for (size_t i = 0, len; i < n; i += len) {
		len = sequence(u + i, n - i);
		if (!len)
			return false;
	}
	return true;
}
