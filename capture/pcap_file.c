/*
 * Classic pcap as a trace: one interface, packets and nothing else.
 *
 * The magic says the byte order, the unit of the fraction of a second, and whether records have the
 * eight bytes more of the "modified" format.  In files of version 2.3 and older the two lengths may
 * stand in the other order.  Nothing in a record can be checked against anything, so at the first
 * impossible length reading ends.
 */
#include "capture/trace_impl.h"

#include <errno.h>
#include <stdlib.h>
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

static inline __attribute__((always_inline)) uint32_t get32(struct rd *r, bool big)
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

static inline __attribute__((always_inline)) void read_record(const struct pcap_head *h,
							      const uint8_t *bytes, size_t len,
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

/* ---- looking at one record again ---- */

static uint32_t pcap_record_size(const struct trace *t, uint64_t offset, const uint8_t *head,
				 size_t len)
{
	const struct pcap_head *h = t->format_state;
	struct record r;

	(void)offset;
	read_record(h, head, len, &r);
	return r.caplen > PACKET_MOST ? 0 : h->kind->record + r.caplen;
}

static bool pcap_read_record(const struct trace *t, uint64_t offset, const uint8_t *bytes,
			     size_t len, struct memory *text, struct event *ev)
{
	const struct pcap_head *h = t->format_state;
	struct record r;

	(void)offset;
	(void)text;
	read_record(h, bytes, len, &r);
	if (len < h->kind->record + (size_t)r.caplen)
		return false;
	*ev = (struct event){ .kind = EVENT_PACKET, .host = 0, .ts_ns = r.ts_ns };
	ev->packet.caplen = r.caplen;
	ev->packet.len = r.len;
	ev->packet.data = bytes + h->kind->record;
	return true;
}

/* ---- all of them ---- */

static int begin(struct trace *t, struct load *l, struct err *e)
{
	struct pcap_head *h = t->format_state = calloc(1, sizeof(*h));
	size_t have = input_want(&l->in, FILE_HEAD);
	struct section all = { 0 };
	struct pcapng_iface i = { 0 };

	if (!h)
		return err_errno(e, ENOMEM, NULL, "reading it");
	if (!read_head(input_bytes(&l->in), have, h))
		return err_set(e, NULL, "its header is cut");
	all.big = h->big;
	i.link = h->link;
	i.snaplen = h->snaplen;
	input_step(&l->in, FILE_HEAD);
	return trace_add_section(t, &all, e) < 0 ? -1 : trace_add_iface(t, &i, e);
}

static uint32_t longest(const struct pcap_head *h)
{
	return h->snaplen > PACKET_MAX && h->snaplen < PACKET_MOST ? h->snaplen : PACKET_MAX;
}

/* Takes the records that are whole in the window.  False: the next one cannot be one. */
static bool take_records(struct trace *t, struct load *l)
{
	const struct pcap_head h = *(const struct pcap_head *)t->format_state;
	const size_t head = h.kind->record;
	struct trace_packet p = { .link = h.link };
	struct record r;

	while (l->batch.count < BATCH && input_have(&l->in) >= head) {
		const uint8_t *bytes = input_bytes(&l->in);

		read_record(&h, bytes, 16, &r);
		if (r.caplen > longest(&h))
			return false;
		if (input_have(&l->in) < head + r.caplen)
			break;
		p.ts_ns = r.ts_ns;
		p.offset = l->in.offset;
		p.data = bytes + head;
		p.caplen = r.caplen;
		p.len = r.len;
		p.number = (uint32_t)(t->packets + l->batch.count + 1);
		trace_batch_add(t, &p);
		input_step(&l->in, head + r.caplen);
	}
	return true;
}

/* Nothing behind this can be read. */
static void give_up(struct trace *t, struct load *l, const char *why)
{
	trace_damaged(t, l->in.offset, t->packets + 1, 0, why);
	l->skip = UINT64_MAX;
	l->skip_lost = true;
}

static int pcap_scan(struct trace *t, struct load *l, struct err *e)
{
	size_t head, want;
	struct record r;
	bool sound;

	if (!t->format_state)
		return begin(t, l, e);
	sound = take_records(t, l);
	if (l->batch.count > 0 && trace_batch_run(t, e) < 0)
		return -1;
	if (!sound) {
		give_up(t, l, "a packet of an impossible length");
		return 0;
	}
	head = want = ((const struct pcap_head *)t->format_state)->kind->record;
	if (input_have(&l->in) >= head) {
		read_record(t->format_state, input_bytes(&l->in), head, &r);
		want = r.caplen > longest(t->format_state) ? head : head + r.caplen;
	}
	if (input_want(&l->in, want) < want && l->in.ended && input_have(&l->in) > 0)
		give_up(t, l, "the file ends inside a packet");
	return 0;
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
