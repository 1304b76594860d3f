# t/lib.mk: tests of this area. SPDX-License-Identifier: MIT
EXTRA_DIST += t/data/messages.jsonl t/data/bad-lines.jsonl t/data/streams.jsonl
lib_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/t $(JSONC_CFLAGS)
lib_tap = t/lib/tap.c t/lib/tap.h
lib_tests = t/00-tap.t t/10-lib-arena.t t/11-lib-addr.t t/12-lib-seen.t t/17-lib-vectors.t
check_PROGRAMS += $(lib_tests)
TESTS += $(lib_tests)

t_17_lib_vectors_t_SOURCES = t/17-lib-vectors.c t/lib/vector.c t/lib/vector.h \
	t/lib/tables.c t/lib/tables.h $(lib_tap)
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
