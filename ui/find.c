/*
 * Words are looked for in the rows of the ladder.  All else is a matter of single events, so the rows of the
 * trace are looked at, which needs the index alone, or the bytes of packets one behind the other.  Where rows of
 * the ladder are hidden, only those that are shown are looked at, whatever is looked for.
 *
 * Between two slices the place is kept as the identity of the event looked at last.
 */
#include "ui/find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace_walk.h"
#include "src/core/clock.h"
#include "src/core/safe.h"
#include "ui/ladder_view.h"
#include "ui/marks.h"

enum {
	PATTERN_MAX = 256,
	LOOKS = 64, /* rows whose text or bytes are read between two looks at the clock … */
	SCANS = 8192, /* … and rows of which only the index is */
};

enum find_kind { FIND_TEXT, FIND_BYTES, FIND_VERDICT, FIND_MARKED };

struct find {
	struct view *view;
	struct trace_walk *walk;
	bool busy;
	enum find_kind kind;
	bool forward, wrap;
	bool wrapped; /* it began from the other end */
	bool fresh; /* the row at `at` is to be looked at, too */
	uint64_t start; /* identity of the cursor's row */
	uint64_t at; /* … of the row looked at last */
	uint32_t looked; /* rows, for the progress */
	uint16_t bits;
	char text[PATTERN_MAX];
	uint8_t pattern[PATTERN_MAX];
	size_t pattern_len;
};

/* ---- whether a row is what is looked for ---- */

static bool text_matches(const struct find *f, const struct ladder_row *r)
{
	char bytes[4096];
	struct str s = str_on(bytes, sizeof(bytes));

	ladder_row_text(&s, f->view, r);
	return strcasestr(s.buf, f->text) != NULL;
}

static bool bytes_match(const struct find *f, uint32_t row)
{
	const struct event *ev = trace_walk_event(f->walk, row, NULL);
	const struct trace_host *host;
	struct packet p;
	size_t at, len;

	if (!ev || ev->kind != EVENT_PACKET)
		return false;
	host = trace_host(f->view->trace, ev->packet.iface);
	packet_parse(&p, host ? host->link : LINK_ETHERNET, ev->packet.data, ev->packet.caplen,
		     ev->packet.len);
	len = packet_payload(&p, ev->packet.caplen, &at);
	if (!p.has_transport) {
		at = 0;
		len = ev->packet.caplen;
	}
	return len > 0 && memmem(ev->packet.data + at, len, f->pattern, f->pattern_len) != NULL;
}

/* A row of the trace, for all but words. */
static bool row_matches(const struct find *f, uint32_t row)
{
	const struct trace_entry *e = trace_entry(f->view->trace, row);

	switch (f->kind) {
	case FIND_TEXT:
		return false;
	case FIND_BYTES:
		return e->kind == EVENT_PACKET && bytes_match(f, row);
	case FIND_VERDICT:
		return e->kind == EVENT_PACKET && (e->verdict & f->bits);
	case FIND_MARKED:
		return f->view->marks && marks_has(f->view->marks, e->offset);
	}
	return false;
}

static bool ladder_row_matches(const struct find *f, const struct ladder_row *r)
{
	if (f->kind == FIND_TEXT)
		return text_matches(f, r);
	if (f->kind == FIND_MARKED)
		return row_matches(f, r->head);
	return r->packet != ROW_NONE && row_matches(f, r->packet);
}

/* ---- going on ---- */

/* A stretch of the rows that are shown.  True: it ends here, *found or not. */
static bool look_at_ladder(struct find *f, uint32_t row, bool *found)
{
	struct ladder_row r;

	if (!view_row_at(f->view, row, &r))
		return true;
	for (int i = 0; i < LOOKS; i++) {
		if (!f->fresh &&
		    !(f->forward ? view_row_next(f->view, &r, &r) : view_row_prev(f->view, &r, &r)))
			return true;
		f->fresh = false;
		f->at = trace_entry(f->view->trace, r.head)->offset;
		f->looked++;
		*found = ladder_row_matches(f, &r);
		if (*found || (f->wrapped && f->at == f->start))
			return true;
	}
	return false;
}

/* The same for the rows of the trace. */
static bool look_at_rows(struct find *f, uint32_t row, bool *found)
{
	uint32_t rows = trace_rows(f->view->trace);
	int looks = f->kind == FIND_BYTES ? LOOKS : SCANS;

	for (int i = 0; i < looks; i++) {
		if (!f->fresh) {
			if (f->forward ? row + 1 >= rows : row == 0)
				return true;
			row += f->forward ? 1u : UINT32_MAX;
		}
		f->fresh = false;
		f->at = trace_entry(f->view->trace, row)->offset;
		f->looked++;
		*found = row_matches(f, row);
		if (*found || (f->wrapped && f->at == f->start))
			return true;
	}
	return false;
}

/* At the end of the rows: on from the beginning, where that is wanted.  False: this was all. */
static bool wrap_round(struct find *f)
{
	if (!f->wrap || f->wrapped || trace_rows(f->view->trace) == 0)
		return false;
	f->wrapped = f->fresh = true;
	f->at = trace_entry(f->view->trace, f->forward ? 0 : trace_rows(f->view->trace) - 1)
			->offset;
	return true;
}

