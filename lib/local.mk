# lib: libtimenode. SPDX-License-Identifier: MIT
