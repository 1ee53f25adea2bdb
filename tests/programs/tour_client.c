/*
 * Talks to an echo server in every way there is, and makes some mistakes.  tour_client ADDRESS PORT
 * What it sends it reads back before it goes on, so that the order of its calls is always the same.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static char buf[1024];

static void back(int fd, size_t len)
{
	if (recv(fd, buf, len, MSG_WAITALL) != (ssize_t)len)
		printf("fewer than %zu bytes came back\n", len);
}

static void options(int fd)
{
	struct timeval patience = { 1, 500000 };
	struct linger linger = { 0, 5 };
	socklen_t len = sizeof(patience);
	int value = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof(value));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, &len);
	len = sizeof(value);
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &len);
	getsockopt(fd, SOL_SOCKET, 9999, &value, &len);
}

static void pieces(int fd)
{
	struct iovec out[2] = { { "head", 4 }, { "body", 4 } };
	struct iovec in[2] = { { buf, 3 }, { buf + 3, 100 } };
	struct msghdr msg;

	writev(fd, out, 2);
	back(fd, 8);
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = out;
	msg.msg_iovlen = 2;
	sendmsg(fd, &msg, MSG_NOSIGNAL);
	readv(fd, in, 2);
}

static void waiting(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
	struct timespec second = { 1, 0 };
	struct epoll_event ev = { EPOLLIN, { .fd = fd } };
	struct timeval patience = { 5, 0 };
	fd_set reading, writing;
	int epoll, waiting = 0;

	poll(&p, 1, 1000);
	write(fd, "ping", 4);
	p.events = POLLIN;
	ppoll(&p, 1, &second, NULL);
	FD_ZERO(&reading);
	FD_SET(fd, &reading);
	writing = reading;
	select(fd + 1, &reading, &writing, NULL, &patience);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
	epoll_wait(epoll, &ev, 1, 1000);
	ev.events = EPOLLOUT;
	epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &ev);
	epoll_wait(epoll, &ev, 1, 1000);
	epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
	close(epoll);
	ioctl(fd, FIONREAD, &waiting);
	recv(fd, buf, 2, MSG_PEEK);
	back(fd, 4);
}

static void impatient(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	recv(fd, buf, sizeof(buf), 0);
	fcntl(fd, F_SETFL, flags);
	recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
}

static void copies(int fd)
{
	int other = dup(fd);

	send(other, "x", 1, 0);
	back(fd, 1);
	dup2(fd, other);
	dup3(fd, other, O_CLOEXEC);
	close(other);
}

static void files(int fd, const char *name)
{
	int file = open(name, O_RDONLY), pipes[2];

	sendfile(fd, file, NULL, 100);
	back(fd, 100);
	close(file);
	if (pipe(pipes) < 0)
		return;
	write(pipes[1], "through a pipe", 14);
	splice(pipes[0], NULL, fd, NULL, 14, 0);
	back(fd, 14);
	close(pipes[0]);
	close(pipes[1]);
}

static void many(struct mmsghdr *m, struct iovec *iov)
{
	memset(m, 0, 2 * sizeof(*m));
	m[0].msg_hdr.msg_iov = &iov[0];
	m[0].msg_hdr.msg_iovlen = 1;
	m[1].msg_hdr.msg_iov = &iov[1];
	m[1].msg_hdr.msg_iovlen = 1;
}

static void pairs(void)
{
	struct mmsghdr messages[2];
	struct iovec out[2] = { { "one", 3 }, { "three", 5 } };
	struct iovec in[2] = { { buf, 10 }, { buf + 10, 10 } };
	int pair[2];

	socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair);
	many(messages, out);
	sendmmsg(pair[0], messages, 2, 0);
	many(messages, in);
	recvmmsg(pair[1], messages, 2, 0, NULL);
	close(pair[0]);
	send(pair[1], "nobody", 6, 0);
	close(pair[1]);
}

static void mistakes(int fd, const struct sockaddr_in *addr)
{
	struct sockaddr_un nowhere = { AF_UNIX, "/no/such/socket" };
	int other;

	connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	accept(fd, NULL, NULL);
	socket(AF_INET, 77, 0);
	send(77, "x", 1, 0);
	other = socket(AF_INET6, SOCK_STREAM, 0);
	getpeername(other, NULL, NULL);
	send(other, "x", 1, MSG_NOSIGNAL);
	close(other);
	other = socket(AF_UNIX, SOCK_STREAM, 0);
	connect(other, (struct sockaddr *)&nowhere, sizeof(nowhere));
	close(other);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr, own;
	socklen_t len = sizeof(own);
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: tour_client ADDRESS PORT\n");
		return 2;
	}
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[2]));
	inet_pton(AF_INET, argv[1], &addr.sin_addr);
	fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror("connect");
		return 1;
	}
	getsockname(fd, (struct sockaddr *)&own, &len);
	getpeername(fd, (struct sockaddr *)&own, &len);
	options(fd);
	pieces(fd);
	waiting(fd);
	impatient(fd);
	copies(fd);
	files(fd, argv[0]);
	pairs();
	mistakes(fd, &addr);
	shutdown(fd, SHUT_WR);
	send(fd, "late", 4, MSG_NOSIGNAL);
	read(fd, buf, sizeof(buf));
	close(fd);
	printf("seen everything\n");
	return 0;
}
