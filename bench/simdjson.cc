/* SPDX-License-Identifier: MIT
 * bench/simdjson.cc - simdjson on demand, fields asked for in the order they stand in
 *
 * Lists get room for what the corpora hold, without asking for their length: to
 * simdjson's advantage.
 */
#include <cstring>
#include <simdjson.h>

#include "worker.h"

using namespace simdjson;

namespace
{
enum { SHORT = 512, LIST = 16, BLOCKS = 128 };

ondemand::parser parser;

template <typename T> T *room(size_t n)
{
	void *p = tn_alloc(worker_arena(), n * sizeof(T));

	if (!p)
		give_up("no memory");
	return static_cast<T *>(p);
}

uint32_t numbers(ondemand::value v, uint8_t *out, uint32_t most)
{
	uint32_t n = 0;

	for (auto e : v.get_array()) {
		if (n == most)
			give_up("too many bytes");
		out[n++] = static_cast<uint8_t>(uint64_t(e));
	}
	return n;
}

void bytes(ondemand::value v, tn_bytes &out)
{
	uint8_t buf[SHORT], *p;

	out.n = numbers(v, buf, SHORT);
	p = room<uint8_t>(out.n);
	std::memcpy(p, buf, out.n);
	out.p = p;
}

void text(ondemand::value v, tn_str &out)
{
	std::string_view s = v.get_string();
	char *p = room<char>(s.size());

	std::memcpy(p, s.data(), s.size());
	out.p = p;
	out.n = static_cast<uint32_t>(s.size());
}

uint32_t number32(ondemand::value v)
{
	return static_cast<uint32_t>(v.get_uint64());
}

void ping(ondemand::object o, tn_ping &out)
{
	out.nonce = o["nonce"].get_uint64();
	out.timestamp = o["timestamp"].get_int64();
}

void vote(ondemand::object o, tn_vote &out)
{
	numbers(o["txid"], out.txid.b, 32);
	text(o["voter"], out.voter);
	out.approve = o["approve"].get_bool();
	out.timestamp = o["timestamp"].get_int64();
	numbers(o["signature"], out.signature.b, 64);
}

void input(ondemand::object o, tn_txin &out)
{
	ondemand::object previous = o["previous_output"];

	numbers(previous["txid"], out.previous_output.txid.b, 32);
	out.previous_output.vout = number32(previous["vout"]);
	bytes(o["script_sig"], out.script_sig);
	out.sequence = number32(o["sequence"]);
}

void output(ondemand::object o, tn_txout &out)
{
	out.value = o["value"].get_uint64();
	bytes(o["script_pubkey"], out.script_pubkey);
}

void tx(ondemand::object o, tn_tx &out)
{
	out.version = number32(o["version"]);
	out.inputs.v = room<tn_txin>(LIST);
	for (auto e : o["inputs"].get_array())
		input(e, out.inputs.v[out.inputs.n++]);
	out.outputs.v = room<tn_txout>(LIST);
	for (auto e : o["outputs"].get_array())
		output(e, out.outputs.v[out.outputs.n++]);
	out.lock_time = number32(o["lock_time"]);
	out.timestamp = o["timestamp"].get_int64();
}

void header(ondemand::object o, tn_header &out)
{
	out.version = number32(o["version"]);
	out.height = o["height"].get_uint64();
	numbers(o["previous_hash"], out.previous_hash.b, 32);
	numbers(o["merkle_root"], out.merkle_root.b, 32);
	out.timestamp = o["timestamp"].get_int64();
	out.block_reward = o["block_reward"].get_uint64();
}

void reward(ondemand::array a, tn_reward &out)
{
	unsigned i = 0;

	for (ondemand::value e : a) {
		if (i++ == 0)
			text(e, out.address);
		else
			out.value = e.get_uint64();
	}
}

void block(ondemand::object o, tn_block &out)
{
	header(o["header"], out.header);
	out.transactions.v = room<tn_tx>(LIST);
	for (auto e : o["transactions"].get_array())
		tx(e, out.transactions.v[out.transactions.n++]);
	out.masternode_rewards.v = room<tn_reward>(LIST);
	for (auto e : o["masternode_rewards"].get_array())
		reward(e, out.masternode_rewards.v[out.masternode_rewards.n++]);
}

const void *body(const corpus *c, ondemand::document &d)
{
	if (c->kind == CORPUS_PING) {
		tn_ping *out = room<tn_ping>(1);
		ping(d["Ping"], *out);
		return out;
	}
	if (c->kind == CORPUS_VOTE) {
		tn_vote *out = room<tn_vote>(1);
		vote(d["TransactionVote"], *out);
		return out;
	}
	if (c->kind == CORPUS_TX) {
		tn_tx *out = room<tn_tx>(1);
		tx(d["TransactionBroadcast"], *out);
		return out;
	}
	tn_blocks *out = room<tn_blocks>(1);
	out->blocks.v = room<tn_block>(BLOCKS);
	for (auto e : d["BlocksResponse"].get_array())
		block(e, out->blocks.v[out->blocks.n++]);
	return out;
}

void decode(const corpus *c)
{
	for (size_t i = 0; i < c->n; i++) {
		tn_view line = c->line[i];

		tn_arena_reset(worker_arena());
		ondemand::document d = parser.iterate(reinterpret_cast<const char *>(line.p),
						      line.n, line.n + SIMDJSON_PADDING);
		worker_seen(c, i, body(c, d));
	}
}
} // namespace

extern "C" {
extern const struct op ops[] = {
	{ "decode simdjson", nullptr, decode },
	{ nullptr, nullptr, nullptr },
};
}
