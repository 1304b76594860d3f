/* SPDX-License-Identifier: MIT
 * t/46-plug-load.c - real files: each fault has its own sentence, a rebuilt file is new
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/tap.h"
#include "sim/pluglab.h"

static char dir[400];

struct bench {
	struct world *world;
	struct netlab *lab;
	struct conf *conf;
	struct store *store;
	struct plug *plug;
	struct tn_error err;
};

static struct bench begin(const char *where, const char *plugins)
{
	struct bench b = { .world = world_create(1), .err = { "" } };
	char text[2048];

	snprintf(text, sizeof text,
		 "plugin_dir = \"%s\"; run_dir = \"%s\"; network: { name = \"testnet\"; listen = [ "
		 "\"60.0.0.2\" ]; }; plugins: { %s };",
		 where, tap_tmpdir(), plugins);
	b.lab = netlab_create(b.world, "n", "60.0.0.2", text);
	b.conf = conf_read_text(text, "test.conf", &b.err);
	b.store = store_memory_create();
	b.plug = plug_create(&(struct plug_setup){ .env = b.lab->env,
						   .timers = b.lab->timers,
						   .log = b.lab->log,
						   .settings = &b.lab->set,
						   .net = b.lab->net,
						   .store = b.store },
			     &b.err);
	if (!b.conf || !b.plug)
		bail_out("%s", b.err.text);
	return b;
}

static void end(struct bench *b)
{
	plug_free(b->plug);
	netlab_free(b->lab);
	store_close(b->store);
	conf_free(b->conf);
	world_free(b->world);
}

/* What loading and starting this group says; "" when nothing is wrong. */
static void refused(const char *plugins, const char *sentence)
{
	struct bench b = begin(dir, plugins);
	struct plug_info info;
	int rc = plug_load_all(b.plug, b.conf, &b.err);

	if (!rc)
		rc = plug_start_all(b.plug, &b.err);
	ok(rc < 0 && strstr(b.err.text, sentence), "%s is refused: %s", plugins, b.err.text);
	ok(!plug_info(b.plug, 0, &info), "and nothing stays loaded");
	end(&b);
}

static void faults(void)
{
	char pingpong[500];

	refused("bad_nosymbol: { };",
		"bad_nosymbol.so: no symbol tn_plugin_desc: not a timenode plugin");
	refused("bad_magic: { };", "plugin bad_magic: not a timenode plugin (magic is 00000001");
	refused("bad_major: { };", "plugin bad_major: built for plugin interface 99");
	refused("bad_minor: { };", "plugin bad_minor: needs plugin interface 0.99");
	refused("bad_short: { };", "plugin bad_short: its descriptor has 16 bytes");
	refused("bad_name: { };", "plugin bad_name: the file says its name is another");
	refused("bad_init: { };", "plugin bad_init: init: nothing works today");
	refused("\n\nbad_init: { };", ":3: plugin bad_init: init: nothing works today");
	refused("bad_start: { };", "plugin bad_start: start: ");
	refused("bad_need: { };", "plugin bad_need needs service nothing 1.0, which no plugin");
	refused("bad_cycle_a: { }; bad_cycle_b: { };",
		"plugins need each other in a circle: bad_cycle_a -> bad_cycle_b -> bad_cycle_a");
	refused("bad_option: { };", "plugin bad_option: options: ");
	refused("bad_core: { };", "plugin bad_core: message Handshake belongs to the core");
	refused("bad_symbol: { };", "bad_symbol.so: cannot be loaded: undefined symbol: ");
	refused("bad_critical: { };", "plugin bad_critical needs a real loop (TN_PF_NATIVE): ");
	refused("absent: { };",
		"absent.so: No such file or directory: mend the plugin's name, its path or plugin_dir");
	refused("absent: { };", "test.conf:1: ");
	refused("all47: { colour = 1; };", "test.conf:1");
	snprintf(pingpong, sizeof pingpong,
		 "pingpong: { path = \"%s/../../../.libs/pingpong.so\"; }; bad_owner: { };", dir);
	refused(pingpong, "plugin bad_owner: message Ping is owned by plugin pingpong already");
	refused("twice_1: { };", "plugin twice_1: the file says its name is twice");
}

