/* SPDX-License-Identifier: MIT
 * core/main.c - timenoded: one node on libevent, with its signals, pid file and log
 */
#include "config.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_sink.h"
#include "conf/settings.h"
#include "crash.h"
#include "daemon.h"
#include "env/event.h"
#include "node.h"
#include "options.h"
#include "record.h"
#include "store/store.h"
#include "watchdog.h"

#define DEFAULT_CONFIG TN_SYSCONF_DIR "/timenode/timenode.conf"

/* What the process answers. */
enum { DONE = 0, FAILED = 1, USAGE = 2 };

struct app {
	struct options opt;
	struct tn_arena *arena; /* texts of the settings and paths; lives as long as the node */
	struct conf *conf;
	struct settings set;
	struct env *env;
	struct sink *sink;
	struct logger *log;
	struct node *node;
	struct crash *crash;
	struct watchdog *watchdog;
	const char *pid_path;
	int pid_fd; /* -1: not taken */
	int report; /* to the parent of --daemon, -1: in the foreground */
	bool stopping, failed;
};

/* ---- configuration */

static const char *home_dir(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw = home && *home ? NULL : getpwuid(geteuid());

	return pw ? pw->pw_dir : home;
}

static struct conf *read_private(const struct options *opt, struct tn_error *err)
{
	char text[8192];

	if (options_private(opt, home_dir(), text, sizeof(text), err) < 0)
		return NULL;
	return conf_read_text(text, "--node-id", err);
}

/* The configuration the command line asks for; NULL with the reason. */
static struct conf *read_conf(const struct options *opt, struct tn_error *err)
{
	if (opt->node_id)
		return read_private(opt, err);
	if (opt->config)
		return conf_read_file(opt->config, err);
	if (access(DEFAULT_CONFIG, F_OK) == 0)
		return conf_read_file(DEFAULT_CONFIG, err);
	return conf_read_text("", "built-in defaults", err);
}

static const char *conf_name(const struct options *opt)
{
	if (opt->node_id)
		return "--node-id";
	if (opt->config)
		return opt->config;
	return access(DEFAULT_CONFIG, F_OK) == 0 ? DEFAULT_CONFIG : "built-in defaults";
}

static const char *copy(struct app *a, struct tn_str s)
{
	return tn_copy_text(a->arena, s.p ? s.p : "", s.n);
}

/* dir/name in the arena; NULL without memory. */
static const char *join(struct app *a, struct tn_str dir, const char *name)
{
	size_t n = dir.n + 1 + strlen(name) + 1;
	char *path = tn_alloc(a->arena, n);

	if (path)
		snprintf(path, n, "%.*s/%s", (int)dir.n, dir.p ? dir.p : "", name);
	return path;
}

/* The command line's level, as settings_read would have read it. */
static void set_level(struct settings *set, const char *word)
{
	set->log.level = (struct tn_str){ word, (uint32_t)strlen(word) };
	set->level = (enum log_level)log_level_of(word, strlen(word));
}

static int prepare(struct app *a, struct tn_error *err)
{
	a->arena = tn_arena_create(0);
	if (!a->arena)
		return tn_fail(err, TN_ENOMEM, "no memory");
	a->conf = read_conf(&a->opt, err);
	if (!a->conf)
		return TN_EINVAL;
	if (settings_read(a->conf, &a->set, a->arena, err) < 0)
		return TN_EINVAL;
	if (settings_dirs(&a->set, geteuid() == 0, home_dir(), a->arena, err) < 0)
		return TN_EINVAL;
	if (a->opt.log_level)
		set_level(&a->set, a->opt.log_level);
	if (a->opt.plugin_dir)
		a->set.top.plugin_dir =
			(struct tn_str){ a->opt.plugin_dir, (uint32_t)strlen(a->opt.plugin_dir) };
	/* The background has no stderr. */
	if (a->opt.daemon && a->set.log.to.n == 6 && memcmp(a->set.log.to.p, "stderr", 6) == 0)
		a->set.log.to = (struct tn_str){ "syslog", 6 };
	return 0;
}

