/*
 * What a million events cost in memory: resident bytes beyond those of the file, while a session records
 * them, and when the file is opened; and what appending and opening cost in time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/trace.h"
#include "tests/unit/capture/events.h"

#define EVENTS	1000000
#define LIMIT	40.0	/* bytes an event that the project promises */

static long resident(void)
{
	char line[200];
	FILE *f = fopen("/proc/self/status", "re");
	long kb = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	}
	if (f)
		fclose(f);
	return kb * 1024;
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* A case runs in a process of its own: memory that an earlier one gave back would hide what this one takes. */
struct figures {
	double bytes, ns;	/* an event */
	uint64_t file;
	size_t connections, sockets;
};

typedef void run_case(const char *path, bool packets, struct figures *f);

static struct figures in_child(run_case *run, const char *path, bool packets)
{
	struct figures f = { 0 };
	int fds[2], status;
	pid_t child;

	if (pipe(fds) < 0 || (child = fork()) < 0)
		exit(1);
	if (child == 0) {
		run(path, packets, &f);
		_exit(write(fds[1], &f, sizeof(f)) != sizeof(f));
	}
	if (read(fds[0], &f, sizeof(f)) != sizeof(f) || waitpid(child, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "a case of the benchmark failed\n");
		exit(1);
	}
	close(fds[0]);
	close(fds[1]);
	return f;
}

/* Random events as sessions have them, or packets alone; without SYNs, so that there are a few connections. */
static void next_event(struct events *g, bool packets, struct event *ev)
{
	do {
		events_next(g, ev);
	} while (packets && ev->kind != EVENT_PACKET);
	if (ev->kind == EVENT_PACKET)
		g->packet.byte[14 + 20 + 13] = TCP_PSH | TCP_ACK;
}

static double generating(bool packets)
{
	struct events *g = events_new(1, 2000);
	double start = cpu_seconds();
	struct event ev;

	for (int i = 0; i < EVENTS; i++)
		next_event(g, packets, &ev);
	free(g);
	return cpu_seconds() - start;
}

static struct trace *begin(const char *path)
{
	struct trace *t = trace_create(path, NULL);

	for (size_t i = 0; t && i < 2; i++) {
		struct trace_host h = events_host(i);

		trace_add_host(t, &h, NULL);
	}
	if (!t)
		exit(1);
	return t;
}

/* Looks at events here and there, as a screen that is scrolled does, and takes the figures. */
static void take(struct trace *t, long before, double seconds, struct figures *f)
{
	for (uint32_t row = 0; row < trace_rows(t); row += 97)
		trace_event(t, row, NULL);
	f->bytes = (double)(resident() - before) / trace_rows(t);
	f->ns = seconds / trace_rows(t) * 1e9;
	f->file = trace_bytes(t);
	f->connections = conns_count(trace_conns(t));
	f->sockets = trace_sockets(t);
}

static void record(const char *path, bool packets, struct figures *f)
{
	struct events *g = events_new(1, 2000);
	double start = generating(packets);
	long before = resident();
	struct trace *t = begin(path);
	struct event ev;

	start += cpu_seconds();
	for (int i = 0; i < EVENTS; i++) {
		next_event(g, packets, &ev);
		if (trace_append(t, &ev, "an event of the benchmark", NULL) < 0)
			exit(1);
	}
	take(t, before, cpu_seconds() - start, f);
	trace_free(t);
	free(g);
}

static void open_again(const char *path, bool packets, struct figures *f)
{
	long before = resident();
	double start = cpu_seconds();
	struct trace *t = trace_open(path, NULL);

	(void)packets;
	if (!t)
		exit(1);
	take(t, before, cpu_seconds() - start, f);
	trace_free(t);
}

static double tell(const char *what, const struct figures *f)
{
	printf("%-34s %6.1f bytes an event  %6.0f ns an event  (%.0f MB, %zu connections, %zu sockets)\n", what,
	       f->bytes, f->ns, (double)f->file / 1e6, f->connections, f->sockets);
	return f->bytes;
}

int main(void)
{
	static const char *const what[2][2] = {
		{ "1 M events of all kinds, recorded", "1 M events of all kinds, opened" },
		{ "1 M packets, recorded", "1 M packets, opened" },
	};
	const char *tmp = getenv("TMPDIR");
	double worst = 0;
	char path[300];

	snprintf(path, sizeof(path), "%s/bench-memory-%d.pcapng", tmp && *tmp ? tmp : "/tmp", (int)getpid());
	for (int packets = 0; packets < 2; packets++) {
		struct figures f[2];

		f[0] = in_child(record, path, packets);
		f[1] = in_child(open_again, path, packets);
		for (int i = 0; i < 2; i++) {
			double bytes = tell(what[packets][i], &f[i]);

			worst = bytes > worst ? bytes : worst;
		}
		unlink(path);
	}
	printf("ratio to the %.0f bytes an event that are promised: %.2f\n", LIMIT, worst / LIMIT);
	return worst > LIMIT;
}
