# t/chain.mk: tests of lib/chain. SPDX-License-Identifier: MIT
EXTRA_DIST += t/data/hashes.json t/data/signatures.json t/data/addresses.json
chain_parts = t/lib/json_file.c t/lib/json_file.h t/lib/vector.c t/lib/vector.h $(lib_tap)
chain_tests = t/19-lib-chain-hashes.t t/19-lib-chain-keys.t t/19-lib-chain-edges.t \
	t/19-lib-chain-rules.t t/19-lib-chain-wallet.t
check_PROGRAMS += $(chain_tests)
TESTS += $(chain_tests)

t_19_lib_chain_hashes_t_SOURCES = t/19-lib-chain-hashes.c $(chain_parts)
t_19_lib_chain_hashes_t_CPPFLAGS = $(lib_test_cppflags)
t_19_lib_chain_hashes_t_LDADD = libtimenode.la $(JSONC_LIBS)

t_19_lib_chain_keys_t_SOURCES = t/19-lib-chain-keys.c $(chain_parts)
t_19_lib_chain_keys_t_CPPFLAGS = $(lib_test_cppflags)
t_19_lib_chain_keys_t_LDADD = libtimenode.la $(JSONC_LIBS)

dist_check_SCRIPTS += t/73-cli-wire.t
TESTS += t/73-cli-wire.t

t_19_lib_chain_edges_t_SOURCES = t/19-lib-chain-edges.c $(lib_tap)
t_19_lib_chain_edges_t_CPPFLAGS = $(lib_test_cppflags) $(SODIUM_CFLAGS) $(CRYPTO_CFLAGS)
t_19_lib_chain_edges_t_LDADD = libtimenode.la $(SODIUM_LIBS) $(CRYPTO_LIBS)

t_19_lib_chain_rules_t_SOURCES = t/19-lib-chain-rules.c $(lib_tap)
t_19_lib_chain_rules_t_CPPFLAGS = $(lib_test_cppflags)
t_19_lib_chain_rules_t_LDADD = libtimenode.la

t_19_lib_chain_wallet_t_SOURCES = t/19-lib-chain-wallet.c $(lib_tap)
t_19_lib_chain_wallet_t_CPPFLAGS = $(lib_test_cppflags)
t_19_lib_chain_wallet_t_LDADD = libtimenode.la

fuzz_targets += address wallet
check_PROGRAMS += t/fuzz/address.t t/fuzz/wallet.t
TESTS += t/fuzz/address.t t/fuzz/wallet.t
t_fuzz_address_t_SOURCES = t/fuzz/address.c $(fuzz_runner)
t_fuzz_address_t_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"address"'
t_fuzz_address_t_LDADD = libtimenode.la
t_fuzz_wallet_t_SOURCES = t/fuzz/wallet.c $(fuzz_runner)
t_fuzz_wallet_t_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"wallet"'
t_fuzz_wallet_t_LDADD = libtimenode.la

# Chains from a seed, blocks that are wrong, a set of coins: for tests and for tools.
chaingen_parts = t/lib/chaingen.c t/lib/chaingen.h t/lib/chainbad.c t/lib/coins.c t/lib/coins.h \
	t/lib/judging.c t/lib/judging.h t/sim/rng.c t/sim/rng.h
check_PROGRAMS += t/19-lib-chain-block.t t/19-lib-chain-undo.t
TESTS += t/19-lib-chain-block.t t/19-lib-chain-undo.t
t_19_lib_chain_undo_t_SOURCES = t/19-lib-chain-undo.c $(chaingen_parts) $(lib_tap)
t_19_lib_chain_undo_t_CPPFLAGS = $(lib_test_cppflags)
t_19_lib_chain_undo_t_LDADD = libtimenode.la
t_19_lib_chain_block_t_SOURCES = t/19-lib-chain-block.c $(chaingen_parts) $(lib_tap)
t_19_lib_chain_block_t_CPPFLAGS = $(lib_test_cppflags)
t_19_lib_chain_block_t_LDADD = libtimenode.la

check_PROGRAMS += t/chaingen
t_chaingen_SOURCES = t/chaingen.c t/lib/chaingen.c t/lib/chaingen.h t/lib/chainbad.c \
	t/sim/rng.c t/sim/rng.h
t_chaingen_CPPFLAGS = $(lib_test_cppflags)
t_chaingen_LDADD = libtimenode.la
dist_check_SCRIPTS += t/69-chaingen.t
TESTS += t/69-chaingen.t

fuzz_targets += judge
check_PROGRAMS += t/fuzz/judge.t
TESTS += t/fuzz/judge.t
t_fuzz_judge_t_SOURCES = t/fuzz/judge.c $(fuzz_runner)
t_fuzz_judge_t_CPPFLAGS = $(fuzz_cppflags) -DFUZZ_TARGET='"judge"'
t_fuzz_judge_t_LDADD = libtimenode.la
