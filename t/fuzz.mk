# t/fuzz.mk: fuzz targets, as ordinary tests and with libFuzzer. SPDX-License-Identifier: MIT
fuzz_targets = envelope lines bincode cut addr
EXTRA_DIST += t/fuzz/seeds
fuzz_tests = t/fuzz/envelope.t t/fuzz/lines.t t/fuzz/bincode.t t/fuzz/cut.t t/fuzz/addr.t
check_PROGRAMS += $(fuzz_tests)
TESTS += $(fuzz_tests)
fuzz_cppflags = $(lib_test_cppflags) -I$(top_srcdir)/lib
fuzz_runner = t/fuzz/run.c t/fuzz/fuzz.h t/lib/mutate.c t/lib/mutate.h $(lib_tap)

t_fuzz_envelope_t_SOURCES = t/fuzz/envelope.c $(fuzz_runner)
t_fuzz_envelope_t_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"envelope"'
t_fuzz_envelope_t_LDADD = libtimenode.la
t_fuzz_lines_t_SOURCES = t/fuzz/lines.c $(fuzz_runner)
t_fuzz_lines_t_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"lines"'
t_fuzz_lines_t_LDADD = libtimenode.la
t_fuzz_bincode_t_SOURCES = t/fuzz/bincode.c $(fuzz_runner)
t_fuzz_bincode_t_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"bincode"'
t_fuzz_bincode_t_LDADD = libtimenode.la
t_fuzz_cut_t_SOURCES = t/fuzz/cut.c $(fuzz_runner)
t_fuzz_cut_t_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"cut"'
t_fuzz_cut_t_LDADD = libtimenode.la
t_fuzz_addr_t_SOURCES = t/fuzz/addr.c $(fuzz_runner)
t_fuzz_addr_t_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"addr"'
t_fuzz_addr_t_LDADD = libtimenode.la

# make fuzz [FUZZ="lines bincode"] [FUZZ_TIME=60]: seconds for each target; needs clang. What
# it learns stays in fuzz/<target> of the build tree, what it finds in fuzz/finding-*.
FUZZ = $(fuzz_targets)
FUZZ_TIME = 60
fuzz_sources = $(addprefix $(top_srcdir)/,$(filter %.c,$(libtimenode_la_SOURCES)) t/lib/mutate.c)
fuzz_flags = -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
fuzz: config.h
	@command -v clang >/dev/null || { echo "clang not found: install clang" >&2; exit 1; }
	$(AM_V_at)mkdir -p fuzz
	$(AM_V_at)set -e; for t in $(FUZZ); do \
		echo "fuzz $$t: $(FUZZ_TIME) seconds"; mkdir -p fuzz/$$t; \
		clang -std=c11 $(fuzz_flags) -I. $(fuzz_cppflags) $(XXHASH_CFLAGS) \
			$(SODIUM_CFLAGS) $(fuzz_sources) $(top_srcdir)/t/fuzz/$$t.c -o fuzz/run-$$t \
			$(libtimenode_la_LIBADD) -lcrypto; \
		fuzz/run-$$t -max_total_time=$(FUZZ_TIME) -max_len=65536 -print_final_stats=1 \
			-artifact_prefix=fuzz/finding-$$t- fuzz/$$t \
			$(top_srcdir)/t/fuzz/seeds/$$t 2>&1 | \
			grep -E 'DONE|cov:|stat::|ERROR|not so|SUMMARY|runtime error' | tail -12; \
		test -z "$$(ls fuzz/finding-$$t-* 2>/dev/null)"; \
	done
.PHONY: fuzz
