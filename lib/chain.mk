# lib/chain: hashes, keys, addresses, rules. SPDX-License-Identifier: MIT
libtimenode_la_CPPFLAGS += $(CRYPTO_CFLAGS)
libtimenode_la_LIBADD += $(CRYPTO_LIBS)
libtimenode_la_SOURCES += lib/chain/chain.h lib/chain/sha256.c lib/chain/hash.c \
	lib/chain/merkle.c lib/chain/coinset.c lib/chain/leader.c lib/chain/amount.c \
	lib/chain/network.c lib/chain/genesis.c lib/chain/reward.c lib/chain/tx_rules.c \
	lib/chain/keys.c lib/chain/signed.c lib/chain/spend.c lib/chain/address.c \
	lib/chain/wallet.c lib/chain/judge.h lib/chain/judge_text.c lib/chain/judge_alone.c \
	lib/chain/judge_coins.c lib/chain/delta.c
tninclude_HEADERS += include/timenode/chain.h include/timenode/judge.h
