/* SPDX-License-Identifier: MIT
 * t/50-sim-peer-old.c - the old node behaves as the reference is documented to
 *
 * Two old nodes with each other, and one with a raw peer that writes what it likes.
 */
#include <stdio.h>
#include <string.h>

#include "lib/tap.h"
#include "sim/old_scene.h"

#define HELLO \
	"{\"Handshake\":{\"magic\":[84,73,77,69],\"protocol_version\":1,\"network\":\"testnet\"}}\n"
#define ACK "{\"Ack\":{\"message_type\":\"Handshake\"}}\n"
#define WELCOME ACK "\"GetPeers\"\n"

/* ---- two old nodes: text order decides (3.4 rule D), pings go on (5) */

struct two {
	struct world *world;
	struct peer_old *node[2];
	const char *ip[2];
};

static struct two two(const char *a, const char *b)
{
	struct two t = { .world = world_create(3), .ip = { a, b } };

	for (unsigned i = 0; i < 2; i++) {
		struct tn_addr at = raw_addr(t.ip[i]);
		struct peer_old_conf conf = {
			.ip = t.ip[i], .port = PORT, .known = t.ip, .knows = 2, .dials = true
		};

		t.node[i] = peer_old_create(world_node(t.world, t.ip[i], &at), &conf, NULL);
	}
	return t;
}

static void text_order(const char *dialer, const char *other)
{
	struct two t = two(dialer, other);
	struct peer_old_about d, o;

	raw_wait(t.world, 10 * SECOND);
	d = peer_old_about(t.node[0], other);
	o = peer_old_about(t.node[1], dialer);
	is_uint(d.opened[PEER_OLD_DIALED], 1, "%s dials %s: first in text order", dialer, other);
	is_uint(o.opened[PEER_OLD_DIALED] + o.refused, 0, "who does not dial back");
	is_uint(o.opened[PEER_OLD_ACCEPTED], 1, "but accepts");
	is_uint(d.pings_sent, 2, "two pings at once");
	raw_wait(t.world, 3600 * SECOND);
	d = peer_old_about(t.node[0], other);
	o = peer_old_about(t.node[1], dialer);
	is_uint(d.pings_sent, 122, "then one each 30 s");
	ok(d.pings_matched == d.pings_sent && o.pongs_sent == d.pings_sent, "all answered");
	is_uint(d.open[PEER_OLD_DIALED], 1, "on the same session after an hour");
	is_uint(d.opened[PEER_OLD_DIALED], 1, "the first one");
	ok(d.longest_us[PEER_OLD_DIALED] > 29 * SECOND &&
		   d.longest_us[PEER_OLD_DIALED] < 32 * SECOND,
	   "never longer than 30 s without a match");
	ok(o.longest_us[PEER_OLD_ACCEPTED] < 32 * SECOND, "at the other end as well");
	is_uint(d.faults + o.faults, 0, "nobody is blamed");
	peer_old_free(t.node[0]);
	peer_old_free(t.node[1]);
	world_free(t.world);
}

/* ---- 3.1, 3.3: what a listener says, and to whom */

static void handshakes(void)
{
	static const struct {
		const char *line;
		bool blamed, closed;
	} first[] = {
		{ HELLO, false, false },
		{ "{\"Handshake\":[[84,73,77,69],1,\"x\"]}\n", false, false },
		{ "{\"Handshake\":{\"magic\":[84,73,77,68],\"protocol_version\":1,\"network\":\"\"}}\n",
		  true, true },
		{ "{\"Handshake\":{\"magic\":[84,73,77,69],\"protocol_version\":2,\"network\":\"\"}}\n",
		  true, true },
		{ "~W~M\n", true, true },
		{ "\"GetPeers\"\n", false, true },
		{ "{\"Handshake\":{\"magic\":[84,73,77,69],\"protocol_version\":1}}\n", true,
		  false },
		{ "\xff\n", false, true },
	};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		struct scene s = scene("70.0.0.1", "60.0.0.1", false, 0);
		struct raw r;

		scene_dial(&r, &s, first[i].line);
		is_str(r.got, i < 2 ? WELCOME : "", "first line %u: answered, or not", (unsigned)i);
		is_uint(scene_about(&s).faults, first[i].blamed, "blamed or not");
		is_int(r.ended, first[i].closed, "closed or not");
		raw_end(&r);
		scene_leave(&s);
	}
}

