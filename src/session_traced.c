/*
 * A program of the user: what its tracer reports becomes events, as those of a built-in program do.  A call that is
 * under way belongs to its thread's record; when it has come back it moves into the ring.
 *
 * Most processes and threads have nothing to do with sockets: the tools that a shell calls, a runtime's helpers.  One
 * gets its number, and a process its beginning on the ladder, with its first call or the first line that it prints;
 * then its end is told, too.  Programs that it became in the meantime are not, but the one that it is then.
 */
#include "src/session_impl.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"
#include "src/core/safe.h"

#define TURN_NS                                                                                    \
	(20 * NS_PER_MS) /* for one program, before it is the others' and the screen's turn */
#define TURN_REPORTS 64 /* between looks at the clock */

struct task *traced_task(const struct actor *a, uint32_t number)
{
	/* The youngest are asked for most. */
	for (size_t i = a->tasks; i-- > 0;)
		if (a->task[i].number == number)
			return &a->task[i];
	return NULL;
}

struct task *traced_lane(const struct actor *a, uint32_t lane)
{
	for (size_t i = a->tasks; i-- > 0;)
		if (a->task[i].told && a->task[i].lane == lane)
			return &a->task[i];
	return NULL;
}

struct call_record *traced_call(struct session *s, uint64_t number)
{
	for (size_t i = 0; i < s->actors; i++)
		for (size_t t = 0; t < s->actor[i].tasks; t++)
			if (s->actor[i].task[t].call.number == number)
				return &s->actor[i].task[t].call;
	return NULL;
}

static struct task *add_task(struct actor *a, const struct traced *r)
{
	struct task *t = traced_task(a, r->task);

	if (t)
		return t;
	if (a->tasks == a->tasks_cap) {
		size_t cap = a->tasks_cap ? 2 * a->tasks_cap : 8;
		struct task *more = reallocarray(a->task, cap, sizeof(*more));

		if (!more)
			return NULL;
		a->task = more;
		a->tasks_cap = cap;
	}
	t = &a->task[a->tasks++];
	*t = (struct task){ .number = r->task, .process = r->process, .tid = r->tid };
	return t;
}

void traced_drop(struct actor *a, struct task *t)
{
	free(t->command);
	call_record_fini(&t->call);
	*t = a->task[--a->tasks];
}

/* A thread's name may change at any time. */
static void name_task(struct task *t, const char *name)
{
	struct str s = str_on(t->name, sizeof(t->name));

	if (t->number)
		safe_add_line(&s, name, strnlen(name, sizeof(t->name)));
}

/* ---- threads and processes ---- */

/* What a process has become, if it did since it was told last. */
static void tell_command(struct session *s, const struct actor *a, struct task *t,
			 enum program_change change, int64_t ts_ns)
{
	const struct event_program p = { .change = change, .pid = t->tid, .command = t->command };

	actor_append(s, a, t->lane, ts_ns, &p);
	free(t->command);
	t->command = NULL;
}

/* It has something to do with sockets, or says something. */
static void tell_task(struct session *s, struct actor *a, struct task *t, int64_t ts_ns)
{
	struct task *process = t->number == t->process ? t : traced_task(a, t->process);

	if (process && process != t)
		tell_task(s, a, process, ts_ns);
	if (t->told && !t->command)
		return;
	if (!t->told) {
		t->told = true;
		t->lane = t->number ? ++a->lanes : 0;
		if (t == process && t->number)
			tell_command(s, a, t, PROGRAM_STARTED, ts_ns);
	}
	if (t->command)
		tell_command(s, a, t, PROGRAM_EXECUTED, ts_ns);
}

static void on_task(struct session *s, size_t actor, const struct traced *r)
{
	struct actor *a = &s->actor[actor];
	bool known = traced_task(a, r->task);
	struct task *t = add_task(a, r);
	const struct task *parent = traced_task(a, r->parent), *maker;

	if (!t || known)
		return;
	/* The beginning of the first one was told when it was run. */
	t->told = !t->number;
	name_task(t, r->thread_name);
	if (t->process != t->number || !t->number)
		return;
	maker = parent && parent != t ? traced_task(a, parent->process) : NULL;
	if (maker && maker->command)
		t->command = strdup(maker->command);
	files_fork(a, parent ? parent->process : 0, t->process);
}

