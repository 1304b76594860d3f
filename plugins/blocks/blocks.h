/* SPDX-License-Identifier: MIT
 * plugins/blocks/blocks.h - what the files of the plugin share
 *
 * store.c    the databases: blocks, undo data, coins, indexes, the tip
 * apply.c    one block into a batch, or back out of it
 * road.c     the one way of every block: trials, one at a time, in slices
 * ahead.c    signatures of blocks whose turn has not come
 * landing.c  their end: committed, told, on the disk
 * side.c     blocks beside the chain, and which branch is better; side_rows.c their rows
 * announce.c BlockAnnouncement; service.c the service chain
 * serve.c    questions of peers; encode.c large answers; coinset.c the hash of all coins
 * sync.c     heights of peers and catching up
 * legacy.c   a chain that old nodes made
 * address.c, address_walk.c, address_build.c  the index by script (address.h)
 * commands.c, commands_block.c, commands_address.c, verify.c, maintain.c  commands
 */
#ifndef PLUGINS_BLOCKS_BLOCKS_H
#define PLUGINS_BLOCKS_BLOCKS_H

#include "timenode/chain.h"
#include "timenode/judge.h"
#include "timenode/service/chain.h"
#include "timenode/util.h"

#define STORE_FAILED "the store cannot be read or written: the log says why"

struct conf {
	uint64_t serve_max, serve_cache, waiting_max, side_max, reorg_max, window;
	bool legacy_compat, legacy_chain, address_index;
};

enum { /* messages */
       M_GET_GENESIS,
       M_GENESIS,
       M_GET_HEIGHT,
       M_HEIGHT,
       M_GET_BLOCKS,
       M_BLOCKS,
       M_ANNOUNCE,
       M_GET_BLOCK,
       M_BLOCK,
       M_GET_HASH,
       M_HASH,
       M_CONSENSUS,
       M_CONSENSUS_ANSWER,
       M_GET_RANGE,
       M_RANGE,
       M_GET_COINS,
       M_COINS,
       M_GET_COINS_HASH,
       M_COINS_HASH
};
enum { E_CONNECT, E_DISCONNECT, E_CONNECTED, E_DISCONNECTED, E_PREFER, E_RESET };
enum { R_KNOWN, R_BAD, R_RULE, R_ORPHAN, R_DEEP, R_BUSY, R_SIZE, R_UNKNOWN, R_UNASKED };
enum { D_BLOCK, D_INDEX, D_HASH, D_UNDO, D_COIN, D_TX, D_META, D_ADDRESS, D_ADDRESS_TX, D_SIDE };
enum {
	C_HEIGHT,
	C_TARGET,
	C_RATE,
	C_LEFT,
	C_CONNECTED,
	C_DISCONNECTED,
	C_REORGS,
	C_REFUSED,
	C_COINS,
	C_SIDE,
	C_CONNECT_US,
	C_LEGACY,
	C_LEGACY_BLOCKS
};

/* ---- stored values that are this plugin's own; the others are timenode/types_chain.h's */

enum { HEADER_BYTES = 92 }; /* of a block's bincode: its header */
struct index {              /* of a height */
	struct tn_hash hash;
	int64_t time;
	uint64_t bytes, text; /* of the block: bincode, JSON */
};
struct meta {
	struct tn_hash genesis;
	struct tn_tip tip;
	uint64_t coins;   /* their number */
	uint64_t rebuild; /* a reindex is under way up to this height; 0: none */
	bool wiping;      /* it still removes what was derived */
};
extern const struct tn_schema index_schema, meta_schema;

/* ---- store.c. Reads see what a batch holds if one is given. 0, TN_ENOENT, TN_ENOMEM, TN_EIO,
 * TN_EBAD for what cannot be read back.
 */
struct key8 {
	uint8_t b[8];
};
struct key8 key_of_height(uint64_t);

/* A value into the arena. */
int store_read(struct tn_ctx *, struct tn_batch *, unsigned db, struct tn_view key,
	       const struct tn_schema *, struct tn_arena *, const void **);
int store_index(struct tn_ctx *, struct tn_batch *, uint64_t height, struct index *);
int store_height(struct tn_ctx *, struct tn_batch *, const struct tn_hash *, uint64_t *height);
int store_block(struct tn_ctx *, struct tn_batch *, uint64_t height, struct tn_arena *,
		const struct tn_block **);
