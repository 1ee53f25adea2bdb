/*
 * Whether a thread sleeps is no event: it is looked at every few milliseconds, and only while lines wait
 * behind a call that is on its way.  A sleep must last a moment to count, so that a connect() over a free wire
 * has returned before the next line is run.
 */
#include "src/turn.h"

#include <stdlib.h>
#include <string.h>

#include "src/core/clock.h"
#include "src/core/safe.h"
#include "src/session_names.h"

#define POLL_MS	   2
#define ASLEEP_NS  (20 * NS_PER_MS)
#define QUOTED_MAX 60 /* bytes of a line in a message */

struct turn {
	char *text;
	struct command_focus focus; /* when it was typed */
	struct line line; /* as it was read then */
};

struct turns {
	struct session *session;
	struct turn turn[TURNS_MAX];
	size_t count;

	/* The call that was made last, while it is on its way. */
	uint64_t call; /* 0: none is */
	size_t program;
	uint32_t thread;
	int64_t asleep_ns; /* CLOCK_MONOTONIC: first seen asleep; 0: not yet */
};

struct turns *turns_new(struct session *s, struct err *e)
{
	struct turns *t = calloc(1, sizeof(*t));

	if (t)
		t->session = s;
	else
		err_set(e, NULL, "no memory for lines that wait");
	return t;
}

static void turn_fini(struct turn *turn)
{
	free(turn->text);
	line_fini(&turn->line);
}

size_t turns_drop(struct turns *t)
{
	size_t count = t->count;

	for (size_t i = 0; i < count; i++)
		turn_fini(&t->turn[i]);
	t->count = 0;
	return count;
}

void turns_free(struct turns *t)
{
	if (!t)
		return;
	turns_drop(t);
	free(t);
}

size_t turns_count(const struct turns *t)
{
	return t->count;
}

/* ---- the call before ---- */

/* One that waits behind a call of its thread is as far as that one. */
static enum call_progress progress(const struct turns *t)
{
	enum call_progress now = session_call_progress(t->session, t->call);
	uint64_t before = session_thread_call(t->session, t->program, t->thread);

	if (now != CALL_WAITING || !before || before == t->call)
		return now;
	now = session_call_progress(t->session, before);
	return now == CALL_ASLEEP ? now : CALL_WAITING;
}

/* Whether the call before has neither returned nor fallen asleep. */
static bool on_its_way(struct turns *t)
{
	int64_t now_ns = clock_monotonic_ns();

	switch (t->call ? progress(t) : CALL_RETURNED) {
	case CALL_WAITING:
	case CALL_ENTERED:
		t->asleep_ns = 0;
		return true;
	case CALL_ASLEEP:
		if (!t->asleep_ns)
			t->asleep_ns = now_ns;
		if (now_ns - t->asleep_ns < ASLEEP_NS)
			return true;
		break;
	case CALL_UNKNOWN:
	case CALL_RETURNED:
	case CALL_DIED:
		break;
	}
	t->call = 0;
	return false;
}

static void note_call(struct turns *t, const struct command_focus *focus)
{
	if (!focus->last_call)
		return;
	t->call = focus->last_call;
	t->program = focus->last_program;
	t->thread = focus->last_thread;
	t->asleep_ns = 0;
}

/* ---- whose turn it is ---- */

/* The program of a line's call, -1: it has none (yet). */
static int program_of(const struct turns *t, const struct line *l, uint32_t *thread)
{
	*thread = 0;
	return l->kind == LINE_CALL
		       ? session_program_find(t->session, l->target, strlen(l->target), thread)
		       : -1;
}

static bool uses(const struct line *l, const char *variable)
{
	for (size_t i = 0; *variable && i < l->holes; i++)
		if (!strcmp(l->hole[i].name, variable))
			return true;
	return false;
}

/* Whether a call must stay behind a line that waits. */
static bool stays_behind(const struct turns *t, const struct line *l, const struct line *before)
{
	uint32_t thread, other;
	int program = program_of(t, l, &thread);

	if (program < 0 || program != program_of(t, before, &other))
		return false;
	return thread == other || uses(l, before->assign) || uses(l, before->assign_second);
}

/* count: of the lines that wait in front of it. */
static bool is_free(const struct turns *t, const struct line *l, size_t count)
{
	if (l->kind != LINE_CALL)
		return true;
	for (size_t i = 0; i < count; i++)
		if (stays_behind(t, l, &t->turn[i].line))
			return false;
	return !command_call_waits(t->session, l);
}

