/*
 * Prints what we make of a small capture as mkpackets writes it.
 *
 *	rows FILE.pcap		each packet: its connection and summary, then every row of its dissection
 *	rows --fields=4.0 FILE.pcap	each packet: what struct packet says, tab-separated, for the comparison with tshark,
 *				whose version is given: connections begin by the rules that it has
 *	rows --cut FILE.pcap	each packet cut at every length; prints how many
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/conn.h"
#include "capture/dissect.h"
#include "capture/packet.h"
#include "tests/packets/links.h"

struct pcap {
	FILE *file;
	uint32_t link;
	uint8_t *bytes;		/* exactly caplen of them, so that a sanitizer sees a read beyond */
	uint32_t caplen, len;
	int64_t ts_ns;
};

static uint32_t number(FILE *f, bool *end)
{
	uint32_t value = 0;

	*end |= fread(&value, sizeof(value), 1, f) != 1;
	return value;
}

static void pcap_open_file(struct pcap *p, const char *path)
{
	bool end = false;

	*p = (struct pcap){ .file = fopen(path, "rb") };
	if (!p->file || number(p->file, &end) != 0xa1b23c4d) {
		fprintf(stderr, "%s: no capture that mkpackets wrote\n", path);
		exit(1);
	}
	for (int i = 0; i < 4; i++)
		number(p->file, &end);
	p->link = number(p->file, &end);
}

static bool pcap_next_packet(struct pcap *p)
{
	bool end = false;
	uint32_t s = number(p->file, &end);

	p->ts_ns = (int64_t)s * 1000000000 + number(p->file, &end);
	p->caplen = number(p->file, &end);
	p->len = number(p->file, &end);
	free(p->bytes);
	p->bytes = NULL;
	if (end)
		return false;
	p->bytes = malloc(p->caplen ? p->caplen : 1);
	return p->bytes && fread(p->bytes, 1, p->caplen, p->file) == p->caplen;
}

static const struct addr_name hosts[] = {
	{ "client", AF_INET, { 192, 0, 2, 1 } },
	{ "server", AF_INET, { 192, 0, 2, 2 } },
	{ "client", AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
	{ "server", AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } },
};
static const struct addr_names names = { hosts, sizeof(hosts) / sizeof(hosts[0]) };

static void print_row(const struct dissect_row *r)
{
	printf("%*s%s%s%s  [%u+%u]\n", 2 + r->depth * 2, "", r->name, r->text[0] ? ": " : "", r->text, r->at,
	       r->len);
}

static void print_rows(struct pcap *p, struct conns *conns, struct dissection *d, unsigned n)
{
	struct dissect_context context = { .names = &names };
	STR_ON_STACK(summary, 256);
	struct packet packet;
	uint32_t conn;

	packet_parse(&packet, p->link, p->bytes, p->caplen, p->len);
	conn = conns_packet(conns, &packet, p->ts_ns, &context.dir);
	context.conn = conn == CONN_NONE ? NULL : conns_get(conns, conn);
	packet_summary(&summary, &packet, context.conn, context.dir, p->bytes, p->caplen);
	if (context.conn)
		printf("%u  conn %u %s  %s\n", n, conn, context.dir ? "<" : ">", summary.buf);
	else
		printf("%u  %s\n", n, summary.buf);
	if (dissect(d, p->link, p->bytes, p->caplen, p->len, &context, NULL) != 0)
		exit(1);
	for (size_t i = 0; i < d->rows; i++)
		print_row(&d->row[i]);
	printf("\n");
}

static void print_addr(const struct addr *a)
{
	STR_ON_STACK(text, 128);
	struct addr without = *a;

	addr_set_port(&without, 0);
	addr_text(&text, &without, NULL);
	/* 192.0.2.1:0 and [2001:db8::1]:0, without what is not the address */
	if (text.len > 2)
		text.buf[text.len - 2] = '\0';
	if (text.buf[0] == '*')
		str_copy(text.buf, text.cap, "0.0.0.0");
	if (text.buf[0] == '[')
		text.buf[strcspn(text.buf, "]")] = '\0';
	printf("%s\t", text.buf + (text.buf[0] == '['));
}

/* Of "Offer (2)" the number, of "/index.html" all, of "0x1301 TLS_AES_128_GCM_SHA256" what is before the blank. */
static void print_value(const char *text)
{
	const char *number = strchr(text, '(');

	if (number)
		printf("%.*s", (int)strcspn(number + 1, ")"), number + 1);
	else
		printf("%.*s", (int)strcspn(text, " "), text);
}

/* The first row of that name in a layer of that name. */
static void print_row_of(const struct dissection *d, const char *layer, const char *name)
{
	const char *inside = "";

	for (size_t i = 0; i < d->rows; i++) {
		const struct dissect_row *r = &d->row[i];

		if (r->depth == 0)
			inside = r->name;
		if (r->depth == 0 || strcmp(inside, layer) != 0 || strcmp(r->name, name) != 0)
			continue;
		printf("\t");
		print_value(r->text);
		return;
	}
	printf("\t");
}

