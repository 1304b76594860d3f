/* SPDX-License-Identifier: MIT
 * t/sim/link.c - one stream: segments on their way, and what each side knows
 */
#include "config.h"

#include "sim/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US 1000000u
#define SYN_RETRIES 6
#define SYN_LAST_WAIT_S 67 /* 1 + 2 + 4 + 8 + 16 + 32 + 67 = 130 */
#define KEEPALIVE_US (30u * SECOND_US)
#define DEATH_US (60u * SECOND_US)
#define LOCAL_LATENCY_US 10
#define NOTE_FAILED 100 /* beside enum segment_kind */

static struct side *other(struct side *s)
{
	return &s->link->side[s == &s->link->side[0]];
}

static struct queue *queue_of(const struct side *s)
{
	return world_queue(s->link->world);
}

static uint64_t now_us(const struct side *s)
{
	return world_now(s->link->world);
}

static const struct world_knobs *knobs(const struct side *s)
{
	return world_knobs(s->link->world);
}

static uint64_t draw(const struct side *s, uint64_t low, uint64_t high)
{
	return rng_range(world_chance(s->link->world), low, high < low ? low : high);
}

/* ---- segments */

static void append(struct segments *list, struct segment *seg)
{
	seg->next = NULL;
	if (list->last)
		list->last->next = seg;
	else
		list->first = seg;
	list->last = seg;
}

static struct segment *take_first(struct segments *list)
{
	struct segment *seg = list->first;

	list->first = seg->next;
	if (!list->first)
		list->last = NULL;
	return seg;
}

static void drop_all(struct segments *list)
{
	while (list->first)
		free(take_first(list));
}

static struct segment *send_segment(struct side *s, enum segment_kind kind, size_t n,
				    uint64_t gap_us)
{
	struct segment *seg = sim_alloc(sizeof(*seg) + n);
	uint64_t at = now_us(s), way = s->latency_us;

	if (!s->link->path)
		way = world_delay(s->link->world, s->node, other(s)->node,
				  way + draw(s, 0, knobs(s)->jitter_us));
	at += way;
	if (at < s->last_us)
		at = s->last_us;
	at += gap_us;
	s->last_us = at;
	seg->at_us = at;
	seg->kind = kind;
	seg->n = n;
	append(&s->sent, seg);
	if (s->sent.first == seg && !s->held)
		queue_set(queue_of(s), &s->arrival, at);
	return seg;
}

static void forget_sent(struct side *s)
{
	drop_all(&s->sent);
	queue_remove(queue_of(s), &s->arrival);
	s->held = false;
}

/* What was on its way is lost: the worst that TCP allows. */
static void send_reset(struct side *s)
{
	forget_sent(s);
	send_segment(s, SEG_RESET, 0, 0);
}

/* ---- a side's end */

static void fail_side(struct side *s, int err)
{
	world_note(s->link->world, s->node, NOTE_FAILED, NULL, (size_t)err);
	drop_all(&s->received);
	forget_sent(s);
	queue_remove(queue_of(s), &s->ack);
	s->err = err;
	if (!s->conn)
		return;
	if (s->conn->kind == SIM_CONNECTING && !s->conn->connect_done) {
		s->conn->connect_done = true;
		s->conn->connect_err = err;
	}
	sim_conn_update(s->conn);
}

void link_free(struct link *l)
{
	struct queue *q = world_queue(l->world);

	for (int i = 0; i < 2; i++) {
		drop_all(&l->side[i].received);
		drop_all(&l->side[i].sent);
		queue_remove(q, &l->side[i].arrival);
		queue_remove(q, &l->side[i].ack);
	}
	queue_remove(q, &l->syn);
	queue_remove(q, &l->death);
	ring_remove(&l->member);
	free(l->path);
	free(l);
}

