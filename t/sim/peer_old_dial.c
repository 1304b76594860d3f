/* SPDX-License-Identifier: MIT
 * t/sim/peer_old_dial.c - the old node as dialer (doc/protocol.md 8.5)
 */
#include "sim/peer_old_impl.h"

#include <inttypes.h>
#include <string.h>

#define RETRY_US (5 * OLD_SECOND_US)
#define RETRY_MAX_US (300 * OLD_SECOND_US)
#define PING_US (30 * OLD_SECOND_US)
#define CHECK_US (10 * OLD_SECOND_US)
#define PING_TIMEOUT_US (90 * OLD_SECOND_US)
#define MISSED_MAX 3
#define GIVE_UP 10

/* ---- pings */

static void ping(struct old_session *s)
{
	uint64_t nonce;

	env_random(s->node->env, &nonce, sizeof(nonce));
	if (s->pendings == OLD_PENDING) {
		s->pendings--;
		memmove(s->pending, s->pending + 1, s->pendings * sizeof(s->pending[0]));
	}
	s->pending[s->pendings++] = (struct old_ping){ nonce, env_mono_us(s->node->env) };
	s->host->about.pings_sent++;
	old_write(s, "{\"Ping\":{\"nonce\":%" PRIu64 ",\"timestamp\":%" PRId64 "}}", nonce,
		  env_wall_us(s->node->env) / 1000000);
}

static void forget_ping(struct old_session *s, unsigned i)
{
	s->pendings--;
	memmove(s->pending + i, s->pending + i + 1, (s->pendings - i) * sizeof(s->pending[0]));
}

static void ping_tick(void *arg)
{
	struct old_session *s = arg;

	s->ping_timer = timers_add(s->node->timers, PING_US, ping_tick, s);
	old_tear(s);
	ping(s);
}

static void check_tick(void *arg)
{
	struct old_session *s = arg;
	uint64_t now = env_mono_us(s->node->env);

	s->check_timer = timers_add(s->node->timers, CHECK_US, check_tick, s);
	old_tear(s);
	while (s->pendings && now - s->pending[0].at_us > PING_TIMEOUT_US) {
		forget_ping(s, 0);
		s->missed++;
		s->host->about.pings_missed++;
	}
	if (s->missed < MISSED_MAX)
		return;
	s->host->about.timeouts++;
	old_loop_end(s);
}

static void pong(struct old_session *s, uint64_t nonce)
{
	for (unsigned i = 0; i < s->pendings; i++) {
		if (s->pending[i].nonce != nonce)
			continue;
		forget_ping(s, i);
		s->missed = 0;
		s->host->about.pings_matched++;
		old_matched(s);
		return;
	}
}

/* ---- the dial task of one address */

static void connect_now(struct old_host *h);

static void wake(void *arg)
{
	struct old_host *h = arg;

	h->timer = 0;
	h->reconnect_us = 0;
	if (h->outbound || h->inbound)
		return; /* the task ends; phase 3 may begin another */
	h->outbound = true;
	connect_now(h);
}

static void sleep_and_retry(struct old_host *h)
{
	h->reconnect_us = env_mono_us(h->node->env) + h->retry_us;
	h->timer = timers_add(h->node->timers, h->retry_us, wake, h);
}

static void dial_failed(struct old_host *h)
{
	h->outbound = false;
	h->about.refused++;
	if (++h->failures >= GIVE_UP)
		return;
	h->retry_us = h->retry_us * 2 < RETRY_MAX_US ? h->retry_us * 2 : RETRY_MAX_US;
	sleep_and_retry(h);
}

static void connect_now(struct old_host *h)
{
	struct peer_old *node = h->node;
	struct tn_addr to;
	struct old_session *s;

	if (tn_addr_parse(&to, h->ip, strlen(h->ip))) {
		dial_failed(h);
		return;
	}
	to.port = node->port;
	s = old_session_create(node, h, true);
	s->conn = node->env->ops->connect(node->env, &to, &node->ip, &old_events, s, NULL);
	if (s->conn)
		return;
	node->sessions = s->next;
	old_session_free(s);
	dial_failed(h);
}

void old_spawn(struct old_host *h)
{
	h->outbound = true;
	h->retry_us = RETRY_US;
	h->failures = 0;
	connect_now(h);
}

void old_dial_connected(struct old_session *s, int err)
{
	struct peer_old *node = s->node;

	if (err) {
		old_close(s);
		dial_failed(s->host);
		return;
	}
	s->reading = true;
	s->matched_us = env_mono_us(node->env);
	s->host->about.opened[PEER_OLD_DIALED]++;
	old_write(s, "%s",
		  node->handshake ? node->handshake
				  : "{\"Handshake\":{\"magic\":[84,73,77,69],"
				    "\"protocol_version\":1,\"network\":\"mainnet\"}}");
	ping(s);
	ping_tick(s);
	check_tick(s);
}

/* Only Ping and Pong mean something here; what cannot be read is forgotten. */
void old_loop_line(struct old_session *s, const char *p, size_t n)
{
	struct old_line l;

	if (strspn(p, " \t\r") == n)
		return;
	l = old_parse(p, n, NULL, NULL);
	if (l.kind == OLD_PONG) {
		pong(s, l.nonce);
	} else if (l.kind == OLD_PING) {
		s->host->about.pongs_sent++;
		old_write(s, "{\"Pong\":{\"nonce\":%" PRIu64 ",\"timestamp\":%" PRId64 "}}",
			  l.nonce, env_wall_us(s->node->env) / 1000000);
	} else {
		s->node->counts.dropped++;
	}
}

/* Whatever ended it counts as graceful; the registry entry of the address goes with it,
 * whosever it is.
 */
void old_loop_end(struct old_session *s)
{
	struct old_host *h = s->host;

	s->reading = false;
	old_measure(s);
	h->about.closed[PEER_OLD_DIALED]++;
	old_close(s);
	h->outbound = false;
	old_unregister(h);
	h->failures = 0;
	h->retry_us = RETRY_US;
	sleep_and_retry(h);
}

/* ---- phases 1 to 3: whom to dial */

static void spawn_next(void *arg);

static struct old_host *next_to_dial(struct peer_old *node)
{
	uint64_t now = env_mono_us(node->env);

	for (struct old_host *h = node->hosts; h; h = h->next)
		if (h->candidate && h->spawn_us < node->phase_us && old_may_dial(h) &&
		    h->reconnect_us <= now && !h->timer)
			return h;
	return NULL;
}

/* One, and 100 ms later the next. */
static void spawn_next(void *arg)
{
	struct peer_old *node = arg;
	struct old_host *h = next_to_dial(node);

	if (!h)
		return;
	h->spawn_us = node->phase_us;
	old_spawn(h);
	timers_add(node->timers, OLD_SECOND_US / 10, spawn_next, node);
}

void old_phase(struct peer_old *node)
{
	node->phase_us = env_mono_us(node->env);
	spawn_next(node);
}
