/*
 * Causes are found by looking back from an event, each kind in its own way; effects by looking on from it, and asking
 * each event that may be one for its causes.  So both always agree, and a way there is also the way back.
 */
#include "src/links.h"

#include <signal.h>
#include <string.h>

#include "src/ladder.h"
#include "src/links_impl.h"

/* ---- small questions ---- */

enum call_role call_role(const char *name)
{
	static const struct {
		enum call_role role;
		const char *names;
	} roles[] = {
		{ ROLE_OPEN, " connect " },
		{ ROLE_ACCEPT, " accept accept4 " },
		{ ROLE_SEND, " send sendto sendmsg sendmmsg write writev sendfile splice " },
		{ ROLE_RECEIVE, " recv recvfrom recvmsg recvmmsg read readv " },
		{ ROLE_WAIT, " poll ppoll select pselect6 epoll_wait epoll_pwait epoll_pwait2 " },
		{ ROLE_CLOSE, " close shutdown " },
	};
	STR_ON_STACK(word, 32);

	str_addf(&word, " %s ", name ? name : "");
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strstr(roles[i].names, word.buf))
			return roles[i].role;
	return ROLE_OTHER;
}

uint32_t links_event(const struct trace *t, uint32_t row)
{
	const struct trace_entry *e = row < trace_rows(t) ? trace_entry(t, row) : NULL;

	if (e && e->kind == EVENT_RETURN && !e->blocked && e->link != ROW_NONE)
		return e->link;
	return row;
}

bool links_packet(struct trace *t, uint32_t row, struct packet *p)
{
	const struct event *ev = row == ROW_NONE ? NULL : trace_event(t, row, NULL);
	const struct trace_host *h;

	if (!ev || ev->kind != EVENT_PACKET)
		return false;
	h = trace_host(t, ev->packet.iface);
	packet_parse(p, h ? h->link : LINK_ETHERNET, ev->packet.data, ev->packet.caplen,
		     ev->packet.len);
	return true;
}

void links_add(const struct trace *t, struct links *out, uint32_t row)
{
	row = row == ROW_NONE ? row : links_event(t, row);
	for (size_t i = 0; i < out->causes; i++)
		if (out->cause[i] == row)
			return;
	if (row != ROW_NONE && out->causes < LINKS_CAUSES)
		out->cause[out->causes++] = row;
}

uint32_t links_arrival(const struct trace *t, uint32_t packet, uint32_t before)
{
	const struct trace_entry *e = trace_entry(t, packet);
	uint32_t last = e->link, at = packet;

	if (e->fate == WIRE_DROPPED || e->fate == WIRE_FAILED)
		return ROW_NONE;
	if (last != ROW_NONE && last > packet) {
		const struct trace_entry *wire = trace_entry(t, last);

		/* The last word on it may be that of a copy. */
		if (wire->fate == WIRE_DELIVERED && wire->kind == EVENT_WIRE)
			at = last;
		else if (e->fate == WIRE_HELD || e->fate == WIRE_DELAYED ||
			 e->fate == WIRE_RELEASED || e->fate == WIRE_REORDERED)
			return ROW_NONE;
	}
	return at < before ? at : ROW_NONE;
}

uint32_t links_state_of_arrival(const struct trace *t, uint32_t packet, uint8_t host)
{
	uint32_t number = trace_entry(t, packet)->number,
		 from = links_arrival(t, packet, trace_rows(t));

	for (uint32_t i = from; from != ROW_NONE && i < trace_rows(t) && i - from < LINKS_NEAR;
	     i++) {
		const struct trace_entry *e = trace_entry(t, i);

		if (e->kind == EVENT_STATE && e->by == BY_ARRIVAL && e->number == number &&
		    e->host == host && ladder_shows_state(t, i))
			return i;
	}
	return ROW_NONE;
}

static bool begins_with_one(const char *text, const char *const *words)
{
	for (; text && *words; words++)
		if (!strncmp(text, *words, strlen(*words)))
			return true;
	return false;
}

uint32_t links_command(struct trace *t, uint32_t row, uint32_t rows, const char *const *words)
{
	for (uint32_t i = row; i > 0 && row - i < rows;) {
		const struct event *ev;

		if (trace_entry(t, --i)->kind != EVENT_COMMAND)
			continue;
		ev = trace_event(t, i, NULL);
		if (ev && begins_with_one(ev->command.text, words))
			return i;
	}
	return ROW_NONE;
}

