/*
 * The question's place is the newest event when it was asked: what is behind it has a greater identity.  Events that
 * come in later with an earlier time do not matter, since between two steps all that happened is in the trace.
 */
#include "src/witness.h"

#include <inttypes.h>
#include <string.h>

#include "capture/trace.h"
#include "src/condition_impl.h"
#include "src/core/names.h"
#include "src/describe.h"

#define TAIL 4096 /* rows at the end, among which the newest event is */

#define WRITE(member) str_on(member, sizeof(member))

void witness_begin(struct witness *w, const struct line *ask, struct session *s)
{
	struct trace *t = session_trace(s);
	uint32_t rows = trace_rows(t);

	*w = (struct witness){ .ask = ask };
	for (uint32_t row = rows > TAIL ? rows - TAIL : 0; row < rows; row++)
		if (trace_entry(t, row)->offset > w->after)
			w->after = trace_entry(t, row)->offset;
}

/* The event that shows it, in words, with who did it. */
static void tell_why(struct truth *out, struct trace *t, uint32_t row)
{
	const struct event *ev = trace_event(t, row, NULL);
	struct str why = WRITE(out->why);
	size_t host = trace_entry(t, row)->host;

	out->event = trace_entry(t, row)->offset;
	if (!ev)
		return;
	if (ev->kind == EVENT_PACKET && host < trace_hosts(t))
		str_addf(&why, "packet %" PRIu32 ", from %s: ", trace_entry(t, row)->number,
			 trace_host(t, host)->name);
	describe_event(&why, t, ev);
}

/* ---- packets ---- */

static bool look_packet(const struct witness *w, bool all, struct trace *t, struct truth *out)
{
	struct str text = WRITE(out->text);
	uint32_t row, rows = trace_rows(t);
	int64_t number;

	for (row = 0; row < rows; row++)
		if (trace_entry(t, row)->kind == EVENT_PACKET &&
		    trace_entry(t, row)->offset > w->after &&
		    condition_pattern_fits(&w->ask->condition.packet, t, row))
			break;
	if (row == rows && w->ask->subject.field == SUBJECT_FLAGS)
		str_add(&text, "nothing");
	if (row == rows)
		return all && text.len;
	if (w->ask->subject.field == SUBJECT_FLAGS)
		condition_packet_flags(t, row, &text);
	else if (condition_packet_number(t, row, w->ask->subject.field, &number))
		str_addf(&text, "%" PRId64, number);
	tell_why(out, t, row);
	return true;
}

static bool look_packets(const struct witness *w, bool all, struct trace *t, struct truth *out)
{
	struct str text = WRITE(out->text);
	unsigned n = 0;

	if (!all)
		return false;
	for (uint32_t row = 0; row < trace_rows(t); row++)
		n += trace_entry(t, row)->kind == EVENT_PACKET &&
		     trace_entry(t, row)->offset > w->after &&
		     condition_pattern_fits(&w->ask->condition.packet, t, row);
	str_addf(&text, "%u", n);
	return true;
}

/* ---- sockets ---- */

/* The first change of state behind the question, of one socket or of any of a host; ROW_NONE. */
static uint32_t next_state(const struct witness *w, struct trace *t, int host, int socket)
{
	const struct trace_socket *sk = socket < 0 ? NULL : trace_socket(t, (size_t)socket);

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		const struct event *ev;

		if (e->kind != EVENT_STATE || !e->state_change || e->offset <= w->after ||
		    e->host != (sk ? sk->host : host))
			continue;
		ev = sk ? trace_event(t, row, NULL) : NULL;
		if (!sk || (ev && ev->state.sock.cookie == sk->cookie))
			return row;
	}
	return ROW_NONE;
}

static int host_of(const struct trace *t, const char *name)
{
	for (size_t i = 0; i < trace_hosts(t); i++)
		if (!strcmp(trace_host(t, i)->name, name))
			return (int)i;
	return -1;
}

static bool look_state(const struct witness *w, struct places *p, struct session *s,
		       struct truth *out)
{
	const struct condition *c = &w->ask->condition;
	bool any = !c->has_fd && !c->variable[0];
	struct trace *t = session_trace(s);
	struct str text = WRITE(out->text);
	STR_ON_STACK(seen, 128);
	int socket = any ? -1 : condition_socket_of(c, p, s, &seen);
	uint32_t row;

	if (!any && socket < 0)
		return false;
	row = any || w->ask->subject.next ? next_state(w, t, host_of(t, c->actor), socket)
					  : trace_socket(t, (size_t)socket)->last;
	if (row == ROW_NONE)
		return false;
	str_add(&text, sock_state_name(trace_entry(t, row)->state));
	tell_why(out, t, row);
	return true;
}

static bool look_sample(const struct witness *w, bool all, struct places *p, struct session *s,
			struct truth *out)
{
	const struct condition *c = &w->ask->condition;
	struct str text = WRITE(out->text);
	STR_ON_STACK(seen, 128);
	int socket = condition_socket_of(c, p, s, &seen);
	struct trace *t = session_trace(s);
	uint32_t number;

