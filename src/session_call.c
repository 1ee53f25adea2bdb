/*
 * A call's way: asked for (WAITING behind others of its thread), sent to the program, ENTERED when the
 * program says so, RETURNED.  Each is kept in a ring by its number, so that scripts and `-> result` can ask
 * for it afterwards.
 */
#include "src/session_impl.h"

#include <string.h>

struct call_record *call_record(struct session *s, uint64_t number)
{
	struct call_record *r = &s->call[number % CALLS_KEPT];

	return number && r->number == number ? r : NULL;
}

static bool is_over(const struct call_record *r)
{
	return !r->number || r->progress == CALL_RETURNED || r->progress == CALL_DIED;
}

static void record_free(struct call_record *r)
{
	call_request_fini(&r->request);
	call_outcome_fini(&r->outcome);
	memset(r, 0, sizeof(*r));
}

void calls_fini(struct session *s)
{
	for (size_t i = 0; i < CALLS_KEPT; i++)
		record_free(&s->call[i]);
}

uint64_t session_call(struct session *s, size_t program, uint32_t thread,
		      struct call_request *request, const char *assign, struct err *e)
{
	struct actor *a = &s->actor[program];
	struct call_record *r = &s->call[(s->calls + 1) % CALLS_KEPT];

	if (!s->lab || !a->process) {
		(void)(s->lab ? session_not_running(s, program, e) : session_not_live(e));
		return 0;
	}
	if (!is_over(r)) {
		err_set(e, "interrupt the call that blocks, or kill its program",
			"too many calls wait their turn");
		return 0;
	}
	record_free(r);
	r->number = ++s->calls;
	r->actor = program;
	r->thread = thread;
	r->progress = CALL_WAITING;
	r->request = *request;
	memset(request, 0, sizeof(*request));
	str_copy(r->assign, sizeof(r->assign), assign);
	if (assign[0])
		variable_expect(a, assign, r->number);
	calls_start_next(s, program, thread);
	if (r->progress == CALL_DIED) {
		session_trouble(s, e);
		return 0;
	}
	return r->number;
}

/* The oldest call that waits for this thread. */
static struct call_record *next_waiting(struct session *s, size_t actor, uint32_t thread)
{
	for (uint64_t n = s->calls >= CALLS_KEPT ? s->calls - CALLS_KEPT + 1 : 1; n <= s->calls;
	     n++) {
		struct call_record *r = call_record(s, n);

		if (r && r->progress == CALL_WAITING && r->actor == actor && r->thread == thread)
			return r;
	}
	return NULL;
}

void calls_start_next(struct session *s, size_t actor, uint32_t thread)
{
	struct actor *a = &s->actor[actor];
	struct thread *t = &a->thread[thread];
	struct call_record *r = t->current ? NULL : next_waiting(s, actor, thread);
	struct err e = { 0 };

	if (!r)
		return;
	if (program_call(a->process, thread, r->number, &r->request, &e)) {
		r->progress = CALL_DIED;
		variable_unexpect(a, r->number);
		session_set_trouble(s, &e);
		return;
	}
	t->current = r->number;
}

void calls_die(struct session *s, size_t actor)
{
	struct actor *a = &s->actor[actor];

	for (size_t i = 0; i < CALLS_KEPT; i++)
		if (s->call[i].actor == actor && !is_over(&s->call[i]))
			s->call[i].progress = CALL_DIED;
	for (uint32_t t = 0; t < a->threads; t++)
		a->thread[t].current = a->thread[t].interrupt = 0;
	for (size_t i = 0; i < a->variables; i++)
		a->variable[i].pending = 0;
}

/* ---- what the program reports ---- */

/* The descriptor a call is about: its first argument, where that is one. */
static int call_fd(const struct call_request *r)
{
	return r->call->arg[0].type == ARG_FD ? (int)r->arg[0].number : -1;
}

static struct event event_of(const struct session *s, const struct call_record *r,
			     enum event_kind kind, int64_t ts_ns)
{
	const struct actor *a = &s->actor[r->actor];
	struct event ev = { .kind = kind, .host = a->host, .thread = r->thread, .ts_ns = ts_ns };

	str_copy(ev.program, sizeof(ev.program), a->name);
	if (r->thread)
		str_copy(ev.thread_name, sizeof(ev.thread_name), a->thread[r->thread].name);
	return ev;
}

#define ARG_TEXT 256 /* bytes of one argument's text */

