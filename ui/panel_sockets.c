/*
 * All sockets that are alive at the cursor, one a line: by host, program, descriptor.  Where the panel is
 * too narrow for the table, a socket takes some lines of its own.
 *
 * A column is a row of columns[]; the socket's name takes what the others leave.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"
#include "src/core/names.h"
#include "src/describe.h"
#include "ui/page.h"
#include "ui/panels.h"

#define SOCKETS_MAX 512 /* that are listed */
#define CLOSE_AMONG                                                                                \
	4096 /* rows behind the last state of a socket in which its close() is looked for */
#define NAME_MIN  23
#define TABLE_MIN 72 /* columns from which there is a table */

struct alive { /* a socket at the cursor's moment */
	uint32_t row; /* of its STATE */
	uint8_t host;
	int32_t fd;
	char program[EVENT_NAME];
	uint64_t cookie;
	bool changed; /* at the cursor's own row */
};

struct socket_view { /* what a column is made from */
	const struct event *ev;
	const struct sock_sample *s;
	int64_t now_ns;
};

/* ---- columns ---- */

static bool is_tcp(const struct sock_sample *s)
{
	return s->protocol == IPPROTO_TCP && s->family != AF_UNIX;
}

static bool has_numbers(const struct sock_sample *s)
{
	return is_tcp(s) && s->state != SOCK_STATE_LISTEN && s->state != SOCK_STATE_CLOSED &&
	       s->state != SOCK_STATE_TIME_WAIT && s->state != SOCK_STATE_SYN_RECEIVED;
}

static void add_bytes(struct str *out, uint32_t n)
{
	if (n < 100000)
		str_addf(out, "%u B", n);
	else if (n < 100000000)
		str_addf(out, "%u kB", n / 1000);
	else
		str_addf(out, "%u MB", n / 1000000);
}

static void add_time(struct str *out, uint32_t us)
{
	if (us == 0)
		str_char(out, '-');
	else if (us < 1000)
		str_addf(out, "%u µs", us);
	else if (us < 100000)
		str_addf(out, "%u.%u ms", us / 1000, us / 100 % 10);
	else if (us < 10000000)
		str_addf(out, "%u ms", us / 1000);
	else
		str_addf(out, "%u s", us / 1000000);
}

static void col_recvq(struct str *out, const struct socket_view *v)
{
	if (is_tcp(v->s) && v->s->state == SOCK_STATE_LISTEN)
		str_addf(out, "%u/%u", v->s->recvq, v->s->sendq);
	else
		add_bytes(out, v->s->recvq);
}

static void col_sendq(struct str *out, const struct socket_view *v)
{
	if (is_tcp(v->s) && v->s->state == SOCK_STATE_LISTEN)
		str_char(out, '-');
	else
		add_bytes(out, v->s->sendq);
}

static void add_segments(struct str *out, const struct sock_sample *s, uint32_t n)
{
	if (!has_numbers(s) || n == 0 || n >= 0x7fffffff)
		str_char(out, '-');
	else
		str_addf(out, "%u", n);
}

static void col_cwnd(struct str *out, const struct socket_view *v)
{
	add_segments(out, v->s, v->s->cwnd);
}

static void col_ssthresh(struct str *out, const struct socket_view *v)
{
	add_segments(out, v->s, v->s->ssthresh);
}

static void col_rtt(struct str *out, const struct socket_view *v)
{
	add_time(out, has_numbers(v->s) ? v->s->rtt_us : 0);
}

static void col_rto(struct str *out, const struct socket_view *v)
{
	add_time(out, has_numbers(v->s) ? v->s->rto_us : 0);
}

static const char *const timer_words[] = {
	[SOCK_TIMER_OFF] = NULL,
	[SOCK_TIMER_RETRANSMIT] = "rto",
	[SOCK_TIMER_KEEPALIVE] = "keepalive",
	[SOCK_TIMER_TIME_WAIT] = "2MSL",
	[SOCK_TIMER_PROBE] = "persist",
};

