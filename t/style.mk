# SPDX-License-Identifier: MIT
# t/style.mk - tests of the tree itself: arrows, style, the checkers, an installed tree
dist_check_SCRIPTS += t/00-arrows.t t/00-style.t t/02-checkers.t
TESTS += t/00-arrows.t t/00-style.t t/02-checkers.t
