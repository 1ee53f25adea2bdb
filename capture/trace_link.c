/*
 * An event becomes a row.  Everything here works in the order of arrival, which is the order of the
 * file: so a trace that is read is the same as the one that was recorded, whatever the times say.
 *
 * Each event goes to its place at once, which is at the end or near it.  Only a file that is far out of
 * order is left as it comes from there on (trace.unsorted), and trace_sort() follows.
 */
#include "capture/trace_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_CALLS 256 /* of a lane, that may still return; a thread has one */
#define FAR	   1024 /* rows that an event of a file may come too late */
#define FAR_EACH   8 /* … and on the average */

/* ---- lanes and sockets by their keys ---- */

static bool same_lane(const struct trace *t, uint32_t number, const struct event *ev)
{
	const struct trace_lane *l = &t->lane[number].seen;

	return l->thread == ev->thread && strcmp(l->program, ev->program) == 0;
}

static uint32_t lane_tag(const struct trace *t, const struct event *ev)
{
	return hash_tag(t->seed + ev->thread, ev->program, strlen(ev->program));
}

static uint32_t find_lane(const struct trace *t, const struct event *ev)
{
	if (!ev->program[0])
		return UINT32_MAX;
	return hash_find(t, &t->lane_hash, lane_tag(t, ev), same_lane, ev);
}

/* Whether the end of a program's thread is that of a lane. */
static bool is_end_of(const struct event *ev, const struct trace_lane *l)
{
	return event_ends_thread(ev) && !strcmp(l->program, ev->program) &&
	       (l->thread == ev->thread || event_ends_program(ev));
}

/* A thread that is heard of late learns when its program ended. */
static void copy_ends(const struct trace *t, struct lane *to)
{
	for (size_t i = 0; i < t->lanes; i++) {
		const struct lane *l = &t->lane[i];

		if (strcmp(l->seen.program, to->seen.program) != 0)
			continue;
		for (size_t k = 0; k < l->end.count; k++) {
			if (index_at(&t->index, l->end.row[k])->flags & TRACE_FLAG_WHOLE)
				rows_add(&to->end, l->end.row[k]);
		}
		return;
	}
}

/* LANE_NONE only if there are too many, or memory ran out. */
static uint16_t add_lane(struct trace *t, const struct event *ev)
{
	struct lane *l;

	if (t->lanes >= LANE_NONE || !grow(&t->lane, t->lanes, &t->lanes_cap, sizeof(t->lane[0])) ||
	    hash_add(&t->lane_hash, lane_tag(t, ev), (uint32_t)t->lanes) < 0)
		return LANE_NONE;
	l = &t->lane[t->lanes];
	*l = (struct lane){ .seen = { .thread = ev->thread, .host = ev->host } };
	memcpy(l->seen.program, ev->program, sizeof(l->seen.program));
	copy_ends(t, l);
	return (uint16_t)t->lanes++;
}

static uint16_t lane_of(struct trace *t, const struct event *ev)
{
	uint32_t number = find_lane(t, ev);
	bool opens = ev->kind == EVENT_CALL || ev->kind == EVENT_PROGRAM;

	if (number != UINT32_MAX)
		return (uint16_t)number;
	return opens && ev->program[0] ? add_lane(t, ev) : LANE_NONE;
}

int32_t trace_pid(const struct trace *t, const struct event *ev)
{
	struct event first = { .thread = 0 };
	uint32_t lane;

	if (ev->kind == EVENT_PROGRAM)
		return ev->prog.pid;
	memcpy(first.program, ev->program, sizeof(first.program));
	lane = find_lane(t, &first);
	return lane == UINT32_MAX ? 0 : t->lane[lane].pid;
}

static bool same_socket(const struct trace *t, uint32_t number, const struct event *ev)
{
	return t->socket[number].cookie == ev->state.sock.cookie &&
	       t->socket[number].host == ev->host;
}

