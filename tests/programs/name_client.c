/* Looks a name up, tries its addresses in turn, sends a line and prints what comes.  name_client HOST PORT LINE */
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct addrinfo hints, *list, *a;
	char buf[1024];
	ssize_t n;
	int error, fd = -1;

	if (argc != 4) {
		fprintf(stderr, "usage: name_client HOST PORT LINE\n");
		return 2;
	}
	memset(&hints, 0, sizeof(hints));
	hints.ai_family = AF_UNSPEC;
	hints.ai_socktype = SOCK_STREAM;
	error = getaddrinfo(argv[1], argv[2], &hints, &list);
	if (error) {
		fprintf(stderr, "%s: %s\n", argv[1], gai_strerror(error));
		return 1;
	}
	for (a = list; a; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		perror(argv[1]);
		close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd < 0)
		return 1;
	write(fd, argv[3], strlen(argv[3]));
	shutdown(fd, SHUT_WR);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		printf("got %.*s\n", (int)n, buf);
	close(fd);
	return 0;
}
