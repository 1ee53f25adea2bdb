/*
 * One loop serves everything: the wire's events and the programs' reports become events of the trace, and
 * nothing here waits.  Order between sources does not matter, because every event carries the time of its
 * source and the trace sorts.
 */
#include "src/session_impl.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/core/names.h"
#include "src/describe.h"
#include "src/lab/diag.h"
#include "src/lab/listening.h"
#include "src/lab/overhear.h"
#include "src/session_side.h"

#define FLUSH_NS     (200 * NS_PER_MS) /* what is older than this is in the file, also after kill -9 */
#define SYNC_NS	     (5 * NS_PER_S) /* … and this much, after power loss */
#define INTERRUPT_MS 10
#define END_MS	     1000 /* for programs that are asked to end */
#define KILL_MS	     100 /* in which those that SIGKILL reached say so */
#define SESSION_FDS  64
#define LOAD_NS	     (3 * NS_PER_MS)
#define TURN_NS                                                                                    \
	(20 *                                                                                      \
	 NS_PER_MS) /* for the wire's events, before it is the programs' and the screen's turn */
#define TURN_EVENTS 256 /* between looks at the clock */

void session_set_trouble(struct session *s, const struct err *e)
{
	if (s->troubled)
		return;
	s->trouble = *e;
	s->troubled = true;
}

bool session_trouble(struct session *s, struct err *e)
{
	if (!s->troubled)
		return false;
	*e = s->trouble;
	s->troubled = false;
	return true;
}

static void note_written(struct session *s)
{
	int64_t now = clock_monotonic_ns();

	s->grown = true;
	if (s->flush_due == INT64_MAX)
		s->flush_due = now + FLUSH_NS;
	if (s->sync_due == INT64_MAX)
		s->sync_due = now + SYNC_NS;
}

void session_append(struct session *s, struct event *ev)
{
	STR_ON_STACK(line, 512);
	struct err e = { 0 };

	if (ev->kind != EVENT_PACKET)
		describe_event(&line, s->trace, ev);
	if (trace_append(s->trace, ev, ev->kind == EVENT_PACKET ? NULL : line.buf, &e))
		session_set_trouble(s, &e);
	note_written(s);
}

/* ---- life ---- */

static int add_hosts(struct session *s, struct err *e)
{
	for (size_t i = 0; i < s->lab->hosts; i++) {
		const struct lab_host *h = &s->lab->host[i];
		struct trace_host th = {
			.link = LINK_ETHERNET, .has_mac = true, .has_ip4 = true, .has_ip6 = true
		};

		str_copy(th.name, sizeof(th.name), h->name);
		memcpy(th.mac, h->mac, sizeof(th.mac));
		memcpy(th.ip4, h->ip4, sizeof(th.ip4));
		memcpy(th.ip6, h->ip6, sizeof(th.ip6));
		if (trace_add_host(s->trace, &th, e))
			return -1;
	}
	for (size_t i = 0; i < s->lab->names.count; i++)
		trace_add_name(s->trace, &s->lab->names.row[i]);
	return 0;
}

static bool some_own_run(const struct session *s)
{
	for (size_t i = 0; i < s->actors; i++)
		if (s->actor[i].tracer && !s->actor[i].attached)
			return true;
	return false;
}

static void signal_own(struct session *s, int number)
{
	for (size_t i = 0; i < s->actors; i++)
		if (s->actor[i].tracer && !s->actor[i].attached)
			tracer_signal(s->actor[i].tracer, number, NULL);
}

/* Takes in what they still have to say until all have ended. */
static void see_them_end(struct session *s, int limit_ms)
{
	int64_t until = clock_monotonic_ns() + limit_ms * NS_PER_MS;
	struct pollfd fds[SESSION_FDS];
	int timeout, left;
	size_t n;

	while (some_own_run(s) && (left = (int)((until - clock_monotonic_ns()) / NS_PER_MS)) > 0) {
		n = session_fds(s, fds, SESSION_FDS, &timeout);
		poll(fds, n, timeout < 0 || timeout > left ? left : timeout);
		s->grown |= session_work(s);
	}
}

