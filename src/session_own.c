/* Programs of the user: starting them, typing to them, and what can be asked about them. */
#include "src/session_impl.h"

#include <string.h>

#include "src/command_words.h"
#include "src/core/clock.h"
#include "src/core/safe.h"

static int need_own(const struct session *s, size_t program, struct err *e)
{
	const struct actor *a = &s->actor[program];

	if (!s->lab && !a->own)
		return session_not_live(e);
	if (!a->own)
		return err_set(e, "run NAME on HOST: COMMAND starts a program of yours",
			       "%s is a built-in program: it reads no input", a->name);
	return a->tracer ? 0 : session_not_running(s, program, e);
}

/* As the tracer gives the command line of a process. */
static void join_words(struct actor *a, const char *const *argv)
{
	struct str s = str_on(a->words, sizeof(a->words));

	for (; *argv; argv++) {
		str_add(&s, s.len ? " " : "");
		safe_add_line(&s, *argv, strlen(*argv));
	}
}

/* Takes the tracer. */
void traced_begin(struct session *s, struct actor *a, struct tracer *t,
		  const struct tracer_command *c, const char *command, int64_t ts_ns)
{
	struct event_program started = { .change = PROGRAM_STARTED, .pid = tracer_pid(t) };
	struct str text;

	if (a == &s->actor[s->actors])
		s->actors++;
	actor_fini(a);
	a->tracer = t;
	a->own = true;
	a->host = c->host;
	a->threads = 1;
	a->output[0].due_ns = a->output[1].due_ns = INT64_MAX;
	str_copy(a->name, sizeof(a->name), c->name);
	str_copy(a->thread[0].name, sizeof(a->thread[0].name), c->name);
	join_words(a, c->argv);
	text = str_on(a->command, sizeof(a->command));
	safe_add_line(&text, command, strlen(command));
	started.command = a->command;
	actor_append(s, a, 0, ts_ns, &started);
}

int session_run(struct session *s, const char *name, const char *host, const char *command,
		struct err *e)
{
	int number = session_host(s, host, e);
	struct tracer_command c = { .name = name };
	struct command_words words;
	int64_t ts_ns = clock_now_ns();
	struct tracer *t;
	struct actor *a;

	if (number < 0 || !(a = actor_for(s, name, true, e)))
		return -1;
	if (command_words_of(&words, command, e))
		return -1;
	c.host = (uint8_t)number;
	c.argv = words.argv;
	t = tracer_start(s->lab, &c, e);
	if (t)
		traced_begin(s, a, t, &c, command, ts_ns);
	command_words_fini(&words);
	return t ? 0 : -1;
}

int session_input(struct session *s, size_t program, const char *text, struct err *e)
{
	struct actor *a = &s->actor[program];
	STR_ON_STACK(shown, 300);

	if (need_own(s, program, e))
		return -1;
	if (text)
		str_addf(&shown, "input: %s", text);
	else
		str_add(&shown, "input eof");
	session_append_command(s, clock_now_ns(), a->name, shown.buf, NULL);
	if (!text)
		return tracer_input(a->tracer, "", 0, e);
	if (*text && tracer_input(a->tracer, text, strlen(text), e))
		return -1;
	return tracer_input(a->tracer, "\n", 1, e);
}

int64_t session_settled_ns(const struct session *s)
{
	int64_t ns = INT64_MAX;

	for (size_t i = 0; i < s->actors; i++)
		if (s->actor[i].behind && s->actor[i].reported_ns < ns)
			ns = s->actor[i].reported_ns;
	return ns;
}

bool session_met_loopback(const struct session *s)
{
	for (size_t i = 0; i < s->actors; i++)
		if (s->actor[i].localhost.said)
			return true;
	return false;
}

bool session_is_own(const struct session *s, size_t program)
{
	return program < s->actors && s->actor[program].own;
}

bool session_runs(const struct session *s, size_t program)
{
	return program < s->actors && actor_runs(&s->actor[program]);
}

/* Programs of its host that were not seen to wait for peers, itself among them. */
static size_t unseen_beside(const struct session *s, size_t program)
{
	size_t n = 0;

	for (size_t i = 0; i < s->actors; i++) {
		const struct actor *a = &s->actor[i];
		bool beside = s->lab->loopback || a->host == s->actor[program].host;

		n += a->tracer && beside && !sockets_listen(s, i);
	}
	return n;
}

bool session_listens(struct session *s, size_t program)
{
	if (sockets_listen(s, program))
		return true;
	return s->lab && s->actor[program].tracer &&
	       sockets_ports_beside(s, program) >= unseen_beside(s, program);
}

bool session_ended(const struct session *s, size_t program, bool *killed, int *status)
{
	const struct actor *a = &s->actor[program];

	if (!a->own || a->tracer)
		return false;
	*killed = a->killed;
	*status = a->status;
	return true;
}
