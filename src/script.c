/*
 * The line `at` is in a phase: not begun, or begun and waiting for something.  Each phase is a function that says
 * whether the line is over.  Calls that were left behind with "&" are watched on the side until they
 * return; the end waits for those that must give something.
 */
#include "src/script.h"

#include <stdlib.h>
#include <string.h>

#include "src/command.h"
#include "src/core/clock.h"
#include "src/needs.h"
#include "src/script_impl.h"
#include "src/session_set.h"

/* ---- commands ---- */

static uint64_t count_exits(struct script_run *r, const char *program)
{
	struct trace *t = session_trace(r->session);
	uint64_t n = 0;

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct event *ev = trace_entry(t, row)->kind == EVENT_PROGRAM
						 ? trace_event(t, row, NULL)
						 : NULL;

		n += ev && event_ends_thread(ev) && !ev->thread && !strcmp(ev->program, program);
	}
	return n;
}

/* The call that a thread is in, as far as the script made it. */
static void find_call_of(struct script_run *r, const char *name)
{
	uint32_t thread;
	int program = session_program_find(r->session, name, strlen(name), &thread);

	r->call.number = 0;
	for (size_t i = 0; i < r->behinds; i++)
		if ((int)r->behind[i].program == program && r->behind[i].thread == thread &&
		    session_call_progress(r->session, r->behind[i].number) != CALL_WAITING)
			r->call = r->behind[i];
}

static enum step_outcome interrupt_is_over(struct script_run *r)
{
	enum call_progress now = session_call_progress(r->session, r->call.number);

	return now == CALL_ENTERED || now == CALL_ASLEEP ? NOT_YET : GO_ON;
}

static enum step_outcome kill_is_over(struct script_run *r)
{
	const char *name = r->script.line[r->at].name;
	uint32_t thread;
	int program = session_program_find(r->session, name, strlen(name), &thread);

	if (count_exits(r, name) <= r->exits)
		return NOT_YET;
	return program >= 0 && session_runs(r->session, (size_t)program) ? NOT_YET : GO_ON;
}

static enum step_outcome begin_change(struct script_run *r, const struct line *l)
{
	bool kill = !strcmp(l->command->name, "kill");
	struct err e = { 0 };

	r->exits = count_exits(r, l->name);
	find_call_of(r, l->name);
	if (command_do(r->session, l, &e))
		return script_fail_err(r, l, &e);
	r->phase = kill ? PHASE_KILL : PHASE_INTERRUPT;
	return kill ? kill_is_over(r) : interrupt_is_over(r);
}

/* ---- conditions ---- */

static enum step_outcome condition_is_met(struct script_run *r, struct str *seen)
{
	const struct line *l = &r->script.line[r->at];

	switch (condition_check(&l->condition, &l->want, r->places, r->session, seen)) {
	case CONDITION_MET:
		r->held += l->command->step == STEP_EXPECT;
		return GO_ON;
	case CONDITION_NOT_YET:
		return NOT_YET;
	case CONDITION_NEVER:
		break;
	}
	return script_fail_line(r, l, "does not hold", seen->buf);
}

static enum step_outcome begin_condition(struct script_run *r, struct line *l)
{
	struct err e = { 0 };
	uint32_t thread;
	int program = session_program_find(r->session, l->condition.actor,
					   strlen(l->condition.actor), &thread);
	STR_ON_STACK(seen, 512);

	if (program >= 0 && command_fill(r->session, (size_t)program, l, &e))
		return script_fail_err(r, l, &e);
	r->phase = PHASE_CONDITION;
	r->polling = condition_needs_polling(&l->condition);
	if (l->condition.within_ns)
		r->deadline_ns = clock_monotonic_ns() + l->condition.within_ns;
	else if (r->interactive && l->command->step == STEP_WAIT)
		r->deadline_ns = INT64_MAX;
	return condition_is_met(r, &seen);
}

/* ---- texts ---- */

