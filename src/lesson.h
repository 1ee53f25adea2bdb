/*
 * lesson: the lab files that are compiled in (src/lessons/).
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

#endif