static void print_applications(const struct pcap *p)
{
	struct dissection d = { .rows = 0 };

	if (dissect(&d, p->link, p->bytes, p->caplen, p->len, NULL, NULL) != 0)
		exit(1);
	print_row_of(&d, "Domain Name System", "Name");
	print_row_of(&d, "Hypertext Transfer Protocol", "Target");
	print_row_of(&d, "Hypertext Transfer Protocol", "Status");
	print_row_of(&d, "Transport Layer Security", "Server name");
	print_row_of(&d, "Transport Layer Security", "Cipher suite");
	print_row_of(&d, "Dynamic Host Configuration Protocol", "Message type");
	print_row_of(&d, "Dynamic Host Configuration Protocol", "Your address");
	dissection_fini(&d);
}

static void print_fields(const struct pcap *p, struct conns *tcp)
{
	struct addr src, dst;
	struct packet q;
	int dir;

	packet_parse(&q, p->link, p->bytes, p->caplen, p->len);
	if (q.ip_version && packet_endpoints(&q, &src, &dst)) {
		print_addr(&src);
		print_addr(&dst);
		printf("%u\t%u\t", q.protocol, q.ttl);
	} else {
		printf("\t\t\t\t");
	}
	if (q.has_ports && (q.protocol == 17 || q.protocol == 136)) /* tshark calls those of UDP-Lite so, too */
		printf("%u\t%u\t", q.src_port, q.dst_port);
	else
		printf("\t\t");
	if (q.has_ports && q.protocol == 6)
		printf("%u\t%u\t", q.src_port, q.dst_port);
	else
		printf("\t\t");
	if (q.has_segment && q.protocol == 6) {
		printf("%u\t%u\t0x%04x\t%u\t", q.seq, q.ack, q.flags, q.window);
		printf(q.payload_known ? "%u\t" : "\t", q.payload_len);
		printf(q.mss ? "%u\t" : "\t", q.mss);
		printf(q.wscale >= 0 ? "%d\t" : "\t", q.wscale);
		printf(q.sack_permitted ? "1\t" : "\t");
		printf(q.has_ts ? "%u\t%u\t" : "\t\t", q.tsval, q.tsecr);
		for (unsigned i = 0; i < q.sack_blocks; i++)
			printf("%s%u", i ? "," : "", q.sack[i][0]);
		printf("\t");
		for (unsigned i = 0; i < q.sack_blocks; i++)
			printf("%s%u", i ? "," : "", q.sack[i][1]);
	} else {
		printf("\t\t\t\t\t\t\t\t\t\t\t");
	}
	if (q.has_transport && (q.protocol == 1 || q.protocol == 58))
		printf("\t%u\t%u\t", q.icmp_type, q.icmp_code);
	else
		printf("\t\t\t");
	/* Only TCP is counted here, so that the numbers are those of tcp.stream. */
	if (q.has_segment && q.protocol == 6)
		printf("%u", conns_packet(tcp, &q, p->ts_ns, &dir));
	print_applications(p);
	printf("\n");
}

static unsigned long cut_everywhere(const struct pcap *p, struct dissection *d)
{
	unsigned long done = 0;

	for (uint32_t n = 0; n <= p->caplen; n++, done++) {
		uint8_t *copy = malloc(n ? n : 1);
		STR_ON_STACK(summary, 256);
		struct packet packet;

		if (!copy)
			exit(1);
		memcpy(copy, p->bytes, n);
		packet_parse(&packet, p->link, copy, n, p->len);
		packet_summary(&summary, &packet, NULL, 0, copy, n);
		if (dissect(d, p->link, copy, n, p->len, NULL, NULL) != 0)
			exit(1);
		free(copy);
	}
	return done;
}

int main(int argc, char **argv)
{
	bool fields = argc == 3 && strncmp(argv[1], "--fields=", 9) == 0;
	bool cut = argc == 3 && strcmp(argv[1], "--cut") == 0;
	struct conns *conns = conns_new(NULL);
	struct dissection d = { .rows = 0 };
	unsigned long cuts = 0;
	unsigned n = 0;
	struct pcap p;

	if ((argc != 2 && !fields && !cut) || !conns) {
		fprintf(stderr, "usage: rows [--fields=VERSION|--cut] FILE.pcap\n");
		return 2;
	}
	if (fields && !tcp_rules_find(argv[1] + 9)) {
		fprintf(stderr, "rows: no rules for version %s\n", argv[1] + 9);
		return 2;
	}
	if (fields)
		conns_set_rules(conns, tcp_rules_find(argv[1] + 9));
	pcap_open_file(&p, argv[argc - 1]);
	while (pcap_next_packet(&p)) {
		if (fields)
			print_fields(&p, conns);
		else if (cut)
			cuts += cut_everywhere(&p, &d);
		else
			print_rows(&p, conns, &d, ++n);
	}
	if (cut)
		printf("%lu\n", cuts);
	fclose(p.file);
	dissection_fini(&d);
	conns_free(conns);
	return 0;
}
