/*
 * The explanation of an event, and the way along cause and effect.  Each jump is remembered, so that Backspace leads
 * back; who closes the explanation is where the jumps have led.
 */
#include <stdlib.h>
#include <string.h>

#include "src/links.h"
#include "ui/app_impl.h"

#define TRAIL_MAX (sizeof(((struct app *)0)->trail) / sizeof(uint64_t))

bool app_explains(const struct app *a)
{
	return !a->view.panel_hidden && a->view.panel < panels_count &&
	       !strcmp(panels[a->view.panel].name, "explain");
}

bool app_explain_close(struct app *a)
{
	a->trails = 0;
	if (!app_explains(a))
		return false;
	a->view.panel = a->panel_before;
	a->view.panel_scroll = 0;
	return true;
}

static int open_explanation(struct app *a, struct err *e)
{
	if (app_explains(a))
		return 0;
	a->panel_before = a->view.panel;
	a->trails = 0;
	return app_show_panel(a, "explain", e);
}

int app_run_explain(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	if (view_event(&a->view) == ROW_NONE)
		return err_set(e, "let a program make a call first", "nothing has happened yet");
	return app_explain_close(a) ? 0 : open_explanation(a, e);
}

/* In a lab the newest event is where one types what comes next. */
int app_run_enter(struct app *a, const char *argument, struct err *e)
{
	if (session_is_live(a->session) && (a->view.follow || view_event(&a->view) == ROW_NONE))
		return app_command(a, "prompt", e);
	return app_run_explain(a, argument, e);
}

/* The panel that has all that is known of the event. */
int app_run_details(struct app *a, const char *argument, struct err *e)
{
	struct ladder_row row;

	(void)argument;
	if (!view_cursor(&a->view, &row))
		return err_set(e, "let a program make a call first", "nothing has happened yet");
	if (row.packet != ROW_NONE && row.packet == row.head)
		return app_show_panel(a, "packet", e);
	return app_show_panel(a, row.call != ROW_NONE ? "call" : "sockets", e);
}

/* ---- along cause and effect ---- */

static void remember(struct app *a, uint64_t id)
{
	if (a->trails == TRAIL_MAX)
		memmove(a->trail, a->trail + 1, --a->trails * sizeof(a->trail[0]));
	a->trail[a->trails++] = id;
}

static int jump(struct app *a, uint32_t row, struct err *e)
{
	uint64_t from = trace_entry(a->view.trace, view_event(&a->view))->offset;

	if (!view_go_event(&a->view, row))
		return err_set(e, "Backspace shows all events",
			       "that event is not among those shown");
	remember(a, from);
	return 0;
}

/* What belongs to the event under the cursor.  -1: there is none. */
static int links_here(const struct app *a, struct links *l, struct err *e)
{
	uint32_t row = view_event(&a->view);

	if (row == ROW_NONE)
		return err_set(e, NULL, "nothing has happened yet");
	links_of(a->view.trace, row, l);
	return 0;
}

int app_run_cause(struct app *a, const char *argument, struct err *e)
{
	struct links l;

	(void)argument;
	if (links_here(a, &l, e))
		return -1;
	if (!l.causes)
		return err_set(e, NULL, "nothing that was recorded caused this");
	return jump(a, l.cause[0], e);
}

int app_run_effect(struct app *a, const char *argument, struct err *e)
{
	struct links l;

	(void)argument;
	if (links_here(a, &l, e))
		return -1;
	if (!l.effects)
		return err_set(e, NULL, "this caused nothing that was recorded");
	return jump(a, l.effect[0], e);
}

/* They are numbered as the explanation shows them: causes, then effects. */
int app_run_link(struct app *a, const char *argument, struct err *e)
{
	size_t n = strtoul(argument, NULL, 10);
	struct links l;

	if (links_here(a, &l, e))
		return -1;
	if (!app_explains(a))
		return err_set(e, "Enter explains an event",
			       "numbers are for the explanation's lines");
	if (n < 1 || n > l.causes + l.effects)
		return err_set(e, "[ leads to the cause, ] to the effect",
			       "the explanation names no event %zu", n);
	return jump(a, n <= l.causes ? l.cause[n - 1] : l.effect[n - 1 - l.causes], e);
}

bool app_trail_back(struct app *a)
{
	while (a->trails > 0) {
		uint32_t row = trace_row_of(a->view.trace, a->trail[--a->trails]);

		if (row != ROW_NONE && view_go_event(&a->view, row))
			return true;
	}
	return false;
}