int store_coin(struct tn_ctx *, struct tn_batch *, const struct tn_outpoint *, struct tn_arena *,
	       struct tn_coin *);
int store_place(struct tn_ctx *, struct tn_batch *, const struct tn_hash *txid,
		struct tn_tx_place *);
/* The same of the chain up to the tip: what a reindex has not come to yet is not there, though rows
 * of it may be left. */
bool chain_has(struct tn_ctx *, uint64_t height);
int chain_index(struct tn_ctx *, uint64_t height, struct index *);
int chain_coin(struct tn_ctx *, const struct tn_outpoint *, struct tn_arena *, struct tn_coin *);
int chain_place(struct tn_ctx *, const struct tn_hash *txid, struct tn_tx_place *);

int store_put_coin(struct tn_ctx *, struct tn_batch *, const struct tn_placed_coin *);
int store_del_coin(struct tn_ctx *, struct tn_batch *, const struct tn_outpoint *);
int store_put_meta(struct tn_ctx *, struct tn_batch *, const struct tn_tip *, uint64_t coins);

/* Removes up to `most` rows of the databases, in the batch, those whose key is not below `from`;
 * *removed: how many. 0 or an error. */
int store_wipe(struct tn_ctx *, struct tn_batch *, const unsigned *db, unsigned n,
	       struct tn_view from, unsigned most, unsigned *removed);

/* The genesis block into an empty chain: a batch of its own. */
int store_put_genesis(struct tn_ctx *, struct tn_error *);

/* Makes the genesis block, or reads the tip and looks whether it fits: TN_EBAD with the reason
 * otherwise, and nothing is written. */
int store_open(struct tn_ctx *, struct tn_error *);

/* ---- apply.c: work is counted in microseconds, roughly. TN_EBUSY: the budget is used up, call
 * again.
 */
struct writing { /* changes of the coins on their way into a batch */
	struct tn_delta delta;
	uint32_t deleted, put, txs;
	bool ready;
};

struct address_own;
struct address_walk { /* of address.h; its block is NULL before it begins */
	const struct tn_block *block;
	const struct tn_hash *txid;
	const struct tn_undo *undo;
	struct tn_arena *arena;
	struct address_own *own; /* sorted, when it was needed */
	uint32_t tx, at, spent;
};

struct ahead;
struct apply { /* one block */
	const struct tn_block *block;
	struct ahead *ahead; /* of that block; NULL: nothing was looked at before */
	const struct tn_block_facts *facts;
	struct tn_arena *arena; /* keeps what is here */
	struct tn_arena *owner; /* keeps block; not ours */
	struct tn_block_verdict verdict;
	struct tn_coins_judge judge;
	const struct tn_spent *todo; /* signatures: those of the judge, or fewer */
	uint32_t todos, checked;
	struct tn_undo undo;
	struct writing w;
	struct address_walk walk;
	bool lax;        /* its signatures do not fit, and it is taken all the same */
	unsigned sealed; /* parts of SEAL_PARTS that are done */
	uint64_t text;   /* bytes of its JSON */
};

/* facts NULL: judged here. The arena is the caller's. */
int apply_begin(const struct tn_block_rules *, struct apply *, const struct tn_block *,
		const struct tn_block_facts *, struct tn_arena *, struct tn_error *);
int apply_parent(struct tn_ctx *, struct apply *, const struct tn_tip *, struct tn_error *);
int apply_coins(struct tn_ctx *, struct apply *, struct tn_batch *, int *budget, struct tn_error *);
/* Of a->todo. */
int apply_signatures(struct tn_ctx *, struct apply *, int *budget, struct tn_error *);
int apply_write(struct tn_ctx *, struct apply *, struct tn_batch *, int *budget);
/* Size of its text; block; undo and index: one part a call, for each is long when the block is large. */
enum { SEAL_PARTS = 3 };
int apply_seal(struct tn_ctx *, struct apply *, struct tn_batch *);
int64_t apply_change(const struct apply *); /* of the number of coins */

struct tn_block_facts *facts_of(const struct tn_block_rules *, const struct tn_block *,
				struct tn_arena *); /* NULL without memory */

struct revert { /* and back */
	const struct tn_block *block;
	struct index index;
	struct tn_arena *arena;
	const struct tn_undo *undo;
	struct writing w;
	struct address_walk walk;
};
int revert_begin(struct tn_ctx *, struct revert *, struct tn_batch *, uint64_t height,
		 struct tn_error *);
