/*
 * The sheet as plain text of 80 columns: a head, the ladder (or the shuffled packets), the questions, and a form for the
 * answers.  A row of the ladder is a few lines of three columns, which are filled first and then printed side by side.
 */
#include "src/sheet.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "src/condition_impl.h"
#include "src/core/names.h"
#include "src/core/safe.h"
#include "src/describe.h"
#include "src/ladder.h"

#define WIDTH  80
#define LANE   21
#define MIDDLE 36
#define LINES  8
#define BYTES  (4 * MIDDLE + 1)

_Static_assert(2 * LANE + MIDDLE + 2 == WIDTH, "two lanes and two rails");

/* ---- cells ---- */

static int cells(const char *text)
{
	size_t len = strlen(text);
	int n = 0;

	for (size_t at = 0; at < len;) {
		struct safe_char c = safe_next(text + at, len - at);

		n += c.width;
		at += c.bytes;
	}
	return n;
}

/* How many bytes of text fill at most so many cells. */
static size_t bytes_of(const char *text, int width)
{
	size_t len = strlen(text), at = 0;

	while (at < len) {
		struct safe_char c = safe_next(text + at, len - at);

		if ((width -= c.width) < 0)
			break;
		at += c.bytes;
	}
	return at;
}

struct column {
	char line[LINES][BYTES];
	size_t lines;
};

static void add_line(struct column *c, int indent, const char *text, size_t len)
{
	struct str out;

	if (c->lines == LINES)
		return;
	out = str_on(c->line[c->lines++], BYTES);
	while (indent-- > 0)
		str_char(&out, ' ');
	str_addn(&out, text, len);
}

/* "= -1 EAGAIN" stays together. */
static bool may_break(const char *text, size_t at)
{
	return text[at] == ' ' && at && text[at - 1] != '=' &&
	       (at < 4 || memcmp(text + at - 4, "= -1", 4) != 0);
}

/* Where a line of at most width cells ends: behind a word if that can be. */
static size_t break_of(const char *text, int width)
{
	size_t most = bytes_of(text, width), at = most;

	if (!text[most])
		return most;
	while (at && !may_break(text, at))
		at--;
	return at ? at : most;
}

/* Word by word into lines of the column; those behind the first are indented. */
static void wrap(struct column *c, int from, const char *text, int width)
{
	for (int indent = 0; *text; indent = 1) {
		size_t len = break_of(text, width - indent);

		add_line(c, from + indent, text, len);
		text += len;
		text += strspn(text, " ");
	}
}

static void pad(FILE *out, const char *text, int width)
{
	int n = width - cells(text);

	fputs(text, out);
	while (n-- > 0)
		fputc(' ', out);
}

/* Several columns of prose; the lines behind the first stand under its text. */
static void print_wrapped(FILE *out, const char *text, int indent)
{
	while (*text) {
		size_t len = break_of(text, WIDTH - indent);

		fprintf(out, "%.*s\n", (int)len, text);
		text += len;
		text += strspn(text, " ");
		if (*text)
			fprintf(out, "%*s", indent, "");
	}
}

/* ---- glyphs ---- */

enum { RAIL, LINE, DOTS, RIGHT, LEFT, CROSS };

static const char *glyph(const struct sheet *s, int which)
{
	static const char *const glyphs[][2] = {
		[RAIL] = { "│", "|" },	[LINE] = { "─", "-" }, [DOTS] = { "╌", "." },
		[RIGHT] = { "▶", ">" }, [LEFT] = { "◀", "<" }, [CROSS] = { "✗", "x" },
	};

	return glyphs[which][s->o.ascii];
}

static void repeat(struct str *out, const char *text, int n)
{
	while (n-- > 0)
		str_add(out, text);
}

static void print_rule(const struct sheet *s, FILE *out)
{
	STR_ON_STACK(line, 4 * WIDTH);

	repeat(&line, glyph(s, LINE), WIDTH);
	fprintf(out, "%s\n", line.buf);
}