uint32_t links_last_arrived(struct trace *t, uint32_t row, uint32_t conn, int dir,
			    links_wanted_fn *wanted, const void *arg)
{
	int left = LINKS_READ;

	for (uint32_t i = row; i > 0 && row - i < LINKS_FAR && left > 0;) {
		const struct trace_entry *e = trace_entry(t, --i);
		struct packet p;

		if (e->kind != EVENT_PACKET || e->conn != conn || e->dir == dir ||
		    links_arrival(t, i, row) == ROW_NONE)
			continue;
		left--;
		if (links_packet(t, i, &p) && (!wanted || wanted(e, &p, arg)))
			return i;
	}
	return ROW_NONE;
}

/* ---- the wire ---- */

/* What happened to a packet (or to the same copy of it) before; its PACKET if nothing did. */
static uint32_t wire_before(const struct trace *t, uint32_t row)
{
	const struct trace_entry *e = trace_entry(t, row);

	for (uint32_t i = row; i > 0 && row - i < LINKS_FAR;) {
		const struct trace_entry *o = trace_entry(t, --i);

		if (i == e->link)
			break;
		if (o->kind == EVENT_WIRE && o->number == e->number &&
		    (o->flags & TRACE_FLAG_COPY) <= (e->flags & TRACE_FLAG_COPY))
			return i;
	}
	return e->link;
}

/* The COMMAND since which the wire's status has "#2 ". */
static uint32_t command_of_rule(struct trace *t, uint32_t row, const char *by)
{
	size_t digits = strspn(by + 5, "0123456789");
	uint32_t found = ROW_NONE;
	STR_ON_STACK(rule, 24);

	str_char(&rule, '#');
	str_addn(&rule, by + 5, digits);
	str_char(&rule, ' ');
	for (uint32_t i = row; i > 0 && row - i < LINKS_FAR;) {
		const struct event *ev;

		if (trace_entry(t, --i)->kind != EVENT_COMMAND)
			continue;
		ev = trace_event(t, i, NULL);
		if (!ev || !ev->command.status)
			continue;
		if (!strstr(ev->command.status, rule.buf))
			return found;
		found = i;
	}
	return found;
}

#define WORDS 5

/* Commands by which a hand does what became of a packet; NULL ends them. */
static const char *const hands[WIRE_FATES][WORDS] = {
	[WIRE_DELAYED] = { "delay", "rate" },
	[WIRE_RELEASED] = { "release", "hold off", "send", "edit" },
	[WIRE_DROPPED] = { "drop" },
	[WIRE_DUPLICATED] = { "dup" },
	[WIRE_CORRUPTED] = { "corrupt" },
	[WIRE_REORDERED] = { "reorder" },
	[WIRE_MARKED] = { "mark" },
	[WIRE_INJECTED] = { "inject", "release" },
	[WIRE_EDITED] = { "release" },
	[WIRE_FRAGMENTED] = { "mtu" },
};

/* What the wire does by itself, and since which command: its own words for it are the command's. */
static const char *const natures[][WORDS] = {
	{ "cut" }, { "mtu" }, { "delay" }, { "rate" }, { "full", "rate" },
};

/* The COMMAND that made the wire do so: by hand, by a rule, or by what the wire was told to be. */
static uint32_t command_of(struct trace *t, uint32_t row, const struct event_wire *w)
{
	const char *by = w->by ? w->by : "";

	if (!strncmp(by, "rule ", 5))
		return command_of_rule(t, row, by);
	if (!strncmp(by, "hand", 4) || !*by)
		return links_command(t, row, *by ? LINKS_NEAR : LINKS_FAR, hands[w->fate]);
	for (size_t i = 0; i < sizeof(natures) / sizeof(natures[0]); i++)
		if (!strncmp(by, natures[i][0], strlen(natures[i][0])))
			return links_command(t, row, LINKS_FAR, natures[i]);
	return ROW_NONE;
}

/* What somebody commanded comes of the command first, all else of the packet's way so far. */
static void of_wire(struct trace *t, uint32_t row, struct links *out)
{
	const struct event *ev = trace_event(t, row, NULL);
	bool lost;

	if (!ev || (unsigned)ev->wire.fate >= WIRE_FATES)
		return;
	lost = ev->wire.fate == WIRE_DROPPED || ev->wire.fate == WIRE_RELEASED ||
	       ev->wire.fate == WIRE_INJECTED;
	if (!lost)
		links_add(t, out, wire_before(t, row));
	if (ev->wire.fate != WIRE_DELIVERED)
		links_add(t, out, command_of(t, row, &ev->wire));
	links_add(t, out, wire_before(t, row));
}

/* ---- states ---- */