int revert_write(struct tn_ctx *, struct revert *, struct tn_batch *, int *budget);
int revert_seal(struct tn_ctx *, struct revert *, struct tn_batch *);
int64_t revert_change(const struct revert *);

/* ---- road.c */

enum fate { /* how a trial ended */
	    FATE_CONNECTED,
	    FATE_GOOD,   /* dry: it would connect */
	    FATE_KNOWN,  /* on the chain already, or kept beside it already */
	    FATE_SIDE,   /* kept beside the chain */
	    FATE_ORPHAN, /* its parent is not known */
	    FATE_DEEP,   /* it leaves the chain more than BRANCH_DEPTH blocks below the tip */
	    FATE_RULE,   /* breaks a rule: the sender is to blame */
	    FATE_BAD,    /* was found to break one before */
	    FATE_BUSY,   /* we cannot just now: storage, memory, limits */
	    FATE_GONE    /* the plugin ends */
};

struct trial;
typedef int step_fn(struct tn_ctx *, struct trial *, int *budget);
typedef void trial_end_fn(struct tn_ctx *, struct trial *, enum fate, const char *why);

struct moved { /* a block that went or came in a trial's batch */
	struct moved *next;
	const struct tn_block *block;
	struct tn_hash hash;
	struct tn_arena *arena;
	uint64_t bytes; /* of its bincode */
};

struct jobs { /* of a trial, on threads */
	uint32_t left;
	uint32_t first_bad; /* input; UINT32_MAX: none */
	struct tn_block_verdict verdict;
};

enum { COIN_PLACES = 1 << 15, TXID_BITS = 1024 };

/* When coins were touched by batches, some sharing one place. A coin that was found in the store, and
 * none of whose place was touched since, is still there, and the same.
 */
struct coin_clock {
	uint32_t now;   /* of the last change; UINT32_MAX: it stands, nothing is known */
	uint32_t begun; /* when the batch was that the road's first trial may have open */
	uint32_t wiped; /* when all of them were touched */
	uint32_t at[COIN_PLACES];
};

struct ahead { /* what was looked at before the trial's turn came */
	struct tn_spent *spent;
	bool *good, *stored;            /* signatures that fit; coins that came from the store */
	uint32_t n, left;               /* left: jobs under way */
	uint32_t clock;                 /* coins that were touched later must be looked up again */
	uint32_t at;                    /* up to there they were asked for */
	uint64_t txids[TXID_BITS / 64]; /* of the block, a bit each: mostly it has not got a txid */
	bool begun, told;               /* told: txids are known */
	bool awaited;                   /* the trial stands still for them, and for nothing else */
};

struct trial {
	/* set by whoever begins it */
	const struct tn_block *block; /* NULL: only back to `to` */
	struct tn_arena *owner;       /* keeps block; referenced */
	struct tn_sid from;           /* TN_NOBODY: our own */
	struct tn_hold hold;
	struct tn_ticket ticket;
	trial_end_fn *end; /* called once; frees nothing */
	void *arg;
	size_t bytes;  /* what it costs while it waits */
	uint64_t to;   /* without block: height to go back to */
	bool producer; /* of our own making: policy counts too */
	bool dry;      /* check only */
	bool durable;  /* end is called when it is on the disk */
	bool trusted;  /* signatures were checked before: an own block read again (maintain.c) */
	bool announce; /* to everybody, when it is durable */

	/* the road's own */
	struct trial *next;
	struct tn_hash hash;
	step_fn *step;
	struct tn_batch *batch;
	struct tn_ticket landing; /* finished when the batch is on the disk */
	struct landing *lands;    /* that promise's; made once */
	bool landed;
	struct tn_arena *work; /* what lives as long as the trial */
	struct tn_tip at;      /* tip inside of the batch */
	uint64_t coins;        /* number of coins inside of it */
	uint64_t fork;         /* the last block that stays */
	uint64_t legacy;       /* the first block of the old network inside of the batch */
	struct tn_hash *add;   /* side blocks that come, then the own block */
	uint32_t adds, added;
	struct moved *gone, **gone_end, *come, **come_end; /* for the tells */
	size_t moved_bytes;
	struct apply apply;
	struct tn_arena *aside;        /* keeps the block under way, one from beside the chain */
	const struct tn_block *beside; /* that one; NULL: it is the own block's turn */
	struct tn_block_facts *beside_facts; /* in apply.arena */
	struct revert revert;
	struct tn_block_facts *facts; /* of block, in work */
	uint64_t serial;
	struct jobs jobs;
	struct ahead ahead;
	bool sent; /* to the pool already */
	enum fate fate;
	uint32_t fault; /* enum tn_block_fault */
	bool loose;     /* the block at fault: its hash does not cover its body */
	bool elsewhere; /* a pool thread has it */
	uint64_t began_us;
	struct tn_error why;
};