/* UINT32_MAX if memory ran out. */
static uint32_t socket_of(struct trace *t, const struct event *ev)
{
	uint64_t cookie = ev->state.sock.cookie;
	uint32_t tag = hash_tag(t->seed + ev->host, &cookie, sizeof(cookie));
	uint32_t number = hash_find(t, &t->socket_hash, tag, same_socket, ev);
	size_t cap = t->sockets_cap;

	if (number != UINT32_MAX)
		return number;
	if (!grow(&t->socket_rows, t->sockets, &cap, sizeof(t->socket_rows[0])) ||
	    !grow(&t->socket, t->sockets, &t->sockets_cap, sizeof(t->socket[0])) ||
	    hash_add(&t->socket_hash, tag, (uint32_t)t->sockets) < 0)
		return UINT32_MAX;
	t->socket_rows[t->sockets] = (struct socket_rows){ 0 };
	t->socket[t->sockets] =
		(struct trace_socket){ .host = ev->host, .cookie = cookie, .last = ROW_NONE };
	return (uint32_t)t->sockets++;
}

void trace_tables_fini(struct trace *t)
{
	for (size_t i = 0; i < t->lanes; i++) {
		free(t->lane[i].call.row);
		free(t->lane[i].open.row);
		free(t->lane[i].end.row);
	}
	for (size_t i = 0; i < t->sockets; i++)
		free(t->socket_rows[i].mark.row);
	free(t->lane);
	free(t->lane_hash.slot);
	free(t->socket);
	free(t->socket_rows);
	free(t->socket_hash.slot);
	free(t->early.row);
	free(t->counters.row);
}

/* ---- rows have moved ---- */

static void show_calls(struct lane *l)
{
	l->seen.call = l->call.row;
	l->seen.calls = l->call.count;
	l->seen.cap = l->call.cap;
}

static void shift_early(struct trace *t, uint32_t from)
{
	for (size_t i = 0; i < t->early.count; i++) {
		uint32_t *row = &t->early.row[i];
		struct trace_entry *e = index_at(&t->index, *row);

		if (*row >= from)
			++*row; /* its link went with it */
		else if (e->link >= from)
			e->link++;
	}
}

/* All rows from `from` on have moved by one; moved: kinds that were among them. */
static void shift_tables(struct trace *t, uint32_t from, uint32_t moved)
{
	for (size_t i = 0; (moved & (1u << EVENT_CALL | 1u << EVENT_PROGRAM)) && i < t->lanes;
	     i++) {
		struct lane *l = &t->lane[i];

		rows_shift(&l->call, from);
		rows_shift(&l->end, from);
		for (size_t k = 0; k < l->open.count; k++)
			l->open.row[k] += l->open.row[k] >= from;
	}
	for (size_t i = 0; (moved & 1u << EVENT_STATE) && i < t->sockets; i++) {
		rows_shift(&t->socket_rows[i].mark, from);
		if (t->socket[i].last != ROW_NONE && t->socket[i].last >= from)
			t->socket[i].last++;
	}
	shift_early(t, from);
	if (moved & 1u << EVENT_COUNTERS)
		rows_shift(&t->counters, from);
}

/* ---- what a row refers to ---- */

static int link_call(struct trace *t, uint32_t row)
{
	uint16_t lane = index_at(&t->index, row)->lane;
	struct lane *l;
	int rc;

	if (lane == LANE_NONE)
		return 0;
	l = &t->lane[lane];
	if (l->open.count >= OPEN_CALLS)
		rows_remove(&l->open, 0);
	rc = rows_push(&l->open, row) | rows_add(&l->call, row);
	show_calls(l);
	return rc;
}

/* The place in lane.open of the CALL of this number; SIZE_MAX. */
static size_t open_call(const struct trace *t, const struct lane *l, uint32_t number)
{
	for (size_t i = l->open.count; i > 0; i--) {
		if (index_at(&t->index, l->open.row[i - 1])->number == number)
			return i - 1;
	}
	return SIZE_MAX;
}

static void link_return(struct trace *t, uint32_t row)
{
	struct trace_entry *e = index_at(&t->index, row), *call;
	struct lane *l;
	size_t i;

	if (e->lane == LANE_NONE)
		return;
	l = &t->lane[e->lane];
	i = open_call(t, l, e->number);
	if (i == SIZE_MAX)
		return;
	e->link = l->open.row[i];
	rows_remove(&l->open, i);
	call = index_at(&t->index, e->link);
	call->link = row;
	call->blocked = e->blocked;
	if (!e->blocked)
		rows_remove(&l->call, rows_upto(&l->call, e->link) - 1);
	show_calls(l);
}