static void requests(void)
{
	struct scene s = scene("70.0.0.1", "60.0.0.1", false, 0);
	struct raw r;

	scene_dial(&r, &s, HELLO);
	raw_send(&r, s.world, "{\"Ping\":{\"nonce\":18446744073709551615,\"timestamp\":1}}\n");
	ok(strncmp(r.got, "{\"Pong\":{\"nonce\":18446744073709551615,", 38) == 0, "a pong");
	raw_send(&r, s.world,
		 "{\"PeersResponse\":[\"1.2.3.4:24100\",\"1.2.3.4\"]}\n\"GetPeers\"\n");
	is_str(r.got, "{\"PeersResponse\":[\"1.2.3.4\"]}\n", "peers it is told of it tells of");
	raw_send(&r, s.world, "\"GetBlockHeight\"\n");
	is_str(r.got, "{\"BlockHeightResponse\":0}\n", "a height");
	raw_send(&r, s.world, HELLO "{\"Pong\":{\"nonce\":1,\"timestamp\":1}}\n");
	is_str(r.got, "", "no answer to the rest");
	is_uint(scene_about(&s).faults, 0, "and no blame");
	raw_end(&r);
	scene_leave(&s);
}

/* ---- 3.4 rule T: a second session of a lower address gets an Ack and is never read;
 * replies for the first one go there (3.6).
 */
static void zombie(void)
{
	struct scene s = scene("70.0.0.1", "60.0.0.1", false, 0);
	struct raw first, second, third;

	scene_dial(&first, &s, HELLO);
	is_str(first.got, WELCOME, "the first session is served");
	scene_dial(&second, &s, HELLO);
	is_str(second.got, ACK, "the second gets an Ack and no more");
	is_uint(scene_about(&s).rejected, 1, "it is rejected");
	raw_send(&second, s.world, "{\"Ping\":{\"nonce\":2,\"timestamp\":1}}\n");
	is_str(second.got, "", "what it says is not read");
	ok(!second.ended && !first.ended, "and yet both sockets stay open");
	raw_send(&first, s.world, "{\"Ping\":{\"nonce\":1,\"timestamp\":1}}\n");
	is_str(first.got, "", "a ping on the first is not answered there");
	ok(strncmp(second.got, "{\"Pong\":{\"nonce\":1,", 19) == 0, "but on the second");
	is_uint(scene_about(&s).pongs_elsewhere, 1, "which is counted");
	scene_dial(&third, &s, HELLO);
	is_str(third.got, WELCOME, "the rejected one took the mark along: the next is served");
	ok(second.ended, "and replaces its writer");
	raw_end(&first);
	raw_end(&second);
	raw_end(&third);
	scene_leave(&s);
}

static void higher_replaces(bool shut)
{
	struct scene s = scene_of("70.0.0.1", "80.0.0.1", false, 0, shut);
	struct raw first, second;

	scene_dial(&first, &s, HELLO);
	scene_dial(&second, &s, HELLO);
	is_str(second.got, WELCOME, "a second session of a higher address is served");
	is_uint(scene_about(&s).open[PEER_OLD_ACCEPTED], 2, "beside the first");
	is_int(first.ended, shut, "whose socket is half closed if so configured");
	raw_send(&first, s.world, "{\"Ping\":{\"nonce\":1,\"timestamp\":1}}\n");
	is_str(first.got, "", "whose replies go");
	ok(strncmp(second.got + sizeof(WELCOME) - 1, "{\"Pong\"", 7) == 0, "to the new writer");
	raw_end(&first);
	raw_end(&second);
	scene_leave(&s);
}

/* 3.4: the end of a dialed session takes the writer of an accepted one along. */
static void writer_goes_with_the_dial(void)
{
	struct scene s = scene("50.0.0.1", "60.0.0.1", true, 0);
	struct raw theirs, ours;

	raw_listen(&theirs, s.raw_env, s.raw_ip);
	raw_wait(s.world, SECOND);
	is_uint(theirs.accepts, 1, "it dials us");
	scene_dial(&ours, &s, HELLO);
	is_str(ours.got, WELCOME, "and serves our own session, for we are higher");
	raw_send(&ours, s.world, "{\"Ping\":{\"nonce\":1,\"timestamp\":1}}\n");
	is_uint(scene_about(&s).pongs_sent, 1, "pings are answered");
	raw_end(&theirs);
	raw_wait(s.world, SECOND);
	raw_send(&ours, s.world, "{\"Ping\":{\"nonce\":2,\"timestamp\":1}}\n");
	is_str(ours.got, "", "until its own session ends");
	is_uint(scene_about(&s).pongs_lost, 1, "then the reply has no way");
	ok(!ours.ended, "though the socket is open");
	raw_end(&ours);
	scene_leave(&s);
}

