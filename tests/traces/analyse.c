/*
 * analyse: what connection tracking says about each packet of a capture, as tab-separated lines, for
 * tests/traces/check_analysis: analyse [--rules VERSION] FILE.  With --time, nothing is printed but how long
 * decoding, looking up and analysing took, and the memory.
 *
 * The capture is read as any other of ours; a frame's number counts every event of the file, as Wireshark's does.
 * Columns: frame, tcp.stream, udp.stream, the verdicts by their fields' names with "," between them, number and
 * frame of a duplicate ACK, acknowledged frame, its RTT, frame that a retransmission is late after, how late,
 * bytes in flight, initial RTT, scaled window, tcp.completeness, "cut" if the headers were not captured in full;
 * empty where there is none.  Times in nanoseconds.
 */
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/trace.h"

static void number_print(uint64_t number)
{
	putchar('\t');
	if (number)
		printf("%llu", (unsigned long long)number);
}

static void verdict_print(const struct verdict *v)
{
	const char *gap = "";

	putchar('\t');
	for (size_t i = 0; i < VERDICTS; i++) {
		if (!(v->bits & verdict_names[i].bit))
			continue;
		printf("%s%s", gap, verdict_names[i].field);
		gap = ",";
	}
	number_print(v->dup_ack);
	putchar('\t');
	if (v->dup_ack)
		printf("%u", v->dup_ack_frame);
	number_print(v->acked_frame);
	putchar('\t');
	if (v->ack_rtt_ns)
		printf("%lld", (long long)v->ack_rtt_ns);
	number_print(v->rto_frame);
	putchar('\t');
	if (v->rto_frame)
		printf("%lld", (long long)v->rto_ns);
	number_print(v->in_flight);
	putchar('\t');
	if (v->initial_rtt_ns)
		printf("%lld", (long long)v->initial_rtt_ns);
}

static void stream_print(const struct conn_note *note, uint8_t protocol)
{
	putchar('\t');
	if (note->stream != CONN_NONE && note->stream_protocol == protocol)
		printf("%u", note->stream);
}

static void packet_print(void *arg, uint64_t frame, const struct trace_packet *from, const struct packet *p,
			 const struct conn_note *note)
{
	(void)arg;
	(void)from;
	printf("%llu", (unsigned long long)frame);
	stream_print(note, IPPROTO_TCP);
	stream_print(note, IPPROTO_UDP);
	verdict_print(&note->verdict);
	putchar('\t');
	if (note->verdict.analysed)
		printf("%u", note->verdict.window);
	putchar('\t');
	if (note->stream != CONN_NONE && note->stream_protocol == IPPROTO_TCP)
		printf("%u", note->completeness);
	printf("\t%s\n", p->cut ? "cut" : "");
}

static pcap_t *capture_open(const char *path)
{
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);

	if (!pcap) {
		fprintf(stderr, "analyse: %s\n", why);
		exit(1);
	}
	return pcap;
}

static int64_t time_of(const struct pcap_pkthdr *h)
{
	return h->ts.tv_sec * 1000000000ll + h->ts.tv_usec;
}

static int capture_print(const struct tcp_rules *rules, const char *path)
{
	const struct trace_watch watch = { .packet = packet_print, .no_rows = true };
	const struct trace_options options = { .rules = rules, .watch = &watch };
	struct err e = { 0 };
	struct trace *t = trace_open_with(path, &options, &e);

	if (!t) {
		fprintf(stderr, "analyse: %s\n", e.what);
		return 1;
	}
	trace_free(t);
	return 0;
}

/* ---- the time it takes ---- */

enum { KEPT = 192, BATCH = 64, ROUNDS = 3 };

struct record {
	int64_t ts_ns;
	uint32_t caplen, len;
	uint8_t bytes[KEPT];
};

/* The heads of all packets, so that reading the file is no part of the time. */
static struct record *records_read(pcap_t *pcap, size_t *count)
{
	struct record *records = NULL;
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	size_t cap = 0;

	for (*count = 0; pcap_next_ex(pcap, &h, &bytes) == 1; ++*count) {
		struct record *r;

		if (*count == cap) {
			cap = cap ? cap * 2 : 1 << 16;
			records = realloc(records, cap * sizeof(*records));
			if (!records)
				exit(1);
		}
		r = &records[*count];
		r->ts_ns = time_of(h);
		r->len = h->len;
		r->caplen = h->caplen < KEPT ? h->caplen : KEPT;
		memcpy(r->bytes, bytes, r->caplen);
	}
	return records;
}

static void batch_track(struct conns *c, uint32_t link, const struct record *batch, size_t n, uint32_t frame)
{
	struct packet packet[BATCH];
	struct conn_note note;

	for (size_t i = 0; i < n; i++) {
		packet_parse(&packet[i], link, batch[i].bytes, batch[i].caplen, batch[i].len);
		conns_look(c, &packet[i]);
	}
	for (size_t i = 0; i < n; i++)
		conns_near(c, &packet[i]);
	for (size_t i = 0; i < n; i++)
		conns_nearer(c, &packet[i]);
	for (size_t i = 0; i < n; i++)
		conns_track(c, &packet[i], batch[i].bytes, batch[i].caplen, frame + (uint32_t)i,
			    batch[i].ts_ns, &note);
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void capture_time(const struct tcp_rules *rules, pcap_t *pcap)
{
	uint32_t link = (uint32_t)pcap_datalink(pcap);
	size_t count;
	struct record *records = records_read(pcap, &count);

	for (int round = 0; round < ROUNDS; round++) {
		struct conns *c = conns_new(NULL);
		int64_t start = cpu_ns();

		if (!c)
			exit(1);
		conns_set_rules(c, rules);
		for (size_t i = 0; i < count; i += BATCH)
			batch_track(c, link, records + i, count - i < BATCH ? count - i : BATCH, (uint32_t)i + 1);
		start = cpu_ns() - start;
		printf("%zu packets, %zu connections: %.1f ns a packet, %.1f bytes a connection\n", count,
		       conns_count(c), (double)start / (double)count, (double)conns_bytes(c) / (double)conns_count(c));
		conns_free(c);
	}
	free(records);
}

int main(int argc, char **argv)
{
	const struct tcp_rules *rules = tcp_rules_newest;
	bool timed = false;
	pcap_t *pcap;

	for (; argc > 2; argc--, argv++) {
		if (strcmp(argv[1], "--time") == 0) {
			timed = true;
		} else if (strcmp(argv[1], "--rules") == 0 && argc > 3) {
			rules = tcp_rules_find(argv[2]);
			argc--, argv++;
		}
	}
	if (argc != 2 || !rules) {
		fprintf(stderr, "usage: analyse [--rules VERSION] [--time] FILE\n");
		return 2;
	}
	if (!timed)
		return capture_print(rules, argv[1]);
	pcap = capture_open(argv[1]);
	capture_time(rules, pcap);
	pcap_close(pcap);
	return 0;
}