/* ---- what happens on the loop */

static void on_stopped(void *arg)
{
	struct app *a = arg;

	env_event_stop(a->env);
}

static void stop(struct app *a, const char *why)
{
	if (a->stopping) {
		log_line(a->log, "main", LOG_LEVEL_WARN, "", "%s again: stopping at once", why);
		env_event_stop(a->env);
		return;
	}
	a->stopping = true;
	daemon_notify("STOPPING=1");
	log_line(a->log, "main", LOG_LEVEL_INFO, "", "Stopping: %s", why);
	node_stop(a->node, on_stopped, a);
}

static void on_term(void *arg, int signo)
{
	stop(arg, signo == SIGINT ? "SIGINT" : "SIGTERM");
}

static void on_quit(void *arg, const char *fault)
{
	struct app *a = arg;

	a->failed = fault != NULL;
	stop(a, fault ? fault : "asked by the control socket");
}

/* A new configuration; the old one stays if anything is wrong with it. The node says what
 * became of it, unless it never got to see it.
 */
static int read_again(struct app *a, struct tn_error *err)
{
	struct conf *conf = read_conf(&a->opt, err);
	int rc;

	if (!conf) {
		log_line(a->log, "main", LOG_LEVEL_ERROR, "", "reload refused, nothing changed: %s",
			 err->text);
		return TN_EINVAL;
	}
	rc = node_reload(a->node, conf, err);
	if (rc < 0) {
		conf_free(conf);
		return rc;
	}
	conf_free(a->conf);
	a->conf = conf;
	return 0;
}

static int reload(void *arg, struct tn_error *err)
{
	struct app *a = arg;
	struct tn_error log_err;
	char text[64];
	int rc;

	if (a->stopping)
		return tn_fail(err, TN_EGONE, "the node is stopping");
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
		 (unsigned long long)env_mono_us(a->env));
	daemon_notify(text);
	if (sink_reopen(a->sink, &log_err) < 0)
		log_line(a->log, "main", LOG_LEVEL_ERROR, "", "the log stays where it was: %s",
			 log_err.text);
	rc = read_again(a, err);
	daemon_notify("READY=1");
	return rc;
}

static void on_hup(void *arg, int signo)
{
	struct tn_error err;

	(void)signo;
	reload(arg, &err);
}

/* Comes by the loop, so that a stuck loop gives no sign of life. */
static void on_alarm(void *arg, int signo)
{
	(void)arg;
	(void)signo;
	daemon_notify("WATCHDOG=1");
}

static void on_full(void *arg, int e)
{
	struct app *a = arg;

	log_line(a->log, "net", LOG_LEVEL_WARN, "",
		 "No descriptor for a new connection (%s), accepting pauses", strerror(e));
}

/* ---- log */

static int64_t log_wall_us(void *arg)
{
	return env_wall_us(((struct app *)arg)->env);
}

static void log_write(void *arg, enum log_level level, const char *line, size_t n)
{
	sink_write(((struct app *)arg)->sink, level, line, n);
}

static void env_write(void *arg, enum env_log_level level, const char *line, size_t n)
{
	sink_write(((struct app *)arg)->sink, (enum log_level)level, line, n);
}

static int open_log(struct app *a, struct tn_error *err)
{
	const struct log_out out = { .wall_us = log_wall_us, .write = log_write, .arg = a };
	const char *to = copy(a, a->set.log.to), *file = copy(a, a->set.log.file);

	a->sink = sink_create();
	a->log = logger_create(&out);
	if (!a->sink || !a->log || !to || !file)
		return tn_fail(err, TN_ENOMEM, "no memory");
	env_event_log_to(a->env, env_write, a);
	logger_level(a->log, NULL, a->set.level);
	return sink_set(a->sink, to, file, err);
}

/* ---- putting it together */

