/* SPDX-License-Identifier: MIT
 * t/plugins/bad_nosymbol.c - a shared object that is no plugin
 */
#include "timenode/host.h"

TN_API int tn_something_else(void);
int tn_something_else(void)
{
	return 1;
}
