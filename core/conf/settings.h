/* SPDX-License-Identifier: MIT
 * core/conf/settings.h - the core's own options
 */
#ifndef CORE_CONF_SETTINGS_H
#define CORE_CONF_SETTINGS_H

#include "base/log.h"
#include "conf/conf.h"

enum conf_network { NETWORK_MAINNET, NETWORK_TESTNET, NETWORK_PRIVATE };
enum conf_dial_rule { DIAL_LOWER, DIAL_HIGHER, DIAL_ANY };

struct settings_top {
	struct tn_str data_dir, run_dir, plugin_dir;
};

struct settings_network {
	struct tn_str name, dial_rule, local_ip, genesis;
	struct tn_addrs listen, connect;
	struct tn_texts whitelist;
	uint64_t passive_wait, genesis_time;
	bool strict_network;
};

struct settings_sessions {
	uint64_t outbound, inbound, masternodes, max_per_ip;
	uint64_t stall, line_max, unfinished_session, unfinished_node, queue_session, queue_node;
	uint64_t connect_timeout, handshake_timeout;
};

struct settings_score {
	uint64_t close, ban, half_life, ban_time, bans_max;
};
struct settings_store {
	uint64_t map_size;
};
struct settings_loop {
	uint64_t hang, abort, threads;
};
struct settings_log {
	struct tn_str to, file, level;
	uint64_t repeat;
};

/* One member of log.levels. */
struct settings_level {
	struct tn_str subsystem;
	enum log_level level;
};

struct settings {
	struct settings_top top;
	struct settings_network network;
	struct settings_sessions sessions;
	struct settings_score score;
	struct settings_store store;
	struct settings_loop loop;
	struct settings_log log;

	/* derived and checked by settings_read */
	enum conf_network net;
	enum conf_dial_rule rule;
	uint16_t default_port; /* of the network */
	struct tn_addr local;  /* local_ip; unspecified = unknown */
	bool has_local;
	uint8_t genesis[32];
	bool has_genesis;
	struct tn_subnet *whitelist; /* network.whitelist, parsed */
	uint32_t whitelists;
	enum log_level level;          /* log.level */
	struct settings_level *levels; /* log.levels, in file order */
	uint32_t level_count;
};

/* Fills and checks everything of the core; groups that nobody knows are errors
 * (what the groups in plugins hold is left to the plugin host). Values are made canonical:
 * network.name and genesis in lower case, ports of listen, connect and local the
 * network's unless given. Texts and lists live in the arena. c NULL: the defaults.
 * data_dir and run_dir stay empty where the file does not give them, since their
 * defaults depend on who runs the process: settings_dirs fills them.
 * 0, TN_EINVAL with "FILE:LINE: reason", TN_ENOMEM.
 */
int settings_read(const struct conf *c, struct settings *out, struct tn_arena *, struct tn_error *);

/* Fills data_dir and run_dir where they are empty: /var/lib/timenode and /run/timenode
 * for root, else HOME/.timenode for both. home: NULL or "" is TN_EINVAL if it is needed.
 */
int settings_dirs(struct settings *, bool root, const char *home, struct tn_arena *,
		  struct tn_error *);

/* The core's groups for --print-config, in file order, without plugins. The same rules as
 * conf_print: returns the bytes needed, writes at most room, without a NUL.
 */
size_t settings_print(const struct settings *, char *buf, size_t room);

/* Changed options that need a restart: fills `keys` ("network.listen") up to n, returns
 * the number. A reload keeps their old values and says so. These are listen, name,
 * genesis, genesis_time of network, the three directories, store and loop.
 */
size_t settings_restart_keys(const struct settings *old, const struct settings *now,
			     const char **keys, size_t n);

/* "mainnet", "testnet", "private". */
const char *settings_network_word(enum conf_network);

/* The tables themselves, for the manual and for tests: group "" is the top level, `off`
 * is where the group's struct lies in struct settings, `bytes` its size.
 */
struct settings_section {
	const char *group;
	struct tn_table options;
	size_t off, bytes;
};
const struct settings_section *settings_sections(size_t *n);

#endif
