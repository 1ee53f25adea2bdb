/*
 * A call's way: asked for (WAITING behind others of its thread), sent to the program, ENTERED when the
 * program says so, RETURNED.  Each is kept in a ring by its number, so that scripts and `-> result` can ask
 * for it afterwards.  Programs of the user make calls on their own: while one is under way its thread has its
 * record, afterwards a ring of their own, so that neither kind displaces the other.
 */
#include "src/session_impl.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct call_record *call_record(struct session *s, uint64_t number)
{
	struct call_record *r = &s->call[number % CALLS_KEPT];

	if (!number)
		return NULL;
	if (r->number == number)
		return r;
	r = &s->traced[number % CALLS_KEPT];
	return r->number == number ? r : traced_call(s, number);
}

static bool is_over(const struct call_record *r)
{
	return !r->number || r->progress == CALL_RETURNED || r->progress == CALL_DIED;
}

void call_record_fini(struct call_record *r)
{
	call_request_fini(&r->request);
	call_outcome_fini(&r->outcome);
	memset(r, 0, sizeof(*r));
}

void calls_fini(struct session *s)
{
	for (size_t i = 0; i < CALLS_KEPT; i++)
		call_record_fini(&s->call[i]), call_record_fini(&s->traced[i]);
}

/* A free place for the record of a call; its number.  0: all of them wait. */
static uint64_t next_number(struct session *s)
{
	for (uint64_t n = s->calls + 1; n <= s->calls + CALLS_KEPT; n++)
		if (is_over(&s->call[n % CALLS_KEPT]))
			return n;
	return 0;
}

uint64_t session_call(struct session *s, size_t program, uint32_t thread,
		      struct call_request *request, const char *assign, struct err *e)
{
	struct actor *a = &s->actor[program];
	uint64_t number = next_number(s);
	struct call_record *r = &s->call[number % CALLS_KEPT];

