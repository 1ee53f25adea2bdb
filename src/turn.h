/*
 * turn: typed lines that wait their turn, so that lines which come faster than calls return (pasted ones) do what
 * they would have done one by one under the hands of a patient person.
 *
 * A line is run when the call before it has returned or sleeps in the kernel.  A call also waits for the values
 * of its variables, and for earlier lines of its thread that wait.  So what blocks holds up only what needs it.
 */
#ifndef SOCKLENS_TURN_H
#define SOCKLENS_TURN_H

#include <stdbool.h>
#include <stddef.h>

#include "src/command.h"
#include "src/core/err.h"
#include "src/core/str.h"
#include "src/session.h"

#define TURNS_MAX	200	/* lines that can wait */

struct turns;

struct turns *turns_new(struct session *s, struct err *e);	/* s is borrowed */
void turns_free(struct turns *t);

/*
 * Takes a line, as command_run() does; it may use what lines that wait will assign.  0: it was run, or waits
 * (turns_count() tells); -1: it is refused.
 */
int turns_type(struct turns *t, struct command_focus *focus, const char *text, struct err *e);

/*
 * Runs the next line whose turn has come.  1: it was run (focus->last_call is its call); 0: there is none now; -1: it
 * was refused, and waits no longer; e begins with the line and has no column.
 */
int turns_next(struct turns *t, struct command_focus *focus, struct err *e);

/* How long to wait for events at most before turns_next() is due again; -1: for ever. */
int turns_timeout_ms(const struct turns *t);

size_t turns_count(const struct turns *t);
size_t turns_drop(struct turns *t);	/* all; how many */

/* Appends "3 lines wait for a = accept(…)"; nothing while none waits for something that takes its time. */
void turns_text(const struct turns *t, struct str *out);

#endif
