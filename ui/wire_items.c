/*
 * The trace is read backwards from the cursor; the first word met on a packet is the newest one, so it says
 * whether the packet is still there.  Packets that arrived at once left no word at all and are never met.
 */
#include "ui/wire_items.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"

#define SCAN_MAX (1 << 16) /* rows that are read back */
#define SEEN_MAX 512 /* packets that are told apart */

struct scan {
	uint32_t seen[SEEN_MAX]; /* packet numbers that something was said about */
	size_t seens;
};

static bool was_seen(struct scan *s, uint32_t number)
{
	for (size_t i = s->seens; i > 0;) {
		if (s->seen[--i] == number)
			return true;
	}
	if (s->seens < SEEN_MAX)
		s->seen[s->seens++] = number;
	return false;
}

/* A copy's fate says nothing about the packet; that it was made or changed is not where it is. */
static bool tells_where(const struct trace_entry *e)
{
	return e->kind == EVENT_WIRE && e->link != ROW_NONE && !(e->flags & TRACE_FLAG_COPY) &&
	       e->fate != WIRE_DUPLICATED && e->fate != WIRE_CORRUPTED && e->fate != WIRE_MARKED;
}

static bool is_there(enum wire_fate fate)
{
	return fate == WIRE_HELD || fate == WIRE_DELAYED || fate == WIRE_RELEASED ||
	       fate == WIRE_REORDERED || fate == WIRE_INJECTED;
}

#define PART_BETWEEN " · " /* in a status */

/* Copies a status, its parts apart.  False: the command says none. */
static bool take_status(const struct view *v, uint32_t row, struct wire_items *out)
{
	const struct event *ev = trace_event(v->trace, row, NULL);
	const char *from;
	struct str to = str_on(out->status, WIRE_ITEMS_STATUS);

	if (!ev || ev->kind != EVENT_COMMAND || !ev->command.status)
		return false;
	for (from = ev->command.status; *from;) {
		bool between = strncmp(from, PART_BETWEEN, strlen(PART_BETWEEN)) == 0;

		str_char(&to, between ? '\n' : *from);
		from += between ? strlen(PART_BETWEEN) : 1;
	}
	to.buf[to.len + 1] = '\0';
	for (size_t i = 0; i < to.len; i++)
		if (to.buf[i] == '\n')
			to.buf[i] = '\0';
	return true;
}

const char *wire_items_part(const struct wire_items *items, const char *part)
{
	const char *next = part ? part + strlen(part) + 1 : items->status;

	return *next ? next : NULL;
}

/* The newest status, and the packets, newest first. */
static void look_back(const struct view *v, struct wire_items *out)
{
	uint32_t now = view_now(v), stop;
	bool told = false;
	struct scan s;

	s.seens = 0;
	if (now == ROW_NONE)
		return;
	stop = now > SCAN_MAX ? now - SCAN_MAX : 0;
	for (uint32_t i = now + 1; i > stop;) {
		const struct trace_entry *e = trace_entry(v->trace, --i);

		if (e->kind == EVENT_COMMAND && !told)
			told = take_status(v, i, out);
		if (!tells_where(e) || s.seens == SEEN_MAX || was_seen(&s, e->number) ||
		    !is_there((enum wire_fate)e->fate) || out->count == WIRE_ITEMS_MAX)
			continue;
		out->item[out->count++] = (struct wire_item){ .number = e->number,
							      .fate = (enum wire_fate)e->fate,
							      .packet = e->link,
							      .wire = i };
	}
}

