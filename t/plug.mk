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

check_PROGRAMS += t/44-bus-question.t
t_44_bus_question_t_SOURCES = t/44-bus-question.c t/lib/tap.c
t_44_bus_question_t_CPPFLAGS = $(unit_cppflags)
t_44_bus_question_t_LDADD = $(plug_libs)
TESTS += t/44-bus-question.t