void session_end_programs(struct session *s, int limit_ms)
{
	if (!some_own_run(s))
		return;
	signal_own(s, SIGTERM);
	/* One that was stopped would not hear of it. */
	signal_own(s, SIGCONT);
	see_them_end(s, limit_ms);
	signal_own(s, SIGKILL);
	see_them_end(s, KILL_MS);
	/* A child in a session of its own heard nothing of all that. */
	for (size_t i = 0; i < s->actors; i++)
		if (s->actor[i].tracer && !s->actor[i].attached)
			traced_kill(s, i);
}

struct session *session_empty(struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s) {
		err_set(e, NULL, "no memory for a session");
		return NULL;
	}
	s->flush_due = s->sync_due = INT64_MAX;
	if (!session_local_init(s, e))
		return s;
	free(s);
	return NULL;
}

struct session *session_new_lab(const struct session_config *c, struct err *e)
{
	static const char *const hosts[] = { "client", "server" };
	const struct wire_config wire = { .sample = c->sample, .record = true };
	struct session *s = session_empty(e);

	if (!s)
		return NULL;
	if (!c->again || !str_copy(s->again, sizeof(s->again), c->again))
		(void)str_copy(s->again, sizeof(s->again), "start again with --loopback");
	/* The file first: a bad name must fail before anything is built. */
	s->trace = c->record ? trace_create(c->record, e) : trace_new_spool(e);
	if (c->record_failed)
		*c->record_failed = !s->trace;
	if (!s->trace)
		goto fail;
	s->lab = c->loopback ? lab_new_loopback(hosts, 2, NULL, NULL, e)
			     : lab_new(hosts, 2, NULL, NULL, e);
	if (!s->lab || add_hosts(s, e))
		goto fail;
	if (c->loopback && !(s->sides = sides_new(e)))
		goto fail;
	/* The programs get ready while the wire is laid; and while we have one thread, which makes a fork cheap. */
	for (size_t i = 0; i < 2; i++) {
		if (c->idle[i])
			actor_reserve(s, (uint8_t)i);
		else if (actor_launch(s, hosts[i], hosts[i], false, e) < 0)
			goto fail;
	}
	s->wire = wire_start(s->lab, &wire, e);
	if (!s->wire)
		goto fail;
	for (size_t i = 0; i < 2; i++)
		if (s->actor[i].process && actor_ready(s, i, e))
			goto fail;
	return s;
fail:
	/* A recording of nothing would only be in the way of the next attempt. */
	if (c->record && s->trace)
		unlink(c->record);
	session_free(s);
	return NULL;
}

/* Takes the trace; NULL: it could not be opened. */
static struct session *session_of(struct trace *t, struct err *e)
{
	struct session *s = t ? session_empty(e) : NULL;

	if (s)
		s->trace = t;
	else
		trace_free(t);
	return s;
}

struct session *session_new_file(const char *path, struct err *e)
{
	return session_of(trace_open(path, e), e);
}

struct session *session_start_file(const char *path, const struct trace_options *o, struct err *e)
{
	return session_of(trace_start(path, o, e), e);
}

void session_free(struct session *s)
{
	if (!s)
		return;
	session_end_programs(s, END_MS);
	for (size_t i = 0; i < s->actors; i++)
		actor_fini(&s->actor[i]);
	if (s->wire) {
		/* What the dying programs' kernels still sent belongs to the record. */
		session_settle(s);
		wire_stop(s->wire);
	}
	lab_free(s->lab);
	diag_close(s->diag);
	overhear_close(s->overhear);
	listening_free(s->listening);
	session_local_fini(s);
	sides_free(s->sides);
	trace_free(s->trace);
	calls_fini(s);
	free(s->socket);
	free(s);
}

struct trace *session_trace(struct session *s)
{
	return s->trace;
}

bool session_is_live(const struct session *s)
{
	return s->lab != NULL || (s->actors && s->actor[0].attached);
}

/* ---- polling ---- */

static void shorten(int *timeout_ms, int64_t due, int64_t now)
{
	if (due == INT64_MAX)
		return;
	int64_t ms = due <= now ? 0 : (due - now + NS_PER_MS - 1) / NS_PER_MS;

	if (*timeout_ms < 0 || ms < *timeout_ms)
		*timeout_ms = (int)ms;
}

