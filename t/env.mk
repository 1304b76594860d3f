# t/env.mk: tests of this area. SPDX-License-Identifier: MIT
check_LIBRARIES += libtnsim.a
libtnsim_a_CPPFLAGS = $(unit_cppflags)
libtnsim_a_SOURCES = \
	t/sim/env_sim.c t/sim/env_sim.h \
	t/sim/lab.c t/sim/lab.h \
	t/sim/link.c t/sim/link.h \
	t/sim/queue.c t/sim/queue.h \
	t/sim/rng.c t/sim/rng.h \
	t/sim/trace.c t/sim/trace.h t/sim/trouble.c t/sim/work.c \
	t/sim/world.c t/sim/world.h
sim_libs = libtnsim.a $(core_libs)

check_PROGRAMS += t/20-core-env.t
t_20_core_env_t_SOURCES = t/20-core-env.c t/lib/tap.c
t_20_core_env_t_CPPFLAGS = $(unit_cppflags)
t_20_core_env_t_LDADD = $(sim_libs)
TESTS += t/20-core-env.t

check_PROGRAMS += t/21-core-handle.t
t_21_core_handle_t_SOURCES = t/21-core-handle.c t/lib/tap.c
t_21_core_handle_t_CPPFLAGS = $(unit_cppflags)
t_21_core_handle_t_LDADD = $(core_libs)
TESTS += t/21-core-handle.t

check_PROGRAMS += t/22-core-timer.t
t_22_core_timer_t_SOURCES = t/22-core-timer.c t/lib/tap.c
t_22_core_timer_t_CPPFLAGS = $(unit_cppflags)
t_22_core_timer_t_LDADD = $(core_libs)
TESTS += t/22-core-timer.t

check_PROGRAMS += t/23-sim-world.t
t_23_sim_world_t_SOURCES = t/23-sim-world.c t/lib/tap.c
t_23_sim_world_t_CPPFLAGS = $(unit_cppflags)
t_23_sim_world_t_LDADD = $(sim_libs)
TESTS += t/23-sim-world.t

check_PROGRAMS += t/24-core-env-bulk.t
t_24_core_env_bulk_t_SOURCES = t/24-core-env-bulk.c t/lib/tap.c
t_24_core_env_bulk_t_CPPFLAGS = $(unit_cppflags)
t_24_core_env_bulk_t_LDADD = $(sim_libs)
TESTS += t/24-core-env-bulk.t

check_PROGRAMS += t/25-core-env-real.t
t_25_core_env_real_t_SOURCES = t/25-core-env-real.c t/lib/tap.c
t_25_core_env_real_t_CPPFLAGS = $(unit_cppflags)
t_25_core_env_real_t_LDADD = $(sim_libs)
TESTS += t/25-core-env-real.t

check_PROGRAMS += t/28-core-pool.t
t_28_core_pool_t_SOURCES = t/28-core-pool.c t/lib/tap.c
t_28_core_pool_t_CPPFLAGS = $(unit_cppflags)
t_28_core_pool_t_LDADD = $(sim_libs)
TESTS += t/28-core-pool.t