void script_note_text(struct script_run *r, const struct line *l)
{
	struct witness newest;

	if (r->texts == r->text_cap) {
		size_t cap = r->text_cap ? 2 * r->text_cap : 32;
		struct script_text *more = reallocarray(r->text, cap, sizeof(*more));

		if (!more)
			return;
		r->text = more;
		r->text_cap = cap;
	}
	witness_begin(&newest, l, r->session);
	r->text[r->texts++] = (struct script_text){ .event = newest.after, .line = l->number };
}

bool script_rests(const struct script_run *r, const struct line *l)
{
	return r->interactive && l->number >= r->start_at;
}

/* ---- steps ---- */

static enum step_outcome begin_set(struct script_run *r, const struct line *l)
{
	struct err e = { 0 };

	if (!command_do(r->session, l, &e))
		return GO_ON;
	script_fail_err(r, l, &e);
	return e.code == SESSION_SET_LACKS ? CANNOT : FAILED;
}

static enum step_outcome begin_command(struct script_run *r, struct line *l)
{
	struct err e = { 0 };

	switch (l->command->step) {
	case STEP_RUN:
		return command_do(r->session, l, &e) ? script_fail_err(r, l, &e) : GO_ON;
	case STEP_CHANGE:
		return begin_change(r, l);
	case STEP_SAY:
		if (command_do(r->session, l, &e))
			return script_fail_err(r, l, &e);
		script_note_text(r, l);
		r->phase = PHASE_READ;
		return script_rests(r, l) ? NOT_YET : GO_ON;
	case STEP_ASK:
		return script_begin_ask(r, l);
	case STEP_PAUSE:
		r->phase = PHASE_READ;
		return script_rests(r, l) ? NOT_YET : GO_ON;
	case STEP_WAIT:
		if (!l->time_ns)
			return begin_condition(r, l);
		r->phase = PHASE_TIME;
		r->deadline_ns = clock_monotonic_ns() + l->time_ns;
		return NOT_YET;
	case STEP_EXPECT:
		return begin_condition(r, l);
	case STEP_SET:
		return begin_set(r, l);
	case STEP_NEEDS:
	case STEP_LAB:
		break;
	}
	return GO_ON;
}

/* A person may hold up a call for as long as they like. */
static int64_t call_limit(const struct script_run *r)
{
	return r->interactive ? INT64_MAX : clock_monotonic_ns() + LIMIT_NS;
}

static enum step_outcome begin_line(struct script_run *r);

/* Before the line itself begins. */
static enum step_outcome answer_is_known(struct script_run *r)
{
	enum step_outcome said = script_owes_answer(r) ? script_look_answer(r, true) : GO_ON;

	r->phase = said == GO_ON ? PHASE_BEGIN : r->phase;
	return said == GO_ON ? begin_line(r) : said;
}

/* Here what belongs to a question is over. */
static bool ends_question(const struct line *l)
{
	return l->kind == LINE_COMMAND &&
	       (l->command->step == STEP_SAY || l->command->step == STEP_ASK ||
		l->command->step == STEP_PAUSE);
}

static enum step_outcome begin_line(struct script_run *r)
{
	struct line *l = &r->script.line[r->at];

	if (script_owes_answer(r) && ends_question(l)) {
		r->phase = PHASE_ANSWER;
		r->deadline_ns = clock_monotonic_ns() + LIMIT_NS;
		return answer_is_known(r);
	}
	r->deadline_ns = l->kind == LINE_CALL ? call_limit(r) : clock_monotonic_ns() + LIMIT_NS;
	r->polling = false;
	places_note_variables(r->places, r->session);
	return l->kind == LINE_CALL ? script_begin_call(r) : begin_command(r, l);
}

/* The limit has passed. */
static enum step_outcome give_up(struct script_run *r, const char *seen)
{
	const struct line *l = r->at < r->script.lines ? &r->script.line[r->at]
						       : &r->script.line[r->behind[0].line];
	bool call = r->phase == PHASE_CALL || r->phase == PHASE_END;

