/* SPDX-License-Identifier: MIT
 * bench/daemon.c - a real timenoded as a process, and what the kernel counts of it
 */
#include "crowd.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *build_dir(void)
{
	const char *dir = getenv("TN_BUILDDIR");

	return dir ? dir : ".";
}

static void write_config(const struct daemon *d, const char *plugins)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof path, "%s/conf", d->dir);
	f = fopen(path, "w");
	if (!f)
		give_up("cannot write %s", path);
	fprintf(f,
		"data_dir = \"%s\"; run_dir = \"%s\"; plugin_dir = \"%s/.libs\";\n"
		"network: { name = \"private\"; listen = [ \"127.0.0.1:%u\" ]; };\n"
		"sessions: { inbound = 10000; };\nstore: { map_size = \"64M\"; };\n"
		"log: { to = \"stderr\"; level = \"warn\"; };\nplugins: { %s };\n",
		d->dir, d->dir, build_dir(), d->port, plugins);
	if (fclose(f))
		give_up("cannot write %s", path);
}

static void become_daemon(const struct daemon *d)
{
	char program[4096], conf[96], log[96];

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* also if the bench gives up */
	snprintf(program, sizeof program, "%s/.libs/timenoded", build_dir());
	snprintf(conf, sizeof conf, "%s/conf", d->dir);
	snprintf(log, sizeof log, "%s/log", d->dir);
	if (!freopen(log, "w", stderr) || !freopen("/dev/null", "w", stdout))
		_exit(126);
	execl(program, "timenoded", "-c", conf, (char *)NULL);
	_exit(127);
}

static bool is_up(const struct daemon *d)
{
	char path[96];

	snprintf(path, sizeof path, "%s/control.sock", d->dir);
	return access(path, F_OK) == 0;
}

void daemon_start(struct daemon *d, const char *plugins)
{
	uint64_t end = now_ms() + 10000;
	char path[4096];

	strcpy(d->dir, "/tmp/timenode-bench-XXXXXX");
	if (!mkdtemp(d->dir))
		give_up("no directory for a node");
	d->port = free_port();
	write_config(d, plugins);
	snprintf(path, sizeof path, "%s/.libs", build_dir());
	setenv("LD_LIBRARY_PATH", path, 1);
	d->pid = fork();
	if (d->pid < 0)
		give_up("cannot fork");
	if (d->pid == 0)
		become_daemon(d);
	while (!is_up(d) && now_ms() < end && waitpid(d->pid, NULL, WNOHANG) == 0)
		pause_ms(5);
	if (!is_up(d))
		give_up("timenoded does not come up: see %s/log", d->dir);
	process_settle(d->pid);
}

static void remove_tree(const char *dir)
{
	char path[512];
	struct dirent *e;
	DIR *at = opendir(dir);

	while (at && (e = readdir(at))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		if (unlink(path))
			remove_tree(path);
	}
	if (at)
		closedir(at);
	rmdir(dir);
}

void daemon_stop(struct daemon *d)
{
	kill(d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
	remove_tree(d->dir);
}

/* The number behind a word of a file below /proc. */
static double read_after(const char *path, const char *word)
{
	char line[256];
	double v = -1;
	FILE *f = fopen(path, "r");

	while (f && v < 0 && fgets(line, sizeof line, f))
		if (!strncmp(line, word, strlen(word)))
			v = strtod(line + strlen(word), NULL);
	if (f)
		fclose(f);
	return v < 0 ? 0 : v;
}

double process_memory(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	return read_after(path, "Anonymous:") * 1024;
}

static double sum_of_threads(pid_t pid, const char *file, const char *word)
{
	char path[320];
	double sum = 0;
	struct dirent *e;
	DIR *at;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	at = opendir(path);
	while (at && (e = readdir(at))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%d/task/%s/%s", (int)pid, e->d_name, file);
		sum += read_after(path, word);
	}
	if (at)
		closedir(at);
	return sum;
}

double process_cpu(pid_t pid)
{
	return sum_of_threads(pid, "schedstat", "");
}

double process_wakeups(pid_t pid)
{
	return sum_of_threads(pid, "status", "voluntary_ctxt_switches:");
}

void process_settle(pid_t pid)
{
	double was = -1, is = process_cpu(pid);

	while (is - was > 1e6) {
		pause_ms(100);
		was = is;
		is = process_cpu(pid);
	}
}
