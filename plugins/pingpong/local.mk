# plugins/pingpong: what this plugin adds to the build. SPDX-License-Identifier: MIT
plugin_LTLIBRARIES += pingpong.la
pingpong_la_SOURCES = plugins/pingpong/pingpong.c plugins/pingpong/handover.c \
	plugins/pingpong/pingpong.h
pingpong_la_LDFLAGS = $(plugin_ldflags)
pingpong_la_LIBADD = libtimenode.la

check_LIBRARIES += libtnp_pingpong.a
libtnp_pingpong_a_SOURCES = plugins/pingpong/pingpong.c plugins/pingpong/handover.c
libtnp_pingpong_a_CPPFLAGS = $(AM_CPPFLAGS) -DTN_BUILTIN=pingpong
builtin_objects += plugins/pingpong/libtnp_pingpong_a-pingpong.$(OBJEXT) \
	plugins/pingpong/libtnp_pingpong_a-handover.$(OBJEXT)

EXTRA_DIST += plugins/pingpong/pingpong.conf plugins/pingpong/pingpong.pod
