/*
 * Classic pcap as a trace: one interface, packets and nothing else.
 *
 * The magic says the byte order, the unit of the fraction of a second, and whether records have the
 * eight bytes more of the "modified" format.  In files of version 2.3 and older the two lengths may
 * stand in the other order.  Nothing in a record can be checked against anything, so at the first
 * impossible length reading ends.
 */
#include "capture/trace_impl.h"

#include <string.h>

#include "src/core/clock.h"

#define FILE_HEAD      24
#define PACKET_MAX     262144 /* as libpcap; or the file's own snaplen, if that is more */
#define PACKET_MOST    (16u << 20)
#define LINK_TYPE_BITS 0x0fffffffu /* above: length of the frame check sequence */

struct pcap_kind {
	uint32_t magic;
	bool ns; /* fractions are nanoseconds, not microseconds */
	uint8_t record; /* bytes of a record's head */
};

static const struct pcap_kind kinds[] = {
	{ 0xa1b2c3d4u, false, 16 },
	{ 0xa1b23c4du, true, 16 },
	{ 0xa1b2cd34u, false,
	  24 }, /* Kuznetsov's: interface, protocol, type of packet behind the lengths */
};

static uint32_t get32(struct rd *r, bool big)
{
	return big ? rd_be32(r) : rd_le32(r);
}

/* NULL: not a pcap file. */
static const struct pcap_kind *kind_of(const uint8_t *head, size_t len, bool *big)
{
	struct rd little = rd_on(head, len), other = little;
	uint32_t as_little = rd_le32(&little), as_big = rd_be32(&other);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		*big = as_big == kinds[i].magic;
		if (*big || as_little == kinds[i].magic)
			return &kinds[i];
	}
	return NULL;
}

struct pcap_head {
	const struct pcap_kind *kind;
	bool big;
	uint16_t major, minor;
	uint32_t snaplen, link;
};

static bool read_head(const uint8_t *bytes, size_t len, struct pcap_head *h)
{
	struct rd r = rd_on(bytes, len);
	uint32_t low;

	h->kind = kind_of(bytes, len, &h->big);
	if (!h->kind || len < FILE_HEAD)
		return false;
	rd_skip(&r, 4);
	h->major = h->big ? rd_be16(&r) : rd_le16(&r);
	h->minor = h->big ? rd_be16(&r) : rd_le16(&r);
	rd_skip(&r, 8);
	h->snaplen = get32(&r, h->big);
	low = get32(&r, h->big) & LINK_TYPE_BITS;
	h->link = low == 12 || low == 14 ? LINK_RAW : low;
	return true;
}

struct record {
	int64_t ts_ns;
	uint32_t caplen, len;
};

static void read_record(const struct pcap_head *h, const uint8_t *bytes, size_t len,
			struct record *out)
{
	struct rd r = rd_on(bytes, len);
	uint32_t seconds = get32(&r, h->big), fraction = get32(&r, h->big);
	uint32_t swap;

	out->ts_ns = seconds * NS_PER_S + fraction * (h->kind->ns ? 1 : NS_PER_US);
	out->caplen = get32(&r, h->big);
	out->len = get32(&r, h->big);
	if (h->major == 2 && (h->minor < 3 || (h->minor == 3 && out->caplen > out->len))) {
		swap = out->caplen;
		out->caplen = out->len;
		out->len = swap;
	}
}

static void packet_event(const struct record *r, const uint8_t *data, struct event *ev)
{
	*ev = (struct event){ .kind = EVENT_PACKET, .host = 0, .ts_ns = r->ts_ns };
	ev->packet.caplen = r->caplen;
	ev->packet.len = r->len;
	ev->packet.data = data;
}

/* ---- looking at one record again ---- */

/* The file's head, from the trace's interface: all that reading a record needs. */
static void head_again(const struct trace *t, struct pcap_head *h)
{
	uint8_t bytes[FILE_HEAD];
	size_t len = trace_fetch(t, 0, bytes, sizeof(bytes));

	if (!read_head(bytes, len, h))
		*h = (struct pcap_head){ .kind = &kinds[0] };
}

static uint32_t pcap_record_size(const struct trace *t, uint64_t offset, const uint8_t *head,
				 size_t len)
{
	struct pcap_head h;
	struct record r;

	(void)offset;
	head_again(t, &h);
	read_record(&h, head, len, &r);
	return r.caplen > PACKET_MOST ? 0 : h.kind->record + r.caplen;
}

static bool pcap_read_record(const struct trace *t, uint64_t offset, const uint8_t *bytes,
			     size_t len, struct memory *text, struct event *ev)
{
	struct pcap_head h;
	struct record r;

	(void)offset;
	(void)text;
	head_again(t, &h);
	read_record(&h, bytes, len, &r);
	if (len < h.kind->record + (size_t)r.caplen)
		return false;
	packet_event(&r, bytes + h.kind->record, ev);
	return true;
}

/* ---- all of them ---- */

static int begin(struct trace *t, const struct pcap_head *h, struct err *e)
{
	const struct section all = { .big = h->big };
	const struct pcapng_iface i = { .link = h->link, .snaplen = h->snaplen };

	return trace_add_section(t, &all, e) < 0 ? -1 : trace_add_iface(t, &i, e);
}

static int scan_records(struct trace *t, struct input *in, const struct pcap_head *h, struct err *e)
{
	uint32_t most =
		h->snaplen > PACKET_MAX && h->snaplen < PACKET_MOST ? h->snaplen : PACKET_MAX;
	const char *why = "the file ends inside a packet";
	struct record r;
	struct event ev;
	size_t have;

	while ((have = input_want(in, h->kind->record)) >= h->kind->record) {
		read_record(h, input_bytes(in), have, &r);
		if (r.caplen > most) {
			why = "a packet of an impossible length";
			break;
		}
		have = input_want(in, h->kind->record + (size_t)r.caplen);
		if (have < h->kind->record + (size_t)r.caplen)
			break;
		packet_event(&r, input_bytes(in) + h->kind->record, &ev);
		ev.packet.number = t->packets + 1;
		if (trace_index_event(t, &ev, in->offset, e) < 0)
			return -1;
		input_skip(in, h->kind->record + (uint64_t)r.caplen);
	}
	if (input_want(in, 1) > 0) {
		uint64_t at = in->offset;

		trace_damaged(t, at, t->packets + 1, input_skip(in, UINT64_MAX), why);
	}
	return 0;
}

static int pcap_scan(struct trace *t, struct input *in, struct err *e)
{
	struct pcap_head h;
	size_t have = input_want(in, FILE_HEAD);

	if (!read_head(input_bytes(in), have, &h))
		return err_set(e, NULL, "its header is cut");
	if (begin(t, &h, e) < 0)
		return -1;
	input_skip(in, FILE_HEAD);
	return scan_records(t, in, &h, e);
}

static bool pcap_matches(const uint8_t *head, size_t len)
{
	bool big;

	return len >= 4 && kind_of(head, len, &big) != NULL;
}

const struct trace_format format_pcap = {
	.name = "pcap",
	.matches = pcap_matches,
	.scan = pcap_scan,
	.record_size = pcap_record_size,
	.read_record = pcap_read_record,
};