/* The kernel has one kind of timer for both: in FIN-WAIT-2 it is not 2MSL but the wait for the other's FIN. */
static const char *timer_word(const struct sock_sample *s)
{
	const size_t known = sizeof(timer_words) / sizeof(timer_words[0]);

	if (s->timer == SOCK_TIMER_TIME_WAIT && s->state == SOCK_STATE_FIN_WAIT_2)
		return "fin";
	return (size_t)s->timer < known ? timer_words[s->timer] : NULL;
}

/* The sample says how long the timer had to run then; the cursor may be later. */
static void col_timer(struct str *out, const struct socket_view *v)
{
	const char *word = timer_word(v->s);
	int64_t left = v->s->timer_ms * NS_PER_MS - (v->now_ns - v->ev->ts_ns);

	if (!word) {
		str_char(out, '-');
		return;
	}
	str_add(out, word);
	if (left <= 0)
		str_add(out, " now");
	else
		str_addf(out, " in %lld.%02lld s", (long long)(left / NS_PER_S),
			 (long long)(left % NS_PER_S / (10 * NS_PER_MS)));
}

static void col_retransmits(struct str *out, const struct socket_view *v)
{
	if (v->s->retransmits)
		str_addf(out, "%u", v->s->retransmits);
	else
		str_char(out, '-');
}

static const struct column {
	const char *title;
	int width;
	int from; /* shown in a panel of at least this width */
	bool left; /* text; numbers are right-aligned */
	void (*text)(struct str *out, const struct socket_view *v);
} columns[] = {
	{ "recv-q", 7, 0, false, col_recvq },
	{ "send-q", 7, 0, false, col_sendq },
	{ "cwnd", 4, 0, false, col_cwnd },
	{ "ssthresh", 8, 100, false, col_ssthresh },
	{ "rtt", 7, 0, false, col_rtt },
	{ "rto", 7, 92, false, col_rto },
	{ "resent", 6, 108, false, col_retransmits },
	{ "timer", 13, 0, true, col_timer },
};
#define COLUMNS	    (sizeof(columns) / sizeof(columns[0]))
#define STATE_WIDTH 12

/* ---- who is alive ---- */

/* Whether an event takes a descriptor from its program: close(), or the end of the program. */
static bool ends_descriptor(const struct event *ev, const struct alive *s)
{
	if (!ev || ev->host != s->host || strcmp(ev->program, s->program) != 0)
		return false;
	if (ev->kind == EVENT_PROGRAM)
		return event_ends_program(ev);
	return ev->kind == EVENT_RETURN && ev->ret.fd == s->fd && ev->ret.result == 0 &&
	       ev->ret.name && strcmp(ev->ret.name, "close") == 0;
}

/*
 * A CLOSED socket is there as long as its program has a descriptor for it: before connect(), or after a reset.
 * Its close() changes no state, so it is looked for among the calls.
 */
static bool is_open(const struct view *v, const struct alive *s, uint32_t now)
{
	if (s->fd < 0)
		return false;
	for (uint32_t i = s->row + 1; i <= now && i - s->row < CLOSE_AMONG; i++) {
		const struct trace_entry *e = trace_entry(v->trace, i);

		if ((e->kind == EVENT_RETURN || e->kind == EVENT_PROGRAM) &&
		    ends_descriptor(trace_event(v->trace, i, NULL), s))
			return false;
	}
	return true;
}

/* The state was reached at the cursor's own row. */
static bool is_of_row(const struct view *v, const struct ladder_row *cursor, uint32_t state)
{
	struct ladder_row at;

	return state >= cursor->head && ladder_at(v->trace, state, &at) && at.head == cursor->head;
}

static bool is_shown(const struct view *v, const struct alive *s, uint32_t now)
{
	return s->changed || trace_entry(v->trace, s->row)->state != SOCK_STATE_CLOSED ||
	       is_open(v, s, now);
}

