# plugins/masternodes: what this plugin adds to the build. SPDX-License-Identifier: MIT
masternodes_files = plugins/masternodes/masternodes.c plugins/masternodes/service.c \
	plugins/masternodes/own.c plugins/masternodes/announce.c plugins/masternodes/judge.c \
	plugins/masternodes/list.c plugins/masternodes/contact.c plugins/masternodes/collateral.c \
	plugins/masternodes/commands.c plugins/masternodes/text.c \
	plugins/masternodes/keyfile.c plugins/masternodes/voters.c plugins/masternodes/registry.c \
	plugins/masternodes/registry_coins.c plugins/masternodes/registry_disk.c \
	plugins/masternodes/keep.c \
	plugins/masternodes/links.c plugins/masternodes/beats.c plugins/masternodes/attest.c \
	plugins/masternodes/beat_commands.c plugins/masternodes/heartbeat.c \
	plugins/masternodes/witness.c plugins/masternodes/mesh.c plugins/masternodes/eligible.c \
	plugins/masternodes/handover.c
plugin_LTLIBRARIES += masternodes.la
masternodes_la_SOURCES = $(masternodes_files) plugins/masternodes/masternodes.h plugins/masternodes/keyfile.h \
	plugins/masternodes/voters.h plugins/masternodes/registry.h plugins/masternodes/registry_impl.h \
	plugins/masternodes/judge.h plugins/masternodes/text.h \
	plugins/masternodes/beats.h plugins/masternodes/heartbeat.h plugins/masternodes/witness.h \
	plugins/masternodes/mesh.h plugins/masternodes/eligible.h
masternodes_la_LDFLAGS = $(plugin_ldflags)
masternodes_la_LIBADD = libtimenode.la

check_LIBRARIES += libtnp_masternodes.a
libtnp_masternodes_a_SOURCES = $(masternodes_files)
libtnp_masternodes_a_CPPFLAGS = $(AM_CPPFLAGS) -DTN_BUILTIN=masternodes
builtin_objects += plugins/masternodes/libtnp_masternodes_a-masternodes.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-service.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-own.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-keep.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-announce.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-judge.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-list.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-contact.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-collateral.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-commands.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-text.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-keyfile.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-voters.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-registry.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-registry_coins.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-registry_disk.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-links.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-beats.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-attest.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-beat_commands.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-heartbeat.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-witness.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-mesh.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-eligible.$(OBJEXT) \
	plugins/masternodes/libtnp_masternodes_a-handover.$(OBJEXT)

EXTRA_DIST += plugins/masternodes/masternodes.conf plugins/masternodes/masternodes.pod
