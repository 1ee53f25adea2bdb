/*
 * pair: two processes on two hosts of a lab that talk to each other, for the benchmarks of the wire.
 * Each measures on its own and reports numbers through a pipe.
 */
#ifndef SOCKLENS_TESTS_BENCH_PAIR_H
#define SOCKLENS_TESTS_BENCH_PAIR_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/core/err.h"
#include "src/lab/lab.h"
#include "src/lab/space.h"
#include "src/lab/wire.h"

#define PAIR_PORT	8080

static inline void die(const char *what, const struct err *e)
{
	fprintf(stderr, "%s: %s%s%s\n", what, e ? e->what : strerror(errno), e && e->hint[0] ? "; " : "",
		e ? e->hint : "");
	exit(1);
}

/* The server's address: over the wire, or over the plain veth pair beside it. */
static inline struct sockaddr_in pair_address(bool plain)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(PAIR_PORT) };

	inet_pton(AF_INET, plain ? "198.51.100.2" : "192.0.2.2", &a.sin_addr);
	return a;
}

static inline int pair_listen(bool plain)
{
	struct sockaddr_in a = pair_address(plain);
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0)
		die("the server", NULL);
	return fd;
}

static inline int pair_connect(bool plain)
{
	struct sockaddr_in a = pair_address(plain);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("the client", NULL);
	return fd;
}

struct pair_run {
	bool plain;
	uint64_t amount;	/* bytes, or rounds */
};

/* A side's work; its result goes to the parent. */
typedef double pair_side(const struct pair_run *r, int ready_fd);

struct pair_child {
	pid_t pid;
	int fd;		/* its result comes here */
};

static inline struct pair_child pair_fork(const struct lab *l, uint8_t host, pair_side *side, const struct pair_run *r,
				   int ready_fd)
{
	int fds[2];
	struct err e;
	struct pair_child c;
	double result;

	if (pipe(fds) < 0)
		die("pipe", NULL);
	c.pid = fork();
	if (c.pid < 0)
		die("fork", NULL);
	c.fd = fds[0];
	if (c.pid > 0) {
		close(fds[1]);
		return c;
	}
	close(fds[0]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, l->host[host].name);	/* for perf and top */
	if (space_join_net(l->host[host].netns_fd, &e) < 0)
		die("a child", &e);
	result = side(r, ready_fd);
	if (write(fds[1], &result, sizeof(result)) != sizeof(result))
		die("a child", NULL);
	_exit(0);
}

/* Reads a child's result, meanwhile taking the wire's events (as the main thread of a session does). */
static inline double pair_wait(struct pair_child *c, struct wire *w, uint64_t *events)
{
	struct pollfd fds[2] = {
		{ .fd = c->fd, .events = POLLIN },
		{ .fd = w ? wire_fd(w) : -1, .events = POLLIN },
	};
	double result = 0;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents) {
			wire_clear_fd(w);
			while (wire_next(w))
				(*events)++;
		}
		if (fds[0].revents)
			break;
	}
	if (read(c->fd, &result, sizeof(result)) != sizeof(result))
		die("a child died", NULL);
	close(c->fd);
	waitpid(c->pid, NULL, 0);
	return result;
}

static inline struct lab *pair_lab(void)
{
	static const char *const names[] = { "client", "server" };
	struct err e;
	struct lab *l = lab_new(names, 2, NULL, NULL, &e);

	if (!l || lab_join_plain(l, 0, 1, &e) < 0)
		die("no lab", &e);
	return l;
}

struct pair_result {
	double client, server;	/* what each side measured */
	struct wire_counts counts;
	uint64_t events;
};

/* config NULL: over the plain veth pair, with no wire. */
static inline struct pair_result pair_measure(const struct lab *l, const struct wire_config *config, uint64_t amount,
				       pair_side *client, pair_side *server)
{
	const struct pair_run r = { .plain = !config, .amount = amount };
	struct pair_result out = { .client = 0 };
	struct pair_child c, s;
	struct wire *w = NULL;
	struct err e;
	int ready[2];
	char byte;

	if (config) {
		w = wire_start(l, config, &e);
		if (!w)
			die("no wire", &e);
	}
	if (pipe(ready) < 0)
		die("pipe", NULL);
	s = pair_fork(l, 1, server, &r, ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		die("the server is not ready", NULL);
	close(ready[0]);
	c = pair_fork(l, 0, client, &r, -1);
	out.client = pair_wait(&c, w, &out.events);
	out.server = pair_wait(&s, w, &out.events);
	if (w) {
		wire_counts(w, &out.counts);
		wire_stop(w);
	}
	return out;
}

static inline int pair_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double pair_median(double *v, size_t n)
{
	qsort(v, n, sizeof(v[0]), pair_compare);
	return v[n / 2];
}

#endif
