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
	peer_want(s->net, s->peer, true); /* as if its record had been dialed at the same time */
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
	raw_wait(st.world, 65 * SECOND); /* it is for them to dial: passive_wait */
	raw_send(&dialed, st.world, welcome(text, sizeof text, 7));
	raw_wait(st.world, 20 * SECOND);
	is_uint(net_peer_next(st.us->net, NULL)->state, LINK_UP, "linked by our own dial");
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

/* The node's budget is used up: the hog alone gives way. */
static void one_hog(void)
{
	struct stage st = stage("whitelist = [ \"50.0.0.0/8\" ];",
				"sessions: { line_max = \"64K\"; unfinished_session = \"64K\";"
				" unfinished_node = \"64K\"; };");
	struct raw raw[12];
	static char fill[15000];
	char text[512];

	world_knobs(st.world)->segment = false;
	netlab_start(st.us);
	for (unsigned i = 0; i < 12; i++) {
		raw_dial(&raw[i], st.world, st.them, US, hello(text, sizeof text, i + 5, 0));
		raw_write(&raw[i], "{\"BlockVote\":\"");
	}
	raw_wait(st.world, SECOND);
	is_uint(netlab_up(st.us), 12, "twelve sessions with a line begun");
	world_knobs(st.world)->tick_us = SECOND / 2; /* what they send lies ready in one turn */
	memset(fill, 'a', sizeof fill - 1);
	raw_write(&raw[0], fill);
	raw_write(&raw[0], fill);
	raw_wait(st.world, 2 * SECOND);
	for (unsigned i = 1; i < 12; i++)
		raw_write(&raw[i], fill + sizeof fill - 2500);
	raw_wait(st.world, 3 * SECOND);
	is_uint(netlab_up(st.us), 11, "one is closed and eleven are left");
	for (unsigned i = 0; i < 12; i++)
		raw_end(&raw[i]);
	leave(&st);
}

static void report(struct netlab *lab, const char *from, const char *ip)
{
	struct session s = { .net = lab->net, .remote = raw_addr(from), .outbound = true };
	struct tn_str text = { ip, (uint32_t)strlen(ip) };

	self_vote(lab->net, &s, &text);
}

/* Three that lie about our address cannot make us give up the node that has it. */
static void liars(void)
{
	struct world *world = world_create(3);
	struct netlab *us =
		netlab_create(world, "us", US,
			      NETWORK "listen = [ \"0.0.0.0\" ]; connect = [ \"" THEM "\" ]; };");
	struct tn_addr them = raw_addr(THEM), self;
	struct raw raw;

	raw_listen(&raw, world_node(world, "them", &them), THEM);
	raw.hang_up = true;
	report(us, "20.1.1.1", THEM);
	report(us, "20.1.2.1", THEM);
	report(us, "21.1.1.1", THEM);
	ok(net_self(us->net, &self), "two netgroups are not enough");
	report(us, "22.1.1.1", THEM);
	is_int(net_self(us->net, &self), 0, "three are");
	netlab_start(us);
	raw_wait(world, 10 * SECOND);
	ok(raw.accepts > 0, "the node at that address is dialed all the same");
	report(us, "23.1.1.1", US);
	report(us, "24.1.1.1", US);
	report(us, "25.1.1.1", US);
	self = raw_addr(THEM);
	net_self(us->net, &self);
	them = raw_addr(US);
	ok(!tn_addr_cmp_ip(&self, &them), "and newer reports are followed");
	raw_end(&raw);
	netlab_free(us);
	world_free(world);
}

/* A plugin that loses interest in an address does not end the operator's interest. */
static void taken_back(void)
{
	struct stage st = stage("connect = [ \"" THEM "\" ];", "");
	struct tn_addr them = raw_addr(THEM), other = raw_addr("51.1.1.1");

	netlab_start(st.us);
	is_int(net_dial(st.us->net, &them, PEER_CANDIDATE, true), TN_EBUSY, "wanted already");
	is_int(net_dial(st.us->net, &them, PEER_CANDIDATE, false), TN_EBUSY, "not his");
	is_int(net_dial(st.us->net, &them, PEER_MANUAL, false), TN_EBUSY, "it is in the file");
	ok(peer_find(st.us->net, &them)->wanted, "still wanted");
	is_int(net_dial(st.us->net, &other, PEER_CANDIDATE, true), 0, "a candidate");
	is_int(net_dial(st.us->net, &other, PEER_CANDIDATE, false), 0, "is given up by who asked");
	ok(!peer_find(st.us->net, &other)->wanted, "and not wanted");
	leave(&st);
}

/* An old node that answers the handshake and is silent for ever: no dial each 10 s. */
static void zombie_storm(void)
{
	struct stage st = stage("connect = [ \"" THEM "\" ]; dial_rule = \"any\";", "");
	struct raw dialed;
	unsigned seen = 0;

	raw_listen(&dialed, st.them, THEM);
	netlab_start(st.us);
	for (unsigned i = 0; i < 3600; i++) {
		raw_wait(st.world, SECOND);
		if (dialed.accepts > seen && strstr(dialed.got, "Handshake")) {
			seen = dialed.accepts;
			raw_write(&dialed, OLD_ACK);
			dialed.n = 0;
			dialed.got[0] = '\0';
		}
	}
	ok(seen >= 40 && seen <= 80, "%u dials in an hour, as the back-off of 60 s says", seen);
	raw_end(&dialed);
	leave(&st);
}

