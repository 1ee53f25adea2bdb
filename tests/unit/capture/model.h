/*
 * model: what a trace must be, worked out the slow and obvious way: all events are kept, sorted from nothing
 * each time, and every row is compared.  Nothing here is shared with the trace.
 */
#ifndef SOCKLENS_TESTS_MODEL_H
#define SOCKLENS_TESTS_MODEL_H

#include "tests/unit/capture/events.h"

struct model_event {
	struct event ev;
	uint32_t conn;
	struct conn_note note;	/* of a PACKET */
	char *texts[EVENT_ARGS + 3];
	uint8_t *data;
};

struct model {
	struct model_event *event;	/* in the order of arrival */
	size_t count, cap;
	uint32_t *row;			/* of each event */
	uint32_t *at;			/* event of each row */
	struct conns *conns;
};

static inline char *model_keep(struct model_event *m, const char *text)
{
	size_t i = 0;

	while (m->texts[i])
		i++;
	m->texts[i] = text ? strdup(text) : NULL;
	return m->texts[i];
}

static inline void model_keep_texts(struct model_event *m)
{
	struct event *ev = &m->ev;

	switch (ev->kind) {
	case EVENT_PACKET:
		m->data = malloc(ev->packet.caplen + 1);
		memcpy(m->data, ev->packet.data, ev->packet.caplen);
		ev->packet.data = m->data;
		break;
	case EVENT_WIRE:
		ev->wire.by = model_keep(m, ev->wire.by);
		break;
	case EVENT_CALL:
		for (uint32_t i = 0; i < ev->call.args; i++)
			ev->call.arg[i].text = model_keep(m, ev->call.arg[i].text);
		break;
	case EVENT_RETURN:
		for (uint32_t i = 0; i < ev->ret.outs; i++)
			ev->ret.out[i].text = model_keep(m, ev->ret.out[i].text);
		break;
	case EVENT_COMMAND:
		ev->command.text = model_keep(m, ev->command.text);
		ev->command.status = model_keep(m, ev->command.status);
		break;
	case EVENT_NOTE:
		ev->note.text = model_keep(m, ev->note.text);
		break;
	case EVENT_PROGRAM:
		ev->prog.command = model_keep(m, ev->prog.command);
		break;
	case EVENT_OUTPUT:
		ev->output.text = model_keep(m, ev->output.text);
		break;
	case EVENT_COUNTERS:
		ev->counters.changes = model_keep(m, ev->counters.changes);
		break;
	case EVENT_STATE:
		break;
	}
}

/* We write the trace ourselves, as packets leave their hosts. */
static inline void model_start(struct model *m)
{
	m->conns = conns_new(NULL);
	conns_set_complete(m->conns, true);
}

/* An event that was appended: its id is set. */
static inline void model_add(struct model *m, const struct event *ev)
{
	struct model_event *e;
	struct packet p;

	if (m->count == m->cap) {
		m->cap = m->cap ? 2 * m->cap : 64;
		m->event = realloc(m->event, m->cap * sizeof(*m->event));
		m->row = realloc(m->row, m->cap * sizeof(*m->row));
		m->at = realloc(m->at, m->cap * sizeof(*m->at));
	}
	if (!m->conns)
		model_start(m);
	e = &m->event[m->count++];
	memset(e, 0, sizeof(*e));
	e->ev = *ev;
	e->conn = CONN_NONE;
	model_keep_texts(e);
	if (ev->kind == EVENT_PACKET) {
		packet_parse(&p, LINK_ETHERNET, ev->packet.data, ev->packet.caplen, ev->packet.len);
		conns_track(m->conns, &p, ev->packet.data, ev->packet.caplen, (uint32_t)m->count, ev->ts_ns,
			    &e->note);
		e->conn = e->note.conn;
	} else if (ev->kind == EVENT_STATE) {
		e->conn = conns_find(m->conns, ev->state.sock.protocol, &ev->state.sock.local,
				     &ev->state.sock.remote);
	}
}

static inline void model_free(struct model *m)
{
	for (size_t i = 0; i < m->count; i++) {
		for (size_t k = 0; k < sizeof(m->event[i].texts) / sizeof(char *); k++)
			free(m->event[i].texts[k]);
		free(m->event[i].data);
	}
	free(m->event);
	free(m->row);
	free(m->at);
	conns_free(m->conns);
	*m = (struct model){ 0 };
}