static void shipped(void)
{
	char text[2000];
	struct bench b;
	struct plug_info info;
	unsigned running = 0;

	snprintf(
		text, sizeof text,
		"pingpong: { path = \"%s/../../../.libs/pingpong.so\"; interval = \"5s\"; }; all47: "
		"{ }; peers: { path = \"%s/../../../.libs/peers.so\"; };",
		dir, dir);
	b = begin(dir, text);
	is_int(plug_check_all(b.plug, b.conf, &b.err), 0, "the shipped ones pass the check");
	ok(!plug_info(b.plug, 0, &info), "which leaves nothing loaded");
	is_int(plug_load_all(b.plug, b.conf, &b.err), 0, "they load: %s", b.err.text);
	ok(plug_info(b.plug, 0, &info) && !strcmp(info.state, "loaded"), "loaded, not running");
	is_int(plug_start_all(b.plug, &b.err), 0, "and start: %s", b.err.text);
	for (unsigned i = 0; i < 3; i++)
		running += plug_info(b.plug, i, &info) && !strcmp(info.state, "running");
	is_uint(running, 3, "all of them run");
	ok(!plug_info(b.plug, 3, &info), "three of them");
	is_str(bus_owner(plug_bus(b.plug), names_find(net_names(b.lab->net), "BlockVote", 9)),
	       "all47", "the owner of a message is known by name");
	is_int(plug_unload(b.plug, "all47", &b.err), 0, "one goes while the node runs");
	is_int(plug_unload(b.plug, "all47", &b.err), TN_ENOENT, "once");
	is_int(plug_load(b.plug, "all47", &b.err), 0, "and comes back");
	is_int(plug_load(b.plug, "all47", &b.err), TN_EBUSY, "once");
	is_int(plug_load(b.plug, "../evil", &b.err), TN_EINVAL, "a name is a word, not a path");
	world_run(b.world, world_now(b.world) + 1000000);
	end(&b);
}

/* At most `limit` bytes of it, as of a copy that is still being made. */
static void install(const char *from, const char *to, size_t limit)
{
	char path[600];
	size_t n;
	char *bytes;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, from);
	bytes = tap_slurp(path, &n);
	n = n < limit ? n : limit;
	snprintf(path, sizeof path, "%s/%s", tap_tmpdir(), to);
	f = fopen(path, "w"); /* in place: the same inode, as a careless install would */
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
		bail_out("cannot write %s", path);
	chmod(path, 0644);
	free(bytes);
}

static void is_version(struct bench *b, const char *version, const char *what)
{
	struct plug_info info;

	if (plug_info(b->plug, 0, &info))
		is_str(info.version, version, "%s", what);
	else
		fail("%s: nothing is loaded: %s", what, b->err.text);
}

static void rebuilt(void)
{
	struct bench b = begin(tap_tmpdir(), "twice: { };");

	install("twice_1.so", "twice.so", SIZE_MAX);
	plug_load_all(b.plug, b.conf, &b.err);
	plug_start_all(b.plug, &b.err);
	is_version(&b, "1", "the first build");
	install("twice_2.so", "twice.so", SIZE_MAX);
	is_version(&b, "1", "overwriting its file does not touch what is loaded");
	is_int(plug_unload(b.plug, "twice", &b.err), 0, "unloaded");
	is_int(plug_load(b.plug, "twice", &b.err), 0, "loaded again in the same tick");
	is_version(&b, "2", "it is the second build");
	world_run(b.world, world_now(b.world) + 1000000);
	is_version(&b, "2", "also when the old one has been closed");
	end(&b);
}

/* The dynamic linker would map what is not there, and take the node along. */
static void half_copied(void)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 200, 1000, 3000, 4097, 8192, 9000 };
	struct bench b = begin(tap_tmpdir(), "twice: { };");

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		install("twice_1.so", "twice.so", sizes[i]);
		ok(plug_load(b.plug, "twice", &b.err) < 0 && strstr(b.err.text, "twice.so: "),
		   "%zu bytes of a file are refused: %s", sizes[i], b.err.text);
	}
	ok(strstr(b.err.text, "ends early"), "with what to do");
	install("twice_1.so", "twice.so", SIZE_MAX);
	is_int(plug_load(b.plug, "twice", &b.err), 0, "the whole file is not");
	world_run(b.world, world_now(b.world) + 1000000);
	end(&b);
}

static void start_of_none(void)
{
	struct bench b = begin(dir, "");

	is_int(plug_load_all(b.plug, b.conf, &b.err), 0, "no plugin at all is a configuration");
	is_int(plug_start_all(b.plug, &b.err), 0, "that starts");
	ok(!bus_owner(plug_bus(b.plug), names_find(net_names(b.lab->net), "Ping", 4)),
	   "and owns nothing");
	end(&b);
}

int main(void)
{
	const char *build = getenv("TN_BUILDDIR");

	snprintf(dir, sizeof dir, "%s/t/plugins/.libs", build ? build : ".");
	faults();
	shipped();
	rebuilt();
	half_copied();
	start_of_none();
	return done_testing();
}
