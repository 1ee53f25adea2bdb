/* UDP-Lite, RFC 3828: UDP whose checksum may cover a part only.  How long a datagram is says IP alone. */
#include "capture/proto.h"

enum { HEADER = 8 };

static const struct proto *udplite_scan(struct scan *s)
{
	struct packet *p = s->p;
	struct rd h;

	if (!scan_head(s, HEADER, &h))
		return NULL;
	p->src_port = rd_be16(&h);
	p->dst_port = rd_be16(&h);
	p->has_ports = p->has_transport = true;
	p->payload_known = !p->fragment;
	return NULL;
}

/* Bytes that the checksum covers, of those that there are; 0 stands for all. */
static size_t covered_of(size_t there, uint64_t coverage)
{
	return coverage && coverage < there ? (size_t)coverage : there;
}

static void udplite_summary(struct str *out, const struct summary *s)
{
	struct rd r = rd_on(s->bytes, s->caplen);
	size_t all = HEADER + s->p->payload_len;
	uint16_t coverage;

	str_addf(out, "UDP-Lite  len %u", s->p->payload_len);
	rd_skip(&r, s->p->transport_at + 4);
	coverage = rd_be16(&r);
	if (s->p->has_transport && !r.short_read && covered_of(all, coverage) < all)
		str_addf(out, "  covered %u", coverage < HEADER ? 0u : (unsigned)coverage - HEADER);
}

static void udplite_heading(const struct walk *w, struct str *out)
{
	if (w->packet.has_ports)
		str_addf(out, "%u → %u", w->packet.src_port, w->packet.dst_port);
}

static size_t there(const struct walk *w)
{
	return w->scan.end > w->head_at ? w->scan.end - w->head_at : 0;
}

static void coverage_text(const struct walk *w, struct str *out, uint64_t value)
{
	str_addf(out, "%u bytes", (unsigned)value);
	if (value == 0)
		str_add(out, ": all of the datagram");
	else if (value < HEADER)
		str_add(out, ": less than the header");
	else if (value > there(w) && !w->packet.fragment)
		str_addf(out, ": but the packet has %zu", there(w));
	else if (value == HEADER)
		str_add(out, ": the header alone");
}

static void checksum_text(const struct walk *w, struct str *out, uint64_t value)
{
	struct rd r = walk_rd(w, w->head_at, HEADER);

	rd_skip(&r, 4);
	walk_checksum_part(w, out, (uint16_t)value, covered_of(there(w), rd_be16(&r)));
}

static const struct proto_field fields[] = {
	FIELD("Source port", 0, 16, SHOW_PORT,
	      .about = "The socket that sent the datagram; an answer goes there."),
	FIELD("Destination port", 16, 16, SHOW_PORT,
	      .about = "The socket that the datagram is for."),
	FIELD("Checksum coverage", 32, 16, SHOW_OWN, .text = coverage_text,
	      .about = "How many bytes, of header and data, the checksum is over. What is behind "
		       "them may arrive damaged, which is better than nothing for sound and "
		       "pictures. UDP has its length here."),
	FIELD("Checksum", 48, 16, SHOW_OWN, .text = checksum_text,
	      .about = "Over the addresses and the covered bytes; UDP-Lite cannot do "
		       "without." CHECKSUM_ABOUT),
};

const struct proto proto_udplite = {
	.name = "Lightweight User Datagram Protocol",
	PROTO_FIELDS(fields),
	.scan = udplite_scan,
	.heading = udplite_heading,
	.summary = udplite_summary,
};
