/*
 * A lesson on the screen: its questions, which are answered on a line of their own in the place of the prompt, and going
 * back to what was said before.
 *
 * A question opens that line.  Keys that say nothing in an answer do there what they do everywhere, as long as it is
 * empty; Esc closes it, so that everything can be looked at and tried first.
 */
#include <string.h>

#include "ui/app_impl.h"

#define ROOM 400 /* bytes of what is told */

/* ---- what it waits for ---- */

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

/* ---- questions ---- */

static const struct asked *question_of(const struct app *a)
{
	return a->script ? script_question(a->script) : NULL;
}

/* "Which?  a) SYN  b) ACK" on one line, or a line for each answer. */
bool app_lesson_question(const struct app *a, struct str *out, int width)
{
	const struct asked *asked = question_of(a);
	const struct question *q = asked ? &asked->question : NULL;
	size_t from = out->len;

	if (!asked)
		return false;
	question_text(q, out);
	if (text_width(out->buf + from) <= width)
		return true;
	out->len = from;
	str_add(out, q->text);
	for (size_t i = 0; q->choices > 1 && i < q->choices; i++)
		str_addf(out, "\n %c) %s", (char)('a' + i), q->choice[i]);
	return true;
}

/* How many were answered, and how many of these rightly. */
static void score(const struct app *a, size_t *right, size_t *given)
{
	size_t count = 0;
	const struct asked *asked = script_asked(a->script, &count);

	*right = *given = 0;
	for (size_t i = 0; i < count; i++) {
		*given += asked[i].known && asked[i].given[0];
		*right += asked[i].known && asked[i].right;
	}
}

void app_lesson_over(struct app *a)
{
	STR_ON_STACK(said, 200);
	size_t right, given;

	score(a, &right, &given);
	str_add(&said, "This was the last step. ");
	if (given)
		str_addf(&said, "You answered %zu of %zu rightly. ", right, given);
	str_add(&said, "The lab stays: go on by hand, or press q.");
	app_say(a, said.buf);
	if (a->leave) {
		a->leave->over = true;
		a->leave->right = (unsigned)right;
		a->leave->given = (unsigned)given;
	}
}

/* Tells once what an answer was worth, when that is known. */
static bool tell_marks(struct app *a)
{
	STR_ON_STACK(said, ROOM);
	size_t right, given;

	score(a, &right, &given);
	if (given <= a->marks_told)
		return false;
	a->marks_told = given;
	str_add(&said, right > a->right_told ? "That was right." : "That was not right.");
	a->right_told = right;
	str_addf(&said, "  (%zu of %zu so far)", right, given);
	app_say(a, said.buf);
	return true;
}

bool app_lesson_work(struct app *a)
{
	const struct asked *asked = question_of(a);
	unsigned line = asked ? asked->line : 0;
	bool news = a->script && tell_marks(a);

	if (line == a->question_seen)
		return news;
	a->question_seen = line;
	/* Who is typing something else is not interrupted. */
	a->answering = asked && !a->cover && !(a->typing && a->prompt.len > 0);
	prompt_set(&a->answer, "");
	return true;
}

void app_lesson_go(struct app *a)
{
	/* What comes now is what is to be seen; where rows are hidden, it comes one by one. */
	if (a->view.reveal)
		app_reveal_next(a);
	else
		view_last(&a->view);
	a->gone_back = false;
}

int app_run_answer(struct app *a, const char *argument, struct err *e)
{
	if (!question_of(a))
		return err_set(e, NULL, "no lesson asks anything now");
	if (!*argument) {
		a->answering = true;
		a->typing = false;
		return 0;
	}
	a->answering = false;
	app_lesson_go(a);
	script_answer(a->script, argument);
	return 0;
}

/* Keys that mean on an empty line what they mean everywhere. */
static bool passes(const struct app *a, uint32_t key)
{
	static const uint32_t keys[] = { ' ',	   '?',	     TERM_UP,	    TERM_DOWN,	TERM_HOME,
					 TERM_END, TERM_TAB, TERM_BACK_TAB, TERM_CTRL_C };

	if (key == TERM_PAGE_UP || key == TERM_PAGE_DOWN || key == TERM_CTRL_L ||
	    key == TERM_CTRL_Z)
		return true;
	for (size_t i = 0; a->answer.len == 0 && i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i] == key)
			return true;
	return false;
}

bool app_lesson_key(struct app *a, uint32_t key)
{
	char text[PROMPT_SIZE];

	if (!a->answering || a->typing || a->cover || passes(a, key))
		return false;
	switch (prompt_key(&a->answer, key)) {
	case PROMPT_ENTERED:
		memcpy(text, a->answer.text, a->answer.len + 1);
		if (answer_is_empty(text))
			app_say(a, "Type an answer, or press Space to go on without one.");
		else
			app_run_answer(a, text, NULL);
		break;
	case PROMPT_LEFT:
		a->answering = false;
		break;
	case PROMPT_NOTHING:
	case PROMPT_EDITED:
		break;
	}
	return true;
}

/* ---- going back ---- */

static bool is_text(const struct trace *t, uint32_t row)
{
	const struct event *ev = trace_entry(t, row)->kind == EVENT_NOTE
					 ? trace_event((struct trace *)t, row, NULL)
					 : NULL;

	return ev && (ev->note.kind == NOTE_SAY || ev->note.kind == NOTE_ASK);
}

/* The next text in a direction; false: there is none. */
static bool go_text(struct app *a, int by)
{
	const struct trace *t = a->view.trace;
	struct ladder_row at;

	if (!view_cursor(&a->view, &at))
		return false;
	for (uint32_t row = at.head + (uint32_t)by; row < trace_rows(t); row += (uint32_t)by)
		if (is_text(t, row))
			return view_go(&a->view, row);
	return false;
}

int app_lesson_back(struct app *a, struct err *e)
{
	if (!go_text(a, -1))
		return err_set(e, NULL, "there is no text before this");
	a->gone_back = true;
	a->view.follow = false;
	return 0;
}

bool app_lesson_forward(struct app *a)
{
	if (!a->gone_back)
		return false;
	if (go_text(a, 1))
		return true;
	a->gone_back = false;
	view_last(&a->view);
	return true;
}

/* ---- leaving ---- */

int app_run_again(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	if (!a->leave || !a->script)
		return err_set(e, NULL, "there is no lesson that could start again");
	a->leave->again = true;
	a->leave->line = script_line_of(a->script, a->view.cursor);
	a->done = true;
	return 0;
}

int app_run_lessons(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	if (!a->leave)
		return err_set(e, "socklens lesson shows it", "the menu of lessons is not here");
	/* What a lesson recorded can be had again. */
	if (app_command(a, a->script ? "quit now" : "quit", e))
		return -1;
	a->leave->menu = true;
	return 0;
}
