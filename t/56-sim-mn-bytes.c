/* SPDX-License-Identifier: MIT
 * t/56-sim-mn-bytes.c - what masternodes cost: bytes a second and node, and how that grows
 *
 * Counted for 10, 100 and 1,000 of them, message by message, as mesh.c decides; the count is
 * held against the simulator for as many as the arguments say (10 and 64; `10 64 100` takes
 * two minutes). What all of them send must grow slower than the square of their number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "masternodes/beats.h"
#include "plug/impl.h"
#include "sim/fleet.h"

#define SECOND 1000000ull
#define MINUTE (60 * SECOND)
#define MOST 1024
#define KINDS 3
#define FULL_MINUTES 2 /* a multiple of the stride */

static const char *const name[KINDS] = { "HeartbeatBroadcast", "HeartbeatAttestation",
					 "MasternodeAnnouncement" };

/* ---- counted */

struct cost {
	double sent[KINDS]; /* messages a minute and node */
	double bytes;       /* sent a second and node; as many are received */
};

/* Bytes of a line on the average: all but three of each have the same form. */
static void line_bytes(double out[KINDS])
{
	struct tn_heartbeat h = { .masternode_address = { "203.0.113.7", 11 },
				  .sequence_number = 1766102400,
				  .timestamp = 1766102400 };
	struct tn_attestation t = { .witness_address = h.masternode_address,
				    .witness_timestamp = h.timestamp };
	struct tn_announcement a = { .address = h.masternode_address,
				     .timestamp = h.timestamp,
				     .has_signature = true };
	char address[] = "TIME08sCbGZYLhzyQCFuo22hyevhvD27TL9aY9";
	const double more = 357 / 100.0 - 2; /* of a byte as a number, against a 0 */

	a.reward_address = (struct tn_str){ address, (uint32_t)strlen(address) };
	out[0] = (double)tn_line_write(name[0], &tn_wire_heartbeat, &h, NULL, 0) + more * 96;
	out[1] = (double)tn_line_write(name[1], &tn_wire_attestation, &t, NULL, 0) + more * 128;
	out[2] = (double)tn_line_write(name[2], &tn_wire_announcement, &a, NULL, 0) + more * 96;
}

static uint32_t links_of(uint32_t n, uint32_t me, uint32_t from, uint32_t subject,
			 struct mesh_link *link)
{
	uint32_t out[MESH_TARGETS], found = mesh_targets(n, me, out), k = 0;

	for (uint32_t i = 0; i < found; i++)
		if (out[i] != from && out[i] != subject)
			link[k++] = (struct mesh_link){ .id = (uint64_t)me * MOST + out[i],
							.place = out[i],
							.kind = MESH_RING };
	return k;
}

/* Copies of one relayed heartbeat, its masternode's own included. */
static uint64_t copies(uint32_t n, uint32_t subject, uint64_t draw)
{
	static uint32_t queue[MOST], from[MOST];
	static bool has[MOST];
	struct mesh_link link[MESH_TARGETS];
	uint32_t head = 0, tail = 0, k = links_of(n, subject, n, n, link);
	uint64_t sent = 0;

	memset(has, 0, sizeof has);
	has[subject] = true;
	for (uint32_t me = subject;; me = queue[head++]) {
		if (me != subject) {
			k = links_of(n, me, from[me], subject, link);
			mesh_relay(link, k, me, draw);
		}
		for (uint32_t i = 0; i < k; i++) {
			if (me != subject && !link[i].chosen)
				continue;
			sent++;
			if (has[link[i].place])
				continue;
			has[link[i].place] = true;
			from[link[i].place] = me;
			queue[tail++] = link[i].place;
		}
		if (head == tail)
			return sent;
	}
}

static uint32_t steps(uint32_t n, uint32_t from, uint32_t to)
{
	struct mesh_link link[MESH_TARGETS];
	uint32_t k = 0;

	for (; from != to; k++)
		from = mesh_route(link, links_of(n, from, n, n, link), n, from, to)->place;
	return k;
}

static double mean_steps(uint32_t n)
{
	uint64_t sum = 0, ways = 0;

	for (uint32_t from = 0; from < n; from++)
		for (uint32_t to = (from * 7) % 13; to < n; to += 13, ways++)
			sum += steps(n, from, to);
	return (double)sum / (double)ways;
}

static struct cost counted(uint32_t n)
{
	uint32_t stride = mesh_stride(n), out[MESH_TARGETS];
	double links = mesh_targets(n, 0, out), far = 0, line[KINDS];
	struct cost c;

	for (uint32_t i = 0; i < 50; i++)
		far += (double)copies(n, i % n, i * 0x9e3779b97f4a7c15u) / 50;
	c.sent[0] = far / stride + links * (1 - 1.0 / stride);
	c.sent[1] = WITNESSES / (double)stride * (n <= MESH_FULL ? links : mean_steps(n));
	c.sent[2] = links;
	line_bytes(line);
	c.bytes = 0;
	for (int k = 0; k < KINDS; k++)
		c.bytes += c.sent[k] * line[k] / 60;
	return c;
}

/* ---- simulated */

