/*
 * page: lines of a panel, of which the first `skip` are scrolled away.  A panel adds line after line and
 * need not know how many fit.
 */
#ifndef SOCKLENS_UI_PAGE_H
#define SOCKLENS_UI_PAGE_H

#include <stdbool.h>

#include "ui/grid.h"

struct page {
	struct area area;
	int y;			/* of the next line in the area; negative while it is scrolled away */
};

struct page page_on(struct area a, int skip);

/* The next line as an area of one row (of no row where it is not visible); moves on. */
struct area page_line(struct page *p);

/* Whether the next line, and so all after it, is below the area. */
bool page_full(const struct page *p);

/* Adds word-wrapped text, indented by x cells. */
void page_wrap(struct page *p, int x, enum style s, const char *text);

/* Adds "name   value" with the value at cell x of the area (wrapped there). */
void page_field(struct page *p, int x, const char *name, enum style s, const char *value);

/* What an empty panel says: what is not there, and what to press. */
void page_empty(struct area a, const char *what, const char *next);

#endif