/* The state before that was another one; ROW_NONE. */
static uint32_t change_before(const struct trace *t, uint32_t row)
{
	int left = LINKS_FAR;

	do
		row = trace_entry(t, row)->link;
	while (row != ROW_NONE && !ladder_shows_state(t, row) && left-- > 0);
	return row;
}

static bool is_sent_again(const struct trace_entry *e)
{
	return e->verdict &
	       (VERDICT_RETRANSMISSION | VERDICT_KEEP_ALIVE | VERDICT_ZERO_WINDOW_PROBE);
}

/* Time took a connection away: nobody answered what was sent last, however often. */
static uint32_t last_try(const struct trace *t, uint32_t row)
{
	const struct trace_entry *s = trace_entry(t, row);
	uint32_t conn = s->conn;

	if (conn == CONN_NONE && s->link != ROW_NONE)
		conn = trace_entry(t, s->link)->conn;
	for (uint32_t i = row; i > 0 && row - i < LINKS_FAR;) {
		const struct trace_entry *e = trace_entry(t, --i);

		if (e->kind == EVENT_PACKET && e->host == s->host && e->conn == conn)
			return is_sent_again(e) ? i : ROW_NONE;
	}
	return ROW_NONE;
}

static uint32_t program_end(const struct trace *t, uint32_t row, uint8_t host)
{
	for (uint32_t i = row; i > 0 && row - i < LINKS_NEAR;) {
		const struct trace_entry *e = trace_entry(t, --i);

		if (e->kind == EVENT_PROGRAM && e->host == host)
			return i;
	}
	return ROW_NONE;
}

static void of_state(struct trace *t, uint32_t row, struct links *out)
{
	const struct trace_entry *e = trace_entry(t, row);
	uint32_t before = change_before(t, row);

	links_add(t, out, ladder_state_cause(t, row));
	if (out->causes)
		return;
	if (e->by == BY_CALL && e->number == 0)
		links_add(t, out, program_end(t, row, (uint8_t)e->host));
	if (e->by != BY_TIME || before == ROW_NONE)
		return;
	if (trace_entry(t, before)->state != SOCK_STATE_TIME_WAIT)
		links_add(t, out, last_try(t, row));
	links_add(t, out, before);
}

/* ---- programs ---- */

/* The last call of a thread before a row. */
static uint32_t call_before(const struct trace *t, uint32_t row, uint16_t lane)
{
	for (uint32_t i = row; i > 0 && row - i < LINKS_NEAR;) {
		const struct trace_entry *e = trace_entry(t, --i);

		if (e->kind == EVENT_CALL && e->lane == lane)
			return i;
	}
	return ROW_NONE;
}

static void of_program(struct trace *t, uint32_t row, struct links *out)
{
	static const char *const words[] = { "run ", "program ", "thread ", NULL };
	static const char *const kill[] = { "kill", "interrupt", NULL };
	const struct event *ev = trace_event(t, row, NULL);
	uint16_t lane = trace_entry_lane(trace_entry(t, row));

	if (!ev)
		return;
	switch (ev->prog.change) {
	case PROGRAM_STARTED:
		links_add(t, out, links_command(t, row, LINKS_NEAR, words));
		return;
	case PROGRAM_KILLED:
		if (ev->prog.status == SIGPIPE && lane != LANE_NONE)
			links_add(t, out, call_before(t, row, lane));
		else
			links_add(t, out, links_command(t, row, LINKS_NEAR, kill));
		return;
	case PROGRAM_EXITED:
	case PROGRAM_EXECUTED:
		return;
	}
}

/* ---- causes ---- */

void links_causes(struct trace *t, uint32_t row, struct links *out)
{
	const struct trace_entry *e;

	*out = (struct links){ 0 };
	if (row >= trace_rows(t))
		return;
	row = links_event(t, row);
	e = trace_entry(t, row);
	switch ((enum event_kind)e->kind) {
	case EVENT_CALL:
		if (e->link != ROW_NONE && !e->blocked)
			links_of_return(t, e->link, out);
		return;
	case EVENT_RETURN:
		links_of_return(t, row, out);
		links_add(t, out, e->link);
		return;
	case EVENT_PACKET:
		links_of_packet(t, row, out);
		return;
	case EVENT_WIRE:
		of_wire(t, row, out);
		return;
	case EVENT_STATE:
		of_state(t, row, out);
		return;
	case EVENT_PROGRAM:
		of_program(t, row, out);
		return;
	case EVENT_COUNTERS:
		links_add(t, out, e->link);
		return;
	case EVENT_COMMAND:
	case EVENT_NOTE:
	case EVENT_OUTPUT:
		return;
	}
}

