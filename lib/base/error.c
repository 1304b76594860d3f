/* SPDX-License-Identifier: MIT
 * lib/base/error.c - error codes and texts
 */
#include "timenode/base.h"

#include <stdarg.h>
#include <stdio.h>

int tn_fail(struct tn_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return code;
}

const char *tn_code_text(int code)
{
	static const char *const text[] = {
		"no error",
		"stale handle",
		"queue or table full",
		"busy",
		"wrong argument",
		"no such thing",
		"skipped for this peer",
		"deadline passed",
		"out of memory",
		"input or output error",
		"bad data",
	};

	if (code > 0 || code <= -(int)(sizeof text / sizeof text[0]))
		return "unknown error";
	return text[-code];
}
