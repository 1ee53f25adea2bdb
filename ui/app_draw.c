/*
 * The application's part of the screen: the last row with the prompt and the keys that matter now,
 * what is to be said above it, and the pages that cover everything.
 */
#include <string.h>

#include "ui/app_impl.h"
#include "ui/keys.h"

#define OFFERS_FROM 24 /* cells that must be free for words beside the prompt */

/* ---- the keys that matter now ---- */

#define HINTS 10

static size_t script_hints(const struct app *a, struct app_hint *h)
{
	if (!a->script || script_state(a->script) != SCRIPT_PAUSED)
		return 0;
	h[0] = (struct app_hint){ "step", a->gone_back ? "forward" : "next step" };
	h[1] = (struct app_hint){ "step back", "back" };
	if (!script_question(a->script))
		return 2;
	h[0] = (struct app_hint){ "answer", "answer" };
	h[1] = (struct app_hint){ "step", "without" };
	return 2;
}

/* Enter types on the newest event, and explains one that the cursor was moved to. */
static size_t type_hints(const struct app *a, struct app_hint *h)
{
	if (a->view.follow) {
		h[0] = (struct app_hint){ "enter", "type" };
		return 1;
	}
	h[0] = (struct app_hint){ "enter", "explain" };
	h[1] = (struct app_hint){ "prompt", "type" };
	return 2;
}

static size_t explain_hints(const struct app *a, struct app_hint *h)
{
	size_t n = 0;

	h[n++] = (struct app_hint){ "cause", NULL };
	h[n++] = (struct app_hint){ "effect", "cause, effect" };
	if (a->trails)
		h[n++] = (struct app_hint){ "back", "back" };
	if (session_is_live(a->session))
		h[n++] = (struct app_hint){ "prompt", "type" };
	if (!session_is_live(a->session) || !a->view.follow)
		h[n++] = (struct app_hint){ "enter", "close" };
	return n;
}

static size_t lab_hints(const struct app *a, struct app_hint *h)
{
	size_t n = script_hints(a, h);
	bool scripted = n > 0;

	if (a->restart && session_met_loopback(a->session))
		h[n++] = (struct app_hint){ "restart loopback", "on one host" };
	if (!scripted && app_wire_hints(a, h + n))
		return n + app_wire_hints(a, h + n);
	if (!scripted && app_holds_packets(a)) {
		h[n++] = (struct app_hint){ app_lesson_waits(a) ? "wire> release" : "step",
					    "release" };
		h[n++] = (struct app_hint){ "wire> drop", "drop" };
		h[n++] = (struct app_hint){ "wire> dup", "duplicate" };
	} else if (app_wire_says(a, "cut")) {
		h[n++] = (struct app_hint){ "toggle cut", "mend" };
		n += type_hints(a, h + n);
	} else {
		n += type_hints(a, h + n);
		h[n++] = (struct app_hint){ "toggle hold",
					    app_wire_says(a, "hold") ? "hold off" : "hold" };
	}
	return n;
}

static size_t file_hints(const struct app *a, struct app_hint *h)
{
	size_t n = 0;

	h[n++] = (struct app_hint){ "up", NULL };
	h[n++] = (struct app_hint){ "down", "move" };
	h[n++] = (struct app_hint){ "enter", "explain" };
	if (a->view.search[0])
		h[n++] = (struct app_hint){ "search next", "next match" };
	else
		h[n++] = (struct app_hint){ "prompt /", "search" };
	h[n++] = (struct app_hint){ "connections", "connections" };
	h[n++] = (struct app_hint){ "prompt filter ", "filter" };
	return n;
}

/* In front of a class: what goes on, and where the rest is said. */
static size_t class_hints(const struct app *a, struct app_hint *h)
{
	size_t n = 0;

	if (view_hides_more(&a->view))
		h[n++] = (struct app_hint){ "step", "next event" };
	else if (app_explains(a) && !app_holds_packets(a) && !script_hints(a, h))
		n = explain_hints(a, h);
	else if (session_is_live(a->session))
		n = lab_hints(a, h);
	n = n > 2 ? 2 : n;
	h[n++] = (struct app_hint){ "help", "help" };
	return n;
}

static size_t hints(const struct app *a, struct app_hint *h)
{
	size_t n = app_cover_hints(a, h);

	if (n > 0)
		return n;
	if (a->view.present)
		return class_hints(a, h);
	if (view_hides_more(&a->view))
		h[n++] = (struct app_hint){ "step", "next event" };
	if (app_explains(a) && !app_holds_packets(a) && !script_hints(a, h + n))
		n += explain_hints(a, h + n);
	else
		n += session_is_live(a->session) ? lab_hints(a, h + n) : file_hints(a, h + n);
	h[n++] = (struct app_hint){ "panel next", "panel" };
	h[n++] = (struct app_hint){ "help", "help" };
	h[n++] = (struct app_hint){ "quit", "quit" };
	return n;
}