/* An old node that was replaced by a new one is not an old node any more. */
static void upgraded(void)
{
	struct stage st = stage("", "");
	struct tn_addr them = raw_addr(THEM);
	char text[512];

	netlab_start(st.us);
	raw_dial(&st.raw, st.world, st.them, US, OLD_HELLO);
	raw_end(&st.raw);
	ok(peer_find(st.us->net, &them)->legacy, "an old node");
	raw_dial(&st.raw, st.world, st.them, US, hello(text, sizeof text, 7, PORT));
	is_uint(netlab_up(st.us), 1, "a new one at the same address");
	ok(!peer_find(st.us->net, &them)->legacy, "is remembered as a new one");
	raw_end(&st.raw);
	leave(&st);
}

/* No room for an Ack is no session: it must not come up on a socket being closed. */
static void no_room_for_ack(void)
{
	struct stage st = stage("", "");
	char text[512];

	netlab_start(st.us);
	st.us->net->counts.queued_bytes = st.us->set.sessions.queue_node;
	raw_dial(&st.raw, st.world, st.them, US, hello(text, sizeof text, 7, PORT));
	st.us->net->counts.queued_bytes -= st.us->set.sessions.queue_node;
	raw_wait(st.world, SECOND);
	ok(st.raw.ended && !st.raw.n, "closed without a word");
	is_uint(handles_count(st.us->net->sessions), 0, "and gone");
	is_uint(st.us->ups, st.us->downs, "no end without a beginning");
	is_uint(net_off_ended(st.us->net), 0, "balanced");
	raw_end(&st.raw);
	leave(&st);
}

/* Old nodes that dialed us are wanted and cannot be evicted: their number is bounded. */
static void full_table(void)
{
	struct stage st = stage("", "");
	struct tn_addr a = raw_addr("30.0.0.0"), them = raw_addr(THEM);
	struct peer *first;

	netlab_start(st.us);
	for (unsigned i = 0; i < PEERS_MAX; i++) {
		a.ip[14] = (uint8_t)(i >> 8);
		a.ip[15] = (uint8_t)i;
		peer_want(st.us->net, peer_get(st.us->net, &a, false), true);
	}
	first = net_peer_next(st.us->net, NULL);
	raw_dial(&st.raw, st.world, st.them, US, OLD_HELLO);
	ok(!peer_find(st.us->net, &them), "no room for one more stranger");
	ok(strstr(st.raw.got, "Ack") != NULL, "who is served all the same");
	is_int(net_add_manual(st.us->net, &them), 0, "the operator's peer has room");
	peer_want(st.us->net, first, false);
	a.ip[13] = 9;
	ok(peer_get(st.us->net, &a, false) != NULL, "a place that came free is used");
	raw_end(&st.raw);
	leave(&st);
}

/* The core's own messages have a limit as well: nobody decodes a megabyte of features. */
static void long_ack(void)
{
	struct stage st = stage("whitelist = [ \"50.0.0.0/8\" ];", "");
	static char line[200000];
	const struct account_row *row = NULL;
	struct session *s;
	char text[512];

	netlab_start(st.us);
	raw_dial(&st.raw, st.world, st.them, US, hello(text, sizeof text, 7, 0));
	memset(line, ' ', sizeof line - 1);
	memcpy(line, "{\"Ack\":", 7);
	memcpy(line + 100000, "{\"message_type\":\"x\"}}\n", 23);
	raw_write(&st.raw, line);
	raw_wait(st.world, 20 * SECOND);
	s = netlab_single(st.us);
	for (unsigned i = 0; s && i < s->account.rows; i++)
		if (s->account.row[i].id == st.us->net->ack_id)
			row = &s->account.row[i];
	ok(row && row->received == 1 && account_refused(row, ACCOUNT_IN) == 1,
	   "refused for its size");
	ok(s && !session_off(s) && !s->in.room, "balanced, and nothing kept of it");
	raw_end(&st.raw);
	leave(&st);
}

/* Banned candidates do not keep the places of others until their bans end. */
static void banned_candidates(void)
{
	struct stage st = stage("dial_rule = \"any\";", "sessions: { outbound = 2; };");
	struct tn_addr a = raw_addr("30.0.0.0"), good = raw_addr(THEM);
	struct tn_subnet net;
	struct raw dialed;

	raw_listen(&dialed, st.them, THEM);
	netlab_start(st.us);
	tn_subnet_parse(&net, "30.0.0.0/8", 10);
	net_ban(st.us->net, &net, 3600000, "test");
	for (unsigned i = 0; i < 4; i++) {
		a.ip[15] = (uint8_t)(i + 1);
		net_dial(st.us->net, &a, PEER_CANDIDATE, true);
	}
	is_int(net_dial(st.us->net, &good, PEER_CANDIDATE, true), 0, "there is room for another");
	raw_wait(st.world, 5 * SECOND);
	ok(dialed.accepts > 0, "which is dialed");
	raw_end(&dialed);
	leave(&st);
}

