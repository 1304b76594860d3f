# SPDX-License-Identifier: MIT
# t/swap.mk - upgrades under load, plugins that misbehave, and the watchdog
check_LTLIBRARIES += t/plugins/swap_start.la
t_plugins_swap_start_la_SOURCES = t/plugins/swap_start.c
t_plugins_swap_start_la_LDFLAGS = $(fixture_ldflags)
t_plugins_swap_start_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/swap_restore.la
t_plugins_swap_restore_la_SOURCES = t/plugins/swap_restore.c
t_plugins_swap_restore_la_LDFLAGS = $(fixture_ldflags)
t_plugins_swap_restore_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_slow.la
t_plugins_bad_slow_la_SOURCES = t/plugins/bad_slow.c
t_plugins_bad_slow_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_slow_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_stuck.la
t_plugins_bad_stuck_la_SOURCES = t/plugins/bad_stuck.c
t_plugins_bad_stuck_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_stuck_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_flood.la
t_plugins_bad_flood_la_SOURCES = t/plugins/bad_flood.c
t_plugins_bad_flood_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_flood_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_critical.la
t_plugins_bad_critical_la_SOURCES = t/plugins/bad_critical.c
t_plugins_bad_critical_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_critical_la_LIBADD = libtimenode.la

check_LTLIBRARIES += t/plugins/bad_broken.la
t_plugins_bad_broken_la_SOURCES = t/plugins/bad_broken.c
t_plugins_bad_broken_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_broken_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_selfclose.la
t_plugins_bad_selfclose_la_SOURCES = t/plugins/bad_selfclose.c
t_plugins_bad_selfclose_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_selfclose_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_hold.la
t_plugins_bad_hold_la_SOURCES = t/plugins/bad_hold.c
t_plugins_bad_hold_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_hold_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_job.la
t_plugins_bad_job_la_SOURCES = t/plugins/bad_job.c
t_plugins_bad_job_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_job_la_LIBADD = libtimenode.la
check_LTLIBRARIES += t/plugins/bad_crash.la
t_plugins_bad_crash_la_SOURCES = t/plugins/bad_crash.c
t_plugins_bad_crash_la_LDFLAGS = $(fixture_ldflags)
t_plugins_bad_crash_la_LIBADD = libtimenode.la

swap_tests = t/81-swap.t t/82-misbehave.t
dist_check_SCRIPTS += $(swap_tests)
TESTS += $(swap_tests)

# As many upgrades of pingpong under load, each another build than the one before.
check-swap: check-build
	$(AM_TESTS_ENVIRONMENT) TN_SWAPS='$(or $(SWAPS),1000)' $(PROVE) -v '$(srcdir)/t/81-swap.t'
.PHONY: check-swap

check_PROGRAMS += t/29-core-watchdog.t
t_29_core_watchdog_t_SOURCES = t/29-core-watchdog.c core/watchdog.c core/crash.c t/lib/tap.c
t_29_core_watchdog_t_CPPFLAGS = $(unit_cppflags)
t_29_core_watchdog_t_LDADD = $(core_libs)
TESTS += t/29-core-watchdog.t

check_PROGRAMS += t/59-sim-swap.t
t_59_sim_swap_t_SOURCES = t/59-sim-swap.c t/lib/tap.c
t_59_sim_swap_t_CPPFLAGS = $(unit_cppflags)
t_59_sim_swap_t_LDADD = $(plug_libs)
TESTS += t/59-sim-swap.t
