# t/conf.mk: tests of this area. SPDX-License-Identifier: MIT