/* ---- blanks ---- */

/* "(3)______", or what is there. */
static bool add_field(const struct sheet *s, struct str *out, uint64_t event, enum sheet_what what,
		      const char *text)
{
	static const int room[] = {
		[SHEET_FLAGS] = 9,  [SHEET_SEQ] = 4,	[SHEET_ACK] = 4,    [SHEET_STATE] = 12,
		[SHEET_RESULT] = 6, [SHEET_ERRNO] = 10, [SHEET_NUMBER] = 6, [SHEET_ORDER] = 8,
	};
	const struct sheet_item *item = sheet_blank(s, event, what);

	if (!item) {
		str_add(out, text);
		return false;
	}
	str_addf(out, "(%u)", item->number);
	repeat(out, "_", room[what]);
	return true;
}

/* ---- packets ---- */

/* As on the ladder of the screen, with blanks; whatever is no TCP as it is. */
static void add_label(const struct sheet *s, uint32_t row, int room, struct str *out)
{
	uint64_t id = trace_entry(s->t, row)->offset;
	struct seen_packet seen;
	STR_ON_STACK(flags, 40);
	STR_ON_STACK(number, 24);

	if (!condition_read_packet(s->t, row, &seen))
		return;
	if (!seen.packet.has_segment) {
		describe_event(out, s->t, seen.ev);
		out->buf[bytes_of(out->buf, room)] = '\0';
		return;
	}
	packet_flags_text(&flags, seen.packet.flags);
	add_field(s, out, id, SHEET_FLAGS, flags.buf);
	if (seen.conn &&
	    (seen.packet.payload_len || seen.packet.flags & (TCP_SYN | TCP_FIN | TCP_RST) ||
	     sheet_blank(s, id, SHEET_SEQ))) {
		str_addf(&number, "%u", conn_packet_seq(seen.conn, seen.dir, &seen.packet));
		str_add(out, " seq ");
		add_field(s, out, id, SHEET_SEQ, number.buf);
	}
	if (seen.conn && seen.packet.flags & TCP_ACK) {
		str_clear(&number);
		str_addf(&number, "%u", conn_seq(seen.conn, !seen.dir, seen.packet.ack));
		str_add(out, " ack ");
		add_field(s, out, id, SHEET_ACK, number.buf);
	}
	str_clear(&number);
	str_addf(&number, " len %u", seen.packet.payload_len);
	if (seen.packet.payload_len && cells(out->buf) + cells(number.buf) <= room)
		str_add(out, number.buf);
	out->buf[bytes_of(out->buf, room)] = '\0';
}

static bool is_leftward(const struct sheet *s, uint32_t row)
{
	const struct trace_entry *e = trace_entry(s->t, row);

	return trace_hosts(s->t) > 1 ? e->host > 0 : e->dir;
}

/* ── SYN  seq 0 ─────────▶ */
static void add_arrow(const struct sheet *s, uint32_t row, struct column *c)
{
	const struct trace_entry *e = trace_entry(s->t, row);
	bool lost = e->fate == WIRE_DROPPED, left = is_leftward(s, row);
	STR_ON_STACK(label, 400);
	STR_ON_STACK(line, BYTES);
	int room = MIDDLE - 4, used;

	add_label(s, row, room, &label);
	used = cells(label.buf);
	str_add(&line, glyph(s, !left ? LINE : lost ? CROSS : LEFT));
	if (used < room - 1)
		str_add(&line, glyph(s, left && lost ? DOTS : LINE));
	str_addf(&line, " %s ", label.buf);
	repeat(&line, glyph(s, lost && !left ? DOTS : LINE), room - used - (used < room - 1));
	str_add(&line, glyph(s, left ? LINE : lost ? CROSS : RIGHT));
	add_line(c, 0, line.buf, line.len);
}

