/*
 * marks: events that a person has marked, by their identity, for as long as the program runs.
 */
#ifndef SOCKLENS_UI_MARKS_H
#define SOCKLENS_UI_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"

struct marks;

struct marks *marks_new(struct err *e);
void marks_free(struct marks *m);

/* Marks an event, or takes its mark away.  1: it is marked now, 0: it is not, -1: no memory. */
int marks_toggle(struct marks *m, uint64_t id, struct err *e);
bool marks_has(const struct marks *m, uint64_t id);

size_t marks_count(const struct marks *m);
uint64_t marks_nth(const struct marks *m, size_t i);	/* in no order that matters */

#endif