static int take_place(struct app *a, struct tn_error *err)
{
	const char *data = copy(a, a->set.top.data_dir), *run = copy(a, a->set.top.run_dir);

	a->pid_path =
		a->opt.pid_file ? a->opt.pid_file : join(a, a->set.top.run_dir, "timenode.pid");
	if (!data || !run || !a->pid_path)
		return tn_fail(err, TN_ENOMEM, "no memory");
	if (daemon_make_dir(data, err) < 0 || daemon_make_dir(run, err) < 0)
		return TN_EIO;
	a->pid_fd = daemon_take_pid(a->pid_path, err);
	return a->pid_fd < 0 ? a->pid_fd : 0;
}

static int watch_signals(struct app *a, struct tn_error *err)
{
	const struct {
		int signo;
		void (*fn)(void *, int);
	} row[] = {
		{ SIGTERM, on_term }, { SIGINT, on_term }, { SIGHUP, on_hup }, { SIGALRM, on_alarm }
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (env_event_signal(a->env, row[i].signo, row[i].fn, a) < 0)
			return tn_fail(err, TN_EIO, "cannot watch signal %d", row[i].signo);
	return 0;
}

/* Of life, to the service manager: each half of the time that it grants. */
static void start_signs(void)
{
	uint64_t us = daemon_watchdog_us() / 2;
	struct itimerval t = { .it_interval = { .tv_sec = (time_t)(us / 1000000),
						.tv_usec = (suseconds_t)(us % 1000000) } };

	if (us == 0)
		return;
	t.it_value = t.it_interval;
	setitimer(ITIMER_REAL, &t, NULL);
}

/* With `store` NULL (it could not be opened) err is set already. */
static int make_node(struct app *a, struct store *store, struct tn_error *err)
{
	const struct node_setup setup = {
		.env = a->env,
		.conf = a->conf,
		.settings = &a->set,
		.store = store,
		.log_level = a->opt.log_level,
		.agent = "timenode/" PACKAGE_VERSION,
		.has_files = true,
	};

	if (!store)
		return TN_EIO;
	a->node = node_create(&setup, err);
	if (!a->node)
		return TN_EINVAL;
	node_on_reload(a->node, reload, a);
	return 0;
}

static struct store *open_store(struct app *a, struct tn_error *err)
{
	const char *dir = join(a, a->set.top.data_dir, "store");
	const char *network = copy(a, a->set.network.name);

	if (!dir || !network) {
		tn_fail(err, TN_ENOMEM, "no memory");
		return NULL;
	}
	if (daemon_make_dir(dir, err) < 0)
		return NULL;
	return store_lmdb_open(dir, a->set.store.map_size, network, err);
}

static int assemble(struct app *a, struct tn_error *err)
{
	const char *control = join(a, a->set.top.run_dir, "control.sock");
	int rc;

	if (take_place(a, err) < 0)
		return FAILED;
	a->env = env_event_create(err);
	if (!a->env || open_log(a, err) < 0 || watch_signals(a, err) < 0)
		return FAILED;
	env_event_on_full(a->env, on_full, a);
	env_event_threads(a->env, (unsigned)a->set.loop.threads);
	a->crash = crash_watch(&a->node, a->sink, err);
	if (!a->crash)
		return FAILED;
	rc = make_node(a, open_store(a, err), err);
	if (rc < 0)
		return rc == TN_EINVAL ? USAGE : FAILED;
	node_on_quit(a->node, on_quit, a);
	if (!control || node_start(a->node, control, err) < 0)
		return FAILED;
	if (a->opt.record && record_begin(a->node, a->opt.record, 0, err) < 0)
		return FAILED;
	return DONE;
}

/* Before the loop goes: a signal that nobody watches would kill us. */
static void stop_signs(void)
{
	const struct itimerval none = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &none, NULL);
}

