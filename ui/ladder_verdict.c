/*
 * What the analysis says about a packet, in few words: its verdicts, or, where the recording holds what the
 * kernel itself said, that instead.  And the states of both ends that are worked out from packets alone.
 */
#include "ui/ladder_impl.h"

#include <netinet/in.h>
#include <string.h>

#include "capture/replay.h"
#include "src/cause.h"
#include "src/describe.h"

#define NEAR 512 /* rows before a packet in which its connection's last one is looked for */

/* ---- verdicts ---- */

static enum style cause_style(enum cause_kind kind)
{
	return cause_table[kind].warns ? STYLE_WARNING : STYLE_DIM;
}

/* The row on which a packet arrives that made its receiver count something: its own, or that of a WIRE. */
static uint32_t arrival_row(const struct trace *t, uint32_t packet, uint32_t counted)
{
	uint32_t number = trace_entry(t, packet)->number;

	for (uint32_t i = counted; i > packet && counted - i < NEAR; i--) {
		const struct trace_entry *e = trace_entry(t, i);

		if (e->kind == EVENT_WIRE && e->number == number && e->fate == WIRE_DELIVERED)
			return i;
	}
	return packet;
}

bool ladder_arrival(const struct ladder_frame *f, uint32_t row, int room, struct str *out,
		    enum style *style)
{
	struct trace *t = f->view->trace;
	const struct trace_entry *e = row == ROW_NONE ? NULL : trace_entry(t, row);
	uint32_t packet = e && e->kind == EVENT_WIRE ? e->link : row;
	struct cause cause;

	if (packet == ROW_NONE || trace_entry(t, packet)->kind != EVENT_PACKET ||
	    !trace_entry(t, packet)->counted)
		return false;
	if (!cause_of_packet(t, packet, &cause) || !cause_mark(out, cause.arrival) ||
	    arrival_row(t, packet, cause.arrived) != row)
		return false;
	*style = cause_style(cause.arrival);
	return text_width(out->buf) <= room;
}

bool ladder_verdict(const struct ladder_frame *f, uint32_t row, int room, struct str *out,
		    enum style *style)
{
	struct trace *t = f->view->trace;
	const struct trace_entry *e = row == ROW_NONE ? NULL : trace_entry(t, row);
	const struct verdict *numbers;
	STR_ON_STACK(words, 256);
	struct cause cause;

	if (!e || e->kind != EVENT_PACKET || (!e->verdict && !e->counted))
		return false;
	if (cause_of_packet(t, row, &cause) && cause_mark(out, cause.kind)) {
		*style = cause_style(cause.kind);
		return text_width(out->buf) <= room;
	}
	if (!e->verdict)
		return false;
	*style = e->verdict & VERDICT_WARNINGS ? STYLE_WARNING : STYLE_DIM;
	numbers = f->view->replay ? replay_verdict(f->view->replay, row) : NULL;
	room -= *style == STYLE_WARNING ? 2 : 0;
	describe_verdict(&words, e->verdict, numbers, room);
	str_addf(out, "%s%s", *style == STYLE_WARNING ? "! " : "", words.buf);
	return words.len > 0;
}

/* ---- states ---- */

/* The packet of the same connection before this one, if it is near; NULL. */
static const struct trace_entry *packet_before(const struct trace *t, uint32_t row)
{
	uint32_t conn = trace_entry(t, row)->conn;

	for (uint32_t i = row; i > 0 && row - i < NEAR;) {
		const struct trace_entry *e = trace_entry(t, --i);

		if (e->kind == EVENT_PACKET && e->conn == conn)
			return e;
	}
	return NULL;
}

/*
 * Beside a kernel that was sampled, a host without a socket (a program that makes its segments itself, or nobody
 * at all) is credited with nothing but what its own segments show.
 */
static bool has_news(const struct ladder_frame *f, uint32_t row, int end, int room)
{
	const struct trace *t = f->view->trace;
	struct inferred now = trace_entry_inferred(trace_entry(t, row), end);
	const struct trace_entry *before = packet_before(t, row);
	STR_ON_STACK(is, 64);
	STR_ON_STACK(was, 64);

	if (now.sure == INFER_UNKNOWN || (trace_sockets(t) > 0 && now.sure != INFER_CERTAIN))
		return false;
	if (!before)
		return true;
	describe_inferred(&is, now, room);
	describe_inferred(&was, trace_entry_inferred(before, end), room);
	return strcmp(is.buf, was.buf) != 0;
}

bool ladder_inferred(const struct ladder_frame *f, uint32_t row, int side, struct str *out)
{
	const struct trace *t = f->view->trace;
	const struct trace_entry *e = row == ROW_NONE ? NULL : trace_entry(t, row);
	int from, end, room = f->columns.lane_room[side];

	if (!e || e->kind != EVENT_PACKET || !f->inferred[side] || !e->moved)
		return false;
	from = ladder_packet_side(f, e);
	end = from == side ? e->dir : !e->dir;
	if (from < 0 || !(e->moved & 1 << end) || !has_news(f, row, end, room))
		return false;
	describe_inferred(out, trace_entry_inferred(e, end), room);
	return true;
}

/* Whether the packet is the first of a TCP connection that began before the capture. */
bool ladder_starts_midway(const struct ladder_frame *f, const struct ladder_row *r)
{
	const struct trace *t = f->view->trace;
	const struct trace_entry *e = r->packet == ROW_NONE ? NULL : trace_entry(t, r->packet);
	const struct trace_entry *before;
	const struct conn *c;

	if (!e || e->kind != EVENT_PACKET || e->conn == CONN_NONE || !e->moved ||
	    !(f->inferred[0] || f->inferred[1]) || ladder_packet_side(f, e) < 0)
		return false;
	c = conns_get(trace_conns(t), e->conn);
	if (c->protocol != IPPROTO_TCP || c->first_ns != e->ts_ns ||
	    (c->seen & (TCP_SEEN_SYN | TCP_SEEN_SYN_ACK)))
		return false;
	before = packet_before(t, r->packet);
	return !before || before->ts_ns > e->ts_ns;
}

void ladder_choose_states(struct ladder_frame *f)
{
	const struct trace *t = f->view->trace;

	f->inferred[0] = f->inferred[1] = true;
	for (size_t i = 0; i < trace_sockets(t) && (f->inferred[0] || f->inferred[1]); i++)
		for (int side = 0; side < 2; side++)
			if (!f->sides.by_host || f->sides.host[side] == trace_socket(t, i)->host)
				f->inferred[side] = false;
}
