/*
 * Everything is found in the trace, from the place of the last match on; only "sleeps now" and "came back with"
 * are asked of the session, because they are not, or not wholly, events.
 */
#include "src/condition.h"

#include <stdlib.h>
#include <string.h>

#include "capture/trace.h"
#include "src/condition_impl.h"
#include "src/describe.h"

struct places *places_new(struct err *e)
{
	struct places *p = calloc(1, sizeof(*p));

	if (!p)
		err_set(e, NULL, "no memory for a script");
	return p;
}

void places_free(struct places *p)
{
	free(p);
}

/* ---- variables ---- */

static struct bound *bound_find(struct places *p, size_t program, const char *name)
{
	for (size_t i = 0; i < p->bounds; i++)
		if (p->bound[i].program == program && !strcmp(p->bound[i].name, name))
			return &p->bound[i];
	return NULL;
}

struct bound *places_variable(struct places *p, const struct session *s, size_t program,
			      const char *name)
{
	bool known, pending;
	int64_t fd = session_variable(s, program, name, strlen(name), &known, &pending);
	struct bound *b = bound_find(p, program, name);

	if (!known || pending || fd < 0)
		return NULL;
	if (b && b->fd == fd)
		return b;
	if (!b && p->bounds == BOUND_MAX)
		return NULL;
	b = b ? b : &p->bound[p->bounds++];
	*b = (struct bound){ .program = program, .fd = (int)fd, .socket = -1 };
	str_copy(b->name, sizeof(b->name), name);
	return b;
}

void places_note_variables(struct places *p, struct session *s)
{
	for (size_t program = 0; program < session_programs(s); program++)
		for (size_t v = 0; v < session_variables(s, program); v++) {
			struct bound *b = places_variable(p, s, program,
							  session_variable_name(s, program, v));

			if (b && b->socket < 0 && !b->stale)
				b->socket = session_socket_of(s, program, b->fd);
		}
}

void places_note_assigned(struct places *p, struct session *s, size_t program, const char *name)
{
	struct bound *b = bound_find(p, program, name);

	if (b)
		b->fd = -1;
	b = places_variable(p, s, program, name);
	for (size_t i = 0; b && i < p->bounds; i++) {
		struct bound *other = &p->bound[i];

		if (other != b && other->program == program && other->fd == b->fd &&
		    other->socket < 0)
			other->stale = true;
	}
}

/* ---- programs ---- */

int condition_program(const struct condition *c, const struct session *s, uint32_t *thread,
		      struct str *seen)
{
	int program = session_program_find(s, c->actor, strlen(c->actor), thread);

	if (program < 0)
		str_addf(seen, "there is no program %s", c->actor);
	return program;
}

/* Whether a lane sleeps in a call that the condition means. */
static bool lane_sleeps(const struct condition *c, struct session *s, size_t lane, struct str *seen)
{
	struct trace *t = session_trace(s);
	uint32_t row = trace_rows(t) ? trace_blocked_at(t, lane, trace_rows(t) - 1) : ROW_NONE;
	const struct event *ev = row == ROW_NONE ? NULL : trace_event(t, row, NULL);

	if (!ev)
		return false;
	if ((!c->call || !strcmp(ev->call.name, c->call->name)) &&
	    session_call_progress(s, ev->call.number) == CALL_ASLEEP)
		return true;
	str_clear(seen);
	str_addf(seen, "%s is in ", c->actor);
	describe_call(seen, ev);
	return false;
}

/* A program of the user has any number of threads, none of which has a name in the language. */
static bool is_meant(const struct trace_lane *l, const struct session *s, size_t program,
		     uint32_t thread)
{
	return (l->thread == thread || session_is_own(s, program)) &&
	       !strcmp(l->program, session_program_name(s, program));
}

static enum condition_answer check_blocked(const struct condition *c, struct session *s,
					   struct str *seen)
{
	struct trace *t = session_trace(s);
	uint32_t thread;
	int program = condition_program(c, s, &thread, seen);

	if (program < 0)
		return CONDITION_NEVER;
	str_addf(seen, "%s is in no call", c->actor);
	for (size_t i = 0; i < trace_lanes(t); i++)
		if (is_meant(trace_lane(t, i), s, (size_t)program, thread) &&
		    lane_sleeps(c, s, i, seen))
			return CONDITION_MET;
	return CONDITION_NOT_YET;
}

static struct returned *returned_of(struct places *p, size_t program, uint32_t thread)
{
	struct returned *r;

	for (size_t i = 0; i < p->returneds; i++)
		if (p->returned[i].program == program && p->returned[i].thread == thread)
			return &p->returned[i];
	if (p->returneds == CONDITION_COUNT(p->returned))
		return &p->returned[0];
	r = &p->returned[p->returneds++];
	*r = (struct returned){ .program = program, .thread = thread };
	return r;
}

