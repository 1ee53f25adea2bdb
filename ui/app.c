/*
 * One of three takes a key: the help page while it is open, the prompt while a line is typed, else
 * the table of keys, whose command is run as if it had been typed.
 */
#include "ui/app.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ui/app_impl.h"
#include "ui/keys.h"

#define WIRE_PREFIX "wire> "
#define WHEEL_ROWS  3

/* ---- messages ---- */

void app_say(struct app *a, const char *text)
{
	err_set(&a->message, NULL, "%s", text);
	a->message_bad = false;
}

void app_complain(struct app *a, const struct err *e)
{
	a->message = *e;
	a->message_bad = true;
}

static void clear_message(struct app *a)
{
	a->message = (struct err){ 0 };
}

/* ---- commands ---- */

const char *app_focus_name(const struct app *a)
{
	if (!session_is_live(a->session))
		return "";
	return a->focus_wire ? "wire" : command_focus_name(a->session, &a->focus);
}

/* A line for the lab.  With the focus on the wire the language needs to be told so. */
static int run_below(struct app *a, const char *text, struct err *e)
{
	STR_ON_STACK(line, PROMPT_SIZE + sizeof(WIRE_PREFIX));
	bool prefix = a->focus_wire && !strchr(text, '>');
	struct command_focus before = a->focus;

	str_addf(&line, "%s%s", prefix ? WIRE_PREFIX : "", text);
	if (command_run(a->session, &a->focus, line.buf, e) < 0) {
		if (prefix && e->column > (int)strlen(WIRE_PREFIX))
			e->column -= (int)strlen(WIRE_PREFIX);
		return -1;
	}
	if (before.program != a->focus.program || before.thread != a->focus.thread)
		a->focus_wire = false;
	return 0;
}

int app_command(struct app *a, const char *text, struct err *e)
{
	struct err own = { .column = 0 };
	const char *argument;
	const struct app_command *c = app_command_find(text, &argument);
	const char *path = trace_path(a->view.trace);
	int status;

	if (!c || strcmp(c->name, "quit") != 0)
		a->unsaved_told = false;
	status = c ? c->run(a, argument, &own) : run_below(a, text, &own);
	if (status < 0) {
		app_complain(a, &own);
		if (e)
			*e = own;
	} else if (!path && trace_path(a->view.trace)) {
		STR_ON_STACK(said, 300);

		str_addf(&said, "The recording is kept in %s from now on.",
			 trace_path(a->view.trace));
		app_say(a, said.buf);
	}
	return status;
}

/* ---- the prompt ---- */

struct shifted {
	parse_offer_fn *offer;
	void *context;
	size_t by;
};

/* An offer for a line with a prefix that is not in the prompt. */
static void shift_offer(void *context, const struct parse_offer *offer)
{
	const struct shifted *s = context;
	struct parse_offer moved = *offer;

	if (moved.from < s->by)
		return;
	moved.from -= s->by;
	s->offer(s->context, &moved);
}

static void offer_words(void *context, const char *text, size_t cursor, parse_offer_fn *offer,
			void *offer_context)
{
	struct app *a = context;
	struct shifted s = { .offer = offer, .context = offer_context };
	STR_ON_STACK(line, PROMPT_SIZE + sizeof(WIRE_PREFIX));

	if (session_is_live(a->session) && text[0] != '/') {
		if (a->focus_wire && !memchr(text, '>', cursor))
			str_add(&line, WIRE_PREFIX);
		s.by = line.len;
		str_addn(&line, text, cursor);
		command_complete(a->session, &a->focus, line.buf, line.len, shift_offer, &s);
	}
	app_command_words(a, text, cursor, offer, offer_context);
}

static void stop_typing(struct app *a)
{
	a->typing = false;
	a->once = false;
}

/* Enter: the line is run and kept; a mistake leaves it there with the cursor on it. */
static void run_typed(struct app *a)
{
	const char *argument;
	bool ours = app_command_find(a->prompt.text, &argument);
	bool once = a->once;
	char line[PROMPT_SIZE];
	struct err e;

	if (a->prompt.len == 0) {
		stop_typing(a);
		return;
	}
	memcpy(line, a->prompt.text, a->prompt.len + 1);
	prompt_remember(&a->prompt, line);
	if (app_command(a, line, &e) < 0) {
		if (e.column > 0)
			prompt_point(&a->prompt, e.column);
		return;
	}
	if (strcmp(a->prompt.text, line) == 0)
		prompt_set(&a->prompt, "");
	if (ours || once)
		stop_typing(a);
}

/* Keys that mean on an empty line what they mean everywhere. */
static bool passes_prompt(const struct app *a, uint32_t key)
{
	switch (key) {
	case TERM_PAGE_UP:
	case TERM_PAGE_DOWN:
	case TERM_CTRL_L:
	case TERM_CTRL_Z:
		return true;
	case ' ':
	case '?':
	case TERM_CTRL_C:
		return a->prompt.len == 0;
	}
	return false;
}

static void key_to_prompt(struct app *a, uint32_t key)
{
	if (key == TERM_CTRL_C || (key == TERM_BACKSPACE && a->prompt.len == 0)) {
		prompt_set(&a->prompt, "");
		stop_typing(a);
		return;
	}
	if (key == TERM_BACK_TAB && !a->prompt.menu) {
		app_command(a, "focus next", NULL);
		return;
	}
	switch (prompt_key(&a->prompt, key)) {
	case PROMPT_ENTERED:
		run_typed(a);
		break;
	case PROMPT_LEFT:
		stop_typing(a);
		break;
	case PROMPT_NOTHING:
	case PROMPT_EDITED:
		break;
	}
}

