/* SPDX-License-Identifier: MIT
 * t/26-core-settings.c - the core's own options: defaults, bounds, printing, restart
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_impl.h"
#include "conf/settings.h"
#include "lib/tap.h"

/* ---- helpers */

/* The settings of a text; *err is "" if it was accepted. */
static int settle(const char *text, struct settings *s, struct tn_arena *a, struct tn_error *err)
{
	struct conf *c = conf_read_text(text, "test.conf", err);
	int rc = c ? settings_read(c, s, a, err) : TN_EINVAL;

	conf_free(c);
	return rc;
}

static void must_settle(const char *text, struct settings *s, struct tn_arena *a)
{
	struct tn_error err = { "" };

	if (settle(text, s, a, &err) != 0)
		bail_out("%s", err.text);
}

static void read_good(const char *file, struct settings *s, struct tn_arena *a)
{
	char *path = tap_source(file);
	struct tn_error err = { "" };
	struct conf *c = conf_read_file(path, &err);

	is_int(c ? settings_read(c, s, a, &err) : -1, 0, "%s is accepted", file);
	is_str(err.text, "", "without a word");
	conf_free(c);
	free(path);
}

static void is_addr(const struct tn_addr *a, const char *want)
{
	char buf[TN_ADDR_TEXT];

	is_str(tn_addr_text(a, buf), want, "address %s", want);
}

static unsigned differences(const struct settings *a, const struct settings *b)
{
	size_t n;
	const struct settings_section *sec = settings_sections(&n);
	unsigned found = 0;

	for (size_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < sec[i].options.rows; k++) {
			const struct tn_option *o = conf_row(sec[i].options, k);

			if (conf_same(o, (const char *)a + sec[i].off,
				      (const char *)b + sec[i].off))
				continue;
			diag("%s.%s differs", sec[i].group, o->key);
			found++;
		}
	}
	found += a->net != b->net || a->rule != b->rule || a->default_port != b->default_port;
	found += a->has_local != b->has_local || tn_addr_cmp(&a->local, &b->local) != 0;
	found += a->has_genesis != b->has_genesis || memcmp(a->genesis, b->genesis, 32) != 0;
	found += a->whitelists != b->whitelists || a->level != b->level;
	found += a->level_count != b->level_count;
	for (uint32_t i = 0; i < a->level_count && i < b->level_count; i++)
		found += a->levels[i].level != b->levels[i].level ||
			 strcmp(a->levels[i].subsystem.p, b->levels[i].subsystem.p) != 0;
	return found;
}

/* ---- values */

static void test_defaults(void)
{
	struct tn_arena *a = tn_arena_create(0);
	struct tn_error err = { "" };
	struct settings s, t;

	is_int(settings_read(NULL, &s, a, &err), 0, "no file");
	is_uint(s.top.data_dir.n + s.top.run_dir.n, 0, "directories wait for settings_dirs");
	is_str(s.top.plugin_dir.p, TN_PLUGIN_DIR, "plugins where they were installed");
	is_str(s.network.name.p, "testnet", "testnet");
	ok(s.net == NETWORK_TESTNET && s.default_port == 24100, "and its port");
	is_uint(s.network.listen.n, 2, "two addresses to listen on");
	is_addr(&s.network.listen.v[0], "0.0.0.0:24100");
	is_addr(&s.network.listen.v[1], "[::]:24100");
	ok(!s.has_local && !s.has_genesis && s.rule == DIAL_LOWER, "nothing known of us");
	ok(s.network.passive_wait == 60000 && !s.network.strict_network, "passive_wait");
	ok(s.network.connect.n == 0 && s.network.genesis_time == 0, "nobody to connect to");
	is_uint(s.whitelists, 2, "two subnets are never banned");
	is_uint(s.whitelist[0].bits, 104, "127.0.0.0/8");
	is_uint(s.whitelist[1].bits, 128, "::1");
	ok(s.sessions.outbound == 16 && s.sessions.inbound == 112 && s.sessions.masternodes == 50 &&
		   s.sessions.max_per_ip == 3,
	   "slots");
	ok(s.sessions.stall == 30000 && s.sessions.connect_timeout == 10000 &&
		   s.sessions.handshake_timeout == 10000,
	   "times");
	ok(s.sessions.line_max == 16 << 20 && s.sessions.unfinished_session == 16 << 20 &&
		   s.sessions.unfinished_node == 256 << 20 &&
		   s.sessions.queue_session == 20 << 20 && s.sessions.queue_node == 512 << 20,
	   "bytes");
	ok(s.score.close == 100 && s.score.ban == 300 && s.score.half_life == 600000 &&
		   s.score.ban_time == 3600000 && s.score.bans_max == 10000,
	   "score");
	is_uint(s.store.map_size, 16ull << 30, "store.map_size");
	is_str(s.log.to.p, "stderr", "log.to");
	ok(s.log.file.n == 0 && s.level == LOG_LEVEL_INFO && s.log.repeat == 10000, "log");
	is_uint(s.level_count, 0, "no level of their own");
	read_good("t/data/conf/good-empty.conf", &t, a);
	is_uint(differences(&s, &t), 0, "an empty file is the same");
	tn_arena_unref(a);
}

