# t/lib.mk: tests of this area. SPDX-License-Identifier: MIT
EXTRA_DIST += t/data/messages.jsonl t/data/bad-lines.jsonl t/data/streams.jsonl
lib_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/t $(JSONC_CFLAGS)
lib_tap = t/lib/tap.c t/lib/tap.h
lib_tests = t/17-lib-vectors.t
check_PROGRAMS += $(lib_tests)
TESTS += $(lib_tests)

t_17_lib_vectors_t_SOURCES = t/17-lib-vectors.c t/lib/vector.c t/lib/vector.h $(lib_tap)
t_17_lib_vectors_t_CPPFLAGS = $(lib_test_cppflags)
t_17_lib_vectors_t_LDADD = libtimenode.la $(JSONC_LIBS)
