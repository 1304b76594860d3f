/* SPDX-License-Identifier: MIT
 * t/58-sim-wounds.c - what once went wrong between sessions, one case each
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "net/room.h"
#include "sim/netlab.h"
#include "sim/old_scene.h"

#define US "69.1.1.1"
#define THEM "50.1.1.1"
#define NETWORK "network: { name = \"testnet\"; "

/* A node of ours, and the host of somebody who writes what he likes. */
struct stage {
	struct world *world;
	struct netlab *us;
	struct env *them;
	struct raw raw;
};

static struct stage stage(const char *network, const char *more)
{
	struct stage st = { .world = world_create(3) };
	struct tn_addr them = raw_addr(THEM);
	char conf[1024];

	snprintf(conf, sizeof conf, NETWORK "listen = [ \"" US "\" ]; %s }; %s", network, more);
	st.us = netlab_create(st.world, "us", US, conf);
	st.them = world_node(st.world, "them", &them);
	return st;
}

static void leave(struct stage *st)
{
	netlab_free(st->us);
	world_free(st->world);
}

static const char *hello(char *buf, size_t room, unsigned long long id, unsigned port)
{
	snprintf(buf, room,
		 "{\"Handshake\":{\"magic\":[84,73,77,69],\"protocol_version\":1,\"network\":"
		 "\"testnet\",\"node_id\":%llu,\"listen_port\":%u,\"agent\":\"raw\","
		 "\"features\":[]}}\n",
		 id, port);
	return buf;
}

static const char *welcome(char *buf, size_t room, unsigned long long id)
{
	snprintf(buf, room,
		 "{\"Ack\":{\"message_type\":\"Handshake\",\"node_id\":%llu,\"listen_port\":24100,"
		 "\"agent\":\"raw\",\"features\":[],\"accepted\":true}}\n",
		 id);
	return buf;
}

static struct net_counts counts(const struct netlab *lab)
{
	struct net_counts c;

	net_counts(lab->net, &c);
	return c;
}

#define PING "{\"Ping\":{\"nonce\":1,\"timestamp\":1}}\n"

/* Both directions, and ours to decide: the older one was heard before, but it has to
 * say something now, or a corpse wins against the living.
 */
static void corpse(void)
{
	struct stage st = stage("", "");
	struct raw dialed;
	struct session *s;
	char text[512];

	st.us->net->node_id = 1000;
	raw_listen(&dialed, st.them, THEM);
	netlab_start(st.us);
	raw_dial(&st.raw, st.world, st.them, US, hello(text, sizeof text, 7, PORT));
	raw_send(&st.raw, st.world, PING);
	is_uint(netlab_up(st.us), 1, "the first session is up and was heard");
	s = netlab_single(st.us);
	s->peer->wanted = true; /* as if its record had been dialed at the same time */
	s->peer->session = 0;
	{
		struct session *second = session_create(st.us->net, true, &s->addr, SLOT_OUT);
		struct tn_error err;

		peer_attach(st.us->net, s->peer, second);
		second->conn = st.us->env->ops->connect(st.us->env, &s->addr, NULL, &session_events,
							second, &err);
	}
	raw_wait(st.world, SECOND);
	raw_send(&dialed, st.world, welcome(text, sizeof text, 7));
	is_uint(counts(st.us).doubles, 1, "a second one in the other direction");
	is_uint(netlab_up(st.us), 2, "the first is not believed for what it said before");
	is_uint(st.us->probes, 1, "it is probed");
	raw_wait(st.world, SECOND);
	raw_send(&dialed, st.world, PING);
	raw_wait(st.world, 10 * SECOND);
	s = netlab_single(st.us);
	ok(s && s->outbound, "it stayed silent: the second one is left");
	is_uint(st.us->probes, 1, "probed once");
	raw_end(&st.raw);
	raw_end(&dialed);
	leave(&st);
}

