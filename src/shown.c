/*
 * One pass over the rows of the trace, in slices.  Two things are remembered:
 *
 *	judged, matched		by packet number: whether the filter was asked, and what it said.  Good for
 *				ever, because a packet's number never changes
 *	row			by row: whether a row of the ladder is shown.  Rows move when an event arrives
 *				late or a file is brought into order; finding them again costs no reading
 *
 * So a pass that begins anew asks the filter only about packets that are new.
 *
 * The calls of one connection are another matter: where they belong is known late (conn_calls.h), and the first of
 * them are long before its packets.  So these are gone through by themselves, again whenever more is known.
 */
#include "src/shown.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace_walk.h"
#include "src/conn_calls.h"
#include "src/core/clock.h"
#include "src/filter.h"
#include "src/ladder.h"

#define BACK	 512 /* rows near the end may still change what they share a line with */
#define SLACK_NS NS_PER_S /* packets come late: a connection's first one need not be its earliest */
#define STRIDE	 32 /* rows between two looks at the clock: each may be read from the file */

struct bits {
	uint64_t *word;
	size_t words;
};

struct shown {
	struct trace *t;
	struct trace_walk *walk;
	struct filter *filter;
	uint32_t conn;
	bool fixed; /* the rows are those of shown_select() */

	struct conn_calls *calls; /* NULL until they are needed */
	size_t asked; /* of them, how many were asked about for `row` … */
	uint64_t version; /* … and what was known then */

	struct bits judged, matched; /* by packet number */
	struct bits conns; /* that have a packet that matches */
	struct bits row;
	uint32_t done; /* rows below it were looked at */
	uint64_t done_id; /* identity of the last of them */
	uint32_t seen; /* rows that there were then */
	bool ended; /* the connection has no more packets behind `done` */
	bool loading;
	uint64_t count, of;
	struct err trouble;
	bool troubled, told;
};

/* ---- bits ---- */

static bool bits_fit(struct bits *b, size_t n)
{
	size_t words = n / 64 + 1, cap = b->words;
	uint64_t *word;

	if (words <= b->words)
		return true;
	while (cap < words)
		cap = cap ? cap * 2 : 64;
	word = realloc(b->word, cap * sizeof(*word));
	if (!word)
		return false;
	memset(word + b->words, 0, (cap - b->words) * sizeof(*word));
	*b = (struct bits){ word, cap };
	return true;
}

static bool bits_has(const struct bits *b, size_t n)
{
	return n / 64 < b->words && (b->word[n / 64] >> n % 64 & 1);
}

static void bits_set(struct bits *b, size_t n)
{
	if (bits_fit(b, n))
		b->word[n / 64] |= UINT64_C(1) << n % 64;
}

static void bits_clear_from(struct bits *b, size_t n)
{
	if (n / 64 >= b->words)
		return;
	b->word[n / 64] &= (UINT64_C(1) << n % 64) - 1;
	memset(b->word + n / 64 + 1, 0, (b->words - n / 64 - 1) * sizeof(*b->word));
}

static void bits_fini(struct bits *b)
{
	free(b->word);
	*b = (struct bits){ 0 };
}

/* ---- what is wanted ---- */

struct shown *shown_new(struct trace *t, struct err *e)
{
	struct shown *s = calloc(1, sizeof(*s));

	if (!s) {
		err_errno(e, errno, NULL, "choosing what is shown");
		return NULL;
	}
	s->t = t;
	s->conn = CONN_NONE;
	return s;
}

static void begin(struct shown *s)
{
	bits_clear_from(&s->row, 0);
	s->done = 0;
	s->ended = false;
	s->fixed = false;
	s->asked = 0;
}

static void forget_filter(struct shown *s)
{
	filter_free(s->filter);
	trace_walk_free(s->walk);
	s->filter = NULL;
	s->walk = NULL;
	bits_fini(&s->judged);
	bits_fini(&s->matched);
	bits_fini(&s->conns);
	s->count = s->of = 0;
	s->troubled = s->told = false;
}

void shown_free(struct shown *s)
{
	if (!s)
		return;
	forget_filter(s);
	conn_calls_free(s->calls);
	bits_fini(&s->row);
	free(s);
}

/* The first row of the trace that is not before a time; that there are others of this time does not matter. */
static uint32_t row_from(const struct trace *t, int64_t ts_ns)
{
	uint32_t row = trace_row_at(t, ts_ns - 1);

	return row == ROW_NONE ? 0 : row;
}

void shown_only(struct shown *s, uint32_t conn)
{
	const struct conn *c;

	s->conn = conn;
	begin(s);
	c = conn == CONN_NONE ? NULL : conns_get(trace_conns(s->t), conn);
	if (!c)
		return;
	s->done = row_from(s->t, c->first_ns - SLACK_NS);
	s->done_id = s->done ? trace_entry(s->t, s->done - 1)->offset : 0;
	s->seen = trace_rows(s->t);
}

