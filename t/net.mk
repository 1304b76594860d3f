# t/net.mk: tests of this area. SPDX-License-Identifier: MIT
check_PROGRAMS += t/30-net-names.t
t_30_net_names_t_SOURCES = t/30-net-names.c t/lib/tap.c
t_30_net_names_t_CPPFLAGS = $(unit_cppflags)
t_30_net_names_t_LDADD = $(core_libs)
TESTS += t/30-net-names.t

check_PROGRAMS += t/31-net-account.t
t_31_net_account_t_SOURCES = t/31-net-account.c t/lib/tap.c
t_31_net_account_t_CPPFLAGS = $(unit_cppflags)
t_31_net_account_t_LDADD = $(core_libs)
t_31_net_account_t_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=realloc
TESTS += t/31-net-account.t

check_PROGRAMS += t/32-net-frame.t
t_32_net_frame_t_SOURCES = t/32-net-frame.c t/lib/tap.c
t_32_net_frame_t_CPPFLAGS = $(unit_cppflags)
t_32_net_frame_t_LDADD = $(core_libs)
TESTS += t/32-net-frame.t

check_PROGRAMS += t/33-net-history.t
t_33_net_history_t_SOURCES = t/33-net-history.c t/lib/tap.c
t_33_net_history_t_CPPFLAGS = $(unit_cppflags)
t_33_net_history_t_LDADD = $(core_libs)
TESTS += t/33-net-history.t

check_PROGRAMS += t/34-net-state.t
t_34_net_state_t_SOURCES = t/34-net-state.c t/lib/tap.c
t_34_net_state_t_CPPFLAGS = $(unit_cppflags)
t_34_net_state_t_LDADD = $(core_libs)
TESTS += t/34-net-state.t

check_PROGRAMS += t/51-sim-net.t
t_51_sim_net_t_SOURCES = t/51-sim-net.c t/lib/tap.c
t_51_sim_net_t_CPPFLAGS = $(unit_cppflags)
t_51_sim_net_t_LDADD = $(sim_libs)
TESTS += t/51-sim-net.t
