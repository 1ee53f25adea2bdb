/*
 * One of three takes a key: the help page while it is open, the prompt while a line is typed, else
 * the table of keys, whose command is run as if it had been typed.
 */
#include "ui/app.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "src/session_names.h"
#include "ui/app_impl.h"
#include "ui/keys.h"

#define WHEEL_ROWS 3
#define CALL_SCAN  (1u << 16) /* trace rows that are looked at for the call a thread is in */

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

/* ---- the lesson ---- */

bool app_lesson_waits(const struct app *a)
{
	enum script_state now = a->script ? script_state(a->script) : SCRIPT_DONE;

	return now == SCRIPT_RUNNING || now == SCRIPT_WAITING;
}

void app_lesson_text(const struct app *a, struct str *out)
{
	const char *line;

	if (!script_line(a->script, &line)) {
		str_add(out, "the lesson waits for its last calls to return");
		return;
	}
	str_addf(out, "the lesson waits: %s", line + strspn(line, " \t"));
}

/* ---- calls that wait their turn ---- */

static const char *const turn_words = "this call waits its turn";

static bool is_running(const struct app *a, uint64_t call)
{
	enum call_progress now = session_call_progress(a->session, call);

	return now == CALL_ENTERED || now == CALL_ASLEEP;
}

/* The call that the thread of the last typed call is in; false: none that has been reported. */
static bool busy_with(const struct app *a, struct str *out)
{
	struct trace *t = a->view.trace;
	const char *program = session_program_name(a->session, a->focus.last_program);
	uint32_t rows = trace_rows(t), from = rows > CALL_SCAN ? rows - CALL_SCAN : 0;

	for (uint32_t row = rows; row-- > from;) {
		const struct trace_entry *entry = trace_entry(t, row);
		const struct event *ev;

		if (entry->kind != EVENT_CALL || entry->link != ROW_NONE)
			continue;
		ev = trace_event(t, row, NULL);
		/* A program that has started again left calls that never return. */
		if (!ev || !is_running(a, ev->call.number) || ev->thread != a->focus.last_thread ||
		    strcmp(ev->program, program) != 0 || ev->call.number >= a->queued)
			continue;
		str_add(out, ev->call.name);
		return true;
	}
	return false;
}

/* Says once that a typed call waits its turn, and takes that back when its turn has come. */
static bool tell_queued(struct app *a)
{
	STR_ON_STACK(call, 64);
	STR_ON_STACK(text, 200);

	if (!a->queued)
		return false;
	if (session_call_progress(a->session, a->queued) != CALL_WAITING) {
		a->queued = 0;
		if (a->queued_told && !a->message_bad && strstr(a->message.what, turn_words))
			clear_message(a);
		return a->queued_told;
	}
	if (a->queued_told || !busy_with(a, &call))
		return false;
	str_addf(&text, "%s is in %s(): %s",
		 session_thread_name(a->session, a->focus.last_program, a->focus.last_thread),
		 call.buf, turn_words);
	app_say(a, text.buf);
	a->queued_told = true;
	return true;
}

/* ---- commands ---- */

const char *app_focus_name(const struct app *a)
{
	if (!session_is_live(a->session))
		return "";
	return command_focus_name(a->session, &a->focus);
}

/* A line for the lab. */
static int run_below(struct app *a, const char *text, struct err *e)
{
	if (command_run(a->session, &a->focus, text, e) < 0)
		return -1;
	if (a->focus.last_call) {
		a->queued = a->focus.last_call;
		a->queued_told = false;
		tell_queued(a);
	}
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

static void offer_words(void *context, const char *text, size_t cursor, parse_offer_fn *offer,
			void *offer_context)
{
	struct app *a = context;

	if (session_is_live(a->session) && text[0] != '/')
		command_complete(a->session, &a->focus, text, cursor, offer, offer_context);
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
	news |= tell_queued(a);
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