uint32_t shown_conn(const struct shown *s)
{
	return s->conn;
}

/* The link type that most of a trace's packets have. */
static uint32_t usual_link(const struct trace *t)
{
	return trace_hosts(t) ? trace_host(t, 0)->link : LINK_ETHERNET;
}

int shown_filter(struct shown *s, const char *text, struct err *e)
{
	struct trace_walk *walk = NULL;
	struct filter *f = NULL;

	if (text && *text) {
		f = filter_new(text, usual_link(s->t), e);
		walk = f ? trace_walk_new(s->t, e) : NULL;
		if (!walk) {
			filter_free(f);
			return -1;
		}
	}
	forget_filter(s);
	s->filter = f;
	s->walk = walk;
	shown_only(s, s->conn);
	return 0;
}

const char *shown_filter_text(const struct shown *s)
{
	return s->filter ? filter_text(s->filter) : NULL;
}

bool shown_all(const struct shown *s)
{
	return !s->filter && s->conn == CONN_NONE && !s->fixed;
}

/* ---- looking ---- */

static bool ask_filter(struct shown *s, uint32_t row, const struct trace_entry *entry)
{
	const struct event *ev = trace_walk_event(s->walk, row, s->troubled ? NULL : &s->trouble);
	uint32_t link;

	bits_set(&s->judged, entry->number);
	s->of++;
	if (!ev) {
		s->troubled = true;
		return false;
	}
	link = ev->packet.iface < trace_hosts(s->t) ? trace_host(s->t, ev->packet.iface)->link
						    : LINK_ETHERNET;
	if (!filter_match(s->filter, link, ev->packet.data, ev->packet.caplen, ev->packet.len))
		return false;
	bits_set(&s->matched, entry->number);
	if (entry->conn != CONN_NONE)
		bits_set(&s->conns, entry->conn);
	s->count++;
	return true;
}

static bool matches(struct shown *s, uint32_t row, const struct trace_entry *entry)
{
	if (!s->filter)
		return true;
	if (bits_has(&s->judged, entry->number) || entry->kind != EVENT_PACKET)
		return bits_has(&s->matched, entry->number);
	return ask_filter(s, row, entry);
}

/* With a filter, calls are shown where they share a row with a packet. */
static bool wants_calls(const struct shown *s)
{
	return s->conn != CONN_NONE && !s->filter && trace_lanes(s->t) > 0;
}

static void show_row_of(struct shown *s, uint32_t row)
{
	uint32_t head = ladder_head(s->t, row);

	if (head != ROW_NONE)
		bits_set(&s->row, head);
}

/* By its addresses, or (calls, and states of a listener) by the rule of conn_calls.h. */
static bool is_of_conn(const struct shown *s, uint32_t row, const struct trace_entry *entry)
{
	const unsigned ruled = 1u << EVENT_CALL | 1u << EVENT_RETURN | 1u << EVENT_STATE;

	if (s->conn == CONN_NONE || entry->conn == s->conn)
		return true;
	return ruled >> entry->kind & 1 && wants_calls(s) && s->calls &&
	       conn_calls_has(s->calls, row, s->conn);
}

static void look_at(struct shown *s, uint32_t row)
{
	const struct trace_entry *entry = trace_entry(s->t, row);

	if (!is_of_conn(s, row, entry))
		return;
	switch ((enum event_kind)entry->kind) {
	case EVENT_PACKET:
	case EVENT_WIRE:
		if (!matches(s, row, entry))
			return;
		break;
	case EVENT_STATE:
	case EVENT_CALL:
	case EVENT_RETURN:
		if (s->filter)
			return;
		break;
	case EVENT_COMMAND:
	case EVENT_NOTE:
	case EVENT_PROGRAM:
	case EVENT_OUTPUT:
	case EVENT_COUNTERS:
		return;
	}
	show_row_of(s, row);
}

/* The calls of the connection, wherever they are.  True: there is something new. */
static bool look_at_calls(struct shown *s, int64_t until)
{
	size_t before;
	bool news;

	if (!wants_calls(s))
		return false;
	if (!s->calls)
		s->calls = conn_calls_new(s->t, NULL);
	if (!s->calls)
		return false;
	news = conn_calls_work(s->calls, (until - clock_monotonic_ns()) / 2 + 1);
	if (s->version != conn_calls_version(s->calls))
		s->asked = 0;
	s->version = conn_calls_version(s->calls);
	before = s->asked;
	while (s->asked < conn_calls_count(s->calls)) {
		size_t i = s->asked++;
		uint32_t row;

		if (conn_calls_nth_has(s->calls, i, s->conn)) {
			row = trace_row_of(s->t, conn_calls_id(s->calls, i));
			if (row != ROW_NONE)
				show_row_of(s, row);
		}
		if (s->asked % STRIDE == 0 && clock_monotonic_ns() >= until)
			break;
	}
	return news || s->asked != before;
}

