/* TCP, RFC 9293.  The options are in proto_tcp_options.c. */
#include "capture/proto_tcp.h"

/* The part that a segment must have to be tracked: all up to the window.  Gives the header's length
 * in bytes. */
static inline __attribute__((always_inline)) size_t segment_read(struct packet *p, struct rd *h,
								 size_t left)
{
	uint16_t offset_flags;
	size_t header;

	p->src_port = rd_be16(h);
	p->dst_port = rd_be16(h);
	p->seq = rd_be32(h);
	p->ack = rd_be32(h);
	offset_flags = rd_be16(h);
	p->flags = offset_flags & 0x1ff;
	p->window = rd_be16(h);
	p->has_ports = p->has_segment = true;
	header = (offset_flags >> 12) * 4u;
	p->payload_known = !p->fragment && header <= left;
	p->cut |= header < TCP_HEADER || header > left;
	return header;
}

/* Fewer than 20 bytes: what is there is read. */
static const struct proto *cut_scan(struct scan *s, size_t start, size_t left)
{
	struct packet *p = s->p;
	struct rd r = scan_again(s, start);
	size_t have = rd_left(&r);

	if (have >= 16) {
		s->body = start + segment_read(p, &r, left);
		return NULL;
	}
	s->body = start + TCP_HEADER;
	if (have < 4)
		return NULL;
	p->src_port = rd_be16(&r);
	p->dst_port = rd_be16(&r);
	p->has_ports = true;
	if (have >= 8)
		p->seq = rd_be32(&r);
	return NULL;
}

/* The options, as far as they are there. */
static void options_scan(struct scan *s, size_t len)
{
	size_t have = rd_left(&s->r);

	if (have < len)
		tcp_options_read_cut(s->p, rd_bytes(&s->r, have), have, len);
	else
		tcp_options_read(s->p, rd_bytes(&s->r, len), len);
}

static const struct proto *tcp_scan(struct scan *s)
{
	struct packet *p = s->p;
	size_t left = scan_left(s), start = s->r.at, header;
	struct rd h;

	if (!scan_head(s, TCP_HEADER, &h))
		return cut_scan(s, start, left);
	header = segment_read(p, &h, left);
	p->has_transport = true;
	if (header == TCP_HEADER)
		return NULL;
	s->body = start + header;
	if (header > TCP_HEADER)
		options_scan(s, header - TCP_HEADER);
	return NULL;
}

/* ---- numbers ---- */

uint32_t tcp_acked(const struct conn *c, int dir, uint32_t seq)
{
	return c ? conn_seq(c, !dir, seq) : seq;
}

/* ---- the ladder's words ---- */

static void sack_summary(struct str *out, const struct summary *s)
{
	for (unsigned i = 0; i < s->p->sack_blocks; i++)
		str_addf(out, "%s%u-%u", i ? " " : "  sack ",
			 tcp_acked(s->conn, s->dir, s->p->sack[i][0]),
			 tcp_acked(s->conn, s->dir, s->p->sack[i][1]));
}

static void tcp_summary(struct str *out, const struct summary *s)
{
	const struct packet *p = s->p;
	bool plain = !(p->flags & (TCP_SYN | TCP_FIN | TCP_RST));

	if (!p->has_segment) {
		str_add(out, "TCP");
		return;
	}
	packet_flags_text(out, p->flags);
	if (p->payload_len || !plain || !(p->flags & TCP_ACK))
		str_addf(out, "  seq %u", conn_packet_seq(s->conn, s->dir, p));
	if (p->flags & TCP_ACK)
		str_addf(out, "  ack %u", tcp_acked(s->conn, s->dir, p->ack));
	if (p->payload_len)
		str_addf(out, "  len %u", p->payload_len);
	/* Any other window needs the connection's scale to mean something. */
	if (p->window == 0 && !(p->flags & TCP_RST))
		str_add(out, "  win 0");
	if (p->mss)
		str_addf(out, "  mss %u", p->mss);
	if (p->wscale >= 0)
		str_addf(out, "  ws %d", p->wscale);
	sack_summary(out, s);
	proto_app_summary(out, s);
}

/* ---- rows ---- */

static void tcp_heading(const struct walk *w, struct str *out)
{
	const struct packet *p = &w->packet;

	if (!p->has_ports)
		return;
	str_addf(out, "%u → %u", p->src_port, p->dst_port);
	if (!p->has_segment)
		return;
	str_add(out, "  ");
	packet_flags_text(out, p->flags);
}