void link_close(struct link *l, int end, bool reset)
{
	struct side *s = &l->side[end], *o = other(s);
	bool opening = s->conn->kind == SIM_CONNECTING && !s->conn->connect_done;
	bool unread = s->received.first != NULL;

	s->conn = NULL;
	s->state = SIDE_CLOSED;
	drop_all(&s->received);
	if (opening || o->state == SIDE_CLOSED || (s->err && o->state == SIDE_NONE)) {
		link_free(l);
		return;
	}
	if (s->err)
		return;
	if (s->node->off) {
		forget_sent(s);
		s->forgot = true;
		return;
	}
	/* As in TCP, unread data makes a close a reset. */
	if (reset || unread)
		send_reset(s);
	else
		link_shut(s);
}

void link_shut(struct side *s)
{
	if (s->shut || s->err)
		return;
	s->shut = true;
	send_segment(s, SEG_END, 0, 0);
}

/* ---- opening */

static struct env_conn *find_listener(struct link *l)
{
	return l->path ? sim_find_path(l->side[0].node, l->path)
		       : world_find_listener(l->world, &l->to);
}

static bool way_blocked(const struct sim_host *a, const struct sim_host *b)
{
	return world_blocked(a, b) || world_blocked(b, a);
}

static void retry_later(struct link *l)
{
	uint64_t wait_s = l->tries < SYN_RETRIES ? 1u << l->tries : SYN_LAST_WAIT_S;

	if (l->tries++ > SYN_RETRIES)
		fail_side(&l->side[0], ETIMEDOUT);
	else
		queue_set(world_queue(l->world), &l->syn, world_now(l->world) + wait_s * SECOND_US);
}

static void on_syn(void *arg)
{
	struct link *l = arg;
	struct sim_host *dialer = l->side[0].node, *host;
	struct env_conn *listener;
	enum world_door door;

	if (l->refused) {
		fail_side(&l->side[0], ECONNREFUSED);
		return;
	}
	listener = find_listener(l);
	host = listener ? listener->node : l->path ? dialer : world_host(l->world, &l->to);
	door = host ? world_door_of(dialer, host) : WORLD_SILENT;
	if (door == WORLD_SILENT || way_blocked(dialer, host)) {
		retry_later(l);
	} else if (!listener || door == WORLD_REFUSED) {
		l->refused = true;
		queue_set(world_queue(l->world), &l->syn,
			  world_now(l->world) + l->side[1].latency_us);
	} else {
		l->side[1].node = host;
		send_segment(&l->side[1], SEG_OPENED, 0, 0);
	}
}

static void accept_link(struct link *l)
{
	struct env_conn *listener = find_listener(l), *c;
	struct side *s = &l->side[1];

	if (!listener) {
		s->state = SIDE_CLOSED;
		send_reset(s);
		return;
	}
	s->node = listener->node;
	c = sim_conn_create(s->node, SIM_STREAM, NULL, NULL);
	c->link = l;
	c->end = 1;
	s->conn = c;
	s->state = SIDE_OPEN;
	ring_append(&listener->backlog, &c->member);
	sim_conn_update(listener);
}

/* ---- arrival */

static void arrive_data(struct side *r, struct segment *seg)
{
	if (r->state == SIDE_OPEN && !r->err) {
		append(&r->received, seg);
		sim_conn_update(r->conn);
		return;
	}
	free(seg);
	if ((!r->err || r->forgot) && other(r)->state == SIDE_OPEN)
		send_reset(r);
}

static void arrive_opened(struct side *r)
{
	r->conn->connect_done = true;
	sim_conn_update(r->conn);
	send_segment(r, SEG_ACCEPT, 0, 0);
}

/* false: the link is gone. */
static bool arrive_control(struct side *r, enum segment_kind kind)
{
	if (kind == SEG_OPENED) {
		arrive_opened(r);
	} else if (kind == SEG_ACCEPT) {
		accept_link(r->link);
	} else if (kind == SEG_END && r->state == SIDE_OPEN) {
		r->received_end = true;
		sim_conn_update(r->conn);
	} else if (kind == SEG_RESET && r->state == SIDE_OPEN) {
		fail_side(r, ECONNRESET);
	} else if (kind == SEG_RESET) {
		link_free(r->link); /* it never was, or no longer is, anybody's */
		return false;
	}
	return true;
}

