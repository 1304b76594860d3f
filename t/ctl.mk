# t/ctl.mk: tests of this area. SPDX-License-Identifier: MIT
