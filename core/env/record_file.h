/* SPDX-License-Identifier: MIT
 * core/env/record_file.h - the file of a recording: entries in checksummed blocks
 *
 * Append-only. A head of 16 bytes, then blocks: bytes (u32), number (u32), XXH3-64 over
 * number and bytes (u64), the bytes; all little-endian. The bytes of all blocks are one
 * stream of entries: a kind (u8), then what this kind has (record_shape), numbers as
 * LEB128, bytes behind their count. Entries go over the ends of blocks.
 */
#ifndef CORE_ENV_RECORD_FILE_H
#define CORE_ENV_RECORD_FILE_H

#include <sys/uio.h>

#include "timenode/base.h"

#define RECORD_FORMAT 1
#define RECORD_BLOCK 65536u
#define RECORD_MIN (1u << 20) /* bytes of a recording, at least this bound */
#define RECORD_DEFAULT ((uint64_t)64 << 20)

enum record_kind {
	/* What the recording begins with: everything a fresh node needs. */
	RECORD_VERSION = 1, /* bytes: program that wrote it */
	RECORD_CONF,        /* bytes: the configuration as it applied */
	RECORD_CLOCK,       /* id: mono_us, a: wall_us */
	RECORD_STATE,       /* id: which part (record.h of the node), bytes */
	RECORD_STORE,       /* id: database, a: bytes of the key, bytes: key and value */
	RECORD_SAVED,       /* a: 0 = it hands over nothing; bytes: plugin's name, NUL, the rest */

	/* Turns: the environment calls the node. Each bears the time since the one before. */
	RECORD_BEGIN = 32, /* a: us; plugins begin */
	RECORD_READABLE,   /* id: connection, a: us */
	RECORD_WRITABLE,   /* id, a */
	RECORD_CONNECTED,  /* id, a, b: errno */
	RECORD_ACCEPTED,   /* id: listener, a, b: new connection, bytes: address */
	RECORD_WAKE,       /* a */
	RECORD_DEFERRED,   /* a */
	RECORD_COMMAND,    /* a, bytes: the request line of an operator */
	RECORD_DONE,       /* id: a job, a, b: 1 = it ran */

	/* Calls: the node asks the environment, inside a turn. */
	RECORD_MONO = 64, /* a: us since the reading before */
	RECORD_WALL,      /* a: zigzag of the change against the reading before */
	RECORD_RANDOM,    /* bytes */
	RECORD_READ,      /* id, a: zigzag of the result, bytes */
	RECORD_WRITE,     /* id, a: zigzag of the result, b: bytes offered, bytes: those taken */
	RECORD_CONNECT,   /* id: new connection (0: refused, bytes: why), bytes: address */
	RECORD_CLOSE,     /* id, a: 1 = reset */
	RECORD_SHUT,      /* id */
	RECORD_SUBMIT,    /* id: the job's number, a: zigzag of the result */
	RECORD_CPU,       /* a: us since the reading before */

	/* What it ends with. */
	RECORD_COUNTER = 96, /* a: zigzag of the change, bytes: whose counter */
	RECORD_END,          /* a: mono_us at the end, bytes: why it ended */
	RECORD_KINDS = 128
};

/* Which members an entry has; 0: there is no such kind. */
enum {
	RECORD_HAS_ID = 1,
	RECORD_HAS_A = 2,
	RECORD_HAS_B = 4,
	RECORD_HAS_BYTES = 8,
	RECORD_IS = 16
};
unsigned record_shape(uint8_t kind);
const char *record_kind_text(uint8_t kind);

static inline bool record_is_turn(uint8_t kind)
{
	return kind >= RECORD_BEGIN && kind <= RECORD_DONE;
}

static inline bool record_is_call(uint8_t kind)
{
	return kind >= RECORD_MONO && kind <= RECORD_CPU;
}

#define RECORD_ADDR 18 /* bytes of an address in an entry: ip, port big-endian */
void record_put_addr(uint8_t to[RECORD_ADDR], const struct tn_addr *);
bool record_get_addr(struct tn_addr *, struct tn_view from); /* false: too short */

struct record_entry {
	uint8_t kind;
	uint64_t id, a, b;
	struct tn_view bytes;
};

static inline uint64_t record_zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t record_unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

/* ---- writing: buffered by the block; a call may block for one write(2) to the page cache */

struct record_writer;

/* A new file, mode 0600; one that is there already is an error. NULL with the reason. */
struct record_writer *record_writer_open(const char *path, uint64_t max, struct tn_error *);
void record_put(struct record_writer *, const struct record_entry *);
/* The bytes stand in pieces: the first bytes.n of v. */
void record_put_pieces(struct record_writer *, const struct record_entry *, const struct iovec *v);
void record_flush(struct record_writer *);
uint64_t record_written(const struct record_writer *);   /* bytes, the block in work included */
bool record_full(const struct record_writer *);          /* no room for more turns */
const char *record_failed(const struct record_writer *); /* why, NULL: it works */
/* Flushes. 0, or TN_EIO with the reason of the first failure. NULL is fine. */
int record_writer_close(struct record_writer *, struct tn_error *);

/* ---- reading */

struct record_reader {
	uint8_t *stream;
	size_t n, at;
	uint64_t number; /* of the entry read last, from 1 */
	bool cut;        /* the file ends within a block or an entry: the process was killed */
};

/* The whole file. TN_ENOENT, TN_EIO, TN_ENOMEM, TN_EBAD: it is no recording, of another
 * format, or a checksum is wrong (the text says where). */
int record_read_file(struct record_reader *, const char *path, struct tn_error *);
/* 1: an entry (its bytes point into the reader), 0: the end, TN_EBAD: not an entry. */
int record_next(struct record_reader *, struct record_entry *, struct tn_error *);
/* The same without going on. */
int record_peek(const struct record_reader *, struct record_entry *);
void record_reader_clear(struct record_reader *);

#endif
