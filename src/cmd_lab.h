/*
 * cmd_lab: a lab on the screen, with a lesson or without.
 */
#ifndef SOCKLENS_CMD_LAB_H
#define SOCKLENS_CMD_LAB_H

#include "src/cmd_screen.h"
#include "src/script.h"

struct lab_screen {
	const char *record;	/* NULL */
	bool loopback;
	struct script *lesson;	/* is taken over; NULL */
	unsigned from;		/* line of it up to which it goes quickly */
	struct app_leave *leave;
	const struct screen_options *screen;
};

/* Builds it and runs the screen to its end; returns the exit code. */
int lab_run(const struct lab_screen *c);

#endif
