#include "src/script_impl.h"

#include <stdlib.h>
#include <string.h>

#include "src/command.h"
#include "src/core/names.h"
#include "src/describe.h"

/* ---- reasons ---- */

static struct script_failure *add_failure(struct script_run *r)
{
	if (r->failures == r->failure_cap) {
		size_t cap = r->failure_cap ? 2 * r->failure_cap : 8;
		struct script_failure *more = reallocarray(r->failure, cap, sizeof(*more));

		if (!more)
			return NULL;
		r->failure = more;
		r->failure_cap = cap;
	}
	return &r->failure[r->failures++];
}

static enum step_outcome fail(struct script_run *r, const struct line *l, bool fatal,
			      const char *what, const char *seen)
{
	struct script_failure *f = add_failure(r);
	STR_ON_STACK(out, sizeof(r->reason));

	str_addf(&out, "%s:%u: %s", r->script.name, l->number, what);
	if (seen[0])
		str_addf(&out, "; %s", seen);
	session_note(r->session, NOTE_EXPECT, out.buf, NULL);
	r->fatal = fatal || !f;
	r->failed_at = (size_t)(l - r->script.line);
	if (f) {
		f->line = l->number;
		str_copy(f->reason, sizeof(f->reason), out.buf);
	}
	if (!r->reason[0])
		str_copy(r->reason, sizeof(r->reason), out.buf);
	return FAILED;
}

enum step_outcome script_fail(struct script_run *r, const struct line *l, const char *what,
			      const char *seen)
{
	return fail(r, l, true, what, seen);
}

enum step_outcome script_fail_err(struct script_run *r, const struct line *l, const struct err *e)
{
	STR_ON_STACK(text, 600);

	err_text(e, &text);
	return script_fail(r, l, text.buf, "");
}

/* The line as it stands in the file, without the white space around it. */
static void add_source(struct str *out, const struct line *l)
{
	const char *from = l->source + strspn(l->source, " \t");
	size_t len = strlen(from);

	while (len && strchr(" \t\r", from[len - 1]))
		len--;
	str_addn(out, from, len);
}

enum step_outcome script_fail_line(struct script_run *r, const struct line *l, const char *how,
				   const char *seen)
{
	STR_ON_STACK(what, 512);

	str_add(&what, "\"");
	add_source(&what, l);
	str_addf(&what, "\" %s", how);
	return fail(r, l, false, what.buf, seen);
}

/* ---- calls ---- */

/* What a call gave, from the trace: "connect(3, server:8080) = -1 ECONNREFUSED". */
static void add_outcome(struct script_run *r, const struct running_call *c, struct str *out)
{
	struct trace *t = session_trace(r->session);

	for (uint32_t row = trace_rows(t); row-- > 0;) {
		const struct trace_entry *e = trace_entry(t, row);
		uint32_t call = e->link;
		const struct event *ev;

		if (e->kind != EVENT_RETURN || e->number != (uint32_t)c->number)
			continue;
		if (call != ROW_NONE && (ev = trace_event(t, call, NULL)))
			describe_call(out, ev);
		str_char(out, ' ');
		if ((ev = trace_event(t, row, NULL)))
			describe_return(out, ev);
		return;
	}
}

/* The signal that ended a program that is gone; 0: it ended otherwise, or is not recorded yet. */
static int last_signal(struct script_run *r, size_t program)
{
	struct trace *t = session_trace(r->session);
	const char *name = session_program_name(r->session, program);

	for (uint32_t row = trace_rows(t); row-- > 0;) {
		const struct event *ev = trace_entry(t, row)->kind == EVENT_PROGRAM
						 ? trace_event(t, row, NULL)
						 : NULL;

		if (ev && event_ends_thread(ev) && !ev->thread && !strcmp(ev->program, name))
			return ev->prog.change == PROGRAM_KILLED ? ev->prog.status : 0;
	}
	return 0;
}

static enum step_outcome check_death(struct script_run *r, const struct running_call *c)
{
	const struct line *l = &r->script.line[c->line];
	int signal = last_signal(r, c->program);
	STR_ON_STACK(seen, 128);

	if (l->want.any || (l->want.signal && l->want.signal == signal)) {
		r->held++;
		return GO_ON;
	}
	str_addf(&seen, "%s ", session_program_name(r->session, c->program));
	if (signal) {
		str_add(&seen, "was killed by ");
		name_add(&seen, &names_signal, signal);
		str_add(&seen, " in it");
	} else {
		str_add(&seen, "ended in it");
	}
	return script_fail_line(r, l, "did not return", seen.buf);
}