static void on_enter(struct session *s, struct call_record *r, int64_t ts_ns)
{
	struct event ev = event_of(s, r, EVENT_CALL, ts_ns);
	char text[CALL_ARGS][ARG_TEXT];

	r->progress = CALL_ENTERED;
	r->entered_ns = ts_ns;
	ev.call.number = r->number;
	ev.call.name = r->request.call->name;
	ev.call.fd = call_fd(&r->request);
	for (size_t i = 0; i < CALL_ARGS && r->request.call->arg[i].type != ARG_NONE; i++) {
		struct str out = str_on(text[i], ARG_TEXT);

		call_arg_text(&out, &r->request, i, &s->lab->names);
		if (out.len)
			ev.call.arg[ev.call.args++] =
				(struct event_arg){ .name = r->request.call->arg[i].name,
						    .text = out.buf };
	}
	session_append(s, &ev);
}

static void append_return(struct session *s, const struct call_record *r, int64_t ts_ns)
{
	struct event ev = event_of(s, r, EVENT_RETURN, ts_ns);
	char text[EVENT_ARGS][ARG_TEXT];

	ev.ret.number = r->number;
	ev.ret.name = r->request.call->name;
	ev.ret.fd = call_fd(&r->request);
	ev.ret.result = r->outcome.result;
	ev.ret.error = r->outcome.error;
	ev.ret.blocked = r->outcome.blocked;
	ev.ret.entered_ns = r->entered_ns;
	for (size_t i = 0; i < EVENT_ARGS; i++) {
		struct str out = str_on(text[i], ARG_TEXT);
		const char *label = "";

		if (!call_out_text(&out, &label, i, &r->request, &r->outcome, &s->lab->names))
			break;
		ev.ret.out[ev.ret.outs++] = (struct event_arg){ .name = label, .text = out.buf };
	}
	session_append(s, &ev);
}

/* Keeps the books on descriptors, and has the sockets looked at that the call may have changed. */
static void note_sockets(struct session *s, const struct call_record *r,
			 const struct program_report *report)
{
	uint8_t host = s->actor[r->actor].host;

	if (!strcmp(r->request.call->name, "close") && r->outcome.result == 0)
		sockets_disown(s, r->actor, call_fd(&r->request), r->number, report->ts_ns);
	else if (report->sock.cookie)
		sockets_own(s, r->actor, call_fd(&r->request), &report->sock, r->number,
			    report->ts_ns);
	if (report->made.cookie)
		sockets_own(s, r->actor, (int)r->outcome.result, &report->made, r->number,
			    report->ts_ns);
	if (report->sock.cookie)
		wire_sample_call(s->wire, host, &report->sock, r->number);
	if (report->made.cookie)
		wire_sample_call(s->wire, host, &report->made, r->number);
}

static void on_leave(struct session *s, struct call_record *r, struct program_report *report)
{
	struct actor *a = &s->actor[r->actor];

	r->progress = CALL_RETURNED;
	r->outcome = report->outcome;
	memset(&report->outcome, 0, sizeof(report->outcome));
	append_return(s, r, report->ts_ns);
	if (r->assign[0])
		variable_set(a, r->assign, r->outcome.result);
	note_sockets(s, r, report);
	a->thread[r->thread].current = 0;
	calls_start_next(s, r->actor, r->thread);
}

void calls_on_report(struct session *s, size_t actor, struct program_report *report)
{
	struct call_record *r = call_record(s, report->number);

	(void)actor;
	if (!r)
		return;
	if (report->kind == REPORT_ENTER)
		on_enter(s, r, report->ts_ns);
	else
		on_leave(s, r, report);
}

/* ---- questions ---- */

enum call_progress session_call_progress(struct session *s, uint64_t number)
{
	const struct call_record *r = call_record(s, number);

	if (!r)
		return CALL_UNKNOWN;
	if (r->progress == CALL_ENTERED && program_sleeps(s->actor[r->actor].process, r->thread))
		return CALL_ASLEEP;
	return r->progress;
}

uint64_t session_thread_call(const struct session *s, size_t program, uint32_t thread)
{
	return program < s->actors && thread < s->actor[program].threads
		       ? s->actor[program].thread[thread].current
		       : 0;
}

const struct call_outcome *session_call_outcome(struct session *s, uint64_t number)
{
	const struct call_record *r = call_record(s, number);

	return r && r->progress == CALL_RETURNED ? &r->outcome : NULL;
}

const struct call_request *session_call_request(struct session *s, uint64_t number)
{
	const struct call_record *r = call_record(s, number);

	return r ? &r->request : NULL;
}