/* Processes that were told of, besides the first. */
static uint32_t others_told(const struct actor *a)
{
	uint32_t n = 0;

	for (size_t i = 0; i < a->tasks; i++) {
		const struct task *t = &a->task[i];

		n += t->told && t->number && t->number == t->process;
	}
	return n;
}

static void append_end(struct session *s, const struct actor *a, uint32_t lane, pid_t pid,
		       const struct traced *r, uint32_t others)
{
	const struct event_program end = {
		.change = r->killed ? PROGRAM_KILLED : PROGRAM_EXITED,
		.pid = pid,
		.status = r->status,
		.others = others,
	};

	actor_append(s, a, lane, r->ts_ns, &end);
}

static void end_process(struct session *s, size_t actor, const struct task *t,
			const struct traced *r)
{
	struct actor *a = &s->actor[actor];
	uint32_t others = t->number ? 0 : others_told(a);

	output_work(s, actor, true);
	if (t->told)
		append_end(s, a, t->lane, t->tid, r, others);
	if (!t->number) {
		a->killed = r->killed;
		a->status = r->status;
		a->ended = true;
	}
	sockets_end(s, actor, t->process, r->ts_ns);
}

static void on_task_end(struct session *s, size_t actor, const struct traced *r)
{
	const struct traced unknown = { .ts_ns = r->ts_ns, .status = -1 };
	struct actor *a = &s->actor[actor];
	struct task *t = traced_task(a, r->task);

	if (!t)
		return;
	if (t->number == t->process)
		end_process(s, actor, t, r);
	else if (t->call.number)
		append_end(s, a, t->lane, t->tid, &unknown, 0);
	traced_drop(a, t);
}

/* ---- calls ---- */

static void on_enter(struct session *s, size_t actor, struct traced *r)
{
	struct task *t = add_task(&s->actor[actor], r);

	if (!t)
		return;
	name_task(t, r->thread_name);
	tell_task(s, &s->actor[actor], t, r->ts_ns);
	call_record_fini(&t->call);
	t->tracer_number = r->number;
	t->call = (struct call_record){
		.number = ++s->calls,
		.actor = actor,
		.thread = t->lane,
		.process = t->process,
		.request = r->request,
	};
	memset(&r->request, 0, sizeof(r->request));
	t->call.progress = CALL_ENTERED;
	call_entered(s, &t->call, r->ts_ns);
}

static void on_leave(struct session *s, size_t actor, struct traced *r)
{
	struct task *t = traced_task(&s->actor[actor], r->task);
	const struct call_sockets k = {
		.ts_ns = r->ts_ns,
		.sock = r->sock,
		.made = r->made,
		.made_second = r->made_second,
		.second = r->second,
	};
	struct call_record *kept;

	if (!t || !t->call.number || t->tracer_number != r->number)
		return;
	t->call.progress = CALL_RETURNED;
	t->call.outcome = r->outcome;
	memset(&r->outcome, 0, sizeof(r->outcome));
	call_left(s, &t->call, &k);
	kept = &s->traced[t->call.number % CALLS_KEPT];
	call_record_fini(kept);
	*kept = t->call;
	memset(&t->call, 0, sizeof(t->call));
}

/* ---- the rest ---- */

static void on_exec(struct session *s, size_t actor, const struct traced *r)
{
	struct actor *a = &s->actor[actor];
	struct task *t = traced_task(a, r->process);
	STR_ON_STACK(command, 512);

	sockets_exec(s, actor, r->process, r->ts_ns);
	if (!t)
		return;
	safe_add_line(&command, r->text ? r->text : "", r->len);
	free(t->command);
	/* Its own first command line stands in its beginning. */
	t->command = t->number || strcmp(command.buf, a->words) != 0 ? strdup(command.buf) : NULL;
}

