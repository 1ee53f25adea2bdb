/* The commands of the screen: what a key or a typed line can do without the lab language. */
#include <stdlib.h>
#include <string.h>

#include "src/core/names.h"
#include "src/session_names.h"
#include "ui/app_impl.h"

#define HELD_SCAN   8192 /* trace rows that are looked at for held packets */
#define STATUS_SCAN (1u << 20) /* … and for what the wire was last told */

/* ---- what is true now ---- */

static bool has_word(const char *status, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = status; (at = strstr(at, word)); at += len)
		if ((at == status || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	return false;
}

bool app_wire_says(const struct app *a, const char *word)
{
	struct trace *t = a->view.trace;
	uint32_t rows = trace_rows(t), from = rows > STATUS_SCAN ? rows - STATUS_SCAN : 0;

	for (uint32_t row = rows; row-- > from;) {
		const struct event *ev;

		if (trace_entry(t, row)->kind != EVENT_COMMAND)
			continue;
		ev = trace_event(t, row, NULL);
		if (ev && ev->command.status)
			return has_word(ev->command.status, word);
	}
	return false;
}

bool app_holds_packets(const struct app *a)
{
	struct trace *t = a->view.trace;
	uint32_t rows = trace_rows(t), from = rows > HELD_SCAN ? rows - HELD_SCAN : 0;

	for (uint32_t row = rows; session_is_live(a->session) && row-- > from;) {
		const struct trace_entry *e = trace_entry(t, row);

		if (e->kind == EVENT_PACKET && e->fate == WIRE_HELD)
			return true;
	}
	return false;
}

/* ---- the cursor ---- */

/* The argument as a count; 1 if there is none. */
static long count_of(const char *argument)
{
	long n = strtol(argument, NULL, 10);

	return n > 0 ? n : 1;
}

static int run_up(struct app *a, const char *argument, struct err *e)
{
	(void)e;
	view_move(&a->view, -count_of(argument));
	return 0;
}

static int run_down(struct app *a, const char *argument, struct err *e)
{
	(void)e;
	view_move(&a->view, count_of(argument));
	return 0;
}

static int run_page(struct app *a, const char *argument, struct err *e)
{
	long rows = a->layout.ladder.height > 2 ? a->layout.ladder.height - 2 : 1;

	if (strcmp(argument, "up") != 0 && strcmp(argument, "down") != 0)
		return err_set(e, "page up or page down", "which way?");
	view_move(&a->view, argument[0] == 'u' ? -rows : rows);
	return 0;
}

static int run_first(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	view_first(&a->view);
	return 0;
}

static int run_last(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	view_last(&a->view);
	return 0;
}

static int run_follow(struct app *a, const char *argument, struct err *e)
{
	run_last(a, argument, e);
	a->view.follow = true;
	return 0;
}

/* ---- panels ---- */

int app_show_panel(struct app *a, const char *name, struct err *e)
{
	struct nearest near = nearest_to(name, strlen(name));
	STR_ON_STACK(hint, 100);

	for (size_t i = 0; i < panels_count; i++) {
		nearest_try(&near, panels[i].name);
		if (strcmp(panels[i].name, name) == 0) {
			a->view.panel = i;
			a->view.panel_scroll = 0;
			a->view.panel_hidden = false;
			return 0;
		}
	}
	if (near.best)
		str_addf(&hint, "did you mean %s?", near.best);
	return err_set(e, hint.buf, "there is no panel %s", name);
}

static int run_panel(struct app *a, const char *argument, struct err *e)
{
	bool back = strcmp(argument, "previous") == 0;

	if (*argument && !back && strcmp(argument, "next") != 0)
		return app_show_panel(a, argument, e);
	if (a->view.panel_hidden) {
		a->view.panel_hidden = false;
		return 0;
	}
	a->view.panel = (a->view.panel + (back ? panels_count - 1 : 1)) % panels_count;
	a->view.panel_scroll = 0;
	return 0;
}

static int run_scroll(struct app *a, const char *argument, struct err *e)
{
	int by = strcmp(argument, "up") == 0 ? -1 : 1;

	(void)e;
	if (a->view.panel_scroll + by >= 0 && a->view.panel_scroll + by < PANEL_ROWS_MAX)
		a->view.panel_scroll += by;
	return 0;
}

/* ---- the lab ---- */

static int run_toggle(struct app *a, const char *argument, struct err *e)
{
	if (strcmp(argument, "hold") == 0)
		return app_command(a, app_wire_says(a, "hold") ? "wire> hold off" : "wire> hold",
				   e);
	if (strcmp(argument, "cut") == 0)
		return app_command(a, app_wire_says(a, "cut") ? "wire> mend" : "wire> cut", e);
	if (strcmp(argument, "panel") == 0) {
		a->view.panel_hidden = !a->view.panel_hidden;
		return 0;
	}
	return err_set(e, "toggle hold, toggle cut or toggle panel", "what is to be toggled?");
}

static int run_step(struct app *a, const char *argument, struct err *e)
{
	if (strcmp(argument, "back") == 0)
		return app_lesson_back(a, e);
	if (app_lesson_forward(a))
		return 0;
	if (view_hides_more(&a->view))
		return run_down(a, "", e);
	if (a->script && script_state(a->script) == SCRIPT_PAUSED) {
		app_lesson_go(a);
		script_resume(a->script);
		return 0;
	}
	/* Space is the lesson's: what it waits for stands above the prompt. */
	if (app_lesson_waits(a))
		return 0;
	if (app_holds_packets(a))
		return app_command(a, "wire> release", e);
	if (!session_is_live(a->session))
		return run_down(a, "", e);
	if (app_wire_says(a, "hold"))
		return err_set(e, "h ends holding", "no packet is held now");
	/* One press too many in a lesson must not begin something else. */
	if (a->script)
		return err_set(e, "h holds packets, q ends", "the lesson is over");
	return app_command(a, "wire> hold", e);
}

/* ---- the prompt ---- */

static int run_prompt(struct app *a, const char *argument, struct err *e)
{
	(void)e;
	a->typing = true;
	a->once = *argument;
	if (*argument)
		prompt_set(&a->prompt, argument);
	return 0;
}

/* The next program or thread; behind the last one the wire; then from the beginning. */
static void focus_next(struct app *a)
{
	size_t threads = session_threads(a->session, a->focus.program);

	if (a->focus.wire) {
		a->focus.wire = false;
		a->focus.program = 0;
		a->focus.thread = 0;
	} else if (a->focus.thread + 1 < threads) {
		a->focus.thread++;
	} else if (a->focus.program + 1 < session_programs(a->session)) {
		a->focus.program++;
		a->focus.thread = 0;
	} else {
		a->focus.wire = true;
	}
}

static int run_focus(struct app *a, const char *argument, struct err *e)
{
	STR_ON_STACK(line, 64);

	if (!session_is_live(a->session))
		return err_set(e, NULL, "this is a recording: there is nobody to talk to");
	if (!*argument || strcmp(argument, "next") == 0) {
		focus_next(a);
		return 0;
	}
	str_addf(&line, "%s>", argument);
	return command_run(a->session, &a->focus, line.buf, e);
}

/* ---- the program ---- */

static int run_help(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	a->help = true;
	a->help_skip = 0;
	return 0;
}

static int run_redraw(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	a->wish = WISH_REDRAW;
	return 0;
}

static int run_suspend(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	a->wish = WISH_SUSPEND;
	return 0;
}

/* A recording that nobody kept is asked about once. */
static int run_quit(struct app *a, const char *argument, struct err *e)
{
	bool unsaved = session_is_live(a->session) && !trace_path(a->view.trace) &&
		       trace_packet_count(a->view.trace) > 0;

	if (unsaved && !a->unsaved_told && strcmp(argument, "now") != 0) {
		a->unsaved_told = true;
		return err_set(e, "s keeps it in a file, q again ends without it",
			       "this recording is not kept yet");
	}
	a->done = true;
	return 0;
}

static bool some_run(const struct app *a)
{
	for (size_t i = 0; i < session_programs(a->session); i++)
		if (session_is_own(a->session, i) && session_runs(a->session, i))
			return true;
	return false;
}

/* What is lost by it is said once. */
static int ask_restart(struct app *a, struct err *e)
{
	const char *file = trace_path(a->view.trace);
	const char *running = some_run(a) ? ", and the programs that run are ended" : "";

	a->restart_told = true;
	if (file)
		return err_set(e, "R again does it; s in the new one keeps that one",
			       "%s keeps what was recorded so far; the new session is not written "
			       "to it%s",
			       file, running);
	return err_set(e, "s keeps it in a file; R again starts without it",
		       "this recording is not kept yet%s", running);
}

static int run_restart(struct app *a, const char *argument, struct err *e)
{
	bool now = strcmp(argument, "loopback now") == 0;

	if (!now && strcmp(argument, "loopback") != 0)
		return err_set(e, "restart loopback: with all programs on one host",
			       "how is it to start again?");
	if (!a->restart)
		return err_set(e, "run --loopback and lab --loopback have one host",
			       "this session cannot be started again on one host");
	if (!now && !a->restart_told &&
	    (trace_path(a->view.trace) || trace_packet_count(a->view.trace)))
		return ask_restart(a, e);
	*a->restart = true;
	a->done = true;
	return 0;
}

/* ---- the table ---- */

static const struct app_command app_commands[] = {
	{ "up", "up [N]", "N events back", run_up },
	{ "down", "down [N]", "N events on", run_down },
	{ "page", "page up|down", "a page back or on", run_page },
	{ "first", "first", "to the first event", run_first },
	{ "last", "last", "to the last event", run_last },
	{ "follow", "follow", "stay on the newest event", run_follow },
	{ "search", "search TEXT|hex:BYTES|\"PAYLOAD\"|next|previous",
	  "to an event with TEXT in it, or a packet with these bytes; /TEXT is the same",
	  app_run_search },
	{ "next", "next [VERDICT]|mark|match",
	  "to the next packet with a verdict (next retransmission), to the next mark",
	  app_run_next },
	{ "previous", "previous [VERDICT]|mark|match", "the same, backward", app_run_previous },
	{ "mark", "mark", "mark this event, or take its mark away", app_run_mark },
	{ "panel", "panel NAME|next|previous", "another panel", run_panel },
	{ "scroll", "scroll up|down", "scroll the panel", run_scroll },
	{ "explain", "explain", "explain this event, what caused it and what it caused",
	  app_run_explain },
	{ "enter", "enter", "explain this event; on the newest one of a lab, type", app_run_enter },
	{ "cause", "cause", "to what caused this event", app_run_cause },
	{ "effect", "effect", "to what this event caused", app_run_effect },
	{ "link", "link N", "to the Nth event that the explanation names", app_run_link },
	{ "details", "details", "the panel with all details of this event", app_run_details },
	{ "connections", "connections", "all connections, in any order", app_run_connections },
	{ "filter", "filter [EXPRESSION]", "only packets that match, as in pcap-filter(7)",
	  app_run_filter },
	{ "stream", "stream", "what the connection of this packet carried", app_run_stream },
	{ "back", "back", "take back what was chosen last", app_run_back },
	{ "wire", "wire next|previous|release|drop|dup|first|edit",
	  "the packet or rule that the wire's panel marks: another one, or what becomes of it",
	  app_run_wire },
	{ "step", "step [back]",
	  "the next step: of the lesson, of a held packet, or begin to hold; back to the text "
	  "before",
	  run_step },
	{ "again", "again", "the lesson once more, quickly up to the cursor", app_run_again },
	{ "lessons", "lessons", "end, and show the menu of lessons", app_run_lessons },
	{ "answer", "answer [TEXT]", "answer the lesson's question", app_run_answer },
	{ "toggle", "toggle hold|cut|panel",
	  "begin to hold or to lose packets, or to hide the panel; or end it", run_toggle },
	{ "prompt", "prompt [TEXT]", "type a line that begins with TEXT", run_prompt },
	{ "focus", "focus NAME|wire|next", "whom the prompt talks to", run_focus },
	{ "present", "present [on|off]", "large and with few things on it, for a projector",
	  app_run_present },
	{ "reveal", "reveal [on|off]",
	  "one thing at a time: what is behind the cursor is hidden until it comes there",
	  app_run_reveal },
	{ "spotlight", "spotlight [on|off]", "only the event under the cursor is bright",
	  app_run_spotlight },
	{ "keys", "keys [on|off]", "show which keys are pressed", app_run_keys },
	{ "theme", "theme NAME|next",
	  "the colours: dark, light, mono, projector, blackboard or ink", app_run_theme },
	{ "screen", "screen [FILE.svg|FILE.ans|FILE.txt]",
	  "save this screen: a picture, text with colours, or text; alone: socklens-1.svg",
	  app_run_screen },
	{ "help", "help", "all keys, commands and calls", run_help },
	{ "redraw", "redraw", "draw everything again", run_redraw },
	{ "suspend", "suspend", "back to the shell; fg continues", run_suspend },
	{ "restart", "restart loopback [now]",
	  "end, and start the same programs again, all on one host (127.0.0.1)", run_restart },
	{ "quit", "quit [now]", "end", run_quit },
};

#define APP_COMMANDS (sizeof(app_commands) / sizeof(app_commands[0]))

const struct app_command *app_command_find(const char *text, const char **argument)
{
	size_t len;

	while (*text == ' ')
		text++;
	len = strcspn(text, " ");
	for (size_t i = 0; i < APP_COMMANDS; i++)
		if (strlen(app_commands[i].name) == len &&
		    memcmp(app_commands[i].name, text, len) == 0) {
			*argument = text + len + strspn(text + len, " ");
			/* A variable of the lab may have a command's name: first = accept(s). */
			return **argument == '=' ? NULL : &app_commands[i];
		}
	if (*text == '/') {
		*argument = text + 1;
		return app_command_find("search", &text);
	}
	return NULL;
}

const struct help_command *app_command_help(size_t i, struct help_command *room)
{
	if (i >= APP_COMMANDS)
		return NULL;
	*room = (struct help_command){ app_commands[i].usage, app_commands[i].help };
	return room;
}

static bool starts_with(const char *word, const char *text, size_t len)
{
	return strlen(word) >= len && memcmp(word, text, len) == 0;
}

/* Names of commands at the beginning of the line, names of panels behind "panel". */
void app_command_words(struct app *a, const char *text, size_t cursor, parse_offer_fn *offer,
		       void *context)
{
	(void)a;
	if (cursor >= 6 && memcmp(text, "panel ", 6) == 0) {
		for (size_t i = 0; i < panels_count; i++)
			if (starts_with(panels[i].name, text + 6, cursor - 6))
				offer(context,
				      &(struct parse_offer){ .word = panels[i].name, .from = 6 });
		return;
	}
	app_screen_words(text, cursor, offer, context);
	for (size_t i = 0; i < APP_COMMANDS && cursor > 0; i++)
		if (starts_with(app_commands[i].name, text, cursor))
			offer(context,
			      &(struct parse_offer){
				      .word = app_commands[i].name,
				      .help = app_commands[i].help,
				      .after = strchr(app_commands[i].usage, ' ') ? ' ' : '\0' });
}