static int hint_width(const struct app_hint *h)
{
	const struct key_row *key = keys_of_command(h->command);

	return text_width(key->name) + 1 + (h->word ? text_width(h->word) + 2 : 0);
}

/* Draws the hints so that they end at the right edge; those in the middle give way first. */
static void draw_hints(const struct app *a, struct area row, int from)
{
	struct app_hint h[HINTS];
	size_t n = hints(a, h);
	int width = -2;

	for (size_t i = 0; i < n; i++)
		width += hint_width(&h[i]);
	while (n > 2 && width > row.width - from - 1) {
		width -= hint_width(&h[n - 3]);
		memmove(&h[n - 3], &h[n - 2], 2 * sizeof(h[0]));
		n--;
	}
	for (size_t i = 0, x = (size_t)(row.width - width - 1); i < n; i++) {
		const struct key_row *key = keys_of_command(h[i].command);

		area_text(row, (int)x, 0, STYLE_KEY, key->name);
		if (h[i].word)
			area_text(row, (int)x + text_width(key->name) + 1, 0, STYLE_DIM, h[i].word);
		x += (size_t)hint_width(&h[i]);
	}
}

/* ---- the prompt's row ---- */

static const char *const empty_line_hint =
	"Tab words  Up earlier lines  Shift-Tab next program  Esc keys";

static const char *const answer_hint = "Enter answers  Space goes on without  Esc keys";

/* What could be typed here, or what the keys do; dim, at the right. */
static void draw_beside_prompt(const struct app *a, struct area row, int from)
{
	STR_ON_STACK(words, 512);
	int room = row.width - from - 3;

	if (room < OFFERS_FROM)
		return;
	if (a->prompt.len == 0 && view_hides_more(&a->view))
		str_add(&words, "Space next event  Esc keys");
	else if (a->prompt.len == 0)
		str_add(&words, text_width(empty_line_hint) <= room ? empty_line_hint : "Esc keys");
	else
		prompt_offers_text(&a->prompt, &words, room);
	area_text_right(row, row.width - 1, 0, STYLE_DIM, words.buf);
}

/* Returns the cell of the prompt's text. */
static int draw_prompt(const struct app *a, struct area row)
{
	const char *name = app_focus_name(a),
		   *sign = command_types(a->session, &a->focus) ? "<" : ">";
	STR_ON_STACK(label, EVENT_NAME + 2);
	int x;

	str_addf(&label, "%s%s", name, sign);
	area_fill(row, 0, 0, row.width, STYLE_PLAIN, ' ');
	if (a->answering && !a->typing && !a->cover) {
		x = prompt_draw(&a->answer, area_sub(row, 1, 0, row.width - 1, 1), "answer>") + 1;
		if (row.width - x - text_width(a->answer.text) > text_width(answer_hint) + 3)
			area_text_right(row, row.width - 1, 0, STYLE_DIM, answer_hint);
		return x;
	}
	if (a->typing) {
		x = prompt_draw(&a->prompt, area_sub(row, 1, 0, row.width - 1, 1), label.buf) + 1;
		draw_beside_prompt(a, row, x + text_width(a->prompt.text));
		return x;
	}
	x = *name ? area_textf(row, 1, 0, STYLE_TITLE, "%s ", label.buf) + 1 : 1;
	if (a->prompt.len > 0)
		area_text(area_sub(row, 0, 0, row.width / 3, 1), x, 0, STYLE_DIM, a->prompt.text);
	draw_hints(a, row, a->prompt.len > 0 ? row.width / 3 : x);
	return x;
}

/* ---- what is said above it ---- */

/* On one line with what to do behind it, or on two. */
static void said(const struct app *a, struct str *out, bool one_line)
{
	STR_ON_STACK(waiting, 100);

	str_add(out, a->message.what);
	if (a->message.hint[0])
		str_addf(out, one_line ? "  (%s)" : "\n%s", a->message.hint);
	turns_text(a->turns, &waiting);
	if (waiting.len && !a->message_bad)
		str_addf(out, one_line ? " · %s" : "\n%s", waiting.buf);
}

/* Word-wrapped, so that the last line is row y; the row above the first one. */
static int draw_lines(struct area all, int y, enum style s, const char *text)
{
	struct area lines = area_sub(all, 1, 0, all.width - 2, all.height);
	int rows = area_wrap(area_sub(lines, 0, 0, lines.width, 0), 0, s, text);

	for (int i = 0; i < rows; i++)
		area_fill(all, 0, y - i, all.width, STYLE_PLAIN, ' ');
	area_wrap(lines, y - rows + 1, s, text);
	return y - rows;
}

