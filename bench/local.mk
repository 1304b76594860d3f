# bench: what this room adds to the build. SPDX-License-Identifier: MIT
# Nothing of it is built unless asked for: make bench-codec [ROUNDS=15]
EXTRA_PROGRAMS = bench/codec bench/codec-own bench/codec-txid bench/codec-json-c
bench_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/bench -I$(top_srcdir)/lib
bench_worker = bench/worker.c bench/worker.h
bench_codec_SOURCES = bench/codec.c
bench_codec_LDADD = libtimenode.la
bench_codec_own_SOURCES = bench/own.c $(bench_worker)
bench_codec_own_CPPFLAGS = $(bench_cppflags)
bench_codec_own_LDADD = libtimenode.la
bench_codec_txid_SOURCES = bench/txid.c $(bench_worker)
bench_codec_txid_CPPFLAGS = $(bench_cppflags) $(CRYPTO_CFLAGS) $(SODIUM_CFLAGS)
bench_codec_txid_LDADD = libtimenode.la $(CRYPTO_LIBS) $(SODIUM_LIBS)
bench_codec_json_c_SOURCES = bench/json-c.c bench/extract.h $(bench_worker)
bench_codec_json_c_CPPFLAGS = $(bench_cppflags) $(JSONC_CFLAGS)
bench_codec_json_c_LDADD = libtimenode.la $(JSONC_LIBS)
bench_workers = bench/codec-own$(EXEEXT) bench/codec-txid$(EXEEXT) bench/codec-json-c$(EXEEXT)

if HAVE_CJSON
EXTRA_PROGRAMS += bench/codec-cjson
bench_codec_cjson_SOURCES = bench/cjson.c bench/extract.h $(bench_worker)
bench_codec_cjson_CPPFLAGS = $(bench_cppflags) $(CJSON_CFLAGS)
bench_codec_cjson_LDADD = libtimenode.la $(CJSON_LIBS)
bench_workers += bench/codec-cjson$(EXEEXT)
else
bench_missing = cJSON
endif

if HAVE_JANSSON
EXTRA_PROGRAMS += bench/codec-jansson
bench_codec_jansson_SOURCES = bench/jansson.c bench/extract.h $(bench_worker)
bench_codec_jansson_CPPFLAGS = $(bench_cppflags) $(JANSSON_CFLAGS)
bench_codec_jansson_LDADD = libtimenode.la $(JANSSON_LIBS)
bench_workers += bench/codec-jansson$(EXEEXT)
else
bench_missing_jansson = jansson
endif

if HAVE_SIMDJSON
EXTRA_PROGRAMS += bench/codec-simdjson
bench_codec_simdjson_SOURCES = bench/simdjson.cc $(bench_worker)
bench_codec_simdjson_CPPFLAGS = $(bench_cppflags) $(SIMDJSON_CFLAGS)
bench_codec_simdjson_CXXFLAGS = -std=c++17 -O2
bench_codec_simdjson_LDADD = libtimenode.la $(SIMDJSON_LIBS)
bench_workers += bench/codec-simdjson$(EXEEXT)
else
bench_missing_simdjson = simdjson
endif

rounds = $(or $(ROUNDS),15)
bench-codec: bench/codec$(EXEEXT) $(bench_workers)
	@for m in $(bench_missing) $(bench_missing_jansson) $(bench_missing_simdjson); do \
		echo "$$m was not found by configure: left out"; done
	bench/codec $(rounds) $(bench_workers)
.PHONY: bench-codec
CLEANFILES += bench/codec$(EXEEXT) $(bench_workers)

# The node beside the floor, as ratios: make bench-node [NODE_ROUNDS=9] [PARTS="memory fanout"]
EXTRA_PROGRAMS += bench/node
bench_node_SOURCES = bench/figure.c bench/figure.h bench/crowd.c bench/crowd.h bench/daemon.c \
	bench/inside.c bench/inside.h bench/plugin.c bench/memory.c bench/idle.c bench/pairs.c \
	bench/receive.c bench/relay.c bench/fanout.c bench/dispatch.c
bench_node_CPPFLAGS = $(libtncore_a_CPPFLAGS) -I$(top_srcdir)/bench -DTN_BUILTIN=probe
bench_node_LDADD = $(core_libs)
NODE_ROUNDS = 9
bench-node: all bench/node$(EXEEXT)
	TN_BUILDDIR='$(abs_builddir)' bench/node $(NODE_ROUNDS) $(PARTS)
.PHONY: bench-node
CLEANFILES += bench/node$(EXEEXT)

# make bench-store [ROUNDS=15]: the store beside the disk it is on
EXTRA_PROGRAMS += bench/store
bench_store_SOURCES = bench/store.c
bench_store_CPPFLAGS = $(libtncore_a_CPPFLAGS)
bench_store_LDADD = $(core_libs)
bench-store: bench/store$(EXEEXT)
	@dir=`mktemp -d ./bench-store.XXXXXX` && bench/store "$$dir" $(rounds); rc=$$?; rm -rf "$$dir"; exit $$rc
.PHONY: bench-store
CLEANFILES += bench/store$(EXEEXT)

# make bench-chain [CHAIN_BLOCKS=1500] [CHAIN_COINS=1000000]: the chain in a real node
EXTRA_PROGRAMS += bench/signatures
CHAIN_BLOCKS = 1500
CHAIN_COINS = 1000000
bench_signatures_SOURCES = bench/signatures.c
bench_signatures_CFLAGS = $(AM_CFLAGS) -pthread
bench_signatures_LDADD = libtimenode.la
bench-chain: all bench/signatures$(EXEEXT) t/chaingen$(EXEEXT) stage/dirs
	TN_SRCDIR='$(abs_srcdir)' TN_BUILDDIR='$(abs_builddir)' perl '$(srcdir)/bench/chain.pl' $(CHAIN_BLOCKS) $(CHAIN_COINS)
.PHONY: bench-chain
EXTRA_DIST += bench/chain.pl
CLEANFILES += bench/signatures$(EXEEXT)

# Everything: run it on a machine that does nothing else.
bench: bench-node bench-store bench-chain bench-codec
.PHONY: bench

# Payments a second of real masternodes beside the limit: make bench-payments [NODES_PAID=20] [PAYMENTS=2000]
NODES_PAID = 4
dist_noinst_SCRIPTS = bench/payments.pl
bench-payments: t/paygen$(EXEEXT) t/chaingen$(EXEEXT) stage/dirs
	TN_SRCDIR='$(abs_srcdir)' TN_BUILDDIR='$(abs_builddir)' \
		$(PERL) $(srcdir)/bench/payments.pl $(NODES_PAID) $(or $(PAYMENTS),2000)
.PHONY: bench-payments
