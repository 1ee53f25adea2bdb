#include "src/parse.h"

#include <stdlib.h>
#include <string.h>

#include "src/command.h"
#include "src/parse_command.h"
#include "src/parse_impl.h"

void line_fini(struct line *l)
{
	call_request_fini(&l->request);
	result_fini(&l->want);
	free(l->source);
	free(l->text);
	memset(l, 0, sizeof(*l));
}

static void offer_targets(struct parser *p)
{
	p->after = ' ';
	for (size_t i = 0; i < p->scope->actors; i++) {
		STR_ON_STACK(word, SCOPE_NAME + 2);

		str_addf(&word, "%s>", p->scope->actor[i].name);
		parser_offer(p, word.buf,
			     p->scope->actor[i].thread ? "calls of this thread"
						       : "calls of this program");
	}
	parser_offer(p, "wire>", "what happens to packets");
	p->after = '\0';
}

static void offer_commands(struct parser *p)
{
	bool wire = !strcmp(p->line->target, "wire");

	p->after = ' ';
	for (size_t i = 0; i < commands_count; i++) {
		const struct command *c = &commands[i];

		if (!(p->in_file ? c->in_file : c->at_prompt))
			continue;
		if (wire ? c->group == COMMAND_WIRE
			 : !p->line->target[0] || c->group == COMMAND_PROGRAM)
			parser_offer(p, c->name, c->help);
	}
	p->after = '\0';
}

static void offer_calls(struct parser *p)
{
	p->after = '(';
	for (size_t i = 0; i < calls_count; i++)
		if (!calls[i].instead)
			parser_offer(p, calls[i].name, calls[i].about);
	p->after = '\0';
}

/* "NAME >" in front; *taken says whether it was there. */
static int parse_target(struct parser *p, bool *taken)
{
	struct lex ahead = p->lex;
	struct token t = p->tok, next = lex_next(&ahead);

	*taken = false;
	if (t.kind != TOKEN_NAME || next.kind != TOKEN_MARK || next.mark != '>')
		return 0;
	parser_choose(p);
	parser_offer_actors(p, true);
	parser_offer(p, "wire", NULL);
	p->actor = scope_actor(p->scope, parser_text(p, &t), t.len);
	if (!p->actor && !parser_token_is(p, &t, "wire"))
		return parser_expected(p, "a program, a thread or wire before \">\"");
	if (parser_copy_name(p, &t, p->line->target))
		return -1;
	p->lex = ahead;
	parser_advance(p);
	*taken = true;
	return 0;
}

/* "NAME <" in front: a line that is typed to a program of the user. */
static bool looks_like_input(const struct parser *p)
{
	struct lex ahead = p->lex;
	struct token t = p->tok, next = lex_next(&ahead);
	const struct scope_actor *a;

	if (t.kind != TOKEN_NAME || next.kind != TOKEN_MARK || next.mark != '<')
		return false;
	a = scope_actor(p->scope, parser_text(p, &t), t.len);
	return a && a->own;
}

static int parse_input_line(struct parser *p)
{
	p->line->kind = LINE_COMMAND;
	p->line->command = command_find("input", 5);
	if (parser_copy_name(p, &p->tok, p->line->name))
		return -1;
	parser_advance(p);
	parser_advance(p);
	return parse_typed(p);
}

/* For the program that has the focus and reads. */
static int parse_typed_line(struct parser *p)
{
	p->line->kind = LINE_COMMAND;
	p->line->command = command_find("input", 5);
	str_copy(p->line->name, sizeof(p->line->name), p->focus);
	return parse_typed(p);
}

static const char *group_target(enum command_group g)
{
	switch (g) {
	case COMMAND_WIRE:
		return "wire";
	case COMMAND_PROGRAM:
		return "a program";
	case COMMAND_SESSION:
	case COMMAND_LESSON:
		break;
	}
	return NULL;
}

/* Whether the command may stand behind the target that was written, and in this place at all. */
static int check_command(struct parser *p, const struct token *t, const struct command *c)
{
	const char *target = p->line->target, *wants = group_target(c->group);

	if (!(p->in_file ? c->in_file : c->at_prompt))
		return parser_fail(p, t->at, NULL, "%s belongs %s", c->name,
				   p->in_file ? "at the prompt, not in a lab file"
					      : "in a lab file, not at the prompt");
	if (!target[0] || (c->group == COMMAND_WIRE && !strcmp(target, "wire")) ||
	    (c->group == COMMAND_PROGRAM && strcmp(target, "wire") != 0))
		return 0;
	return parser_fail(p, t->at, NULL, "%s is a command of %s, not of %s", c->name,
			   wants ? wants : "the lab", target);
}

