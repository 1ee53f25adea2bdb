/*
 * Prints every packet of a capture, a line each: time in nanoseconds, captured and original length, and a hash
 * of its bytes; "gap" and the text where a part of the file was lost; behind them "end", and what was wrong with
 * the file if anything was.
 *
 *	read ours FILE	as we read it: the whole file at once
 *	read parts FILE	the same, but in the smallest parts that reading can be done in
 *	read pcap FILE	as libpcap reads it
 *
 * Ours are printed in the order of the file, which is libpcap's.
 */
#include <inttypes.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace.h"

static uint64_t hash_of(const uint8_t *bytes, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static void print_packet(int64_t ts_ns, uint32_t caplen, uint32_t len, const uint8_t *bytes)
{
	printf("%" PRId64 " %u %u %016" PRIx64 "\n", ts_ns, caplen, len, hash_of(bytes, caplen));
}

/* ---- libpcap ---- */

static int read_pcap(const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	struct pcap_pkthdr *head;
	const uint8_t *bytes;
	int rc;

	if (!p) {
		printf("no capture: %s\n", why);
		return 0;
	}
	while ((rc = pcap_next_ex(p, &head, &bytes)) == 1)
		print_packet((int64_t)head->ts.tv_sec * 1000000000 + head->ts.tv_usec, head->caplen, head->len, bytes);
	printf("end%s%s\n", rc == PCAP_ERROR_BREAK ? "" : " ", rc == PCAP_ERROR_BREAK ? "" : pcap_geterr(p));
	pcap_close(p);
	return 0;
}

/* ---- ours ---- */

static struct trace *open_in_parts(const char *path, struct err *e)
{
	struct trace *t = trace_start(path, NULL, e);
	enum trace_loading now = TRACE_LOADING;
	uint32_t rows = 0;

	while (t && now != TRACE_LOADED) {
		struct pollfd p = { .fd = trace_load_fd(t), .events = POLLIN };

		/* What is there can be looked at, and nothing of it goes away. */
		if (trace_rows(t) < rows || (rows && !trace_event(t, trace_rows(t) - 1, e)))
			abort();
		rows = trace_rows(t);
		if (now == TRACE_WAITING)
			poll(&p, 1, -1);
		now = trace_load(t, 0, e);
		if (now == TRACE_LOAD_FAILED) {
			trace_free(t);
			return NULL;
		}
	}
	return t;
}

static int by_offset(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

static void print_trace(struct trace *t)
{
	uint32_t rows = trace_rows(t);
	uint64_t *id = calloc(rows + 1, sizeof(id[0]));

	if (!id)
		abort();
	for (uint32_t row = 0; row < rows; row++)
		id[row] = trace_entry(t, row)->offset;
	qsort(id, rows, sizeof(id[0]), by_offset);
	for (uint32_t i = 0; i < rows; i++) {
		const struct event *ev = trace_event(t, trace_row_of(t, id[i]), NULL);

		if (!ev)
			printf("unreadable\n");
		else if (ev->kind == EVENT_PACKET)
			print_packet(ev->ts_ns, ev->packet.caplen, ev->packet.len, ev->packet.data);
		else if (ev->kind == EVENT_NOTE && ev->note.kind == NOTE_LOST)
			printf("gap %s\n", ev->note.text);
	}
	free(id);
}

/* KB.  (getrusage() would count the memory of the program that started this one, too.) */
static long most_memory(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[128];
	long kb = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = strtol(line + 6, NULL, 10);
	}
	if (f)
		fclose(f);
	return kb;
}

static int read_ours(const char *path, bool parts)
{
	struct err e = { 0 };
	struct trace *t = parts ? open_in_parts(path, &e) : trace_open(path, &e);

	if (!t) {
		printf("no capture: %s\n", e.what);
		return 0;
	}
	print_trace(t);
	printf("end%s%s\n", trace_damage(t) ? " " : "", trace_damage(t) ? trace_damage(t) : "");
	trace_free(t);
	fprintf(stderr, "%ld\n", most_memory());
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "pcap") == 0)
		return read_pcap(argv[2]);
	if (argc == 3 && (strcmp(argv[1], "ours") == 0 || strcmp(argv[1], "parts") == 0))
		return read_ours(argv[2], argv[1][0] == 'p');
	fprintf(stderr, "usage: read ours|parts|pcap FILE\n");
	return 2;
}