	if (script_owes_answer(r) && (r->phase == PHASE_ANSWER || r->phase == PHASE_END))
		return script_give_up_answer(r);
	if (r->phase == PHASE_END)
		for (size_t i = 0; i < r->behinds; i++)
			if (r->script.line[r->behind[i].line].want.stated)
				l = &r->script.line[r->behind[i].line];
	return script_fail_line(r, l,
				r->phase == PHASE_CONDITION ? "did not come true in time"
							    : "did not come back in time",
				call && !l->background
					? "a call that is to block needs & at the end of its line"
					: seen);
}

static enum step_outcome end_is_reached(struct script_run *r)
{
	for (size_t i = 0; i < r->behinds; i++)
		if (r->script.line[r->behind[i].line].want.stated)
			return NOT_YET;
	return script_owes_answer(r) ? script_look_answer(r, true) : GO_ON;
}

static enum step_outcome phase_is_over(struct script_run *r, struct str *seen)
{
	switch (r->phase) {
	case PHASE_BEGIN:
		return begin_line(r);
	case PHASE_VARIABLE:
		str_add(seen, "it needs what a call gives that has not returned yet");
		return script_begin_call(r);
	case PHASE_CALL:
		return script_call_is_over(r);
	case PHASE_INTERRUPT:
		return interrupt_is_over(r);
	case PHASE_KILL:
		return kill_is_over(r);
	case PHASE_CONDITION:
		return condition_is_met(r, seen);
	case PHASE_TIME:
		return clock_monotonic_ns() >= r->deadline_ns ? GO_ON : NOT_YET;
	case PHASE_READ:
		return NOT_YET;
	case PHASE_ANSWER:
		return answer_is_known(r);
	case PHASE_END:
		return end_is_reached(r);
	}
	return FAILED;
}

static enum step_outcome advance(struct script_run *r)
{
	STR_ON_STACK(seen, 512);
	enum step_outcome said = script_check_behind(r);

	if (said != FAILED && script_owes_answer(r) && r->phase != PHASE_READ &&
	    script_look_answer(r, false) == FAILED)
		said = FAILED;
	if (said != FAILED)
		said = phase_is_over(r, &seen);
	if (said == NOT_YET && r->phase != PHASE_TIME && r->phase != PHASE_READ &&
	    clock_monotonic_ns() >= r->deadline_ns)
		return give_up(r, seen.buf);
	return said;
}

static void next_line(struct script_run *r)
{
	if (r->phase == PHASE_END) {
		r->state = r->failures ? SCRIPT_FAILED : SCRIPT_DONE;
		return;
	}
	/* What the step caused is in the trace before the next one begins. */
	session_settle(r->session);
	r->at++;
	r->phase = PHASE_BEGIN;
	if (r->at < r->script.lines)
		return;
	r->phase = PHASE_END;
	r->polling = false;
	r->deadline_ns = call_limit(r);
}

/*
 * Behind what failed.  It need not be the line at hand: a call that was left behind is forgotten already, and a question
 * owes nothing any more.
 */
static void pass_over(struct script_run *r)
{
	if (script_owes_answer(r) && r->witness.ask == &r->script.line[r->failed_at])
		script_drop_answer(r);
	else if (r->phase == PHASE_END)
		r->behinds = 0;
	else if (r->failed_at == r->at)
		next_line(r);
}

enum script_state script_work(struct script_run *r)
{
	while (r->state == SCRIPT_RUNNING || r->state == SCRIPT_WAITING) {
		switch (advance(r)) {
		case GO_ON:
			r->state = SCRIPT_RUNNING;
			next_line(r);
			break;
		case NOT_YET:
			return r->state = r->phase == PHASE_READ ? SCRIPT_PAUSED : SCRIPT_WAITING;
		case FAILED:
			if (!r->keep_going || r->fatal)
				return r->state = SCRIPT_FAILED;
			pass_over(r);
			break;
		case CANNOT:
			return r->state = SCRIPT_CANNOT;
		}
	}
	return r->state;
}

