/* Writes on although the server has closed, until its kernel ends it.  stubborn_client ADDRESS PORT */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	char buf[100];
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: stubborn_client ADDRESS PORT\n");
		return 2;
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[2]));
	inet_pton(AF_INET, argv[1], &addr.sin_addr);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		perror("connect");
		return 1;
	}
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	printf("the server has closed\n");
	for (;;) {
		write(fd, "x", 1);
		usleep(20000);
	}
}