	if (socket < 0 || (w->ask->subject.next && !all) ||
	    !condition_sample_number(t, socket, w->ask->subject.field, &number))
		return false;
	str_addf(&text, "%u", number);
	tell_why(out, t, trace_socket(t, (size_t)socket)->last);
	return true;
}

/* ---- programs ---- */

static bool is_of(const struct event *ev, const struct session *s, size_t program, uint32_t thread)
{
	return !strcmp(ev->program, session_program_name(s, program)) &&
	       (ev->thread == thread || session_is_own(s, program));
}

/* The first end of the program behind the question; ROW_NONE. */
static uint32_t next_end(const struct witness *w, struct session *s, size_t program)
{
	struct trace *t = session_trace(s);

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		const struct event *ev = e->kind == EVENT_PROGRAM && e->offset > w->after
						 ? trace_event(t, row, NULL)
						 : NULL;

		if (ev && event_ends_thread(ev) && is_of(ev, s, program, 0))
			return row;
	}
	return ROW_NONE;
}

static bool look_exit(const struct witness *w, struct session *s, size_t program, struct truth *out)
{
	struct trace *t = session_trace(s);
	uint32_t row = next_end(w, s, program);
	const struct event *ev = row == ROW_NONE ? NULL : trace_event(t, row, NULL);
	struct str text = WRITE(out->text);

	if (!ev)
		return false;
	if (ev->prog.change == PROGRAM_KILLED)
		name_add(&text, &names_signal, ev->prog.status);
	else
		str_addf(&text, "%d", (int)ev->prog.status);
	tell_why(out, t, row);
	return true;
}

static const char *data_of(const struct event_return *r)
{
	for (uint32_t i = 0; i < r->outs && i < EVENT_ARGS; i++)
		if (r->out[i].name && r->out[i].text && !strcmp(r->out[i].name, "data"))
			return r->out[i].text;
	return "";
}

static bool receives(const char *call)
{
	return !strncmp(call, "recv", 4) || !strncmp(call, "read", 4);
}

/* What a call gave, as a student may answer: the errno, the number, the data. */
static void tell_return(struct truth *out, struct trace *t, uint32_t row, const struct event *ev)
{
	uint32_t call_row = trace_entry(t, row)->link;
	struct str text = WRITE(out->text), why = WRITE(out->why);
	const struct event *call;

	if (ev->ret.error)
		name_add(&text, &names_errno, ev->ret.error);
	else
		str_addf(&text, "%" PRId64, ev->ret.result);
	if (!ev->ret.error && receives(ev->ret.name))
		str_copy(out->also, sizeof(out->also), ev->ret.result ? data_of(&ev->ret) : "\"\"");
	out->event = trace_entry(t, row)->offset;
	call = call_row == ROW_NONE ? NULL : trace_event(t, call_row, NULL);
	if (!call)
		return;
	describe_call(&why, call);
	str_char(&why, ' ');
	describe_return(&why, ev);
	str_add(&why, ". ");
	describe_outcome(&why, call, ev);
}

static bool look_return(const struct witness *w, struct session *s, size_t program, uint32_t thread,
			struct truth *out)
{
	const struct call *call = w->ask->condition.call;
	struct trace *t = session_trace(s);

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct trace_entry *e = trace_entry(t, row);
		const struct event *ev = e->kind == EVENT_RETURN && e->offset > w->after
						 ? trace_event(t, row, NULL)
						 : NULL;

		if (!ev || !is_of(ev, s, program, thread) ||
		    (call && strcmp(ev->ret.name, call->name) != 0))
			continue;
		tell_return(out, t, row, ev);
		return true;
	}
	return look_exit(w, s, program, out);
}

bool witness_look(const struct witness *w, bool all, struct places *p, struct session *s,
		  struct truth *out)
{
	const struct condition *c = &w->ask->condition;
	STR_ON_STACK(seen, 128);
	uint32_t thread = 0;
	int program;

	*out = (struct truth){ 0 };
	switch (w->ask->subject.kind) {
	case SUBJECT_NONE:
		return false;
	case SUBJECT_PACKET:
		return look_packet(w, all, session_trace(s), out);
	case SUBJECT_PACKETS:
		return look_packets(w, all, session_trace(s), out);
	case SUBJECT_STATE:
		return look_state(w, p, s, out);
	case SUBJECT_SOCKET:
		return look_sample(w, all, p, s, out);
	case SUBJECT_RETURN:
	case SUBJECT_EXIT:
		program = condition_program(c, s, &thread, &seen);
		if (program < 0)
			return false;
		return w->ask->subject.kind == SUBJECT_EXIT
			       ? look_exit(w, s, (size_t)program, out)
			       : look_return(w, s, (size_t)program, thread, out);
	}
	return false;
}
