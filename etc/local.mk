# SPDX-License-Identifier: MIT
# etc/local.mk - configuration sample and service files, with the paths of this build
etc_in = etc/timenode.conf.in etc/init.d/timenoded.in etc/timenoded.service.in \
	etc/sysusers.conf.in etc/tmpfiles.conf.in etc/logrotate.in
etc_out = etc/timenode.conf etc/init.d/timenoded etc/timenoded.service \
	etc/sysusers.conf etc/tmpfiles.conf etc/logrotate
EXTRA_DIST += $(etc_in)
CLEANFILES += $(etc_out)
noinst_DATA = $(etc_out)

# Data, sockets and logs are in /var and /run whatever the prefix is: so the daemon's own
# defaults say, and so systemd's StateDirectory does. The makefile is a prerequisite:
# another prefix makes other files.
etc_subst = sed -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	-e 's|@plugindir[@]|$(plugindir)|g'
$(etc_out): Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(etc_subst) '$(srcdir)/$@.in' >$@.part && mv $@.part $@
etc/timenode.conf: etc/timenode.conf.in
etc/init.d/timenoded: etc/init.d/timenoded.in
etc/timenoded.service: etc/timenoded.service.in
etc/sysusers.conf: etc/sysusers.conf.in
etc/tmpfiles.conf: etc/tmpfiles.conf.in
etc/logrotate: etc/logrotate.in

# What belongs to the administrator is never overwritten, and removed only if untouched.
etc_sample = $(DESTDIR)$(sysconfdir)/timenode/timenode.conf
etc_rotate = $(DESTDIR)$(sysconfdir)/logrotate.d/timenode
INSTALL_DATA_HOOKS += install-etc
install-etc: $(etc_out)
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/timenode' '$(DESTDIR)$(sysconfdir)/init.d' \
		'$(DESTDIR)$(sysconfdir)/logrotate.d' '$(DESTDIR)$(prefix)/lib/sysusers.d' \
		'$(DESTDIR)$(prefix)/lib/tmpfiles.d'
	test -e '$(etc_sample)' || $(INSTALL_DATA) etc/timenode.conf '$(etc_sample)'
	test -e '$(etc_rotate)' || $(INSTALL_DATA) etc/logrotate '$(etc_rotate)'
	$(INSTALL_SCRIPT) etc/init.d/timenoded '$(DESTDIR)$(sysconfdir)/init.d/timenoded'
	$(INSTALL_DATA) etc/sysusers.conf '$(DESTDIR)$(prefix)/lib/sysusers.d/timenode.conf'
	$(INSTALL_DATA) etc/tmpfiles.conf '$(DESTDIR)$(prefix)/lib/tmpfiles.d/timenode.conf'

UNINSTALL_HOOKS += uninstall-etc
uninstall-etc: $(etc_out)
	! cmp -s etc/timenode.conf '$(etc_sample)' || rm -f '$(etc_sample)'
	! cmp -s etc/logrotate '$(etc_rotate)' || rm -f '$(etc_rotate)'
	rm -f '$(DESTDIR)$(sysconfdir)/init.d/timenoded' \
		'$(DESTDIR)$(prefix)/lib/sysusers.d/timenode.conf' \
		'$(DESTDIR)$(prefix)/lib/tmpfiles.d/timenode.conf'

if WITH_UNIT
INSTALL_DATA_HOOKS += install-unit
install-unit: etc/timenoded.service
	$(MKDIR_P) '$(DESTDIR)$(systemdsystemunitdir)'
	$(INSTALL_DATA) etc/timenoded.service '$(DESTDIR)$(systemdsystemunitdir)/timenoded.service'
UNINSTALL_HOOKS += uninstall-unit
uninstall-unit:
	rm -f '$(DESTDIR)$(systemdsystemunitdir)/timenoded.service'
endif
.PHONY: install-etc uninstall-etc install-unit uninstall-unit