/* What became of one later.  Not what it is: that may be a blank. */
static void add_fate(const struct sheet *s, uint32_t row, struct column *c)
{
	const struct trace_entry *e = trace_entry(s->t, row);
	const char *what = e->fate == WIRE_DROPPED ? "is lost" : "arrives";
	STR_ON_STACK(line, BYTES);
	STR_ON_STACK(text, 40);

	str_addf(&text, "packet %" PRIu32 " %s", e->number, what);
	repeat(&line, " ", (MIDDLE - cells(text.buf)) / 2);
	str_add(&line, text.buf);
	add_line(c, 0, line.buf, line.len);
}

/* ---- calls ---- */

static void add_result(const struct sheet *s, const struct event *ret, struct str *out)
{
	STR_ON_STACK(text, 40);

	if (ret->ret.error) {
		name_add(&text, &names_errno, ret->ret.error);
		str_add(out, "= -1 ");
		add_field(s, out, ret->id, SHEET_ERRNO, text.buf);
		return;
	}
	str_addf(&text, "%" PRId64, ret->ret.result);
	str_add(out, "= ");
	add_field(s, out, ret->id, SHEET_RESULT, text.buf);
	for (uint32_t i = 0; i < ret->ret.outs && i < EVENT_ARGS; i++)
		if (ret->ret.out[i].name && ret->ret.out[i].text &&
		    !strcmp(ret->ret.out[i].name, "data") && cells(ret->ret.out[i].text) < LANE)
			str_addf(out, " %s", ret->ret.out[i].text);
}

static void add_call(const struct sheet *s, uint32_t row, bool right, struct column *c)
{
	const struct trace_entry *e = trace_entry(s->t, row);
	const struct event *ev = trace_event(s->t, row, NULL);
	uint32_t back = e->kind == EVENT_CALL && !e->blocked ? e->link : ROW_NONE;
	STR_ON_STACK(text, 400);

	if (!ev)
		return;
	if (e->host > 1 || ev->thread) {
		event_add_actor(&text, ev);
		str_add(&text, ": ");
	}
	if (ev->kind == EVENT_RETURN) {
		str_addf(&text, "%s() ", ev->ret.name);
		add_result(s, ev, &text);
	} else {
		describe_call(&text, ev);
		if (back == ROW_NONE)
			str_add(&text, s->o.ascii ? " ..." : " …");
	}
	if (back != ROW_NONE && (ev = trace_event(s->t, back, NULL))) {
		str_char(&text, ' ');
		add_result(s, ev, &text);
	}
	wrap(c, right, text.buf, LANE - 1);
}

static void add_state(const struct sheet *s, uint32_t row, bool right, struct column *c)
{
	const struct trace_entry *e = trace_entry(s->t, row);
	STR_ON_STACK(text, 64);
	int indent = 1;

	if (!e->state_change)
		return;
	add_field(s, &text, e->offset, SHEET_STATE, sock_state_name(e->state));
	if (!right)
		indent = LANE - 1 - cells(text.buf);
	add_line(c, indent, text.buf, text.len);
}

/* ---- the ladder ---- */

static void print_columns(const struct sheet *s, const struct column c[3], FILE *out)
{
	size_t lines = c[0].lines > c[2].lines ? c[0].lines : c[2].lines;

	lines = c[1].lines > lines ? c[1].lines : lines;
	lines = lines ? lines : 1;
	for (size_t i = 0; i < lines; i++) {
		pad(out, i < c[0].lines ? c[0].line[i] : "", LANE);
		fputs(glyph(s, RAIL), out);
		pad(out, i < c[1].lines ? c[1].line[i] : "", MIDDLE);
		fprintf(out, "%s%s\n", glyph(s, RAIL), i < c[2].lines ? c[2].line[i] : "");
	}
}