static bool arrive(struct side *s)
{
	struct segment *seg = take_first(&s->sent);
	struct side *r = other(s);
	enum segment_kind kind = seg->kind;

	world_note(s->link->world, r->node, kind, seg->bytes, seg->n);
	if (kind == SEG_DATA) {
		world_delivered(s->link->world, s->node, r->node, seg->bytes, seg->n);
		arrive_data(r, seg);
		return true;
	}
	free(seg);
	return arrive_control(r, kind);
}

static void on_arrival(void *arg)
{
	struct side *s = arg;
	uint64_t now = now_us(s);

	if (world_blocked(s->node, other(s)->node)) {
		s->held = true;
		return;
	}
	while (s->sent.first && s->sent.first->at_us <= now)
		if (!arrive(s))
			return;
	if (s->sent.first)
		queue_set(queue_of(s), &s->arrival, s->sent.first->at_us);
}

static void on_ack(void *arg)
{
	struct side *s = arg;

	if (world_blocked(other(s)->node, s->node)) {
		s->ack_held = true;
		return;
	}
	s->acked = s->read;
	if (s->conn)
		sim_conn_update(s->conn);
}

/* ---- reading and writing */

bool link_readable(const struct side *s)
{
	return s->received.first || s->received_end || s->err;
}

static size_t space(const struct side *s)
{
	uint64_t used = s->written - s->acked;

	return used < knobs(s)->buffer ? knobs(s)->buffer - (size_t)used : 0;
}

/* Like Linux: a third must be free, so that a slow reader does not cause tiny writes. */
bool link_writable(const struct side *s)
{
	return s->err || s->shut || (space(s) && space(s) >= knobs(s)->buffer / 3);
}

long link_read(struct side *s, void *p, size_t n)
{
	struct side *o = other(s);
	size_t got = 0;

	if (s->err)
		return -s->err;
	if (!s->received.first)
		return s->received_end ? 0 : -EAGAIN;
	while (got < n && s->received.first) {
		struct segment *seg = s->received.first;
		size_t part = seg->n - seg->taken < n - got ? seg->n - seg->taken : n - got;

		memcpy((uint8_t *)p + got, seg->bytes + seg->taken, part);
		seg->taken += part;
		got += part;
		if (seg->taken == seg->n)
			free(take_first(&s->received));
	}
	o->read += got;
	if (!o->ack.place && !o->ack_held)
		queue_set(queue_of(s), &o->ack, now_us(s) + s->latency_us);
	return (long)got;
}

/* Mostly large pieces with some tiny ones: a line may be cut anywhere. */
static size_t piece(const struct side *s, size_t n)
{
	size_t max = knobs(s)->piece_max;

	if (!knobs(s)->segment)
		return knobs(s)->mss && n > knobs(s)->mss ? knobs(s)->mss : n;
	if (draw(s, 0, 3) == 0)
		max = max < 16 ? max : 16;
	max = (size_t)draw(s, 1, max);
	return max < n ? max : n;
}

static size_t total(const struct iovec *v, int n)
{
	size_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += v[i].iov_len;
	return sum;
}

/* Copies the next n bytes; `at` is the place within v[0]. */
static void gather(uint8_t *out, size_t n, const struct iovec **v, size_t *at)
{
	while (n) {
		size_t left = (*v)->iov_len - *at, part = left < n ? left : n;

		if (part)
			memcpy(out, (const uint8_t *)(*v)->iov_base + *at, part);
		out += part;
		n -= part;
		*at += part;
		if (*at == (*v)->iov_len) {
			(*v)++;
			*at = 0;
		}
	}
}

long link_write(struct side *s, const struct iovec *v, int n)
{
	size_t want = total(v, n), room = space(s), at = 0;
	uint64_t gap_us = 0;

	if (s->err)
		return -s->err;
	if (s->shut)
		return -EPIPE;
	if (want > room)
		want = room;
	if (!want)
		return room ? 0 : -EAGAIN;
	s->written += want;
	for (size_t left = want; left;) {
		size_t part = piece(s, left);
		struct segment *seg = send_segment(s, SEG_DATA, part, gap_us);

		gather(seg->bytes, part, &v, &at);
		left -= part;
		gap_us = draw(s, 1, knobs(s)->gap_max_us);
	}
	return (long)want;
}

