# SPDX-License-Identifier: MIT
# t/sys.mk - tests of real processes, and the installed tree that they run
EXTRA_DIST += t/lib/NodeTest.pm t/lib/Peer.pm

# What `make install` leaves, once per build; `dirs` says where things are in it.
check_DATA = stage/dirs
stage/dirs: $(bin_PROGRAMS) $(sbin_PROGRAMS) $(lib_LTLIBRARIES) $(plugin_LTLIBRARIES) \
		$(man_MANS) $(noinst_DATA) $(pkgconfig_DATA) $(tninclude_HEADERS)
	$(AM_V_GEN)rm -rf stage && $(MKDIR_P) stage
	$(AM_V_at)$(MAKE) $(AM_MAKEFLAGS) -s install DESTDIR='$(abs_builddir)/stage' \
		>stage/install.log 2>&1 || { cat stage/install.log; exit 1; }
	$(AM_V_at)$(MAKE) $(AM_MAKEFLAGS) -s print-dirs >$@.part && mv $@.part $@

clean-local:
	rm -rf stage

sys_tests = t/71-mesh.t t/71-private.t t/73-audit-red.t t/74-wishes.t t/75-devnet.t t/76-collide.t \
	t/79-service.t t/83-top.t
dist_check_SCRIPTS += $(sys_tests)
TESTS += $(sys_tests)

# Four nodes for MINUTES at the real ping interval.
MINUTES = 30
soak: check-build
	$(AM_TESTS_ENVIRONMENT) TN_SOAK_MINUTES='$(MINUTES)' $(PROVE) -v '$(srcdir)/t/71-mesh.t'
.PHONY: soak

# Nodes that are wrong on purpose, as --enable-break builds them: one object differs, and
# being named first it stands in for the archive's.
break_sources = $(timenoded_SOURCES) core/bus/dispatch.c
check_PROGRAMS += t/break-drop t/break-forget
t_break_drop_SOURCES = $(break_sources)
t_break_drop_CPPFLAGS = $(libtncore_a_CPPFLAGS) -DTN_BREAK_DROP=1
t_break_drop_LDFLAGS = $(AM_LDFLAGS) -no-install
t_break_drop_LDADD = $(core_libs)
t_break_forget_SOURCES = $(break_sources)
t_break_forget_CPPFLAGS = $(libtncore_a_CPPFLAGS) -DTN_BREAK_FORGET=1
t_break_forget_LDFLAGS = $(AM_LDFLAGS) -no-install
t_break_forget_LDADD = $(core_libs)
