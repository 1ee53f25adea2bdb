/*
 * Lines that are typed, from their keys to what they do.  A line runs at once or in its turn (src/turn.h); a mistake
 * leaves it at the prompt with the cursor on it.
 */
#include "ui/app_impl.h"

#include <string.h>

#include "src/core/safe.h"
#include "src/session_names.h"

#define CALL_SCAN  (1u << 16) /* trace rows that are looked at for the call a thread is in */
#define QUOTED_MAX 60 /* bytes of a line in a message */

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
			app_hush(a);
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

/* Watches the call that a line has made, if it has made one. */
static void watch_call(struct app *a)
{
	if (!a->focus.last_call)
		return;
	a->queued = a->focus.last_call;
	a->queued_told = false;
	tell_queued(a);
}

/* A line for the lab: of a key at once, a typed one in its turn. */
static int run_below(struct app *a, const char *text, bool typed, struct err *e)
{
	char line[PROMPT_SIZE];
	struct str command = str_on(line, sizeof(line));
	int status;

	/* What a key commands is not for a program to read. */
	if (!typed && command_types(a->session, &a->focus))
		str_char(&command, ':');
	str_add(&command, text);
	app_reveal_next(a);
	status = typed ? turns_type(a->turns, &a->focus, line, e)
		       : command_run(a->session, &a->focus, line, e);

	if (status == 0)
		watch_call(a);
	return status;
}

/* had_path: whether the recording was kept in a file before. */
static void tell_kept(struct app *a, bool had_path)
{
	STR_ON_STACK(said, 300);

	if (had_path || !trace_path(a->view.trace))
		return;
	str_addf(&said, "The recording is kept in %s from now on.", trace_path(a->view.trace));
	app_say(a, said.buf);
}

/* Whether a line that is typed is for a program to read, and no command of the screen. */
static bool app_types(const struct app *a, const char *text)
{
	return text[0] != ':' && text[0] != '/' && command_types(a->session, &a->focus);
}

static int run_command(struct app *a, const char *text, bool typed, struct err *e)
{
	struct err own = { .column = 0 };
	const char *argument;
	const struct app_command *c =
		typed && app_types(a, text) ? NULL : app_command_find(text, &argument);
	bool had_path = trace_path(a->view.trace) != NULL;
	int status;

	if (!c || (strcmp(c->name, "quit") != 0 && strcmp(c->name, "lessons") != 0))
		a->unsaved_told = false;
	status = c ? c->run(a, argument, &own) : run_below(a, text, typed, &own);
	if (status < 0) {
		app_complain(a, &own);
		if (e)
			*e = own;
	} else {
		tell_kept(a, had_path);
		app_wire_show(a, text);
	}
	return status;
}

int app_command(struct app *a, const char *text, struct err *e)
{
	return run_command(a, text, false, e);
}

/* ---- lines that wait ---- */

/* Runs those whose turn has come.  Of several that are refused, the first says why. */
static bool run_turns(struct app *a)
{
	bool had_path = trace_path(a->view.trace) != NULL, some = false;
	bool looking = turns_timeout_ms(a->turns) >= 0;
	struct err e = { .column = 0 };
	int ran;

	while ((ran = turns_next(a->turns, &a->focus, &e)) != 0) {
		some = true;
		if (ran > 0) {
			watch_call(a);
			continue;
		}
		app_complain(a, &e);
		a->message_stays = true;
	}
	tell_kept(a, had_path);
	/* With nothing more to look at, what is waited for can be said. */
	return some || (looking && turns_timeout_ms(a->turns) < 0);
}

/* Ctrl-C on an empty line, and Esc where it means nothing else, take back the lines that wait. */
bool app_line_takes_back(struct app *a, uint32_t key)
{
	STR_ON_STACK(said, 80);
	size_t count;

	if (a->typing && a->prompt.len > 0)
		return false;
	if (key != TERM_CTRL_C && (key != TERM_ESCAPE || a->typing || a->help))
		return false;
	count = turns_drop(a->turns);
	if (!count)
		return false;
	str_addf(&said,
		 count == 1 ? "%zu line that waited is taken back."
			    : "%zu lines that waited are taken back.",
		 count);
	app_say(a, said.buf);
	return true;
}

/*
 * A line that is refused stays at the prompt, to be mended by hand.  What comes right behind it is no hand: it is the
 * next one of several lines, and must not get into this one.
 */
void app_line_before_key(struct app *a, const struct term_input *in)
{
	bool text = in->key >= ' ' && in->key < TERM_KEY_BASE;
	STR_ON_STACK(line, 160);

	a->message_stays = a->message_stays && in->burst;
	if (a->refused && in->burst && text) {
		safe_add_quoted(&line, a->prompt.text, a->prompt.len, QUOTED_MAX);
		if (!a->message_stays)
			err_prefix(&a->message, "%s", line.buf);
		a->message.column = 0;
		a->message_stays = true;
		prompt_set(&a->prompt, "");
	}
	a->refused = false;
}

/* ---- the prompt ---- */

void app_line_words(void *context, const char *text, size_t cursor, parse_offer_fn *offer,
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
	bool ours = !app_types(a, a->prompt.text) && app_command_find(a->prompt.text, &argument);
	bool once = a->once;
	char line[PROMPT_SIZE];
	struct err e;

	if (a->prompt.len == 0) {
		stop_typing(a);
		return;
	}
	memcpy(line, a->prompt.text, a->prompt.len + 1);
	prompt_remember(&a->prompt, line);
	if (run_command(a, line, true, &e) < 0) {
		if (e.column > 0)
			prompt_point(&a->prompt, e.column);
		a->refused = true;
		return;
	}
	if (strcmp(a->prompt.text, line) == 0)
		prompt_set(&a->prompt, "");
	if (ours || once)
		stop_typing(a);
}

/* Keys that mean on an empty line what they mean everywhere. */
bool app_line_passes(const struct app *a, uint32_t key)
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

void app_line_key(struct app *a, uint32_t key)
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

/* ---- work ---- */

bool app_line_work(struct app *a)
{
	bool news = run_turns(a);

	return tell_queued(a) || news;
}
