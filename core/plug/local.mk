# core/plug: what this room adds to the build. SPDX-License-Identifier: MIT
libtncore_a_SOURCES += core/plug/plug.c core/plug/reload.c core/plug/load.c core/plug/check.c \
	core/plug/check_rows.c core/plug/order.c core/plug/life.c core/plug/host.c \
	core/plug/slots.c core/plug/event.c core/plug/service.c core/plug/ticket.c \
	core/plug/timers.c core/plug/pulse.c core/plug/data.c core/plug/metric.c \
	core/plug/command.c core/plug/swap.c core/plug/quarantine.c \
	core/plug/job.c core/plug/drain.c core/plug/refresh.c
noinst_HEADERS += core/plug/plug.h core/plug/command.h core/plug/impl.h core/plug/pulse.h