/* Whether a row behind this one tells of the packet itself. */
static bool later_fate(const struct trace *t, uint32_t row)
{
	uint32_t number = index_at(&t->index, row)->number;

	while (++row < t->index.rows) {
		const struct trace_entry *e = index_at(&t->index, row);

		if (e->kind == EVENT_WIRE && e->number == number && !(e->flags & TRACE_FLAG_COPY))
			return true;
	}
	return false;
}

static int link_wire(struct trace *t, uint32_t row)
{
	struct trace_entry *e = index_at(&t->index, row), *packet;
	uint32_t at = index_packet(&t->index, e->number);

	if (at == ROW_NONE)
		return 0;
	packet = index_at(&t->index, at);
	e->link = at;
	e->conn = packet->conn;
	if (packet->link == ROW_NONE || packet->link < row)
		packet->link = row;
	if (!(e->flags & TRACE_FLAG_COPY) && !later_fate(t, row))
		packet->fate = e->fate;
	return row < at ? rows_add(&t->early, row) : 0;
}

static int link_counters(struct trace *t, uint32_t row)
{
	struct trace_entry *e = index_at(&t->index, row), *packet;
	bool of_packet = e->by == BY_DEPARTURE || e->by == BY_ARRIVAL;
	uint32_t at = of_packet ? index_packet(&t->index, e->number) : ROW_NONE;

	if (at != ROW_NONE) {
		packet = index_at(&t->index, at);
		packet->counted = true;
		e->link = at;
		e->conn = packet->conn;
	}
	if (rows_add(&t->counters, row) < 0)
		return -1;
	return at != ROW_NONE && row < at ? rows_add(&t->early, row) : 0;
}

/* The STATEs of a socket are a chain from its last one back, in the order of the rows. */
void trace_socket_state(struct trace *t, uint32_t socket, uint32_t row)
{
	struct trace_socket *s = &t->socket[socket];
	struct socket_rows *marks = &t->socket_rows[socket];
	struct trace_entry *e = index_at(&t->index, row), *later;

	if (s->last == ROW_NONE || s->last < row) {
		e->link = s->last;
		s->last = row;
		if (++marks->states % SOCKET_MARK == 0)
			rows_add(&marks->mark,
				 row); /* without it, looking back just takes longer */
		return;
	}
	later = index_at(&t->index, s->last);
	while (later->link != ROW_NONE && later->link > row)
		later = index_at(&t->index, later->link);
	e->link = later->link;
	later->link = row;
}

static int link_program(struct trace *t, const struct event *ev, uint32_t row)
{
	uint16_t lane = index_at(&t->index, row)->lane;
	int rc = 0;

	if (lane == LANE_NONE)
		return 0;
	t->lane[lane].pid = ev->prog.pid;
	for (size_t i = 0; i < t->lanes; i++) {
		if (is_end_of(ev, &t->lane[i].seen))
			rc |= rows_add(&t->lane[i].end, row);
	}
	return rc;
}

static int link_row(struct trace *t, const struct event *ev, uint32_t socket, uint32_t row)
{
	switch (ev->kind) {
	case EVENT_CALL:
		return link_call(t, row);
	case EVENT_RETURN:
		link_return(t, row);
		return 0;
	case EVENT_WIRE:
		return link_wire(t, row);
	case EVENT_STATE:
		trace_socket_state(t, socket, row);
		return 0;
	case EVENT_PROGRAM:
		return link_program(t, ev, row);
	case EVENT_COUNTERS:
		return link_counters(t, row);
	case EVENT_PACKET:
	case EVENT_COMMAND:
	case EVENT_NOTE:
	case EVENT_OUTPUT:
		break;
	}
	return 0;
}

/* ---- entries ---- */

static void fill_packet(struct trace *t, const struct event *ev, struct trace_entry *e)
{
	const struct event_packet *p = &ev->packet;
	const struct trace_packet packet = {
		.ts_ns = ev->ts_ns,
		.offset = e->offset,
		.data = p->data,
		.caplen = p->caplen,
		.len = p->len,
		.link = p->iface < t->hosts ? t->host[p->iface].link : LINK_ETHERNET,
		.number = (uint32_t)p->number,
		.host = (uint8_t)e->host,
	};
	struct packet parsed;

	packet_parse(&parsed, packet.link, p->data, p->caplen, p->len);
	trace_packet_entry(t, &packet, &parsed, e);
}

