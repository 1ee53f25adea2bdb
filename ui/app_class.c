/* In front of a class: what the screen looks like there, one thing at a time, and screens that are kept. */
#include <string.h>

#include "ui/app_impl.h"
#include "ui/glyph.h"
#include "ui/shot.h"

/* "", "on" or "off": false, and e, if it is anything else. */
static bool switched(bool *what, const char *name, const char *argument, struct err *e)
{
	STR_ON_STACK(hint, 80);

	if (strcmp(argument, "on") == 0 || strcmp(argument, "off") == 0 || !*argument) {
		*what = *argument ? argument[1] == 'n' : !*what;
		return true;
	}
	str_addf(&hint, "%s on or %s off", name, name);
	err_set(e, hint.buf, "%s %s means nothing", name, argument);
	return false;
}

/* ---- presentation ---- */

const struct theme *app_theme(const struct app *a)
{
	return a->view.present ? theme_stage(a->theme) : a->theme;
}

/* What is hidden from now on is what comes: the cursor stays where it is. */
static void hide_what_comes(struct app *a, bool on)
{
	struct ladder_row row;

	a->view.reveal = on;
	a->reveal_from = ROW_NONE;
	if (view_cursor(&a->view, &row))
		view_go(&a->view, row.head);
	else
		a->view.follow = !on && session_is_live(a->session);
}

void app_present(struct app *a, bool on)
{
	hide_what_comes(a, on);
	a->view.present = on;
}

int app_run_present(struct app *a, const char *argument, struct err *e)
{
	bool on = a->view.present;

	if (!switched(&on, "present", argument, e))
		return -1;
	app_present(a, on);
	return 0;
}

int app_run_spotlight(struct app *a, const char *argument, struct err *e)
{
	return switched(&a->view.spotlight, "spotlight", argument, e) ? 0 : -1;
}

int app_run_theme(struct app *a, const char *argument, struct err *e)
{
	const struct theme *t =
		strcmp(argument, "next") == 0 ? theme_next(app_theme(a)) : theme_find(argument);
	STR_ON_STACK(said, 160);

	if (!t) {
		theme_names(&said);
		return err_set(e, said.buf, "there is no theme \"%s\"", argument);
	}
	a->theme = t;
	if (app_theme(a) == t)
		str_addf(&said, "Theme %s.", t->name);
	else
		str_addf(&said, "Theme %s; in front of a class it is %s.", t->name,
			 app_theme(a)->name);
	app_say(a, said.buf);
	return 0;
}

/* ---- one thing at a time ---- */

int app_run_reveal(struct app *a, const char *argument, struct err *e)
{
	bool on = a->view.reveal;

	if (!switched(&on, "reveal", argument, e))
		return -1;
	hide_what_comes(a, on);
	return 0;
}

void app_reveal_next(struct app *a)
{
	if (view_ends_at_cursor(&a->view))
		a->reveal_from = trace_rows(a->view.trace);
}

bool app_reveal_work(struct app *a)
{
	struct ladder_row row;

	if (a->reveal_from == ROW_NONE || trace_rows(a->view.trace) <= a->reveal_from ||
	    !view_row_at(&a->view, a->reveal_from, &row))
		return false;
	/* What it began with may be part of a row from before: then the next one is waited for. */
	while (row.head < a->reveal_from)
		if (!view_row_next(&a->view, &row, &row))
			return false;
	a->reveal_from = ROW_NONE;
	return view_ends_at_cursor(&a->view) && view_go(&a->view, row.head);
}

/* ---- a screen that is kept ---- */

/* As it stands, but for the line that asked for it, and the keys that were shown. */
static int draw_again(struct app *a, struct grid *g, struct err *e)
{
	bool typing = a->typing, shown = a->presses.shown;
	size_t len = a->prompt.len;

	if (grid_init(g, a->width, a->height, e))
		return -1;
	a->typing = a->presses.shown = false;
	if (typing)
		a->prompt.len = 0;
	app_draw(a, g);
	a->typing = typing;
	a->presses.shown = shown;
	a->prompt.len = len;
	if (a->ascii)
		glyph_to_ascii(g);
	return 0;
}

int app_run_screen(struct app *a, const char *argument, struct err *e)
{
	STR_ON_STACK(path, 256);
	STR_ON_STACK(said, 400);
	struct grid g;
	int failed;

	if (draw_again(a, &g, e))
		return -1;
	str_add(&path, argument);
	if (*argument)
		failed = shot_save(&g, app_theme(a), argument, e);
	else
		failed = shot_save_next(&g, app_theme(a), &shot_formats[0], &path, e);
	grid_fini(&g);
	if (failed)
		return -1;
	str_addf(&said, "This screen is in %s now.", path.buf);
	if (!*argument)
		str_add(&said,
			"  (screen NAME.ans keeps it as text with colours, NAME.txt as text)");
	app_say(a, said.buf);
	return 0;
}

/* Behind "screen ": the next free name of each format. */
void app_screen_words(const char *text, size_t cursor, parse_offer_fn *offer, void *context)
{
	static const char command[] = "screen ";
	size_t len = sizeof(command) - 1;

	if (cursor < len || memcmp(text, command, len) != 0)
		return;
	for (size_t i = 0; i < shot_formats_count; i++) {
		STR_ON_STACK(name, 40);

		shot_next_name(&name, &shot_formats[i]);
		if (name.len >= cursor - len && memcmp(name.buf, text + len, cursor - len) == 0)
			offer(context, &(struct parse_offer){ .word = name.buf,
							      .from = len,
							      .help = shot_formats[i].about });
	}
}