static void number_text(struct str *out, uint32_t shown, uint32_t raw)
{
	str_addf(out, "%u", shown);
	if (shown != raw)
		str_addf(out, " (raw %u)", raw);
}

static void seq_text(const struct walk *w, struct str *out, uint64_t value)
{
	number_text(out, conn_packet_seq(w->conn, w->dir, &w->packet), (uint32_t)value);
}

static void ack_text(const struct walk *w, struct str *out, uint64_t value)
{
	if (w->packet.has_segment && !(w->packet.flags & TCP_ACK))
		str_addf(out, "%u, not in use: no ACK flag", (unsigned)value);
	else
		number_text(out, tcp_acked(w->conn, w->dir, (uint32_t)value), (uint32_t)value);
}

static void header_text(const struct walk *w, struct str *out, uint64_t value)
{
	size_t left = w->scan.end > w->head_at ? w->scan.end - w->head_at : 0;

	str_addf(out, "%u bytes (%u words)", (unsigned)value * 4, (unsigned)value);
	if (value < 5)
		str_add(out, ": less than any header has");
	else if (value * 4 > left)
		str_addf(out, ": but the packet has %zu", left);
}

static void flags_text(const struct walk *w, struct str *out, uint64_t value)
{
	(void)w;
	packet_flags_text(out, (uint16_t)value);
	str_addf(out, " (0x%03x)", (unsigned)value);
}

static void checksum_text(const struct walk *w, struct str *out, uint64_t value)
{
	walk_checksum_text(w, out, (uint16_t)value, true);
}

#define FLAG(bit, flag, what) FIELD(flag, bit, 1, SHOW_FLAG, .part = true, .about = what)

static const struct proto_field fields[] = {
	FIELD("Source port", 0, 16, SHOW_PORT,
	      .about = "With the address, one end of the connection."),
	FIELD("Destination port", 16, 16, SHOW_PORT,
	      .about = "With the address, the other end of the connection."),
	FIELD("Sequence number", 32, 32, SHOW_OWN, .text = seq_text,
	      .about = "Number of the first byte of data here; SYN and FIN count as one byte."),
	FIELD("Acknowledgment number", 64, 32, SHOW_OWN, .text = ack_text,
	      .about = "The next byte that the sender expects: all before it have arrived."),
	FIELD("Header length", 96, 4, SHOW_OWN, .text = header_text,
	      .about = "In words of 4 bytes: 5 without options, at most 15."),
	FIELD("Reserved", 100, 3, SHOW_HEX),
	FIELD("Flags", 103, 9, SHOW_OWN, .text = flags_text,
	      .about = "What the segment does beside carrying data."),
	FLAG(103, "AE", "Accurate ECN: part of a counter of congestion marks (RFC 9768)."),
	FLAG(104, "CWR",
	     "Congestion window reduced: the sender has heard the ECE and slowed down."),
	FLAG(105, "ECE",
	     "ECN echo: a packet arrived that a router had marked. In a SYN: ECN is offered."),
	FLAG(106, "URG", "The urgent pointer is in use."),
	FLAG(107, "ACK", "The acknowledgment number is in use: in all segments but the first."),
	FLAG(108, "PSH", "Push: the receiver should hand the data to its program at once."),
	FLAG(109, "RST", "Reset: the connection ends at once, or never was."),
	FLAG(110, "SYN", "Synchronize: opens a direction and says its first number."),
	FLAG(111, "FIN", "Finish: the sender has no more data; the other direction goes on."),
	FIELD("Window", 112, 16, SHOW_DEC,
	      .about = "How much more the sender can receive, before its window scale is applied."),
	FIELD("Checksum", 128, 16, SHOW_OWN, .text = checksum_text,
	      .about = "Over the addresses, this header and the data." CHECKSUM_ABOUT),
	FIELD("Urgent pointer", 144, 16, SHOW_DEC,
	      .about = "Offset of the end of urgent data, where URG is set."),
};

static void tcp_more(struct walk *w)
{
	if (w->head_len > TCP_HEADER)
		tcp_options_rows(w, w->head_at + TCP_HEADER, w->head_len - TCP_HEADER);
}

const struct proto proto_tcp = {
	.name = "Transmission Control Protocol",
	PROTO_FIELDS(fields),
	.scan = tcp_scan,
	.heading = tcp_heading,
	.more = tcp_more,
	.summary = tcp_summary,
};
