/*
 * app_impl: what the files of the application share.
 */
#ifndef SOCKLENS_UI_APP_IMPL_H
#define SOCKLENS_UI_APP_IMPL_H

#include <stdbool.h>
#include <stddef.h>

#include "src/command.h"
#include "src/shown.h"
#include "src/turn.h"
#include "ui/app.h"
#include "ui/conns_view.h"
#include "ui/follow.h"
#include "ui/help.h"
#include "ui/prompt.h"

enum app_wish {			/* what only the one who has the terminal can do */
	WISH_NOTHING,
	WISH_REDRAW,
	WISH_SUSPEND,
};

#define PRESSES_MAX	6

struct app_presses {		/* the keys that were pressed last, for all to see */
	bool shown;
	struct {
		char name[12];
		unsigned times;	/* behind each other */
	} key[PRESSES_MAX];	/* the newest last */
	size_t count;
	const char *meaning;	/* of the newest; NULL: it has none */
	int64_t until_ns;	/* CLOCK_MONOTONIC: then they go */
};

enum app_cover {		/* what covers the ladder and the panel */
	COVER_NONE,
	COVER_CONNS,
	COVER_STREAM,
};

struct app {
	struct session *session;
	struct script_run *script;
	struct launch *launch;	/* NULL: nothing is to be started */
	struct view view;
	struct shown *shown;	/* which rows the ladder shows; view.shown */
	enum app_cover cover;
	struct conns_view conns;
	struct follow *follow;	/* NULL: no stream was looked at yet */
	enum app_cover under;	/* what the stream covers */
	bool from_conns;	/* the ladder shows what was chosen among the connections */

	size_t panel_before;	/* the one that the explanation took the place of */
	uint64_t trail[32];	/* events that were left along cause and effect, the last one at the end */
	size_t trails;

	struct find *find;
	struct err find_none;	/* what is said if the search finds nothing */
	struct marks *marks;
	struct replay *replay;

	struct prompt prompt;
	bool typing;		/* keys go to the prompt */
	bool once;		/* back to the keys when the line was run */
	struct command_focus focus;
	struct turns *turns;	/* lines that were typed and wait */

	uint64_t queued;	/* a call that was typed and has not begun; 0 none */
	bool queued_told;	/* what it waits behind is said, or was */

	struct err message;	/* above the prompt; what == "" none */
	bool message_bad;
	bool message_stays;	/* until a key that is pressed by itself */
	bool refused;		/* what stands at the prompt is a line that was just refused */
	const struct theme *theme;	/* what was chosen; in front of a class: its stage */
	bool ascii;		/* what the terminal shows */
	struct app_presses presses;
	uint32_t reveal_from;	/* where rows are hidden behind the cursor: it goes to the first from here on; ROW_NONE */

	bool help;		/* the help page covers the screen */
	int help_skip, help_rows, help_height;

	bool wire_grown;	/* the trace has, since its waiting packets were looked for */
	int64_t wire_due_ns;	/* CLOCK_MONOTONIC: not before that they are looked for again, or their times drawn */

	int width, height;	/* of the last drawing */
	struct layout layout;	/* of the last drawing; its areas' grid may be gone */
	enum script_state script_seen;
	unsigned script_line_seen;
	struct prompt answer;	/* to the lesson's question */
	bool answering;		/* keys go to it */
	unsigned question_seen;	/* line of the question; 0: none */
	size_t marks_told, right_told;	/* answers of which it was told what they were worth */
	bool gone_back;		/* Space goes forward through texts, and not on */
	struct app_leave *leave;	/* of app_config; NULL */
	bool *restart;		/* of app_config; NULL */
	bool restart_told;	/* what it takes was said */
	bool unsaved_told;	/* q was pressed with a recording that is not kept */
	bool done;
	enum app_wish wish;
};

/* A key of the bottom line. */
struct app_hint {
	const char *command;	/* of the key table */
	const char *word;	/* NULL: the next one's word is for both */
};

/* The commands of the screen. */
struct app_command {
	const char *name;
	const char *usage;
	const char *help;
	int (*run)(struct app *a, const char *argument, struct err *e);
};
const struct app_command *app_command_find(const char *text, const char **argument);
const struct help_command *app_command_help(size_t i, struct help_command *room);
void app_command_words(struct app *a, const char *text, size_t cursor, parse_offer_fn *offer, void *context);

/* What is true of the wire now, as the trace tells it. */
bool app_wire_says(const struct app *a, const char *word);	/* "hold", "cut" */
bool app_holds_packets(const struct app *a);

/* A lesson (app_lesson.c): whether it goes on by itself, and what it waits for. */
bool app_lesson_waits(const struct app *a);
void app_lesson_text(const struct app *a, struct str *out);
bool app_lesson_question(const struct app *a, struct str *out, int width);	/* that it asks now; false: none */
void app_lesson_over(struct app *a);	/* it is gone through; says so */
bool app_lesson_work(struct app *a);	/* true: it asks, or an answer is known */
void app_lesson_go(struct app *a);	/* before it goes on: the view goes with it */
bool app_lesson_key(struct app *a, uint32_t key);	/* true: the key was for the answer */
int app_lesson_back(struct app *a, struct err *e);	/* to the text before */
bool app_lesson_forward(struct app *a);	/* to the next text, if somebody went back; false: it is the lesson's turn */
int app_run_again(struct app *a, const char *argument, struct err *e);
int app_run_lessons(struct app *a, const char *argument, struct err *e);
int app_run_answer(struct app *a, const char *argument, struct err *e);