static void test_full(void)
{
	struct tn_arena *a = tn_arena_create(0);
	struct settings s;

	read_good("t/data/conf/good-full.conf", &s, a);
	is_str(s.top.data_dir.p, "/srv/time \"node\"\\x", "escapes");
	ok(s.net == NETWORK_MAINNET && s.default_port == 24000, "MainNet is mainnet");
	is_str(s.network.name.p, "mainnet", "in lower case");
	is_addr(&s.network.listen.v[0], "127.0.0.1:24000");
	is_addr(&s.network.listen.v[1], "[::1]:5000");
	is_addr(&s.local, "192.0.2.1:24000");
	ok(s.has_local && s.rule == DIAL_ANY && s.network.strict_network, "words");
	is_uint(s.network.passive_wait, 1500, "a plain number is milliseconds");
	is_uint(s.network.connect.n, 4, "peers");
	is_addr(&s.network.connect.v[1], "[2001:db8::7]:24000");
	is_addr(&s.network.connect.v[2], "192.0.2.9:24000");
	is_addr(&s.network.connect.v[3], "[2001:db8::7]:1");
	ok(s.has_genesis && s.genesis[0] == 0 && s.genesis[10] == 0xaa && s.genesis[31] == 0xff,
	   "genesis");
	is_str(s.network.genesis.p,
	       "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "in lower case");
	is_uint(s.whitelists, 0, "an empty list");
	is_uint(s.sessions.queue_node, 5000000000, "a number over 32 bits");
	is_uint(s.score.ban_time, 8 * 86400000, "days");
	is_str(s.log.file.p, "/var/log/tn net.log", "a text in two pieces");
	ok(s.level == LOG_LEVEL_WARN && s.level_count == 2, "levels");
	is_str(s.levels[0].subsystem.p, "net", "the first");
	ok(s.levels[0].level == LOG_LEVEL_DEBUG && s.levels[1].level == LOG_LEVEL_ERROR,
	   "each its own");
	read_good("t/data/conf/good-private.conf", &s, a);
	ok(s.net == NETWORK_PRIVATE && s.default_port == 24200, "private");
	is_uint(s.network.genesis_time, 4000000000, "with a time of its own");
	ok(!s.has_local, "an unspecified local_ip is unknown");
	is_addr(&s.network.listen.v[0], "127.0.0.1:7");
	is_addr(&s.network.connect.v[0], "127.0.0.2:24200");
	tn_arena_unref(a);
}

static void test_dirs(void)
{
	struct tn_arena *a = tn_arena_create(0);
	struct tn_error err = { "" };
	struct settings s;

	must_settle("", &s, a);
	is_int(settings_dirs(&s, true, NULL, a, &err), 0, "root needs no home");
	is_str(s.top.data_dir.p, "/var/lib/timenode", "data_dir of root");
	is_str(s.top.run_dir.p, "/run/timenode", "run_dir of root");
	must_settle("run_dir = \"/x\";", &s, a);
	is_int(settings_dirs(&s, false, "/home/u", a, &err), 0, "somebody else");
	is_str(s.top.data_dir.p, "/home/u/.timenode", "data_dir below home");
	is_uint(s.top.data_dir.n, strlen("/home/u/.timenode"), "its length");
	is_str(s.top.run_dir.p, "/x", "what is given stays");
	must_settle("run_dir = \"/x\";", &s, a);
	is_int(settings_dirs(&s, false, "", a, &err), TN_EINVAL, "without a home");
	is_str(err.text, "no home directory: set data_dir and run_dir, or HOME", "is told");
	must_settle("run_dir = \"/x\"; data_dir = \"/y\";", &s, a);
	is_int(settings_dirs(&s, false, NULL, a, &err), 0, "unless none is needed");
	tn_arena_unref(a);
}

/* ---- every option's bounds, from the table itself */

static void is_bounded(const char *group, const struct tn_option *o)
{
	struct tn_arena *a = tn_arena_create(0);
	const int64_t tries[] = { o->lo - 1, o->lo, o->hi, o->hi + 1 };
	struct tn_error err = { "" };
	struct settings s;
	char text[300], key[CONF_KEY_MAX], start[300];

	for (int i = 0; i < 4; i++) {
		bool inside = i == 1 || i == 2;

		snprintf(text, sizeof text, *group ? "%s%s%s = %lldL; };" : "%s%s%s = %lldL;",
			 group, *group ? ": { " : "", o->key, (long long)tries[i]);
		settle(text, &s, a, &err);
		snprintf(start, sizeof start, "test.conf:1: %s: found %lld, expected a ",
			 conf_key(group, o->key, key), (long long)tries[i]);
		/* a bound may still disagree with another option, in other words */
		ok((strncmp(err.text, start, strlen(start)) == 0) == !inside, "%s = %lld is %s",
		   key, (long long)tries[i], inside ? "in its range" : "refused");
		*err.text = 0;
	}
	tn_arena_unref(a);
}

/* Lengths of texts and lists: one item or byte too many or too few. */
static void is_bounded_length(const char *group, const struct tn_option *o)
{
	struct tn_arena *a = tn_arena_create(0);
	bool list = o->type != TN_O_TEXT;
	struct tn_error err = { "" };
	struct settings s;
	size_t n = (size_t)o->hi + 1;
	char *text = calloc(n + 1, 30), *p = text, key[CONF_KEY_MAX], start[200];

	p += sprintf(p, "%s%s%s = %s", group, *group ? ": { " : "", o->key, list ? "[ " : "\"");
	for (size_t i = 0; i < n; i++)
		p += list ? sprintf(p, "%s\"10.1.%zu.%zu\"", i ? ", " : "", i / 256, i % 256)
			  : sprintf(p, "a");
	sprintf(p, "%s;%s", list ? " ]" : "\"", *group ? " };" : "");
	is_int(settle(text, &s, a, &err), TN_EINVAL, "%s is too long with %zu",
	       conf_key(group, o->key, key), n);
	snprintf(start, sizeof start, "test.conf:1: %s: found ", key);
	is_mem(err.text, start, strlen(start), "and is told");
	if (o->lo == 1) {
		snprintf(text, 300, "%s%s%s = \"\";%s", group, *group ? ": { " : "", o->key,
			 *group ? " };" : "");
		is_int(settle(text, &s, a, &err), TN_EINVAL, "%s is not empty", key);
	}
	free(text);
	tn_arena_unref(a);
}

static void test_bounds(void)
{
	size_t n;
	const struct settings_section *sec = settings_sections(&n);
	struct tn_error err = { "" };

	for (size_t i = 0; i < n; i++) {
		is_int(conf_check_table(sec[i].options, sec[i].bytes, &err), 0,
		       "a sound table: \"%s\"", sec[i].group);
		for (unsigned k = 0; k < sec[i].options.rows; k++) {
			const struct tn_option *o = conf_row(sec[i].options, k);

			ok(o->help && *o->help, "%s is explained", o->key);
			if (o->type == TN_O_BOOL)
				continue;
			if (o->type == TN_O_INT || o->type == TN_O_SIZE || o->type == TN_O_MS)
				is_bounded(sec[i].group, o);
			else
				is_bounded_length(sec[i].group, o);
		}
	}
}

/* ---- printing */

static void is_printed_back(const struct settings *s, const char *what)
{
	struct tn_arena *a = tn_arena_create(0);
	struct tn_error err = { "" };
	struct settings back;
	size_t n = settings_print(s, NULL, 0);
	char *text = calloc(1, n + 2);

	text[n] = '!';
	is_uint(settings_print(s, text, n), n, "%s: printed in the size that was told", what);
	is_int(text[n], '!', "and not more");
	text[n] = 0;
	is_int(settle(text, &back, a, &err), 0, "it is accepted");
	is_str(err.text, "", "without a word");
	is_uint(differences(s, &back), 0, "and means the same");
	free(text);
	tn_arena_unref(a);
}

static void test_round_trip(void)
{
	static const char *const files[] = { "t/data/conf/good-empty.conf",
					     "t/data/conf/good-full.conf",
					     "t/data/conf/good-private.conf" };
	struct tn_arena *a = tn_arena_create(0);
	struct settings s;
	char few[64];

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		read_good(files[i], &s, a);
		is_printed_back(&s, files[i]);
	}
	memset(few, '!', sizeof few);
	settings_print(&s, few, 20);
	ok(few[19] != '!' && few[20] == '!', "little room is kept to");
	tn_arena_unref(a);
}

