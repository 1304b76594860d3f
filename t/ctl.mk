# t/ctl.mk: tests of this area. SPDX-License-Identifier: MIT
check_PROGRAMS += t/40-ctl-request.t
t_40_ctl_request_t_SOURCES = t/40-ctl-request.c t/sim/ctlbed.c t/sim/ctlbed.h t/lib/tap.c
t_40_ctl_request_t_CPPFLAGS = $(unit_cppflags)
t_40_ctl_request_t_LDADD = $(sim_libs)
TESTS += t/40-ctl-request.t

check_PROGRAMS += t/42-ctl-server.t
t_42_ctl_server_t_SOURCES = t/42-ctl-server.c t/sim/ctlbed.c t/sim/ctlbed.h t/lib/tap.c
t_42_ctl_server_t_CPPFLAGS = $(unit_cppflags)
t_42_ctl_server_t_LDADD = $(sim_libs)
TESTS += t/42-ctl-server.t

check_PROGRAMS += t/41-cli-table.t
t_41_cli_table_t_SOURCES = t/41-cli-table.c cli/table.c cli/cli.h t/lib/tap.c
t_41_cli_table_t_CPPFLAGS = $(unit_cppflags)
t_41_cli_table_t_LDADD = $(JSONC_LIBS)
TESTS += t/41-cli-table.t

dist_check_SCRIPTS += t/72-cli.t
TESTS += t/72-cli.t
