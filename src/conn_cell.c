/* What stands in the columns of the table of connections. */
#include <netinet/in.h>
#include <string.h>

#include "src/conn_end.h"
#include "src/conn_list.h"
#include "src/core/clock.h"
#include "src/describe.h"

#define SOCKETS_MOST 4096 /* sockets of a trace that are looked through for one row */

/* clang-format off */
const struct conn_column_of conn_columns[CONN_COLUMNS] = {
	[CONN_NUMBER] = { "number", "#", "in the order of their first packets", 4, 9, 9, true, false },
	[CONN_PROTOCOL] = { "protocol", "proto", "TCP, UDP, ICMP or another protocol of IP", 6, 6, 0, false, false },
	[CONN_FROM] = { "from", "from", "who sent the first packet", 15, 47, 0, false, false },
	[CONN_TO] = { "to", "to", "the other end", 15, 47, 0, false, false },
	[CONN_START] = { "start", "start", "time of the first packet", 9, 10, 5, true, false },
	[CONN_TIME] = { "time", "time", "from the first packet to the last", 7, 8, 3, true, true },
	[CONN_PACKETS_0] = { "packets", "pkts→", "packets there", 6, 7, 1, true, true },
	[CONN_PACKETS_1] = { "packets-back", "←pkts", "packets back", 6, 7, 1, true, true },
	[CONN_BYTES_0] = { "bytes", "bytes→", "bytes of payload there", 6, 7, 1, true, true },
	[CONN_BYTES_1] = { "bytes-back", "←bytes", "bytes of payload back", 6, 7, 1, true, true },
	[CONN_HANDSHAKE] = { "handshake", "syn rtt", "round-trip time of the handshake, if it was captured", 7, 8, 5, true, true },
	[CONN_RTT] = { "rtt", "ack rtt", "the least round-trip time by ACKs; > where one way alone is known", 8, 8, 4, true, true },
	[CONN_AGAIN] = { "retransmissions", "retr", "segments sent again, both ways", 5, 6, 3, true, true },
	[CONN_STATE] = { "state", "state", "of both ends at the last packet; ~ is worked out from packets", 15, 24, 6, false, false },
	[CONN_END] = { "end", "end", "how it ended", 11, 28, 2, false, false },
};
/* clang-format on */

int conn_column_find(const char *name, size_t len)
{
	for (int i = 0; i < CONN_COLUMNS; i++)
		if (strlen(conn_columns[i].name) == len &&
		    memcmp(conn_columns[i].name, name, len) == 0)
			return i;
	return -1;
}

/* ---- numbers ---- */

/* In at most 6 cells: "999999", "1.00M", "12.3M". */
static void scaled(struct str *out, uint64_t n)
{
	static const char units[] = "MGTP";
	double value = (double)n / 1e6;
	size_t unit = 0;

	if (n < 1000000) {
		str_addf(out, "%llu", (unsigned long long)n);
		return;
	}
	while (value >= 999.5 && unit + 2 < sizeof(units)) {
		value /= 1000;
		unit++;
	}
	str_addf(out, "%.*f%c", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, units[unit]);
}

static void start_text(struct str *out, const struct trace *t, int64_t ts_ns)
{
	int64_t ms = 0;

	if (trace_rows(t) > 0 && ts_ns > trace_entry(t, 0)->ts_ns)
		ms = (ts_ns - trace_entry(t, 0)->ts_ns) / NS_PER_MS;
	str_addf(out, "%02lld:%02lld.%03lld", (long long)(ms / 60000), (long long)(ms / 1000 % 60),
		 (long long)(ms % 1000));
}

/* ---- states ---- */

/* The state that the kernel's socket of an end was sampled in last; SOCK_STATE_NONE: there is none. */
static enum sock_state sampled(struct trace *t, uint32_t number, const struct addr *end)
{
	size_t sockets = trace_sockets(t), most = sockets < SOCKETS_MOST ? sockets : SOCKETS_MOST;

	for (size_t i = sockets; i > sockets - most; i--) {
		uint32_t row = trace_socket(t, i - 1)->last;
		const struct event *ev;

		if (row == ROW_NONE || trace_entry(t, row)->conn != number)
			continue;
		ev = trace_event(t, row, NULL);
		if (ev && addr_equal(&ev->state.sock.local, end))
			return ev->state.sock.state;
	}
	return SOCK_STATE_NONE;
}

static void end_state(struct str *out, struct trace *t, uint32_t number, const struct conn *c,
		      int end)
{
	enum sock_state state = sampled(t, number, &c->end[end]);
	const char *name = sock_state_name((enum sock_state)c->state[end].state);

	if (state != SOCK_STATE_NONE)
		str_add(out, sock_state_name(state));
	else if (c->protocol == IPPROTO_TCP)
		str_addf(out, "~%s", *name ? name : "unknown");
}

