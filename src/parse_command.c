#include "src/parse_command.h"

#include <stdlib.h>
#include <string.h>

#include "src/needs.h"
#include "src/parse_impl.h"

/* ---- programs ---- */

/* [PROGRAM]: without it the line's target, at the prompt the focused program. */
static int parse_whom(struct parser *p, const struct scope_actor **a)
{
	const char *whom = p->line->target[0] ? p->line->target : p->focus;

	if (!parser_at_end(p) || !whom || !strcmp(whom, "wire"))
		return parse_actor(p, p->line->name, "a program or a thread", a);
	parser_choose(p);
	parser_offer_actors(p, true);
	*a = scope_actor(p->scope, whom, strlen(whom));
	str_copy(p->line->name, sizeof(p->line->name), whom);
	return *a ? 0 : parser_expected(p, "a program or a thread");
}

int parse_interrupt(struct parser *p)
{
	const struct scope_actor *a;

	return parse_whom(p, &a);
}

int parse_kill(struct parser *p)
{
	const struct scope_actor *a;
	size_t at = p->tok.at;

	if (parse_whom(p, &a))
		return -1;
	if (a->thread)
		return parser_fail(p, at, "kill its program",
				   "%s is a thread: it cannot be killed alone", p->line->name);
	return 0;
}

/* A name that no program or thread has; a program's own name may come again, and starts it again. */
static int parse_actor_name(struct parser *p, bool again)
{
	size_t at = p->tok.at;
	const struct scope_actor *a;
	const char *name = p->line->name;

	if (parse_name(p, p->line->name, "a name"))
		return -1;
	a = scope_actor(p->scope, name, strlen(name));
	if ((a && (a->thread || !again)) || !strcmp(name, "wire"))
		return parser_fail(p, at, NULL, "there is a %s already", name);
	return 0;
}

int parse_thread(struct parser *p)
{
	const struct scope_actor *a;
	size_t at = p->tok.at;

	if (parse_actor_name(p, false))
		return -1;
	parser_choose(p);
	parser_offer(p, "of", NULL);
	if (!parser_take_word(p, "of"))
		return parser_expected(p, "of and a program");
	if (parse_actor(p, p->line->other, "a program", &a))
		return -1;
	if (a->own)
		return parser_fail(p, at, NULL,
				   "%s is a program of yours: it makes its own threads", a->name);
	return scope_add_thread(p->scope, p->line->name, a->program)
		       ? 0
		       : parser_fail(p, at, NULL, "too many programs and threads");
}

int parse_program(struct parser *p)
{
	size_t at = p->tok.at;

	if (parse_actor_name(p, true))
		return -1;
	parser_choose(p);
	parser_offer(p, "on", NULL);
	if (!parser_take_word(p, "on"))
		return parser_expected(p, "on and a host");
	if (parse_host(p, p->line->other))
		return -1;
	parser_choose(p);
	parser_offer(p, "as", "root: it may open raw sockets and bind low ports");
	if (parser_take_word(p, "as")) {
		parser_choose(p);
		parser_offer(p, "root", NULL);
		if (!parser_take_word(p, "root"))
			return parser_expected(p, "root behind as");
		p->line->as_root = true;
	}
	if (p->scope->programs == SESSION_PROGRAMS || !scope_add_program(p->scope, p->line->name))
		return parser_fail(p, at, NULL, "too many programs");
	return 0;
}

/* ---- programs of the user ---- */

static int take_text(struct parser *p, const char *what, bool comments)
{
	struct token t;

	parser_placeholder(p, what, NULL);
	t = parser_raw_rest(p, comments);
	if (!t.len)
		return parser_fail(p, t.at, NULL, "expected %s", what);
	if (memchr(parser_text(p, &t), '\0', t.len))
		return parser_fail(p, t.at, NULL, "a text has no NUL bytes");
	p->line->text = parse_copy(p, parser_text(p, &t), t.len);
	return p->line->text ? 0 : -1;
}

/* Its host: named, or that of the same name. */
static int parse_run_host(struct parser *p)
{
	const char *name = p->line->name;

	parser_choose(p);
	parser_offer(p, "on", "and a host");
	if (parser_take_word(p, "on"))
		return parse_host(p, p->line->other);
	if (scope_host(p->scope, name, strlen(name)) < 0)
		return parser_expected(p, "on and a host, since no host has the program's name");
	str_copy(p->line->other, sizeof(p->line->other), name);
	return 0;
}

/* NAME [on HOST]: COMMAND */
int parse_run(struct parser *p)
{
	size_t at = p->tok.at;

	parser_choose(p);
	for (size_t i = 0; i < p->scope->hosts; i++)
		parser_offer(p, p->scope->host[i], "on the host of that name");
	if (parse_actor_name(p, true) || parse_run_host(p) ||
	    parser_want_mark(p, ':', "and a command"))
		return -1;
	if (take_text(p, "a command", false))
		return -1;
	if (!scope_add_own(p->scope, p->line->name))
		return parser_fail(p, at, NULL, "too many programs");
	return 0;
}

/* ---- typing to a program ---- */

int parse_typed(struct parser *p)
{
	struct token t = parser_raw_rest(p, false);

	if (memchr(parser_text(p, &t), '\0', t.len))
		return parser_fail(p, t.at, NULL, "a text has no NUL bytes");
	p->line->text = parse_copy(p, parser_text(p, &t), t.len);
	return p->line->text ? 0 : -1;
}

/* NAME: TEXT | NAME eof */
int parse_input(struct parser *p)
{
	const struct scope_actor *a;
	size_t at = p->tok.at;

	if (parse_actor(p, p->line->name, "a program that run has started", &a))
		return -1;
	if (!a->own)
		return parser_fail(p, at, "run NAME on HOST: COMMAND starts a program of yours",
				   "%s is a built-in program: it reads no input", p->line->name);
	parser_choose(p);
	parser_offer(p, "eof", "the end of its input");
	if (parser_take_word(p, "eof"))
		return 0;
	if (!parser_is_mark(p, ':'))
		return parser_expected(p, "\":\" and a text, or eof");
	parser_advance(p);
	return parse_typed(p);
}

/* ---- text ---- */

int parse_file_name(struct parser *p)
{
	return take_text(p, "the name of a file", false);
}

int parse_free_text(struct parser *p)
{
	return take_text(p, "a text", false);
}

int parse_expect(struct parser *p)
{
	return parse_condition(p, &p->line->condition);
}

int parse_wait(struct parser *p)
{
	size_t at = p->tok.at;

	if (p->tok.kind != TOKEN_NUMBER && p->tok.kind != TOKEN_BAD)
		return parse_condition(p, &p->line->condition);
	if (parse_time(p, &p->line->time_ns))
		return -1;
	return p->line->time_ns ? 0 : parser_fail(p, at, NULL, "expected a time above 0");
}

int parse_loopback(struct parser *p)
{
	scope_init_loopback(p->scope);
	return 0;
}

int parse_needs(struct parser *p)
{
	struct token t = p->tok;
	size_t at = t.at;

	parser_choose(p);
	for (size_t i = 0; i < needs_count; i++)
		parser_offer(p, needs[i].name, needs[i].help);
	parser_offer(p, "linux", "a version of the kernel: needs linux 6.5");
	if (take_text(p, "what the machine must have", true))
		return -1;
	t.len = strlen(p->line->text);
	t.at = at;
	return need_known(p->line->text)
		       ? 0
		       : parser_expected_not(p, &t, "something a machine can have");
}