	if (a->own && a->tracer) {
		err_set(e, "input types a line to it",
			"%s is a program of yours: it makes its own calls", a->name);
		return 0;
	}
	if (!s->lab || !a->process) {
		(void)(s->lab ? session_not_running(s, program, e) : session_not_live(e));
		return 0;
	}
	if (!number) {
		err_set(e, "interrupt the call that blocks, or kill its program",
			"too many calls wait their turn");
		return 0;
	}
	a->used = true;
	call_record_fini(r);
	r->number = s->calls = number;
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

void session_call_second(struct session *s, uint64_t number, const char *assign)
{
	struct call_record *r = call_record(s, number);

	if (!r || r->number != number)
		return;
	str_copy(r->assign_second, sizeof(r->assign_second), assign);
	if (r->progress != CALL_DIED)
		variable_expect(&s->actor[r->actor], assign, number);
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
	str_copy(ev.thread_name, sizeof(ev.thread_name), actor_thread_name(a, r->thread));
	return ev;
}

#define ARG_TEXT 256 /* bytes of one argument's text */
#define OUT_TEXT 2048 /* … of what the kernel filled in: messages of netlink are many words */

void call_entered(struct session *s, struct call_record *r, int64_t ts_ns)
{
	struct event ev = event_of(s, r, EVENT_CALL, ts_ns);
	char text[CALL_ARGS][ARG_TEXT];

	const struct sock_key *key = sockets_key(s, r->actor, r->process, call_fd(&r->request));

	r->progress = CALL_ENTERED;
	r->entered_ns = ts_ns;
	r->request.family = key ? key->family : 0;
	r->request.protocol = key ? (uint8_t)key->protocol : 0;
	ev.call.number = r->number;
	ev.call.name = r->request.call->name;
	ev.call.fd = call_fd(&r->request);
	for (size_t i = 0; i < CALL_ARGS && r->request.call->arg[i].type != ARG_NONE; i++) {
		struct str out = str_on(text[i], ARG_TEXT);

		call_arg_text(&out, &r->request, i, trace_names(s->trace));
		if (out.len)
			ev.call.arg[ev.call.args++] =
				(struct event_arg){ .name = r->request.call->arg[i].name,
						    .text = out.buf };
	}
	session_append(s, &ev);
}

static void append_return(struct session *s, const struct call_record *r,
			  const struct call_sockets *k)
{
	struct event ev = event_of(s, r, EVENT_RETURN, k->ts_ns);
	char text[EVENT_ARGS][OUT_TEXT];

	ev.ret.number = r->number;
	ev.ret.name = r->request.call->name;
	ev.ret.fd = call_fd(&r->request);
	ev.ret.result = r->outcome.result;
	ev.ret.error = r->outcome.error;
	ev.ret.blocked = r->outcome.blocked;
	ev.ret.entered_ns = r->entered_ns;
	for (size_t i = 0; i < EVENT_ARGS; i++) {
		struct str out = str_on(text[i], OUT_TEXT);
		const char *label = "";

		if (!call_out_text(&out, &label, i, &r->request, &r->outcome,
				   trace_names(s->trace)))
			break;
		ev.ret.out[ev.ret.outs++] = (struct event_arg){ .name = label, .text = out.buf };
	}
	ev.ret.local = session_local(s, r, k);
	session_append(s, &ev);
}

/* Descriptors that a call made are closed by execve(2), or not. */
static void note_till_exec(struct session *s, const struct call_record *r, int fd)
{
	struct descriptor *d = files_make(&s->actor[r->actor], r->process, fd);
	const struct call_request *q = &r->request;

	if (!d)
		return;
	d->till_exec = (call_number_of(q, ARG_SOCKTYPE) & SOCK_CLOEXEC) ||
		       (call_number_of(q, ARG_SOCK_FLAGS) & SOCK_CLOEXEC) ||
		       call_number_of(q, ARG_FCNTL_CMD) == F_DUPFD_CLOEXEC;
}

static void note_made(struct session *s, const struct call_record *r, int fd,
		      const struct sock_key *key, int64_t ts_ns)
{
	if (!key->cookie)
		return;
	sockets_own(s, r->actor, r->process, fd, key, r->number, ts_ns);
	note_till_exec(s, r, fd);
}

static void note_flag(struct session *s, const struct call_record *r)
{
	struct descriptor *d;

	if (call_number_of(&r->request, ARG_FCNTL_CMD) != F_SETFD || r->outcome.result < 0 ||
	    strcmp(r->request.call->name, "fcntl") != 0)
		return;
	d = files_make(&s->actor[r->actor], r->process, call_fd(&r->request));
	if (d)
		d->till_exec = call_number_of(&r->request, ARG_FCNTL_ARG) & FD_CLOEXEC;
}

/*
 * A user's own program has gone on when its socket is looked at: what its next call did must not be put down to one that
 * did nothing.
 */
static bool is_for_the_next(const struct actor *a, const struct call_record *r,
			    const struct sock_key *key)
{
	return a->own && r->request.call->still && key->protocol == IPPROTO_TCP;
}

static void sample(struct session *s, const struct call_record *r, const struct sock_key *key)
{
	struct actor *a = &s->actor[r->actor];

	if (!key->cookie || is_for_the_next(a, r, key))
		return;
	if (a->fast && r->request.call->result == RESULT_BYTES) {
		a->unsampled = *key;
		a->unsampled_by = r->number;
		return;
	}
	session_sample(s, a->host, key, r->number);
}

/* Keeps the books on descriptors, and has the sockets looked at that the call may have changed. */
static void note_sockets(struct session *s, const struct call_record *r,
			 const struct call_sockets *k)
{
	int fd = call_fd(&r->request), made = -1;

	if (r->request.call->closes && r->outcome.result == 0)
		sockets_disown(s, r->actor, r->process, fd, r->number, k->ts_ns);
	else if (k->sock.cookie)
		sockets_own(s, r->actor, r->process, fd, &k->sock, r->number, k->ts_ns);
	note_flag(s, r);
	if (call_fds_made(&r->request, &r->outcome, &made, 1))
		note_made(s, r, made, &k->made, k->ts_ns);
	note_made(s, r, k->second, &k->made_second, k->ts_ns);
	sample(s, r, &k->sock);
	sample(s, r, &k->made);
	sample(s, r, &k->made_second);
}

/* On two hosts a program that says localhost finds nobody. */
static void note_localhost(struct session *s, const struct call_record *r)
{
	struct actor *a = &s->actor[r->actor];
	STR_ON_STACK(note, 256 + SESSION_AGAIN);

	if (!s->lab || s->lab->loopback ||
	    !localhost_returned(&a->localhost, a->name, r->process, &r->request, &r->outcome,
				&note))
		return;
	str_addf(&note, "; %s", s->again);
	session_note(s, NOTE_SAY, note.buf, NULL);
}

void call_left(struct session *s, const struct call_record *r, const struct call_sockets *k)
{
	append_return(s, r, k);
	note_sockets(s, r, k);
	note_localhost(s, r);
}

/* A pair is two descriptors, and the result only says that they are there. */
static void set_variables(struct actor *a, const struct call_record *r)
{
	const struct value *fds = &r->outcome.fds;
	bool pair = r->assign_second[0] != '\0', made = pair && fds->items == 2;

	if (r->assign[0])
		variable_set(a, r->assign,
			     made   ? fds->item[0].number
			     : pair ? -1
				    : r->outcome.result);
	if (pair)
		variable_set(a, r->assign_second, made ? fds->item[1].number : -1);
}

static int second_made(const struct call_request *r, const struct call_outcome *o)
{
	int fd[2];

	return call_fds_made(r, o, fd, 2) > 1 ? fd[1] : -1;
}

static void on_leave(struct session *s, struct call_record *r, struct program_report *report)
{
	const struct call_sockets k = {
		.ts_ns = report->ts_ns,
		.sock = report->sock,
		.made = report->made,
		.made_second = report->made_second,
		.second = second_made(&r->request, &report->outcome),
	};
	struct actor *a = &s->actor[r->actor];

	r->progress = CALL_RETURNED;
	r->outcome = report->outcome;
	memset(&report->outcome, 0, sizeof(report->outcome));
	set_variables(a, r);
	call_left(s, r, &k);
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
		call_entered(s, r, report->ts_ns);
	else
		on_leave(s, r, report);
}

/* ---- questions ---- */

static bool thread_sleeps(const struct actor *a, uint32_t thread)
{
	const struct task *t = a->tracer ? traced_lane(a, thread) : NULL;

	if (t)
		return tracer_sleeps(a->tracer, t->number);
	return a->process && program_sleeps(a->process, thread);
}

enum call_progress session_call_progress(struct session *s, uint64_t number)
{
	const struct call_record *r = call_record(s, number);

	if (!r)
		return CALL_UNKNOWN;
	if (r->progress == CALL_ENTERED && thread_sleeps(&s->actor[r->actor], r->thread))
		return CALL_ASLEEP;
	return r->progress;
}

uint64_t session_thread_call(const struct session *s, size_t program, uint32_t thread)
{
	const struct task *t;

	if (program >= s->actors)
		return 0;
	if (s->actor[program].own) {
		t = traced_lane(&s->actor[program], thread);
		return t ? t->call.number : 0;
	}
	return thread < s->actor[program].threads ? s->actor[program].thread[thread].current : 0;
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