/* ---- keys ---- */

static void key_to_help(struct app *a, uint32_t key)
{
	int page = a->help_height > 2 ? a->help_height - 2 : 1;
	int last = a->help_rows > a->help_height ? a->help_rows - a->help_height : 0;
	const struct {
		uint32_t key;
		int by;
	} rows[] = {
		{ TERM_UP, -1 },
		{ 'k', -1 },
		{ TERM_DOWN, 1 },
		{ 'j', 1 },
		{ TERM_PAGE_UP, -page },
		{ TERM_PAGE_DOWN, page },
		{ ' ', page },
		{ TERM_HOME, -a->help_rows },
		{ TERM_END, a->help_rows },
		{ TERM_MOUSE_UP, -WHEEL_ROWS },
		{ TERM_MOUSE_DOWN, WHEEL_ROWS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].key != key)
			continue;
		a->help_skip += rows[i].by;
		a->help_skip = a->help_skip > last ? last : a->help_skip;
		a->help_skip = a->help_skip < 0 ? 0 : a->help_skip;
		return;
	}
	a->help = false;
}

static bool inside(struct area area, const struct term_input *in)
{
	return in->x >= area.x && in->x < area.x + area.width && in->y >= area.y &&
	       in->y < area.y + area.height;
}

static void click(struct app *a, const struct term_input *in)
{
	uint64_t before = a->view.cursor;

	if (inside(a->layout.hint, in)) {
		app_command(a, "prompt", NULL);
		return;
	}
	if (!inside(a->layout.ladder, in))
		return;
	view_click(&a->view, a->layout.ladder, in->y - a->layout.ladder.y);
	if (a->view.cursor && a->view.cursor == before)
		app_command(a, "explain", NULL);
}

static void wheel(struct app *a, const struct term_input *in)
{
	bool up = in->key == TERM_MOUSE_UP, panel = inside(a->layout.panel, in);

	for (int i = 0; i < WHEEL_ROWS; i++)
		app_command(a, panel ? up ? "scroll up" : "scroll down" : up ? "up" : "down", NULL);
}

static void key_to_screen(struct app *a, uint32_t key)
{
	const struct key_row *row = keys_find(key);

	if (row)
		app_command(a, row->command, NULL);
	else if (key == TERM_ESCAPE)
		a->view.search[0] = '\0';
}

/* True: it was no key, and what is said on the screen stays. */
static bool not_a_key(struct app *a, const struct term_input *in)
{
	if (in->key == TERM_ASKED_TO_END)
		a->done = true;
	if (in->key == TERM_RESIZE)
		a->wish = WISH_REDRAW;
	return in->key == TERM_ASKED_TO_END || in->key == TERM_RESIZE;
}

void app_input(struct app *a, const struct term_input *in)
{
	if (not_a_key(a, in))
		return;
	clear_message(a);
	if (a->help)
		key_to_help(a, in->key);
	else if (in->key == TERM_MOUSE_CLICK)
		click(a, in);
	else if (in->key == TERM_MOUSE_UP || in->key == TERM_MOUSE_DOWN)
		wheel(a, in);
	else if (a->typing && !passes_prompt(a, in->key))
		key_to_prompt(a, in->key);
	else
		key_to_screen(a, in->key);
}

/* ---- work ---- */

/* Says once when a script has come to its end. */
static bool watch_script(struct app *a)
{
	enum script_state now = a->script ? script_work(a->script) : SCRIPT_DONE;
	bool news = now != a->script_seen;
	struct err e;

	a->script_seen = now;
	if (!news || !a->script)
		return false;
	if (now == SCRIPT_FAILED || now == SCRIPT_CANNOT) {
		err_set(&e,
			now == SCRIPT_FAILED ? "you can go on by hand"
					     : "socklens doctor says more",
			"%s", script_reason(a->script));
		app_complain(a, &e);
	} else if (now == SCRIPT_DONE) {
		app_say(a, "This was the last step. The lab stays: go on by hand, or press q.");
	}
	return true;
}

bool app_work(struct app *a)
{
	struct err e;
	uint32_t rows = trace_rows(a->view.trace);
	bool news = session_work(a->session);

	news |= watch_script(a);
	news |= trace_rows(a->view.trace) != rows;
	if (session_trouble(a->session, &e)) {
		app_complain(a, &e);
		news = true;
	}
	return news;
}

/* ---- life ---- */

/* A fresh lab says what to press first. */
static const char *const first_words = "Press Enter and type a call, for example  s = "
				       "socket(AF_INET, SOCK_STREAM)  (? shows all keys and calls)";

struct app *app_new(const struct app_config *c, struct err *e)
{
	struct app *a = calloc(1, sizeof(*a));

	if (!a) {
		err_errno(e, errno, NULL, "starting the screen");
		return NULL;
	}
	a->session = c->session;
	a->script = c->script;
	a->script_seen = c->script ? SCRIPT_RUNNING : SCRIPT_DONE;
	a->view.trace = session_trace(c->session);
	a->view.follow = session_is_live(c->session);
	prompt_init(&a->prompt, offer_words, a);
	if (c->greeting || (a->view.follow && !c->script))
		app_say(a, c->greeting ? c->greeting : first_words);
	if (!a->view.follow)
		view_first(&a->view);
	return a;
}

void app_free(struct app *a)
{
	if (!a)
		return;
	prompt_fini(&a->prompt);
	free(a);
}

bool app_done(const struct app *a)
{
	return a->done;
}

const struct view *app_view(const struct app *a)
{
	return &a->view;
}
