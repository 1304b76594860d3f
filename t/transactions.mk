# t/transactions.mk: tests of the plugin transactions. SPDX-License-Identifier: MIT
check_LIBRARIES += libtntxlab.a
libtntxlab_a_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
libtntxlab_a_SOURCES = t/sim/txlab.c t/sim/txlab.h t/lib/paychain.c t/lib/paychain.h
txlab_libs = libtntxlab.a $(chainlab_libs)

check_PROGRAMS += t/54-sim-transactions.t
t_54_sim_transactions_t_SOURCES = t/54-sim-transactions.c t/lib/tap.c
t_54_sim_transactions_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_54_sim_transactions_t_LDADD = $(txlab_libs)
TESTS += t/54-sim-transactions.t

check_PROGRAMS += t/54-sim-mempool.t
t_54_sim_mempool_t_SOURCES = t/54-sim-mempool.c t/lib/tap.c
t_54_sim_mempool_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_54_sim_mempool_t_LDADD = $(txlab_libs)
TESTS += t/54-sim-mempool.t

transactions_pool = plugins/transactions/pool.c plugins/transactions/pool.h \
	plugins/transactions/pool_entry.c plugins/transactions/pool_entry.h \
	plugins/transactions/heap.c plugins/transactions/heap.h
check_PROGRAMS += t/47-transactions-pool.t t/47-transactions-orphans.t
t_47_transactions_pool_t_SOURCES = t/47-transactions-pool.c $(transactions_pool) t/sim/rng.c t/lib/tap.c
t_47_transactions_pool_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_transactions_pool_t_LDADD = libtimenode.la
t_47_transactions_orphans_t_SOURCES = t/47-transactions-orphans.c plugins/transactions/orphans.c \
	plugins/transactions/orphans.h t/lib/tap.c
t_47_transactions_orphans_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_transactions_orphans_t_LDADD = libtimenode.la
TESTS += t/47-transactions-pool.t t/47-transactions-orphans.t
