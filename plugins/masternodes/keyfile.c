/* SPDX-License-Identifier: MIT
 * plugins/masternodes/keyfile.c - the wallet file of this node
 */
#include "keyfile.h"

#include <string.h>

static int make(struct tn_sha *sha, const struct tn_network *net, const char *path,
		const uint8_t seed[32], int64_t now, struct tn_wallet *out, struct tn_error *err)
{
	int rc = tn_wallet_make(sha, net, seed, now, "Default Wallet", out);

	if (rc)
		return tn_fail(err, rc, "no memory for a wallet");
	return tn_wallet_save(out, path, err);
}

int mn_keyfile_open(struct tn_sha *sha, const struct tn_network *net, const char *path,
		    const uint8_t seed[32], int64_t now, struct tn_wallet *out, bool *made,
		    struct tn_error *err)
{
	struct tn_error why = { "" };
	int rc = tn_wallet_load(sha, net, path, out, &why);

	*made = false;
	if (rc == TN_ENOENT) {
		rc = make(sha, net, path, seed, now, out, &why);
		*made = rc == 0;
		if (rc)
			return tn_fail(err, rc, "the wallet cannot be made: %s", why.text);
		return 0;
	}
	if (rc)
		return tn_fail(err, rc, "the wallet cannot be used and is left as it is: %s",
			       why.text);
	return 0;
}

int mn_keyfile_copy(struct tn_sha *sha, const struct tn_network *net, const struct tn_wallet *w,
		    const char *path, struct tn_error *err)
{
	struct tn_wallet back;
	int rc;

	if (path[0] != '/')
		return tn_fail(err, TN_EINVAL,
			       "the file needs a path from the root: the daemon has another "
			       "directory than you");
	rc = tn_wallet_save(w, path, err);
	if (rc)
		return rc;
	rc = tn_wallet_load(sha, net, path, &back, err);
	if (!rc && memcmp(back.secret.seed, w->secret.seed, sizeof w->secret.seed) != 0)
		rc = tn_fail(err, TN_EIO, "%.200s does not read back as it was written", path);
	tn_wallet_wipe(&back);
	return rc;
}
