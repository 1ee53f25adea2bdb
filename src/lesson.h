/*
 * lesson: the lab files that are compiled in (src/lessons/).
 */
#ifndef SOCKLENS_LESSON_H
#define SOCKLENS_LESSON_H

#include <stddef.h>

struct lesson {
	const char *name;	/* "handshake" */
	const char *text;	/* the lab file */
};

extern const struct lesson lessons[];
extern const size_t lessons_count;

#endif
