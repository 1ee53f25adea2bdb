/*
 * peer: a process on a host of the lab that makes the socket calls that a test tells it to, one at a time.
 * peer_begin() returns at once, peer_end() waits for the result; peer_do() is both.
 */
#ifndef SOCKLENS_TESTS_LAB_PEER_H
#define SOCKLENS_TESTS_LAB_PEER_H

#include "tests/unit/lab/child.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "src/lab/lab.h"
#include "src/lab/sample.h"
#include "src/lab/space.h"

#define PEER_FDS	4
#define PEER_WAIT_MS	20000

enum peer_op {
	PEER_STREAM,		/* slot: socket(SOCK_STREAM), bound to :port if one is given */
	PEER_DATAGRAM,		/* slot: socket(SOCK_DGRAM), bound to :port if one is given */
	PEER_LISTEN,
	PEER_ACCEPT,		/* slot: listener; the new one goes to slot `value` */
	PEER_CONNECT,		/* to ip:port */
	PEER_SEND,		/* value bytes, all with the value `byte` */
	PEER_RECV,		/* up to value bytes; byte: the first one */
	PEER_CLOSE,
	PEER_WAITS,		/* whether something can be read within `value` ms */
};

struct peer_order {
	enum peer_op op;
	int slot;
	uint8_t ip[4];
	uint16_t port;
	int64_t value;
	uint8_t byte;
};

struct peer_answer {
	int64_t result;
	int error;
	uint8_t byte;
	struct sock_key key;
};

struct peer {
	pid_t pid;
	int fd;
};

static inline struct sockaddr_in peer_address(const struct peer_order *o)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(o->port) };

	memcpy(&a.sin_addr, o->ip, sizeof(o->ip));
	return a;
}

static inline int peer_open(const struct peer_order *o, int type)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(o->port) };
	int one = 1;
	int fd = socket(AF_INET, type, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (o->port && bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -1;
	return fd;
}

static inline int64_t peer_send_all(int fd, const struct peer_order *o)
{
	static uint8_t bytes[65536];
	int64_t sent = 0;

	memset(bytes, o->byte, sizeof(bytes));
	while (sent < o->value) {
		size_t most = sizeof(bytes);
		ssize_t n = send(fd, bytes, (int64_t)most < o->value - sent ? most : (size_t)(o->value - sent),
				 MSG_NOSIGNAL);

		if (n < 0)
			return -1;
		sent += n;
	}
	return sent;
}

static inline struct peer_answer peer_execute(int *fds, const struct peer_order *o)
{
	struct peer_answer a = { .result = -1 };
	struct sockaddr_in to = peer_address(o);
	struct pollfd p = { .fd = fds[o->slot], .events = POLLIN };
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	static uint8_t bytes[65536];

	switch (o->op) {
	case PEER_STREAM:
		a.result = fds[o->slot] = peer_open(o, SOCK_STREAM);
		break;
	case PEER_DATAGRAM:
		a.result = fds[o->slot] = peer_open(o, SOCK_DGRAM);
		break;
	case PEER_LISTEN:
		a.result = listen(fds[o->slot], 5);
		break;
	case PEER_ACCEPT:
		a.result = fds[o->value] = accept(fds[o->slot], NULL, NULL);
		break;
	case PEER_CONNECT:
		a.result = connect(fds[o->slot], (struct sockaddr *)&to, sizeof(to));
		break;
	case PEER_SEND:
		a.result = peer_send_all(fds[o->slot], o);
		break;
	case PEER_RECV:
		a.result = recv(fds[o->slot], bytes, o->value < 65536 ? (size_t)o->value : 65536, 0);
		a.byte = bytes[0];
		break;
	case PEER_CLOSE:
		a.result = close(fds[o->slot]);
		break;
	case PEER_WAITS:
		a.result = poll(&p, 1, (int)o->value);
		break;
	}
	a.error = errno;
	if (o->op != PEER_CLOSE && getsockopt(fds[o->slot], SOL_SOCKET, SO_COOKIE, &cookie, &len) == 0)
		a.key = (struct sock_key){ .cookie = cookie, .family = AF_INET, .protocol = IPPROTO_TCP };
	return a;
}

static inline struct peer peer_start(const struct lab *l, uint8_t host)
{
	int fds[PEER_FDS] = { -1, -1, -1, -1 };
	struct peer_order o;
	struct peer p;
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	p.pid = fork();
	CHECK(p.pid >= 0);
	p.fd = pair[0];
	if (p.pid > 0) {
		close(pair[1]);
		return p;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CHECK(space_join_net(l->host[host].netns_fd, NULL) == 0);
	close(pair[0]);
	while (recv(pair[1], &o, sizeof(o), 0) == sizeof(o)) {
		const struct peer_answer a = peer_execute(fds, &o);

		CHECK(send(pair[1], &a, sizeof(a), 0) == sizeof(a));
	}
	_exit(0);
}

static inline void peer_stop(struct peer *p)
{
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	close(p->fd);
}

static inline void peer_begin(struct peer *p, struct peer_order o)
{
	CHECK(send(p->fd, &o, sizeof(o), 0) == sizeof(o));
}

static inline struct peer_answer peer_end(struct peer *p)
{
	struct pollfd f = { .fd = p->fd, .events = POLLIN };
	struct peer_answer a;

	CHECK(poll(&f, 1, PEER_WAIT_MS) == 1);
	CHECK(recv(p->fd, &a, sizeof(a), 0) == sizeof(a));
	errno = a.error;
	return a;
}

static inline struct peer_answer peer_do(struct peer *p, struct peer_order o)
{
	peer_begin(p, o);
	return peer_end(p);
}

#endif
