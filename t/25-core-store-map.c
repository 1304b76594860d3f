/* SPDX-License-Identifier: MIT
 * t/25-core-store-map.c - the ordered map of the store beside an array
 *
 * usage: 25-core-store-map.t [SEED]. Batches of random changes are made, united to a layer, and done
 * in a map of single nodes; each map is compared with what an array says after each of them.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "store/store_impl.h"

enum { KEYS = 1200, BATCHES = 200, ROWS = 2000, DELETED = -1, NONE = 0 };

struct key {
	int db;
	uint8_t b[16];
	size_t n;
};

static uint64_t draw(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x >> 8;
}

/* In the order of their numbers. Some begin with the same eight bytes, some are others and zeros. */
static struct key key_of(unsigned k)
{
	struct key key = { .db = (int)(k / 400) };
	size_t front = key.db == 1 ? 8 : 0;

	memset(key.b, 'x', front);
	key.b[front] = (uint8_t)(k % 400 / 4);
	key.n = front + 1 + k % 4;
	return key;
}

static struct tn_view view_of(const struct key *k)
{
	return (struct tn_view){ k->b, k->n };
}

static void put(struct map *m, unsigned k, int v)
{
	struct key key = key_of(k);
	struct tn_view val = { (const uint8_t *)&v, sizeof v };

	if (v == DELETED)
		val = (struct tn_view){ NULL, 0 };
	if (map_put(m, key.db, view_of(&key), val))
		bail_out("no memory");
}

struct walk {
	const int *want;
	unsigned at, odd;
};

static bool is_value(const struct map_node *n, int want)
{
	if (want == DELETED)
		return !n->val.p;
	return n->val.p && n->val.n == sizeof want && !memcmp(n->val.p, &want, sizeof want);
}

static int on_node(void *arg, const struct map_node *n)
{
	struct walk *w = arg;
	struct key key;

	while (w->at < KEYS && w->want[w->at] == NONE)
		w->at++;
	if (w->at == KEYS)
		return 1;
	key = key_of(w->at);
	w->odd += n->db != key.db || n->key.n != key.n || memcmp(n->key.p, key.b, key.n) != 0 ||
		  !is_value(n, w->want[w->at]);
	w->at++;
	return 0;
}

/* Every node in its order, and each found by its key; those that are not there are not. */
static unsigned differences(const struct map *m, const int *want)
{
	struct walk w = { want, 0, 0 };

	w.odd += map_each(m, on_node, &w) != 0;
	while (w.at < KEYS)
		w.odd += want[w.at++] != NONE;
	for (unsigned k = 0; k < KEYS; k++) {
		struct key key = key_of(k);
		const struct map_node *n = map_find(m, key.db, view_of(&key));

		w.odd += n ? want[k] == NONE || !is_value(n, want[k]) : want[k] != NONE;
	}
	return w.odd;
}

/* Nodes on the longest way down; one that ranks below its child breaks the heap. */
static unsigned depth(const struct map_node *n, unsigned *broken)
{
	unsigned left, right;

	if (!n)
		return 0;
	*broken += (n->left && n->left->rank > n->rank) || (n->right && n->right->rank > n->rank);
	left = depth(n->left, broken);
	right = depth(n->right, broken);
	return 1 + (left > right ? left : right);
}

struct state {
	uint64_t seed;
	struct map batch[BATCHES];
	struct map layer; /* of some batches in a row: their nodes */
	struct map whole; /* of single nodes: what all of them say */
	int in_layer[KEYS], in_whole[KEYS];
	unsigned odd, broken, deep;
};

static void one_batch(struct state *s, struct map *batch, unsigned number)
{
	int in_batch[KEYS] = { NONE };
	unsigned most = (unsigned)(draw(&s->seed) % (number % 7 ? 40 : 900));
	struct map copy = { 0 };

	batch->ranks = (number + 1) * 0x9e3779b97f4a7c15u;
	for (unsigned i = 0; i < most; i++) {
		unsigned k = (unsigned)(draw(&s->seed) % KEYS);

		in_batch[k] = draw(&s->seed) % 4 ? (int)(number * 1000 + i + 1) : DELETED;
		put(batch, k, in_batch[k]);
	}
	s->odd += differences(batch, in_batch);
	for (unsigned k = 0; k < KEYS; k++) {
		if (in_batch[k] == NONE)
			continue;
		s->in_layer[k] = in_batch[k];
		s->in_whole[k] = in_batch[k] == DELETED ? NONE : in_batch[k];
	}
	if (map_copy(&copy, batch))
		bail_out("no memory");
	map_apply(&s->whole, &copy);
	map_unite(&s->layer, batch);
}

static void compare_all(struct state *s)
{
	unsigned d = depth(s->layer.root, &s->broken);

	s->deep = d > s->deep ? d : s->deep;
	depth(s->whole.root, &s->broken);
	s->odd += differences(&s->layer, s->in_layer);
	s->odd += differences(&s->whole, s->in_whole);
}

/* Batches of one change, their keys in order: each has other ranks, or the layer would be a list. */
static void ascending(void)
{
	struct store *store = store_memory_create();
	int db = store_db(store, "rows", 1, NULL);
	struct store_batch **b = calloc(ROWS, sizeof(struct store_batch *));
	struct map layer = { 0 };
	unsigned broken = 0, deep;

	for (unsigned i = 0; b && i < ROWS; i++) {
		uint8_t key[2] = { (uint8_t)(i >> 8), (uint8_t)i };

		b[i] = store_batch(store);
		if (!b[i] ||
		    store_put(b[i], db, (struct tn_view){ key, 2 }, (struct tn_view){ NULL, 0 }))
			bail_out("no memory");
		map_unite(&layer, &b[i]->map);
	}
	deep = depth(layer.root, &broken);
	ok(deep >= 11 && deep < 60, "%d batches with keys in order: %u nodes deep", ROWS, deep);
	for (unsigned i = 0; b && i < ROWS; i++)
		store_abandon(b[i]);
	free(b);
	store_close(store);
}

int main(int argc, char **argv)
{
	struct state *s = calloc(1, sizeof *s);

	if (!s)
		bail_out("no memory");
	s->seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	note("seed %llu", (unsigned long long)s->seed);
	s->seed = s->seed * 0x9e3779b97f4a7c15u | 1;
	for (unsigned i = 0; i < BATCHES; i++) {
		one_batch(s, &s->batch[i], i);
		compare_all(s);
		if (i % 50 == 49) { /* another layer */
			s->layer = (struct map){ 0 };
			memset(s->in_layer, 0, sizeof s->in_layer);
		}
	}
	is_uint(s->odd, 0, "%d batches: every map as an array says", BATCHES);
	is_uint(s->broken, 0, "no node ranks below another that it has");
	ok(s->deep < 60, "%u nodes deep at most", s->deep);
	for (unsigned i = 0; i < BATCHES; i++)
		map_clear(&s->batch[i]);
	map_clear(&s->whole);
	free(s);
	ascending();
	return done_testing();
}