/* ---- 1.3, 1.5: violations and bans */

static unsigned bad_lines(struct scene *s, const char *line)
{
	struct raw r;

	scene_dial(&r, s, line);
	raw_end(&r);
	raw_wait(s->world, SECOND);
	return scene_about(s).violations;
}

static void bans(void)
{
	struct scene s = scene("70.0.0.1", "60.0.0.1", false, 0);
	struct raw r;

	scene_dial(&r, &s, HELLO);
	raw_send(&r, s.world, "\n");
	is_uint(scene_about(&s).violations, 1, "a blank line is a violation");
	raw_send(&r, s.world, "\"GetChainTip\"\n");
	is_uint(scene_about(&s).violations, 2, "so is a name of later days");
	is_str(peer_old_counts(s.old).unparsable_text, "\"GetChainTip\"", "which is known");
	raw_send(&r, s.world, "{\"Ping\":{\"nonce\":-1,\"timestamp\":1}}\n\"GetBlockHeight\"\n");
	is_uint(scene_about(&s).bans, 1, "the third is a ban");
	is_str(r.got, "", "and the end of the session");
	ok(!r.ended, "whose socket stays, for its writer is registered");
	raw_end(&r);
	scene_dial(&r, &s, HELLO);
	ok(r.ended && !r.n, "who is banned is turned away");
	is_uint(scene_about(&s).turned_away, 1, "at the door");
	raw_wait(s.world, 290 * SECOND);
	scene_dial(&r, &s, HELLO);
	ok(r.ended, "still after 290 s");
	raw_wait(s.world, 10 * SECOND);
	is_uint(bad_lines(&s, "x\n"), 4, "after 300 s it may come again");
	is_uint(bad_lines(&s, "x\n"), 5, "the fifth");
	is_uint(scene_about(&s).bans, 2, "is another ban");
	raw_wait(s.world, 3500 * SECOND);
	is_uint(bad_lines(&s, "x\n"), 5, "of an hour");
	raw_wait(s.world, 110 * SECOND);
	is_uint(bad_lines(&s, "x\n"), 1, "after which the count begins anew");
	scene_leave(&s);
}

/* 1.5: the text before the first colon is no address, so IPv6 is 127.0.0.1 to it. */
static void ipv6_is_one_address(void)
{
	struct scene s = scene("2001:db8::7", "2001:db8::1", false, 0);

	bad_lines(&s, "x\n");
	is_uint(scene_about(&s).faults, 0, "over IPv6 the one who did it is not blamed");
	is_uint(peer_old_about(s.old, "127.0.0.1").faults, 1, "but 127.0.0.1");
	scene_leave(&s);
}

/* A ban does not end sessions that are open: they carry the count to ten. */
static void live_sessions_count_on(void)
{
	struct scene s = scene("70.0.0.1", "80.0.0.1", false, 0);
	struct raw r[8];

	for (unsigned i = 0; i < 8; i++)
		scene_dial(&r[i], &s, HELLO);
	is_uint(scene_about(&s).open[PEER_OLD_ACCEPTED], 8, "eight sessions of one address");
	raw_send(&r[0], s.world, "a\nb\nc\nnot read any more\n");
	is_uint(scene_about(&s).violations, 3, "three");
	raw_send(&r[1], s.world, "d\ne\nnot read any more\n");
	is_uint(scene_about(&s).violations, 5, "five");
	raw_send(&r[2], s.world, "f\ng\nh\ni\n");
	is_uint(scene_about(&s).open[PEER_OLD_ACCEPTED], 6, "six to nine are warnings");
	raw_send(&r[2], s.world, "j\n");
	ok(scene_about(&s).permanent && scene_about(&s).bans == 3, "ten is for ever");
	raw_send(&r[3], s.world, "k\nnot read any more\n");
	is_uint(scene_about(&s).violations, 11, "beyond that each one");
	is_uint(scene_about(&s).open[PEER_OLD_ACCEPTED], 4, "ends its session");
	for (unsigned i = 0; i < 8; i++)
		raw_end(&r[i]);
	raw_wait(s.world, 86400 * SECOND);
	scene_dial(&r[0], &s, HELLO);
	ok(r[0].ended && !r[0].n, "a day later it is still banned");
	raw_end(&r[0]);
	scene_leave(&s);
}

