#include "src/select.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "capture/trace_walk.h"
#include "src/conn_calls.h"
#include "src/filter.h"

static int numbers_read(struct select_numbers *n, const char *option, const char *text,
			struct err *e)
{
	const char *hint = "numbers with commas between, for example 3,5,8";

	for (const char *at = text; at;) {
		unsigned long long value;
		char *end;

		errno = 0;
		value = strtoull(at, &end, 10);
		if (!isdigit((unsigned char)*at) || errno || value >= CONN_NONE ||
		    (*end && *end != ','))
			return err_set(e, hint, "%s takes numbers of connections", option);
		if (n->count == SELECT_MAX)
			return err_set(e, NULL, "%s takes at most %d numbers", option, SELECT_MAX);
		n->number[n->count++] = (uint32_t)value;
		at = *end ? end + 1 : NULL;
	}
	return 0;
}

int select_init(struct select *s, const char *conns, const char *streams, const char *filter,
		struct err *e)
{
	*s = (struct select){ .filter = NULL };
	if (numbers_read(&s->conn, "--conn", conns, e) ||
	    numbers_read(&s->stream, "--stream", streams, e))
		return -1;
	if (filter && !(s->filter = filter_new(filter, LINK_ETHERNET, e)))
		return -1;
	return 0;
}

void select_fini(struct select *s)
{
	filter_free(s->filter);
	conn_calls_free(s->calls);
	free(s->left_out);
}

static bool any_conn(const struct select *s)
{
	return !s->conn.count && !s->stream.count;
}

bool select_is_all(const struct select *s)
{
	return any_conn(s) && !s->filter;
}

static bool lists(const struct select_numbers *n, uint32_t number)
{
	for (size_t i = 0; number != CONN_NONE && i < n->count; i++)
		if (n->number[i] == number)
			return true;
	return false;
}

bool select_packet(const struct select *s, const struct trace_packet *p,
		   const struct conn_note *note)
{
	uint32_t stream = note->stream_protocol == IPPROTO_TCP ? note->stream : CONN_NONE;

	if (!any_conn(s) && !lists(&s->conn, note->conn) && !lists(&s->stream, stream))
		return false;
	return !s->filter || filter_match(s->filter, p->link, p->data, p->caplen, p->len);
}

static bool conn_is_wanted(const struct select *s, const struct trace *t, uint32_t conn)
{
	const struct conn *c;

	if (any_conn(s) || lists(&s->conn, conn))
		return true;
	c = conn == CONN_NONE ? NULL : conns_get(trace_conns(t), conn);
	return c && c->protocol == IPPROTO_TCP && lists(&s->stream, c->stream);
}

static bool matches(const struct select *s, const struct trace *t, const struct event *ev)
{
	const struct trace_host *host;

	if (!ev || ev->kind != EVENT_PACKET)
		return false;
	host = trace_host(t, ev->packet.iface);
	return filter_match(s->filter, host ? host->link : LINK_ETHERNET, ev->packet.data,
			    ev->packet.caplen, ev->packet.len);
}

/* ---- calls and states ---- */

/* Counts the packets of each connection that the filter does not take. */
static int count_left_out(struct select *s, struct trace *t, struct err *e)
{
	struct trace_walk *walk = trace_walk_new(t, e);

	s->conns = conns_count(trace_conns(t));
	s->left_out = calloc(s->conns + 1, sizeof(*s->left_out));
	if (walk && !s->left_out)
		err_errno(e, errno, NULL, "looking for what a filter takes");
	for (uint32_t row = 0; walk && s->left_out && row < trace_rows(t); row++) {
		const struct trace_entry *entry = trace_entry(t, row);

		if (entry->kind == EVENT_PACKET && entry->conn < s->conns &&
		    !matches(s, t, trace_walk_event(walk, row, NULL)))
			s->left_out[entry->conn]++;
	}
	trace_walk_free(walk);
	return walk && s->left_out ? 0 : -1;
}

int select_look(struct select *s, struct trace *t, struct err *e)
{
	if (select_is_all(s) || trace_lanes(t) + trace_sockets(t) == 0)
		return 0;
	if (s->filter && count_left_out(s, t, e))
		return -1;
	s->calls = conn_calls_new(t, e);
	if (!s->calls)
		return -1;
	conn_calls_work(s->calls, 0);
	return 0;
}

struct asked {
	const struct select *s;
	const struct trace *t;
};

static bool conn_is_whole(const void *arg, uint32_t conn)
{
	const struct asked *a = arg;

	if (conn == CONN_NONE || !conn_is_wanted(a->s, a->t, conn))
		return false;
	return !a->s->filter || (a->s->left_out && conn < a->s->conns && a->s->left_out[conn] == 0);
}

/* ---- rows ---- */

bool select_row(const struct select *s, struct trace *t, uint32_t row)
{
	const struct trace_entry *entry = trace_entry(t, row);
	const struct asked asked = { s, t };

	if (select_is_all(s))
		return true;
	switch ((enum event_kind)entry->kind) {
	case EVENT_PACKET:
	case EVENT_WIRE:
		if (!conn_is_wanted(s, t, entry->conn))
			return false;
		if (entry->kind == EVENT_WIRE && entry->link != ROW_NONE)
			row = entry->link;
		return !s->filter || matches(s, t, trace_event(t, row, NULL));
	case EVENT_STATE:
		if (conn_is_whole(&asked, entry->conn))
			return true;
		return s->calls && conn_calls_any(s->calls, row, conn_is_whole, &asked);
	case EVENT_CALL:
	case EVENT_RETURN:
		return s->calls && conn_calls_any(s->calls, row, conn_is_whole, &asked);
	case EVENT_COUNTERS:
		return entry->link != ROW_NONE && select_row(s, t, entry->link);
	case EVENT_COMMAND:
	case EVENT_NOTE:
	case EVENT_PROGRAM:
	case EVENT_OUTPUT:
		return false;
	}
	return false;
}
