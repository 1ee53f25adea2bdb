/*
 * analyse: what connection tracking says about each packet of a capture, as tab-separated lines, for
 * tests/traces/check_analysis: analyse [--rules VERSION] FILE.  With --time, nothing is printed but how long
 * decoding, looking up and analysing took, and the memory.
 *
 * Columns: frame, tcp.stream, udp.stream, the verdicts by their fields' names with "," between them, number and
 * frame of a duplicate ACK, acknowledged frame, its RTT, frame that a retransmission is late after, how late,
 * bytes in flight, initial RTT, completeness, scaled window, "cut" if the
 * headers were not captured in full; empty where there is none.  Times in nanoseconds.
 */
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/conn.h"

struct record {
	struct packet packet;
	const uint8_t *bytes;
	uint32_t caplen;
	int64_t ts_ns;
};

enum { BATCH = 64 };

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

static void note_print(const struct conns *c, const struct packet *p, const struct conn_note *note,
		       uint32_t frame)
{
	const struct tcp *tcp = note->conn == CONN_NONE ? NULL : conns_tcp(c, note->conn);

	printf("%u", frame);
	stream_print(note, IPPROTO_TCP);
	stream_print(note, IPPROTO_UDP);
	verdict_print(&note->verdict);
	if (tcp && note->verdict.analysed && !p->fragment)
		printf("\t%u\t%u\t%s", tcp->seen, note->verdict.window, p->cut ? "cut" : "");
	else
		printf("\t\t\t%s", p->cut ? "cut" : "");
	putchar('\n');
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

static void capture_print(struct conns *c, pcap_t *pcap)
{
	uint32_t link = (uint32_t)pcap_datalink(pcap);
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	struct conn_note note;
	struct packet p;

	if (link == 12)		/* libpcap's own number for raw IP */
		link = LINK_RAW;
	for (uint32_t frame = 1; pcap_next_ex(pcap, &h, &bytes) == 1; frame++) {
		packet_parse(&p, link, bytes, h->caplen, h->len);
		conns_track(c, &p, bytes, h->caplen, frame, time_of(h), &note);
		note_print(c, &p, &note, frame);
	}
}

/* ---- the time it takes ---- */

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static unsigned batch_read(pcap_t *pcap, struct record *batch, uint8_t *memory)
{
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	unsigned n = 0;

	while (n < BATCH && pcap_next_ex(pcap, &h, &bytes) == 1) {
		struct record *r = &batch[n++];

		r->caplen = h->caplen;
		r->ts_ns = time_of(h);
		r->packet.payload_len = h->len;
		r->bytes = memcpy(memory, bytes, h->caplen);
		memory += h->caplen;
	}
	return n;
}

static void batch_track(struct conns *c, uint32_t link, struct record *batch, unsigned n, uint32_t frame)
{
	struct conn_note note;

	for (unsigned i = 0; i < n; i++) {
		packet_parse(&batch[i].packet, link, batch[i].bytes, batch[i].caplen,
			     batch[i].packet.payload_len);
		conns_look(c, &batch[i].packet);
	}
	for (unsigned i = 0; i < n; i++)
		conns_near(c, &batch[i].packet);
	for (unsigned i = 0; i < n; i++)
		conns_track(c, &batch[i].packet, batch[i].bytes, batch[i].caplen, frame + i, batch[i].ts_ns, &note);
}

static void capture_time(struct conns *c, pcap_t *pcap)
{
	struct record batch[BATCH];
	uint8_t *memory = malloc((size_t)BATCH * 262144);
	uint32_t link = (uint32_t)pcap_datalink(pcap), frames = 0;
	int64_t spent = 0;

	for (unsigned n; memory && (n = batch_read(pcap, batch, memory)) > 0; frames += n) {
		int64_t start = cpu_ns();

		batch_track(c, link, batch, n, frames + 1);
		spent += cpu_ns() - start;
	}
	free(memory);
	printf("%u packets, %zu connections: %.1f ns a packet, %.1f bytes a connection\n", frames, conns_count(c),
	       (double)spent / frames, (double)conns_bytes(c) / (double)conns_count(c));
}

int main(int argc, char **argv)
{
	const struct tcp_rules *rules = tcp_rules_newest;
	struct conns *c = conns_new(NULL);
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
	if (argc != 2 || !c || !rules) {
		fprintf(stderr, "usage: analyse [--rules VERSION] [--time] FILE\n");
		return 2;
	}
	conns_set_rules(c, rules);
	pcap = capture_open(argv[1]);
	if (timed)
		capture_time(c, pcap);
	else
		capture_print(c, pcap);
	pcap_close(pcap);
	conns_free(c);
	return 0;
}