/* Shows a message above the prompt until the next key. */
void app_say(struct app *a, const char *text);
void app_complain(struct app *a, const struct err *e);
void app_hush(struct app *a);	/* takes it back, unless it stays */

/* Rows that are hidden, and what covers the ladder (app_cover.c). */
int app_cover_init(struct app *a, const char *filter, struct err *e);	/* a wrong one is complained about on the screen */
void app_cover_fini(struct app *a);
const struct key_row *app_cover_find(const struct app *a, uint32_t key);	/* what a key means there; NULL */
bool app_cover_click(struct app *a, const struct term_input *in);	/* false: nothing covers the ladder */
bool app_cover_back(struct app *a);	/* Esc and Backspace: takes back what was chosen last; false: nothing was */
bool app_cover_draw(struct app *a, struct grid *g);	/* false: nothing covers the ladder */
size_t app_cover_hints(const struct app *a, struct app_hint *h);
bool app_cover_work(struct app *a);
int app_timeout_ms(const struct app *a);	/* 0: there is more to do at once; -1 */
int app_run_connections(struct app *a, const char *argument, struct err *e);
int app_run_filter(struct app *a, const char *argument, struct err *e);
int app_run_stream(struct app *a, const char *argument, struct err *e);
int app_run_back(struct app *a, const char *argument, struct err *e);

/* A stream (app_stream.c). */
bool app_stream_work(struct app *a, int64_t budget_ns);
uint32_t app_conn(const struct app *a);	/* that the cursor's event belongs to; CONN_NONE */
#define APP_FIRST_NS	(8 * NS_PER_MS)	/* what a key that begins something may take to show a beginning */

/* Commands of what covers the ladder: the word behind the command's name. */
struct app_sub {
	const char *name;
	int (*run)(struct app *a, const char *argument, struct err *e);
};
const struct app_sub *app_sub_find(const struct app_sub *subs, size_t count, const char *text,
				   const char **argument);

/* The explanation, and the way along cause and effect (app_explain.c). */
bool app_explains(const struct app *a);
bool app_explain_close(struct app *a);	/* false: it was not open */
bool app_trail_back(struct app *a);	/* to the event that was left last; false: there is none */
int app_run_enter(struct app *a, const char *argument, struct err *e);
int app_run_explain(struct app *a, const char *argument, struct err *e);
int app_run_details(struct app *a, const char *argument, struct err *e);
int app_run_cause(struct app *a, const char *argument, struct err *e);
int app_run_effect(struct app *a, const char *argument, struct err *e);
int app_run_link(struct app *a, const char *argument, struct err *e);
int app_show_panel(struct app *a, const char *name, struct err *e);

/* Searching, verdicts, marks (app_find.c). */
int app_find_init(struct app *a, struct err *e);
void app_find_fini(struct app *a);
bool app_find_stop(struct app *a);	/* ends a search; false: there was none */
bool app_find_busy(const struct app *a);
bool app_find_work(struct app *a);
int app_run_search(struct app *a, const char *argument, struct err *e);
int app_run_next(struct app *a, const char *argument, struct err *e);
int app_run_previous(struct app *a, const char *argument, struct err *e);
int app_run_mark(struct app *a, const char *argument, struct err *e);

/* In front of a class (app_class.c). */
const struct theme *app_theme(const struct app *a);	/* that the screen is to have now */
void app_present(struct app *a, bool on);
int app_run_present(struct app *a, const char *argument, struct err *e);
int app_run_reveal(struct app *a, const char *argument, struct err *e);
int app_run_spotlight(struct app *a, const char *argument, struct err *e);
int app_run_theme(struct app *a, const char *argument, struct err *e);
int app_run_screen(struct app *a, const char *argument, struct err *e);
void app_screen_words(const char *text, size_t cursor, parse_offer_fn *offer, void *context);
void app_reveal_next(struct app *a);	/* what happens from now on is shown without another key, as far as its first row */
bool app_reveal_work(struct app *a);	/* true: it was */

/* Keys for all to see (app_presses.c). */
int app_run_keys(struct app *a, const char *argument, struct err *e);
void app_presses_note(struct app *a, uint32_t key);
bool app_presses_work(struct app *a);	/* true: they are to go */
int app_presses_timeout_ms(const struct app *a);	/* -1: there are none */
void app_presses_draw(const struct app *a, struct area all, int y);

/* The wire's panel (app_wire.c). */
const struct key_row *app_wire_key(const struct app *a, uint32_t key);	/* what a key means there; NULL */
size_t app_wire_hints(const struct app *a, struct app_hint *h);	/* at most 5; 0: none of its keys means anything now */
bool app_wire_click(struct app *a, struct area panel, int y);	/* at line y of the panel; false: nothing is there */
int app_run_wire(struct app *a, const char *argument, struct err *e);
void app_wire_show(struct app *a, const char *text);	/* behind `rules`: the panel has them */
bool app_wire_work(struct app *a, bool grown);	/* true: times that are shown have changed */
int app_wire_timeout_ms(const struct app *a);	/* until they will; -1 */

/* Typed lines (app_line.c). */
void app_line_before_key(struct app *a, const struct term_input *in);	/* whatever the key means */
bool app_line_takes_back(struct app *a, uint32_t key);	/* the key took back lines that wait */
bool app_line_passes(const struct app *a, uint32_t key);	/* keys that mean on an empty line what they mean everywhere */
void app_line_key(struct app *a, uint32_t key);		/* a key for the prompt */
bool app_line_work(struct app *a);	/* runs lines whose turn has come; true: something changed */
prompt_words_fn app_line_words;

const char *app_focus_name(const struct app *a);

#endif