#define OLD_HELLO \
	"{\"Handshake\":{\"magic\":[84,73,77,69],\"protocol_version\":1,\"network\":\"mainnet\"}}\n"
#define OLD_ACK "{\"Ack\":{\"message_type\":\"Handshake\"}}\n"

/* An old node that cannot be dialed: its first session is closed for ours, which fails;
 * its next one is all there is.
 */
static void unreachable_old(void)
{
	struct stage st = stage("", "");
	unsigned accepted = 0;

	netlab_start(st.us);
	raw_dial(&st.raw, st.world, st.them, US, OLD_HELLO);
	ok(st.raw.ended, "the first dial of an old node is closed");
	for (unsigned i = 0; i < 3 && !accepted; i++) {
		raw_end(&st.raw);
		raw_wait(st.world, 4 * SECOND);
		raw_dial(&st.raw, st.world, st.them, US, OLD_HELLO);
		accepted = strstr(st.raw.got, "Ack") != NULL;
	}
	ok(accepted, "once our own dial has failed it is accepted");
	raw_wait(st.world, 200 * SECOND);
	is_uint(netlab_up(st.us), 1, "and left alone for the first five minutes");
	raw_end(&st.raw);
	leave(&st);
}

/* A configured peer whose own session ended while the same node was linked from another
 * port: it is dialed again when that one ends too.
 */
static void two_records(void)
{
	struct stage st = stage("connect = [ \"" THEM "\" ];", "");
	struct raw dialed;
	char text[512];
	unsigned before;

	raw_listen(&dialed, st.them, THEM);
	netlab_start(st.us);
	raw_wait(st.world, 95 * SECOND); /* it is for them to dial: passive_wait */
	raw_send(&dialed, st.world, welcome(text, sizeof text, 7));
	raw_wait(st.world, 20 * SECOND);
	raw_dial(&st.raw, st.world, st.them, US, hello(text, sizeof text, 7, PORT + 100));
	is_uint(netlab_up(st.us), 2, "the same node twice");
	before = dialed.accepts;
	dialed.env->ops->close(dialed.conn, false);
	dialed.conn = NULL;
	raw_wait(st.world, 20 * SECOND);
	is_uint(netlab_up(st.us), 1, "linked by what it dialed");
	is_uint(dialed.accepts, before, "and so not dialed");
	st.raw.env->ops->close(st.raw.conn, false);
	st.raw.conn = NULL;
	raw_wait(st.world, 120 * SECOND);
	ok(dialed.accepts > before, "dialed again when that has ended as well");
	raw_end(&dialed);
	leave(&st);
}

/* Sockets of the refused that never hang up are bounded too. */
static void refusal_flood(void)
{
	struct stage st = stage("whitelist = [ \"50.0.0.0/8\" ];", "");
	static struct raw raw[140];
	unsigned most, told = 0;
	const char *text = "{\"Handshake\":{\"magic\":[84,73,77,70],\"protocol_version\":1,"
			   "\"network\":\"x\",\"node_id\":5}}\n";

	world_knobs(st.world)->segment = false;
	netlab_start(st.us);
	for (unsigned i = 0; i < 140; i++)
		raw_open(&raw[i], st.them, US);
	raw_wait(st.world, SECOND);
	for (unsigned i = 0; i < 140; i++)
		raw_write(&raw[i], text);
	raw_wait(st.world, SECOND / 2);
	most = handles_count(st.us->net->sessions);
	for (unsigned i = 0; i < 140; i++)
		told += strstr(raw[i].got, "wrong magic") != NULL;
	is_uint(told, 140, "all were told why");
	ok(most <= 64, "%u sockets linger at most", most);
	raw_wait(st.world, 3 * SECOND);
	is_uint(handles_count(st.us->net->sessions), 0, "and none for long");
	for (unsigned i = 0; i < 140; i++)
		raw_end(&raw[i]);
	leave(&st);
}

int main(void)
{
	corpse();
	unreachable_old();
	two_records();
	refusal_flood();
	return done_testing();
}