/* ---- the way between the hosts */

static void on_death(void *arg)
{
	struct link *l = arg;

	for (int i = 0; i < 2; i++)
		fail_side(&l->side[i], ETIMEDOUT);
	if (l->side[0].state != SIDE_OPEN && l->side[1].state != SIDE_OPEN)
		link_free(l);
}

static void resume(struct side *s)
{
	if (world_blocked(s->node, other(s)->node))
		return;
	if (s->held)
		queue_set(queue_of(s), &s->arrival, now_us(s) + s->latency_us);
	s->held = false;
	if (other(s)->ack_held)
		queue_set(queue_of(s), &other(s)->ack, now_us(s) + s->latency_us);
	other(s)->ack_held = false;
}

/* The way is free: keepalive finds out whether the other host still knows the stream. */
static void ask_alive(struct link *l)
{
	struct queue *q = world_queue(l->world);

	queue_remove(q, &l->death);
	if (l->side[0].forgot || l->side[1].forgot)
		queue_set(q, &l->death, world_now(l->world) + KEEPALIVE_US);
}

void link_forget(struct link *l, int end)
{
	fail_side(&l->side[end], ECONNRESET);
	l->side[end].forgot = true;
	if (!l->death.place)
		ask_alive(l);
}

void link_fail(struct link *l)
{
	fail_side(&l->side[0], ECONNRESET);
	fail_side(&l->side[1], ECONNRESET);
}

void link_way_changed(struct link *l)
{
	struct queue *q = world_queue(l->world);

	if (!l->side[1].node) /* the opening packet finds out by itself */
		return;
	resume(&l->side[0]);
	resume(&l->side[1]);
	if (!way_blocked(l->side[0].node, l->side[1].node))
		ask_alive(l);
	else if (!l->death.place)
		queue_set(q, &l->death, world_now(l->world) + DEATH_US);
}

/* ---- making one */

static void init_side(struct link *l, int i, uint64_t latency_us)
{
	struct side *s = &l->side[i];

	s->link = l;
	s->latency_us = latency_us;
	s->arrival.fn = on_arrival;
	s->ack.fn = on_ack;
	s->arrival.arg = s->ack.arg = s;
}

static struct link *create(struct env_conn *conn)
{
	struct link *l = sim_alloc(sizeof(*l));

	l->world = conn->node->world;
	l->syn.fn = on_syn;
	l->death.fn = on_death;
	l->syn.arg = l->death.arg = l;
	l->side[0].node = conn->node;
	l->side[0].conn = conn;
	l->side[0].state = SIDE_OPEN;
	conn->link = l;
	ring_append(world_links(l->world), &l->member);
	return l;
}

void link_open(struct env_conn *conn, const struct tn_addr *to)
{
	struct sim_host *n = conn->node;
	struct link *l = create(conn);
	const struct world_knobs *k = world_knobs(l->world);

	for (int i = 0; i < 2; i++)
		init_side(l, i,
			  rng_range(world_chance(l->world), k->latency_min_us, k->latency_max_us));
	l->to = *to;
	l->from = n->ip;
	l->from.port = n->next_port;
	n->next_port = n->next_port == 60999 ? 32768 : n->next_port + 1;
	queue_set(world_queue(l->world), &l->syn, world_now(l->world) + l->side[0].latency_us);
}

void link_open_path(struct env_conn *conn, const char *path)
{
	struct link *l = create(conn);

	init_side(l, 0, LOCAL_LATENCY_US);
	init_side(l, 1, LOCAL_LATENCY_US);
	l->path = sim_text(path);
	queue_set(world_queue(l->world), &l->syn, world_now(l->world) + LOCAL_LATENCY_US);
}