/* ---- effects ---- */

#define KIND(k) (1u << EVENT_##k)

/* Kinds of events that one of a kind can cause. */
static const uint32_t caused_by[EVENT_KINDS] = {
	[EVENT_CALL] = KIND(PACKET) | KIND(STATE) | KIND(RETURN) | KIND(CALL) | KIND(PROGRAM),
	[EVENT_RETURN] = KIND(STATE),
	[EVENT_PACKET] = KIND(STATE) | KIND(WIRE) | KIND(PACKET) | KIND(RETURN) | KIND(CALL),
	[EVENT_WIRE] = KIND(STATE) | KIND(WIRE) | KIND(PACKET) | KIND(RETURN) | KIND(CALL),
	[EVENT_STATE] = KIND(STATE) | KIND(PACKET) | KIND(RETURN) | KIND(CALL),
	[EVENT_COMMAND] = KIND(WIRE) | KIND(PROGRAM) | KIND(PACKET) | KIND(RETURN) | KIND(CALL),
	[EVENT_PROGRAM] = KIND(STATE) | KIND(PACKET),
};

/* From the index alone: whether an event may be caused by another one. */
static bool may_be_caused(const struct trace *t, const struct trace_entry *e, uint32_t row,
			  const struct trace_entry *by)
{
	if (!(caused_by[by->kind] & 1u << e->kind))
		return false;
	if (e->kind == EVENT_CALL && (e->blocked || e->link == ROW_NONE))
		return false;
	if (e->kind == EVENT_RETURN && links_event(t, row) != row)
		return false;
	if (e->kind == EVENT_STATE && !ladder_shows_state(t, row))
		return false;
	if (e->kind == EVENT_WIRE && (by->kind == EVENT_WIRE || by->kind == EVENT_PACKET))
		return e->number == by->number;
	if (e->kind == EVENT_PACKET && by->kind == EVENT_PACKET && e->conn != by->conn)
		return by->conn == CONN_NONE || conns_get(trace_conns(t), e->conn) == NULL ||
		       conns_get(trace_conns(t), e->conn)->protocol != 6;
	return true;
}

/* Effects stand in the order in which the story goes on. */
static int rank_of(const struct trace_entry *e)
{
	switch ((enum event_kind)e->kind) {
	case EVENT_WIRE:
		return 0;
	case EVENT_STATE:
		return e->by == BY_DEPARTURE ? 4 : 1;
	case EVENT_PACKET:
		return 2;
	case EVENT_CALL:
	case EVENT_RETURN:
	case EVENT_PROGRAM:
	case EVENT_COMMAND:
	case EVENT_NOTE:
	case EVENT_OUTPUT:
	case EVENT_COUNTERS:
		return 3;
	}
	return 3;
}

static void add_effect(const struct trace *t, struct links *out, uint32_t row)
{
	size_t i = out->effects;

	if (i == LINKS_EFFECTS)
		return;
	for (; i > 0 && rank_of(trace_entry(t, out->effect[i - 1])) > rank_of(trace_entry(t, row));
	     i--)
		out->effect[i] = out->effect[i - 1];
	out->effect[i] = row;
	out->effects++;
}

static bool is_caused(struct trace *t, uint32_t row, uint32_t by)
{
	struct links l;

	links_causes(t, row, &l);
	for (size_t i = 0; i < l.causes; i++)
		if (l.cause[i] == by)
			return true;
	return false;
}

/* The first row that an effect can be at: an answer is often written before the state that goes with it. */
static uint32_t first_effect(const struct trace *t, uint32_t row)
{
	const struct trace_entry *e = trace_entry(t, row);
	uint32_t cause = e->kind == EVENT_STATE ? ladder_state_cause(t, row) : ROW_NONE;

	return cause == ROW_NONE || cause > row ? row : cause;
}

void links_of(struct trace *t, uint32_t row, struct links *out)
{
	struct links l;
	int left = LINKS_READ;

	links_causes(t, row, &l);
	*out = l;
	if (row >= trace_rows(t))
		return;
	row = links_event(t, row);
	for (uint32_t i = first_effect(t, row) + 1;
	     i < trace_rows(t) && i - row + LINKS_NEAR < LINKS_FAR && left > 0 &&
	     out->effects < LINKS_EFFECTS;
	     i++) {
		if (i == row || !may_be_caused(t, trace_entry(t, i), i, trace_entry(t, row)))
			continue;
		left--;
		if (is_caused(t, i, row))
			add_effect(t, out, i);
	}
}
