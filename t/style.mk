# SPDX-License-Identifier: MIT
# t/style.mk - tests of the tree itself: arrows, style, the checkers, archive, an installed tree
style_tests = t/00-arrows.t t/00-style.t t/02-checkers.t t/03-dist.t t/04-setup.t \
	t/90-install.t t/91-init-script.t
dist_check_SCRIPTS += $(style_tests)
TESTS += $(style_tests)
