#include "src/wire_numbers.h"

uint32_t wire_numbers_first_held(const struct trace *t)
{
	uint32_t first = ROW_NONE;

	for (uint32_t row = trace_rows(t); row-- > 0;) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->kind == EVENT_PACKET && e->fate == WIRE_HELD)
			first = row;
	}
	return first;
}

static uint32_t row_of(const struct trace *t, const struct wire_order *o)
{
	return o->which == WHICH_NUMBER && o->number <= UINT32_MAX
		       ? trace_row_of_packet(t, (uint32_t)o->number)
		       : wire_numbers_first_held(t);
}

void wire_numbers_fill(struct trace *t, struct wire_order *o)
{
	uint32_t row = row_of(t, o);
	const struct trace_entry *e = row == ROW_NONE ? NULL : trace_entry(t, row);
	const struct event *ev = e ? trace_event(t, row, NULL) : NULL;
	const struct conn *conn;
	struct packet p;

	if (!ev || e->conn == CONN_NONE)
		return;
	conn = conns_get(trace_conns(t), e->conn);
	packet_parse(&p, LINK_ETHERNET, ev->packet.data, ev->packet.caplen, ev->packet.len);
	if (!p.has_segment)
		return;
	o->edit.seq_base = p.seq - conn_seq(conn, e->dir, p.seq);
	o->edit.ack_base = p.ack - conn_seq(conn, !e->dir, p.ack);
}
