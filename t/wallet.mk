# t/wallet.mk: tests of payments, subscriptions and the wallet in the plugin transactions. SPDX-License-Identifier: MIT
check_PROGRAMS += t/47-transactions-spend.t t/47-transactions-subscribe.t t/47-transactions-rawtx.t
t_47_transactions_spend_t_SOURCES = t/47-transactions-spend.c plugins/transactions/spend.c t/sim/rng.c t/lib/tap.c
t_47_transactions_spend_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_transactions_spend_t_LDADD = libtimenode.la
t_47_transactions_subscribe_t_SOURCES = t/47-transactions-subscribe.c plugins/transactions/subscribe.c t/sim/rng.c t/lib/tap.c
t_47_transactions_subscribe_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_transactions_subscribe_t_LDADD = libtimenode.la
t_47_transactions_rawtx_t_SOURCES = t/47-transactions-rawtx.c plugins/transactions/rawtx.c t/sim/rng.c t/lib/tap.c
t_47_transactions_rawtx_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_transactions_rawtx_t_LDADD = libtimenode.la
TESTS += t/47-transactions-spend.t t/47-transactions-subscribe.t t/47-transactions-rawtx.t

dist_check_SCRIPTS += t/88-wallet.t
TESTS += t/88-wallet.t

check_PROGRAMS += t/54-sim-subscribe.t
t_54_sim_subscribe_t_SOURCES = t/54-sim-subscribe.c t/lib/tap.c
t_54_sim_subscribe_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_54_sim_subscribe_t_LDADD = $(txlab_libs)
TESTS += t/54-sim-subscribe.t

check_PROGRAMS += t/54-sim-wallet.t
t_54_sim_wallet_t_SOURCES = t/54-sim-wallet.c t/lib/tap.c
t_54_sim_wallet_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_54_sim_wallet_t_LDADD = $(txlab_libs)
TESTS += t/54-sim-wallet.t