static int by_owner(const void *a, const void *b)
{
	const struct alive *x = a, *y = b;
	int names = strcmp(x->program, y->program);

	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	if (names)
		return !x->program[0] ? 1 : !y->program[0] ? -1 : names;
	if (x->fd != y->fd)
		return x->fd < 0 ? 1 : y->fd < 0 ? -1 : x->fd < y->fd ? -1 : 1;
	return x->cookie < y->cookie ? -1 : x->cookie > y->cookie;
}

static size_t collect(const struct view *v, struct alive *list, size_t max)
{
	uint32_t now = view_now(v);
	struct ladder_row cursor;
	size_t count = 0;

	if (now == ROW_NONE || !view_cursor(v, &cursor))
		return 0;
	for (size_t i = 0; i < trace_sockets(v->trace) && count < max; i++) {
		struct alive *s = &list[count];
		const struct event *ev;

		s->row = trace_state_at(v->trace, i, now);
		if (s->row == ROW_NONE)
			continue;
		ev = trace_event(v->trace, s->row, NULL);
		if (!ev)
			continue;
		s->host = trace_socket(v->trace, i)->host;
		s->cookie = trace_socket(v->trace, i)->cookie;
		s->fd = ev->state.fd;
		(void)str_copy(s->program, sizeof(s->program), ev->program);
		s->changed = is_of_row(v, &cursor, s->row);
		count += is_shown(v, s, now);
	}
	qsort(list, count, sizeof(*list), by_owner);
	return count;
}

/* ---- drawing ---- */

static bool has_peer(const struct sock_sample *s)
{
	if (s->remote.len == 0)
		return false;
	return s->family == AF_UNIX || addr_port(&s->remote) != 0;
}

static void add_name(struct str *out, const struct view *v, const struct alive *a,
		     const struct sock_sample *s)
{
	const struct addr_names *names = trace_names(v->trace);
	const char *host =
		a->host < trace_hosts(v->trace) ? trace_host(v->trace, a->host)->name : "?";

	str_add(out, a->program[0] ? a->program : host);
	if (a->fd >= 0)
		str_addf(out, " %d", a->fd);
	str_char(out, ' ');
	if (has_peer(s))
		str_add(out, "→ ");
	addr_text(out, has_peer(s) ? &s->remote : &s->local, names);
	if (s->protocol == IPPROTO_UDP && s->family != AF_UNIX)
		str_add(out, " udp");
}

static int name_width(int width)
{
	int rest = width - 1 - 1 - STATE_WIDTH;

	for (size_t i = 0; i < COLUMNS; i++) {
		if (width >= columns[i].from)
			rest -= columns[i].width + 1;
	}
	return rest < 0 ? 0 : rest > 44 ? 44 : rest;
}

/* Puts one text into each column's place; title: the headings. */
static void draw_columns(struct area a, int name, const struct socket_view *v)
{
	int x = 1 + name + 1 + STATE_WIDTH + 1;

	for (size_t i = 0; i < COLUMNS; i++) {
		const struct column *c = &columns[i];
		STR_ON_STACK(s, 48);
		struct area box = area_sub(a, x, 0, c->width, 1);
		enum style style = v ? STYLE_PLAIN : STYLE_DIM;

		if (a.width < c->from)
			continue;
		if (v)
			c->text(&s, v);
		else
			str_add(&s, c->title);
		if (i == COLUMNS - 1)
			box = area_sub(a, x, 0, a.width - x, 1);
		if (v && strcmp(s.buf, "-") == 0)
			style = STYLE_DIM;
		if (c->left)
			area_text(box, 0, 0, style, s.buf);
		else
			area_text_right(box, box.width, 0, style, s.buf);
		x += c->width + 1;
	}
}

static void draw_row(const struct view *v, struct area a, const struct alive *alive,
		     const struct socket_view *sv)
{
	int name = name_width(a.width);
	STR_ON_STACK(s, 192);

	add_name(&s, v, alive, sv->s);
	area_text(area_sub(a, 1, 0, name, 1), 0, 0, STYLE_PLAIN, s.buf);
	area_text(area_sub(a, 2 + name, 0, STATE_WIDTH, 1), 0, 0, STYLE_STATE,
		  sock_state_name(sv->s->state));
	draw_columns(a, name, sv);
	if (alive->changed)
		area_accent(a, 0, 0, a.width);
}

