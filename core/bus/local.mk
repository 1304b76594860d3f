# core/bus: what this room adds to the build. SPDX-License-Identifier: MIT
libtncore_a_SOURCES += core/bus/bus.c core/bus/overrun.c core/bus/claim.c core/bus/gate.c \
	core/bus/dispatch.c core/bus/hold.c core/bus/question.c core/bus/send.c \
	core/bus/broadcast.c
noinst_HEADERS += core/bus/bus.h core/bus/impl.h
