/*
 * One byte there and one byte back over TCP, again and again: what the wire adds to the round-trip time
 * of a plain veth pair, without and with sampling both sockets around every packet.
 *
 *	bench_pingpong [ROUND_TRIPS [ROUNDS]]
 */
#include "tests/bench/pair.h"

#define ROUNDS_MAX	21

static void no_delay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* The median round-trip time in microseconds. */
static double ping(const struct pair_run *r, int ready_fd)
{
	double *us = calloc(r->amount, sizeof(*us));
	int fd = pair_connect(r->plain);
	char byte = 'x';

	(void)ready_fd;
	no_delay(fd);
	for (uint64_t i = 0; us && i < r->amount; i++) {
		int64_t start_ns = clock_monotonic_ns();

		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
			die("ping", NULL);
		us[i] = (double)(clock_monotonic_ns() - start_ns) / 1000;
	}
	close(fd);
	return us ? pair_median(us, r->amount) : 0;
}

static double pong(const struct pair_run *r, int ready_fd)
{
	int listener = pair_listen(r->plain);
	char byte;
	int fd;

	if (write(ready_fd, "r", 1) != 1)
		die("the server", NULL);
	fd = accept(listener, NULL, NULL);
	no_delay(fd);
	while (read(fd, &byte, 1) == 1)
		if (write(fd, &byte, 1) != 1)
			die("pong", NULL);
	return 0;
}

static const struct {
	const char *name;
	bool wire;
	struct wire_config config;
} ways[] = {
	{ "plain veth", false, { .sample = false } },
	{ "wire", true, { .sample = false } },
	{ "wire, recording", true, { .record = true } },
	{ "wire, recording, sampling all", true, { .record = true, .sample = true, .sample_all = true } },
};
#define WAYS	(sizeof(ways) / sizeof(ways[0]))

int main(int argc, char **argv)
{
	uint64_t trips = argc > 1 ? strtoull(argv[1], NULL, 10) : 5000;
	size_t rounds = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 7;
	static double value[WAYS][ROUNDS_MAX];
	struct lab *l = pair_lab();
	double plain = 0, plain_best = 0;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	for (size_t r = 0; r < rounds; r++)
		for (size_t i = 0; i < WAYS; i++)
			value[i][r] = pair_measure(l, ways[i].wire ? &ways[i].config : NULL, trips, ping, pong).client;
	printf("round-trip time of one byte, median of %llu, in us, %zu rounds\n", (unsigned long long)trips, rounds);
	printf("%-30s %8s %8s %8s %8s\n", "", "median", "added", "best", "added");
	for (size_t i = 0; i < WAYS; i++) {
		double median = pair_median(value[i], rounds);	/* sorts */
		double best = value[i][0];

		plain = i == 0 ? median : plain;
		plain_best = i == 0 ? best : plain_best;
		printf("%-30s %8.1f %8.1f %8.1f %8.1f\n", ways[i].name, median, median - plain, best, best - plain_best);
	}
	lab_free(l);
	return 0;
}
