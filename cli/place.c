/* SPDX-License-Identifier: MIT
 * cli/place.c - where the daemon's control socket is
 *
 * The same rules as the daemon's own: what the command line says, $TIMENODE_SOCKET, the
 * run_dir of the configuration file, and without one /run/timenode for root and
 * ~/.timenode for everybody else.
 */
#include "config.h"

#include <errno.h>
#include <libconfig.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define DEFAULT_CONFIG TN_SYSCONF_DIR "/timenode/timenode.conf"

static int put(char *path, size_t room, struct cli_error *err, const char *dir, const char *rest)
{
	int n = snprintf(path, room, "%s%s", dir, rest);

	if (n < 0 || (size_t)n >= room)
		return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE, "the socket's path is too long: %s",
				dir);
	return CLI_DONE;
}

static const char *home_dir(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw = home && *home ? NULL : getpwuid(geteuid());

	return pw ? pw->pw_dir : home;
}

static int put_home(char *path, size_t room, struct cli_error *err, const char *rest)
{
	const char *home = home_dir();

	if (!home || home[0] != '/')
		return cli_fail(err, CLI_USAGE, CLI_CODE_USAGE,
				"no home directory: set HOME or give --socket");
	return put(path, room, err, home, rest);
}

static int put_default(char *path, size_t room, struct cli_error *err)
{
	if (geteuid() == 0)
		return put(path, room, err, "/run/timenode", "/control.sock");
	return put_home(path, room, err, "/.timenode/control.sock");
}

/* Reads run_dir and nothing else: whether the rest is right is the daemon's business. */
static int put_configured(const char *file, char *path, size_t room, struct cli_error *err)
{
	const char *dir = NULL;
	config_t c;
	int rc;

	config_init(&c);
	errno = 0;
	if (!config_read_file(&c, file)) {
		rc = config_error_type(&c) == CONFIG_ERR_FILE_IO
			     ? cli_fail(err, CLI_USAGE, CLI_CODE_USAGE, "cannot read %s: %s", file,
					errno ? strerror(errno) : "it is no file")
			     : cli_fail(err, CLI_USAGE, CLI_CODE_USAGE, "%s:%d: %s", file,
					config_error_line(&c), config_error_text(&c));
	} else if (config_lookup_string(&c, "run_dir", &dir)) {
		rc = put(path, room, err, dir, "/control.sock");
	} else {
		rc = put_default(path, room, err);
	}
	config_destroy(&c);
	return rc;
}

int place_find(const struct cli_options *o, char *path, size_t room, struct cli_error *err)
{
	const char *env = getenv("TIMENODE_SOCKET");
	char rest[64];

	if (o->socket)
		return put(path, room, err, o->socket, "");
	if (o->config)
		return put_configured(o->config, path, room, err);
	if (o->node_id) {
		snprintf(rest, sizeof(rest), "/.timenode/private/%u/control.sock", o->node_id);
		return put_home(path, room, err, rest);
	}
	if (env && *env)
		return put(path, room, err, env, "");
	if (access(DEFAULT_CONFIG, R_OK) == 0)
		return put_configured(DEFAULT_CONFIG, path, room, err);
	return put_default(path, room, err);
}
