/* SPDX-License-Identifier: MIT
 * core/plug/check.c - may this file and this descriptor be loaded? Each refusal its sentence
 *
 * A descriptor is foreign data until all of this has passed; its functions are not called
 * here.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plug/impl.h"

/* The descriptor only grows at its end: this much every file of this major has. */
enum { SIZE_FIRST = offsetof(struct tn_plugin, save), SIZE_MAX_SANE = 65536, BLOCK_MAX = 1 << 24 };

int check_file(const char *path, struct tn_error *err)
{
	struct stat st;

	if (stat(path, &st))
		return tn_fail(err, TN_ENOENT, "%s: %s%s", path, strerror(errno),
			       errno == ENOENT ? ": mend the plugin's name, its path or plugin_dir"
					       : "");
	if (!S_ISREG(st.st_mode))
		return tn_fail(err, TN_EINVAL, "%s: not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return tn_fail(err, TN_EINVAL, "%s: owned by user %u, neither root nor this one",
			       path, (unsigned)st.st_uid);
	if (st.st_mode & S_IWOTH)
		return tn_fail(err, TN_EINVAL, "%s: everybody may write it: chmod o-w", path);
	return 0;
}

static bool is_word(const char *s, size_t max)
{
	size_t n;

	if (!s || !(*s >= 'a' && *s <= 'z'))
		return false;
	for (n = 0; s[n]; n++)
		if (!((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= '0' && s[n] <= '9') || s[n] == '-' ||
		      s[n] == '_'))
			return false;
	return n <= max;
}

static int check_head(const struct tn_plugin *d, const char *want, struct tn_error *err)
{
	if (d->magic != TN_MAGIC)
		return tn_fail(err, TN_EINVAL,
			       "plugin %s: not a timenode plugin (magic is %08x, not %08x)", want,
			       (unsigned)d->magic, TN_MAGIC);
	if (d->abi_major != TN_ABI_MAJOR)
		return tn_fail(
			err, TN_EINVAL,
			"plugin %s: built for plugin interface %u, this node has %u: rebuild it",
			want, d->abi_major, TN_ABI_MAJOR);
	if (d->abi_minor > TN_ABI_MINOR)
		return tn_fail(err, TN_EINVAL,
			       "plugin %s: needs plugin interface %u.%u, this node has %u.%u: "
			       "update the node",
			       want, d->abi_major, d->abi_minor, TN_ABI_MAJOR, TN_ABI_MINOR);
	if (d->size < SIZE_FIRST || d->size > SIZE_MAX_SANE)
		return tn_fail(err, TN_EINVAL, "plugin %s: its descriptor has %u bytes, not %u",
			       want, (unsigned)d->size, (unsigned)sizeof *d);
	return 0;
}

static int check_words(const struct tn_plugin *d, const char *want, struct tn_error *err)
{
	if (!is_word(d->name, PLUG_NAME_MAX))
		return tn_fail(
			err, TN_EINVAL,
			"plugin %s: its own name is not a word of a-z, 0-9, - and _ (up to %d)",
			want, PLUG_NAME_MAX);
	if (strcmp(d->name, want))
		return tn_fail(err, TN_EINVAL, "plugin %s: the file says its name is %s", want,
			       d->name);
	if (!d->version || !*d->version)
		return tn_fail(err, TN_EINVAL, "plugin %s: no version", want);
	if (!d->license || !d->summary)
		return tn_fail(err, TN_EINVAL, "plugin %s: no licence or no summary", want);
	if (d->state_bytes > BLOCK_MAX || d->conf_bytes > BLOCK_MAX || d->slot_bytes > BLOCK_MAX)
		return tn_fail(err, TN_EINVAL, "plugin %s: state, conf or slot over 16 MiB", want);
	return 0;
}

int check_desc(const struct tn_plugin *d, const char *want, struct tn_plugin *out,
	       struct tn_error *err)
{
	int rc = check_head(d, want, err);

	if (!rc)
		rc = check_words(d, want, err);
	if (rc)
		return rc;
	*out = (struct tn_plugin){ 0 };
	memcpy(out, d, d->size < sizeof *out ? d->size : sizeof *out);
	return check_tables(out, err);
}

/* ---- against the others */

static const struct tn_listen *first_listen(const struct tn_plugin *d, const char *name)
{
	const struct tn_listen *l;

	for (unsigned i = 0; (l = plug_row(&d->listens, i)); i++)
		if (!strcmp(l->name, name))
			return l;
	return NULL;
}

/* A payload only grows at its end: a listener may know less of it, never more. */
static int check_pair(const struct tn_plugin *from, const struct tn_plugin *to,
		      struct tn_error *err)
{
	const struct tn_emits *e;

	for (unsigned i = 0; (e = plug_row(&from->emits, i)); i++) {
		const struct tn_listen *l = first_listen(to, e->name);

		if (l && l->size > e->size)
			return tn_fail(err, TN_EINVAL,
				       "plugin %s: event %s has %u bytes there, %u in plugin %s",
				       to->name, e->name, (unsigned)l->size, (unsigned)e->size,
				       from->name);
	}
	return 0;
}

static int check_commands(const struct tn_plugin *d, const struct tn_plugin *other,
			  struct tn_error *err)
{
	const struct tn_command *a, *b;

	for (unsigned i = 0; (a = plug_row(&d->commands, i)); i++)
		for (unsigned j = 0; (b = plug_row(&other->commands, j)); j++)
			if (!strcmp(a->name, b->name))
				return tn_fail(err, TN_EINVAL,
					       "plugin %s: command %s is plugin %s's already",
					       d->name, a->name, other->name);
	return 0;
}

/* The core's are found first: such a command could never be called. */
static int check_reserved(const struct plug *pl, const struct tn_plugin *d, struct tn_error *err)
{
	const struct tn_command *c;

	for (unsigned i = 0; pl->is_reserved && (c = plug_row(&d->commands, i)); i++)
		if (pl->is_reserved(c->name))
			return tn_fail(err, TN_EINVAL,
				       "plugin %s: command %s is the core's: give it another name",
				       d->name, c->name);
	return 0;
}

static int check_offers(const struct tn_plugin *d, const struct tn_plugin *other,
			struct tn_error *err)
{
	const struct tn_offer *a, *b;

	for (unsigned i = 0; (a = plug_row(&d->offers, i)); i++)
		for (unsigned j = 0; (b = plug_row(&other->offers, j)); j++)
			if (!strcmp(a->name, b->name))
				return tn_fail(
					err, TN_EINVAL,
					"plugin %s: service %s is offered by plugin %s already",
					d->name, a->name, other->name);
	return 0;
}

int check_among(const struct plug *pl, const struct tn_plugin *d, const struct plugin *but,
		struct tn_error *err)
{
	int rc = check_reserved(pl, d, err);

	if (rc)
		return rc;
	if (d->flags & TN_PF_NATIVE && pl->env->ops->simulated)
		return tn_fail(err, TN_EINVAL,
			       "plugin %s needs a real loop (TN_PF_NATIVE): not in the simulator",
			       d->name);
	for (unsigned i = 0; i < pl->count && !rc; i++) {
		const struct tn_plugin *other = &pl->list[i]->desc;

		if (pl->list[i] == but)
			continue;
		if (!strcmp(other->name, d->name))
			return tn_fail(err, TN_EBUSY, "plugin %s: loaded already", d->name);
		rc = check_commands(d, other, err);
		if (!rc)
			rc = check_offers(d, other, err);
		if (!rc)
			rc = check_pair(d, other, err);
		if (!rc)
			rc = check_pair(other, d, err);
	}
	return rc;
}
