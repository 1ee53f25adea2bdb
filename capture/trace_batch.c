/*
 * Packets of a file go into the index 64 at a time: first all of them are read, then all of them are looked
 * up, so that the waits for memory of one overlap with the work on the others.
 */
#include "capture/trace_impl.h"

#include <errno.h>

/* Gives the packet to its connection, and to whoever watches. */
static inline __attribute__((always_inline)) void track(struct trace *t,
							const struct trace_packet *b,
							const struct packet *p,
							struct conn_note *note)
{
	/* A frame's number is that of its record in the file, as Wireshark counts. */
	uint64_t frame = ++t->frames;

	conns_track(t->conns, p, b->data, b->caplen, (uint32_t)frame, b->ts_ns, note);
	t->packets++;
	if (t->watch)
		t->watch->packet(t->watch->arg, frame, b, p, note);
}

void trace_packet_entry(struct trace *t, const struct trace_packet *b, const struct packet *p,
			struct trace_entry *e)
{
	struct conn_note note;

	track(t, b, p, &note);
	*e = (struct trace_entry){
		.ts_ns = b->ts_ns,
		.offset = b->offset & TRACE_ID_MAX,
		.kind = EVENT_PACKET,
		.host = b->host & 15u,
		.fate = WIRE_DELIVERED,
		.link = ROW_NONE,
		.number = b->number,
		.conn = note.conn,
		.verdict = note.verdict.bits,
		.dir = note.dir & 1u,
		.moved = note.moved & 3u,
		.state_0 = infer_code(note.state[0]) & 63u,
		.state_1 = infer_code(note.state[1]) & 63u,
	};
}

/* The packets that come in order, from the i-th on, straight to the end.  Returns the first that is late. */
static size_t add_in_order(struct trace *t, const struct batch *b, size_t i, size_t count,
			   struct err *e)
{
	struct index *x = &t->index;
	uint32_t from = x->rows;
	int64_t last_ns = from ? index_at(x, from - 1)->ts_ns : INT64_MIN;
	struct trace_entry *next;

	for (; i < count && b->packet[i].ts_ns >= last_ns; i++) {
		next = index_next(x);
		if (!next) {
			err_errno(e, ENOMEM, NULL, "the index of the trace");
			break;
		}
		trace_packet_entry(t, &b->packet[i], &b->parsed[i], next);
		x->rows++;
		last_ns = b->packet[i].ts_ns;
	}
	index_fence(x, from);
	return i;
}

static int add_late(struct trace *t, const struct batch *b, size_t i, struct err *e)
{
	struct trace_entry entry;
	uint32_t row;

	trace_packet_entry(t, &b->packet[i], &b->parsed[i], &entry);
	return trace_place(t, &entry, &row, e);
}

static void only_watched(struct trace *t, const struct batch *b, size_t count)
{
	struct conn_note note;

	for (size_t i = 0; i < count; i++)
		track(t, &b->packet[i], &b->parsed[i], &note);
}

/* Everything about a packet that is in the window, before it is added to its connection. */
static void look_up(const struct trace *t, struct batch *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct trace_packet *p = &b->packet[i];

		packet_parse(&b->parsed[i], p->link, p->data, p->caplen, p->len);
		conns_look(t->conns, &b->parsed[i]);
	}
	for (size_t i = 0; i < count; i++)
		conns_near(t->conns, &b->parsed[i]);
}

int trace_batch_run(struct trace *t, struct err *e)
{
	struct batch *b = &t->load->batch;
	size_t count = b->count, i = 0;

	b->count = 0;
	look_up(t, b, count);
	if (t->watch && t->watch->no_rows) {
		only_watched(t, b, count);
		return 0;
	}
	while (i < count) {
		size_t late = add_in_order(t, b, i, count, e);

		if (late == i && add_late(t, b, late++, e) < 0)
			return -1;
		i = late;
	}
	return 0;
}