struct road {
	struct trial *first, **last;
	size_t waiting; /* bytes */
	uint64_t serial;
	struct tn_timer timer;
	bool running, stopped;
	bool behind;                            /* the store takes no more for a moment */
	unsigned ahead;                         /* jobs of ahead.c under way */
	struct landing *landing, **landing_end; /* commits that are not durable yet */
};

enum { TURN_US = 8000 }; /* of work in a turn of the loop */

/* A step that cannot be cut into pieces takes about this many microseconds for a block of that
 * many bytes. With less than that left of the budget it waits for the next turn. */
static inline int cost_of(uint64_t bytes)
{
	return (int)(bytes >> 8);
}

static inline bool must_wait(const int *budget, uint64_t bytes)
{
	return cost_of(bytes) > *budget && *budget < TURN_US;
}

void road_init(struct road *);
/* Copies *want. 0, or TN_EFULL, TN_ENOMEM: then end is not called. */
int road_begin(struct tn_ctx *, const struct trial *want);
bool road_is_idle(struct tn_ctx *);
/* On the chain, or beside it, and not to be looked at again: the tip is not its parent. */
bool road_knows(struct tn_ctx *, const struct tn_header *, const struct tn_hash *);
void road_run(struct tn_ctx *);
void road_resume(struct tn_ctx *, struct trial *); /* signatures were checked elsewhere */
void road_stop(struct tn_ctx *);                   /* ends what waits: FATE_GONE */

/* ---- landing.c */

void trial_close(struct tn_ctx *, struct trial *); /* calls its end, frees it */
void moved_free(struct moved *);                   /* a list of them */
/* 0: accepted, the tip is moved; TN_EFULL: again later; or an error. */
int landing_commit(struct tn_ctx *, struct trial *);
void landing_connected(struct tn_ctx *, struct trial *); /* tells everybody, ends it */
/* transfer_landed when all that is accepted now is on the disk, or will never be. false: it is. */
bool landing_awaited(struct tn_ctx *);
/* The tip's row once more, not patient: maintain_landed when it is on the disk, and all before it.
 * 0; TN_EFULL: again later; or an error. */
int landing_mark(struct tn_ctx *);
void landing_reset(struct tn_ctx *); /* the chain is derived anew: nothing of it is on the disk */
/* Of tn_plugin: how much is on the disk. */
int landing_save(struct tn_ctx *, struct tn_arena *, struct tn_view *, struct tn_error *);
int landing_restore(struct tn_ctx *, struct tn_view, struct tn_error *);

/* ---- legacy.c */

#define NO_LEGACY UINT64_MAX
int legacy_check(struct tn_ctx *, struct tn_error *); /* may it be configured here? */
int legacy_open(struct tn_ctx *, struct tn_error *);  /* may it be off? */
void legacy_say(struct tn_ctx *);
/* first: NO_LEGACY takes the mark away. */
int legacy_put_mark(struct tn_ctx *, struct tn_batch *, uint64_t first);
/* A signature of the block under way does not fit: is it taken all the same? Then t->why is clear. */
bool legacy_keeps(struct tn_ctx *, struct trial *t);
void legacy_sealed(struct tn_ctx *, struct trial *);

/* ---- jobs.c: TN_LATER: it is elsewhere, road_resume follows; TN_ESKIP: do it here */

enum {
	JOB_SPENDS_MIN = 8,    /* fewer are quicker done than sent */
	JOBS_WANTED = 8,       /* at a time for one block, unless it needs more */
	JOB_BLOCK_MIN = 100000 /* bytes */
};
struct spends { /* of one block, in its order; only their scripts matter of the coins */
	uint64_t serial;
	const struct tn_block *block;
	const struct tn_block_facts *facts;
	struct tn_arena *owner; /* keeps block */
	const struct tn_spent *spent;
	uint32_t n;
	bool ahead; /* ahead_done is told, else road_resume */
};
int jobs_signatures(struct tn_ctx *, struct trial *);
uint32_t jobs_ahead(struct tn_ctx *, const struct spends *); /* number of jobs */
int jobs_alone(struct tn_ctx *, struct trial *);