struct play {
	struct fleet *fleet;
	unsigned n;
	char ip[MOST][16];
};

static struct tn_ctx *ctx(struct play *p, unsigned i)
{
	return &life_find(node_plug(p->fleet->node[i].node), "masternodes")->ctx;
}

static void begin(struct play *p, unsigned n)
{
	char conf[512];

	p->fleet = fleet_create(n);
	p->n = n;
	for (unsigned i = 0; i < n; i++) {
		snprintf(p->ip[i], sizeof p->ip[i], "%u.%u.7.7", 20 + i % 100, 1 + i % 50);
		snprintf(conf, sizeof conf,
			 "network: { name = \"testnet\"; listen = [ \"%s\" ]; };"
			 "log: { level = \"warn\"; };"
			 "plugins: { masternodes: { masternode = true; }; };",
			 p->ip[i]);
		fleet_start(fleet_add(p->fleet, p->ip[i], conf));
	}
	for (unsigned at = 0; at < n; at++) {
		for (unsigned i = 0; i < n; i++) {
			struct mn_claim claim = { .ip = 0 };

			mn_ip_parse((struct tn_str){ p->ip[i], (uint32_t)strlen(p->ip[i]) },
				    &claim.ip);
			claim.key = mn_state(ctx(p, i))->wallet.secret.key;
			registry_claim(mn_state(ctx(p, at))->registry, &claim, true,
				       mn_now(ctx(p, at)), NULL);
		}
		mn_changed(ctx(p, at));
	}
}

static void add_sent(struct play *p, uint64_t sent[KINDS])
{
	for (unsigned i = 0; i < p->n; i++) {
		struct net *net = node_net(p->fleet->node[i].node);

		for (struct session *s = net_first(net); s; s = net_next(s))
			for (unsigned r = 0; r < s->account.rows; r++)
				for (int k = 0; k < KINDS; k++)
					if (s->account.row[r].id ==
					    names_find(net_names(net), name[k], strlen(name[k])))
						sent[k] += s->account.row[r].sent;
	}
}

static struct cost simulated(unsigned n)
{
	struct play *p = calloc(1, sizeof *p);
	uint64_t before[KINDS] = { 0 }, after[KINDS] = { 0 };
	struct cost c = { .bytes = 0 };
	double line[KINDS];

	begin(p, n);
	fleet_run(p->fleet, 2 * MINUTE);
	add_sent(p, before);
	fleet_run(p->fleet, FULL_MINUTES * MINUTE);
	add_sent(p, after);
	fleet_free(p->fleet);
	free(p);
	line_bytes(line);
	for (int k = 0; k < KINDS; k++) {
		c.sent[k] = (double)(after[k] - before[k]) / FULL_MINUTES / n;
		c.bytes += c.sent[k] * line[k] / 60;
	}
	return c;
}

/* ---- */

static void show(const char *what, uint32_t n, const struct cost *c)
{
	note("%-9s %5u masternodes: a minute and node %7.1f heartbeats, %6.1f attestations, %5.1f "
	     "announcements sent; %6.0f bytes a second",
	     what, n, c->sent[0], c->sent[1], c->sent[2], c->bytes);
}

static void compare(unsigned n)
{
	struct cost want = counted(n), got = simulated(n);

	show("counted", n, &want);
	show("simulated", n, &got);
	for (int k = 0; k < KINDS; k++)
		ok(got.sent[k] < want.sent[k] * 1.15 + 0.5 &&
			   got.sent[k] > want.sent[k] * 0.85 - 0.5,
		   "%u masternodes: as many %ss as counted", n, name[k]);
}

/* Of one node: 4 copies of every far heartbeat, of which there are at most 8 sqrt(n), and what
 * goes over each link and way: a + b sqrt(n) + c log(n). */
static uint32_t root(uint32_t n)
{
	uint32_t r = 0;

	while (r * r < n)
		r++;
	return r;
}

static void growth(void)
{
	static const uint32_t size[] = { 10, 100, 1000 };
	struct cost c[3];

	for (int i = 0; i < 3; i++) {
		c[i] = counted(size[i]);
		show("counted", size[i], &c[i]);
	}
	for (int i = 1; i < 3; i++)
		ok(c[i].bytes * 10 < c[i - 1].bytes * 60,
		   "ten times as many as %u: all together send %.0f times as much, not 100",
		   size[i - 1], c[i].bytes * 10 / c[i - 1].bytes);
	for (uint32_t n = 64; n <= 1000; n += 52) {
		struct cost at = counted(n);

		if (at.sent[0] > 32 * root(n) + 2 * 10 || at.sent[1] > WITNESSES * 10 ||
		    at.sent[2] > 2 * 10)
			fail("%u masternodes: more than the law says", n);
	}
	ok(c[2].bytes < 16000, "a thousand: %.0f bytes a second and node, each way", c[2].bytes);
}

int main(int argc, char **argv)
{
	growth();
	if (argc < 2) {
		compare(10);
		compare(64);
	}
	for (int i = 1; i < argc; i++)
		compare((unsigned)atoi(argv[i]));
	return done_testing();
}
