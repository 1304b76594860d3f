# t/sim.mk: whole nodes and whole rooms in the simulator. SPDX-License-Identifier: MIT
check_LIBRARIES += libtnfleet.a
libtnfleet_a_CPPFLAGS = $(unit_cppflags)
libtnfleet_a_SOURCES = t/sim/netlab.c t/sim/netlab.h t/sim/fleet.c t/sim/fleet.h \
	t/sim/disk.c t/sim/disk.h t/sim/storm.c t/sim/storm.h t/sim/check.c t/sim/check.h \
	t/sim/trial.c t/sim/trial.h
fleet_libs = libtnfleet.a libtnsim.a libtnplugins.a $(core_libs)

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
