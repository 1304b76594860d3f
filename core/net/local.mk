# core/net: what this room adds to the build. SPDX-License-Identifier: MIT
libtncore_a_SOURCES += core/net/names.c core/net/names.h core/net/account.c core/net/account.h \
	core/net/frame.c core/net/frame.h core/net/history.c core/net/history.h \
	core/net/state.c core/net/state.h
libtncore_a_SOURCES += core/net/dial_rule.c core/net/dial_rule.h core/net/survivor.c \
	core/net/survivor.h core/net/backoff.c core/net/backoff.h core/net/score.c \
	core/net/score.h core/net/ban.c core/net/ban.h
