/*
 * One pass over CALLs, RETURNs, STATEs and PROGRAMs.  It keeps what is known of each socket, which socket each
 * descriptor of each program is now, and for each CALL, RETURN and change of state its socket (several for
 * poll()).  What belongs to a connection is decided when it is asked for: only later events tell where a socket's
 * first calls belong.
 *
 * While a trace grows, an event can come late, among rows that were passed.  Its identity is higher than that of
 * all that were there then: so the rows near the end are looked at again for such ones.
 */
#include "src/conn_calls.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "src/conn_calls_impl.h"
#include "src/core/clock.h"

#define BACK   1024 /* rows by which an event comes late at most */
#define STRIDE 64 /* rows between two looks at the clock */

/* ---- lists ---- */

/* A new last item, zero; NULL: memory ran out. */
void *conn_calls_list_add(struct conn_calls *c, struct list *l, size_t size)
{
	if (l->count == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		void *item = l->count < CALLS_NONE - 1 ? realloc(l->item, cap * size) : NULL;

		c->full |= !item;
		if (!item)
			return NULL;
		l->item = item;
		l->cap = cap;
	}
	return memset((char *)l->item + l->count++ * size, 0, size);
}

/* ---- notes by identity ---- */

static size_t slot_of(const struct conn_calls *c, uint64_t id)
{
	size_t at = (id * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (c->slots - 1);

	while (c->slot[at] && note_at(c, c->slot[at] - 1)->id != id)
		at = (at + 1) & (c->slots - 1);
	return at;
}

static bool slots_fit(struct conn_calls *c)
{
	size_t slots = c->slots ? c->slots * 2 : 256;
	uint32_t *slot;

	if (c->notes.count + 1 < c->slots / 4 * 3)
		return true;
	slot = calloc(slots, sizeof(*slot));
	c->full |= !slot;
	if (!slot)
		return false;
	free(c->slot);
	c->slot = slot;
	c->slots = slots;
	for (size_t i = c->notes.count; i > 0; i--)
		slot[slot_of(c, note_at(c, i - 1)->id)] = (uint32_t)i;
	return true;
}

/* The first note of an event; SIZE_MAX. */
size_t conn_calls_find(const struct conn_calls *c, uint64_t id)
{
	size_t at = c->slots ? slot_of(c, id) : 0;

	return c->slots && c->slot[at] ? c->slot[at] - 1 : SIZE_MAX;
}

void conn_calls_note(struct conn_calls *c, uint64_t id, uint32_t sock, uint32_t peer)
{
	struct note *n = slots_fit(c) ? conn_calls_list_add(c, &c->notes, sizeof(*n)) : NULL;
	size_t at;

	if (!n)
		return;
	*n = (struct note){ .id = id, .sock = sock, .peer = peer };
	at = slot_of(c, id);
	if (!c->slot[at])
		c->slot[at] = (uint32_t)c->notes.count;
}

/* ---- addresses ---- */

struct end conn_calls_end(const struct addr *a)
{
	struct end e = { .port = addr_port(a), .ip = { [10] = 0xff, [11] = 0xff } };

	if (addr_family(a) == AF_INET) {
		memcpy(e.ip + 12, &a->u.in.sin_addr, 4);
		e.known = true;
	} else if (addr_family(a) == AF_INET6) {
		memcpy(e.ip, &a->u.in6.sin6_addr, 16);
		e.known = true;
	}
	return e;
}

/* "Any" of IPv6 takes IPv4 as well. */
static bool is_any_of(const struct end *any, const struct end *e)
{
	static const uint8_t zero[16], four[16] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(any->ip, zero, 16) ||
	       (!memcmp(any->ip, four, 16) && !memcmp(e->ip, four, 12));
}

static bool is_of_host(const struct trace_host *h, const struct end *e)
{
	struct addr four = addr_v4(h->ip4, 0), six = addr_v6(h->ip6, 0);
	const struct end own[2] = { conn_calls_end(&four), conn_calls_end(&six) };

	return (h->has_ip4 && !memcmp(own[0].ip, e->ip, 16)) ||
	       (h->has_ip6 && !memcmp(own[1].ip, e->ip, 16));
}

/* Whether an end of a connection is at a socket's own address. */
static bool covers(const struct conn_calls *c, const struct sock *s, const struct end *e)
{
	if (s->local.port != e->port)
		return false;
	if (!memcmp(s->local.ip, e->ip, 16))
		return true;
	if (!is_any_of(&s->local, e))
		return false;
	for (size_t i = 0; i < trace_hosts(c->t); i++)
		if (i != s->host && is_of_host(trace_host(c->t, i), e))
			return false;
	return true;
}

/* ---- the pass ---- */

static void look_at(struct conn_calls *c, uint32_t row)
{
	const struct trace_entry *entry = trace_entry(c->t, row);
	const struct event *ev;

	if (entry->offset > c->highest)
		c->highest = entry->offset;
	if (c->full || entry->kind == EVENT_PACKET || entry->kind == EVENT_WIRE)
		return;
	ev = trace_walk_event(c->walk, row, NULL);
	if (!ev)
		return;
	switch (ev->kind) {
	case EVENT_CALL:
		conn_calls_on_call(c, ev);
		return;
	case EVENT_RETURN:
		conn_calls_on_return(c, ev, row);
		return;
	case EVENT_STATE:
		conn_calls_on_state(c, ev, row);
		return;
	case EVENT_PROGRAM:
		conn_calls_on_program(c, ev);
		return;
	case EVENT_PACKET:
	case EVENT_WIRE:
	case EVENT_COMMAND:
	case EVENT_NOTE:
	case EVENT_OUTPUT:
	case EVENT_COUNTERS:
		return;
	}
}

static void forget(struct conn_calls *c)
{
	for (size_t i = 0; i < c->programs.count; i++)
		free(((struct program *)c->programs.item)[i].sock);
	free(c->programs.item);
	free(c->socks.item);
	free(c->notes.item);
	free(c->peers.item);
	free(c->slot);
	c->programs = c->socks = c->notes = c->peers = (struct list){ 0 };
	c->slot = NULL;
	c->slots = 0;
	c->done = 0;
	c->done_id = c->highest = 0;
	c->full = false;
	c->version++;
}

static bool has_moved(const struct conn_calls *c)
{
	return c->done &&
	       (c->done > trace_rows(c->t) || trace_entry(c->t, c->done - 1)->offset != c->done_id);
}

/* Looks at what came late; a file that was out of order is brought into order in the end, and all begins anew. */
static void catch_up(struct conn_calls *c)
{
	uint32_t row = has_moved(c) ? trace_row_of(c->t, c->done_id) : ROW_NONE;
	bool loading = trace_is_loading(c->t);
	uint64_t highest = c->highest;

	if (c->loading && !loading)
		forget(c);
	else if (row != ROW_NONE) {
		for (uint32_t i = row > BACK ? row - BACK : 0; i < row; i++)
			if (trace_entry(c->t, i)->offset > highest)
				look_at(c, i);
		c->done = row + 1;
	}
	c->loading = loading;
}

bool conn_calls_work(struct conn_calls *c, int64_t budget_ns)
{
	int64_t until = clock_monotonic_ns() + budget_ns;
	uint32_t before;

	if (trace_lanes(c->t) == 0)
		return false;
	catch_up(c);
	before = c->done;
	while (c->done < trace_rows(c->t)) {
		look_at(c, c->done++);
		if (budget_ns && c->done % STRIDE == 0 && clock_monotonic_ns() >= until)
			break;
	}
	if (c->done)
		c->done_id = trace_entry(c->t, c->done - 1)->offset;
	return c->done != before;
}

bool conn_calls_busy(const struct conn_calls *c)
{
	return trace_lanes(c->t) > 0 && (c->done < trace_rows(c->t) || has_moved(c));
}

/* ---- what belongs where ---- */

static bool is_end(const struct conn_calls *c, const struct note *n, const struct conn *of, int end)
{
	const struct sock *s = sock_at(c, n->sock);
	const struct end own = conn_calls_end(&of->end[end]),
			 other = conn_calls_end(&of->end[!end]);
	const struct end *peer = peer_at(c, n->peer);

	if (s->local.known && !covers(c, s, &own))
		return false;
	if (s->listens)
		return s->local.known && of->protocol == IPPROTO_TCP;
	if (peer)
		return same_end(peer, &other);
	if (!s->remote.known)
		return s->local.known && of->protocol != IPPROTO_TCP;
	return same_end(&s->remote, &other) &&
	       (s->local.known ||
		(of->first_ns >= s->connect_ns[0] && of->first_ns <= s->connect_ns[1]));
}

static bool is_of(const struct conn_calls *c, const struct note *n, const struct conn *of,
		  uint32_t number)
{
	const struct sock *s = sock_at(c, n->sock);

	if (!s || !of || (s->protocol && s->protocol != of->protocol))
		return false;
	if (s->conn != CONN_NONE && !s->listens)
		return s->conn == number;
	if (of->first_ns > s->to_ns || of->last_ns < s->from_ns)
		return false;
	return is_end(c, n, of, 0) || is_end(c, n, of, 1);
}

static bool nth_is_of(const struct conn_calls *c, size_t i, uint32_t conn)
{
	return is_of(c, note_at(c, i), conns_get(trace_conns(c->t), conn), conn);
}

bool conn_calls_nth_has(const struct conn_calls *c, size_t i, uint32_t conn)
{
	return i < c->notes.count && nth_is_of(c, i, conn);
}

bool conn_calls_has(const struct conn_calls *c, uint32_t row, uint32_t conn)
{
	uint64_t id = trace_entry(c->t, row)->offset;

	for (size_t i = conn_calls_find(c, id); i < c->notes.count && note_at(c, i)->id == id; i++)
		if (nth_is_of(c, i, conn))
			return true;
	return false;
}

static bool nth_any(const struct conn_calls *c, size_t i,
		    bool (*wanted)(const void *arg, uint32_t conn), const void *arg)
{
	const struct sock *s = sock_at(c, note_at(c, i)->sock);

	if (!s)
		return false;
	if (s->conn != CONN_NONE && !s->listens)
		return wanted(arg, s->conn);
	for (uint32_t conn = 0; conn < conns_count(trace_conns(c->t)); conn++)
		if (wanted(arg, conn) && nth_is_of(c, i, conn))
			return true;
	return false;
}

bool conn_calls_any(const struct conn_calls *c, uint32_t row,
		    bool (*wanted)(const void *arg, uint32_t conn), const void *arg)
{
	uint64_t id = trace_entry(c->t, row)->offset;

	for (size_t i = conn_calls_find(c, id); i < c->notes.count && note_at(c, i)->id == id; i++)
		if (nth_any(c, i, wanted, arg))
			return true;
	return false;
}

size_t conn_calls_count(const struct conn_calls *c)
{
	return c->notes.count;
}

uint64_t conn_calls_id(const struct conn_calls *c, size_t i)
{
	return i < c->notes.count ? note_at(c, i)->id : 0;
}

uint64_t conn_calls_version(const struct conn_calls *c)
{
	return c->version;
}

/* ---- beginning and end ---- */

struct conn_calls *conn_calls_new(struct trace *t, struct err *e)
{
	struct conn_calls *c = calloc(1, sizeof(*c));

	if (!c) {
		err_errno(e, errno, NULL, "finding out which calls belong to a connection");
		return NULL;
	}
	c->t = t;
	c->loading = trace_is_loading(t);
	c->walk = trace_walk_new(t, e);
	if (c->walk)
		return c;
	free(c);
	return NULL;
}

void conn_calls_free(struct conn_calls *c)
{
	if (!c)
		return;
	forget(c);
	trace_walk_free(c->walk);
	free(c);
}
