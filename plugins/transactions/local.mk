# plugins/transactions: what this plugin adds to the build. SPDX-License-Identifier: MIT
transactions_files = plugins/transactions/transactions.c plugins/transactions/pool.c \
	plugins/transactions/pool_entry.c plugins/transactions/heap.c \
	plugins/transactions/intake.c \
	plugins/transactions/voting.c \
	plugins/transactions/watching.c
plugin_LTLIBRARIES += transactions.la
transactions_la_SOURCES = $(transactions_files) plugins/transactions/transactions.h \
	plugins/transactions/pool.h plugins/transactions/pool_entry.h plugins/transactions/heap.h
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
	plugins/transactions/libtnp_transactions_a-voting.$(OBJEXT) \
	plugins/transactions/libtnp_transactions_a-watching.$(OBJEXT)

EXTRA_DIST += plugins/transactions/transactions.conf plugins/transactions/transactions.pod
