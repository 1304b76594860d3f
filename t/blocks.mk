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

check_PROGRAMS += t/54-sim-blocks-index.t
t_54_sim_blocks_index_t_SOURCES = t/54-sim-blocks-index.c t/lib/tap.c
t_54_sim_blocks_index_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_index_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-index.t

check_PROGRAMS += t/54-sim-blocks-side.t
t_54_sim_blocks_side_t_SOURCES = t/54-sim-blocks-side.c t/lib/tap.c
t_54_sim_blocks_side_t_CPPFLAGS = $(unit_cppflags)
t_54_sim_blocks_side_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-blocks-side.t

check_PROGRAMS += t/57-sim-blocks-told.t
t_57_sim_blocks_told_t_SOURCES = t/57-sim-blocks-told.c t/lib/tap.c
t_57_sim_blocks_told_t_CPPFLAGS = $(unit_cppflags)
t_57_sim_blocks_told_t_LDADD = $(chainlab_libs)
TESTS += t/57-sim-blocks-told.t

dist_check_SCRIPTS += t/84-blocks.t t/85-blocks-liars.t t/87-blocks-legacy.t t/88-blocks-swap.t
TESTS += t/84-blocks.t t/85-blocks-liars.t t/87-blocks-legacy.t t/88-blocks-swap.t

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