static void state_text(struct str *out, struct trace *t, uint32_t number, const struct conn *c)
{
	STR_ON_STACK(one, 40);
	STR_ON_STACK(other, 40);

	end_state(&one, t, number, c, 0);
	end_state(&other, t, number, c, 1);
	str_add(out, one.len ? one.buf : other.buf);
	if (one.len && other.len && strcmp(one.buf, other.buf) != 0)
		str_addf(out, " %s", other.buf);
}

static void end_text(struct str *out, const struct conn *c, int width)
{
	static const char *const side[2] = { "from", "to" };
	const struct conn_ending ending = conn_ending(c);

	if (width < 20)
		str_add(out, conn_end_name(ending.end));
	else
		conn_ending_text(out, &ending, side);
}

/* ---- times ---- */

int64_t conn_ack_rtt(const struct conn *c, bool *whole)
{
	const int64_t *way = c->ack_rtt_ns;

	*whole = way[0] >= 0 && way[1] >= 0;
	if (*whole)
		return way[0] + way[1];
	return way[0] >= 0 ? way[0] : way[1];
}

static void ack_rtt_text(struct str *out, const struct conn *c)
{
	bool whole;
	int64_t rtt_ns = conn_ack_rtt(c, &whole);

	if (rtt_ns < 0) {
		str_char(out, '-');
		return;
	}
	if (!whole)
		str_char(out, '>');
	describe_duration(out, rtt_ns);
}

/* ---- all of them ---- */

void conn_protocol_text(struct str *out, uint8_t protocol)
{
	static const struct {
		uint8_t number;
		const char *name;
	} names[] = {
		{ IPPROTO_TCP, "TCP" },		 { IPPROTO_UDP, "UDP" },
		{ IPPROTO_ICMP, "ICMP" },	 { IPPROTO_ICMPV6, "ICMPv6" },
		{ IPPROTO_UDPLITE, "UDP-Lite" }, { IPPROTO_IGMP, "IGMP" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].number == protocol) {
			str_add(out, names[i].name);
			return;
		}
	}
	str_addf(out, "IP %u", protocol);
}

/* What is too long loses the end of its address, because what is behind it says more: "[2001:db8:…]:443". */
static void fitting(struct str *out, const char *text, const char *tail, int width)
{
	int len = (int)strlen(text), keep;

	if (len > width && tail && tail > text && tail[-1] == ']')
		tail--;
	keep = tail ? width - 1 - (int)strlen(tail) : 0;
	if (len <= width || keep < 1)
		str_add(out, text);
	else
		str_addf(out, "%.*s…%s", keep, text, tail);
}

/* A protocol without ports has addresses alone; who sends an echo gives it an identifier. */
static void address_text(struct str *out, const struct trace *t, const struct conn *c, int end,
			 int width)
{
	STR_ON_STACK(text, 128);
	STR_ON_STACK(tail, 32);

	addr_text(&text, &c->end[end], trace_names(t));
	if (c->protocol != IPPROTO_TCP && c->protocol != IPPROTO_UDP &&
	    addr_port(&c->end[end]) == 0 && text.len > 2 &&
	    strcmp(text.buf + text.len - 2, ":0") == 0)
		text.buf[text.len -= 2] = '\0';
	if (c->echo_id && end == 0) {
		str_addf(&tail, " id %u", c->echo_id);
		str_add(&text, tail.buf);
		fitting(out, text.buf, text.buf + text.len - tail.len, width);
	} else {
		fitting(out, text.buf, strrchr(text.buf, ':'), width);
	}
}

void conn_cell(struct str *out, struct trace *t, uint32_t number, enum conn_column column,
	       int width)
{
	const struct conn *c = conns_get(trace_conns(t), number);

	if (!c)
		return;
	switch (column) {
	case CONN_NUMBER:
		str_addf(out, "%u", number);
		break;
	case CONN_PROTOCOL:
		conn_protocol_text(out, c->protocol);
		break;
	case CONN_FROM:
	case CONN_TO:
		address_text(out, t, c, column == CONN_TO, width);
		break;
	case CONN_START:
		start_text(out, t, c->first_ns);
		break;
	case CONN_TIME:
		describe_duration(out, c->last_ns - c->first_ns);
		break;
	case CONN_PACKETS_0:
	case CONN_PACKETS_1:
		scaled(out, c->packets[column == CONN_PACKETS_1]);
		break;
	case CONN_BYTES_0:
	case CONN_BYTES_1:
		scaled(out, c->bytes[column == CONN_BYTES_1]);
		break;
	case CONN_HANDSHAKE:
		if (c->initial_rtt_ns > 0)
			describe_duration(out, c->initial_rtt_ns);
		else
			str_char(out, '-');
		break;
	case CONN_RTT:
		ack_rtt_text(out, c);
		break;
	case CONN_AGAIN:
		if (c->protocol == IPPROTO_TCP)
			scaled(out, (uint64_t)c->retransmissions[0] + c->retransmissions[1]);
		else
			str_char(out, '-');
		break;
	case CONN_STATE:
		state_text(out, t, number, c);
		break;
	case CONN_END:
		end_text(out, c, width);
		break;
	}
}
