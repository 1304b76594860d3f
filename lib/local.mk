# lib: libtimenode. SPDX-License-Identifier: MIT
lib_LTLIBRARIES += libtimenode.la
libtimenode_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/lib $(XXHASH_CFLAGS)
libtimenode_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined
libtimenode_la_LIBADD = $(XXHASH_LIBS)
libtimenode_la_SOURCES = \
	lib/base/error.c lib/base/arena.c lib/base/addr.c lib/base/bucket.c lib/base/seen.c \
	lib/sys/file.c

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = timenode.pc
EXTRA_DIST += lib/timenode.pc.in
