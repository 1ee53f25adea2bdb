/*
 * 1 GB of TCP from the client to the server: over a plain veth pair, over the wire, and over the wire with
 * its events handed over.  Runs are interleaved, because the machine is not ours alone.
 *
 *	bench_bulk [GIGABYTES [ROUNDS]]
 */
#include "tests/bench/pair.h"

#define CHUNK		(256 * 1024)
#define ROUNDS_MAX	15

static double send_all(const struct pair_run *r, int ready_fd)
{
	static char chunk[CHUNK];
	int fd = pair_connect(r->plain);
	uint64_t left = r->amount;
	char byte;

	(void)ready_fd;
	memset(chunk, 'x', sizeof(chunk));
	while (left) {
		ssize_t n = write(fd, chunk, left < CHUNK ? left : CHUNK);

		if (n < 0)
			die("sending", NULL);
		left -= (uint64_t)n;
	}
	shutdown(fd, SHUT_WR);
	if (read(fd, &byte, 1) != 0)	/* until the server has read all of it */
		die("sending", NULL);
	close(fd);
	return 0;
}

static double receive_all(const struct pair_run *r, int ready_fd)
{
	static char chunk[CHUNK];
	int listener = pair_listen(r->plain);
	int64_t start_ns;
	uint64_t got = 0;
	ssize_t n;
	int fd;

	if (write(ready_fd, "r", 1) != 1)
		die("the server", NULL);
	fd = accept(listener, NULL, NULL);
	start_ns = clock_monotonic_ns();
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		got += (uint64_t)n;
	if (got != r->amount)
		die("receiving", NULL);
	return (double)got * 8 / (double)(clock_monotonic_ns() - start_ns);
}

static const struct {
	const char *name;
	bool wire;
	struct wire_config config;
} ways[] = {
	{ "plain veth", false, { .sample = false } },
	{ "wire", true, { .sample = false } },
	{ "wire, recording", true, { .record = true } },
	{ "wire, recording, sampling", true, { .record = true, .sample = true } },
};
#define WAYS	(sizeof(ways) / sizeof(ways[0]))

int main(int argc, char **argv)
{
	uint64_t bytes = (uint64_t)(argc > 1 ? atof(argv[1]) * 1e9 : 1e9);
	size_t rounds = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 5;
	static double value[WAYS][ROUNDS_MAX];
	uint64_t lost[WAYS] = { 0 }, unrecorded[WAYS] = { 0 };
	struct lab *l = pair_lab();
	double plain = 0, plain_best = 0;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	for (size_t r = 0; r < rounds; r++) {
		for (size_t i = 0; i < WAYS; i++) {
			struct pair_result p = pair_measure(l, ways[i].wire ? &ways[i].config : NULL, bytes,
							    send_all, receive_all);

			value[i][r] = p.server;
			lost[i] += p.counts.lost_in_buffers;
			unrecorded[i] += p.counts.events_lost;
		}
	}
	printf("%.1f GB of TCP between two hosts, %zu rounds\n", (double)bytes / 1e9, rounds);
	printf("%-26s %8s %8s %8s %8s %16s %16s\n", "Gbit/s", "median", "of plain", "best", "of plain",
	       "packets we lost", "events left out");
	for (size_t i = 0; i < WAYS; i++) {
		double median = pair_median(value[i], rounds);	/* sorts */
		double best = value[i][rounds - 1];

		plain = i == 0 ? median : plain;
		plain_best = i == 0 ? best : plain_best;
		printf("%-26s %8.2f %7.2fx %8.2f %7.2fx %16llu %16llu\n", ways[i].name, median, median / plain, best,
		       best / plain_best, (unsigned long long)lost[i], (unsigned long long)unrecorded[i]);
	}
	lab_free(l);
	return 0;
}
