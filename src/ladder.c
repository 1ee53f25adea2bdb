/*
 * How rows are found.  Every event has an owner: the event whose row of the ladder shows it.  An event
 * that is its own owner makes a row.  The owner of
 *
 *	a CALL, COMMAND, NOTE, PROGRAM, OUTPUT	is itself
 *	a RETURN			is its CALL, or itself if the call slept
 *	a PACKET			is the CALL that ran when it left, if nothing lies between and the
 *					call came back without sleeping; else itself
 *	a WIRE				is itself for an arrival, and for a loss after waiting; else its PACKET
 *	a STATE				is the event it is attributed to, or itself if time alone brought it
 *
 * What belongs together is written within microseconds, so all searches are among NEAR neighbours; that
 * bounds the cost of a row by a constant, whatever the size of the trace.
 */
#include "src/ladder.h"

#define NEAR 128

static uint32_t back_to(uint32_t row)
{
	return row > NEAR ? row - NEAR : 0;
}

static uint32_t ahead_to(const struct trace *t, uint32_t row)
{
	uint32_t rows = trace_rows(t);

	return rows - row > NEAR ? row + NEAR : rows;
}

/* Whether a STATE that is attributed to something is attributed to this event. */
static bool is_cause(const struct trace_entry *state, const struct trace_entry *e)
{
	if (e->number != state->number)
		return false;
	switch ((enum state_by)state->by) {
	case BY_TIME:
		return false;
	case BY_DEPARTURE:
		return e->kind == EVENT_PACKET;
	case BY_ARRIVAL:
		return e->kind == EVENT_PACKET ||
		       (e->kind == EVENT_WIRE && e->fate == WIRE_DELIVERED);
	case BY_CALL:
		return e->kind == EVENT_RETURN;
	}
	return false;
}

/* The nearest event before a STATE that it is attributed to; ROW_NONE. */
static uint32_t cause_of(const struct trace *t, uint32_t row)
{
	const struct trace_entry *state = trace_entry(t, row);

	if (state->by == BY_TIME)
		return ROW_NONE;
	for (uint32_t i = row; i > back_to(row);) {
		if (is_cause(state, trace_entry(t, --i)))
			return i;
	}
	return ROW_NONE;
}

/* That a new socket is without address and peer goes without saying. */
static bool is_marked(const struct trace_entry *state)
{
	bool newborn =
		state->link == ROW_NONE && state->by == BY_CALL &&
		(state->state == SOCK_STATE_CLOSED || state->state == SOCK_STATE_UNCONNECTED);

	return state->state_change && !newborn;
}

static bool state_makes_row(const struct trace *t, uint32_t row)
{
	return is_marked(trace_entry(t, row)) && cause_of(t, row) == ROW_NONE;
}

/* Whether a packet had to wait on the wire (delay, hold) before what happened to it at `row`. */
static bool has_waited(const struct trace *t, uint32_t packet, uint32_t row)
{
	uint32_t number = trace_entry(t, packet)->number;

	if (row < packet || row - packet > NEAR)
		return true;
	for (uint32_t i = packet + 1; i < row; i++) {
		const struct trace_entry *e = trace_entry(t, i);

		if (e->kind == EVENT_WIRE && e->number == number &&
		    (e->fate == WIRE_HELD || e->fate == WIRE_DELAYED || e->fate == WIRE_RELEASED ||
		     e->fate == WIRE_REORDERED))
			return true;
	}
	return false;
}

static bool wire_makes_row(const struct trace *t, uint32_t row)
{
	const struct trace_entry *e = trace_entry(t, row);

	if (e->link == ROW_NONE)
		return true;
	switch ((enum wire_fate)e->fate) {
	case WIRE_DELIVERED:
		return true;
	case WIRE_DROPPED:
	case WIRE_FAILED:
		return has_waited(t, e->link, row);
	case WIRE_DELAYED:
	case WIRE_HELD:
	case WIRE_RELEASED:
	case WIRE_DUPLICATED:
	case WIRE_CORRUPTED:
	case WIRE_REORDERED:
	case WIRE_MARKED:
	case WIRE_INJECTED:
	case WIRE_EDITED:
	case WIRE_FRAGMENTED:
		return false;
	}
	return true;
}