static inline int model_by_time(const void *a, const void *b, void *context)
{
	const struct model *m = context;
	const struct event *x = &m->event[*(const uint32_t *)a].ev, *y = &m->event[*(const uint32_t *)b].ev;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static inline void model_sort(struct model *m)
{
	for (uint32_t i = 0; i < m->count; i++)
		m->at[i] = i;
	qsort_r(m->at, m->count, sizeof(m->at[0]), model_by_time, m);
	for (uint32_t row = 0; row < m->count; row++)
		m->row[m->at[row]] = row;
}

static inline bool model_same_lane(const struct event *a, const struct event *b)
{
	return a->thread == b->thread && a->program[0] && strcmp(a->program, b->program) == 0;
}

/* Lanes are numbered as programs and threads first appear in a CALL or a PROGRAM event. */
static inline size_t model_lanes(const struct model *m, size_t upto, uint32_t *first)
{
	size_t lanes = 0;

	for (size_t i = 0; i < upto; i++) {
		const struct event *ev = &m->event[i].ev;
		size_t k = 0;

		if ((ev->kind != EVENT_CALL && ev->kind != EVENT_PROGRAM) || !ev->program[0])
			continue;
		while (k < lanes && !model_same_lane(&m->event[first[k]].ev, ev))
			k++;
		if (k == lanes)
			first[lanes++] = (uint32_t)i;
	}
	return lanes;
}

static inline uint16_t model_lane(const struct model *m, size_t i)
{
	uint32_t first[64];
	size_t lanes = model_lanes(m, i + 1, first);

	for (size_t k = 0; k < lanes; k++) {
		if (model_same_lane(&m->event[first[k]].ev, &m->event[i].ev))
			return (uint16_t)k;
	}
	return LANE_NONE;
}

/* Position of the CALL of a RETURN or of the RETURN of a CALL; -1. */
static inline long model_pair(const struct model *m, size_t i)
{
	const struct event *ev = &m->event[i].ev;
	bool is_call = ev->kind == EVENT_CALL;
	uint64_t number = is_call ? ev->call.number : ev->ret.number;

	for (size_t k = is_call ? i + 1 : 0; k < (is_call ? m->count : i); k++) {
		const struct event *other = &m->event[k].ev;

		if (is_call && other->kind == EVENT_RETURN && other->ret.number == number &&
		    model_same_lane(other, ev))
			return (long)k;
		if (!is_call && other->kind == EVENT_CALL && other->call.number == number &&
		    model_same_lane(other, ev))
			return (long)k;
	}
	return -1;
}

/* Number of the packet that a WIRE or COUNTERS is about; 0. */
static inline uint64_t model_about(const struct event *ev)
{
	bool of_packet = ev->counters.by == BY_DEPARTURE || ev->counters.by == BY_ARRIVAL;

	if (ev->kind == EVENT_WIRE)
		return ev->wire.packet;
	return ev->kind == EVENT_COUNTERS && of_packet ? ev->counters.by_number : 0;
}

static inline long model_packet(const struct model *m, size_t i)
{
	for (size_t k = i; k-- > 0;) {
		const struct event *ev = &m->event[k].ev;

		if (ev->kind == EVENT_PACKET && ev->packet.number == model_about(&m->event[i].ev))
			return (long)k;
	}
	return -1;
}

static inline struct trace_entry model_packet_entry(const struct model *m, size_t i, struct trace_entry e)
{
	const struct event *ev = &m->event[i].ev;

	e.number = (uint32_t)ev->packet.number;
	e.conn = m->event[i].conn;
	e.verdict = m->event[i].note.verdict.bits;
	e.dir = m->event[i].note.dir & 1u;
	e.moved = m->event[i].note.moved & 3u;
	e.state_0 = infer_code(m->event[i].note.state[0]) & 63u;
	e.state_1 = infer_code(m->event[i].note.state[1]) & 63u;
	e.fate = WIRE_DELIVERED;
	for (size_t k = i + 1; k < m->count; k++)
		e.counted |= m->event[k].ev.kind == EVENT_COUNTERS &&
			     model_about(&m->event[k].ev) == ev->packet.number;
	for (uint32_t row = 0; row < m->count; row++) {
		const struct event *w = &m->event[m->at[row]].ev;

		if (w->kind != EVENT_WIRE || m->at[row] < i || w->wire.packet != ev->packet.number)
			continue;
		e.link = row;
		if (w->wire.copy == 0)
			e.fate = w->wire.fate & 15u;
	}
	return e;
}

static inline struct trace_entry model_state_entry(const struct model *m, size_t i, struct trace_entry e)
{
	const struct event *ev = &m->event[i].ev;

	e.by = ev->state.by & 3u;
	e.number = (uint32_t)ev->state.by_number;
	e.state = (uint8_t)ev->state.sock.state;
	e.state_change = ev->state.old != ev->state.sock.state;
	e.conn = m->event[i].conn;
	for (uint32_t row = 0; row < m->row[i]; row++) {
		const struct event *other = &m->event[m->at[row]].ev;

		if (other->kind == EVENT_STATE && other->host == ev->host &&
		    other->state.sock.cookie == ev->state.sock.cookie)
			e.link = row;
	}
	return e;
}

static inline struct trace_entry model_entry(const struct model *m, size_t i)
{
	const struct event *ev = &m->event[i].ev;
	struct trace_entry e = {
		.ts_ns = ev->ts_ns,
		.offset = ev->id & ((UINT64_C(1) << 48) - 1),
		.kind = ev->kind,
		.host = (ev->host == HOST_NONE ? TRACE_HOST_NONE : ev->host) & 15u,
		.link = ROW_NONE,
		.conn = CONN_NONE,
		.lane = model_lane(m, i),
	};
	long other;

	switch (ev->kind) {
	case EVENT_PACKET:
		return model_packet_entry(m, i, e);
	case EVENT_STATE:
		return model_state_entry(m, i, e);
	case EVENT_WIRE:
		other = model_packet(m, i);
		e.number = (uint32_t)ev->wire.packet;
		e.fate = ev->wire.fate & 15u;
		e.flags = ev->wire.copy ? TRACE_FLAG_COPY : 0;
		e.link = other < 0 ? ROW_NONE : m->row[other];
		e.conn = other < 0 ? CONN_NONE : m->event[other].conn;
		return e;
	case EVENT_CALL:
		other = model_pair(m, i);
		e.number = (uint32_t)ev->call.number;
		e.link = other < 0 ? ROW_NONE : m->row[other];
		e.blocked = other >= 0 && m->event[other].ev.ret.blocked;
		return e;
	case EVENT_RETURN:
		other = model_pair(m, i);
		e.number = (uint32_t)ev->ret.number;
		e.link = other < 0 ? ROW_NONE : m->row[other];
		e.blocked = ev->ret.blocked;
		return e;
	case EVENT_COUNTERS:
		other = model_packet(m, i);
		e.by = ev->counters.by & 3u;
		e.number = (uint32_t)ev->counters.by_number;
		e.link = other < 0 ? ROW_NONE : m->row[other];
		e.conn = other < 0 ? CONN_NONE : m->event[other].conn;
		return e;
	case EVENT_COMMAND:
		e.flags = ev->command.text && ev->command.text[0] ? 0 : TRACE_FLAG_SILENT;
		break;
	case EVENT_PROGRAM:
		e.flags = event_ends_program(ev) ? TRACE_FLAG_WHOLE : 0;
		break;
	case EVENT_NOTE:
	case EVENT_OUTPUT:
		break;
	}
	return e;
}

/* The CALL in which a lane is blocked at a row. */
static inline uint32_t model_blocked(const struct model *m, uint16_t lane, uint32_t row)
{
	uint32_t call = ROW_NONE;

	for (uint32_t r = 0; r <= row && r < m->count; r++) {
		size_t i = m->at[r];
		const struct event *ev = &m->event[i].ev;
		long back;

		if (event_ends_thread(ev) && call != ROW_NONE &&
		    (event_ends_program(ev) || ev->thread == m->event[m->at[call]].ev.thread) &&
		    strcmp(ev->program, m->event[m->at[call]].ev.program) == 0)
			call = ROW_NONE;
		if (ev->kind != EVENT_CALL || model_lane(m, i) != lane)
			continue;
		back = model_pair(m, i);
		if (back < 0 || m->event[back].ev.ret.blocked)
			call = r;
	}
	if (call != ROW_NONE) {
		long back = model_pair(m, m->at[call]);

		if (back >= 0 && m->row[back] <= row)
			call = ROW_NONE;
	}
	return call;
}

static inline uint32_t model_state(const struct model *m, uint8_t host, uint64_t cookie, uint32_t row)
{
	uint32_t found = ROW_NONE;

	for (uint32_t r = 0; r <= row && r < m->count; r++) {
		const struct event *ev = &m->event[m->at[r]].ev;

		if (ev->kind == EVENT_STATE && ev->host == host && ev->state.sock.cookie == cookie)
			found = r;
	}
	return found;
}

#endif
