/* An echo server with a process for every client.  fork_server PORT */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve(int client)
{
	char buf[1024];
	ssize_t n;

	while ((n = read(client, buf, sizeof(buf))) > 0)
		write(client, buf, n);
	close(client);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	int listener, client;

	if (argc != 2) {
		fprintf(stderr, "usage: fork_server PORT\n");
		return 2;
	}
	signal(SIGCHLD, SIG_IGN);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[1]));
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 10) < 0) {
		perror("fork_server");
		return 1;
	}
	for (;;) {
		client = accept(listener, NULL, NULL);
		if (client < 0) {
			perror("accept");
			return 1;
		}
		if (fork() == 0) {
			close(listener);
			serve(client);
			printf("served\n");
			exit(7);
		}
		close(client);
	}
}
