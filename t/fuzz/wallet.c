/* SPDX-License-Identifier: MIT
 * t/fuzz/wallet.c - any bytes as a wallet file
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "timenode/chain.h"

static void check(struct tn_sha *s, const char *network, struct tn_view in)
{
	uint8_t again[TN_WALLET_BYTES];
	struct tn_network net;
	struct tn_wallet w, wiped;

	memset(&wiped, 0, sizeof wiped);
	MUST(tn_network_find(network, &net) == 0);
	if (tn_wallet_read(s, &net, in, &w, NULL) != 0) {
		MUST(memcmp(&w, &wiped, sizeof w) == 0);
		return;
	}
	MUST(tn_wallet_write(&w, again, sizeof again) == in.n);
	MUST(memcmp(again, in.p, in.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tn_sha *s = tn_sha_create();

	MUST(s);
	check(s, "testnet", (struct tn_view){ data, n });
	check(s, "mainnet", (struct tn_view){ data, n });
	tn_sha_free(s);
	return 0;
}