static void note_assigned(struct script_run *r, const struct line *l, size_t program)
{
	if (l->assign[0])
		places_note_assigned(r->places, r->session, program, l->assign);
	if (l->assign_second[0])
		places_note_assigned(r->places, r->session, program, l->assign_second);
}

static enum step_outcome check_result(struct script_run *r, const struct running_call *c)
{
	struct line *l = &r->script.line[c->line];
	const struct call_outcome *o = session_call_outcome(r->session, c->number);
	STR_ON_STACK(seen, 512);

	note_assigned(r, l, c->program);
	if (o && result_holds(&l->want, o)) {
		r->held += l->want.stated;
		return GO_ON;
	}
	add_outcome(r, c, &seen);
	if (!l->want.stated && o) {
		str_add(&seen, "; if that is meant, write behind it: -> ");
		name_add(&seen, &names_errno, o->error);
		return script_fail_line(r, l, "failed", seen.buf);
	}
	return script_fail_line(r, l, "gave something else", seen.buf);
}

/* Results owed by calls left behind.  Those that are over are forgotten. */
enum step_outcome script_check_behind(struct script_run *r)
{
	for (size_t i = 0; i < r->behinds;) {
		struct running_call c = r->behind[i];
		const struct line *l = &r->script.line[c.line];
		enum call_progress now = session_call_progress(r->session, c.number);
		enum step_outcome said = GO_ON;

		if (now == CALL_WAITING || now == CALL_ENTERED || now == CALL_ASLEEP) {
			i++;
			continue;
		}
		r->behind[i] = r->behind[--r->behinds];
		if (now == CALL_RETURNED && l->want.stated)
			said = check_result(r, &c);
		else if (now == CALL_RETURNED)
			note_assigned(r, l, c.program);
		else if (now == CALL_DIED && l->want.stated)
			said = check_death(r, &c);
		if (said == FAILED)
			return FAILED;
	}
	return GO_ON;
}

static enum step_outcome leave_behind(struct script_run *r)
{
	if (r->behinds == BEHIND_MAX)
		return script_fail(r, &r->script.line[r->at],
				   "too many calls have not returned yet", "");
	r->behind[r->behinds++] = r->call;
	return GO_ON;
}

/* Whether the call that a thread is in sleeps: then one that waits behind it can only wait. */
static bool thread_sleeps(struct script_run *r, size_t program, uint32_t thread)
{
	for (size_t i = 0; i < r->behinds; i++)
		if (r->behind[i].program == program && r->behind[i].thread == thread &&
		    session_call_progress(r->session, r->behind[i].number) == CALL_ASLEEP)
			return true;
	return false;
}

enum step_outcome script_call_is_over(struct script_run *r)
{
	const struct line *l = &r->script.line[r->at];

	switch (session_call_progress(r->session, r->call.number)) {
	case CALL_RETURNED:
		if (!l->background)
			places_note_return(r->places, r->call.program, r->call.thread,
					   r->call.number);
		/* One that may be left behind may fail, too, unless it says what it must give. */
		if (l->background && !l->want.stated)
			return leave_behind(r);
		return check_result(r, &r->call);
	case CALL_DIED:
		return l->background && !l->want.stated ? GO_ON : check_death(r, &r->call);
	case CALL_ASLEEP:
		return l->background ? leave_behind(r) : NOT_YET;
	case CALL_WAITING:
		return l->background && thread_sleeps(r, r->call.program, r->call.thread)
			       ? leave_behind(r)
			       : NOT_YET;
	case CALL_ENTERED:
		return NOT_YET;
	case CALL_UNKNOWN:
		break;
	}
	return script_fail(r, l, "the call is not known any more", "");
}

enum step_outcome script_begin_call(struct script_run *r)
{
	struct line *l = &r->script.line[r->at];
	uint32_t thread = 0;
	int program = session_program_find(r->session, l->target, strlen(l->target), &thread);
	struct err e = { 0 };

	r->polling = l->background;
	if (command_call_waits(r->session, l)) {
		r->phase = PHASE_VARIABLE;
		return NOT_YET;
	}
	r->call = (struct running_call){ .line = r->at,
					 .program = program < 0 ? 0 : (size_t)program,
					 .thread = thread };
	r->call.number = command_call(r->session, l, &e);
	if (!r->call.number)
		return script_fail_err(r, l, &e);
	r->phase = PHASE_CALL;
	return script_call_is_over(r);
}