/* ---- taking and running ---- */

/* Reads a line as if those that wait had been run. */
static int read_line(const struct turns *t, const struct command_focus *focus, const char *text,
		     struct line *l, struct err *e)
{
	struct scope sc;
	struct parse_where where;

	command_scope(&sc, t->session);
	for (size_t i = 0; i < t->count; i++) {
		where = command_where(t->session, &t->turn[i].focus, &sc);
		if (!parse_line(l, t->turn[i].text, strlen(t->turn[i].text), &where, NULL))
			line_fini(l);
	}
	where = command_where(t->session, focus, &sc);
	return parse_line(l, text, strlen(text), &where, e);
}

static int run_now(struct turns *t, struct command_focus *focus, const char *text, struct err *e)
{
	int rc = command_run(t->session, focus, text, e);

	if (!rc)
		note_call(t, focus);
	return rc;
}

/* Takes l. */
static int add(struct turns *t, const struct command_focus *focus, const char *text, struct line *l,
	       struct err *e)
{
	char *copy = t->count < TURNS_MAX ? strdup(text) : NULL;

	if (!copy) {
		line_fini(l);
		return err_set(e, "let them be run first, or take them back",
			       "%zu lines wait already", t->count);
	}
	t->turn[t->count++] = (struct turn){ .text = copy, .focus = *focus, .line = *l };
	return 0;
}

int turns_type(struct turns *t, struct command_focus *focus, const char *text, struct err *e)
{
	struct line l;

	focus->last_call = 0;
	if (read_line(t, focus, text, &l, e))
		return -1;
	/* Whom the prompt talks to changes for the lines that follow, at once. */
	if (l.kind == LINE_CALL || l.kind == LINE_COMMAND)
		if (on_its_way(t) || !is_free(t, &l, t->count))
			return add(t, focus, text, &l, e);
	line_fini(&l);
	return run_now(t, focus, text, e);
}

static int refused(const char *text, struct err *e)
{
	STR_ON_STACK(quoted, 4 * QUOTED_MAX + 8);

	safe_add_quoted(&quoted, text, strlen(text), QUOTED_MAX);
	e->column = 0;
	return err_prefix(e, "%s", quoted.buf);
}

/* Takes line i out and runs it. */
static int run_turn(struct turns *t, size_t i, struct command_focus *focus, struct err *e)
{
	struct turn turn = t->turn[i];
	int rc;

	t->count--;
	memmove(&t->turn[i], &t->turn[i + 1], (t->count - i) * sizeof(turn));
	/* What came before must be seen as it left things.  The line is read anew: now the sockets that it means are known. */
	session_settle(t->session);
	rc = run_now(t, &turn.focus, turn.text, e);
	if (rc)
		refused(turn.text, e);
	focus->last_call = turn.focus.last_call;
	focus->last_program = turn.focus.last_program;
	focus->last_thread = turn.focus.last_thread;
	turn_fini(&turn);
	return rc ? -1 : 1;
}

int turns_next(struct turns *t, struct command_focus *focus, struct err *e)
{
	if (!t->count || on_its_way(t))
		return 0;
	for (size_t i = 0; i < t->count; i++)
		if (is_free(t, &t->turn[i].line, i))
			return run_turn(t, i, focus, e);
	return 0;
}

int turns_timeout_ms(const struct turns *t)
{
	return t->count && t->call ? POLL_MS : -1;
}

/* ---- what is said ---- */

/* "a = accept(…)": what the first line waits for. */
static bool add_reason(const struct turns *t, const struct line *l, struct str *out)
{
	uint32_t thread;
	int program = program_of(t, l, &thread);

	for (size_t i = 0; program >= 0 && i < l->holes; i++) {
		const char *name = l->hole[i].name;
		uint64_t call = session_variable_call(t->session, (size_t)program, name);
		const struct call_request *r = session_call_request(t->session, call);

		if (!r || !r->call)
			continue;
		str_addf(out, "%s = %s(…)", name, r->call->name);
		return true;
	}
	return false;
}

void turns_text(const struct turns *t, struct str *out)
{
	STR_ON_STACK(reason, 80);

	if (!t->count || t->call || !add_reason(t, &t->turn[0].line, &reason))
		return;
	str_addf(out, t->count == 1 ? "%zu line waits for %s" : "%zu lines wait for %s", t->count,
		 reason.buf);
}