/* The pid file goes after all but its own name: whoever takes it next finds the store closed. */
static void dismantle(struct app *a)
{
	struct node *node = a->node;

	stop_signs();
	watchdog_stop(a->watchdog);
	a->node = NULL; /* a crash from here on has no node to look at */
	node_free(node);
	crash_forget(a->crash);
	logger_free(a->log);
	env_event_free(a->env);
	sink_free(a->sink);
	conf_free(a->conf);
	daemon_drop_pid(a->pid_fd, a->pid_path);
	tn_arena_unref(a->arena);
}

/* ---- the actions */

static int complain(const struct tn_error *err, int code)
{
	fprintf(stderr, "timenoded: %s\n", err->text);
	return code;
}

static int run(struct app *a)
{
	struct tn_error err = { "" };
	uint64_t files = daemon_raise_files();
	int code;

	daemon_tune_memory();
	code = assemble(a, &err);
	if (code != DONE) {
		daemon_failed(a->report, code, err.text);
		return code;
	}
	log_line(a->log, "main", LOG_LEVEL_INFO, "",
		 "timenode " PACKAGE_VERSION " is up, pid %ld, configuration %s, %llu descriptors",
		 (long)getpid(), conf_name(&a->opt), (unsigned long long)files);
	daemon_up(a->report);
	daemon_notify("READY=1");
	start_signs();
	a->watchdog = watchdog_start(a->env, a->crash, a->set.loop.hang, a->set.loop.abort, &err);
	if (!a->watchdog || env_event_run(a->env, &err) < 0)
		return complain(&err, FAILED);
	log_line(a->log, "main", LOG_LEVEL_INFO, "", "Stopped");
	return a->failed ? FAILED : DONE;
}

static int start(struct app *a)
{
	struct tn_error err = { "" };
	int rc = a->opt.daemon ? daemon_background(&a->report, &err) : 0;

	if (rc < 0)
		return complain(&err, FAILED);
	return rc > 0 ? rc - 1 : run(a);
}

/* The node as it would be, with nothing opened; its settings are on stdout if asked. */
static int check(struct app *a)
{
	struct tn_error err = { "" };

	a->env = env_event_create(&err);
	if (!a->env)
		return complain(&err, FAILED);
	if (make_node(a, store_memory_create(), &err) < 0)
		return complain(&err, USAGE);
	return DONE;
}

/* A printer tells the size it needs and writes what fits. */
static int print_config(struct app *a)
{
	size_t core = settings_print(&a->set, NULL, 0);
	size_t all = core + node_print_plugins(a->node, NULL, 0);
	char *text = malloc(all + 1);

	if (!text)
		return FAILED;
	settings_print(&a->set, text, core + 1);
	node_print_plugins(a->node, text + core, all - core + 1);
	fwrite(text, 1, all, stdout);
	free(text);
	return fflush(stdout) == 0 ? DONE : FAILED;
}

static int act(struct app *a)
{
	struct tn_error err = { "" };
	int rc;

	if (prepare(a, &err) < 0)
		return complain(&err, USAGE);
	if (a->opt.action == OPTIONS_RUN)
		return start(a);
	rc = check(a);
	if (rc == DONE && a->opt.action == OPTIONS_PRINT)
		rc = print_config(a);
	else if (rc == DONE)
		printf("%s: the configuration is valid\n", conf_name(&a->opt));
	return rc;
}

int main(int argc, char **argv)
{
	struct app a = { .pid_fd = -1, .report = -1 };
	struct tn_error err = { "" };
	int rc;

	signal(SIGPIPE, SIG_IGN);
	umask(027);
	if (options_read(argc, argv, &a.opt, &err) < 0) {
		complain(&err, USAGE);
		fputs("Try timenoded --help.\n", stderr);
		return USAGE;
	}
	if (a.opt.action == OPTIONS_HELP || a.opt.action == OPTIONS_VERSION) {
		fputs(a.opt.action == OPTIONS_HELP ? options_usage()
						   : "timenoded " PACKAGE_VERSION "\n",
		      stdout);
		return DONE;
	}
	rc = act(&a);
	dismantle(&a);
	return rc;
}
