/*
 * command: the table of all that can be commanded beside calls.  What is typed at the prompt, what a key
 * does, a line of a lab file and an option of the command line are all lines of the same language and
 * end here.
 */
#ifndef SOCKLENS_COMMAND_H
#define SOCKLENS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "src/core/err.h"
#include "src/parse.h"
#include "src/session.h"

struct parser;

enum command_group {		/* also the order in help */
	COMMAND_WIRE,		/* of "wire>" */
	COMMAND_PROGRAM,
	COMMAND_SESSION,
	COMMAND_LESSON,
};

enum command_step {		/* what a running script does with it */
	STEP_RUN,		/* runs it, and goes on */
	STEP_CHANGE,		/* runs it, and waits until the program has come back or is gone */
	STEP_SAY,
	STEP_ASK,
	STEP_PAUSE,
	STEP_WAIT,
	STEP_EXPECT,
	STEP_NEEDS,
	STEP_SET,		/* runs it; where this kernel lacks it the script cannot run */
	STEP_LAB,		/* nothing: what lab it wants was seen when it was read */
};

struct command {
	const char *name;	/* "hold" */
	const char *usage;	/* "hold [from HOST] [if FILTER] [once] [count N] | hold off [N]" */
	const char *help;	/* one line */
	enum command_group group;
	enum command_step step;
	bool in_file, at_prompt;
	bool run_on;		/* directly following lines of it are one text */
	int (*parse)(struct parser *p);	/* its arguments, into the line */
	int (*run)(struct session *s, const struct line *l, struct err *e);	/* NULL: scripts only */
};

extern const struct command commands[];
extern const size_t commands_count;

const struct command *command_find(const char *name, size_t len);

/* Which program (and thread of it) calls without a target go to; with wire set the prompt talks to the wire. */
struct command_focus {
	size_t program;
	uint32_t thread;
	bool wire;

	/* What the last line typed was: the number of its call, 0 if it was none, and whose call it is. */
	uint64_t last_call;
	size_t last_program;
	uint32_t last_thread;
};

/*
 * Runs one line that was typed.  "server>" or "wire>" alone moves the focus.  On error e->column is the column of
 * the mistake in text, for a marker below it; 0 where no place of the text is to blame.
 */
int command_run(struct session *s, struct command_focus *focus, const char *text, struct err *e);

/* Calls back for every word that could stand at the cursor (a byte of text). */
void command_complete(struct session *s, const struct command_focus *focus, const char *text, size_t cursor,
		      parse_offer_fn *fn, void *context);

/* The names that a line typed now may use.  The addresses in it are the session's. */
void command_scope(struct scope *sc, struct session *s);

/* Whether the focus is a program of the user that runs: then what is typed is for it to read. */
bool command_types(struct session *s, const struct command_focus *focus);

/* Where a line that is typed with a focus stands. */
struct parse_where command_where(struct session *s, const struct command_focus *focus, struct scope *sc);

/* The name that the prompt shows for a focus. */
const char *command_focus_name(struct session *s, const struct command_focus *focus);

/*
 * Gives a parsed call to its program: puts the variables in, and hands the request over (l is left without it).
 * Returns the call's number; 0 on error.
 */
uint64_t command_call(struct session *s, struct line *l, struct err *e);

/*
 * Puts the descriptors of `program` in the place of variables: in the call, and in what it is expected to give.
 * On error e->column is the place of the variable in its line.
 */
int command_fill(const struct session *s, size_t program, struct line *l, struct err *e);

/* Runs a parsed command that has a handler. */
int command_do(struct session *s, const struct line *l, struct err *e);

/* Whether a variable that the call needs will be set by a call that has not returned yet. */
bool command_call_waits(const struct session *s, const struct line *l);

#endif
