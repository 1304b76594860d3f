/* SPDX-License-Identifier: MIT
 * lib/sys/file.c - whole small files
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "timenode/file.h"

static int io_error(struct tn_error *err, const char *what, const char *path)
{
	return tn_fail(err, errno == ENOENT ? TN_ENOENT : TN_EIO, "%s: %s: %s", path, what,
		       strerror(errno));
}

/* Reads to the end whatever size the file system claimed. */
static int read_all(int fd, const char *path, size_t limit, char **out, size_t *n,
		    struct tn_error *err)
{
	size_t used = 0, room = 0;
	char *text = NULL, *more;
	ssize_t got;

	do {
		if (used == room) {
			room = room ? room * 2 : 4096;
			room = room > limit ? limit + 1 : room;
			more = realloc(text, room + 1);
			if (!more) {
				free(text);
				return tn_fail(err, TN_ENOMEM, "%s: no memory", path);
			}
			text = more;
		}
		got = read(fd, text + used, room - used);
		if (got > 0)
			used += (size_t)got;
	} while ((got > 0 && used <= limit) || (got < 0 && errno == EINTR));
	if (got < 0 || used > limit) {
		int code = got < 0 ? io_error(err, "read", path)
				   : tn_fail(err, TN_EBAD, "%s: more than %zu bytes", path, limit);

		free(text);
		return code;
	}
	text[used] = '\0';
	*out = text;
	*n = used;
	return 0;
}

int tn_file_read(const char *path, size_t limit, char **out, size_t *n, struct tn_error *err)
{
	int fd, code;

	*out = NULL;
	*n = 0;
	if (limit > SIZE_MAX / 4)
		return tn_fail(err, TN_EINVAL, "%s: limit too large", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return io_error(err, "open", path);
	code = read_all(fd, path, limit, out, n, err);
	close(fd);
	return code;
}

struct target { /* of what is written */
	const char *path;
	mode_t mode;
	bool fresh; /* nothing of that name may be there */
};

static bool write_all(int fd, const char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(fd, p, n);
		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return true;
}

static int sync_directory(const char *path, struct tn_error *err)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	int fd, code = 0;

	if (!dir)
		return tn_fail(err, TN_ENOMEM, "%s: no memory", path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		code = tn_fail(err, TN_EIO, "%s: fsync: %s", dir, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(dir);
	return code;
}

/* Takes the name in one step. With `fresh` a name that is there already stays what it is;
 * file systems that cannot rename so (EINVAL) can link.
 */
static int take_name(const char *temp, const char *path, bool fresh)
{
	if (!fresh)
		return rename(temp, path);
	if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if ((errno != EINVAL && errno != ENOSYS) || link(temp, path) != 0)
		return -1;
	unlink(temp);
	return 0;
}

/* Fills and names the new file; a name that is not taken into use is removed. */
static int place(int fd, const char *temp, const struct target *to, struct tn_view data,
		 struct tn_error *err)
{
	int code = 0;

	if (!write_all(fd, (const char *)data.p, data.n))
		code = io_error(err, "write", temp);
	else if (fchmod(fd, to->mode) != 0)
		code = io_error(err, "chmod", temp);
	else if (fsync(fd) != 0)
		code = io_error(err, "fsync", temp);
	if (close(fd) != 0 && code == 0)
		code = io_error(err, "close", temp);
	if (code != 0) {
		unlink(temp);
		return TN_EIO;
	}
	if (take_name(temp, to->path, to->fresh) == 0)
		return sync_directory(to->path, err);
	code = errno == EEXIST ? tn_fail(err, TN_EBUSY, "%s: is there already", to->path)
			       : io_error(err, "rename", to->path);
	unlink(temp);
	return code == TN_EBUSY ? code : TN_EIO;
}

static int write_file(const struct target *to, struct tn_view data, struct tn_error *err)
{
	size_t room = strlen(to->path) + sizeof ".XXXXXX";
	char *temp = malloc(room);
	int fd, code;

	if (!temp)
		return tn_fail(err, TN_ENOMEM, "%s: no memory", to->path);
	snprintf(temp, room, "%s.XXXXXX", to->path);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		io_error(err, "create", to->path);
		code = TN_EIO;
	} else {
		code = place(fd, temp, to, data, err);
	}
	free(temp);
	return code;
}

int tn_file_write(const char *path, const void *p, size_t n, unsigned mode, struct tn_error *err)
{
	return write_file(&(struct target){ path, (mode_t)mode, false }, (struct tn_view){ p, n },
			  err);
}

int tn_file_create(const char *path, const void *p, size_t n, unsigned mode, struct tn_error *err)
{
	return write_file(&(struct target){ path, (mode_t)mode, true }, (struct tn_view){ p, n },
			  err);
}