/* ---- ahead.c */

/* Sends signatures of trials that wait to the pool, as long as it is not busy enough. */
void ahead_run(struct tn_ctx *, int *budget);
void ahead_done(struct tn_ctx *, uint64_t serial, uint32_t first, uint32_t good);
/* For the trial whose turn it is, when its coins are known: which signatures are left to check.
 * 0, TN_LATER: some are being checked, road_resume follows; TN_ENOMEM. */
int ahead_take(struct tn_ctx *, struct trial *);
/* The coin that an input spends, as it was found when the block was looked at; NULL: it may have changed
 * since, or was not found: the store is to be asked. Inputs are asked for in order. */
const struct tn_coin *ahead_coin(struct tn_ctx *, struct ahead *, uint32_t tx, uint32_t input,
				 const struct tn_outpoint *);
/* A batch changes that coin; NULL: maybe any. */
void ahead_touch(struct tn_ctx *, const struct tn_outpoint *);

/* ---- side.c, side_rows.c: blocks beside the chain, in the store, bounded by side_max */

struct side;
struct side *side_create(void);
void side_free(struct side *); /* NULL is fine */
bool side_has(struct tn_ctx *, const struct tn_hash *);
/* Keeps a block whose parent is on the chain or beside it; the lowest give way. FATE_SIDE,
 * FATE_ORPHAN (no such parent), FATE_DEEP, FATE_RULE (its height is not one more), FATE_BUSY. */
enum fate side_keep(struct tn_ctx *, struct trial *);
/* The blocks from the chain up to t's, which is beside it: t->fork and t->add. 0, TN_ENOENT,
 * TN_ENOMEM. */
int side_branch(struct tn_ctx *, struct trial *t);
/* Is that branch to take the place of ours above t->fork? */
bool side_is_better(struct tn_ctx *, const struct trial *t, struct tn_error *);
uint64_t side_bytes(struct tn_ctx *, const struct tn_hash *); /* 0: it has none such */
/* A block of it into the arena. 0, TN_ENOENT, TN_EBAD: what is stored is not that block (side_spoil
 * it), or an error. */
int side_block(struct tn_ctx *, const struct tn_hash *, struct tn_arena *,
	       const struct tn_block **);
/* What t's batch took off the chain is now beside it, and what it took on is not any more. Large
 * rows are written in later turns. */
void side_moved(struct tn_ctx *, struct trial *);
/* A block of it breaks a rule: it goes, and all that build on it. */
void side_spoil(struct tn_ctx *, const struct tn_hash *);
uint32_t side_number(struct tn_ctx *);
int side_start(struct tn_ctx *); /* reads what is stored */
void side_stop(struct tn_ctx *);

/* ---- sync.c */

struct slot {               /* of a session */
	uint64_t height;    /* it told us */
	uint64_t forked_us; /* when its other branch was last looked for */
	uint64_t wants;     /* it waits for that since wants_us: height of its branch, or 0 */
	uint64_t wants_us;
	uint64_t told; /* the highest tip that it was told of without asking */
	bool checked;  /* its genesis block is ours */
	bool fetching; /* another branch is fetched from it */
	bool met;      /* the window knows it */
};

struct sync;
struct sync *sync_create(void);
void sync_free(struct sync *); /* NULL is fine */
int sync_start(struct tn_ctx *);
void sync_stop(struct tn_ctx *);
void sync_up(struct tn_ctx *, struct tn_sid, void *slot);
void sync_down(struct tn_ctx *, struct tn_sid, void *slot);
void sync_hint(struct tn_ctx *, struct tn_sid, uint64_t height); /* it has a block there */
tn_msg_fn sync_late_blocks;
uint64_t sync_target(struct tn_ctx *); /* the best height we know of */
void sync_moved(struct tn_ctx *);      /* the tip did */

/* ---- fork.c: a peer is on another branch: where it leaves ours, and its blocks from there */

void fork_begin(struct tn_ctx *, struct tn_sid, uint64_t height);
void fork_stop(struct tn_ctx *);

/* ---- the plugin */

enum address_state {
	ADDRESS_NONE,
	ADDRESS_WIPING,   /* its rows go, some at a time */
	ADDRESS_BUILDING, /* blocks below `next` are in it */
	ADDRESS_WHOLE     /* each block brings its rows along */
};
struct address_index {
	enum address_state state;
	uint64_t next;
};

