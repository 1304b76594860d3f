# SPDX-License-Identifier: MIT
# doc/local.mk - manual pages from pod; the other documents go into the archive
doc_pods = doc/timenoded.8.pod doc/timenode-cli.1.pod doc/timenode-replay.1.pod doc/timenode.conf.5.pod
doc_mans = doc/timenoded.8 doc/timenode-cli.1 doc/timenode-replay.1 doc/timenode.conf.5
EXTRA_DIST += $(doc_pods) doc/architecture.md doc/operating.md doc/plugins.md doc/protocol.md \
	doc/payments.md
CLEANFILES += $(doc_mans)
man_MANS += $(doc_mans)

pod_to_man = $(AM_V_GEN)$(MKDIR_P) doc && $(POD2MAN) --utf8 --errors=die --date=2026-11 \
	--center=timenode --release='timenode $(PACKAGE_VERSION)'
doc/timenoded.8: doc/timenoded.8.pod
	$(pod_to_man) --section=8 --name=TIMENODED '$(srcdir)/$@.pod' $@
doc/timenode-cli.1: doc/timenode-cli.1.pod
	$(pod_to_man) --section=1 --name=TIMENODE-CLI '$(srcdir)/$@.pod' $@

doc/timenode-replay.1: doc/timenode-replay.1.pod
	$(pod_to_man) --section=1 --name=TIMENODE-REPLAY '$(srcdir)/$@.pod' $@

# Each plugin's own section stands where the page says so.
plugin_pods = $(sort $(wildcard $(srcdir)/plugins/*/*.pod))
doc/timenode.conf.5: doc/timenode.conf.5.pod $(plugin_pods)
	$(AM_V_at)$(MKDIR_P) doc
	$(AM_V_at)$(AWK) -v pods='$(plugin_pods)' \
		'!/^=for plugins/ { print; next } \
		 { n = split(pods, pod, " "); for (i = 1; i <= n; i++) { \
			while ((getline line <pod[i]) > 0) print line; print "" } }' \
		'$(srcdir)/$@.pod' >$@.pod.all
	$(pod_to_man) --section=5 --name=TIMENODE.CONF $@.pod.all $@ && rm -f $@.pod.all
