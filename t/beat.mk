# t/beat.mk: tests of heartbeats, witnesses, links and rewards. SPDX-License-Identifier: MIT
# The pure files, without the plugin.
mn_beat = plugins/masternodes/heartbeat.c plugins/masternodes/heartbeat.h
mn_witness = plugins/masternodes/witness.c plugins/masternodes/witness.h $(mn_beat)

check_PROGRAMS += t/47-mn-mesh.t
t_47_mn_mesh_t_SOURCES = t/47-mn-mesh.c plugins/masternodes/mesh.c plugins/masternodes/mesh.h \
	t/sim/rng.c t/lib/tap.c
t_47_mn_mesh_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
TESTS += t/47-mn-mesh.t

check_PROGRAMS += t/47-mn-heartbeat.t
t_47_mn_heartbeat_t_SOURCES = t/47-mn-heartbeat.c $(mn_beat) t/lib/tap.c
t_47_mn_heartbeat_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_mn_heartbeat_t_LDADD = libtimenode.la
TESTS += t/47-mn-heartbeat.t

check_PROGRAMS += t/47-mn-witness.t
t_47_mn_witness_t_SOURCES = t/47-mn-witness.c $(mn_witness) t/lib/tap.c
t_47_mn_witness_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_mn_witness_t_LDADD = libtimenode.la
TESTS += t/47-mn-witness.t

check_PROGRAMS += t/47-mn-eligible.t
t_47_mn_eligible_t_SOURCES = t/47-mn-eligible.c plugins/masternodes/eligible.c \
	plugins/masternodes/eligible.h t/lib/tap.c
t_47_mn_eligible_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_47_mn_eligible_t_LDADD = libtimenode.la
TESTS += t/47-mn-eligible.t

check_PROGRAMS += t/54-sim-mn-heartbeat.t
t_54_sim_mn_heartbeat_t_SOURCES = t/54-sim-mn-heartbeat.c t/lib/tap.c
t_54_sim_mn_heartbeat_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_54_sim_mn_heartbeat_t_LDADD = $(plug_libs)
TESTS += t/54-sim-mn-heartbeat.t

check_PROGRAMS += t/56-sim-mn-mesh.t
t_56_sim_mn_mesh_t_SOURCES = t/56-sim-mn-mesh.c t/lib/tap.c
t_56_sim_mn_mesh_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_56_sim_mn_mesh_t_LDADD = $(plug_libs)
TESTS += t/56-sim-mn-mesh.t

check_PROGRAMS += t/56-sim-mn-bytes.t
t_56_sim_mn_bytes_t_SOURCES = t/56-sim-mn-bytes.c t/lib/tap.c
t_56_sim_mn_bytes_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_56_sim_mn_bytes_t_LDADD = $(plug_libs)
TESTS += t/56-sim-mn-bytes.t

check_PROGRAMS += t/54-sim-mn-old.t
t_54_sim_mn_old_t_SOURCES = t/54-sim-mn-old.c t/sim/old_scene.c t/sim/old_scene.h t/lib/tap.c
t_54_sim_mn_old_t_CPPFLAGS = $(unit_cppflags) -I$(top_srcdir)/plugins
t_54_sim_mn_old_t_LDADD = $(plug_libs)
TESTS += t/54-sim-mn-old.t
