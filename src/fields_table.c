/*
 * The fields, and how each is got.  Formats are those of tshark 4.0 and later.
 *
 * The first occurrence in the order of the packet counts: in a tunnel the outer address, in an ICMP error the
 * error's own, and the ports of what it quotes.
 */
#include <netinet/in.h>

#include "src/fields_impl.h"

/* ---- of the frame ---- */

static void frame_number(struct line *l, const struct frame *f)
{
	line_number(l, f->number);
}

static void frame_time(struct line *l, const struct frame *f)
{
	/* The journal's time, which tshark shows of an event, is in microseconds. */
	line_seconds(l, f->packet ? f->ts_ns : f->ts_ns - f->ts_ns % 1000);
}

static void frame_len(struct line *l, const struct frame *f)
{
	line_number(l, f->len);
}

static void frame_cap_len(struct line *l, const struct frame *f)
{
	line_number(l, f->caplen);
}

/* ---- of Ethernet ---- */

/* Up to 1500 it is a length. */
static void eth_type(struct line *l, const struct frame *f)
{
	static const char digits[] = "0123456789abcdef";
	unsigned type;

	if (f->have[LAYER_ETHERNET] < 14)
		return;
	type = (unsigned)f->bytes[LAYER_ETHERNET][12] << 8 | f->bytes[LAYER_ETHERNET][13];
	if (type <= 1500)
		return;
	line_char(l, '0');
	line_char(l, 'x');
	for (int shift = 12; shift >= 0; shift -= 4)
		line_char(l, digits[type >> shift & 15]);
}

/* ---- of IP ---- */

/* 0: the network card was to cut the packet into segments; then it is all of the frame. */
static void ip_len(struct line *l, const struct frame *f)
{
	unsigned len;

	if (f->have[LAYER_IPV4] < 4)
		return;
	len = (unsigned)f->bytes[LAYER_IPV4][2] << 8 | f->bytes[LAYER_IPV4][3];
	line_number(l, len ? len : f->first[LAYER_IPV4]->len);
}

/* ---- of connections ---- */

enum { TCP_HEADER = 20, TCP_SEGMENT = 16, UDP_HEADER = 8, OPTION_MSS = 2 };

static const struct layer *segment_of(const struct frame *f)
{
	return f->have[LAYER_TCP] >= TCP_SEGMENT ? f->first[LAYER_TCP] : NULL;
}

static void tcp_stream(struct line *l, const struct frame *f)
{
	if (segment_of(f) && f->note->stream_protocol == IPPROTO_TCP)
		line_number(l, f->note->stream);
}

static void tcp_completeness(struct line *l, const struct frame *f)
{
	if (segment_of(f) && f->note->stream_protocol == IPPROTO_TCP)
		line_number(l, f->note->completeness);
}

static void udp_length(struct line *l, const struct frame *f)
{
	const uint8_t *header = f->bytes[LAYER_UDP];

	if (f->have[LAYER_UDP] >= 6)
		line_number(l, f->first[LAYER_UDP]->covers ? f->first[LAYER_UDP]->len
							   : (uint32_t)header[4] << 8 | header[5]);
}

static void udp_stream(struct line *l, const struct frame *f)
{
	if (f->have[LAYER_UDP] >= UDP_HEADER && f->note->stream_protocol == IPPROTO_UDP)
		line_number(l, f->note->stream);
}

/* ---- of TCP ---- */

/* Of a header that ICMP quotes directly, tshark has no raw number. */
static void tcp_seq(struct line *l, const struct frame *f)
{
	const struct layer *tcp = segment_of(f);
	const uint8_t *header = f->bytes[LAYER_TCP];

	if (tcp && (tcp->quoted != 2 || !f->first[LAYER_ICMP]))
		line_number(l, (uint32_t)header[4] << 24 | (uint32_t)header[5] << 16 |
				       (uint32_t)header[6] << 8 | header[7]);
}

static void tcp_len(struct line *l, const struct frame *f)
{
	const struct layer *tcp = segment_of(f);
	uint32_t header;

	if (!tcp || tcp->quoted || tcp->fragment)
		return;
	header = (f->bytes[LAYER_TCP][12] >> 4) * 4u;
	if (header <= tcp->len)
		line_number(l, tcp->len - header);
}

static void tcp_window(struct line *l, const struct frame *f)
{
	const struct layer *tcp = segment_of(f);

	if (!tcp)
		return;
	if (f->note->verdict.analysed && !tcp->quoted)
		line_number(l, f->note->verdict.window);
	else
		line_number(l, (unsigned)f->bytes[LAYER_TCP][14] << 8 | f->bytes[LAYER_TCP][15]);
}