/* What typed lines or the lesson wait for, as long as nothing else is to be said.  The row above it. */
static int draw_waiting(const struct app *a, struct area all)
{
	STR_ON_STACK(text, 400);
	STR_ON_STACK(question, 1400);

	turns_text(a->turns, &text);
	if (text.len)
		str_add(&text, "  (Ctrl-C takes back what waits)");
	else if (app_lesson_waits(a))
		app_lesson_text(a, &text);
	else if (app_lesson_question(a, &question, all.width - 2))
		return draw_lines(all, all.height - 2, STYLE_TITLE, question.buf);
	else
		return all.height - 2;
	return draw_lines(all, all.height - 2, STYLE_NOTE, text.buf);
}

/* The mark above the mistake, x cells from the left; the text is beside it if there is room.  The row above both. */
static int draw_message(const struct app *a, struct area all, int text_x)
{
	STR_ON_STACK(text, sizeof(a->message.what) + sizeof(a->message.hint) + 120);
	enum style s = a->message_bad ? STYLE_ERROR : STYLE_NOTE;
	int y = all.height - 2, x = text_x + a->message.column - 1;

	if (!a->message.what[0])
		return draw_waiting(a, all);
	said(a, &text, true);
	if (a->typing && a->message.column > 0 && x >= 0 && x < all.width) {
		area_fill(all, 0, y, all.width, STYLE_PLAIN, ' ');
		area_text(all, x, y, STYLE_ERROR, "↓");
		if (x + 2 + text_width(text.buf) < all.width) {
			area_text(all, x + 2, y, s, text.buf);
			return y - 1;
		}
		y--;
	}
	if (text_width(text.buf) > all.width - 2) {
		str_clear(&text);
		said(a, &text, false);
	}
	return draw_lines(all, y, s, text.buf);
}

/* ---- whole screens ---- */

static void draw_too_small(struct area a)
{
	STR_ON_STACK(text, 100);

	str_addf(&text, "socklens needs %d columns and %d rows; this terminal has %d and %d.",
		 VIEW_MIN_WIDTH, VIEW_MIN_HEIGHT, a.width, a.height);
	area_wrap(a, a.height / 3, STYLE_PLAIN, text.buf);
}

static void draw_help(struct app *a, struct area all)
{
	struct area page = area_sub(all, 0, 1, all.width, all.height - 1);
	STR_ON_STACK(where, 60);
	int last;

	area_fill(all, 0, 0, all.width, STYLE_BAR, ' ');
	area_text(all, 1, 0, STYLE_BAR, "socklens · help");
	a->help_height = page.height;
	a->help_rows = help_draw(page, a->help_skip, app_command_help);
	if (a->help_skip > 0 && a->help_skip > a->help_rows - page.height) {
		a->help_skip = a->help_rows > page.height ? a->help_rows - page.height : 0;
		area_fill(all, 0, 1, all.width, STYLE_PLAIN, ' ');
	}
	last = a->help_skip + page.height;
	str_addf(&where, "lines %d to %d of %d ", a->help_skip + 1,
		 last < a->help_rows ? last : a->help_rows, a->help_rows);
	area_text_right(all, all.width, 0, STYLE_BAR, where.buf);
}

static const char *recording_mark(const struct app *a)
{
	if (!session_is_live(a->session))
		return NULL;
	if (!trace_recording(a->view.trace))
		return "✗ not recording";
	return trace_path(a->view.trace) ? "● rec" : NULL;
}

void app_draw(struct app *a, struct grid *g)
{
	struct area all = grid_area(g);
	int text_x, free_y = g->height - 2;

	grid_clear(g);
	a->width = g->width;
	a->height = g->height;
	if (g->width < VIEW_MIN_WIDTH || g->height < VIEW_MIN_HEIGHT) {
		draw_too_small(all);
		return;
	}
	a->layout = view_layout(&a->view, g);
	if (a->help) {
		draw_help(a, all);
		if (a->message.what[0])
			draw_message(a, all, 0);
		return;
	}
	a->view.mark = recording_mark(a);
	if (!app_cover_draw(a, g))
		view_draw(&a->view, g);
	text_x = draw_prompt(a, a->layout.hint);
	if (a->typing && a->prompt.menu)
		prompt_draw_menu(&a->prompt, all, text_x, all.height - 1);
	else
		free_y = draw_message(a, all, text_x);
	app_presses_draw(a, all, free_y);
}
