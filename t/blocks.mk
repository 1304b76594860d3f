# t/blocks.mk: tests of the plugin blocks. SPDX-License-Identifier: MIT
check_LIBRARIES += libtnchainlab.a
libtnchainlab_a_CPPFLAGS = $(unit_cppflags)
libtnchainlab_a_SOURCES = t/sim/chainlab.c t/sim/chainlab.h t/sim/lies.c t/sim/lies.h \
	t/sim/phase.c t/sim/phase.h \
	t/lib/chaingen.c t/lib/chaingen.h \
	t/lib/chainbad.c t/lib/coins.c t/lib/coins.h t/lib/judging.c t/lib/judging.h
chainlab_libs = libtnchainlab.a $(plug_libs)

check_PROGRAMS += t/54-sim-blocks.t
t_54_sim_blocks_t_SOURCES = t/54-sim-blocks.c t/lib/tap.c
t_54_sim_blocks_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks.t

check_PROGRAMS += t/54-sim-blocks-sync.t
t_54_sim_blocks_sync_t_SOURCES = t/54-sim-blocks-sync.c t/lib/tap.c
t_54_sim_blocks_sync_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_sync_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-sync.t

check_PROGRAMS += t/54-sim-blocks-defects.t
t_54_sim_blocks_defects_t_SOURCES = t/54-sim-blocks-defects.c t/lib/tap.c
t_54_sim_blocks_defects_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_defects_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-defects.t

check_PROGRAMS += t/54-sim-blocks-index.t
t_54_sim_blocks_index_t_SOURCES = t/54-sim-blocks-index.c t/lib/tap.c
t_54_sim_blocks_index_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_index_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-index.t

check_PROGRAMS += t/54-sim-blocks-damage.t
t_54_sim_blocks_damage_t_SOURCES = t/54-sim-blocks-damage.c t/lib/tap.c
t_54_sim_blocks_damage_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_damage_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-damage.t

check_PROGRAMS += t/54-sim-blocks-reindex.t
t_54_sim_blocks_reindex_t_SOURCES = t/54-sim-blocks-reindex.c t/lib/tap.c
t_54_sim_blocks_reindex_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_reindex_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-reindex.t

check_PROGRAMS += t/54-sim-blocks-transfer.t
t_54_sim_blocks_transfer_t_SOURCES = t/54-sim-blocks-transfer.c t/lib/tap.c
t_54_sim_blocks_transfer_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_transfer_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-transfer.t

check_PROGRAMS += t/54-sim-blocks-service.t
t_54_sim_blocks_service_t_SOURCES = t/54-sim-blocks-service.c t/lib/tap.c
t_54_sim_blocks_service_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_service_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-service.t

check_PROGRAMS += t/54-sim-blocks-side.t
t_54_sim_blocks_side_t_SOURCES = t/54-sim-blocks-side.c t/lib/tap.c
t_54_sim_blocks_side_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_side_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-side.t

check_PROGRAMS += t/54-sim-blocks-large.t
t_54_sim_blocks_large_t_SOURCES = t/54-sim-blocks-large.c t/lib/tap.c
t_54_sim_blocks_large_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_large_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-large.t

check_PROGRAMS += t/57-sim-blocks-told.t
t_57_sim_blocks_told_t_SOURCES = t/57-sim-blocks-told.c t/lib/tap.c
t_57_sim_blocks_told_t_CPPFLAGS = $(unit_cppflags)
t_57_sim_blocks_told_t_LDADD = $(chainlab_libs)
TESTS += t/57-sim-blocks-told.t

check_PROGRAMS += t/54-sim-blocks-fork.t
t_54_sim_blocks_fork_t_SOURCES = t/54-sim-blocks-fork.c t/lib/tap.c
t_54_sim_blocks_fork_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_fork_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-fork.t

check_PROGRAMS += t/54-sim-blocks-unlucky.t
t_54_sim_blocks_unlucky_t_SOURCES = t/54-sim-blocks-unlucky.c t/lib/tap.c
t_54_sim_blocks_unlucky_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_unlucky_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-unlucky.t

EXTRA_DIST += t/lib/ChainPeer.pm
dist_check_SCRIPTS += t/84-blocks.t t/85-blocks-liars.t t/85-blocks-peers.t t/86-blocks-kill.t t/87-blocks-legacy.t t/88-blocks-swap.t t/89-blocks-disk.t
TESTS += t/84-blocks.t t/85-blocks-liars.t t/85-blocks-peers.t t/86-blocks-kill.t t/87-blocks-legacy.t t/88-blocks-swap.t t/89-blocks-disk.t

check_PROGRAMS += t/57-sim-blocks-crash.t
t_57_sim_blocks_crash_t_SOURCES = t/57-sim-blocks-crash.c t/lib/tap.c
t_57_sim_blocks_crash_t_CPPFLAGS = $(unit_cppflags)
t_57_sim_blocks_crash_t_LDADD = $(chainlab_libs)
TESTS += t/57-sim-blocks-crash.t

check_PROGRAMS += t/57-sim-blocks-fleet.t
t_57_sim_blocks_fleet_t_SOURCES = t/57-sim-blocks-fleet.c t/lib/tap.c
t_57_sim_blocks_fleet_t_CPPFLAGS = $(unit_cppflags)
t_57_sim_blocks_fleet_t_LDADD = $(chainlab_libs)
TESTS += t/57-sim-blocks-fleet.t

# The long forms of what the chain must show: liars in the simulator, deaths at any instant in the
# simulator and by kill -9, catching up with three peers. CHAIN_DIR keeps the generated chain
# and the store that it was imported into (20,000 x 50: 4 GB) for the next run.
CHAIN_SEEDS = 200
CHAIN_NODES = 20
CHAIN_LIARS = 18
CHAIN_ROUNDS = 200
check-chain: check-build
	$(AM_V_at)NODES=$(CHAIN_NODES) LIARS=$(CHAIN_LIARS) SEEDS=$(CHAIN_SEEDS) t/57-sim-blocks-fleet.t
	$(AM_V_at)ROUNDS=$(CHAIN_ROUNDS) t/57-sim-blocks-crash.t
	$(AM_TESTS_ENVIRONMENT) KILLS=$(or $(KILLS),200) $(PROVE) -v '$(srcdir)/t/84-blocks.t' '$(srcdir)/t/86-blocks-kill.t'
	$(AM_TESTS_ENVIRONMENT) BLOCKS=$(or $(BLOCKS),20000) TXS=$(or $(TXS),50) \
		CHAIN_DIR='$(or $(CHAIN_DIR),$(abs_builddir)/chains)' ONLY='$(ONLY)' \
		$(PROVE) -v '$(srcdir)/t/85-blocks-liars.t'
.PHONY: check-chain