/* The first such option of the right length. */
static void tcp_mss(struct line *l, const struct frame *f)
{
	const struct layer *tcp = segment_of(f);
	const uint8_t *header = f->bytes[LAYER_TCP];
	uint32_t end, size;

	if (!tcp)
		return;
	end = (header[12] >> 4) * 4u;
	if (end > f->have[LAYER_TCP])
		end = f->have[LAYER_TCP];
	for (uint32_t at = TCP_HEADER; at < end && header[at]; at += size) {
		size = header[at] == 1 ? 1 : at + 1 < end ? header[at + 1] : 0;
		if (!size || (header[at] != 1 && size < 2) || at + size > end)
			return;
		if (header[at] == OPTION_MSS && size == 4) {
			line_number(l, (unsigned)header[at + 2] << 8 | header[at + 3]);
			return;
		}
	}
}

/* ---- of the analysis ---- */

bool fields_has_verdict(const struct frame *f)
{
	const struct layer *tcp = segment_of(f);
	uint32_t header = tcp ? (f->bytes[LAYER_TCP][12] >> 4) * 4u : 0;

	return header >= TCP_HEADER && header <= f->have[LAYER_TCP];
}

static const struct verdict *verdict_of(const struct frame *f)
{
	return fields_has_verdict(f) ? &f->note->verdict : NULL;
}

static void initial_rtt(struct line *l, const struct frame *f)
{
	const struct verdict *v = verdict_of(f);

	if (v && v->initial_rtt_ns)
		line_seconds(l, v->initial_rtt_ns);
}

static void ack_rtt(struct line *l, const struct frame *f)
{
	const struct verdict *v = verdict_of(f);

	if (v && v->ack_rtt_ns)
		line_seconds(l, v->ack_rtt_ns);
}

static void acks_frame(struct line *l, const struct frame *f)
{
	const struct verdict *v = verdict_of(f);

	if (v && v->acked_frame)
		line_number(l, v->acked_frame);
}

static void in_flight(struct line *l, const struct frame *f)
{
	const struct verdict *v = verdict_of(f);

	if (v && v->in_flight)
		line_number(l, v->in_flight);
}

static void dup_ack_number(struct line *l, const struct frame *f)
{
	const struct verdict *v = verdict_of(f);

	if (v && v->dup_ack)
		line_number(l, v->dup_ack);
}

static void dup_ack_frame(struct line *l, const struct frame *f)
{
	const struct verdict *v = verdict_of(f);

	if (v && v->dup_ack)
		line_number(l, v->dup_ack_frame);
}

static void rto(struct line *l, const struct frame *f)
{
	const struct verdict *v = verdict_of(f);

	if (v && v->rto_frame)
		line_seconds(l, v->rto_ns);
}

static void rto_frame(struct line *l, const struct frame *f)
{
	const struct verdict *v = verdict_of(f);

	if (v && v->rto_frame)
		line_number(l, v->rto_frame);
}

/* ---- the table ---- */

/* clang-format off */
#define BITS(field_name, of, bit, width, how, least) \
	{ .name = field_name, .layer = of, .at = bit, .bits = width, .show = how, .needs = least }
#define OWN(field_name, function) { .name = field_name, .put = function }
#define FLAG(field_name, bit) { .name = "tcp.analysis." field_name, .verdict = bit }

