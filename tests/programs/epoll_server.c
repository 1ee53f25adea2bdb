/* An echo server for many clients at once, with epoll and sockets that do not block.  epoll_server PORT */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int epoll;

static void watch(int fd)
{
	struct epoll_event ev;

	memset(&ev, 0, sizeof(ev));
	ev.events = EPOLLIN | EPOLLET;
	ev.data.fd = fd;
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev);
}

static void serve(int fd)
{
	char buf[1024];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		write(fd, buf, n);
	if (n == 0 || errno != EAGAIN)
		close(fd);
}

int main(int argc, char **argv)
{
	struct epoll_event ev[16];
	struct sockaddr_in addr;
	int listener, client, n, i;

	if (argc != 2) {
		fprintf(stderr, "usage: epoll_server PORT\n");
		return 2;
	}
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[1]));
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, SOMAXCONN) < 0) {
		perror("epoll_server");
		return 1;
	}
	epoll = epoll_create1(0);
	watch(listener);
	for (;;) {
		n = epoll_wait(epoll, ev, 16, -1);
		for (i = 0; i < n; i++) {
			if (ev[i].data.fd != listener) {
				serve(ev[i].data.fd);
				continue;
			}
			while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
				watch(client);
		}
	}
}