static size_t own_fds(const struct session *s, const struct actor *a, struct pollfd *fds,
		      size_t max, int *timeout_ms, int64_t now)
{
	int fd[2], soon;
	size_t count, n = 0;

	shorten(timeout_ms, output_due(a), now);
	if (!a->tracer)
		return 0;
	count = tracer_fds(a->tracer, fd);
	for (; n < count && n < max; n++)
		fds[n] = (struct pollfd){ .fd = fd[n], .events = POLLIN };
	soon = s->more_reports ? 0 : tracer_timeout(a->tracer);
	if (soon >= 0)
		shorten(timeout_ms, now + soon * NS_PER_MS, now);
	return n;
}

size_t session_fds(struct session *s, struct pollfd *fds, size_t max, int *timeout_ms)
{
	int64_t now = clock_monotonic_ns();
	size_t n = 0;

	*timeout_ms = -1;
	shorten(timeout_ms, s->flush_due, now);
	shorten(timeout_ms, s->sync_due, now);
	if (s->more)
		*timeout_ms = 0;
	if (s->wire && n < max)
		fds[n++] = (struct pollfd){ .fd = wire_fd(s->wire), .events = POLLIN };
	if (s->overhear) {
		n += overhear_fds(s->overhear, fds + n, max - n);
		shorten(timeout_ms, overhear_due(s->overhear), now);
	}
	if (trace_load_fd(s->trace) >= 0 && n < max)
		fds[n++] = (struct pollfd){ .fd = trace_load_fd(s->trace), .events = POLLIN };
	else if (trace_is_loading(s->trace))
		*timeout_ms = 0;
	for (size_t i = 0; i < s->actors && n < max; i++) {
		const struct actor *a = &s->actor[i];

		if (a->own)
			n += own_fds(s, a, fds + n, max - n, timeout_ms, now);
		if (!a->process)
			continue;
		fds[n++] = (struct pollfd){ .fd = program_fd(a->process), .events = POLLIN };
		for (uint32_t t = 0; t < a->threads; t++)
			if (a->thread[t].interrupt)
				shorten(timeout_ms, now + INTERRUPT_MS * NS_PER_MS, now);
	}
	return n;
}

/* Takes events of the wire until there are none, or the time is up: then s->more. */
static void wire_work(struct session *s)
{
	int64_t until = clock_monotonic_ns() + TURN_NS;
	struct event *ev;

	s->more = false;
	wire_clear_fd(s->wire);
	for (unsigned n = 1; (ev = wire_next(s->wire)); n++) {
		if (s->sides)
			sides_place(s, ev);
		if (ev->kind == EVENT_STATE)
			sockets_on_state(s, ev);
		else if (ev->kind == EVENT_COUNTERS)
			causes_on_counters(s, ev);
		else if (ev->kind == EVENT_PACKET)
			causes_on_packet(s, ev);
		else
			session_append(s, ev);
		if (n % TURN_EVENTS == 0 && clock_monotonic_ns() >= until) {
			s->more = true;
			return;
		}
	}
}

/* Writes what is due; without trouble twice for one cause, since a stopped recording has nothing due. */
static void file_work(struct session *s)
{
	int64_t now = clock_monotonic_ns();
	struct err e = { 0 };

	if (now >= s->flush_due) {
		s->flush_due = INT64_MAX;
		if (trace_flush(s->trace, &e))
			session_set_trouble(s, &e);
	}
	if (now >= s->sync_due) {
		s->sync_due = INT64_MAX;
		if (trace_sync(s->trace, &e))
			session_set_trouble(s, &e);
	}
}

/* Reads on in a file that is being opened, for so long that no key waits for it. */
static void load_work(struct session *s)
{
	struct err e = { 0 };
	enum trace_loading now;

	if (!trace_is_loading(s->trace))
		return;
	now = trace_load(s->trace, LOAD_NS, &e);
	if (now == TRACE_LOADED && trace_damage(s->trace))
		err_set(&e, NULL, "%s", trace_damage(s->trace));
	if (e.what[0])
		session_set_trouble(s, &e);
	s->grown |= now != TRACE_WAITING;
}

