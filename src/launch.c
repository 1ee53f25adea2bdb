#include "src/launch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace.h"
#include "src/core/clock.h"

#define LOOK_MS	    20 /* for what is no event here: that something listens, that nothing happens */
#define QUIET_NS    (300 * NS_PER_MS) /* without an event: the wire is quiet */
#define LINGER_NS   (3 * NS_PER_S) /* for a wire that never is */
#define SIGNAL_BASE 128

struct launch {
	struct session *session;
	struct launch_config config;
	enum launch_state state;
	bool begun;
	int refused; /* LAUNCH_NOT_FOUND, LAUNCH_NOT_EXECUTED; 0 */
	int64_t give_up_ns; /* CLOCK_MONOTONIC: until when servers may take to listen */
	int64_t ended_ns; /* when the last client ended; 0: not yet */
	int64_t changed_ns; /* when the trace grew last … */
	uint32_t rows; /* … to this */
};

struct launch *launch_new(struct session *s, const struct launch_config *c, struct err *e)
{
	struct launch *l = calloc(1, sizeof(*l));

	if (!l) {
		err_set(e, NULL, "no memory for running programs");
		return NULL;
	}
	l->session = s;
	l->config = *c;
	return l;
}

void launch_free(struct launch *l)
{
	free(l);
}

static int number_of(const struct launch *l, size_t i)
{
	const char *name = l->config.program[i].name;
	uint32_t thread;

	return session_program_find(l->session, name, strlen(name), &thread);
}

/* By what execve(2) says of a command; what else goes wrong with a start is not one of these. */
static const struct {
	int error, status;
} refusals[] = {
	{ ENOENT, LAUNCH_NOT_FOUND },	    { ENOTDIR, LAUNCH_NOT_FOUND },
	{ ENAMETOOLONG, LAUNCH_NOT_FOUND }, { ELOOP, LAUNCH_NOT_FOUND },
	{ EACCES, LAUNCH_NOT_EXECUTED },    { ENOEXEC, LAUNCH_NOT_EXECUTED },
	{ EISDIR, LAUNCH_NOT_EXECUTED },    { ETXTBSY, LAUNCH_NOT_EXECUTED },
	{ ELIBBAD, LAUNCH_NOT_EXECUTED },   { E2BIG, LAUNCH_NOT_EXECUTED },
};

static int start_one(struct launch *l, const struct launch_program *p, struct err *e)
{
	struct err why = { .code = 0 };

	if (!session_run(l->session, p->name, p->host, p->command, &why))
		return 0;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].error == why.code)
			l->refused = refusals[i].status;
	if (e)
		*e = why;
	return -1;
}

static int start_all(struct launch *l, bool servers, struct err *e)
{
	for (size_t i = 0; i < l->config.programs; i++) {
		const struct launch_program *p = &l->config.program[i];

		if (!p->runs && p->server == servers && start_one(l, p, e))
			return -1;
	}
	return 0;
}

static enum launch_state fail(struct launch *l)
{
	return l->state = LAUNCH_FAILED;
}

static bool has_clients(const struct launch *l)
{
	for (size_t i = 0; i < l->config.programs; i++)
		if (!l->config.program[i].server)
			return true;
	return false;
}

/* ---- waiting for servers ---- */

/* A server that does not listen yet; NULL: all do. */
static const struct launch_program *not_listening(const struct launch *l, bool *gone)
{
	for (size_t i = 0; i < l->config.programs; i++) {
		int program = number_of(l, i);

		if (!l->config.program[i].server || program < 0 ||
		    session_listens(l->session, (size_t)program))
			continue;
		*gone = !session_runs(l->session, (size_t)program);
		return &l->config.program[i];
	}
	return NULL;
}

static enum launch_state wait_for_servers(struct launch *l, struct err *e)
{
	bool gone = false, late = clock_monotonic_ns() >= l->give_up_ns;
	const struct launch_program *p =
		l->config.no_wait || !has_clients(l) ? NULL : not_listening(l, &gone);
	STR_ON_STACK(text, 200);

	if (p && gone) {
		err_set(e, "--no-wait starts all programs at once",
			"%s ended before it listened: the client was not started", p->name);
		return fail(l);
	}
	if (p && !late)
		return LAUNCH_WAITING;
	if (p) {
		str_addf(&text, "%s does not listen after %d s: the client starts all the same",
			 p->name, LAUNCH_LISTEN_S);
		session_note(l->session, NOTE_LIMIT, text.buf, NULL);
	}
	return start_all(l, false, e) ? fail(l) : (l->state = LAUNCH_RUNNING);
}

/* ---- the end ---- */

/* Those whose end is the end of the run. */
static bool counts(const struct launch *l, size_t i)
{
	return !has_clients(l) || !l->config.program[i].server;
}

static bool some_run(const struct launch *l)
{
	for (size_t i = 0; i < l->config.programs; i++) {
		int program = number_of(l, i);

		if (counts(l, i) && program >= 0 && session_runs(l->session, (size_t)program))
			return true;
	}
	return false;
}

static enum launch_state wait_for_end(struct launch *l)
{
	uint32_t rows = trace_rows(session_trace(l->session));
	int64_t now = clock_monotonic_ns();

	if (rows != l->rows)
		l->changed_ns = now;
	l->rows = rows;
	if (some_run(l)) {
		l->ended_ns = 0;
		return LAUNCH_RUNNING;
	}
	if (!l->ended_ns)
		l->ended_ns = now;
	if (now - l->changed_ns < QUIET_NS && now - l->ended_ns < LINGER_NS)
		return LAUNCH_RUNNING;
	return l->state = LAUNCH_OVER;
}

/* ---- all ---- */

static enum launch_state begin(struct launch *l, struct err *e)
{
	l->begun = true;
	l->give_up_ns = clock_monotonic_ns() + LAUNCH_LISTEN_S * NS_PER_S;
	return start_all(l, true, e) ? fail(l) : wait_for_servers(l, e);
}

enum launch_state launch_work(struct launch *l, struct err *e)
{
	switch (l->state) {
	case LAUNCH_WAITING:
		return l->begun ? wait_for_servers(l, e) : begin(l, e);
	case LAUNCH_RUNNING:
		return wait_for_end(l);
	case LAUNCH_OVER:
	case LAUNCH_FAILED:
		break;
	}
	return l->state;
}

bool launch_waits(const struct launch *l, struct err *e)
{
	bool gone = false;
	const struct launch_program *p =
		l->state == LAUNCH_WAITING ? not_listening(l, &gone) : NULL;

	if (!p)
		return false;
	err_set(e, "--no-wait starts all programs at once", "%s %s: the client was not started",
		p->name, gone ? "ended before it listened" : "does not listen");
	return true;
}

int launch_refused(const struct launch *l)
{
	return l->refused;
}

const char *launch_first(const struct launch *l)
{
	for (size_t i = 0; i < l->config.programs; i++)
		if (counts(l, i))
			return l->config.program[i].name;
	return NULL;
}

int launch_timeout_ms(const struct launch *l)
{
	if (!l->begun)
		return 0;
	if (l->state == LAUNCH_WAITING)
		return LOOK_MS;
	return l->state == LAUNCH_RUNNING && l->ended_ns ? LOOK_MS : -1;
}

int launch_status(const struct launch *l)
{
	bool killed;
	int status;

	for (size_t i = 0; i < l->config.programs; i++) {
		int program = number_of(l, i);

		if (!counts(l, i))
			continue;
		if (program < 0 || !session_ended(l->session, (size_t)program, &killed, &status))
			return -1;
		return killed ? SIGNAL_BASE + status : status;
	}
	return -1;
}
