/*
 * lesson: the lab files that are compiled in (src/lessons/), and the menu of them.
 */
#ifndef SOCKLENS_LESSON_H
#define SOCKLENS_LESSON_H

#include <stddef.h>

#include "src/core/str.h"

struct lesson {
	const char *name;	/* "handshake" */
	const char *text;	/* the lab file */
};

extern const struct lesson lessons[];
extern const size_t lessons_count;

const struct lesson *lesson_find(const char *name);	/* NULL: there is none of that name */
const char *lesson_nearest(const char *name);		/* a name that it may be a slip of, or NULL */
void lesson_title(const struct lesson *l, struct str *out);

#define LESSON_GROUP_MOST	24

/* The menu: groups and their lessons in the order in which one would teach them.  Each lesson is in one group. */
struct lesson_group {
	const char *title;			/* "Opening a connection" */
	const char *name[LESSON_GROUP_MOST + 1];	/* of its lessons; NULL behind the last one */
};

extern const struct lesson_group lesson_groups[];
extern const size_t lesson_groups_count;

#endif