static void add_command(const struct sheet *s, uint32_t row, struct column *c)
{
	const struct event *ev = trace_event(s->t, row, NULL);
	STR_ON_STACK(text, 200);
	STR_ON_STACK(line, BYTES);

	if (!ev || !ev->command.text || !ev->command.text[0])
		return;
	str_addf(&text, "%s%s%s", ev->command.target ? ev->command.target : "",
		 ev->command.target && ev->command.target[0] ? "> " : "", ev->command.text);
	text.buf[bytes_of(text.buf, MIDDLE - 2)] = '\0';
	repeat(&line, " ", (MIDDLE - cells(text.buf)) / 2);
	str_add(&line, text.buf);
	add_line(c, 0, line.buf, line.len);
}

static void print_row(const struct sheet *s, const struct ladder_row *r, FILE *out)
{
	const struct trace_entry *head = trace_entry(s->t, r->head);
	struct column c[3] = { 0 };

	if (head->kind == EVENT_COMMAND)
		add_command(s, r->head, &c[1]);
	if (r->call != ROW_NONE) {
		bool right = trace_entry(s->t, r->call)->host > 0;

		add_call(s, r->call, right, &c[right ? 2 : 0]);
	}
	if (r->packet != ROW_NONE && trace_entry(s->t, r->packet)->kind == EVENT_PACKET)
		add_arrow(s, r->packet, &c[1]);
	else if (r->packet != ROW_NONE)
		add_fate(s, r->packet, &c[1]);
	for (int i = 0; i < 2; i++)
		if (r->state[i] != ROW_NONE) {
			bool right = trace_entry(s->t, r->state[i])->host > 0;

			add_state(s, r->state[i], right, &c[right ? 2 : 0]);
		}
	print_columns(s, c, out);
}

static void print_ends(const struct sheet *s, FILE *out)
{
	const struct conn *c = s->conn == CONN_NONE ? NULL : conns_get(trace_conns(s->t), s->conn);
	const struct column none[3] = { 0 };

	for (size_t i = 0; i < 2; i++) {
		STR_ON_STACK(name, 64);

		if (trace_hosts(s->t) > 1)
			str_add(&name, trace_host(s->t, i)->name);
		else if (c)
			addr_text(&name, &c->end[i], NULL);
		if (i)
			fprintf(out, " %s\n", name.buf);
		else
			pad(out, name.buf, LANE + MIDDLE + 2);
	}
	/* A line of rails alone. */
	print_columns(s, none, out);
}

static void print_ladder(const struct sheet *s, FILE *out)
{
	struct ladder_row r;
	unsigned rows = 0;

	print_ends(s, out);
	for (bool more = ladder_first(s->t, &r); more; more = ladder_next(s->t, &r, &r)) {
		if (!sheet_shows(s, &r))
			continue;
		if (rows++ == SHEET_ROWS) {
			fprintf(out, "%*s(and so on)\n", LANE + 12, "");
			break;
		}
		print_row(s, &r, out);
	}
}

static void print_shuffled(const struct sheet *s, FILE *out)
{
	if (!s->packets)
		return;
	fprintf(out, "These packets of one connection were shuffled.\n\n");
	for (size_t i = 0; i < s->packets; i++) {
		const struct event *ev = trace_event(s->t, s->shuffled[i], NULL);
		bool left = is_leftward(s, s->shuffled[i]);
		STR_ON_STACK(text, 256);

		if (ev)
			describe_event(&text, s->t, ev);
		text.buf[bytes_of(text.buf, WIDTH - 30)] = '\0';
		fprintf(out, "   %c   %s   %s\n", (char)('A' + i),
			trace_hosts(s->t) < 2 ? (left ? "<--" : "-->")
					      : trace_host(s->t, left)->name,
			text.buf);
	}
	fputc('\n', out);
}

/* ---- the rest ---- */

