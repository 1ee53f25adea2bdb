/*
 * Classic pcap as a trace: one interface, packets and nothing else.
 *
 * The magic says the byte order, the unit of the fraction of a second, and whether records have the
 * eight bytes more of the "modified" format.  In files of version 2.3 and older the two lengths may
 * stand in the other order.
 *
 * Nothing in a record can be checked against anything, so what libpcap takes is taken, but for this: where
 * a length is impossible, or a head looks strange and so does what follows it, everything is passed over up
 * to where a row of plausible heads begins, each where the one before it says, near each other in time.
 */
#include "capture/trace_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/gap.h"
#include "src/core/clock.h"

#define FILE_HEAD      24
#define PACKET_MAX     262144 /* as libpcap; or the file's own snaplen, if that is more */
#define PACKET_MOST    (16u << 20)
#define LINK_TYPE_BITS 0x0fffffffu /* above: length of the frame check sequence */

#define CHAIN_RECORDS 16 /* heads that make reading go on */
#define CHAIN_BYTES                                                                                \
	(1u << 20) /* that they may take; fewer heads do where these, or the file, end */
#define CHAIN_NS     (86400 * NS_PER_S) /* between two neighbours */
#define RESYNC_BYTES 65536 /* searched in one go */

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
	uint32_t per_second; /* fractions of a second */
	uint32_t unit_ns;
	bool big;
	uint16_t major, minor;
	uint32_t snaplen, link;
};

struct scan { /* what is kept from one call of the scanner to the next */
	struct pcap_head head;
	bool lost; /* the chain is broken, and its next beginning is looked for … */
	uint64_t from; /* … behind this offset */
	const char *why;
	uint64_t believed; /* strange heads before this offset are taken as they are */
	struct gaps gaps;
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
	h->unit_ns = h->kind->ns ? 1 : NS_PER_US;
	h->per_second = (uint32_t)NS_PER_S / h->unit_ns;
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

	out->ts_ns = seconds * NS_PER_S + (int64_t)fraction * h->unit_ns;
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
	const struct scan *s = t->format_state;
	const struct pcap_head *h = &s->head;
	struct record r;

	if (gap_at(&s->gaps, offset))
		return 1;
	read_record(h, head, len, &r);
	return r.caplen > PACKET_MOST ? 0 : h->kind->record + r.caplen;
}

static bool pcap_read_record(const struct trace *t, uint64_t offset, const uint8_t *bytes,
			     size_t len, struct memory *text, struct event *ev)
{
	const struct scan *s = t->format_state;
	const struct pcap_head *h = &s->head;
	struct record r;

	if (gap_event(&s->gaps, offset, text, ev))
		return true;
	read_record(h, bytes, len, &r);
	if (len < h->kind->record + (size_t)r.caplen)
		return false;
	*ev = (struct event){ .kind = EVENT_PACKET, .host = 0, .ts_ns = r.ts_ns };
	ev->packet.caplen = r.caplen;
	ev->packet.len = r.len;
	ev->packet.data = bytes + h->kind->record;
	return true;
}

/* ---- the beginning ---- */

