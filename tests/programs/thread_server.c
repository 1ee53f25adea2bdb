/* An echo server with a thread for every client.  thread_server PORT */
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *serve(void *arg)
{
	int client = (int)(long)arg;
	char buf[1024];
	ssize_t n;

	while ((n = recv(client, buf, sizeof(buf), 0)) > 0)
		send(client, buf, n, 0);
	close(client);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	pthread_t thread;
	int listener, client;

	if (argc != 2) {
		fprintf(stderr, "usage: thread_server PORT\n");
		return 2;
	}
	listener = socket(AF_INET, SOCK_STREAM, 0);
	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(atoi(argv[1]));
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 10) < 0) {
		perror("thread_server");
		return 1;
	}
	for (;;) {
		client = accept(listener, NULL, NULL);
		if (client < 0) {
			perror("accept");
			return 1;
		}
		pthread_create(&thread, NULL, serve, (void *)(long)client);
		pthread_detach(thread);
	}
}
