/* A blocking echo server: one client after the other.  echo_server PORT [ADDRESS] */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in addr, peer;
	socklen_t len;
	char buf[1024];
	ssize_t n;
	int listener, client, one = 1;

	if (argc < 2) {
		fprintf(stderr, "usage: echo_server PORT [ADDRESS]\n");
		return 2;
	}
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0) {
		perror("socket");
		return 1;
	}
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[1]));
	addr.sin_addr.s_addr = argc > 2 ? inet_addr(argv[2]) : htonl(INADDR_ANY);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror("bind");
		return 1;
	}
	if (listen(listener, 5) < 0) {
		perror("listen");
		return 1;
	}
	printf("listening on port %s\n", argv[1]);
	for (;;) {
		len = sizeof(peer);
		client = accept(listener, (struct sockaddr *)&peer, &len);
		if (client < 0) {
			perror("accept");
			return 1;
		}
		printf("client from %s\n", inet_ntoa(peer.sin_addr));
		while ((n = read(client, buf, sizeof(buf))) > 0)
			write(client, buf, n);
		printf("client gone\n");
		close(client);
	}
}