static int begin(struct trace *t, struct load *l, struct err *e)
{
	struct scan *s = t->format_state = calloc(1, sizeof(*s));
	struct pcap_head *h = &s->head;
	size_t have = input_want(&l->in, FILE_HEAD);
	struct section all = { 0 };
	struct pcapng_iface i = { 0 };

	if (!s)
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

/* ---- damage ---- */

static inline bool near(int64_t a_ns, int64_t b_ns)
{
	/* As one comparison: too early is very late. */
	return (uint64_t)a_ns - (uint64_t)b_ns + CHAIN_NS <= 2 * (uint64_t)CHAIN_NS;
}

static inline bool fraction_fits(const struct pcap_head *h, const uint8_t *bytes)
{
	struct rd r = rd_on(bytes + 4, 4);

	return get32(&r, h->big) < h->per_second;
}

static inline bool plausible(const struct pcap_head *h, const uint8_t *bytes,
			     const struct record *r)
{
	return r->caplen > 0 && r->caplen <= r->len && r->len <= PACKET_MOST &&
	       fraction_fits(h, bytes);
}

/* Whether a record looks unlike the one before it (the first one: unlike none). */
static inline bool is_strange(const struct pcap_head *h, const uint8_t *bytes,
			      const struct record *r, const struct record *before)
{
	return !plausible(h, bytes, r) || (before->ts_ns && !near(r->ts_ns, before->ts_ns));
}

enum here { NOT_HERE, HERE, NOT_ARRIVED };

/* A row of records at `at` in the window, long enough to be no accident. */
static enum here chain_at(const struct trace *t, const struct input *in, const struct pcap_head *h,
			  size_t at)
{
	const uint8_t *bytes = input_bytes(in);
	size_t have = input_have(in), start = at;
	struct record r, before = { 0 };
	bool first_is_near = false;

	for (int n = 0; n < CHAIN_RECORDS; n++) {
		if (at + h->kind->record > have) {
			if (!in->ended && (at < start || have - start < CHAIN_BYTES))
				return NOT_ARRIVED;
			return first_is_near ? HERE : NOT_HERE;
		}
		read_record(h, bytes + at, 16, &r);
		if (r.caplen > longest(h) || is_strange(h, bytes + at, &r, &before))
			return NOT_HERE;
		if (n == 0)
			first_is_near = near(r.ts_ns, t->last_ns);
		before = r;
		at += h->kind->record + (size_t)r.caplen;
	}
	return HERE;
}

/* The chain of records is broken here. */
static void broken(struct load *l, struct scan *s, const char *why)
{
	s->lost = true;
	s->from = l->in.offset;
	s->why = why;
	input_step(&l->in, 1);
}

/* Reading goes on here, or there is nothing more. */
static int mended(struct trace *t, const struct load *l, struct scan *s, struct err *e)
{
	struct gap gap = { .offset = s->from, .bytes = l->in.offset - s->from, .why = s->why };

	s->lost = false;
	if (input_have(&l->in) > 0)
		return gap_add(&s->gaps, t, &gap, t->packets + 1, e);
	trace_damaged(t, gap.offset, t->packets + 1, gap.bytes, gap.why);
	return 0;
}

/* Goes on a little to where records begin again, or to the end. */
static int resync(struct trace *t, struct load *l, struct scan *s, struct err *e)
{
	size_t have = input_want(&l->in, CHAIN_BYTES + RESYNC_BYTES);
	enum here here = NOT_HERE;

	for (unsigned i = 0; i < RESYNC_BYTES && here == NOT_HERE && have > 0; i++, have--) {
		here = chain_at(t, &l->in, &s->head, 0);
		if (here == NOT_HERE)
			input_step(&l->in, 1);
	}
	if (here == HERE || (l->in.ended && input_have(&l->in) == 0))
		return mended(t, l, s, e);
	return 0;
}

/* ---- all of them ---- */

enum taken { TAKEN, STRANGE, IMPOSSIBLE }; /* what comes next */

/* Takes the records that are whole in the window. */
static enum taken take_records(struct trace *t, struct load *l)
{
	const struct scan *s = t->format_state;
	const struct pcap_head h = s->head;
	const uint64_t believed = s->believed;
	const size_t head = h.kind->record;
	const uint32_t most = longest(&h);
	struct record r, before = { .ts_ns = t->last_ns };

	while (l->batch.count < BATCH && input_have(&l->in) >= head) {
		const uint8_t *bytes = input_bytes(&l->in);

		read_record(&h, bytes, 16, &r);
		if (r.caplen > most)
			return IMPOSSIBLE;
		if (is_strange(&h, bytes, &r, &before) && l->in.offset >= believed)
			return STRANGE;
		if (input_have(&l->in) < head + r.caplen)
			break;
		/* The next records are often as long as this one. */
		__builtin_prefetch(bytes + 4 * (head + r.caplen));
		l->batch.packet[l->batch.count] = (struct trace_packet){
			.ts_ns = r.ts_ns,
			.offset = l->in.offset,
			.data = bytes + head,
			.caplen = r.caplen,
			.len = r.len,
			.link = h.link,
			.number = (uint32_t)(t->packets + l->batch.count + 1),
		};
		trace_batch_took(t);
		input_step(&l->in, head + r.caplen);
		before = r;
	}
	return TAKEN;
}

/*
 * A strange head.  It is taken as it is if all is well behind it, or if nothing better is near; the same
 * then goes for all others as far as was searched.
 */
static void doubt(struct trace *t, struct load *l, struct scan *s)
{
	size_t have = input_want(&l->in, CHAIN_BYTES + RESYNC_BYTES), end;
	enum here here;
	struct record r;

	read_record(&s->head, input_bytes(&l->in), s->head.kind->record, &r);
	end = s->head.kind->record + (size_t)r.caplen;
	s->believed = l->in.offset + 1;
	if (end < have)
		here = chain_at(t, &l->in, &s->head, end);
	else
		here = end == have || !l->in.ended ? HERE : NOT_HERE;
	for (size_t i = 1; i < have && i < RESYNC_BYTES && here == NOT_HERE; i++) {
		here = chain_at(t, &l->in, &s->head, i);
		if (here == HERE)
			broken(l, s, "a record's head that cannot be true");
	}
	if (here == NOT_HERE)
		s->believed = l->in.offset + RESYNC_BYTES;
}

static int pcap_scan(struct trace *t, struct load *l, struct err *e)
{
	struct scan *s = t->format_state;
	size_t head, want;
	struct record r;
	enum taken taken;

	if (!s)
		return begin(t, l, e);
	if (s->lost)
		return resync(t, l, s, e);
	taken = take_records(t, l);
	if (l->batch.count > 0 && trace_batch_run(t, e) < 0)
		return -1;
	if (taken == IMPOSSIBLE)
		broken(l, s, "a packet of an impossible length");
	else if (taken == STRANGE)
		doubt(t, l, s);
	if (taken != TAKEN)
		return 0;
	head = want = s->head.kind->record;
	if (input_have(&l->in) >= head) {
		read_record(&s->head, input_bytes(&l->in), head, &r);
		want = r.caplen > longest(&s->head) ? head : head + r.caplen;
	}
	if (input_want(&l->in, want) < want && l->in.ended && input_have(&l->in) > 0)
		broken(l, s, "the file ends inside a packet");
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
