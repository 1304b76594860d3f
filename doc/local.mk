# SPDX-License-Identifier: MIT
# doc/local.mk - manual pages from pod; the other documents go into the archive
doc_pods = doc/timenoded.8.pod doc/timenode-cli.1.pod doc/timenode.conf.5.pod
doc_mans = doc/timenoded.8 doc/timenode-cli.1 doc/timenode.conf.5
EXTRA_DIST += $(doc_pods) doc/architecture.md doc/operating.md doc/plugins.md
CLEANFILES += $(doc_mans)
man_MANS += $(doc_mans)

pod_to_man = $(AM_V_GEN)$(MKDIR_P) doc && $(POD2MAN) --utf8 --errors=die --date=2026-11 \
	--center=timenode --release='timenode $(PACKAGE_VERSION)'
doc/timenoded.8: doc/timenoded.8.pod
	$(pod_to_man) --section=8 --name=TIMENODED '$(srcdir)/$@.pod' $@
doc/timenode-cli.1: doc/timenode-cli.1.pod
	$(pod_to_man) --section=1 --name=TIMENODE-CLI '$(srcdir)/$@.pod' $@
doc/timenode.conf.5: doc/timenode.conf.5.pod
	$(pod_to_man) --section=5 --name=TIMENODE.CONF '$(srcdir)/$@.pod' $@
