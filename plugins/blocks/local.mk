# plugins/blocks: what this plugin adds to the build. SPDX-License-Identifier: MIT
blocks_files = plugins/blocks/address.c plugins/blocks/address_build.c \
	plugins/blocks/address_walk.c plugins/blocks/ahead.c plugins/blocks/announce.c plugins/blocks/apply.c \
	plugins/blocks/blocks.c plugins/blocks/branch.c plugins/blocks/coinset.c \
	plugins/blocks/commands.c plugins/blocks/commands_address.c plugins/blocks/commands_block.c plugins/blocks/encode.c plugins/blocks/fork.c \
	plugins/blocks/jobs.c plugins/blocks/landing.c plugins/blocks/legacy.c plugins/blocks/maintain.c plugins/blocks/road.c \
	plugins/blocks/serve.c plugins/blocks/service.c plugins/blocks/side.c plugins/blocks/side_rows.c \
	plugins/blocks/store.c plugins/blocks/sync.c plugins/blocks/transfer.c \
	plugins/blocks/verify.c plugins/blocks/verify_rows.c plugins/blocks/window.c plugins/blocks/window_next.c
plugin_LTLIBRARIES += blocks.la
blocks_la_SOURCES = $(blocks_files) plugins/blocks/address.h plugins/blocks/blocks.h \
	plugins/blocks/branch.h plugins/blocks/commands.h plugins/blocks/serve.h plugins/blocks/side.h plugins/blocks/verify.h plugins/blocks/window.h \
	plugins/blocks/window_impl.h
blocks_la_LDFLAGS = $(plugin_ldflags)
blocks_la_LIBADD = libtimenode.la

check_LIBRARIES += libtnp_blocks.a
libtnp_blocks_a_SOURCES = $(blocks_files)
libtnp_blocks_a_CPPFLAGS = $(AM_CPPFLAGS) -DTN_BUILTIN=blocks
builtin_objects += $(libtnp_blocks_a_OBJECTS)

EXTRA_DIST += plugins/blocks/blocks.conf plugins/blocks/blocks.pod
