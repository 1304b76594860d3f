# plugins/transactions: what this plugin adds to the build. SPDX-License-Identifier: MIT
voting_files = plugins/transactions/voting.c plugins/transactions/votes.c \
	plugins/transactions/approvals.c plugins/transactions/open.c plugins/transactions/drip.c \
	plugins/transactions/rivals.c plugins/transactions/voters.c plugins/transactions/cast.c \
	plugins/transactions/ballot.c plugins/transactions/outcome.c plugins/transactions/exchange.c \
	plugins/transactions/bury.c
voting_headers = plugins/transactions/voting.h plugins/transactions/votes.h \
	plugins/transactions/approvals.h plugins/transactions/open.h plugins/transactions/drip.h \
	plugins/transactions/rivals.h
voting_objects = plugins/transactions/libtnp_transactions_a-voting.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-votes.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-approvals.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-open.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-drip.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-rivals.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-voters.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-cast.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-ballot.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-outcome.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-exchange.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-bury.$(OBJEXT)
transactions_files = plugins/transactions/transactions.c plugins/transactions/pool.c \
	plugins/transactions/pool_entry.c plugins/transactions/heap.c \
	plugins/transactions/intake.c plugins/transactions/resolve.c plugins/transactions/verify.c \
	plugins/transactions/orphans.c plugins/transactions/fate.c plugins/transactions/keep.c \
	plugins/transactions/follow.c plugins/transactions/pending.c plugins/transactions/service.c \
	$(voting_files) \
	plugins/transactions/watching.c \
	plugins/transactions/subscribe.c plugins/transactions/spend.c \
	plugins/transactions/rawtx.c plugins/transactions/wallet.c plugins/transactions/wallet_read.c \
	plugins/transactions/wallet_store.c plugins/transactions/wallet_coins.c \
	plugins/transactions/pay.c plugins/transactions/show.c plugins/transactions/commands.c
plugin_LTLIBRARIES += transactions.la
transactions_la_SOURCES = $(transactions_files) plugins/transactions/transactions.h \
	plugins/transactions/pool.h plugins/transactions/pool_entry.h plugins/transactions/heap.h \
	plugins/transactions/subscribe.h plugins/transactions/siphash.h \
	plugins/transactions/spend.h plugins/transactions/rawtx.h plugins/transactions/wallet.h \
	plugins/transactions/wallet_impl.h plugins/transactions/wallet_store.h \
	plugins/transactions/wallet_coins.h plugins/transactions/commands.h \
	$(voting_headers) plugins/transactions/inside.h plugins/transactions/intake.h plugins/transactions/orphans.h
transactions_la_LDFLAGS = $(plugin_ldflags)
transactions_la_LIBADD = libtimenode.la

check_LIBRARIES += libtnp_transactions.a
libtnp_transactions_a_SOURCES = $(transactions_files)
libtnp_transactions_a_CPPFLAGS = $(AM_CPPFLAGS) -DTN_BUILTIN=transactions
builtin_objects += plugins/transactions/libtnp_transactions_a-transactions.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-pool.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-heap.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-pool_entry.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-intake.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-resolve.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-verify.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-orphans.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-fate.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-keep.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-follow.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-pending.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-service.$(OBJEXT) \
	$(voting_objects) \
	plugins/transactions/libtnp_transactions_a-watching.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-subscribe.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-spend.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-rawtx.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-wallet.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-wallet_read.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-wallet_store.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-wallet_coins.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-pay.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-show.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-commands.$(OBJEXT)

EXTRA_DIST += plugins/transactions/transactions.conf plugins/transactions/transactions.pod
