# plugins/blocks: what this plugin adds to the build. SPDX-License-Identifier: MIT
blocks_files = plugins/blocks/blocks.c plugins/blocks/store.c plugins/blocks/apply.c \
	plugins/blocks/road.c plugins/blocks/side.c plugins/blocks/announce.c \
	plugins/blocks/service.c plugins/blocks/serve.c plugins/blocks/coinset.c \
	plugins/blocks/sync.c plugins/blocks/commands.c plugins/blocks/verify.c \
	plugins/blocks/maintain.c plugins/blocks/fork.c plugins/blocks/jobs.c plugins/blocks/ahead.c \
	plugins/blocks/transfer.c plugins/blocks/window.c plugins/blocks/window_next.c \
	plugins/blocks/branch.c
plugin_LTLIBRARIES += blocks.la
blocks_la_SOURCES = $(blocks_files) plugins/blocks/blocks.h plugins/blocks/window.h plugins/blocks/window_impl.h plugins/blocks/branch.h plugins/blocks/commands.h
blocks_la_LDFLAGS = $(plugin_ldflags)
blocks_la_LIBADD = libtimenode.la

check_LIBRARIES += libtnp_blocks.a
libtnp_blocks_a_SOURCES = $(blocks_files)
libtnp_blocks_a_CPPFLAGS = $(AM_CPPFLAGS) -DTN_BUILTIN=blocks
builtin_objects += plugins/blocks/libtnp_blocks_a-blocks.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-store.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-apply.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-road.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-side.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-announce.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-service.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-serve.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-coinset.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-sync.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-commands.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-verify.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-maintain.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-fork.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-jobs.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-ahead.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-transfer.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-window.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-window_next.$(OBJEXT) \
	plugins/blocks/libtnp_blocks_a-branch.$(OBJEXT)

EXTRA_DIST += plugins/blocks/blocks.conf plugins/blocks/blocks.pod
