/* An echo server for many clients at once, with select().  select_server PORT */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	fd_set all, ready;
	char buf[1024];
	ssize_t n;
	int listener, fd, client, max;

	if (argc != 2) {
		fprintf(stderr, "usage: select_server PORT\n");
		return 2;
	}
	listener = socket(AF_INET, SOCK_STREAM, 0);
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[1]));
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 10) < 0) {
		perror("select_server");
		return 1;
	}
	FD_ZERO(&all);
	FD_SET(listener, &all);
	max = listener;
	for (;;) {
		ready = all;
		if (select(max + 1, &ready, NULL, NULL, NULL) < 0) {
			perror("select");
			return 1;
		}
		for (fd = 0; fd <= max; fd++) {
			if (!FD_ISSET(fd, &ready))
				continue;
			if (fd == listener) {
				client = accept(listener, NULL, NULL);
				FD_SET(client, &all);
				if (client > max)
					max = client;
				continue;
			}
			n = recv(fd, buf, sizeof(buf), 0);
			if (n > 0) {
				send(fd, buf, n, 0);
			} else {
				close(fd);
				FD_CLR(fd, &all);
			}
		}
	}
}
