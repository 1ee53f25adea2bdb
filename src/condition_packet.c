#include "src/condition_impl.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "capture/conn.h"
#include "capture/packet.h"
#include "capture/trace.h"
#include "src/describe.h"

bool condition_read_packet(struct trace *t, uint32_t row, struct seen_packet *out)
{
	const struct trace_entry *entry = trace_entry(t, row);
	const struct trace_host *h;

	out->dir = entry->dir;
	out->conn = entry->conn == CONN_NONE ? NULL : conns_get(trace_conns(t), entry->conn);
	out->ev = trace_event(t, row, NULL);
	if (!out->ev)
		return false;
	h = trace_host(t, out->ev->packet.iface);
	packet_parse(&out->packet, h ? h->link : LINK_ETHERNET, out->ev->packet.data,
		     out->ev->packet.caplen, out->ev->packet.len);
	return true;
}

static int64_t field_len(const struct seen_packet *s)
{
	return s->packet.payload_len;
}

static int64_t field_seq(const struct seen_packet *s)
{
	return conn_packet_seq(s->conn, s->dir, &s->packet);
}

static int64_t field_ack(const struct seen_packet *s)
{
	return s->conn ? conn_seq(s->conn, !s->dir, s->packet.ack) : s->packet.ack;
}

static int64_t field_win(const struct seen_packet *s)
{
	return s->packet.window;
}

static int64_t field_mss(const struct seen_packet *s)
{
	return s->packet.mss;
}

static int64_t field_sack(const struct seen_packet *s)
{
	return s->packet.sack_blocks;
}

static int64_t field_ttl(const struct seen_packet *s)
{
	return s->packet.ttl;
}

static int64_t field_sport(const struct seen_packet *s)
{
	return s->packet.src_port;
}

static int64_t field_dport(const struct seen_packet *s)
{
	return s->packet.dst_port;
}

static int64_t field_type(const struct seen_packet *s)
{
	return s->packet.icmp_type;
}

static int64_t field_code(const struct seen_packet *s)
{
	return s->packet.icmp_code;
}

static int64_t field_size(const struct seen_packet *s)
{
	return s->ev->packet.len;
}

const struct condition_field packet_fields[] = {
	{ "len", "bytes of data" },
	{ "seq", "sequence number, from 0 at the SYN" },
	{ "ack", "acknowledgement number" },
	{ "win", "the window field" },
	{ "mss", "the maximum segment size option" },
	{ "sack", "number of SACK blocks" },
	{ "ttl", "time to live" },
	{ "sport", "source port" },
	{ "dport", "destination port" },
	{ "type", "ICMP type" },
	{ "code", "ICMP code" },
	{ "size", "bytes on the wire" },
};
static int64_t (*const packet_getters[])(const struct seen_packet *s) = {
	field_len, field_seq,	field_ack,   field_win,	 field_mss,  field_sack,
	field_ttl, field_sport, field_dport, field_type, field_code, field_size,
};
const size_t packet_fields_count = CONDITION_COUNT(packet_fields);
_Static_assert(CONDITION_COUNT(packet_fields) == CONDITION_COUNT(packet_getters),
	       "a getter for each field");

static bool protocol_fits(enum pattern_protocol want, const struct packet *p)
{
	switch (want) {
	case PATTERN_ANY:
		return true;
	case PATTERN_TCP:
		return p->protocol == IPPROTO_TCP;
	case PATTERN_UDP:
		return p->protocol == IPPROTO_UDP;
	case PATTERN_ICMP:
		return p->protocol == IPPROTO_ICMP || p->protocol == IPPROTO_ICMPV6;
	case PATTERN_ARP:
		return p->ethertype == 0x0806;
	case PATTERN_IGMP:
		return p->protocol == IPPROTO_IGMP;
	case PATTERN_UDPLITE:
		return p->protocol == IPPROTO_UDPLITE;
	}
	return false;
}

bool condition_pattern_fits(const struct packet_pattern *want, struct trace *t, uint32_t row)
{
	size_t host = trace_entry(t, row)->host;
	const struct trace_host *h = host < trace_hosts(t) ? trace_host(t, host) : NULL;
	struct seen_packet s;

	if (want->host[0] && (!h || strcmp(h->name, want->host) != 0))
		return false;
	if (!condition_read_packet(t, row, &s) || !protocol_fits(want->protocol, &s.packet))
		return false;
	if (want->has_flags && (s.packet.protocol != IPPROTO_TCP || s.packet.flags != want->flags))
		return false;
	for (size_t i = 0; i < want->tests; i++)
		if (!number_test_holds(&want->test[i].test,
				       packet_getters[want->test[i].field](&s)))
			return false;
	return true;
}

void condition_packet_flags(struct trace *t, uint32_t row, struct str *out)
{
	struct seen_packet s;

	if (condition_read_packet(t, row, &s))
		packet_flags_text(out, s.packet.flags);
}

