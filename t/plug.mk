# t/plug.mk: tests of bus, plugin host and plugins. SPDX-License-Identifier: MIT
check_LIBRARIES += libtnpluglab.a
libtnpluglab_a_CPPFLAGS = $(unit_cppflags)
libtnpluglab_a_SOURCES = t/sim/pluglab.c t/sim/pluglab.h
plug_libs = libtnpluglab.a $(fleet_libs)

check_PROGRAMS += t/40-plug-order.t
t_40_plug_order_t_SOURCES = t/40-plug-order.c t/lib/tap.c
t_40_plug_order_t_CPPFLAGS = $(unit_cppflags)
t_40_plug_order_t_LDADD = $(core_libs)
TESTS += t/40-plug-order.t

check_PROGRAMS += t/41-plug-check.t
t_41_plug_check_t_SOURCES = t/41-plug-check.c t/lib/tap.c
t_41_plug_check_t_CPPFLAGS = $(unit_cppflags)
t_41_plug_check_t_LDADD = $(core_libs)
TESTS += t/41-plug-check.t

check_PROGRAMS += t/42-plug-pulse.t
t_42_plug_pulse_t_SOURCES = t/42-plug-pulse.c t/lib/tap.c
t_42_plug_pulse_t_CPPFLAGS = $(unit_cppflags)
t_42_plug_pulse_t_LDADD = $(core_libs)
TESTS += t/42-plug-pulse.t

check_PROGRAMS += t/43-bus-dispatch.t
t_43_bus_dispatch_t_SOURCES = t/43-bus-dispatch.c t/lib/tap.c
t_43_bus_dispatch_t_CPPFLAGS = $(unit_cppflags)
t_43_bus_dispatch_t_LDADD = $(plug_libs)
TESTS += t/43-bus-dispatch.t

check_PROGRAMS += t/49-bus-frame.t
t_49_bus_frame_t_SOURCES = t/49-bus-frame.c t/lib/tap.c
t_49_bus_frame_t_CPPFLAGS = $(unit_cppflags)
t_49_bus_frame_t_LDADD = $(plug_libs)
TESTS += t/49-bus-frame.t

check_PROGRAMS += t/49-bus-hog.t
t_49_bus_hog_t_SOURCES = t/49-bus-hog.c t/lib/tap.c
t_49_bus_hog_t_CPPFLAGS = $(unit_cppflags)
t_49_bus_hog_t_LDADD = $(plug_libs)
TESTS += t/49-bus-hog.t

check_PROGRAMS += t/44-bus-question.t
t_44_bus_question_t_SOURCES = t/44-bus-question.c t/lib/tap.c
t_44_bus_question_t_CPPFLAGS = $(unit_cppflags)
t_44_bus_question_t_LDADD = $(plug_libs)
TESTS += t/44-bus-question.t

# ---- modules with one fault each, and some that help: t/plugins/.libs/NAME.so
fixture_ldflags = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
check_LTLIBRARIES += t/plugins/all47.la
t_plugins_all47_la_SOURCES = t/plugins/all47.c
t_plugins_all47_la_LDFLAGS = $(fixture_ldflags)
t_plugins_all47_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_core.la
t_plugins_bad_core_la_SOURCES = t/plugins/bad_core.c
t_plugins_bad_core_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_core_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_cycle_a.la
t_plugins_bad_cycle_a_la_SOURCES = t/plugins/bad_cycle_a.c
t_plugins_bad_cycle_a_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_cycle_a_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_cycle_b.la
t_plugins_bad_cycle_b_la_SOURCES = t/plugins/bad_cycle_b.c
t_plugins_bad_cycle_b_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_cycle_b_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_init.la
t_plugins_bad_init_la_SOURCES = t/plugins/bad_init.c
t_plugins_bad_init_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_init_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_magic.la
t_plugins_bad_magic_la_SOURCES = t/plugins/bad_magic.c
t_plugins_bad_magic_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_magic_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_major.la
t_plugins_bad_major_la_SOURCES = t/plugins/bad_major.c
t_plugins_bad_major_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_major_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_minor.la
t_plugins_bad_minor_la_SOURCES = t/plugins/bad_minor.c
t_plugins_bad_minor_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_minor_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_name.la
t_plugins_bad_name_la_SOURCES = t/plugins/bad_name.c
t_plugins_bad_name_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_name_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_need.la
t_plugins_bad_need_la_SOURCES = t/plugins/bad_need.c
t_plugins_bad_need_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_need_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_nosymbol.la
t_plugins_bad_nosymbol_la_SOURCES = t/plugins/bad_nosymbol.c
t_plugins_bad_nosymbol_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_nosymbol_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_option.la
t_plugins_bad_option_la_SOURCES = t/plugins/bad_option.c
t_plugins_bad_option_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_option_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_owner.la
t_plugins_bad_owner_la_SOURCES = t/plugins/bad_owner.c
t_plugins_bad_owner_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_owner_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_short.la
t_plugins_bad_short_la_SOURCES = t/plugins/bad_short.c
t_plugins_bad_short_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_short_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_start.la
t_plugins_bad_start_la_SOURCES = t/plugins/bad_start.c
t_plugins_bad_start_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_start_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_symbol.la
t_plugins_bad_symbol_la_SOURCES = t/plugins/bad_symbol.c
t_plugins_bad_symbol_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_symbol_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/twice_1.la
t_plugins_twice_1_la_SOURCES = t/plugins/twice_1.c
t_plugins_twice_1_la_LDFLAGS = $(fixture_ldflags)
t_plugins_twice_1_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/twice_2.la
t_plugins_twice_2_la_SOURCES = t/plugins/twice_2.c
t_plugins_twice_2_la_LDFLAGS = $(fixture_ldflags)
t_plugins_twice_2_la_LIBADD = libtimenode.la

