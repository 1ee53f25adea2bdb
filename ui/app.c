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

#define WHEEL_ROWS 3
#define SAVE_KEY   'S' /* saves the help, too, instead of closing it */

/* ---- messages ---- */

void app_say(struct app *a, const char *text)
{
	if (a->message_stays)
		return;
	err_set(&a->message, NULL, "%s", text);
	a->message_bad = false;
}

void app_complain(struct app *a, const struct err *e)
{
	if (a->message_stays)
		return;
	a->message = *e;
	a->message_bad = true;
}

void app_hush(struct app *a)
{
	if (!a->message_stays)
		a->message = (struct err){ 0 };
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
	if (key == SAVE_KEY)
		app_command(a, "screen", NULL);
	else
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
	if (app_cover_click(a, in))
		return;
	if (inside(a->layout.panel, in)) {
		app_wire_click(a, a->layout.panel, in->y - a->layout.panel.y);
		return;
	}
	if (!inside(a->layout.ladder, in))
		return;
	view_click(&a->view, a->layout.ladder, in->y - a->layout.ladder.y);
	if (a->view.cursor && a->view.cursor == before)
		app_command(a, "explain", NULL);
}

static void key_to_screen(struct app *a, uint32_t key)
{
	const struct key_row *row = a->cover ? app_cover_find(a, key) : app_wire_key(a, key);

	if (!row && !a->cover)
		row = keys_find(key);

	if (row)
		app_command(a, row->command, NULL);
	else if (key == TERM_ESCAPE && a->view.search[0])
		a->view.search[0] = '\0';
	else if (key == TERM_ESCAPE && app_explain_close(a))
		return;
	else if (key == TERM_ESCAPE)
		app_cover_back(a);
}

static void wheel(struct app *a, const struct term_input *in)
{
	bool up = in->key == TERM_MOUSE_UP, panel = inside(a->layout.panel, in);

	for (int i = 0; a->cover && i < WHEEL_ROWS; i++)
		key_to_screen(a, up ? TERM_UP : TERM_DOWN);
	if (a->cover)
		return;
	for (int i = 0; i < WHEEL_ROWS; i++)
		app_command(a, panel ? up ? "scroll up" : "scroll down" : up ? "up" : "down", NULL);
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
	app_line_before_key(a, in);
	app_presses_note(a, in->key);
	app_hush(a);
	if (app_line_takes_back(a, in->key) || (app_find_stop(a) && in->key == TERM_ESCAPE))
		return;
	if (a->help)
		key_to_help(a, in->key);
	else if (in->key == TERM_MOUSE_CLICK)
		click(a, in);
	else if (in->key == TERM_MOUSE_UP || in->key == TERM_MOUSE_DOWN)
		wheel(a, in);
	else if (app_lesson_key(a, in->key))
		return;
	else if (a->typing && !app_line_passes(a, in->key))
		app_line_key(a, in->key);
	else
		key_to_screen(a, in->key);
}

/* ---- work ---- */

/* Says once when a script has come to its end. */
static bool watch_script(struct app *a)
{
	enum script_state now = a->script ? script_work(a->script) : SCRIPT_DONE,
			  before = a->script_seen;
	const char *text;
	unsigned line = a->script ? script_line(a->script, &text) : 0;
	bool moved = line != a->script_line_seen;
	struct err e;

	a->script_seen = now;
	a->script_line_seen = line;
	if (now == before || !a->script)
		return moved;
	if (now == SCRIPT_FAILED || now == SCRIPT_CANNOT) {
		err_set(&e,
			now == SCRIPT_FAILED ? "you can go on by hand"
					     : "socklens doctor says more",
			"%s", script_reason(a->script));
		app_complain(a, &e);
	} else if (now == SCRIPT_DONE) {
		app_lesson_over(a);
	}
	return true;
}

/* Starts programs whose turn has come; says what goes wrong, and when all is over. */
static bool watch_launch(struct app *a)
{
	struct err e = { 0 };
	STR_ON_STACK(said, 200);

	switch (a->launch ? launch_work(a->launch, &e) : LAUNCH_WAITING) {
	case LAUNCH_WAITING:
	case LAUNCH_RUNNING:
		return false;
	case LAUNCH_OVER:
		str_add(&said, "The programs have ended.");
		if (launch_status(a->launch) >= 0)
			str_addf(&said, " Exit status: %d.", launch_status(a->launch));
		str_add(&said, " Move through time with Up and Down; q ends.");
		app_say(a, said.buf);
		break;
	case LAUNCH_FAILED:
		app_complain(a, &e);
		break;
	}
	a->launch = NULL;
	return true;
}

bool app_work(struct app *a)
{
	struct err e;
	uint32_t rows = trace_rows(a->view.trace);
	bool news = session_work(a->session);

	news |= watch_script(a);
	news |= app_lesson_work(a);
	news |= watch_launch(a);
	news |= app_line_work(a);
	news |= app_cover_work(a);
	news |= app_find_work(a);
	news |= trace_rows(a->view.trace) != rows;
	news |= app_wire_work(a, news);
	news |= app_reveal_work(a);
	news |= app_presses_work(a);
	if (session_trouble(a->session, &e)) {
		app_complain(a, &e);
		news = true;
	}
	return news;
}

/* ---- life ---- */

/* A fresh lab says what to press first. */
static void say_first(struct app *a)
{
	STR_ON_STACK(words, 120);

	str_addf(&words, "Press %s and type a call, as in  s = socket(AF_INET, SOCK_STREAM)",
		 a->view.follow ? "Enter" : "i");
	app_say(a, words.buf);
}

static void focus_on(struct app *a, const char *name)
{
	uint32_t thread;
	int program = name ? session_program_find(a->session, name, strlen(name), &thread) : -1;

	if (program >= 0)
		a->focus.program = (size_t)program;
}

struct app *app_new(const struct app_config *c, struct err *e)
{
	struct app *a = calloc(1, sizeof(*a));

	if (!a) {
		err_errno(e, errno, NULL, "starting the screen");
		return NULL;
	}
	a->turns = turns_new(c->session, e);
	if (!a->turns) {
		free(a);
		return NULL;
	}
	a->session = c->session;
	a->script = c->script;
	a->launch = c->launch;
	a->restart = c->restart;
	a->leave = c->leave;
	if (c->launch)
		focus_on(a, launch_first(c->launch));
	a->script_seen = c->script ? SCRIPT_RUNNING : SCRIPT_DONE;
	a->view.trace = session_trace(c->session);
	a->theme = theme_default(256, NULL, NULL);
	a->reveal_from = ROW_NONE;
	if (app_cover_init(a, c->filter, e) || app_find_init(a, e)) {
		app_free(a);
		return NULL;
	}
	a->view.follow = session_is_live(c->session);
	prompt_init(&a->prompt, app_line_words, a);
	prompt_init(&a->answer, NULL, NULL);
	if (!a->view.follow)
		view_first(&a->view);
	if (c->present)
		app_present(a, true);
	if (c->greeting)
		app_say(a, c->greeting);
	else if (session_is_live(c->session) && !c->script)
		say_first(a);
	return a;
}

void app_free(struct app *a)
{
	if (!a)
		return;
	app_cover_fini(a);
	app_find_fini(a);
	turns_free(a->turns);
	prompt_fini(&a->prompt);
	prompt_fini(&a->answer);
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