/* ---- what a reload may change */

static void test_restart(void)
{
	static const struct {
		const char *text, *key;
	} changes[] = {
		{ "data_dir = \"/x\";", "data_dir" },
		{ "run_dir = \"/x\";", "run_dir" },
		{ "plugin_dir = \"/x\";", "plugin_dir" },
		{ "network: { name = \"private\"; listen = [ \"0.0.0.0:24100\", \"[::]:24100\" ]; };",
		  "network.name" },
		{ "network: { listen = [ \"0.0.0.0\" ]; };", "network.listen" },
		{ "network: { listen = [ \"0.0.0.0\", \"[::]:1\" ]; };", "network.listen" },
		{ "network: { genesis = "
		  "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"; };",
		  "network.genesis" },
		{ "store: { map_size = \"1G\"; };", "store.map_size" },
		{ "loop: { hang = \"3s\"; };", "loop.hang" },
		{ "loop: { abort = \"0s\"; };", "loop.abort" },
		{ "loop: { threads = 3; };", "loop.threads" },
		{ "network: { connect = [ \"192.0.2.1\" ]; dial_rule = \"any\"; local_ip = \"192.0.2.2\"; "
		  "passive_wait = 1; strict_network = true; whitelist = [ ]; };",
		  NULL },
		{ "sessions: { outbound = 1; line_max = \"1M\"; }; score: { ban_time = \"2h\"; };",
		  NULL },
		{ "log: { level = \"debug\"; levels: { net = \"warn\"; }; to = \"syslog\"; };",
		  NULL },
		{ "network: { name = \"TESTNET\"; listen = [ \"0.0.0.0:24100\", \"::\" ]; };",
		  NULL },
	};
	struct tn_arena *a = tn_arena_create(0);
	struct settings old, now;
	const char *keys[4];

	must_settle("", &old, a);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		keys[0] = NULL;
		must_settle(changes[i].text, &now, a);
		is_uint(settings_restart_keys(&old, &now, keys, 4), changes[i].key != NULL, "%s",
			changes[i].text);
		is_str(keys[0], changes[i].key, "is told by name");
	}
	must_settle("data_dir = \"/x\"; network: { name = \"private\"; genesis_time = 7; };", &now,
		    a);
	keys[2] = "untouched";
	is_uint(settings_restart_keys(&old, &now, keys, 2), 4, "several at once are counted");
	is_str(keys[1], "network.name", "in file order");
	is_str(keys[2], "untouched", "within the room given");
	tn_arena_unref(a);
}

