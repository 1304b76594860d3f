# lib: libtimenode. SPDX-License-Identifier: MIT
lib_LTLIBRARIES += libtimenode.la
libtimenode_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/lib $(XXHASH_CFLAGS) $(SODIUM_CFLAGS)
libtimenode_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined
libtimenode_la_LIBADD = $(XXHASH_LIBS) $(SODIUM_LIBS)
libtimenode_la_SOURCES = \
	lib/base/error.c lib/base/arena.c lib/base/addr.c lib/base/bucket.c lib/base/seen.c \
	lib/base/arena.h lib/base/point.h lib/base/point.c \
	lib/sys/file.c \
	lib/wire/numbers.h lib/wire/schema.h lib/wire/json.h lib/wire/sink.h lib/wire/tables.h \
	lib/wire/schema.c lib/wire/cut.c lib/wire/envelope.c lib/wire/json_text.c \
	lib/wire/json_skip.c lib/wire/json_bytes.c lib/wire/json_read.c lib/wire/json_write.c \
	lib/wire/bin_read.c lib/wire/bin_write.c lib/wire/compare.c lib/wire/clone.c \
	lib/wire/print.c lib/wire/sample.c \
	lib/wire/bulk.h lib/wire/bulk_masks.h lib/wire/bulk.c lib/wire/numbers_sse2.c lib/wire/numbers_avx2.c lib/wire/types_peer.c \
	lib/wire/types_tx.c lib/wire/types_block.c lib/wire/types_masternode.c \
	lib/wire/types_consensus.c lib/wire/types_chain.c lib/wire/messages.c

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = timenode.pc
EXTRA_DIST += lib/timenode.pc.in
