/*
 * app: the interactive application: a session (and perhaps a script) on the screen, with keys and a prompt.
 *
 * All that a key or a typed line does ends as the text of a command.  Those of the screen (a table in
 * app_command.c) are done here; every other line goes down to command_run() with the prompt's focus.
 *
 * The application itself knows no terminal: it takes keys and draws into a grid, so that a test can run
 * it.  app_run() puts it on one: one poll() loop over the terminal, the session and the script, which
 * draws at most 60 times a second, only when something changed, and sleeps when nothing happens.
 */
#ifndef SOCKLENS_UI_APP_H
#define SOCKLENS_UI_APP_H

#include <stdbool.h>

#include "src/core/err.h"
#include "src/launch.h"
#include "src/script.h"
#include "src/session.h"
#include "ui/grid.h"
#include "ui/term.h"
#include "ui/view.h"

/* What is to come when the application has ended. */
struct app_leave {
	bool again;		/* the lesson once more, quickly up to this line */
	unsigned line;
	bool menu;		/* the menu of lessons */
	bool over;		/* the lesson was gone through to its end */
	unsigned right, given;	/* questions that were answered */
};

struct app_config {
	struct session *session;	/* borrowed; outlives the application */
	struct script_run *script;	/* borrowed; a lesson that Space steps through; NULL */
	struct launch *launch;		/* borrowed; programs of the user that are to be started; NULL */
	const char *filter;		/* only packets that match are shown; NULL or "": all */
	struct app_leave *leave;	/* receives what is wanted next; NULL: there is no lesson, and no menu */
	bool *restart;			/* receives that all is wanted again on one host; NULL: that cannot be */
	bool present;			/* begins as in front of a class */
	const char *greeting;		/* said above the prompt until the first key; NULL */
};

struct app;

struct app *app_new(const struct app_config *c, struct err *e);
void app_free(struct app *a);

/* A key, a click, or that the terminal has another size. */
void app_input(struct app *a, const struct term_input *in);

/* Runs one command as if it had been typed.  A failure is shown above the prompt, too. */
int app_command(struct app *a, const char *text, struct err *e);

/* Lets session and script do what is due.  True: something changed that may be on the screen. */
bool app_work(struct app *a);

void app_draw(struct app *a, struct grid *g);

bool app_done(const struct app *a);	/* it was told to end */

/* What is shown, for tests. */
const struct view *app_view(const struct app *a);

/*
 * Takes over the terminal and runs until the end is asked for, by a key, a command, a signal or the loss of
 * the terminal.  The terminal is put back in every case.  -1: it could not be opened.
 */
int app_run(const struct app_config *c, const struct term_options *o, struct err *e);

#endif