static void print_head(const struct sheet *s, FILE *out)
{
	STR_ON_STACK(of, 120);

	str_addf(&of, "%.60s, sheet %" PRIu64, s->o.name, s->o.seed);
	fprintf(out, "%s\n", s->title);
	fprintf(out, "%-*s%zu point%s\n", WIDTH - 9 - (s->items > 9), of.buf, s->items,
		s->items == 1 ? "" : "s");
	print_rule(s, out);
	fprintf(out,
		"Name: ______________________________________   Date: ____________________\n\n");
	if (!s->o.shuffled)
		print_wrapped(
			out,
			"Calls of the programs stand at the left and at the right, packets between "
			"them, and beside the rails the states that the sockets go into. Time runs "
			"down. Fill in what is missing: flags, numbers (from 0 at the SYN), "
			"states, "
			"what calls gave, errors.",
			0);
	fputc('\n', out);
}

static bool stands_in_ladder(const struct sheet *s, const struct sheet_item *item)
{
	return !s->o.shuffled && item->event && item->what != SHEET_NUMBER;
}

static void print_question(const struct sheet *s, const struct sheet_item *item, FILE *out)
{
	const struct question *q = item->asked ? &item->asked->question : NULL;

	fprintf(out, "%3u  ", item->number);
	if (!q) {
		print_wrapped(out, "In which order were the packets sent? (their letters)", 5);
		return;
	}
	print_wrapped(out, q->text, 5);
	for (size_t i = 0; q->choices > 1 && i < q->choices; i++) {
		STR_ON_STACK(choice, 160);

		question_choice(q, i, &choice);
		fprintf(out, "       %c) ", (char)('a' + i));
		print_wrapped(out, choice.buf, 10);
	}
	if (stands_in_ladder(s, item))
		fprintf(out, "       (it is blank %u above)\n", item->number);
}

static void print_questions(const struct sheet *s, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < s->items; i++) {
		if (!s->item[i].asked && s->item[i].what != SHEET_ORDER)
			continue;
		if (!any)
			fprintf(out, "\nQuestions\n");
		any = true;
		print_question(s, &s->item[i], out);
	}
}

static void print_form(const struct sheet *s, FILE *out)
{
	fprintf(out, "\nAnswers\n");
	for (size_t i = 0; i < s->items; i++)
		fprintf(out, "%3u: ____________________\n", s->item[i].number);
}

static int finish(FILE *out, struct err *e)
{
	if (!fflush(out) && !ferror(out))
		return 0;
	return err_errno(e, errno ? errno : EIO, NULL, "writing a sheet");
}

int sheet_print(const struct sheet *s, FILE *out, struct err *e)
{
	errno = 0;
	print_head(s, out);
	if (s->o.shuffled)
		print_shuffled(s, out);
	else
		print_ladder(s, out);
	print_questions(s, out);
	print_form(s, out);
	return finish(out, e);
}

/* ---- the key ---- */

static void put(FILE *out, const char *name, const char *text)
{
	if (text[0])
		fprintf(out, "   %s: %s\n", name, text);
}

/* The letter of a choice, and its words, are right as well. */
static void put_choice(FILE *out, const struct asked *a)
{
	const char letter[] = { (char)('a' + a->choice), '\0' };
	STR_ON_STACK(words, 160);

	if (a->choice < 0)
		return;
	question_choice(&a->question, (size_t)a->choice, &words);
	put(out, "also", letter);
	if (strcmp(words.buf, a->truth) != 0)
		put(out, "also", words.buf);
}

int sheet_key(const struct sheet *s, FILE *out, struct err *e)
{
	errno = 0;
	fprintf(out, "socklens quiz key 1\ntitle: %s\nof: %s, sheet %" PRIu64 "\n\n", s->title,
		s->o.name, s->o.seed);
	for (size_t i = 0; i < s->items; i++) {
		const struct sheet_item *item = &s->item[i];

		fprintf(out, "%u: %s\n", item->number, item->truth);
		put(out, "kind", answer_kind_name(item->kind));
		put(out, "also", item->also);
		if (item->asked)
			put_choice(out, item->asked);
		put(out, "why", item->why);
	}
	return finish(out, e);
}