bool condition_packet_number(struct trace *t, uint32_t row, size_t field, int64_t *out)
{
	struct seen_packet s;

	if (!condition_read_packet(t, row, &s))
		return false;
	*out = packet_getters[field](&s);
	return true;
}

static void add_event(struct str *out, struct trace *t, uint32_t row)
{
	const struct event *ev = trace_event(t, row, NULL);
	size_t host = trace_entry(t, row)->host;

	if (host < trace_hosts(t))
		str_addf(out, "%s ", trace_host(t, host)->name);
	if (ev)
		describe_event(out, t, ev);
}

/* "was corrupted" */
static const char *fate_words(int fate)
{
	static const char *const words[WIRE_FATES] = {
		[WIRE_CORRUPTED] = "was corrupted",   [WIRE_MARKED] = "was marked",
		[WIRE_EDITED] = "was edited",	      [WIRE_DUPLICATED] = "was duplicated",
		[WIRE_FRAGMENTED] = "was fragmented", [WIRE_REORDERED] = "fell behind",
	};

	return words[fate] ? words[fate] : wire_fate_name((enum wire_fate)fate);
}

#define SEEN_MOST 6 /* packets that a failure lists */

/* What came since the last match, in short: of packets with a fate, or (WIRE_FATES) of all. */
static void say_packets(struct str *seen, struct trace *t, int fate, uint64_t after)
{
	unsigned n = 0;

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		bool listed = fate == WIRE_FATES ? e->kind == EVENT_PACKET && e->number > after
						 : e->kind == EVENT_WIRE && e->fate == fate &&
							   e->offset > after;

		if (!listed)
			continue;
		if (n++ < SEEN_MOST) {
			str_add(seen, n == 1 ? "since then came: " : " · ");
			add_event(seen, t, row);
		}
	}
	if (n > SEEN_MOST)
		str_addf(seen, " and %u more", n - SEEN_MOST);
	else if (!n)
		str_addf(seen, "no packet %s since then",
			 fate == WIRE_FATES	? "came"
			 : fate == WIRE_DROPPED ? "was lost"
						: fate_words(fate));
}

static enum condition_answer answer_no(struct trace *t, uint32_t row, struct str *seen)
{
	if (row == ROW_NONE)
		return CONDITION_MET;
	str_add(seen, "there is one: ");
	add_event(seen, t, row);
	return CONDITION_NEVER;
}

enum condition_answer condition_packet(const struct condition *c, struct places *p,
				       struct session *s, struct str *seen)
{
	struct trace *t = session_trace(s);
	uint64_t after = p->looking == c ? p->looked : p->packet;
	uint32_t row, rows = trace_rows(t);

	p->looking = c;
	p->looked = after;
	for (row = 0; row < rows; row++) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->kind != EVENT_PACKET || e->number <= after)
			continue;
		if (condition_pattern_fits(&c->packet, t, row))
			break;
		p->looked = e->number > p->looked ? e->number : p->looked;
	}
	if (row == rows)
		row = ROW_NONE;
	if (c->none)
		return answer_no(t, row, seen);
	if (row == ROW_NONE) {
		say_packets(seen, t, WIRE_FATES, p->packet);
		return CONDITION_NOT_YET;
	}
	p->packet = trace_entry(t, row)->number;
	p->looking = NULL;
	return CONDITION_MET;
}

enum condition_answer condition_lost(const struct condition *c, struct places *p, struct session *s,
				     struct str *seen)
{
	struct trace *t = session_trace(s);
	uint32_t row, rows = trace_rows(t);

	for (row = 0; row < rows; row++) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->kind == EVENT_WIRE && e->offset > p->lost[c->fate] && e->link != ROW_NONE) {
			const struct event *ev = trace_event(t, row, NULL);

			if (ev && ev->wire.fate == c->fate &&
			    condition_pattern_fits(&c->packet, t, e->link))
				break;
		}
	}
	if (row == rows)
		row = ROW_NONE;
	if (c->none)
		return answer_no(t, row, seen);
	if (row == ROW_NONE) {
		say_packets(seen, t, c->fate, p->lost[c->fate]);
		return CONDITION_NOT_YET;
	}
	p->lost[c->fate] = trace_entry(t, row)->offset;
	return CONDITION_MET;
}

enum condition_answer condition_held(const struct condition *c, struct session *s, struct str *seen)
{
	struct trace *t = session_trace(s);
	int64_t held = 0;

	for (uint32_t row = 0; row < trace_rows(t); row++)
		held += trace_entry(t, row)->kind == EVENT_PACKET &&
			trace_entry(t, row)->fate == WIRE_HELD;
	if (c->has_number ? number_test_holds(&c->number, held) : held > 0)
		return CONDITION_MET;
	str_addf(seen, held == 1 ? "%" PRId64 " packet is held" : "%" PRId64 " packets are held",
		 held);
	return CONDITION_NOT_YET;
}
