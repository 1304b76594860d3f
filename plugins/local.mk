# plugins: what this room adds to the build. SPDX-License-Identifier: MIT
# Each plugin is a module that is installed, and once more an object for timenode-replay, tests and the
# simulator, where its descriptor is tn_plugin_desc_NAME.
plugin_ldflags = $(AM_LDFLAGS) -module -avoid-version -shared -no-undefined
builtin_objects =

tnservicedir = $(includedir)/timenode/service
tnservice_HEADERS = include/timenode/service/chain.h include/timenode/service/identity.h \
	include/timenode/service/masternodes.h include/timenode/service/mempool.h

include plugins/pingpong/local.mk
include plugins/peers/local.mk
include plugins/blocks/local.mk
include plugins/masternodes/local.mk
include plugins/transactions/local.mk

noinst_LIBRARIES += libtnplugins.a
libtnplugins_a_SOURCES = t/lib/builtins.h
libtnplugins_a_LIBADD = $(builtin_objects)
