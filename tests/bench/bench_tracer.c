/*
 * What tracing costs: a program that makes so many small sends (a datagram over loopback that nobody reads), system
 * calls that are nobody's business (getppid), and writes to /dev/null, alone, under socklens' tracer with the
 * reports read and decoded, and under strace(1).  strace is told to trace what it calls the network; and
 * once more what the tracer stops for, which is also write(2), since it may be on a socket.
 *
 *	bench_tracer [CALLS [ROUNDS]]
 *
 * CPU seconds are those of all processes: the program, the tracer, and who reads the reports.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/core/err.h"
#include "src/lab/tracer.h"

#define ROUNDS_MAX	21

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- the programs that are traced ---- */

static int unread_socket(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = __builtin_bswap32(INADDR_LOOPBACK) };
	socklen_t len = sizeof(to);
	int reader = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(reader, (struct sockaddr *)&to, sizeof(to)) || getsockname(reader, (struct sockaddr *)&to, &len) ||
	    connect(fd, (struct sockaddr *)&to, len))
		die("a socket on loopback");
	return fd;
}

static void do_sends(uint64_t times)
{
	int fd = unread_socket();

	while (times--)
		if (send(fd, "hello, world", 12, 0) < 0)
			die("send");
}

static void do_getppid(uint64_t times)
{
	while (times--)
		syscall(SYS_getppid);
}

static void do_writes(uint64_t times)
{
	int fd = open("/dev/null", O_WRONLY);

	while (times--)
		if (write(fd, "hello, world", 12) < 0)
			die("write");
}

static const struct {
	const char *name, *what;
	void (*run)(uint64_t times);
} works[] = {
	{ "send", "send() of 12 bytes", do_sends },
	{ "getppid", "getppid()", do_getppid },
	{ "write", "write() to /dev/null", do_writes },
};
#define WORKS	(sizeof(works) / sizeof(works[0]))

static int work(const char *name, const char *times)
{
	for (size_t i = 0; i < WORKS; i++)
		if (!strcmp(works[i].name, name))
			works[i].run(strtoull(times, NULL, 10));
	return 0;
}

/* ---- the ways to run them ---- */

struct cost {
	double wall, cpu;
	uint64_t reports;	/* calls that were reported as returned */
};

static double cpu_of(int who)
{
	struct rusage u;

	if (getrusage(who, &u))
		die("getrusage");
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static uint64_t run_child(const char *const *argv)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork");
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "%s did not end well\n", argv[0]);
		exit(1);
	}
	return 0;
}

static uint64_t read_reports(struct tracer *t)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	struct traced r;
	struct err e;
	uint64_t left = 0;
	int n, fd[2];

	while ((n = tracer_next(t, &r, &e)) >= 0) {
		size_t count = tracer_fds(t, fd);

		left += n && r.kind == TRACED_LEAVE;
		if (n && r.kind == TRACED_NOTE)
			printf("note: %s\n", r.text);
		if (n) {
			traced_fini(&r);
			continue;
		}
		fds[0].fd = fd[0];
		fds[1].fd = fd[1];
		poll(fds, count, tracer_timeout(t));
	}
	return left;
}

static uint64_t run_traced(const char *const *argv)
{
	const struct tracer_command c = { .name = "bench", .argv = argv };
	struct err e = { .code = 0 };
	struct tracer *t = tracer_start(NULL, &c, &e);
	uint64_t reports;

	if (!t) {
		fprintf(stderr, "%s (%s)\n", e.what, e.hint);
		exit(1);
	}
	reports = read_reports(t);
	tracer_free(t);
	return reports;
}

static const struct {
	const char *name;
	uint64_t (*run)(const char *const *argv);
	const char *before[8];	/* arguments in front of the program's */
} ways[] = {
	{ "alone", run_child, { NULL } },
	{ "socklens", run_traced, { NULL } },
	{ "strace, network", run_child,
	  { "strace", "-f", "-e", "trace=network", "--seccomp-bpf", "-o", "/dev/null", NULL } },
	{ "strace, and write", run_child,
	  { "strace", "-f", "-e", "trace=network,write", "--seccomp-bpf", "-o", "/dev/null", NULL } },
};
#define WAYS	(sizeof(ways) / sizeof(ways[0]))

static struct cost measure(size_t way, const char *self, size_t what, const char *times)
{
	const char *argv[16] = { NULL };
	double cpu = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
	int64_t start_ns = clock_monotonic_ns();
	struct cost c;
	size_t n = 0;

	while (ways[way].before[n]) {
		argv[n] = ways[way].before[n];
		n++;
	}
	argv[n++] = self;
	argv[n++] = "work";
	argv[n++] = works[what].name;
	argv[n] = times;
	c.reports = ways[way].run(argv);
	c.wall = (double)(clock_monotonic_ns() - start_ns) / 1e9;
	c.cpu = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN) - cpu;
	return c;
}

/* ---- the table ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static void table(const char *self, size_t what, const char *times, size_t rounds, size_t count)
{
	static double wall[WAYS][ROUNDS_MAX], cpu[WAYS][ROUNDS_MAX];
	uint64_t reports = 0;
	double w[WAYS], c[WAYS];

	for (size_t r = 0; r < rounds; r++)
		for (size_t i = 0; i < count; i++) {
			struct cost cost = measure(i, self, what, times);

			wall[i][r] = cost.wall;
			cpu[i][r] = cost.cpu;
			if (cost.reports)
				reports = cost.reports;
		}
	printf("\n%s %s, median of %zu\n%-20s %8s %8s %14s %14s\n", times, works[what].what, rounds, "", "wall s",
	       "cpu s", "wall / strace", "cpu / strace");
	for (size_t i = 0; i < count; i++) {
		w[i] = median(wall[i], rounds);
		c[i] = median(cpu[i], rounds);
	}
	for (size_t i = 0; i < count; i++) {
		printf("%-20s %8.3f %8.3f", ways[i].name, w[i], c[i]);
		if (count > 2)
			printf(" %14.2f %14.2f", w[i] / w[2], c[i] / c[2]);
		if (i == 1)
			printf("   %llu calls reported", (unsigned long long)reports);
		printf("\n");
	}
}

static bool has_strace(void)
{
	return system("strace --seccomp-bpf -f -e trace=network -o /dev/null true >/dev/null 2>&1") == 0;
}

int main(int argc, char **argv)
{
	static char self[4096];
	const char *times = argc > 1 ? argv[1] : "200000";
	size_t rounds = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 5;
	size_t count = WAYS;

	if (argc > 1 && !strcmp(argv[1], "tracer"))
		tracer_main(argc, argv);
	if (argc == 4 && !strcmp(argv[1], "work"))
		return work(argv[2], argv[3]);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) <= 0)
		die("/proc/self/exe");
	if (rounds < 1 || rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	if (!has_strace()) {
		puts("strace is not installed, or may not trace here: no ratios");
		count = 2;
	}
	for (size_t i = 0; i < WORKS; i++)
		table(self, i, times, rounds, count);
	return 0;
}