/* The narrow form: a line with name and state, then the columns that say something, three a line. */
static void draw_card(const struct view *v, struct page *page, const struct alive *alive,
		      const struct socket_view *sv)
{
	struct area a = page_line(page);
	int state = text_width(sock_state_name(sv->s->state)), cell = (a.width - 3) / 2, nth = 0;
	STR_ON_STACK(s, 192);

	add_name(&s, v, alive, sv->s);
	area_text(area_sub(a, 1, 0, a.width - state - 3, 1), 0, 0, STYLE_TITLE, s.buf);
	area_text_right(a, a.width - 1, 0, STYLE_STATE, sock_state_name(sv->s->state));
	if (alive->changed)
		area_accent(a, 0, 0, a.width);
	for (size_t i = 0; i < COLUMNS; i++) {
		struct area box;

		str_clear(&s);
		columns[i].text(&s, sv);
		if (strcmp(s.buf, "-") == 0)
			continue;
		if (nth % 2 == 0)
			a = page_line(page);
		box = area_sub(a, 3 + nth++ % 2 * cell, 0, cell - 1, 1);
		area_text(box, 0, 0, STYLE_DIM, columns[i].title);
		if (columns[i].left)
			area_text(box, 9, 0, STYLE_PLAIN, s.buf);
		else
			area_text_right(box, 17, 0, STYLE_PLAIN, s.buf);
	}
	page_line(page);
}

static void draw_headings(struct area a, int64_t now_ns, const struct view *v)
{
	int name = name_width(a.width);
	STR_ON_STACK(s, 48);

	str_add(&s, "at ");
	view_time(&s, v->trace, now_ns);
	area_text(area_sub(a, 1, 0, name, 1), 0, 0, STYLE_DIM, s.buf);
	area_text(area_sub(a, 2 + name, 0, STATE_WIDTH, 1), 0, 0, STYLE_DIM, "state");
	draw_columns(a, name, NULL);
}

static void draw_list(const struct view *v, struct area a, const struct alive *list, size_t count)
{
	int64_t now_ns = trace_entry(v->trace, view_now(v))->ts_ns;
	bool table = a.width >= TABLE_MIN;
	struct page page =
		page_on(table ? area_sub(a, 0, 1, a.width, a.height - 1) : a, v->panel_scroll);

	if (table && a.height > 0)
		draw_headings(area_sub(a, 0, 0, a.width, 1), now_ns, v);
	for (size_t i = 0; i < count && !page_full(&page); i++) {
		struct socket_view sv = { .ev = trace_event(v->trace, list[i].row, NULL),
					  .now_ns = now_ns };

		if (!sv.ev)
			continue;
		sv.s = &sv.ev->state.sock;
		if (table)
			draw_row(v, page_line(&page), &list[i], &sv);
		else
			draw_card(v, &page, &list[i], &sv);
	}
}

static void draw_none(const struct view *v, struct area a)
{
	if (trace_rows(v->trace) > 0 && trace_sockets(v->trace) == 0 && trace_lanes(v->trace) == 0)
		page_empty(a, "This recording holds packets only.",
			   "What state the kernels' sockets were in was not recorded. Tab shows "
			   "the packet under "
			   "the cursor, and the connections.");
	else
		page_empty(a, "No socket is known at this moment.",
			   "A socket appears here when it is bound, listens or connects. Move on "
			   "with Down, or "
			   "to the newest event with End.");
}

void panel_sockets_draw(const struct view *v, struct area a)
{
	struct alive *list = calloc(SOCKETS_MAX, sizeof(*list));
	size_t count = list ? collect(v, list, SOCKETS_MAX) : 0;

	if (count > 0)
		draw_list(v, a, list, count);
	else
		draw_none(v, a);
	free(list);
}
