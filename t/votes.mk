# t/votes.mk: tests of votes and finality of the plugin transactions. SPDX-License-Identifier: MIT
tx_votes = plugins/transactions/votes.c plugins/transactions/votes.h
tx_approvals = plugins/transactions/approvals.c plugins/transactions/approvals.h

check_PROGRAMS += t/47-tx-votes.t
t_47_tx_votes_t_SOURCES = t/47-tx-votes.c $(tx_votes) t/sim/rng.c t/lib/tap.c
t_47_tx_votes_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_tx_votes_t_LDADD = libtimenode.la
TESTS += t/47-tx-votes.t

check_PROGRAMS += t/47-tx-approvals.t
t_47_tx_approvals_t_SOURCES = t/47-tx-approvals.c $(tx_approvals) t/lib/tap.c
t_47_tx_approvals_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_tx_approvals_t_LDADD = libtimenode.la
TESTS += t/47-tx-approvals.t

check_PROGRAMS += t/47-tx-lists.t
t_47_tx_lists_t_SOURCES = t/47-tx-lists.c plugins/transactions/open.c plugins/transactions/open.h \
	plugins/transactions/drip.c plugins/transactions/drip.h \
	plugins/transactions/rivals.c plugins/transactions/rivals.h t/lib/tap.c
t_47_tx_lists_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_tx_lists_t_LDADD = libtimenode.la
TESTS += t/47-tx-lists.t

check_LIBRARIES += libtnpaylab.a
libtnpaylab_a_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
libtnpaylab_a_SOURCES = t/sim/paylab.c t/sim/paylab.h
paylab_libs = libtnpaylab.a $(chainlab_libs)

check_PROGRAMS += t/57-sim-pay.t
t_57_sim_pay_t_SOURCES = t/57-sim-pay.c t/lib/tap.c
t_57_sim_pay_t_CPPFLAGS = $(unit_cppflags)
t_57_sim_pay_t_LDADD = $(paylab_libs)
TESTS += t/57-sim-pay.t

check_PROGRAMS += t/57-sim-quiet.t
t_57_sim_quiet_t_SOURCES = t/57-sim-quiet.c t/lib/tap.c
t_57_sim_quiet_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins $(JSONC_CFLAGS)
t_57_sim_quiet_t_LDADD = $(paylab_libs) $(JSONC_LIBS)
TESTS += t/57-sim-quiet.t

check_PROGRAMS += t/57-sim-voters.t
t_57_sim_voters_t_SOURCES = t/57-sim-voters.c t/lib/tap.c
t_57_sim_voters_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins $(JSONC_CFLAGS)
t_57_sim_voters_t_LDADD = $(paylab_libs) $(JSONC_LIBS)
TESTS += t/57-sim-voters.t

check_PROGRAMS += t/paygen
t_paygen_SOURCES = t/paygen.c t/sim/rng.c t/sim/rng.h
t_paygen_CPPFLAGS = $(lib_test_cppflags)
t_paygen_LDADD = libtimenode.la

dist_check_SCRIPTS += t/87-payments.t
EXTRA_DIST += t/lib/PayTest.pm
TESTS += t/87-payments.t
