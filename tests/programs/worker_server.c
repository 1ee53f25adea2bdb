/*
 * The parent accepts, and passes each connection over a Unix socket to a worker process, which answers.
 * worker_server PORT
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static int pass(int channel, int fd)
{
	char text[] = "job";
	struct iovec iov = { text, 3 };
	union control control;
	struct msghdr msg;
	struct cmsghdr *c;

	memset(&msg, 0, sizeof(msg));
	memset(&control, 0, sizeof(control));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.bytes;
	msg.msg_controllen = sizeof(control.bytes);
	c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(channel, &msg, 0) < 0 ? -1 : 0;
}

static int take(int channel)
{
	char text[16];
	struct iovec iov = { text, sizeof(text) };
	union control control;
	struct msghdr msg;
	struct cmsghdr *c;
	int fd = -1;

	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = control.bytes;
	msg.msg_controllen = sizeof(control.bytes);
	if (recvmsg(channel, &msg, 0) <= 0)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

static void work(int channel)
{
	char buf[1024];
	ssize_t n;
	int client;

	while ((client = take(channel)) >= 0) {
		while ((n = read(client, buf, sizeof(buf))) > 0)
			write(client, buf, n);
		close(client);
	}
	exit(0);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	int listener, client, pair[2];

	if (argc != 2) {
		fprintf(stderr, "usage: worker_server PORT\n");
		return 2;
	}
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	if (fork() == 0) {
		close(pair[0]);
		work(pair[1]);
	}
	close(pair[1]);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[1]));
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(listener, 5) < 0) {
		perror("worker_server");
		return 1;
	}
	for (;;) {
		client = accept(listener, NULL, NULL);
		if (client < 0 || pass(pair[0], client) < 0) {
			perror("worker_server");
			return 1;
		}
		close(client);
	}
}
