#include "src/session_impl.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"

size_t session_programs(const struct session *s)
{
	return s->actors;
}

const char *session_program_name(const struct session *s, size_t program)
{
	return s->actor[program].name;
}

static bool is(const char *have, const char *name, size_t len)
{
	return strlen(have) == len && !memcmp(have, name, len);
}

int session_program_find(const struct session *s, const char *name, size_t len, uint32_t *thread)
{
	for (size_t i = 0; i < s->actors; i++)
		for (uint32_t t = 0; t < s->actor[i].threads; t++)
			if (is(s->actor[i].thread[t].name, name, len)) {
				*thread = t;
				return (int)i;
			}
	return -1;
}

const char *actor_thread_name(const struct actor *a, uint32_t thread)
{
	const struct task *t;

	if (!thread)
		return "";
	if (!a->own)
		return thread < a->threads ? a->thread[thread].name : "";
	t = traced_lane(a, thread);
	return t ? t->name : "";
}

void actor_append(struct session *s, const struct actor *a, uint32_t thread, int64_t ts_ns,
		  const struct event_program *p)
{
	struct event ev = {
		.kind = EVENT_PROGRAM,
		.host = a->host,
		.thread = thread,
		.ts_ns = ts_ns,
		.prog = *p,
	};

	str_copy(ev.program, sizeof(ev.program), a->name);
	str_copy(ev.thread_name, sizeof(ev.thread_name), actor_thread_name(a, thread));
	session_append(s, &ev);
}

/* One that was given nothing to do yet may be replaced. */
struct actor *actor_for(struct session *s, const char *name, bool replace, struct err *e)
{
	uint32_t thread;
	int i = session_program_find(s, name, strlen(name), &thread);
	struct actor *a = i < 0 ? NULL : &s->actor[i];
	STR_ON_STACK(hint, 128);

	if (a && (thread || a->tracer || (a->process && (a->used || !replace)))) {
		str_addf(&hint,
			 replace && !thread ? "kill %s ends it; or choose another name"
					    : "choose another name",
			 name);
		err_set(e, hint.buf, "there is a %s already", name);
		return NULL;
	}
	if (a)
		return a;
	if (s->actors == SESSION_PROGRAMS) {
		err_set(e, NULL, "a lab has at most %d programs", SESSION_PROGRAMS);
		return NULL;
	}
	return &s->actor[s->actors];
}

/* Frees all that it has; what kernels still do with its sockets is nobody's any more. */
void actor_fini(struct actor *a)
{
	program_free(a->process);
	tracer_free(a->tracer);
	while (a->tasks)
		traced_drop(a, &a->task[0]);
	free(a->task);
	files_fini(a);
	memset(a, 0, sizeof(*a));
}

void actor_reserve(struct session *s, uint8_t host)
{
	struct actor *a = &s->actor[s->actors++];

	a->host = host;
	a->threads = 1;
	str_copy(a->name, sizeof(a->name), s->lab->host[host].name);
	str_copy(a->thread[0].name, sizeof(a->thread[0].name), a->name);
}

int session_host(const struct session *s, const char *name, struct err *e)
{
	uint8_t number;

	if (!s->lab)
		return session_not_live(e);
	number = lab_host_find(s->lab, name, strlen(name));
	if (number == HOST_NONE)
		return err_set(e, "the hosts are client and server", "there is no host %s", name);
	return number;
}

int actor_launch(struct session *s, const char *name, const char *host, bool as_root, struct err *e)
{
	int number = session_host(s, host, e);
	struct program *process;
	struct actor *a;

	if (number < 0 || !(a = actor_for(s, name, false, e)))
		return -1;
	process = program_launch(s->lab, (uint8_t)number, name, as_root, e);
	if (!process)
		return -1;
	if (a == &s->actor[s->actors])
		s->actors++;
	actor_fini(a);
	a->process = process;
	a->host = (uint8_t)number;
	str_copy(a->name, sizeof(a->name), name);
	str_copy(a->thread[0].name, sizeof(a->thread[0].name), name);
	a->threads = 1;
	return (int)(a - s->actor);
}

int actor_ready(struct session *s, size_t actor, struct err *e)
{
	struct actor *a = &s->actor[actor];
	struct event_program started = { .change = PROGRAM_STARTED };

	if (program_ready(a->process, e)) {
		program_free(a->process);
		a->process = NULL;
		return -1;
	}
	started.pid = program_pid(a->process);
	actor_append(s, a, 0, clock_now_ns(), &started);
	return 0;
}

static int start(struct session *s, const char *name, const char *host, bool as_root, struct err *e)
{
	int actor = actor_launch(s, name, host, as_root, e);

	return actor < 0 ? -1 : actor_ready(s, (size_t)actor, e);
}

int session_program(struct session *s, const char *name, const char *host, struct err *e)
{
	return start(s, name, host, false, e);
}

int session_program_as_root(struct session *s, const char *name, const char *host, struct err *e)
{
	return start(s, name, host, true, e);
}

