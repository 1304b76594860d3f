/* SPDX-License-Identifier: MIT
 * lib/base/point.h - which 32 bytes the reference reads as an Ed25519 public key
 */
#ifndef LIB_BASE_POINT_H
#define LIB_BASE_POINT_H

#include <stdbool.h>
#include <stdint.h>

/* Is there a point on the curve with this y, taken modulo 2^255 - 19? Small and mixed
 * order and values that are not canonical count too: what they are worth shows when a
 * signature is checked. About 20 microseconds.
 */
bool point_decodes(const uint8_t b[32]);

#endif
