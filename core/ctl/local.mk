# core/ctl: what this room adds to the build. SPDX-License-Identifier: MIT
libtncore_a_SOURCES += core/ctl/server.c core/ctl/client.c core/ctl/request.c core/ctl/reply.c \
	core/ctl/command.c core/ctl/cmd_node.c core/ctl/cmd_plugin.c core/ctl/cmd_peers.c \
	core/ctl/cmd_why.c core/ctl/cmd_audit.c core/ctl/ctl.h core/ctl/impl.h
