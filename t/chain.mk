# t/chain.mk: tests of lib/chain. SPDX-License-Identifier: MIT
EXTRA_DIST += t/data/hashes.json t/data/signatures.json t/data/addresses.json
chain_parts = t/lib/json_file.c t/lib/json_file.h t/lib/vector.c t/lib/vector.h $(lib_tap)
chain_tests = t/19-lib-chain-hashes.t t/19-lib-chain-keys.t
check_PROGRAMS += $(chain_tests)
TESTS += $(chain_tests)

t_19_lib_chain_hashes_t_SOURCES = t/19-lib-chain-hashes.c $(chain_parts)
t_19_lib_chain_hashes_t_CPPFLAGS = $(lib_test_cppflags)
t_19_lib_chain_hashes_t_LDADD = libtimenode.la $(JSONC_LIBS)

t_19_lib_chain_keys_t_SOURCES = t/19-lib-chain-keys.c $(chain_parts)
t_19_lib_chain_keys_t_CPPFLAGS = $(lib_test_cppflags)
t_19_lib_chain_keys_t_LDADD = libtimenode.la $(JSONC_LIBS)