/* Every fixed option has a name that outlives the settings. */
static void test_fixed_names(void)
{
	struct tn_arena *a = tn_arena_create(0);
	struct settings old, now;
	size_t n, fixed = 0, named;
	const struct settings_section *sec = settings_sections(&n);
	const char *keys[64];
	char want[CONF_KEY_MAX];

	must_settle("", &old, a);
	for (size_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < sec[i].options.rows; k++) {
			const struct tn_option *o = conf_row(sec[i].options, k);

			if (!o->fixed)
				continue;
			fixed++;
			must_settle("", &now, a);
			/* the first word of each kind but a bool: a number, or a length */
			memset((char *)&now + sec[i].off + o->off, 0,
			       o->type == TN_O_TEXT || o->type == TN_O_ADDRS ? sizeof(struct tn_str)
									     : sizeof(uint64_t));
			if (conf_same(o, (char *)&old + sec[i].off, (char *)&now + sec[i].off))
				continue; /* empty by default: changed above */
			named = settings_restart_keys(&old, &now, keys, 64);
			is_uint(named, 1, "%s is fixed", o->key);
			is_str(keys[0], conf_key(sec[i].group, o->key, want),
			       "under its full name");
		}
	}
	is_uint(fixed, 11, "as many as documented");
	tn_arena_unref(a);
}

int main(void)
{
	test_defaults();
	test_full();
	test_dirs();
	test_bounds();
	test_round_trip();
	test_restart();
	test_fixed_names();
	return done_testing();
}
