/*
 * Packets of a file go into the index 64 at a time: first all of them are read, then all of them are looked
 * up, so that the waits for memory of one overlap with the work on the others.
 */
#include "capture/trace_impl.h"

static int add_packet(struct trace *t, const struct batch_packet *b, const struct packet *p,
		      struct err *e)
{
	struct trace_entry entry = {
		.ts_ns = b->ts_ns,
		.offset = b->offset & TRACE_ID_MAX,
		.kind = EVENT_PACKET,
		.host = b->host & 15u,
		.fate = WIRE_DELIVERED,
		.link = ROW_NONE,
		.number = b->number,
		.lane = LANE_NONE,
	};
	struct conn_note note;
	uint32_t row;

	/* A frame's number is that of its record in the file, as Wireshark counts. */
	conns_track(t->conns, p, b->data, b->caplen, t->index.rows + 1, b->ts_ns, &note);
	entry.conn = note.conn;
	entry.flags = note.dir ? TRACE_FLAG_DIR : 0;
	t->packets++;
	return trace_place(t, &entry, &row, e);
}

int trace_batch_run(struct trace *t, struct err *e)
{
	struct batch *b = &t->load->batch;
	size_t count = b->count;

	b->count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct batch_packet *p = &b->packet[i];

		packet_parse(&b->parsed[i], p->link, p->data, p->caplen, p->len);
		conns_look(t->conns, &b->parsed[i]);
	}
	for (size_t i = 0; i < count; i++)
		conns_near(t->conns, &b->parsed[i]);
	for (size_t i = 0; i < count; i++) {
		if (add_packet(t, &b->packet[i], &b->parsed[i], e) < 0)
			return -1;
	}
	return 0;
}