struct state {
	struct tn_sha *sha;
	struct tn_block_rules rules;     /* and the network */
	struct tn_block_rules own_rules; /* the same with the policy for what is made here */
	const struct tn_block *genesis;  /* in arena */
	struct tn_hash genesis_hash;
	struct tn_arena *arena;
	struct tn_tip tip;
	uint64_t coins; /* number of unspent ones */
	uint64_t safe; /* up to there the chain is on the disk (landing.c): peers hear of no more */
	struct road road;
	struct coin_clock *clock;
	struct tn_seen *bad; /* hashes of blocks that broke a rule of content */
	struct side *side;
	struct serve *serve;
	struct encode *encode; /* answers that the pool writes (serve.h) */
	struct coinset *coinset;
	struct sync *sync;
	struct fork *fork;     /* a branch that is fetched */
	uint64_t forks;        /* so many were begun */
	struct tn_timer owed;  /* our tip is to be announced */
	struct verify *verify; /* under way */
	struct maintain *maintain;
	struct transfer *transfer; /* an import or export */
	struct address_index address;
	struct balance *balance;     /* the first of those that are counted */
	struct build *address_build; /* it is made or removed: no block is taken */
	uint64_t rebuild;
	uint64_t legacy; /* the first block of the old network on the chain; NO_LEGACY */
	bool wiping;
	bool failed; /* a commit failed: nothing connects any more */
};

static inline struct state *state_of(struct tn_ctx *c)
{
	return (struct state *)c->state;
}

static inline const struct conf *conf_of(struct tn_ctx *c)
{
	return (const struct conf *)c->conf;
}

static inline bool same_hash(const struct tn_hash *a, const struct tn_hash *b)
{
	return !__builtin_memcmp(a->b, b->b, sizeof a->b);
}

/* ---- announce.c, service.c */

tn_verdict on_announce(struct tn_ctx *, const struct tn_msg *);
/* The tip came by asking, not by an announcement that was passed on: in a moment, when it rests
 * and is on the disk, peers that are not known to have as much are told. */
void announce_owe(struct tn_ctx *);
void announce_frame(struct tn_ctx *, struct tn_frame *, uint64_t height); /* that block, encoded */
unsigned points_of(struct tn_ctx *, struct tn_sid, uint32_t fault);
extern const struct tn_chain_ops chain_ops;

/* ---- coinset.c: fn is called once, maybe before want returns 0 */

struct coinset_result {
	struct tn_hash hash, tip;
	uint64_t height, count, total; /* satoshis */
};
struct coinset_waiter {
	/* rc: 0, TN_EBUSY (the tip does not rest), TN_EIO... */
	void (*fn)(struct tn_ctx *, int rc, const struct coinset_result *,
		   const struct coinset_waiter *);
	struct tn_hold hold; /* either a message */
	struct tn_cmd *cmd;  /* or a command */
	struct tn_ticket ticket;
};
struct coinset *coinset_create(void);
void coinset_free(struct coinset *); /* NULL is fine */
int coinset_want(struct tn_ctx *, const struct coinset_waiter *);

/* ---- serve.c */

struct serve *serve_create(void);
void serve_free(struct tn_ctx *, struct serve *);          /* NULL is fine */
void serve_forget(struct tn_ctx *, uint64_t above_height); /* they are not on the chain any more */
tn_msg_fn serve_genesis, serve_height, serve_blocks, serve_range, serve_block, serve_hash,
	serve_consensus, serve_coins_hash, serve_coins;

void verify_free(struct tn_ctx *);   /* verify.c: ends one under way */
void maintain_free(struct tn_ctx *); /* maintain.c: the same */

/* ---- transfer.c */

void transfer_free(struct tn_ctx *);
void transfer_landed(struct tn_ctx *); /* an import's last block is on the disk, or will never be */

/* ---- maintain.c */

enum { REINDEX_LEAD = 256 };           /* blocks that a reindex is at most ahead of the disk */
void maintain_landed(struct tn_ctx *); /* a commit is on the disk, or will never be */
/* Is the road shut for trials with this arg? While the chain is maintained only that has some. */
bool maintain_shuts(struct tn_ctx *, const void *arg);
/* Was a reindex cut off? Goes on with it. */
int maintain_resume(struct tn_ctx *, struct tn_error *);

void plugin_count(struct tn_ctx *); /* metrics of the tip */

#define HASH_TEXT 65
const char *hash_text(const struct tn_hash *, char buf[HASH_TEXT]);

#endif
