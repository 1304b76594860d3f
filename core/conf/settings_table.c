/* SPDX-License-Identifier: MIT
 * core/conf/settings_table.c - the core's options with their defaults and bounds
 */
#include "config.h"

#include "conf/settings.h"

/* As TN_OPT, for what cannot change while the node runs. */
/* clang-format off */
#define FIXED(T, m, kind, def, lo, hi, help) \
	{ #m, def, help, lo, hi, offsetof(struct T, m), kind, 1 }
#define OPT(T, m, def, lo, hi, help) TN_OPT(struct T, m, def, lo, hi, help)
#define OPT_MS(T, m, def, lo, hi, help) TN_OPT_MS(struct T, m, def, lo, hi, help)
#define OPT_SIZE(T, m, def, lo, hi, help) TN_OPT_SIZE(struct T, m, def, lo, hi, help)
/* clang-format on */

#define SECOND ((int64_t)1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define KIB ((int64_t)1 << 10)
#define MIB ((int64_t)1 << 20)
#define GIB ((int64_t)1 << 30)

static const struct tn_option top[] = {
	FIXED(settings_top, data_dir, TN_O_TEXT, "", 0, 1000,
	      "Where data is kept. Absent: /var/lib/timenode for root, else ~/.timenode."),
	FIXED(settings_top, run_dir, TN_O_TEXT, "", 0, 90,
	      "For control.sock and timenode.pid. Absent: /run/timenode for root, else "
	      "~/.timenode."),
	FIXED(settings_top, plugin_dir, TN_O_TEXT, TN_PLUGIN_DIR, 1, 1000,
	      "Where NAME.so of each plugin lies."),
};

static const struct tn_option network[] = {
	FIXED(settings_network, name, TN_O_TEXT, "testnet", 1, 16,
	      "mainnet (port 24000), testnet (24100) or private (24200)."),
	FIXED(settings_network, listen, TN_O_ADDRS, "0.0.0.0, ::", 0, 64,
	      "Addresses to listen on; the network's port unless given. Empty: none."),
	OPT(settings_network, local_ip, "", 0, 55,
	    "Our own address as peers see it. Empty: found out."),
	OPT(settings_network, dial_rule, "lower", 1, 16,
	    "Which of two nodes dials: the one with the lower or higher address, or any."),
	OPT_MS(settings_network, passive_wait, "1m", 0, HOUR,
	       "How long to wait for the other side where it should dial."),
	OPT(settings_network, strict_network, "false", 0, 0,
	    "Refuse peers that do not tell the same network."),
	OPT(settings_network, connect, "", 0, 1000,
	    "Peers that are always dialed and never given up; addresses, names are not looked up."),
	FIXED(settings_network, genesis, TN_O_TEXT, "", 0, 64,
	      "Hash of the genesis block, 64 hex digits. Empty: what a plugin tells."),
	FIXED(settings_network, genesis_time, TN_O_INT, "0", 0, INT64_C(253402300799),
	      "Unix time of a private network's genesis block."),
	OPT(settings_network, whitelist, "127.0.0.0/8, ::1", 0, 1000,
	    "Addresses and subnets that are never banned."),
};

static const struct tn_option sessions[] = {
	OPT(settings_sessions, outbound, "16", 0, 10000, "Sessions that we dial."),
	OPT(settings_sessions, inbound, "112", 0, 10000, "Sessions that others dial."),
	OPT(settings_sessions, masternodes, "50", 0, 10000, "Sessions with masternodes."),
	OPT(settings_sessions, max_per_ip, "3", 1, 10000,
	    "Peers behind one address (IPv6: one /64)."),
	OPT_MS(settings_sessions, stall, "30s", 100, HOUR,
	       "A session whose queue makes no progress for so long is closed."),
	OPT_SIZE(settings_sessions, line_max, "16M", 64 * KIB, 16 * MIB,
		 "The longest line taken from a peer."),
	OPT_SIZE(settings_sessions, unfinished_session, "16M", 64 * KIB, GIB,
		 "Bytes of unfinished messages before a session is not read."),
	OPT_SIZE(settings_sessions, unfinished_node, "256M", 64 * KIB, 64 * GIB,
		 "The same for all sessions together."),
	OPT_SIZE(settings_sessions, queue_session, "20M", 64 * KIB, GIB,
		 "Bytes that wait to be sent to one peer."),
	OPT_SIZE(settings_sessions, queue_node, "512M", 64 * KIB, 64 * GIB,
		 "The same for all peers together."),
	OPT_MS(settings_sessions, connect_timeout, "10s", 100, 5 * 60 * SECOND,
	       "Until a connection is made."),
	OPT_MS(settings_sessions, handshake_timeout, "10s", 100, 5 * 60 * SECOND,
	       "From the connection to the end of the handshake."),
};

static const struct tn_option score[] = {
	OPT(settings_score, close, "100", 1, 1000000, "Points at which a session is closed."),
	OPT(settings_score, ban, "300", 1, 1000000, "Points at which an address is banned."),
	OPT_MS(settings_score, half_life, "10m", SECOND, 30 * DAY,
	       "Time in which points become half."),
	OPT_MS(settings_score, ban_time, "1h", SECOND, 365 * DAY, "How long a ban lasts."),
	OPT(settings_score, bans_max, "10000", 1, 1000000, "Bans kept at most."),
};

static const struct tn_option store[] = {
	FIXED(settings_store, map_size, TN_O_SIZE, "16G", MIB, 1024 * GIB,
	      "Address space for the store: the most it can hold. Under valgrind at most 32G."),
};

static const struct tn_option loop[] = {
	FIXED(settings_loop, hang, TN_O_MS, "2s", 100, HOUR,
	      "A turn of the loop that lasts so long is told, with what holds it."),
	FIXED(settings_loop, abort, TN_O_MS, "60s", 0, HOUR,
	      "One that lasts so long ends the process, with a core file. 0s: never."),
	FIXED(settings_loop, threads, TN_O_INT, "0", 0, 64,
	      "Threads for jobs of plugins, started when needed. 0: one a processor."),
};

static const struct tn_option log_options[] = {
	OPT(settings_log, to, "stderr", 1, 16, "stderr, file or syslog."),
	OPT(settings_log, file, "", 0, 1000, "The file, opened again on SIGHUP."),
	OPT(settings_log, level, "info", 1, 16,
	    "error, warn, info or debug; levels: { net = \"debug\"; } for one subsystem."),
	OPT_MS(settings_log, repeat, "10s", 0, HOUR,
	       "After ten lines alike the rest is counted for so long. 0s: never."),
};

#define TABLE(rows)                                                   \
	{                                                             \
		(rows), sizeof *(rows), sizeof(rows) / sizeof *(rows) \
	}
#define SECTION(group, rows, member)                                   \
	{                                                              \
		group, TABLE(rows), offsetof(struct settings, member), \
			sizeof(((struct settings *)0)->member)         \
	}

const struct settings_section *settings_sections(size_t *n)
{
	static const struct settings_section sections[] = {
		SECTION("", top, top),
		SECTION("network", network, network),
		SECTION("sessions", sessions, sessions),
		SECTION("score", score, score),
		SECTION("store", store, store),
		SECTION("loop", loop, loop),
		SECTION("log", log_options, log),
	};

	*n = sizeof sections / sizeof *sections;
	return sections;
}
