# t/masternodes.mk: tests of the plugin masternodes. SPDX-License-Identifier: MIT
mn_objects = plugins/masternodes/libtnp_masternodes_a-

check_PROGRAMS += t/47-masternodes-registry.t
t_47_masternodes_registry_t_SOURCES = t/47-masternodes-registry.c t/lib/tap.c
t_47_masternodes_registry_t_CPPFLAGS = $(lib_test_cppflags) -I$(top_srcdir)/plugins
t_47_masternodes_registry_t_LDADD = $(mn_objects)registry.$(OBJEXT) $(mn_objects)registry_coins.$(OBJEXT) $(mn_objects)registry_disk.$(OBJEXT) \
	libtimenode.la
TESTS += t/47-masternodes-registry.t

check_PROGRAMS += t/47-masternodes-judge.t
t_47_masternodes_judge_t_SOURCES = t/47-masternodes-judge.c t/lib/tap.c
t_47_masternodes_judge_t_CPPFLAGS = $(lib_test_cppflags) -I$(top_srcdir)/plugins
t_47_masternodes_judge_t_LDADD = $(mn_objects)judge.$(OBJEXT) $(mn_objects)registry_disk.$(OBJEXT) \
	$(mn_objects)registry.$(OBJEXT) $(mn_objects)registry_coins.$(OBJEXT) libtimenode.la
TESTS += t/47-masternodes-judge.t

check_PROGRAMS += t/47-masternodes-config.t
t_47_masternodes_config_t_SOURCES = t/47-masternodes-config.c t/lib/tap.c
t_47_masternodes_config_t_CPPFLAGS = $(lib_test_cppflags) -I$(top_srcdir)/plugins
t_47_masternodes_config_t_LDADD = $(mn_objects)voters.$(OBJEXT) $(mn_objects)text.$(OBJEXT) \
	$(mn_objects)keyfile.$(OBJEXT) $(mn_objects)registry_disk.$(OBJEXT) $(mn_objects)registry.$(OBJEXT) $(mn_objects)registry_coins.$(OBJEXT) \
	libtimenode.la
TESTS += t/47-masternodes-config.t

dist_check_SCRIPTS += t/86-masternodes.t t/87-mn-replay.t t/88-mn-coin.t t/89-masternodes-live.t
TESTS += t/86-masternodes.t t/87-mn-replay.t t/88-mn-coin.t t/89-masternodes-live.t

check_PROGRAMS += t/54-sim-masternodes.t
t_54_sim_masternodes_t_SOURCES = t/54-sim-masternodes.c t/lib/tap.c
t_54_sim_masternodes_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_54_sim_masternodes_t_LDADD = $(plug_libs)
TESTS += t/54-sim-masternodes.t

check_PROGRAMS += t/54-sim-mn-coin.t
t_54_sim_mn_coin_t_SOURCES = t/54-sim-mn-coin.c t/lib/tap.c
t_54_sim_mn_coin_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_54_sim_mn_coin_t_LDADD = $(txlab_libs)
TESTS += t/54-sim-mn-coin.t

check_PROGRAMS += t/54-sim-mn-replay.t
t_54_sim_mn_replay_t_SOURCES = t/54-sim-mn-replay.c t/lib/tap.c
t_54_sim_mn_replay_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_54_sim_mn_replay_t_LDADD = $(plug_libs)
TESTS += t/54-sim-mn-replay.t

check_PROGRAMS += t/54-sim-mn-self.t
t_54_sim_mn_self_t_SOURCES = t/54-sim-mn-self.c t/lib/tap.c
t_54_sim_mn_self_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_54_sim_mn_self_t_LDADD = $(chainlab_libs)
TESTS += t/54-sim-mn-self.t