/* The CALL whose row a packet shares; ROW_NONE. */
static uint32_t shared_call(const struct trace *t, uint32_t packet)
{
	uint8_t host = trace_entry(t, packet)->host;

	for (uint32_t i = packet; i > back_to(packet);) {
		const struct trace_entry *e = trace_entry(t, --i);

		if (e->kind == EVENT_CALL) {
			bool ran = e->link != ROW_NONE && e->link > packet && !e->blocked;

			return ran && e->host == host ? i : ROW_NONE;
		}
		if (e->kind == EVENT_STATE	? state_makes_row(t, i)
		    : e->kind == EVENT_WIRE	? wire_makes_row(t, i)
		    : e->kind == EVENT_COUNTERS ? false
						: true)
			return ROW_NONE;
	}
	return ROW_NONE;
}

static bool makes_row(const struct trace *t, uint32_t row)
{
	const struct trace_entry *e = trace_entry(t, row);

	switch ((enum event_kind)e->kind) {
	case EVENT_CALL:
	case EVENT_NOTE:
	case EVENT_PROGRAM:
	case EVENT_OUTPUT:
		return true;
	case EVENT_COMMAND:
		return !(e->flags & TRACE_FLAG_SILENT);
	case EVENT_RETURN:
		return e->blocked || e->link == ROW_NONE;
	case EVENT_PACKET:
		return shared_call(t, row) == ROW_NONE;
	case EVENT_WIRE:
		return wire_makes_row(t, row);
	case EVENT_STATE:
		return state_makes_row(t, row);
	case EVENT_COUNTERS:
		return false;
	}
	return true;
}

/* The event whose row shows this one, which makes no row itself; ROW_NONE if nothing does. */
static uint32_t owner_of(const struct trace *t, uint32_t row)
{
	const struct trace_entry *e = trace_entry(t, row);

	switch ((enum event_kind)e->kind) {
	case EVENT_RETURN:
	case EVENT_WIRE:
	case EVENT_COUNTERS:
		return e->link;
	case EVENT_PACKET:
		return shared_call(t, row);
	case EVENT_STATE:
		return cause_of(t, row);
	case EVENT_COMMAND:
		return e->flags & TRACE_FLAG_SILENT ? ROW_NONE : row;
	case EVENT_CALL:
	case EVENT_NOTE:
	case EVENT_PROGRAM:
	case EVENT_OUTPUT:
		break;
	}
	return row;
}

/* The next event after `row`, and the one before it, that makes a row; ROW_NONE. */
static uint32_t head_after(const struct trace *t, uint32_t row)
{
	for (uint32_t i = row + 1; i < trace_rows(t); i++) {
		if (makes_row(t, i))
			return i;
	}
	return ROW_NONE;
}

static uint32_t head_before(const struct trace *t, uint32_t row)
{
	for (uint32_t i = row; i > 0;) {
		if (makes_row(t, --i))
			return i;
	}
	return ROW_NONE;
}

static void put_state(const struct trace *t, struct ladder_row *out, uint32_t row)
{
	uint8_t host = trace_entry(t, row)->host;
	size_t slot = host < 2 ? host : out->state[0] != ROW_NONE;

	out->state[slot] = row;
}

/* Collects the changes of state that are attributed to the event of a row. */
static void put_states_of(const struct trace *t, struct ladder_row *out, uint32_t event)
{
	const struct trace_entry *e = trace_entry(t, event);

	for (uint32_t i = event + 1; i < ahead_to(t, event); i++) {
		const struct trace_entry *state = trace_entry(t, i);

		if (state->kind == EVENT_STATE && is_marked(state) && is_cause(state, e) &&
		    cause_of(t, i) == event)
			put_state(t, out, i);
	}
}

/* The packet that shares a CALL's row; ROW_NONE. */
static uint32_t packet_of_call(const struct trace *t, uint32_t call)
{
	for (uint32_t i = call + 1; i < ahead_to(t, call); i++) {
		const struct trace_entry *e = trace_entry(t, i);

		if (e->kind == EVENT_PACKET)
			return shared_call(t, i) == call ? i : ROW_NONE;
		if (e->kind != EVENT_STATE && e->kind != EVENT_WIRE && e->kind != EVENT_COUNTERS)
			return ROW_NONE;
	}
	return ROW_NONE;
}