void places_note_return(struct places *p, size_t program, uint32_t thread, uint64_t call)
{
	struct returned *r = returned_of(p, program, thread);

	if (call > r->call)
		r->call = call;
}

/* The first RETURN of a thread behind a call number, of one call if it is given; ROW_NONE. */
static uint32_t find_return(struct session *s, size_t program, uint32_t thread, uint64_t after,
			    const struct call *call)
{
	struct trace *t = session_trace(s);

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		const struct event *ev;

		if (e->kind != EVENT_RETURN || e->lane == LANE_NONE || e->number <= after ||
		    !is_meant(trace_lane(t, e->lane), s, program, thread))
			continue;
		ev = trace_event(t, row, NULL);
		if (ev && (!call || !strcmp(ev->ret.name, call->name)))
			return row;
	}
	return ROW_NONE;
}

static enum condition_answer check_return(const struct condition *c, const struct result *want,
					  struct places *p, struct session *s, struct str *seen)
{
	struct trace *t = session_trace(s);
	uint32_t thread, row;
	int program = condition_program(c, s, &thread, seen);
	const struct call_outcome *o;
	const struct event *ev;
	struct returned *r;

	if (program < 0)
		return CONDITION_NEVER;
	r = returned_of(p, (size_t)program, thread);
	row = find_return(s, (size_t)program, thread, r->call, c->call);
	ev = row == ROW_NONE ? NULL : trace_event(t, row, NULL);
	if (!ev) {
		str_addf(seen, "no such call of %s came back", c->actor);
		return CONDITION_NOT_YET;
	}
	o = session_call_outcome(s, ev->ret.number);
	if (!want->stated || (o && result_holds(want, o))) {
		r->call = ev->ret.number;
		return CONDITION_MET;
	}
	str_addf(seen, "%s ", ev->ret.name);
	describe_return(seen, ev);
	return CONDITION_NEVER;
}

static bool exit_fits(const struct condition *c, const struct event_program *ev)
{
	if (c->signal)
		return ev->change == PROGRAM_KILLED && ev->status == c->signal;
	return !c->has_number ||
	       (ev->change == PROGRAM_EXITED && number_test_holds(&c->number, ev->status));
}

static enum condition_answer check_exit(const struct condition *c, struct places *p,
					struct session *s, struct str *seen)
{
	struct trace *t = session_trace(s);
	uint32_t thread;
	int program = condition_program(c, s, &thread, seen);

	if (program < 0)
		return CONDITION_NEVER;
	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		const struct event *ev;

		if (e->kind != EVENT_PROGRAM || e->offset <= p->exit[program] ||
		    !(ev = trace_event(t, row, NULL)) || !event_ends_thread(ev) || ev->thread ||
		    strcmp(ev->program, session_program_name(s, (size_t)program)))
			continue;
		if (!exit_fits(c, &ev->prog)) {
			describe_event(seen, t, ev);
			return CONDITION_NEVER;
		}
		/* One of the user's is gone when all that it left behind is taken in. */
		if (!ev->prog.others && session_is_own(s, (size_t)program) &&
		    session_runs(s, (size_t)program))
			break;
		p->exit[program] = e->offset;
		return CONDITION_MET;
	}
	str_addf(seen, "%s is running", c->actor);
	return CONDITION_NOT_YET;
}

/* ---- all ---- */

enum condition_answer condition_check(const struct condition *c, const struct result *want,
				      struct places *p, struct session *s, struct str *seen)
{
	switch (c->kind) {
	case CONDITION_PACKET:
		return condition_packet(c, p, s, seen);
	case CONDITION_LOST:
		return condition_lost(c, p, s, seen);
	case CONDITION_HELD:
		return condition_held(c, s, seen);
	case CONDITION_STATE:
		return condition_state(c, p, s, seen);
	case CONDITION_SOCKET:
		return condition_sample(c, p, s, seen);
	case CONDITION_BLOCKED:
		return check_blocked(c, s, seen);
	case CONDITION_RETURN:
		return check_return(c, want, p, s, seen);
	case CONDITION_EXIT:
		return check_exit(c, p, s, seen);
	case CONDITION_CALL:
		return condition_call(c, want, p, s, seen);
	case CONDITION_OUTPUT:
		return condition_output(c, p, s, seen);
	case CONDITION_CAUSE:
		return condition_cause(c, p, s, seen);
	case CONDITION_COUNTER:
		return condition_counter(c, p, s, seen);
	}
	return CONDITION_NEVER;
}

bool condition_needs_polling(const struct condition *c)
{
	return c->kind == CONDITION_BLOCKED || c->kind == CONDITION_COUNTER;
}
