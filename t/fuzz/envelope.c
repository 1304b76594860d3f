/* SPDX-License-Identifier: MIT
 * t/fuzz/envelope.c - any bytes as a line: its envelope, and that of each beginning
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "timenode/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tn_envelope whole, part;
	int code = tn_envelope_read((struct tn_view){ data, n }, &whole, NULL), peek;
	size_t i;

	MUST(code == 0 || code == TN_EBAD);
	if (code == 0) {
		MUST(whole.name_n <= TN_NAME_MAX && strlen(whole.name) <= whole.name_n);
		MUST(whole.unit == (whole.body.n == 0));
		MUST(whole.unit ||
		     (whole.body.p >= data && whole.body.p + whole.body.n <= data + n));
	}
	/* As the line grows: never refused if the whole is good, and the name is the same. */
	for (i = 0; i <= n && i < 256; i++) {
		peek = tn_envelope_peek((struct tn_view){ data, i }, &part);
		MUST(peek == 0 || peek == TN_EBUSY || peek == TN_EBAD);
		if (code != 0)
			continue;
		MUST(peek != TN_EBAD);
		MUST(peek != 0 || (part.name_n == whole.name_n &&
				   memcmp(part.name, whole.name, part.name_n) == 0));
	}
	return 0;
}
