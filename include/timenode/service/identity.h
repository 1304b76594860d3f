/* SPDX-License-Identifier: MIT
 * timenode/service/identity.h - this node's own key and name, offered by the plugin masternodes
 *
 * The key is that of the wallet file time-wallet.dat (doc/protocol.md 9.3). It is there
 * whether the node is a masternode or not. The secret never leaves the plugin that offers
 * this; what is signed is remembered by whoever signs, before it is sent: two signatures that
 * contradict each other must not exist, whatever crashes.
 */
#ifndef TIMENODE_SERVICE_IDENTITY_H
#define TIMENODE_SERVICE_IDENTITY_H

#include "timenode/chain.h"
#include "timenode/host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TN_IDENTITY_MAJOR 1
#define TN_IDENTITY_MINOR 0

/* Room for the text of a masternode's address, an IPv4 dotted quad, and NUL. */
#define TN_MN_ADDRESS_TEXT 16

struct tn_identity { /* a copy */
	struct tn_key key;
	char payment[TN_ADDRESS_TEXT];    /* the key's payment address: where coins are received */
	char address[TN_MN_ADDRESS_TEXT]; /* as a masternode; "" when this node is none, or does not
					   * know its own address yet */
};

struct tn_identity_ops {
	uint32_t size;
	int (*get)(struct tn_ctx *, struct tn_identity *);
	/* Ed25519 over these bytes, no prehash. 0. */
	int (*sign)(struct tn_ctx *, struct tn_view msg, struct tn_sig *);
};

/* clang-format off */
#define TN_IDENTITY_NEED(want) { "identity", TN_IDENTITY_MAJOR, TN_IDENTITY_MINOR, want }
#define TN_IDENTITY_(s) ((const struct tn_identity_ops *)(s).ops)

static inline int tn_identity_get(struct tn_svc s, struct tn_identity *out) { return s.ops ? TN_IDENTITY_(s)->get(s.self, out) : TN_EGONE; }
static inline int tn_identity_sign(struct tn_svc s, struct tn_view m, struct tn_sig *out) { return s.ops ? TN_IDENTITY_(s)->sign(s.self, m, out) : TN_EGONE; }
/* clang-format on */

#ifdef __cplusplus
}
#endif
#endif