static int parse_command_line(struct parser *p)
{
	struct token t = p->tok;
	const struct command *c =
		t.kind == TOKEN_NAME ? command_find(parser_text(p, &t), t.len) : NULL;

	if (!c && t.kind == TOKEN_NAME && p->line->target[0] &&
	    call_find(parser_text(p, &t), t.len)) {
		parser_advance(p);
		return parser_want_mark(p, '(', "behind the name of the call");
	}
	if (!c)
		return parser_expected(p, p->line->target[0] ? "a call or a command"
					  : p->in_file	     ? "a command, or PROGRAM> and a call"
							     : "a call or a command");
	if (check_command(p, &t, c))
		return -1;
	p->line->kind = LINE_COMMAND;
	p->line->command = c;
	parser_advance(p);
	return c->parse ? c->parse(p) : 0;
}

/* What a lesson says may begin with a bracket: say (as you see) … */
static bool says(const struct parser *p, const struct token *next)
{
	const char *name = parser_text(p, &p->tok);

	return next->mark != '=' && next->at > p->tok.at + p->tok.len &&
	       command_find(name, p->tok.len) && !call_find(name, p->tok.len);
}

static bool looks_like_call(const struct parser *p)
{
	struct lex ahead = p->lex;
	struct token next = lex_next(&ahead);

	return p->tok.kind == TOKEN_NAME && next.kind == TOKEN_MARK && next.mark &&
	       strchr("(=.,", next.mark) && !says(p, &next);
}

/* NAME =, or NAME, NAME = */
static int parse_assigned(struct parser *p)
{
	struct line *l = p->line;

	if (parse_name(p, l->assign, "a name"))
		return -1;
	if (parser_take_mark(p, ',') && parse_name(p, l->assign_second, "a second name"))
		return -1;
	return parser_want_mark(p, '=', "behind a name that is assigned");
}

/* A pair has two names or none. */
static int check_pair(struct parser *p, size_t at)
{
	const struct line *l = p->line;
	bool pair = false;

	for (size_t i = 0; i < CALL_ARGS; i++)
		pair |= l->request.call->arg[i].type == ARG_PAIR_OUT;
	if (l->assign[0] && pair != (l->assign_second[0] != '\0'))
		return parser_fail(
			p, at, pair ? "as in a, b = socketpair(AF_UNIX, SOCK_STREAM)" : NULL,
			pair ? "%s() gives two descriptors" : "%s() gives one descriptor",
			l->request.call->name);
	return 0;
}

/* Then only calls need a target: a focus is not something that was typed. */
static bool focus_is_wire(const struct parser *p)
{
	return p->focus && !strcmp(p->focus, "wire");
}

static int own_calls(struct parser *p)
{
	STR_ON_STACK(hint, 64 + SCOPE_NAME);

	str_addf(&hint, "input %s: TEXT types a line to it", p->line->target);
	return parser_fail(p, p->tok.at, hint.buf,
			   "%s is a program of yours: it makes its own calls", p->line->target);
}

/* Where nothing says for whom a call is, it is for the focused program. */
static int find_actor(struct parser *p)
{
	if (!strcmp(p->line->target, "wire") || (!p->line->target[0] && focus_is_wire(p)))
		return parser_fail(p, p->tok.at, "programs call: client> socket(…)",
				   "the wire makes no calls");
	if (p->line->target[0])
		return p->actor && p->actor->own ? own_calls(p) : 0;
	if (!p->focus)
		return parser_fail(
			p, p->tok.at, "for example: client> c = socket(AF_INET, SOCK_STREAM)",
			"which program makes this call? Its name and \">\" belong in front");
	p->actor = scope_actor(p->scope, p->focus, strlen(p->focus));
	str_copy(p->line->target, sizeof(p->line->target), p->focus);
	if (p->actor && p->actor->own)
		return own_calls(p);
	return p->actor ? 0 : parser_fail(p, p->tok.at, NULL, "there is no program %s", p->focus);
}

