# t/masternodes.mk: tests of the plugin masternodes. SPDX-License-Identifier: MIT
dist_check_SCRIPTS += t/86-masternodes.t
TESTS += t/86-masternodes.t
