# plugins/peers: what this plugin adds to the build. SPDX-License-Identifier: MIT
plugin_LTLIBRARIES += peers.la
peers_la_SOURCES = plugins/peers/peers.c plugins/peers/book.c plugins/peers/book.h
peers_la_LDFLAGS = $(plugin_ldflags)
peers_la_LIBADD = libtimenode.la

check_LIBRARIES += libtnp_peers.a
libtnp_peers_a_SOURCES = plugins/peers/peers.c plugins/peers/book.c
libtnp_peers_a_CPPFLAGS = $(AM_CPPFLAGS) -DTN_BUILTIN=peers
builtin_objects += plugins/peers/libtnp_peers_a-peers.$(OBJEXT) \
	plugins/peers/libtnp_peers_a-book.$(OBJEXT)

EXTRA_DIST += plugins/peers/peers.conf plugins/peers/peers.pod