static enum find_state end_with(struct find *f, bool found)
{
	f->busy = false;
	if (!found)
		return FIND_NOTHING;
	view_go(f->view, trace_row_of(f->view->trace, f->at));
	return FIND_FOUND;
}

enum find_state find_work(struct find *f, int64_t budget_ns)
{
	int64_t end_ns = clock_monotonic_ns() + budget_ns;
	bool ladder = f->kind == FIND_TEXT || view_hides(f->view), found = false;

	if (!f->busy)
		return FIND_IDLE;
	do {
		uint32_t row = trace_row_of(f->view->trace, f->at);

		if (row == ROW_NONE)
			return end_with(f, false);
		if (!(ladder ? look_at_ladder(f, row, &found) : look_at_rows(f, row, &found)))
			continue;
		if (found || !wrap_round(f))
			return end_with(f, found);
	} while (budget_ns == 0 || clock_monotonic_ns() < end_ns);
	return FIND_GOING;
}

bool find_busy(const struct find *f)
{
	return f->busy;
}

void find_stop(struct find *f)
{
	f->busy = false;
}

unsigned find_percent(const struct find *f)
{
	uint32_t rows = trace_rows(f->view->trace), start;
	uint64_t all = rows;

	if (!f->wrap) {
		start = trace_row_of(f->view->trace, f->start);
		all = start == ROW_NONE ? rows : f->forward ? rows - start : start;
	}
	return all == 0 || f->looked >= all ? 100 : (unsigned)((uint64_t)f->looked * 100 / all);
}

/* ---- what is looked for ---- */

static bool begin(struct find *f, enum find_kind kind, bool forward, bool wrap)
{
	struct ladder_row at;

	f->busy = view_cursor(f->view, &at);
	if (!f->busy)
		return false;
	f->kind = kind;
	f->forward = forward;
	f->wrap = wrap;
	f->wrapped = f->fresh = false;
	f->looked = 0;
	/* A packet may stand on the row of a call: what is behind it is behind that row. */
	if (kind != FIND_TEXT && kind != FIND_MARKED && forward && at.packet != ROW_NONE)
		f->at = trace_entry(f->view->trace, at.packet)->offset;
	else
		f->at = trace_entry(f->view->trace, at.head)->offset;
	f->start = f->at;
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* "de ad", "dead", "de:ad" */
static int parse_hex(struct find *f, const char *text, struct err *e)
{
	f->pattern_len = 0;
	while (*text) {
		int high = hex_digit(*text), low;

		if (*text == ' ' || *text == ':') {
			text++;
			continue;
		}
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return err_set(e, "two digits for each byte, as in  hex:de ad be ef",
				       "\"%c\" is no byte", *text);
		if (f->pattern_len == sizeof(f->pattern))
			return err_set(e, NULL, "that is too long to search for");
		f->pattern[f->pattern_len++] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	if (f->pattern_len == 0)
		return err_set(e, "as in  hex:de ad be ef", "no bytes to search for");
	return 0;
}

static int parse_quoted(struct find *f, const char *text, struct err *e)
{
	size_t len = strlen(text);
	long bytes;

	if (len > 0 && text[len - 1] == '"')
		len--;
	bytes = safe_unescape(text, len, f->pattern, sizeof(f->pattern));
	if (bytes <= 0)
		return err_set(e, "as in  \"GET /\"  or  \"\\r\\n\"",
			       bytes < 0 ? "an escape in it is wrong" : "no text to search for");
	f->pattern_len = (size_t)bytes;
	return 0;
}

int find_text(struct find *f, const char *what, bool forward, bool wrap, struct err *e)
{
	enum find_kind kind = FIND_BYTES;

	f->busy = false;
	if (strncmp(what, "hex:", 4) == 0) {
		if (parse_hex(f, what + 4, e))
			return -1;
	} else if (what[0] == '"') {
		if (parse_quoted(f, what + 1, e))
			return -1;
	} else {
		kind = FIND_TEXT;
		if (!str_copy(f->text, sizeof(f->text), what))
			return err_set(e, NULL, "that is too long to search for");
	}
	begin(f, kind, forward, wrap);
	return 0;
}

void find_verdict(struct find *f, uint16_t bits, bool forward)
{
	f->bits = bits;
	begin(f, FIND_VERDICT, forward, false);
}

void find_mark(struct find *f, bool forward)
{
	begin(f, FIND_MARKED, forward, false);
}

/* ---- beginning and end ---- */

struct find *find_new(struct view *view, struct err *e)
{
	struct find *f = calloc(1, sizeof(*f));

	if (!f) {
		err_errno(e, errno, NULL, "searching");
		return NULL;
	}
	f->view = view;
	f->walk = trace_walk_new(view->trace, e);
	if (f->walk)
		return f;
	free(f);
	return NULL;
}

void find_free(struct find *f)
{
	if (!f)
		return;
	trace_walk_free(f->walk);
	free(f);
}