int session_thread(struct session *s, size_t program, const char *name, struct err *e)
{
	struct actor *a = &s->actor[program];
	STR_ON_STACK(text, 128);
	uint32_t thread;

	if (!s->lab)
		return session_not_live(e);
	if (a->tracer)
		return err_set(e, NULL, "%s is a program of yours: it makes its own threads",
			       a->name);
	if (!a->process)
		return session_not_running(s, program, e);
	a->used = true;
	if (session_program_find(s, name, strlen(name), &thread) >= 0)
		return err_set(e, "choose another name", "there is a %s already", name);
	if (a->threads == THREADS_MAX)
		return err_set(e, NULL, "a program has at most %d threads", THREADS_MAX);
	if (program_add_thread(a->process, &thread, e))
		return -1;
	str_copy(a->thread[thread].name, sizeof(a->thread[thread].name), name);
	a->threads = thread + 1;
	str_addf(&text, "thread %s of %s", name, a->name);
	session_append_command(s, clock_now_ns(), NULL, text.buf, NULL);
	return 0;
}

static void on_program_exit(struct session *s, size_t actor, const struct program_report *r)
{
	struct actor *a = &s->actor[actor];

	const struct event_program end = {
		.change = r->killed ? PROGRAM_KILLED : PROGRAM_EXITED,
		.pid = program_pid(a->process),
		.status = r->status,
	};

	actor_append(s, a, 0, clock_now_ns(), &end);
	calls_die(s, actor);
	sockets_die(s, actor);
	program_free(a->process);
	a->process = NULL;
}

static void actor_work(struct session *s, size_t i)
{
	struct program_report r;
	struct err e = { 0 };
	int got;

	while (s->actor[i].process && (got = program_next(s->actor[i].process, &r, &e)) > 0) {
		if (r.kind == REPORT_EXIT)
			on_program_exit(s, i, &r);
		else
			calls_on_report(s, i, &r);
		program_report_fini(&r);
	}
}

void actors_work(struct session *s)
{
	s->more_reports = false;
	for (size_t i = 0; i < s->actors; i++) {
		if (s->actor[i].own)
			traced_work(s, i);
		else
			actor_work(s, i);
	}
}

/* A signal that comes before the thread sleeps is lost on it: so again, until the call has returned. */
bool actors_retry_interrupts(struct session *s)
{
	bool some = false;

	for (size_t i = 0; i < s->actors; i++)
		for (uint32_t t = 0; !s->actor[i].own && t < s->actor[i].threads; t++) {
			struct thread *th = &s->actor[i].thread[t];

			if (!th->interrupt)
				continue;
			if (th->interrupt != th->current || !s->actor[i].process) {
				th->interrupt = 0;
				continue;
			}
			program_interrupt(s->actor[i].process, t, NULL);
			some = true;
		}
	return some;
}

/* ---- variables ---- */

static struct variable *variable_of(struct actor *a, const char *name, size_t len)
{
	for (size_t i = 0; i < a->variables; i++)
		if (is(a->variable[i].name, name, len))
			return &a->variable[i];
	return NULL;
}

static struct variable *variable_make(struct actor *a, const char *name)
{
	struct variable *v = variable_of(a, name, strlen(name));

	if (v || a->variables == VARIABLES_MAX)
		return v;
	v = &a->variable[a->variables++];
	memset(v, 0, sizeof(*v));
	str_copy(v->name, sizeof(v->name), name);
	return v;
}

void variable_set(struct actor *a, const char *name, int64_t value)
{
	struct variable *v = variable_make(a, name);

	if (!v)
		return;
	v->value = value;
	v->known = true;
	v->pending = 0;
}

void variable_expect(struct actor *a, const char *name, uint64_t call)
{
	struct variable *v = variable_make(a, name);

	if (v)
		v->pending = call;
}

void variable_unexpect(struct actor *a, uint64_t call)
{
	for (size_t i = 0; i < a->variables; i++)
		if (a->variable[i].pending == call)
			a->variable[i].pending = 0;
}

int64_t session_variable(const struct session *s, size_t program, const char *name, size_t len,
			 bool *known, bool *pending)
{
	const struct actor *a = &s->actor[program];

	for (size_t i = 0; i < a->variables; i++)
		if (is(a->variable[i].name, name, len)) {
			*known = a->variable[i].known;
			*pending = a->variable[i].pending != 0;
			return a->variable[i].value;
		}
	*known = *pending = false;
	return -1;
}

uint64_t session_variable_call(const struct session *s, size_t program, const char *name)
{
	const struct actor *a = &s->actor[program];

	for (size_t i = 0; i < a->variables; i++)
		if (!strcmp(a->variable[i].name, name))
			return a->variable[i].pending;
	return 0;
}

size_t session_variables(const struct session *s, size_t program)
{
	return s->actor[program].variables;
}

const char *session_variable_name(const struct session *s, size_t program, size_t i)
{
	return s->actor[program].variable[i].name;
}