/* The count of the session never restarts, that of the address does. */
static void ten_in_one_session(void)
{
	struct scene s = scene("70.0.0.1", "60.0.0.1", false, 0);
	struct raw r;

	scene_dial(&r, &s, HELLO);
	for (unsigned i = 0; i < 9; i++) {
		raw_send(&r, s.world, "x\n");
		raw_wait(s.world, 3601 * SECOND);
	}
	is_uint(scene_about(&s).open[PEER_OLD_ACCEPTED], 1, "nine bad lines in nine hours");
	raw_send(&r, s.world, "x\n");
	is_uint(scene_about(&s).open[PEER_OLD_ACCEPTED], 0, "the tenth ends the session");
	ok(scene_about(&s).violations == 1 && !scene_about(&s).bans, "without a ban");
	raw_end(&r);
	scene_leave(&s);
}

/* ---- 1.1: the tear */

#define HALF_A "{\"Ping\":"
#define HALF_B "{\"nonce\":1,\"timestamp\":2}}\n"

static void tear_of_listener(uint64_t broadcast, unsigned torn)
{
	struct scene s = scene("70.0.0.1", "60.0.0.1", false, broadcast);
	struct raw r;
	bool answered;

	scene_dial(&r, &s, HELLO);
	raw_send(&r, s.world, HALF_A);
	raw_wait(s.world, 5 * SECOND);
	raw_send(&r, s.world, HALF_B);
	answered = strstr(r.got, "{\"Pong\":{\"nonce\":1,") != NULL;
	is_int(answered, !torn, "a line in two segments, %s", torn ? "torn" : "whole");
	is_uint(peer_old_counts(s.old).torn, torn, "lines torn");
	is_uint(scene_about(&s).faults, torn, "and we are blamed for it");
	if (torn)
		is_str(peer_old_counts(s.old).unparsable_text, "{\"nonce\":1,\"timestamp\":2}}",
		       "its second half was read");
	raw_end(&r);
	scene_leave(&s);
}

static void tear_of_dialer(void)
{
	struct scene s = scene("50.0.0.1", "60.0.0.1", true, 0);
	struct raw r;

	raw_listen(&r, s.raw_env, s.raw_ip);
	raw_wait(s.world, SECOND);
	raw_send(&r, s.world, HALF_A HALF_B);
	ok(strstr(r.got, "{\"Pong\":{\"nonce\":1,") != NULL, "a dialer answers Ping");
	raw_send(&r, s.world, HALF_A);
	raw_wait(s.world, 10 * SECOND);
	raw_send(&r, s.world, HALF_B);
	is_uint(peer_old_counts(s.old).torn, 1, "its 10 s tick tears a line");
	is_uint(scene_about(&s).pongs_sent, 1, "which is not answered");
	raw_send(&r, s.world, "\n\"GetPeers\"\n\"GetBlockHeight\"\nrubbish\n");
	is_str(r.got, "", "nor is anything else");
	is_uint(scene_about(&s).faults, 0, "but nobody is blamed");
	is_uint(scene_about(&s).open[PEER_OLD_DIALED], 1, "and the session goes on");
	is_uint(peer_old_counts(s.old).dropped, 4, "four lines were dropped, a blank one is none");
	raw_end(&r);
	scene_leave(&s);
}

/* A last line without LF is a line. */
static void cut_by_the_end(void)
{
	struct scene s = scene("70.0.0.1", "60.0.0.1", false, 0);
	struct raw r;

	scene_dial(&r, &s, HELLO "\"GetPe");
	r.env->ops->shut(r.conn);
	raw_wait(s.world, SECOND);
	is_str(peer_old_counts(s.old).unparsable_text, "\"GetPe", "a last line without LF is read");
	is_uint(scene_about(&s).faults, 1, "as any other");
	is_uint(scene_about(&s).open[PEER_OLD_ACCEPTED], 0, "then the session ends");
	raw_end(&r);
	scene_leave(&s);
}

/* ---- 6.2, 5: when it dials again */

