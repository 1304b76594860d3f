# core/conf: what this room adds to the build. SPDX-License-Identifier: MIT
noinst_HEADERS += core/conf/conf.h core/conf/settings.h core/conf/conf_impl.h
libtncore_a_SOURCES += core/conf/file.c core/conf/scan.c core/conf/value.c core/conf/nearest.c \
	core/conf/expect.c core/conf/option.c core/conf/table.c core/conf/print.c \
	core/conf/settings.c core/conf/settings_table.c core/conf/settings_print.c