static bool calls_busy(const struct shown *s)
{
	return wants_calls(s) &&
	       (!s->calls || conn_calls_busy(s->calls) || s->asked < conn_calls_count(s->calls));
}

/* Rows that may have moved, or that what came behind them has changed, are looked at again. */
static void step_back(struct shown *s)
{
	bool loading = trace_is_loading(s->t);
	uint32_t back = s->done > BACK ? s->done - BACK : 0;

	/* When a file that was out of order is all there, its rows are brought into order. */
	if (s->loading && !loading)
		shown_only(s, s->conn);
	s->loading = loading;
	if (s->done > trace_rows(s->t))
		back = 0;
	else if (s->seen == trace_rows(s->t) &&
		 (s->done == 0 || trace_entry(s->t, s->done - 1)->offset == s->done_id))
		return;
	s->seen = trace_rows(s->t);
	if (back < s->done) {
		bits_clear_from(&s->row, back);
		s->done = back;
	}
	s->ended = false;
}

/* Behind its last packet there is nothing to be looked for. */
static bool is_behind(const struct shown *s, int64_t last_ns)
{
	return s->done < trace_rows(s->t) && trace_entry(s->t, s->done)->ts_ns > last_ns;
}

bool shown_work(struct shown *s, int64_t budget_ns)
{
	int64_t until = clock_monotonic_ns() + budget_ns, last_ns = INT64_MAX;
	const struct conn *c;
	uint32_t before;
	bool news;

	if (shown_all(s) || s->fixed)
		return false;
	step_back(s);
	news = look_at_calls(s, until);
	before = s->done;
	c = s->conn == CONN_NONE ? NULL : conns_get(trace_conns(s->t), s->conn);
	if (c && !s->loading)
		last_ns = c->last_ns + SLACK_NS;
	while (!s->ended && s->done < trace_rows(s->t)) {
		uint32_t left = trace_rows(s->t) - s->done;
		uint32_t stop = s->done + (left < STRIDE ? left : STRIDE);

		if (is_behind(s, last_ns)) {
			s->ended = true;
			break;
		}
		while (s->done < stop)
			look_at(s, s->done++);
		if (clock_monotonic_ns() >= until)
			break;
	}
	if (s->done > 0)
		s->done_id = trace_entry(s->t, s->done - 1)->offset;
	return news || s->done != before;
}

bool shown_busy(const struct shown *s)
{
	if (shown_all(s) || s->fixed)
		return false;
	return (!s->ended && s->done < trace_rows(s->t)) || calls_busy(s);
}

void shown_select(struct shown *s, const struct select *wanted)
{
	begin(s);
	s->fixed = true;
	for (uint32_t row = 0; row < trace_rows(s->t); row++)
		if (select_row(wanted, s->t, row))
			show_row_of(s, row);
}

/* ---- what was found ---- */

uint32_t shown_next(const struct shown *s, uint32_t row)
{
	size_t n = row == ROW_NONE ? 0 : (size_t)row + 1, w = n / 64;
	uint64_t word;

	if (w >= s->row.words)
		return ROW_NONE;
	word = s->row.word[w] & UINT64_MAX << n % 64;
	while (!word && ++w < s->row.words)
		word = s->row.word[w];
	return word ? (uint32_t)(w * 64 + (size_t)__builtin_ctzll(word)) : ROW_NONE;
}

uint32_t shown_prev(const struct shown *s, uint32_t row)
{
	size_t n = row == ROW_NONE ? s->row.words * 64 : row, w = n / 64;
	uint64_t word;

	if (w >= s->row.words) {
		w = s->row.words;
		word = 0;
	} else {
		word = s->row.word[w] & ((UINT64_C(1) << n % 64) - 1);
	}
	while (!word && w > 0)
		word = s->row.word[--w];
	return word ? (uint32_t)(w * 64 + 63 - (size_t)__builtin_clzll(word)) : ROW_NONE;
}

struct shown_count shown_count(const struct shown *s)
{
	uint32_t rows = trace_rows(s->t);
	bool whole = s->ended || rows == 0 || s->done >= rows;

	return (struct shown_count){
		.matched = s->count,
		.of = s->of,
		.percent = whole ? 100 : (unsigned)((uint64_t)s->done * 100 / rows)
	};
}

bool shown_has_conn(const struct shown *s, uint32_t conn)
{
	return !s->filter || bits_has(&s->conns, conn);
}

bool shown_has_packet(const struct shown *s, uint32_t number)
{
	return !s->filter || bits_has(&s->matched, number);
}

bool shown_trouble(struct shown *s, struct err *e)
{
	const struct err *of_link = s->filter ? filter_trouble(s->filter) : NULL;

	if (s->told || (!s->troubled && !of_link))
		return false;
	s->told = true;
	*e = s->troubled ? s->trouble : *of_link;
	return true;
}
