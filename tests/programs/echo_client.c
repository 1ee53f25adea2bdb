/* Sends each word and reads it back.  echo_client ADDRESS PORT WORD... */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	char buf[1024];
	ssize_t n;
	int i, fd;

	if (argc < 4) {
		fprintf(stderr, "usage: echo_client ADDRESS PORT WORD...\n");
		return 2;
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0) {
		perror("socket");
		return 1;
	}
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[2]));
	inet_pton(AF_INET, argv[1], &addr.sin_addr);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror("connect");
		return 1;
	}
	for (i = 3; i < argc; i++) {
		send(fd, argv[i], strlen(argv[i]), 0);
		n = recv(fd, buf, sizeof(buf) - 1, 0);
		if (n <= 0)
			break;
		buf[n] = '\0';
		printf("got %s\n", buf);
	}
	close(fd);
	return 0;
}
