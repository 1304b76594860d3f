/* SPDX-License-Identifier: MIT
 * core/env/event_socket.c - socket addresses and the options every stream gets
 */
#include "config.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "env/event_private.h"

/* doc/protocol.md 5: a dead peer is noticed after 30 + 3 x 10 s, also while sent bytes
 * are unacknowledged, when keepalive does not run. */
#define KEEPALIVE_IDLE_S 30
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3
#define USER_TIMEOUT_MS 60000

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

socklen_t event_to_sockaddr(union event_sockaddr *s, const struct tn_addr *a)
{
	memset(s, 0, sizeof(*s));
	if (tn_addr_is_v4(a)) {
		s->v4.sin_family = AF_INET;
		s->v4.sin_port = htons(a->port);
		memcpy(&s->v4.sin_addr, a->ip + 12, 4);
		return sizeof(s->v4);
	}
	s->v6.sin6_family = AF_INET6;
	s->v6.sin6_port = htons(a->port);
	memcpy(&s->v6.sin6_addr, a->ip, 16);
	return sizeof(s->v6);
}

void event_from_sockaddr(struct tn_addr *a, const union event_sockaddr *s)
{
	memset(a, 0, sizeof(*a));
	if (s->any.sa_family == AF_INET) {
		memcpy(a->ip, mapped, 12);
		memcpy(a->ip + 12, &s->v4.sin_addr, 4);
		a->port = ntohs(s->v4.sin_port);
	} else if (s->any.sa_family == AF_INET6) {
		memcpy(a->ip, &s->v6.sin6_addr, 16);
		a->port = ntohs(s->v6.sin6_port);
	}
}

static bool set_options(int fd)
{
	const struct {
		int level, name, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			       sizeof(options[i].value)))
			return false;
	return true;
}

int event_tcp_socket(const struct tn_addr *a)
{
	int family = tn_addr_is_v4(a) ? AF_INET : AF_INET6;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0 || set_options(fd))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}