/* While we pause a peer its silence is not counted, nor what it said meanwhile as old. */
static void our_pause(void)
{
	struct stage st = stage("", "");
	struct session *s;
	char text[512];

	netlab_start(st.us);
	raw_dial(&st.raw, st.world, st.them, US, hello(text, sizeof text, 7, 0));
	s = netlab_single(st.us);
	net_pause(st.us->net, s);
	raw_wait(st.world, 30 * SECOND);
	ok(session_quiet_ms(s, net_now(st.us->net)) < 3000, "a pause of ours is no silence of his");
	s->in.kept = (uint8_t *)strdup(PING); /* what had been read before the pause */
	s->in.n = s->in.room = strlen(PING);
	st.us->net->counts.partial_bytes += s->in.room;
	net_resume(st.us->net, s);
	raw_wait(st.world, SECOND);
	is_uint(st.us->lines, 1, "the line that waited is taken");
	ok(session_quiet_ms(s, net_now(st.us->net)) < 3000, "and he was heard just now");
	raw_end(&st.raw);
	leave(&st);
}

/* All addresses of one IPv6 subscriber share max_per_ip. */
static void one_subscriber(void)
{
	struct world *world = world_create(3);
	struct netlab *us = netlab_create(world, "us", "2001:db9::1",
					  NETWORK "listen = [ \"[2001:db9::1]:24100\" ]; };");
	struct tn_addr here = raw_addr("2001:db9:5::");
	struct raw raw[6];
	char text[512];

	netlab_start(us);
	for (unsigned i = 0; i < 6; i++) {
		here.ip[7] = i == 5;
		here.ip[15] = (uint8_t)(i + 1);
		raw_dial(&raw[i], world, world_node(world, "one", &here), "2001:db9::1",
			 hello(text, sizeof text, i + 5, 0));
	}
	is_uint(netlab_up(us), 4, "three of one /64 and one of another");
	for (unsigned i = 0; i < 6; i++)
		raw_end(&raw[i]);
	netlab_free(us);
	world_free(world);
}

/* Two nodes behind one address claim the same port: the first keeps its record. */
static void same_port(void)
{
	struct stage st = stage("", "");
	struct tn_addr them = raw_addr(THEM);
	struct raw other;
	struct peer *p;
	char text[512];

	netlab_start(st.us);
	raw_dial(&st.raw, st.world, st.them, US, hello(text, sizeof text, 7, PORT));
	raw_dial(&other, st.world, st.them, US, hello(text, sizeof text, 8, PORT));
	is_uint(netlab_up(st.us), 2, "two nodes behind one address");
	p = peer_find(st.us->net, &them);
	is_uint(p->state, LINK_UP, "their record is up");
	is_uint(p->node_id, 7, "the record is the first one's");
	raw_end(&other);
	raw_wait(st.world, SECOND);
	is_uint(netlab_up(st.us), 1, "the second leaves");
	ok(p->state == LINK_UP && peer_session(st.us->net, p), "the record is still linked");
	raw_end(&st.raw);
	leave(&st);
}

/* A peer taken out of the file waits for nothing any more, and `why` says so. */
static void taken_out(void)
{
	struct stage st = stage("connect = [ \"" THEM "\" ];", "");
	struct tn_addr them = raw_addr(THEM);
	struct peer *p;
	uint64_t dials;

	netlab_start(st.us);
	raw_wait(st.world, 200 * SECOND);
	p = peer_find(st.us->net, &them);
	ok(counts(st.us).dials > 0 && p->state == LINK_BACKOFF, "nobody there: backing off");
	dials = counts(st.us).dials;
	st.us->set.network.connect.n = 0;
	net_reload(st.us->net);
	ok(p->state == LINK_IDLE && !p->timer, "idle once it is out of the file");
	raw_wait(st.world, 200 * SECOND);
	is_uint(counts(st.us).dials, dials, "and not dialed");
	leave(&st);
}

/* Having waited for the other side and failed to dial it, the back-off counts, not the
 * whole passive_wait each time.
 */
static void waited_once(void)
{
	struct stage st = stage("connect = [ \"" THEM "\" ];", "");
	unsigned dials;

	netlab_start(st.us);
	raw_wait(st.world, 400 * SECOND);
	dials = (unsigned)counts(st.us).dials;
	ok(dials >= 8 && dials <= 20, "%u dials within 400 s, 60 s of them waiting", dials);
	leave(&st);
}

int main(void)
{
	corpse();
	unreachable_old();
	two_records();
	refusal_flood();
	one_hog();
	liars();
	taken_back();
	zombie_storm();
	upgraded();
	no_room_for_ack();
	full_table();
	long_ack();
	banned_candidates();
	our_pause();
	one_subscriber();
	same_port();
	taken_out();
	waited_once();
	return done_testing();
}