void script_resume(struct script_run *r)
{
	if (r->state != SCRIPT_PAUSED)
		return;
	script_resume_ask(r);
	r->state = SCRIPT_RUNNING;
	next_line(r);
}

/* ---- life ---- */

static bool is_met(struct script_run *r, const struct line *l, struct str *why)
{
	if (l->kind != LINE_COMMAND)
		return true;
	if (l->command->step == STEP_NEEDS)
		return need_met(l->text, why);
	return l->command->step != STEP_SET || session_set_met(r->session, &l->setting, why);
}

static void check_needs(struct script_run *r)
{
	STR_ON_STACK(why, 512);

	for (size_t i = 0; i < r->script.lines; i++) {
		const struct line *l = &r->script.line[i];

		if (is_met(r, l, &why))
			continue;
		struct str out = str_on(r->reason, sizeof(r->reason));

		str_addf(&out, "%s:%u: %s", r->script.name, l->number, why.buf);
		r->state = SCRIPT_CANNOT;
		return;
	}
}

struct script_run *script_new(struct session *s, struct script *parsed, bool interactive,
			      struct err *e)
{
	struct script_run *r = calloc(1, sizeof(*r));

	if (!r || !(r->places = places_new(e))) {
		free(r);
		err_set(e, NULL, "no memory for a script");
		return NULL;
	}
	r->session = s;
	r->interactive = interactive;
	r->script = *parsed;
	*parsed = (struct script){ 0 };
	r->deadline_ns = INT64_MAX;
	r->phase = r->script.lines ? PHASE_BEGIN : PHASE_END;
	check_needs(r);
	return r;
}

void script_free(struct script_run *r)
{
	if (!r)
		return;
	script_fini(&r->script);
	places_free(r->places);
	free(r->asked);
	free(r->text);
	free(r->failure);
	free(r);
}

/* ---- what is asked of it ---- */

enum script_state script_state(const struct script_run *r)
{
	return r->state;
}

int script_timeout_ms(const struct script_run *r)
{
	int64_t left;

	if (r->state == SCRIPT_RUNNING)
		return 0;
	if (r->state != SCRIPT_WAITING)
		return -1;
	if (r->polling)
		return POLL_MS;
	if (r->deadline_ns == INT64_MAX)
		return -1;
	left = r->deadline_ns - clock_monotonic_ns();
	return left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

const char *script_reason(const struct script_run *r)
{
	return r->reason;
}

unsigned script_line(const struct script_run *r, const char **text)
{
	if (r->at >= r->script.lines) {
		*text = "";
		return 0;
	}
	*text = r->script.line[r->at].source;
	return r->script.line[r->at].number;
}

unsigned script_line_of(const struct script_run *r, uint64_t event)
{
	unsigned line = 0;

	for (size_t i = 0; i < r->texts && r->text[i].event <= event; i++)
		line = r->text[i].line;
	return line;
}

const char *script_title(const struct script_run *r)
{
	return r->script.title;
}

unsigned script_held(const struct script_run *r)
{
	return r->held;
}

/* Whether a line says how something must come out. */
static bool expects(const struct line *l)
{
	if (l->kind == LINE_CALL)
		return l->want.stated;
	return l->kind == LINE_COMMAND &&
	       (l->command->step == STEP_EXPECT ||
		(l->command->step == STEP_ASK && l->subject.kind != SUBJECT_NONE));
}

unsigned script_expected(const struct script_run *r)
{
	unsigned n = 0;

	for (size_t i = 0; i < r->script.lines; i++)
		n += expects(&r->script.line[i]);
	return n;
}

void script_start_at(struct script_run *r, unsigned line)
{
	r->start_at = line;
}

void script_keep_going(struct script_run *r)
{
	r->keep_going = true;
}

const struct script_failure *script_failures(const struct script_run *r, size_t *count)
{
	*count = r->failures;
	return r->failure;
}
