/*
 * Opens a capture with all its rows, as the screen does: open_trace FILE prints rows, connections, CPU seconds and
 * KB of memory that it took beyond what the process had before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/trace.h"

static long memory(const char *field)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, field, strlen(field)) == 0)
			kb = strtol(line + strlen(field), NULL, 10);
	}
	if (f)
		fclose(f);
	return kb;
}

int main(int argc, char **argv)
{
	long before = memory("VmRSS:");
	struct err e = { 0 };
	struct trace *t = argc == 2 ? trace_open(argv[1], &e) : NULL;
	struct timespec cpu;

	if (!t) {
		fprintf(stderr, "%s\n", argc == 2 ? e.what : "usage: open_trace FILE");
		return 2;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("%u %zu %.6f %ld\n", trace_rows(t), conns_count(trace_conns(t)),
	       (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9, memory("VmHWM:") - before);
	trace_free(t);
	return 0;
}
