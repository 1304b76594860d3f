/* SPDX-License-Identifier: MIT
 * plugins/masternodes/links.c - the ring of active masternodes, whom to dial, to whom a message
 * goes on
 */
#include <stdlib.h>
#include <string.h>

#include "beats.h"

enum { LOOK_MS = 5000, STRAY_US = 30000000 };

static struct mn_beats *beats_of(struct tn_ctx *c)
{
	return mn_state(c)->beats;
}

/* ---- the ring */

static bool grow(struct mn_ring *r, uint32_t n)
{
	struct tn_str *text;
	char(*texts)[TN_MN_ADDRESS_TEXT];

	if (n <= r->room)
		return true;
	text = realloc(r->text, n * sizeof *text);
	if (text)
		r->text = text;
	texts = realloc(r->texts, n * sizeof *texts);
	if (texts)
		r->texts = texts;
	r->room = text && texts ? n : r->room;
	return text && texts;
}

static int cmp(struct tn_str a, struct tn_str b)
{
	int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* The first place whose text is not below. */
static uint32_t lower(const struct mn_ring *r, struct tn_str text)
{
	uint32_t low = 0, high = r->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (cmp(r->text[mid], text) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct tn_str text_of(uint32_t ip, char buf[TN_MN_ADDRESS_TEXT])
{
	const char *text = mn_ip_text(ip, buf);

	return (struct tn_str){ text, (uint32_t)strlen(text) };
}

int mn_ring_place(const struct mn_ring *r, uint32_t ip, uint32_t *place)
{
	char buf[TN_MN_ADDRESS_TEXT];
	struct tn_str text = text_of(ip, buf);

	*place = lower(r, text);
	return *place < r->n && !cmp(r->text[*place], text) ? 0 : TN_ENOENT;
}

static void add(struct mn_ring *r, const char text[TN_MN_ADDRESS_TEXT])
{
	memcpy(r->texts[r->n], text, TN_MN_ADDRESS_TEXT);
	r->text[r->n] = (struct tn_str){ r->texts[r->n], (uint32_t)strlen(r->texts[r->n]) };
	r->n++;
}

/* This node is in its own ring whether its registry says so or not. */
static void fill(struct tn_ctx *c, struct mn_ring *r)
{
	const struct registry *g = mn_state(c)->registry;
	uint32_t own = 0, known = 0;
	const struct mn_record *rec;
	bool is_one = !mn_own_ip(c, &own), found = false;
	char text[TN_MN_ADDRESS_TEXT];

	r->n = 0;
	for (uint32_t i = 0; (rec = registry_at(g, i)); i++) {
		known += !rec->heard;
		if (rec->heard || !(rec->active || (is_one && rec->ip == own)))
			continue;
		found = found || (is_one && rec->ip == own);
		add(r, rec->text);
	}
	if (is_one && !found) { /* the registry is in the order of the texts */
		add(r, mn_ip_text(own, text));
		tn_texts_sort(r->text, r->n);
	}
	r->in = is_one;
	mn_ring_place(r, own, &r->me);
	beats_of(c)->stride = mesh_stride(known > r->n ? known : r->n);
}

const struct mn_ring *mn_ring(struct tn_ctx *c)
{
	struct mn_beats *b = beats_of(c);

	if (b->stale && grow(&b->ring, registry_count(mn_state(c)->registry) + 1)) {
		fill(c, &b->ring);
		b->stale = false;
	}
	return &b->ring;
}

/* ---- sessions */

struct gathering {
	struct tn_sid origin;
	uint32_t not_ip;
	struct mesh_link *link;
	uint32_t n, room;
};

static enum mesh_kind kind_of(struct tn_ctx *c, const struct mn_slot *slot, uint32_t *place)
{
	if (slot->legacy)
		return MESH_OLD;
	return slot->ip && !mn_ring_place(mn_ring(c), slot->ip, place) ? MESH_RING : MESH_LEAF;
}

static int gather(struct tn_ctx *c, struct tn_sid sid, void *slot_, void *arg)
{
	struct gathering *g = arg;
	struct mn_slot *slot = slot_;
	struct mesh_link l = { .id = sid.v };

	slot->chosen = false;
	if (sid.v == g->origin.v || (slot->ip && slot->ip == g->not_ip) || g->n == g->room)
		return 0;
	l.kind = (uint8_t)kind_of(c, slot, &l.place);
	g->link[g->n++] = l;
	return 0;
}

static struct gathering gather_all(struct tn_ctx *c, struct tn_sid origin, uint32_t not_ip)
{
	struct gathering g = { .origin = origin, .not_ip = not_ip, .room = tn_count(c, NULL) };

	g.link = tn_alloc(tn_scratch(c), (g.room + 1) * sizeof *g.link);
	if (!g.link)
		g.room = 0;
	tn_each(c, NULL, gather, &g);
	return g;
}

void mn_links_choose(struct tn_ctx *c, struct tn_sid origin, uint32_t not_ip,
		     const struct tn_hash *hash)
{
	struct gathering g = gather_all(c, origin, not_ip);
	uint64_t draw;

	memcpy(&draw, hash->b, sizeof draw);
	mesh_relay(g.link, g.n, mn_ring(c)->me, draw ^ beats_of(c)->salt);
	for (uint32_t i = 0; i < g.n; i++) {
		struct mn_slot *slot = tn_slot(c, (struct tn_sid){ g.link[i].id });

		if (slot)
			slot->chosen = g.link[i].chosen;
	}
}

bool mn_links_chosen(struct tn_ctx *c, struct tn_sid sid, void *slot, void *arg)
{
	(void)c, (void)sid, (void)arg;
	return ((const struct mn_slot *)slot)->chosen;
}

bool mn_links_ring(struct tn_ctx *c, struct tn_sid sid, void *slot, void *arg)
{
	uint32_t place;

	(void)sid, (void)arg;
	return kind_of(c, slot, &place) != MESH_LEAF;
}

struct seek {
	uint32_t ip;
	struct tn_sid found;
};

static int seek_ip(struct tn_ctx *c, struct tn_sid sid, void *slot, void *arg)
{
	struct seek *s = arg;

	(void)c;
	if (((const struct mn_slot *)slot)->ip != s->ip)
		return 0;
	s->found = sid;
	return 1;
}

struct tn_sid mn_links_route(struct tn_ctx *c, uint32_t to)
{
	const struct mn_ring *r = mn_ring(c);
	struct seek s = { to, TN_NOBODY };
	const struct mesh_link *next;
	struct gathering g;
	uint32_t place;

	if (tn_each(c, NULL, seek_ip, &s))
		return s.found;
	if (!r->in || mn_ring_place(r, to, &place))
		return TN_NOBODY;
	g = gather_all(c, TN_NOBODY, 0);
	next = mesh_route(g.link, g.n, r->n, r->me, place);
	return next ? (struct tn_sid){ next->id } : TN_NOBODY;
}

/* ---- whom to dial */

struct targets {
	uint32_t ip[2 * MESH_TARGETS], n;
};

static bool has(const uint32_t *v, uint32_t n, uint32_t ip)
{
	for (uint32_t i = 0; i < n; i++)
		if (v[i] == ip)
			return true;
	return false;
}

static void add_target(struct targets *t, uint32_t ip, uint32_t own)
{
	if (ip != own && t->n < sizeof t->ip / sizeof *t->ip && !has(t->ip, t->n, ip))
		t->ip[t->n++] = ip;
}

static uint32_t neighbours(struct tn_ctx *c, uint32_t n, uint32_t me, bool in, uint32_t *out)
{
	return in ? mesh_targets(n, me, out) : mesh_guest(n, beats_of(c)->salt, out);
}

static void add_active(struct tn_ctx *c, struct targets *t, uint32_t own)
{
	const struct mn_ring *r = mn_ring(c);
	uint32_t out[MESH_TARGETS], n = neighbours(c, r->n, r->me, r->in, out), ip;

	for (uint32_t i = 0; i < n; i++)
		if (!mn_ip_parse(r->text[out[i]], &ip))
			add_target(t, ip, own);
}

/* Those that look dead are dialed too, as the neighbours they would be: they may be on the
 * other side of a network that has come apart. */
static void add_known(struct tn_ctx *c, struct targets *t, uint32_t own)
{
	const struct registry *g = mn_state(c)->registry;
	uint32_t out[MESH_TARGETS], n = registry_count(g), known = 0, me = 0, found;
	uint32_t *ip = tn_alloc(tn_scratch(c), (n + 1) * sizeof *ip);
	bool in = mn_ring(c)->in;
	const struct mn_record *rec;

	for (uint32_t i = 0; ip && (rec = registry_at(g, i)); i++) {
		if (rec->heard)
			continue;
		me = rec->ip == own ? known : me;
		ip[known++] = rec->ip;
	}
	found = ip ? neighbours(c, known, me, in, out) : 0;
	for (uint32_t i = 0; i < found; i++)
		add_target(t, ip[out[i]], own);
}

/* Under the port that it listens on, where a session has told. */
static struct tn_addr dialable(struct tn_ctx *c, uint32_t ip)
{
	struct tn_addr any = mn_addr_of(ip);
	struct tn_session s;

	return !tn_session(c, tn_find(c, &any), &s) && s.addr.port ? s.addr : mn_dial_addr(c, ip);
}

/* One that we dialed only to meet it, or that was a neighbour: it goes when both sides have
 * said who they are. */
static void stray(struct tn_ctx *c, struct tn_sid sid, struct mn_slot *slot)
{
	struct tn_addr a = dialable(c, slot->ip);
	int64_t now = mn_now(c).mono_us;

	if (!slot->stray_us)
		slot->stray_us = now;
	if (now - slot->stray_us < STRAY_US || !mn_key_of(c, slot->ip))
		return;
	tn_dial(c, &a, TN_DIAL_MASTERNODE, false);
	tn_close(c, sid, "this masternode is no neighbour");
}

static int note_one(struct tn_ctx *c, struct tn_sid sid, void *slot_, void *arg)
{
	const struct targets *t = arg;
	struct mn_slot *slot = slot_;
	bool is = slot->ip && has(t->ip, t->n, slot->ip);

	if (is != slot->noted)
		tn_note(c, sid, TN_NOTE_MASTERNODE, is);
	slot->noted = is;
	if (is)
		slot->stray_us = 0;
	else if (slot->dialed)
		stray(c, sid, slot);
	return 0;
}

/* The core dials, again and again, whomever it was told to; its rule says which side does. */
static void take_back(struct tn_ctx *c, const struct tn_addr *now, uint32_t n)
{
	struct mn_beats *b = beats_of(c);

	for (uint32_t i = 0; i < b->wanteds; i++) {
		uint32_t k = 0;

		while (k < n && tn_addr_cmp(&b->wanted[i], &now[k]))
			k++;
		if (k == n)
			tn_dial(c, &b->wanted[i], TN_DIAL_MASTERNODE, false);
	}
}

static void look(struct tn_ctx *c)
{
	struct mn_beats *b = beats_of(c);
	struct tn_addr now[2 * MESH_TARGETS];
	struct targets t = { .n = 0 };
	uint32_t own = 0;

	mn_own_ip(c, &own);
	add_active(c, &t, own);
	add_known(c, &t, own);
	for (uint32_t i = 0; i < t.n; i++)
		now[i] = dialable(c, t.ip[i]);
	take_back(c, now, t.n);
	for (uint32_t i = 0; i < t.n; i++)
		tn_dial(c, &now[i], TN_DIAL_MASTERNODE, true);
	memcpy(b->wanted, now, t.n * sizeof *now);
	b->wanteds = t.n;
	tn_each(c, NULL, note_one, &t);
}

static void on_look(struct tn_ctx *c, void *arg)
{
	(void)arg;
	look(c);
}

static int forget(struct tn_ctx *c, struct tn_sid sid, void *slot, void *arg)
{
	(void)arg;
	if (((struct mn_slot *)slot)->noted)
		tn_note(c, sid, TN_NOTE_MASTERNODE, 0);
	return 0;
}

void mn_links_stop(struct tn_ctx *c)
{
	take_back(c, NULL, 0);
	beats_of(c)->wanteds = 0;
	tn_each(c, NULL, forget, NULL);
}

int mn_links_start(struct tn_ctx *c)
{
	return tn_every(c, LOOK_MS, on_look, NULL).v ? 0 : TN_ENOMEM;
}

void mn_links_free(struct tn_ctx *c)
{
	free(beats_of(c)->ring.text);
	free(beats_of(c)->ring.texts);
}

void mn_beats_up(struct tn_ctx *c, struct tn_sid sid, struct mn_slot *slot)
{
	struct tn_session s;

	if (tn_session(c, sid, &s))
		return;
	slot->legacy = s.flags & TN_S_LEGACY;
	slot->noted = s.flags & TN_S_MASTERNODE;
	slot->dialed = slot->noted && s.flags & TN_S_OUTBOUND && !(s.flags & TN_S_MANUAL);
	if (!mn_ip_of(&s.addr, &slot->ip))
		slot->ip = 0;
}
