/*
 * What a program prints comes as bytes and becomes lines.  One without an end is shown when nothing has followed for
 * a moment: it may be a question that waits for an answer.  Of very many lines in a second the rest is counted.
 */
#include "src/session_impl.h"

#include <string.h>

#include "src/core/clock.h"
#include "src/core/safe.h"

#define QUIET_NS     (50 * NS_PER_MS)
#define LINES_SECOND 1000 /* that are kept */
#define TAB	     8

/* A line that is safe to be shown; tabs as blanks. */
static void add_line(struct str *out, const char *bytes, size_t len)
{
	size_t from = 0, column = 0;

	for (size_t i = 0; i < len; i++, column++) {
		if (bytes[i] != '\t')
			continue;
		safe_add_line(out, bytes + from, i - from);
		from = i + 1;
		str_addf(out, "%*s", (int)(TAB - column % TAB), "");
		column += TAB - column % TAB - 1;
	}
	safe_add_line(out, bytes + from, len - from);
}

static void append_line(struct session *s, const struct actor *a, int stream,
			const struct output *o, bool unended)
{
	STR_ON_STACK(text, 4 * OUTPUT_LINE + 64);
	struct event ev = {
		.kind = EVENT_OUTPUT,
		.host = a->host,
		.thread = o->lane,
		.ts_ns = o->ts_ns,
		.output = { .stream = stream, .cut = o->cut, .unended = unended },
	};

	add_line(&text, o->bytes, o->len);
	ev.output.text = text.buf;
	str_copy(ev.program, sizeof(ev.program), a->name);
	str_copy(ev.thread_name, sizeof(ev.thread_name), actor_thread_name(a, o->lane));
	session_append(s, &ev);
}

static void append_unkept(struct session *s, struct actor *a)
{
	STR_ON_STACK(text, 160);
	struct event ev = { .kind = EVENT_NOTE, .host = a->host, .ts_ns = a->unkept_ns };

	str_addf(&text, "%s printed %llu more lines in that second: they are not kept", a->name,
		 (unsigned long long)a->unkept);
	str_copy(ev.program, sizeof(ev.program), a->name);
	ev.note.kind = NOTE_LIMIT;
	ev.note.text = text.buf;
	a->unkept = 0;
	session_append(s, &ev);
}

/* Whether one more may be kept in this second. */
static bool count_line(struct session *s, struct actor *a, int64_t ts_ns)
{
	int64_t now = clock_monotonic_ns();

	if (now - a->window_ns >= NS_PER_S) {
		if (a->unkept)
			append_unkept(s, a);
		a->window_ns = now;
		a->lines = 0;
	}
	if (a->lines < LINES_SECOND)
		return ++a->lines;
	a->unkept++;
	a->unkept_ns = ts_ns;
	return false;
}

static void end_line(struct session *s, struct actor *a, int stream, bool unended)
{
	struct output *o = &a->output[stream - 1];

	if (count_line(s, a, o->ts_ns))
		append_line(s, a, stream, o, unended);
	o->len = 0;
	o->cut = o->cr = false;
	o->due_ns = INT64_MAX;
}

static void add_byte(struct output *o, char c)
{
	/* Carriage returns are shown where they mean something: not before a newline. */
	if (o->cr && o->len < OUTPUT_LINE)
		o->bytes[o->len++] = '\r';
	o->cr = c == '\r';
	if (o->cr)
		return;
	if (o->len < OUTPUT_LINE)
		o->bytes[o->len++] = c;
	else
		o->cut = true;
}

void output_add(struct session *s, size_t actor, int stream, uint32_t lane, int64_t ts_ns,
		const char *bytes, size_t len)
{
	struct actor *a = &s->actor[actor];
	struct output *o;

	if (stream < 1 || stream > 2)
		return;
	o = &a->output[stream - 1];
	for (size_t i = 0; i < len; i++) {
		o->lane = lane;
		o->ts_ns = ts_ns;
		if (bytes[i] == '\n')
			end_line(s, a, stream, false);
		else
			add_byte(o, bytes[i]);
	}
	if (o->len || o->cr)
		o->due_ns = clock_monotonic_ns() + QUIET_NS;
}

void output_work(struct session *s, size_t actor, bool all)
{
	struct actor *a = &s->actor[actor];
	int64_t now = clock_monotonic_ns();

	for (int stream = 1; stream <= 2; stream++) {
		const struct output *o = &a->output[stream - 1];

		if (o->due_ns != INT64_MAX && (all || now >= o->due_ns))
			end_line(s, a, stream, true);
	}
	if (a->unkept && (all || now - a->window_ns >= NS_PER_S))
		append_unkept(s, a);
}

int64_t output_due(const struct actor *a)
{
	int64_t due = a->output[0].due_ns < a->output[1].due_ns ? a->output[0].due_ns
								: a->output[1].due_ns;

	if (a->unkept && a->window_ns + NS_PER_S < due)
		due = a->window_ns + NS_PER_S;
	return due;
}
