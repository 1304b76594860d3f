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

check_PROGRAMS += t/35-net-dial-rule.t
t_35_net_dial_rule_t_SOURCES = t/35-net-dial-rule.c t/lib/tap.c
t_35_net_dial_rule_t_CPPFLAGS = $(unit_cppflags)
t_35_net_dial_rule_t_LDADD = $(core_libs)
TESTS += t/35-net-dial-rule.t

check_PROGRAMS += t/36-net-survivor.t
t_36_net_survivor_t_SOURCES = t/36-net-survivor.c t/lib/tap.c
t_36_net_survivor_t_CPPFLAGS = $(unit_cppflags)
t_36_net_survivor_t_LDADD = $(core_libs)
TESTS += t/36-net-survivor.t

check_PROGRAMS += t/37-net-backoff.t
t_37_net_backoff_t_SOURCES = t/37-net-backoff.c t/lib/tap.c
t_37_net_backoff_t_CPPFLAGS = $(unit_cppflags)
t_37_net_backoff_t_LDADD = $(core_libs)
TESTS += t/37-net-backoff.t

check_PROGRAMS += t/38-net-score.t
t_38_net_score_t_SOURCES = t/38-net-score.c t/lib/tap.c
t_38_net_score_t_CPPFLAGS = $(unit_cppflags)
t_38_net_score_t_LDADD = $(core_libs)
TESTS += t/38-net-score.t

check_PROGRAMS += t/39-net-ban.t
t_39_net_ban_t_SOURCES = t/39-net-ban.c t/lib/tap.c
t_39_net_ban_t_CPPFLAGS = $(unit_cppflags)
t_39_net_ban_t_LDADD = $(core_libs)
TESTS += t/39-net-ban.t

libtnsim_a_SOURCES += t/sim/peer_old.c t/sim/peer_old.h t/sim/peer_old_accept.c \
	t/sim/peer_old_dial.c t/sim/peer_old_host.c t/sim/peer_old_impl.h \
	t/sim/peer_old_io.c t/sim/peer_old_line.c

check_PROGRAMS += t/50-sim-peer-old.t
t_50_sim_peer_old_t_SOURCES = t/50-sim-peer-old.c t/sim/old_scene.c t/sim/old_scene.h t/lib/tap.c
t_50_sim_peer_old_t_CPPFLAGS = $(unit_cppflags)
t_50_sim_peer_old_t_LDADD = $(sim_libs)
TESTS += t/50-sim-peer-old.t

check_PROGRAMS += t/39-net-evict.t
t_39_net_evict_t_SOURCES = t/39-net-evict.c t/lib/tap.c
t_39_net_evict_t_CPPFLAGS = $(unit_cppflags)
t_39_net_evict_t_LDADD = $(core_libs)
TESTS += t/39-net-evict.t
