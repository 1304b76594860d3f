/* SPDX-License-Identifier: MIT
 * core/plug/load.c - from a name to a checked plugin: a file or a linked descriptor
 *
 * A file is opened from a private copy, so that the same path rebuilt is really new: the
 * dynamic linker takes equal names for equal objects. The copy's descriptor stays open as
 * long as the code is mapped, because its number is part of that name.
 */
#include "config.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plug/impl.h"

struct code {
	struct code *next; /* husks */
	unsigned refs;
	void *dl;
	int fd; /* of the private copy */
};

/* ---- the private copy */

static int copy_bytes(int from, int to)
{
	char buf[65536];
	ssize_t n, done, put;

	while ((n = read(from, buf, sizeof buf)) > 0)
		for (done = 0; done < n; done += put) {
			put = write(to, buf + done, (size_t)(n - done));
			if (put < 0)
				return -1;
		}
	return n < 0 ? -1 : 0;
}

/* Where no memory file may be had: one in run_dir that has no name any more. */
static int open_temporary(const struct plug *pl)
{
	struct tn_str dir = pl->settings->top.run_dir;
	char path[512];
	int fd;

	snprintf(path, sizeof path, "%.*s/plugin.XXXXXX", (int)dir.n, dir.p);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int private_copy(const struct plug *pl, const char *name, const char *path,
			struct tn_error *err)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), to = -1, rc;

	if (from < 0)
		return tn_fail(err, TN_EIO, "%s: %s", path, strerror(errno));
	to = memfd_create(name, MFD_CLOEXEC);
	if (to < 0)
		to = open_temporary(pl);
	rc = to < 0 ? -1 : copy_bytes(from, to);
	if (rc)
		tn_fail(err, TN_EIO, "%s: no private copy: %s", path, strerror(errno));
	close(from);
	if (rc && to >= 0)
		close(to);
	return rc ? TN_EIO : to;
}

/* Whoever copies a file over the old one shows half of it for a moment. The dynamic linker maps
 * segments without asking whether they are there, and the node would die of SIGBUS.
 */
static bool is_whole(int fd)
{
	ElfW(Ehdr) h;
	ElfW(Phdr) seg;
	struct stat st;

	if (fstat(fd, &st) || pread(fd, &h, sizeof h, 0) != (ssize_t)sizeof h ||
	    memcmp(h.e_ident, ELFMAG, SELFMAG) || h.e_phentsize != sizeof seg)
		return true; /* no such file at all: dlopen has the words for it */
	for (unsigned i = 0; i < h.e_phnum; i++) {
		off_t at = (off_t)(h.e_phoff + i * sizeof seg);

		if (pread(fd, &seg, sizeof seg, at) != (ssize_t)sizeof seg)
			return false;
		if (seg.p_type == PT_LOAD && (seg.p_offset > (uint64_t)st.st_size ||
					      seg.p_filesz > (uint64_t)st.st_size - seg.p_offset))
			return false;
	}
	return true;
}

/* Takes the descriptor; -1: err is set already. */
static struct code *code_create(int fd, struct tn_error *err)
{
	struct code *c = fd < 0 ? NULL : malloc(sizeof *c);

	if (c) {
		*c = (struct code){ .refs = 1, .fd = fd };
	} else if (fd >= 0) {
		tn_fail(err, TN_ENOMEM, "no memory");
		close(fd);
	}
	return c;
}

struct code *code_ref(struct code *c)
{
	if (c)
		c->refs++;
	return c;
}

void code_unref(struct code *c)
{
	if (!c || --c->refs)
		return;
#ifndef TN_SANITIZED /* leak reports need the code to stay where it was */
	if (c->dl)
		dlclose(c->dl);
	close(c->fd);
#endif
	free(c);
}

/* The linker names the private copy, which nobody knows. */
static const char *why_not(const char *self)
{
	const char *why = dlerror();
	size_t n = strlen(self);

	if (!why)
		return "no reason given";
	return !strncmp(why, self, n) && !strncmp(why + n, ": ", 2) ? why + n + 2 : why;
}

static const struct tn_plugin *open_file(struct plugin *p, struct tn_error *err)
{
	char self[64];
	const struct tn_plugin *d;

	if (check_file(p->path, err))
		return NULL;
	p->code = code_create(private_copy(p->plug, p->name, p->path, err), err);
	if (!p->code)
		return NULL;
	if (!is_whole(p->code->fd)) {
		tn_fail(err, TN_EINVAL, "%s: ends early: copy it beside and rename it, then again",
			p->path);
		return NULL;
	}
	snprintf(self, sizeof self, "/proc/self/fd/%d", p->code->fd);
	p->code->dl = dlopen(self, RTLD_NOW | RTLD_LOCAL);
	if (!p->code->dl) {
		tn_fail(err, TN_EINVAL, "%s: cannot be loaded: %s", p->path, why_not(self));
		return NULL;
	}
	d = dlsym(p->code->dl, "tn_plugin_desc");
	if (!d)
		tn_fail(err, TN_EINVAL, "%s: no symbol tn_plugin_desc: not a timenode plugin",
			p->path);
	return d;
}

