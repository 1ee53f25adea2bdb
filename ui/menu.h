/*
 * menu: the lessons to choose from, by groups, with a mark beside those that were done.
 */
#ifndef SOCKLENS_UI_MENU_H
#define SOCKLENS_UI_MENU_H

#include "src/lesson.h"
#include "src/progress.h"
#include "ui/grid.h"
#include "ui/term.h"

struct menu {
	const struct progress *progress;	/* borrowed */
	size_t at;		/* the lesson under the cursor, counted through all groups */
	int skip;		/* rows that are scrolled away */
	int height;		/* of the list when it was drawn last */
	bool done;		/* nothing was chosen */
	const struct lesson *chosen;
};

/* lesson: the one under the cursor, NULL: the first that was not done yet. */
void menu_init(struct menu *m, const struct progress *p, const char *lesson);
void menu_key(struct menu *m, uint32_t key);
void menu_draw(struct menu *m, struct grid *g);

/* On the terminal, until one is chosen (*chosen) or none (NULL).  -1: there is no terminal. */
int menu_run(const struct progress *p, const char *lesson, const struct term_options *o, const struct lesson **chosen,
	     struct err *e);

#endif
