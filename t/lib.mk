# t/lib.mk: tests of this area. SPDX-License-Identifier: MIT
EXTRA_DIST += t/vectors.t t/data/messages.jsonl t/data/bad-lines.jsonl t/data/streams.jsonl
lib_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/t $(JSONC_CFLAGS)
lib_tap = t/lib/tap.c t/lib/tap.h
lib_tests = t/00-tap.t t/10-lib-arena.t t/11-lib-addr.t t/12-lib-seen.t t/13-lib-schema.t t/14-lib-json.t \
	t/15-lib-bincode.t t/16-lib-envelope.t t/17-lib-vectors.t t/18-lib-torture.t t/19-lib-value.t
check_PROGRAMS += $(lib_tests)
TESTS += $(lib_tests)

t_17_lib_vectors_t_SOURCES = t/17-lib-vectors.c t/lib/vector.c t/lib/vector.h $(lib_tap)
t_17_lib_vectors_t_CPPFLAGS = $(lib_test_cppflags)
t_17_lib_vectors_t_LDADD = libtimenode.la $(JSONC_LIBS)

t_00_tap_t_SOURCES = t/00-tap.c $(lib_tap)
t_00_tap_t_CPPFLAGS = $(lib_test_cppflags)

t_10_lib_arena_t_SOURCES = t/10-lib-arena.c $(lib_tap)
t_10_lib_arena_t_CPPFLAGS = $(lib_test_cppflags)
t_10_lib_arena_t_LDADD = libtimenode.la

t_11_lib_addr_t_SOURCES = t/11-lib-addr.c $(lib_tap)
t_11_lib_addr_t_CPPFLAGS = $(lib_test_cppflags)
t_11_lib_addr_t_LDADD = libtimenode.la

t_12_lib_seen_t_SOURCES = t/12-lib-seen.c $(lib_tap)
t_12_lib_seen_t_CPPFLAGS = $(lib_test_cppflags)
t_12_lib_seen_t_LDADD = libtimenode.la

t_13_lib_schema_t_SOURCES = t/13-lib-schema.c t/lib/tables.c t/lib/tables.h $(lib_tap)
t_13_lib_schema_t_CPPFLAGS = $(lib_test_cppflags)
t_13_lib_schema_t_LDADD = libtimenode.la

t_14_lib_json_t_SOURCES = t/14-lib-json.c t/lib/tables.c t/lib/tables.h $(lib_tap)
t_14_lib_json_t_CPPFLAGS = $(lib_test_cppflags)
t_14_lib_json_t_LDADD = libtimenode.la

t_15_lib_bincode_t_SOURCES = t/15-lib-bincode.c t/lib/tables.c t/lib/tables.h $(lib_tap)
t_15_lib_bincode_t_CPPFLAGS = $(lib_test_cppflags)
t_15_lib_bincode_t_LDADD = libtimenode.la

t_16_lib_envelope_t_SOURCES = t/16-lib-envelope.c $(lib_tap)
t_16_lib_envelope_t_CPPFLAGS = $(lib_test_cppflags)
t_16_lib_envelope_t_LDADD = libtimenode.la

t_18_lib_torture_t_SOURCES = t/18-lib-torture.c t/lib/vector.c t/lib/vector.h $(lib_tap)
t_18_lib_torture_t_CPPFLAGS = $(lib_test_cppflags)
t_18_lib_torture_t_LDADD = libtimenode.la $(JSONC_LIBS)

t_19_lib_value_t_SOURCES = t/19-lib-value.c t/lib/tables.c t/lib/tables.h $(lib_tap)
t_19_lib_value_t_CPPFLAGS = $(lib_test_cppflags)
t_19_lib_value_t_LDADD = libtimenode.la

# COUNT random values of every type there and back; a line has at most 256 KiB, the process
# a few MiB, whatever COUNT is.
COUNT = 1000000
check-roundtrip: t/19-lib-value.t
	t/19-lib-value.t $(COUNT)
.PHONY: check-roundtrip