static void redial_after_errors(void)
{
	static const unsigned at[] = { 5, 15, 25, 35, 65, 75, 145, 155 };
	static const unsigned want[] = { 1, 2, 2, 3, 3, 4, 4, 5 };
	struct scene s = scene("50.0.0.1", "60.0.0.1", true, 0);
	uint64_t start = world_now(s.world);

	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		world_run(s.world, start + at[i] * SECOND);
		is_uint(scene_about(&s).refused, want[i], "dials refused after %u s", at[i]);
	}
	world_run(s.world, start + 1260 * SECOND);
	is_uint(scene_about(&s).refused, 9, "nine in 21 minutes: 10, 20, 40 ... 300 s apart");
	scene_leave(&s);
}

static void redial_after_an_end(void)
{
	struct scene s = scene("50.0.0.1", "60.0.0.1", true, 0);
	struct raw r;

	raw_listen(&r, s.raw_env, s.raw_ip);
	r.hang_up = true;
	raw_wait(s.world, 60 * SECOND + SECOND / 2);
	ok(r.accepts >= 11 && r.accepts <= 13, "hung up on, it comes back each 5 s: %u", r.accepts);
	raw_end(&r);
	scene_leave(&s);
}

static void an_end_forgets_errors(void)
{
	struct scene s = scene("50.0.0.1", "60.0.0.1", true, 0);
	struct raw r;

	raw_wait(s.world, 50 * SECOND);
	is_uint(scene_about(&s).refused, 3, "three errors, the next dial is 40 s after the last");
	raw_listen(&r, s.raw_env, s.raw_ip);
	r.hang_up = true;
	raw_wait(s.world, 35 * SECOND);
	ok(r.accepts >= 3, "one success, and it is 5 s again: %u", r.accepts);
	raw_end(&r);
	scene_leave(&s);
}

static void ping_timeout(void)
{
	struct scene s = scene("50.0.0.1", "60.0.0.1", true, 0);
	struct raw r;

	raw_listen(&r, s.raw_env, s.raw_ip);
	raw_wait(s.world, 115 * SECOND);
	is_uint(scene_about(&s).pings_sent, 5, "five pings and no answer");
	ok(!r.ended && scene_about(&s).timeouts == 0, "two missed do not end it");
	raw_wait(s.world, 20 * SECOND);
	is_uint(scene_about(&s).timeouts, 1, "the third does");
	is_uint(r.accepts, 1, "it waits 5 s");
	raw_wait(s.world, 10 * SECOND);
	is_uint(r.accepts, 2, "and dials again");
	ok(scene_about(&s).longest_us[PEER_OLD_DIALED] > 110 * SECOND, "the silence is known");
	raw_end(&r);
	scene_leave(&s);
}

/* 6.1 phase 3, 4.2: an address it is told of is dialed within two minutes. */
static void gossip_is_dialed(void)
{
	struct scene s = scene("50.0.0.1", "60.0.0.1", true, 0);
	struct tn_addr at = raw_addr("90.0.0.1");
	struct raw r, listener;

	raw_listen(&listener, world_node(s.world, "third", &at), "90.0.0.1");
	scene_dial(&r, &s, HELLO);
	raw_send(&r, s.world, "{\"PeersResponse\":[\"90.0.0.1:24100\",\"40.0.0.1\"]}\n");
	raw_wait(s.world, 60 * SECOND);
	is_uint(listener.accepts, 0, "not at once");
	raw_wait(s.world, 60 * SECOND);
	is_uint(listener.accepts, 1, "but in the next phase 3");
	is_uint(peer_old_about(s.old, "40.0.0.1").refused, 0, "rule D holds there, too");
	raw_end(&r);
	raw_end(&listener);
	scene_leave(&s);
}

int main(void)
{
	text_order("50.28.104.50", "69.167.168.176");
	text_order("10.0.0.1", "9.0.0.1");
	text_order("165.84.215.117", "50.28.104.50");
	handshakes();
	requests();
	zombie();
	higher_replaces(false);
	higher_replaces(true);
	writer_goes_with_the_dial();
	bans();
	ipv6_is_one_address();
	live_sessions_count_on();
	ten_in_one_session();
	tear_of_listener(SECOND, 1);
	tear_of_listener(0, 0);
	tear_of_dialer();
	cut_by_the_end();
	redial_after_errors();
	redial_after_an_end();
	an_end_forgets_errors();
	ping_timeout();
	gossip_is_dialed();
	return done_testing();
}
