# core/base: what this room adds to the build. SPDX-License-Identifier: MIT
libtncore_a_SOURCES += core/base/handle.c