/* The family of the socket that the call gives, for addresses that are names. */
static int result_family(const struct parser *p)
{
	const struct call_request *r = &p->line->request;
	const struct scope_variable *v;

	if (r->call->arg[0].type == ARG_FAMILY)
		return (int)r->arg[0].number;
	if (r->call->arg[0].type != ARG_FD || !p->line->holes || p->line->hole[0].arg)
		return AF_UNSPEC;
	v = scope_variable(p->scope, p->actor->program, p->line->hole[0].name,
			   strlen(p->line->hole[0].name));
	return v ? v->family : AF_UNSPEC;
}

/* "-> …" and "&" in either order. */
static int parse_call_tail(struct parser *p)
{
	struct line *l = p->line;

	while (!parser_at_end(p)) {
		if (p->tok.kind == TOKEN_ARROW && !l->want.stated) {
			parser_advance(p);
			if (parse_result(p, l->request.call, &l->want))
				return -1;
		} else if (parser_is_mark(p, '&') && !l->background) {
			parser_advance(p);
			l->background = true;
		} else {
			parser_choose(p);
			return parser_expected(
				p, "the end of the line, \"->\" and a result, or \"&\"");
		}
	}
	return 0;
}

static int set_variable(struct parser *p, const char *name, size_t at)
{
	if (!name[0] || scope_set_variable(p->scope, name, p->actor->program, result_family(p)))
		return 0;
	return parser_fail(p, at, NULL, "too many variables");
}

static int parse_call_line(struct parser *p)
{
	struct lex ahead = p->lex;
	struct token next = lex_next(&ahead), name = p->tok;

	if (find_actor(p))
		return -1;
	p->line->kind = LINE_CALL;
	if ((next.mark == '=' || next.mark == ',') && parse_assigned(p))
		return -1;
	if (parse_call(p) || parse_call_tail(p) || check_pair(p, name.at))
		return -1;
	return set_variable(p, p->line->assign, name.at) ||
			       set_variable(p, p->line->assign_second, name.at)
		       ? -1
		       : 0;
}

static int parse_body(struct parser *p)
{
	bool target;

	parser_choose(p);
	offer_targets(p);
	offer_commands(p);
	if (p->focus && !focus_is_wire(p))
		offer_calls(p);
	if (looks_like_input(p))
		return parse_input_line(p);
	if (parse_target(p, &target))
		return -1;
	if (parser_at_end(p) && !target)
		return 0;
	if (p->types && !target)
		return parse_typed_line(p);
	if (target) {
		parser_choose(p);
		offer_commands(p);
		if (p->actor)
			offer_calls(p);
	}
	if (parser_at_end(p)) {
		p->line->kind = LINE_TARGET;
		return p->in_file ? parser_expected(p, "a call or a command") : 0;
	}
	if (looks_like_call(p))
		return parse_call_line(p);
	if (parse_command_line(p))
		return -1;
	if (!parser_at_end(p)) {
		parser_choose(p);
		return parser_expected(p, "the end of the line");
	}
	return 0;
}

static int run_parser(struct parser *p, struct line *out)
{
	const char *text = p->lex.text;
	size_t len = p->lex.len;

	*out = (struct line){ .kind = LINE_EMPTY, .order.from = HOST_NONE };
	p->line = out;
	/* At the prompt many put a colon in front of a command, as in other programs. */
	if (!p->in_file && len && text[0] == ':')
		p->lex.at = 1, p->types = false;
	parser_advance(p);
	if (parse_body(p) || !(out->source = parse_copy(p, text, len))) {
		line_fini(out);
		return -1;
	}
	return 0;
}

static struct parser parser_on(const char *text, size_t len, const struct parse_where *where,
			       struct err *e)
{
	return (struct parser){
		.lex = lex_on(text, len),
		.scope = where->scope,
		.in_file = !where->focus,
		.focus = where->focus,
		.types = where->types && where->focus,
		.err = e,
	};
}

int parse_line(struct line *out, const char *text, size_t len, const struct parse_where *where,
	       struct err *e)
{
	struct parser p = parser_on(text, len, where, e);

	return run_parser(&p, out);
}

void parse_offers(const char *text, size_t len, const struct parse_where *where, parse_offer_fn *fn,
		  void *context)
{
	struct parser p = parser_on(text, len, where, NULL);
	struct line l;

	p.offer = fn;
	p.context = context;
	if (run_parser(&p, &l) == 0)
		line_fini(&l);
}