static void fill_state(struct trace *t, const struct event *ev, struct trace_entry *e)
{
	const struct event_state *s = &ev->state;

	e->number = (uint32_t)s->by_number;
	e->by = s->by & 3u;
	e->state = (uint8_t)s->sock.state;
	e->state_change = s->old != s->sock.state;
	e->conn = conns_find(t->conns, s->sock.protocol, &s->sock.local, &s->sock.remote);
}

static void fill_entry(struct trace *t, const struct event *ev, struct trace_entry *e)
{
	if (ev->kind == EVENT_PACKET) {
		fill_packet(t, ev, e);
		return;
	}
	e->lane = lane_of(t, ev);
	t->frames++;
	if (t->watch && t->watch->event)
		t->watch->event(t->watch->arg, t->frames, ev, t->entry_len);
	switch (ev->kind) {
	case EVENT_PACKET:
		break;
	case EVENT_WIRE:
		e->number = (uint32_t)ev->wire.packet;
		e->fate = ev->wire.fate & 15u;
		e->flags = ev->wire.copy ? TRACE_FLAG_COPY : 0;
		break;
	case EVENT_CALL:
		e->number = (uint32_t)ev->call.number;
		break;
	case EVENT_RETURN:
		e->number = (uint32_t)ev->ret.number;
		e->blocked = ev->ret.blocked;
		e->flags = ev->ret.local.way != LOCAL_NONE ? TRACE_FLAG_LOCAL : 0;
		break;
	case EVENT_STATE:
		fill_state(t, ev, e);
		break;
	case EVENT_COMMAND:
		if (!ev->command.text || !ev->command.text[0])
			e->flags = TRACE_FLAG_SILENT;
		break;
	case EVENT_PROGRAM:
		e->flags = event_ends_program(ev) ? TRACE_FLAG_WHOLE : 0;
		break;
	case EVENT_COUNTERS:
		e->number = (uint32_t)ev->counters.by_number;
		e->by = ev->counters.by & 3u;
		break;
	case EVENT_NOTE:
	case EVENT_OUTPUT:
		break;
	}
}

/* Whether putting these many rows behind an event of a file would cost more than sorting in the end. */
static bool is_far(struct trace *t, uint32_t behind)
{
	struct load *l = t->load;

	if (!l)
		return false;
	l->moved += behind;
	return behind > FAR || l->moved > (uint64_t)FAR_EACH * t->index.rows + FAR * FAR;
}

int trace_place(struct trace *t, const struct trace_entry *entry, uint32_t *row, struct err *e)
{
	uint32_t end = t->index.rows, moved = 0;
	int rc;

	*row = end;
	if (end > 0 && !t->unsorted && entry_before(entry, index_at(&t->index, end - 1))) {
		*row = index_place(&t->index, entry);
		if (is_far(t, end - *row)) {
			t->unsorted = true;
			*row = end;
		}
	}
	rc = *row == end ? index_append(&t->index, entry)
			 : index_insert(&t->index, *row, entry, &moved);
	if (rc < 0)
		return err_errno(e, ENOMEM, NULL, "the index of the trace");
	if (moved)
		shift_tables(t, *row, moved);
	return 0;
}

int trace_index_event(struct trace *t, const struct event *ev, uint64_t id, struct err *e)
{
	struct trace_entry entry = {
		.ts_ns = ev->ts_ns,
		.offset = id & TRACE_ID_MAX,
		.kind = ev->kind,
		.host = (ev->host < HOSTS_MAX ? ev->host : TRACE_HOST_NONE) & 15u,
		.link = ROW_NONE,
		.conn = CONN_NONE,
	};
	uint32_t socket = ev->kind == EVENT_STATE ? socket_of(t, ev) : 0;
	uint32_t row;

	fill_entry(t, ev, &entry);
	t->last_ns = ev->ts_ns;
	if (t->watch && t->watch->no_rows)
		return 0;
	if (socket == UINT32_MAX)
		return err_errno(e, ENOMEM, NULL, "the index of the trace");
	if (trace_place(t, &entry, &row, e) < 0)
		return -1;
	if (link_row(t, ev, socket, row) < 0)
		return err_errno(e, ENOMEM, NULL, "the index of the trace");
	return 0;
}
