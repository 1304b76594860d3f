/* SPDX-License-Identifier: MIT
 * t/fuzz/addr.c - any text as a network address and as a subnet
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "timenode/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tn_addr addr, again;
	struct tn_subnet net;
	char text[TN_ADDR_TEXT], *exact = malloc(n ? n : 1);

	MUST(exact);
	if (n)
		memcpy(exact, data, n);
	if (tn_addr_parse(&addr, exact, n) == 0) {
		MUST(tn_addr_text(&addr, text) == text && strlen(text) < sizeof text);
		MUST(tn_addr_parse(&again, text, strlen(text)) == 0);
		MUST(tn_addr_cmp(&addr, &again) == 0);
		MUST(!(tn_addr_routable(&addr) &&
		       (tn_addr_is_loopback(&addr) || tn_addr_is_private(&addr) ||
			tn_addr_is_unspecified(&addr))));
		tn_addr_ip_text(&addr, text);
		MUST(tn_addr_parse(&again, text, strlen(text)) == 0);
		MUST(tn_addr_cmp_ip(&addr, &again) == 0 && again.port == 0);
	}
	if (tn_subnet_parse(&net, exact, n) == 0) {
		MUST(net.bits <= 128);
		memcpy(addr.ip, net.ip, sizeof addr.ip);
		addr.port = 0;
		tn_subnet_has(&net, &addr);
	}
	free(exact);
	return 0;
}