static void on_output(struct session *s, size_t actor, const struct traced *r)
{
	struct task *t = traced_task(&s->actor[actor], r->task);

	if (t)
		tell_task(s, &s->actor[actor], t, r->ts_ns);
	output_add(s, actor, r->stream, t ? t->lane : 0, r->ts_ns, r->text, r->len);
}

static void append_limit(struct session *s, const struct actor *a, int64_t ts_ns, const char *text)
{
	struct event ev = {
		.kind = EVENT_NOTE,
		.host = a->host,
		.ts_ns = ts_ns,
		.note = { .kind = NOTE_LIMIT, .text = text },
	};

	str_copy(ev.program, sizeof(ev.program), a->name);
	session_append(s, &ev);
}

static void on_note(struct session *s, size_t actor, const struct traced *r)
{
	const struct actor *a = &s->actor[actor];
	STR_ON_STACK(text, 600);

	str_addf(&text, "%s: ", a->name);
	safe_add_line(&text, r->text ? r->text : "", r->len);
	append_limit(s, a, r->ts_ns ? r->ts_ns : clock_now_ns(), text.buf);
}

/* Nothing of it runs any more. */
static void on_end(struct session *s, size_t actor, const struct traced *r)
{
	struct actor *a = &s->actor[actor];

	output_work(s, actor, true);
	if (!a->ended) {
		append_end(s, a, 0, tracer_pid(a->tracer), r, 0);
		a->killed = r->killed;
		a->status = r->status;
		a->ended = true;
	}
	while (a->tasks)
		traced_drop(a, &a->task[0]);
	sockets_die(s, actor);
	files_fini(a);
	tracer_free(a->tracer);
	a->tracer = NULL;
}

void traced_kill(struct session *s, size_t actor)
{
	const struct traced end = {
		.kind = TRACED_END, .ts_ns = clock_now_ns(), .killed = true, .status = SIGKILL
	};

	on_end(s, actor, &end);
}

static void on_report(struct session *s, size_t actor, struct traced *r)
{
	switch (r->kind) {
	case TRACED_TASK:
		on_task(s, actor, r);
		return;
	case TRACED_TASK_END:
		on_task_end(s, actor, r);
		return;
	case TRACED_EXEC:
		on_exec(s, actor, r);
		return;
	case TRACED_ENTER:
		on_enter(s, actor, r);
		return;
	case TRACED_LEAVE:
		on_leave(s, actor, r);
		return;
	case TRACED_OUTPUT:
		on_output(s, actor, r);
		return;
	case TRACED_NOTE:
		on_note(s, actor, r);
		return;
	case TRACED_END:
		on_end(s, actor, r);
		return;
	}
}

/* Looking at a socket after every call would hold up the calls, and each look would come too late for what it saw. */
static void keep_up(struct session *s, struct actor *a, bool behind)
{
	STR_ON_STACK(text, 160);

	a->behind = a->fast = behind;
	if (behind && !a->fast_told) {
		a->fast_told = true;
		str_addf(&text,
			 "%s: calls come so fast that its sockets are looked at only now and then",
			 a->name);
		append_limit(s, a, clock_now_ns(), text.buf);
	}
	if (!behind && a->unsampled.cookie) {
		session_sample(s, a->host, &a->unsampled, a->unsampled_by);
		a->unsampled.cookie = 0;
	}
}

void traced_work(struct session *s, size_t actor)
{
	int64_t until = clock_monotonic_ns() + TURN_NS;
	struct actor *a = &s->actor[actor];
	bool behind = false;
	struct traced r;
	struct err e = { 0 };

	for (unsigned n = 1; a->tracer && tracer_next(a->tracer, &r, &e) > 0; n++) {
		if (r.kind == TRACED_ENTER || r.kind == TRACED_LEAVE)
			a->reported_ns = r.ts_ns;
		on_report(s, actor, &r);
		traced_fini(&r);
		if (n % TURN_REPORTS == 0 && clock_monotonic_ns() >= until) {
			s->more_reports = behind = true;
			break;
		}
	}
	keep_up(s, a, behind);
	output_work(s, actor, false);
}
