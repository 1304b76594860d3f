# t/sim.mk: whole nodes and whole rooms in the simulator. SPDX-License-Identifier: MIT
check_LIBRARIES += libtnfleet.a
libtnfleet_a_CPPFLAGS = $(unit_cppflags)
libtnfleet_a_SOURCES = t/sim/netlab.c t/sim/netlab.h t/sim/fleet.c t/sim/fleet.h \
	t/sim/chaos.c t/sim/chaos.h t/sim/disk.c t/sim/disk.h t/sim/storm.c t/sim/storm.h \
	t/sim/check.c t/sim/check.h t/sim/trial.c t/sim/trial.h
check_LIBRARIES += libtnkeeper.a
libtnkeeper_a_CPPFLAGS = $(AM_CPPFLAGS) -DTN_BUILTIN=keeper
libtnkeeper_a_SOURCES = t/sim/keeper.c
check_LIBRARIES += libtnliar.a
libtnliar_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/t -DTN_BUILTIN=liar
libtnliar_a_SOURCES = t/sim/liar.c t/sim/liar.h
fleet_libs = libtnfleet.a libtnkeeper.a libtnliar.a libtnsim.a libtnplugins.a $(core_libs)

check_PROGRAMS += t/33-net-peer.t
t_33_net_peer_t_SOURCES = t/33-net-peer.c t/lib/tap.c
t_33_net_peer_t_CPPFLAGS = $(unit_cppflags)
t_33_net_peer_t_LDADD = $(fleet_libs)
TESTS += t/33-net-peer.t

check_PROGRAMS += t/51-sim-net.t
t_51_sim_net_t_SOURCES = t/51-sim-net.c t/lib/tap.c
t_51_sim_net_t_CPPFLAGS = $(unit_cppflags)
t_51_sim_net_t_LDADD = $(fleet_libs)
TESTS += t/51-sim-net.t

check_PROGRAMS += t/52-sim-refusal.t
t_52_sim_refusal_t_SOURCES = t/52-sim-refusal.c t/lib/tap.c
t_52_sim_refusal_t_CPPFLAGS = $(unit_cppflags)
t_52_sim_refusal_t_LDADD = $(fleet_libs)
TESTS += t/52-sim-refusal.t

check_PROGRAMS += t/53-sim-mesh.t
t_53_sim_mesh_t_SOURCES = t/53-sim-mesh.c t/lib/tap.c
t_53_sim_mesh_t_CPPFLAGS = $(unit_cppflags)
t_53_sim_mesh_t_LDADD = $(fleet_libs)
TESTS += t/53-sim-mesh.t

check_PROGRAMS += t/55-sim-old.t
t_55_sim_old_t_SOURCES = t/55-sim-old.c t/lib/tap.c
t_55_sim_old_t_CPPFLAGS = $(unit_cppflags)
t_55_sim_old_t_LDADD = $(fleet_libs)
TESTS += t/55-sim-old.t

check_PROGRAMS += t/56-sim-chaos.t
t_56_sim_chaos_t_SOURCES = t/56-sim-chaos.c t/lib/tap.c t/lib/vector.c t/lib/vector.h \
	t/lib/tables.c t/lib/tables.h
t_56_sim_chaos_t_CPPFLAGS = $(unit_cppflags) $(JSONC_CFLAGS)
t_56_sim_chaos_t_LDADD = $(fleet_libs) $(JSONC_LIBS)
TESTS += t/56-sim-chaos.t

check_PROGRAMS += t/58-sim-wounds.t
t_58_sim_wounds_t_SOURCES = t/58-sim-wounds.c t/sim/old_scene.c t/sim/old_scene.h t/lib/tap.c
t_58_sim_wounds_t_CPPFLAGS = $(unit_cppflags)
t_58_sim_wounds_t_LDADD = $(fleet_libs)
TESTS += t/58-sim-wounds.t

check_PROGRAMS += t/57-sim-storm.t
t_57_sim_storm_t_SOURCES = t/57-sim-storm.c t/lib/tap.c
t_57_sim_storm_t_CPPFLAGS = $(unit_cppflags)
t_57_sim_storm_t_LDADD = $(fleet_libs)
TESTS += t/57-sim-storm.t

check_PROGRAMS += t/58-sim-history.t
t_58_sim_history_t_SOURCES = t/58-sim-history.c t/lib/tap.c
t_58_sim_history_t_CPPFLAGS = $(unit_cppflags)
t_58_sim_history_t_LDADD = $(fleet_libs)
TESTS += t/58-sim-history.t

check_PROGRAMS += t/59-sim-exhaustive.t
t_59_sim_exhaustive_t_SOURCES = t/59-sim-exhaustive.c t/lib/tap.c
t_59_sim_exhaustive_t_CPPFLAGS = $(unit_cppflags)
t_59_sim_exhaustive_t_LDADD = $(fleet_libs)
TESTS += t/59-sim-exhaustive.t

# More storms: make check-sim SEEDS=5000 FIRST_SEED=1000; NODES=50 HOURS=24 for large ones.
check-sim: t/57-sim-storm.t
	$(AM_V_at)SEEDS=$(or $(SEEDS),1000) FIRST_SEED=$(or $(FIRST_SEED),1) NODES=$(NODES) HOURS=$(HOURS) t/57-sim-storm.t
.PHONY: check-sim

check_PROGRAMS += t/29-core-writer.t
t_29_core_writer_t_SOURCES = t/29-core-writer.c t/lib/tap.c
t_29_core_writer_t_CPPFLAGS = $(unit_cppflags)
t_29_core_writer_t_LDADD = $(fleet_libs)
TESTS += t/29-core-writer.t

# What a failing seed prints: the command that shows it again, and a trace.
dist_check_SCRIPTS += t/58-sim-again.t
TESTS += t/58-sim-again.t
