# SPDX-License-Identifier: MIT
# t/record.mk - recordings: the file, a node that is recorded and replayed
check_PROGRAMS += t/record-tamper
t_record_tamper_SOURCES = t/record-tamper.c
t_record_tamper_CPPFLAGS = $(AM_CPPFLAGS) $(XXHASH_CFLAGS)
t_record_tamper_LDADD = $(XXHASH_LIBS)
dist_check_SCRIPTS += t/83-record.t
TESTS += t/83-record.t

check_PROGRAMS += t/59-sim-record.t
t_59_sim_record_t_SOURCES = t/59-sim-record.c t/lib/tap.c
t_59_sim_record_t_CPPFLAGS = $(unit_cppflags)
t_59_sim_record_t_LDADD = $(fleet_libs)
TESTS += t/59-sim-record.t

check_PROGRAMS += t/28-record-file.t
t_28_record_file_t_SOURCES = t/28-record-file.c t/lib/tap.c
t_28_record_file_t_CPPFLAGS = $(unit_cppflags)
t_28_record_file_t_LDADD = $(core_libs)
TESTS += t/28-record-file.t

check_PROGRAMS += t/28-record-env.t
t_28_record_env_t_SOURCES = t/28-record-env.c t/lib/tap.c
t_28_record_env_t_CPPFLAGS = $(unit_cppflags)
t_28_record_env_t_LDADD = libtnsim.a $(core_libs)
TESTS += t/28-record-env.t
