/*
 * script_impl: what the parts of a running script share.  script.c: its steps; script_call.c: its calls, those
 * left behind with "&", and what goes wrong; script_ask.c: its questions.
 */
#ifndef SOCKLENS_SCRIPT_IMPL_H
#define SOCKLENS_SCRIPT_IMPL_H

#include "src/condition.h"
#include "src/script.h"
#include "src/witness.h"

#define LIMIT_NS   CONDITION_LIMIT_NS
#define POLL_MS	   2 /* for what is no event: a thread that falls asleep */
#define BEHIND_MAX 64

enum step_outcome { GO_ON, NOT_YET, FAILED, CANNOT };

enum script_phase {
	PHASE_BEGIN,
	PHASE_VARIABLE, /* a call needs what another call will give */
	PHASE_CALL,
	PHASE_INTERRUPT,
	PHASE_KILL,
	PHASE_CONDITION,
	PHASE_TIME,
	PHASE_READ, /* a person reads */
	PHASE_ANSWER, /* before a say, ask or pause: the answer to the last question is not known yet */
	PHASE_END, /* all lines are over; calls left behind still owe a result */
};

struct running_call {
	size_t line;
	uint64_t number;
	size_t program;
	uint32_t thread;
};

struct script_run {
	struct session *session;
	struct script script;
	bool interactive;
	size_t at;
	enum script_phase phase;
	enum script_state state;
	int64_t deadline_ns; /* CLOCK_MONOTONIC; INT64_MAX: none */
	bool polling;
	struct running_call call;
	struct running_call behind[BEHIND_MAX];
	size_t behinds;
	uint64_t exits; /* of the program that is killed, before it */
	struct places *places;
	struct asked *asked;
	size_t askeds, asked_cap;
	struct witness witness; /* of the last one, until its answer is known */
	unsigned start_at; /* line from which on it rests */
	struct script_text {
		uint64_t event;
		unsigned line;
	} *text; /* says and asks so far */
	size_t texts, text_cap;
	unsigned held;
	char reason[768]; /* the first one */
	bool keep_going;
	bool fatal; /* what failed last leaves nothing to go on with */
	size_t failed_at; /* the line it was about */
	struct script_failure *failure;
	size_t failures, failure_cap;
};

/* Why the script fails, for its reason and the recording; both return FAILED. */
enum step_outcome script_fail(struct script_run *r, const struct line *l, const char *what,
			      const char *seen);
enum step_outcome script_fail_err(struct script_run *r, const struct line *l, const struct err *e);
/* "LINE" how; seen */
enum step_outcome script_fail_line(struct script_run *r, const struct line *l, const char *how,
				   const char *seen);

enum step_outcome script_begin_call(struct script_run *r);
enum step_outcome script_call_is_over(struct script_run *r);

/* Looks after the calls left behind: results that they owe, and forgets those that are over. */
enum step_outcome script_check_behind(struct script_run *r);

/* The text of a line was noted: remembers where. */
void script_note_text(struct script_run *r, const struct line *l);
/* Whether it rests at a line. */
bool script_rests(const struct script_run *r, const struct line *l);

enum step_outcome script_begin_ask(struct script_run *r, const struct line *l);
void script_resume_ask(struct script_run *r); /* the answer is given, or none */

/* Whether the trace still owes an answer; looks for it (all: the steps that belong to it are done). */
bool script_owes_answer(const struct script_run *r);
enum step_outcome script_look_answer(struct script_run *r, bool all);
/* It does not come: on the screen the author's word is told. */
enum step_outcome script_give_up_answer(struct script_run *r);
void script_drop_answer(struct script_run *r); /* nobody waits for it any more */

#endif
