/*
 * cmd_screen: what the subcommands that open a screen have in common: its options, and putting it up.
 */
#ifndef SOCKLENS_CMD_SCREEN_H
#define SOCKLENS_CMD_SCREEN_H

#include "src/cmd.h"
#include "ui/app.h"

struct screen_options {
	const char *theme;
	int ascii;
	int present;
};

#define SCREEN_OPTIONS(o) \
	{ "--theme", &(o)->theme, NULL }, { "--ascii", NULL, &(o)->ascii }, { "--present", NULL, &(o)->present }

/* -1 and a message if the screen cannot be put up here; before anything is started. */
int screen_check(const char *command, const struct screen_options *o);

/* Runs it to its end; returns the exit code. */
int screen_run(const struct app_config *c, const struct screen_options *o);

#endif