static int by_number(const void *a, const void *b)
{
	const struct wire_item *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* "#1 hold tcp-fin" is a rule, "20 ms" is not. */
static void find_rules(struct wire_items *out)
{
	for (const char *part = NULL; (part = wire_items_part(out, part));) {
		struct wire_item rule = { .is_rule = true };
		char *behind;

		if (*part != '#' || out->count == WIRE_ITEMS_MAX)
			continue;
		rule.number = strtoull(part + 1, &behind, 10);
		rule.text = behind + (*behind == ' ');
		out->item[out->count++] = rule;
	}
}

/* What was picked, if it is still there; else what `release` would take, or whatever is first. */
static size_t find_picked(const struct view *v, const struct wire_items *items)
{
	for (size_t i = 0; i < items->count; i++)
		if (items->item[i].number == v->wire_picked &&
		    items->item[i].is_rule == v->wire_picked_rule)
			return i;
	for (size_t i = 0; i < items->packets; i++)
		if (items->item[i].fate == WIRE_HELD)
			return i;
	return 0;
}

void wire_items_find(const struct view *v, struct wire_items *out)
{
	out->count = out->packets = out->picked = 0;
	memset(out->status, 0, 2);
	look_back(v, out);
	out->packets = out->count;
	qsort(out->item, out->packets, sizeof(out->item[0]), by_number);
	find_rules(out);
	out->picked = find_picked(v, out);
}

void wire_items_pick(struct view *v, const struct wire_items *items, size_t i)
{
	if (i >= items->count)
		return;
	v->wire_picked = items->item[i].number;
	v->wire_picked_rule = items->item[i].is_rule;
}

void wire_items_move(struct view *v, const struct wire_items *items, int by)
{
	if (by < 0 ? items->picked > 0 : items->picked + 1 < items->count)
		wire_items_pick(v, items, by < 0 ? items->picked - 1 : items->picked + 1);
	else
		wire_items_pick(v, items, items->picked);
}

/* ---- time ---- */

int64_t wire_items_clock(const struct view *v)
{
	uint32_t now = view_now(v);

	if (v->now_ns && v->follow)
		return v->now_ns;
	return now == ROW_NONE ? 0 : trace_entry(v->trace, now)->ts_ns;
}

void wire_items_seconds(struct str *out, int64_t ns)
{
	int64_t tenths = (ns > 0 ? ns : 0) / (NS_PER_S / 10);

	if (tenths < 100)
		str_addf(out, "%lld.%lld s", (long long)(tenths / 10), (long long)(tenths % 10));
	else if (tenths < 1200)
		str_addf(out, "%lld s", (long long)(tenths / 10));
	else
		str_addf(out, "%lld min", (long long)(tenths / 600));
}

/* The newest sample of the socket that sent a packet; NULL. */
static const struct event *sender_of(const struct view *v, uint32_t packet, uint32_t now)
{
	uint8_t host = trace_entry(v->trace, packet)->host;
	struct view_packet p;
	struct addr src, dst;

	if (!view_packet(v, packet, &p) || !packet_endpoints(&p.packet, &src, &dst))
		return NULL;
	for (size_t i = trace_sockets(v->trace); i-- > 0;) {
		const struct event *ev;
		uint32_t row;

		if (trace_socket(v->trace, i)->host != host)
			continue;
		row = trace_state_at(v->trace, i, now);
		ev = row == ROW_NONE ? NULL : trace_event(v->trace, row, NULL);
		if (ev && addr_equal(&ev->state.sock.local, &src) &&
		    addr_equal(&ev->state.sock.remote, &dst))
			return ev;
	}
	return NULL;
}

bool wire_items_timer(const struct view *v, const struct wire_item *item, int64_t *left_ns)
{
	const struct event *ev;
	const struct sock_sample *k;

	if (item->is_rule || item->fate != WIRE_HELD)
		return false;
	ev = sender_of(v, item->packet, view_now(v));
	if (!ev)
		return false;
	k = &ev->state.sock;
	if (k->timer != SOCK_TIMER_RETRANSMIT && k->timer != SOCK_TIMER_PROBE)
		return false;
	*left_ns = ev->ts_ns + k->timer_ms * NS_PER_MS - wire_items_clock(v);
	return true;
}

bool wire_items_nearest(const struct view *v, int64_t *left_ns)
{
	struct wire_items items;
	bool found = false;

	wire_items_find(v, &items);
	for (size_t i = 0; i < items.packets; i++) {
		int64_t left;

		if (!wire_items_timer(v, &items.item[i], &left) || (found && left >= *left_ns))
			continue;
		*left_ns = left;
		found = true;
	}
	return found;
}
