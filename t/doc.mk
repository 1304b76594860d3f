# SPDX-License-Identifier: MIT
# t/doc.mk - the documents against the program
dist_check_SCRIPTS += t/92-doc.t t/93-examples.t
TESTS += t/92-doc.t t/93-examples.t