bool session_work(struct session *s)
{
	bool grown;

	/* Reports first: they say whose the sockets are that the wire tells of. */
	actors_work(s);
	attached_work(s);
	if (s->wire)
		wire_work(s);
	actors_retry_interrupts(s);
	file_work(s);
	load_work(s);
	grown = s->grown;
	s->grown = false;
	return grown;
}

void session_settle(struct session *s)
{
	bool grown = s->grown;

	if (!s->wire)
		return;
	/* A report can lead to a sample, and a delivery to a report: twice around is enough, since programs
	 * that are still running are nobody's to wait for. */
	for (int i = 0; i < 2; i++) {
		wire_settle(s->wire);
		do
			grown |= session_work(s);
		while (s->more);
	}
	s->grown = grown;
}

/* ---- the wire, notes, the file ---- */

int session_not_live(struct err *e)
{
	return err_set(e, "start a lab with: socklens",
		       "this is a recording: there is no lab to act on");
}

int session_not_running(const struct session *s, size_t actor, struct err *e)
{
	const struct actor *a = &s->actor[actor];
	STR_ON_STACK(hint, 400);

	if (a->own)
		str_addf(&hint, "run %s: %s starts it again", a->name, a->command);
	else
		str_addf(&hint, "program %s on %s starts it again", a->name,
			 s->lab->host[a->host].name);
	return err_set(e, hint.buf, "%s is not running", a->name);
}

void session_append_command(struct session *s, int64_t ts_ns, const char *target, const char *text,
			    const char *status)
{
	struct event ev = {
		.kind = EVENT_COMMAND,
		.host = HOST_NONE,
		.ts_ns = ts_ns,
		.command = { .target = target, .text = text, .status = status },
	};

	session_append(s, &ev);
}

int session_wire(struct session *s, const struct wire_order *o, const char *text, struct err *e)
{
	/* Before the order, so that the command stands in front of what it causes. */
	int64_t ts_ns = clock_now_ns();
	STR_ON_STACK(status, WIRE_STATUS);

	if (!s->wire)
		return session_not_live(e);
	if (wire_order(s->wire, o, &status, e))
		return -1;
	session_append_command(s, ts_ns, "wire", text, status.buf);
	return 0;
}

int session_note(struct session *s, enum note_kind kind, const char *text, struct err *e)
{
	struct event ev = {
		.kind = EVENT_NOTE,
		.host = HOST_NONE,
		.ts_ns = clock_now_ns(),
		.note = { .kind = kind, .text = text },
	};

	if (!s->lab)
		return session_not_live(e);
	session_append(s, &ev);
	return 0;
}

int session_save(struct session *s, const char *path, struct err *e)
{
	return trace_save(s->trace, path, e);
}

int session_interrupt(struct session *s, size_t program, uint32_t thread, struct err *e)
{
	struct actor *a = &s->actor[program];
	struct thread *t = &a->thread[a->own ? 0 : thread];
	const struct call_record *r = call_record(s, t->current);

	if (a->tracer) {
		session_append_command(s, clock_now_ns(), a->name, "interrupt", NULL);
		return tracer_signal(a->tracer, SIGINT, e);
	}
	if (!s->lab)
		return session_not_live(e);
	if (!a->process || !r || r->progress == CALL_WAITING)
		return err_set(e, NULL, "%s is not in a call: there is nothing to interrupt",
			       t->name);
	session_append_command(s, clock_now_ns(), t->name, "interrupt", NULL);
	t->interrupt = t->current;
	return program_interrupt(a->process, thread, e);
}

int session_kill(struct session *s, size_t program, struct err *e)
{
	struct actor *a = &s->actor[program];

	if (!s->lab && !a->own)
		return session_not_live(e);
	if (!actor_runs(a))
		return session_not_running(s, program, e);
	session_append_command(s, clock_now_ns(), a->name, "kill", NULL);
	return a->tracer ? tracer_signal(a->tracer, SIGKILL, e) : program_kill(a->process, e);
}
