# cli: what this room adds to the build. SPDX-License-Identifier: MIT
bin_PROGRAMS += timenode-cli
cli_parts = cli/options.c cli/place.c cli/words.c cli/client.c cli/table.c cli/top.c cli/top_compare.c cli/cli.h
cli_cppflags = $(AM_CPPFLAGS) -DTN_SYSCONF_DIR='"$(sysconfdir)"' $(LIBCONFIG_CFLAGS) $(JSONC_CFLAGS)
timenode_cli_SOURCES = cli/main.c cli/wire.c cli/wire_line.c cli/wire_check.c cli/wire.h $(cli_parts)
timenode_cli_CPPFLAGS = $(cli_cppflags)
timenode_cli_LDADD = libtimenode.la $(LIBCONFIG_LIBS) $(JSONC_LIBS)