/* What a call moved without a packet stands where its result does. */
static void put_local(const struct trace *t, struct ladder_row *out, uint32_t ret)
{
	if (trace_entry(t, ret)->flags & TRACE_FLAG_LOCAL)
		out->local = ret;
}

static void put_call(const struct trace *t, struct ladder_row *out)
{
	const struct trace_entry *e = trace_entry(t, out->head);
	bool back = e->kind == EVENT_CALL && !e->blocked && e->link != ROW_NONE;

	out->call = out->head;
	if (e->kind == EVENT_RETURN)
		put_states_of(t, out, out->head);
	else if (back)
		put_states_of(t, out, e->link);
	if (e->kind == EVENT_RETURN || back)
		put_local(t, out, back ? e->link : out->head);
	if (e->kind == EVENT_CALL)
		out->packet = packet_of_call(t, out->head);
}

static void fill(const struct trace *t, uint32_t head, struct ladder_row *out)
{
	const struct trace_entry *e = trace_entry(t, head);
	uint32_t before = head_before(t, head);

	*out = (struct ladder_row){ .head = head,
				    .call = ROW_NONE,
				    .packet = ROW_NONE,
				    .local = ROW_NONE,
				    .state = { ROW_NONE, ROW_NONE } };
	if (before != ROW_NONE) {
		int64_t gap = e->ts_ns - trace_entry(t, before)->ts_ns;

		out->gap_ns = gap >= LADDER_GAP_NS ? gap : 0;
	}
	switch ((enum event_kind)e->kind) {
	case EVENT_CALL:
	case EVENT_RETURN:
		put_call(t, out);
		break;
	case EVENT_PACKET:
	case EVENT_WIRE:
		out->packet = head;
		break;
	case EVENT_STATE:
		put_state(t, out, head);
		break;
	case EVENT_COMMAND:
	case EVENT_NOTE:
	case EVENT_PROGRAM:
	case EVENT_OUTPUT:
	case EVENT_COUNTERS:
		break;
	}
	if (out->packet != ROW_NONE)
		put_states_of(t, out, out->packet);
}

/* The head of the row that shows an event; the row before or after where nothing shows it. */
static uint32_t head_of(const struct trace *t, uint32_t row)
{
	uint32_t at = row;

	for (int hops = 0; hops < 4 && at != ROW_NONE; hops++) {
		if (makes_row(t, at))
			return at;
		at = owner_of(t, at);
	}
	at = head_before(t, row);
	return at != ROW_NONE ? at : head_after(t, row);
}

static bool give(const struct trace *t, uint32_t head, struct ladder_row *out)
{
	if (head == ROW_NONE)
		return false;
	fill(t, head, out);
	return true;
}

bool ladder_at(const struct trace *t, uint32_t trace_row, struct ladder_row *out)
{
	if (trace_row >= trace_rows(t))
		return ladder_last(t, out);
	return give(t, head_of(t, trace_row), out);
}

uint32_t ladder_head(const struct trace *t, uint32_t trace_row)
{
	return trace_row < trace_rows(t) ? head_of(t, trace_row) : ROW_NONE;
}

uint32_t ladder_state_cause(const struct trace *t, uint32_t trace_row)
{
	return cause_of(t, trace_row);
}

bool ladder_shows_state(const struct trace *t, uint32_t trace_row)
{
	return is_marked(trace_entry(t, trace_row));
}

bool ladder_first(const struct trace *t, struct ladder_row *out)
{
	if (trace_rows(t) == 0)
		return false;
	return give(t, makes_row(t, 0) ? 0 : head_after(t, 0), out);
}

bool ladder_last(const struct trace *t, struct ladder_row *out)
{
	return give(t, head_before(t, trace_rows(t)), out);
}

bool ladder_next(const struct trace *t, const struct ladder_row *from, struct ladder_row *out)
{
	return give(t, head_after(t, from->head), out);
}

bool ladder_prev(const struct trace *t, const struct ladder_row *from, struct ladder_row *out)
{
	return give(t, head_before(t, from->head), out);
}