check_PROGRAMS += t/46-plug-load.t
t_46_plug_load_t_SOURCES = t/46-plug-load.c t/lib/tap.c
t_46_plug_load_t_CPPFLAGS = $(unit_cppflags)
t_46_plug_load_t_LDADD = $(plug_libs)
TESTS += t/46-plug-load.t

check_PROGRAMS += t/47-peers-book.t
t_47_peers_book_t_SOURCES = t/47-peers-book.c t/lib/tap.c
t_47_peers_book_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_peers_book_t_LDADD = libtnplugins.a $(core_libs)
TESTS += t/47-peers-book.t

check_PROGRAMS += t/45-plug-life.t
t_45_plug_life_t_SOURCES = t/45-plug-life.c t/lib/tap.c
t_45_plug_life_t_CPPFLAGS = $(unit_cppflags)
t_45_plug_life_t_LDADD = $(plug_libs)
TESTS += t/45-plug-life.t

check_PROGRAMS += t/48-sim-pingpong.t
t_48_sim_pingpong_t_SOURCES = t/48-sim-pingpong.c t/lib/tap.c
t_48_sim_pingpong_t_CPPFLAGS = $(unit_cppflags)
t_48_sim_pingpong_t_LDADD = $(plug_libs)
TESTS += t/48-sim-pingpong.t

check_PROGRAMS += t/49-bus-overrun.t
t_49_bus_overrun_t_SOURCES = t/49-bus-overrun.c t/lib/tap.c
t_49_bus_overrun_t_CPPFLAGS = $(unit_cppflags)
t_49_bus_overrun_t_LDADD = $(core_libs)
TESTS += t/49-bus-overrun.t

check_PROGRAMS += t/49-plug-job.t
t_49_plug_job_t_SOURCES = t/49-plug-job.c t/lib/tap.c
t_49_plug_job_t_CPPFLAGS = $(unit_cppflags)
t_49_plug_job_t_LDADD = $(plug_libs)
TESTS += t/49-plug-job.t

check_PROGRAMS += t/49-plug-batch.t
t_49_plug_batch_t_SOURCES = t/49-plug-batch.c t/lib/tap.c
t_49_plug_batch_t_CPPFLAGS = $(unit_cppflags)
t_49_plug_batch_t_LDADD = $(plug_libs)
TESTS += t/49-plug-batch.t

# The pure files of blocks, without the plugin.
blocks_window = plugins/blocks/window.c plugins/blocks/window_next.c plugins/blocks/window.h \
	plugins/blocks/window_impl.h
blocks_branch = plugins/blocks/branch.c plugins/blocks/branch.h
check_PROGRAMS += t/47-blocks-window.t
t_47_blocks_window_t_SOURCES = t/47-blocks-window.c $(blocks_window) t/lib/tap.c
t_47_blocks_window_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
TESTS += t/47-blocks-window.t
check_PROGRAMS += t/47-blocks-window-model.t
t_47_blocks_window_model_t_SOURCES = t/47-blocks-window-model.c $(blocks_window) t/sim/rng.c t/lib/tap.c
t_47_blocks_window_model_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
TESTS += t/47-blocks-window-model.t
check_PROGRAMS += t/47-blocks-branch.t
t_47_blocks_branch_t_SOURCES = t/47-blocks-branch.c $(blocks_branch) t/lib/tap.c
t_47_blocks_branch_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_blocks_branch_t_LDADD = libtimenode.la
TESTS += t/47-blocks-branch.t