const struct field fields_table[] = {
	OWN("frame.number", frame_number),
	OWN("frame.time_epoch", frame_time),
	OWN("frame.len", frame_len),
	OWN("frame.cap_len", frame_cap_len),

	BITS("eth.dst", LAYER_ETHERNET, 0, 48, FIELD_MAC, 14),
	BITS("eth.src", LAYER_ETHERNET, 48, 48, FIELD_MAC, 14),
	OWN("eth.type", eth_type),
	BITS("vlan.id", LAYER_VLAN, 4, 12, FIELD_DEC, 4),
	BITS("vlan.priority", LAYER_VLAN, 0, 3, FIELD_DEC, 4),
	BITS("arp.opcode", LAYER_ARP, 48, 16, FIELD_DEC, 0),

	BITS("ip.hdr_len", LAYER_IPV4, 4, 4, FIELD_WORDS, 0),
	OWN("ip.len", ip_len),
	BITS("ip.id", LAYER_IPV4, 32, 16, FIELD_HEX, 0),
	BITS("ip.ttl", LAYER_IPV4, 64, 8, FIELD_DEC, 0),
	BITS("ip.proto", LAYER_IPV4, 72, 8, FIELD_DEC, 0),
	BITS("ip.src", LAYER_IPV4, 96, 32, FIELD_IPV4, 0),
	BITS("ip.dst", LAYER_IPV4, 128, 32, FIELD_IPV4, 0),

	BITS("ipv6.plen", LAYER_IPV6, 32, 16, FIELD_DEC, 0),
	BITS("ipv6.nxt", LAYER_IPV6, 48, 8, FIELD_DEC, 0),
	BITS("ipv6.hlim", LAYER_IPV6, 56, 8, FIELD_DEC, 0),
	BITS("ipv6.src", LAYER_IPV6, 64, 128, FIELD_IPV6, 0),
	BITS("ipv6.dst", LAYER_IPV6, 192, 128, FIELD_IPV6, 0),

	OWN("tcp.stream", tcp_stream),
	OWN("tcp.completeness", tcp_completeness),
	BITS("tcp.srcport", LAYER_TCP, 0, 16, FIELD_DEC, 4),
	BITS("tcp.dstport", LAYER_TCP, 16, 16, FIELD_DEC, 4),
	OWN("tcp.seq_raw", tcp_seq),
	BITS("tcp.ack_raw", LAYER_TCP, 64, 32, FIELD_DEC, TCP_SEGMENT),
	OWN("tcp.len", tcp_len),
	BITS("tcp.hdr_len", LAYER_TCP, 96, 4, FIELD_WORDS, TCP_SEGMENT),
	BITS("tcp.flags", LAYER_TCP, 100, 12, FIELD_HEX, TCP_SEGMENT),
	BITS("tcp.window_size_value", LAYER_TCP, 112, 16, FIELD_DEC, TCP_SEGMENT),
	OWN("tcp.window_size", tcp_window),
	OWN("tcp.options.mss_val", tcp_mss),

	{ .name = "tcp.analysis.flags", .verdict = (uint16_t)~VERDICT_PARTIAL_ACK },
	FLAG("retransmission", VERDICT_RETRANSMISSION),
	FLAG("fast_retransmission", VERDICT_FAST_RETRANSMISSION),
	FLAG("spurious_retransmission", VERDICT_SPURIOUS_RETRANSMISSION),
	FLAG("out_of_order", VERDICT_OUT_OF_ORDER),
	FLAG("duplicate_ack", VERDICT_DUPLICATE_ACK),
	FLAG("lost_segment", VERDICT_LOST_SEGMENT),
	FLAG("ack_lost_segment", VERDICT_ACK_LOST_SEGMENT),
	FLAG("window_update", VERDICT_WINDOW_UPDATE),
	FLAG("window_full", VERDICT_WINDOW_FULL),
	FLAG("zero_window", VERDICT_ZERO_WINDOW),
	FLAG("zero_window_probe", VERDICT_ZERO_WINDOW_PROBE),
	FLAG("zero_window_probe_ack", VERDICT_ZERO_WINDOW_PROBE_ACK),
	FLAG("keep_alive", VERDICT_KEEP_ALIVE),
	FLAG("keep_alive_ack", VERDICT_KEEP_ALIVE_ACK),
	FLAG("reused_ports", VERDICT_REUSED_PORTS),
	FLAG("partial_ack", VERDICT_PARTIAL_ACK),
	OWN("tcp.analysis.initial_rtt", initial_rtt),
	OWN("tcp.analysis.ack_rtt", ack_rtt),
	OWN("tcp.analysis.acks_frame", acks_frame),
	OWN("tcp.analysis.bytes_in_flight", in_flight),
	OWN("tcp.analysis.duplicate_ack_num", dup_ack_number),
	OWN("tcp.analysis.duplicate_ack_frame", dup_ack_frame),
	OWN("tcp.analysis.rto", rto),
	OWN("tcp.analysis.rto_frame", rto_frame),

	OWN("udp.stream", udp_stream),
	BITS("udp.srcport", LAYER_UDP, 0, 16, FIELD_DEC, 4),
	BITS("udp.dstport", LAYER_UDP, 16, 16, FIELD_DEC, 4),
	OWN("udp.length", udp_length),

	BITS("icmp.type", LAYER_ICMP, 0, 8, FIELD_DEC, 4),
	BITS("icmp.code", LAYER_ICMP, 8, 8, FIELD_DEC, 4),
	BITS("icmpv6.type", LAYER_ICMPV6, 0, 8, FIELD_DEC, 0),
	BITS("icmpv6.code", LAYER_ICMPV6, 8, 8, FIELD_DEC, 0),
};
/* clang-format on */
const size_t fields_table_count = sizeof(fields_table) / sizeof(fields_table[0]);