/* ---- finding */

static const struct tn_plugin *find_builtin(const struct plug *pl, const char *name)
{
	for (size_t i = 0; i < pl->builtin_count; i++)
		if (!strcmp(pl->builtins[i].name, name))
			return pl->builtins[i].desc;
	return NULL;
}

static char *find_path(const struct plug *pl, const char *name, const struct conf *c,
		       struct tn_error *err)
{
	struct tn_str dir = pl->settings->top.plugin_dir;
	char group[64], path[1024];
	const char *given = NULL;
	char *copy;
	bool bad = false;

	snprintf(group, sizeof group, "plugins.%s", name);
	if (c)
		given = conf_text(c, group, "path", &bad, err);
	if (bad)
		return NULL;
	if (given)
		snprintf(path, sizeof path, "%s", given);
	else
		snprintf(path, sizeof path, "%.*s/%s.so", (int)dir.n, dir.p, name);
	copy = strdup(path);
	if (!copy)
		tn_fail(err, TN_ENOMEM, "plugin %s: no memory", name);
	return copy;
}

static const struct tn_plugin *find_desc(struct plugin *p, const struct conf *c,
					 struct tn_error *err)
{
	const struct tn_plugin *d = find_builtin(p->plug, p->name);

	if (d)
		return d;
	p->path = find_path(p->plug, p->name, c, err);
	return p->path ? open_file(p, err) : NULL;
}

static int fill_blocks(struct plugin *p, const struct conf *c, struct tn_error *err)
{
	void *conf = NULL;
	int rc = life_conf(p, c, &conf, &p->conf_memory, err);

	if (rc)
		return rc;
	p->ctx.conf = conf;
	p->ctx.state = calloc(1, p->desc.state_bytes + 1u);
	p->metric = calloc(p->desc.metrics.rows + 1u, sizeof *p->metric);
	p->db = calloc(p->desc.dbs.rows + 1u, sizeof *p->db);
	if (!p->ctx.state || !p->metric || !p->db)
		return tn_fail(err, TN_ENOMEM, "plugin %s: no memory", p->name);
	return 0;
}

struct plugin *load_open(struct plug *pl, const char *name, const struct conf *c,
			 const struct plugin *instead, struct tn_error *err)
{
	struct plugin *p = calloc(1, sizeof *p);
	const struct tn_plugin *d;

	if (!p) {
		tn_fail(err, TN_ENOMEM, "plugin %s: no memory", name);
		return NULL;
	}
	p->plug = pl;
	p->ctx.host = &plug_host;
	snprintf(p->name, sizeof p->name, "%s", name);
	d = find_desc(p, c, err);
	if (!d || check_desc(d, name, &p->desc, err) || check_among(pl, &p->desc, instead, err) ||
	    fill_blocks(p, c, err)) {
		load_close(p);
		return NULL;
	}
	return p;
}

struct plugin *load_again(const struct plugin *old, struct tn_error *err)
{
	struct plugin *p = calloc(1, sizeof *p);

	if (!p) {
		tn_fail(err, TN_ENOMEM, "plugin %s: no memory", old->name);
		return NULL;
	}
	p->plug = old->plug;
	p->ctx.host = &plug_host;
	p->desc = old->desc;
	memcpy(p->name, old->name, sizeof p->name);
	p->path = old->path ? strdup(old->path) : NULL;
	if (fill_blocks(p, p->plug->conf, err)) {
		load_close(p);
		return NULL;
	}
	return p;
}

void load_take_file(struct plugin *to, struct plugin *from)
{
	to->code = from->code;
	from->code = NULL;
}

/* ---- closing */

void load_close_husks(struct plug *pl)
{
	struct code *c;

	while ((c = pl->husks)) {
		pl->husks = c->next;
		code_unref(c);
	}
}

static void on_later(void *arg)
{
	struct plug *pl = arg;

	pl->husk_timer = 0;
	load_close_husks(pl);
}

/* Never from inside its own code: the loop does it. */
static void close_file(struct plugin *p)
{
	p->code->next = p->plug->husks;
	p->plug->husks = p->code;
	if (!p->plug->husk_timer)
		p->plug->husk_timer = timers_add(p->plug->timers, 0, on_later, p->plug);
}

void load_close(struct plugin *p)
{
	if (p->code)
		close_file(p);
	if (p->first_memory != p->conf_memory)
		tn_arena_unref(p->first_memory);
	tn_arena_unref(p->conf_memory);
	tn_arena_unref(p->next_memory);
	free(p->ctx.state);
	free(p->metric);
	free(p->db);
	free(p->path);
	free(p);
}
