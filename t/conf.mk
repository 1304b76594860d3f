# t/conf.mk: tests of this area. SPDX-License-Identifier: MIT
check_PROGRAMS += t/24-core-log.t
t_24_core_log_t_SOURCES = t/24-core-log.c t/lib/tap.c
t_24_core_log_t_CPPFLAGS = $(unit_cppflags)
t_24_core_log_t_LDADD = $(core_libs)
TESTS += t/24-core-log.t

check_PROGRAMS += t/25-core-store.t
t_25_core_store_t_SOURCES = t/25-core-store.c t/lib/tap.c t/lib/store_help.h
t_25_core_store_t_CPPFLAGS = $(unit_cppflags)
t_25_core_store_t_LDADD = $(core_libs)
TESTS += t/25-core-store.t

check_PROGRAMS += t/25-core-store-disk.t
t_25_core_store_disk_t_SOURCES = t/25-core-store-disk.c t/lib/tap.c t/lib/store_help.h
t_25_core_store_disk_t_CPPFLAGS = $(unit_cppflags)
t_25_core_store_disk_t_LDADD = $(core_libs)
TESTS += t/25-core-store-disk.t

check_PROGRAMS += t/25-core-store-map.t
t_25_core_store_map_t_SOURCES = t/25-core-store-map.c t/lib/tap.c
t_25_core_store_map_t_CPPFLAGS = $(unit_cppflags)
t_25_core_store_map_t_LDADD = $(core_libs)
TESTS += t/25-core-store-map.t

check_PROGRAMS += t/26-core-conf.t
t_26_core_conf_t_SOURCES = t/26-core-conf.c t/lib/tap.c
t_26_core_conf_t_CPPFLAGS = $(unit_cppflags)
t_26_core_conf_t_LDADD = $(core_libs)
TESTS += t/26-core-conf.t

check_PROGRAMS += t/26-core-conf-bad.t
t_26_core_conf_bad_t_SOURCES = t/26-core-conf-bad.c t/lib/tap.c
t_26_core_conf_bad_t_CPPFLAGS = $(unit_cppflags)
t_26_core_conf_bad_t_LDADD = $(core_libs)
TESTS += t/26-core-conf-bad.t
EXTRA_DIST += t/data/conf

check_PROGRAMS += t/26-core-settings.t
t_26_core_settings_t_SOURCES = t/26-core-settings.c t/lib/tap.c
t_26_core_settings_t_CPPFLAGS = $(unit_cppflags)
t_26_core_settings_t_LDADD = $(core_libs)
TESTS += t/26-core-settings.t
