/*
 * script: runs a lab file step by step over a session, without ever blocking.
 *
 *	script_new → { poll(session_fds, script_timeout_ms) → session_work → script_work } … → script_free
 *
 * A call without "&" is over when it has returned, one with "&" when it has returned or its thread sleeps in the
 * kernel.  What it gives must be what stands behind "->"; without "->" a call that is waited for must not fail.
 * Between steps everything that has left a kernel is in the trace, so that what a step causes lies behind it.
 *
 * What does not come true within its limit (10 s, or `within`) fails, and so does the script; the reason
 * says what was there instead.  On the screen (interactive) a script rests at say, ask and pause until
 * script_resume(), and calls and `wait` have no limit, since a person may have a hand on the wire.
 *
 * Where the trace has the answer to a question (question.h), the script does not go on with the next say, ask or pause
 * before it is known, and fails where it is not the one that the file names.  On the screen it is told instead.
 */
#ifndef SOCKLENS_SCRIPT_H
#define SOCKLENS_SCRIPT_H

#include <stdbool.h>

#include "src/core/err.h"
#include "src/parse.h"
#include "src/session.h"

enum script_state {
	SCRIPT_RUNNING,		/* script_work() would go on at once */
	SCRIPT_WAITING,		/* for a call, a condition or a time */
	SCRIPT_PAUSED,		/* for script_resume() */
	SCRIPT_DONE,		/* to the end, everything as expected */
	SCRIPT_FAILED,		/* something was not as expected: script_reason() */
	SCRIPT_CANNOT,		/* the machine lacks what it needs: script_reason() */
};

/* A question that was asked, in the order of asking. */
struct asked {
	unsigned line;			/* in the file */
	struct question question;
	enum answer_kind kind;
	bool known;			/* the true answer is: */
	bool by_trace;			/* not only by the author's word */
	char truth[160], also[160], why[320];	/* also: another true answer, "" for none; why may be "" */
	uint64_t event;			/* id of the one that shows it; 0: none does */
	int choice;			/* the true one, -1 if the answer is free */
	char given[160];		/* what was answered; "" nothing */
	bool right;
};

struct script_run;

/* Takes the script over (*parsed is left empty).  The session must be a lab, and outlive the run. */
struct script_run *script_new(struct session *s, struct script *parsed, bool interactive, struct err *e);
void script_free(struct script_run *r);

/* Goes as far as it can now. */
enum script_state script_work(struct script_run *r);

enum script_state script_state(const struct script_run *r);
void script_resume(struct script_run *r);

/* The question at which the script rests; NULL: at none. */
const struct asked *script_question(const struct script_run *r);

/* Answers it, and goes on.  What it was worth is told when the answer is known. */
void script_answer(struct script_run *r, const char *text);

/* All that were asked so far; valid until the next script_work(). */
const struct asked *script_asked(const struct script_run *r, size_t *count);

/* Rests only from this line of the file on: what is before it is gone through quickly. */
void script_start_at(struct script_run *r, unsigned line);

/* The line of the say or ask whose text is the event, or else the last one before it; 0: there is none. */
unsigned script_line_of(const struct script_run *r, uint64_t event);

/* How long to wait for events at most before script_work() is due again; -1: for ever. */
int script_timeout_ms(const struct script_run *r);

/* "FILE:LINE: what was expected; what was there instead"; "" while nothing is wrong. */
const char *script_reason(const struct script_run *r);

/* The line that is run, or would be next: its number in the file and its text; 0 and "" at the end. */
unsigned script_line(const struct script_run *r, const char **text);

const char *script_title(const struct script_run *r);

/* Expectations that held so far: results, `expect`, and questions whose answer is in the trace; and how many the file has. */
unsigned script_held(const struct script_run *r);
unsigned script_expected(const struct script_run *r);

/*
 * Does not stop at what is not as expected, but goes on with the next line, so that each expectation is judged; only at
 * what cannot be done at all (a call that cannot be made).  It fails in the end.
 */
void script_keep_going(struct script_run *r);

/* What was not as expected, each once. */
struct script_failure {
	unsigned line;
	char reason[768];	/* as script_reason() has it */
};
const struct script_failure *script_failures(const struct script_run *r, size_t *count);

#endif
