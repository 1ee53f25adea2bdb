#include "src/parse_impl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/command.h"
#include "src/core/safe.h"

/* ---- tokens ---- */

void parser_advance(struct parser *p)
{
	p->tok = lex_next(&p->lex);
}

bool parser_at_end(const struct parser *p)
{
	return p->tok.kind == TOKEN_END;
}

const char *parser_text(const struct parser *p, const struct token *t)
{
	return p->lex.text + t->at;
}

bool parser_is_mark(const struct parser *p, char mark)
{
	return p->tok.kind == TOKEN_MARK && p->tok.mark == mark;
}

bool parser_take_mark(struct parser *p, char mark)
{
	if (!parser_is_mark(p, mark))
		return false;
	parser_advance(p);
	return true;
}

int parser_want_mark(struct parser *p, char mark, const char *where)
{
	STR_ON_STACK(what, 64);

	if (parser_take_mark(p, mark))
		return 0;
	str_addf(&what, "\"%c\" %s", mark, where);
	p->near = nearest_to("", 0);
	p->listed[0] = '\0';
	return parser_expected(p, what.buf);
}

static bool is_word(const struct parser *p, const struct token *t, const char *word)
{
	return t->len == strlen(word) && !strncasecmp(parser_text(p, t), word, t->len);
}

bool parser_is_word(const struct parser *p, const char *word)
{
	return p->tok.kind == TOKEN_NAME && is_word(p, &p->tok, word);
}

bool parser_take_word(struct parser *p, const char *word)
{
	if (!parser_is_word(p, word))
		return false;
	parser_advance(p);
	return true;
}

struct token parser_raw_word(struct parser *p, const char *stops)
{
	struct token t;

	p->lex.at = p->tok.at;
	t = lex_word(&p->lex, stops);
	return t;
}

struct token parser_raw_rest(struct parser *p, bool comments)
{
	struct token t;

	p->lex.at = p->tok.at;
	t = lex_rest(&p->lex, comments);
	parser_advance(p);
	return t;
}

/* ---- choices ---- */

void parser_choose_at(struct parser *p, const struct token *t)
{
	p->choice_at = t->at;
	p->choice_len = t->len;
	p->near = nearest_to(parser_text(p, t), t->len);
	p->listed[0] = '\0';
	p->offered = 0;
}

void parser_choose(struct parser *p)
{
	struct token t = p->tok;

	/* What is no word is not a slip of one. */
	if (t.kind != TOKEN_NAME)
		t.len = 0;
	parser_choose_at(p, &t);
}

/* Whether the line ends in the word that is being chosen: then its completions are wanted. */
static bool is_completing(const struct parser *p)
{
	return p->offer && p->choice_at + p->choice_len == p->lex.len;
}

static void list_word(struct parser *p, const char *word)
{
	struct str list = { .buf = p->listed, .cap = sizeof(p->listed), .len = strlen(p->listed) };

	/* A list is for choosing at a glance: more than six words are none. */
	if (++p->offered > 6) {
		p->listed[0] = '\0';
		return;
	}
	str_addf(&list, "%s%s", list.len ? ", " : "", word);
	if (list.cut)
		p->offered = 7, p->listed[0] = '\0';
}

void parser_offer(struct parser *p, const char *word, const char *help)
{
	nearest_try(&p->near, word);
	/* Some words are made for the occasion ("client>"), and the message outlives them. */
	if (p->near.best == word) {
		str_copy(p->best, sizeof(p->best), word);
		p->near.best = p->best;
	}
	list_word(p, word);
	if (is_completing(p) && !strncasecmp(word, p->lex.text + p->choice_at, p->choice_len)) {
		struct parse_offer o = { .word = word, .help = help, .from = p->choice_at, .after = p->after };

		p->offer(p->context, &o);
	}
}

void parser_placeholder(struct parser *p, const char *word, const char *help)
{
	if (p->offer && parser_at_end(p) && p->tok.at == p->lex.len) {
		struct parse_offer o = { .word = word, .help = help, .from = p->lex.len, .placeholder = true };

		p->offer(p->context, &o);
	}
}

void parser_offer_table(struct parser *p, const struct name_table *t)
{
	for (size_t i = 0; i < t->count; i++)
		parser_offer(p, t->row[i].name, t->row[i].text);
}

void parser_offer_actors(struct parser *p, bool threads)
{
	for (size_t i = 0; i < p->scope->actors; i++)
		if (threads || !p->scope->actor[i].thread)
			parser_offer(p, p->scope->actor[i].name, p->scope->actor[i].thread ? "thread" : "program");
}

void parser_offer_variables(struct parser *p, const struct scope_actor *a)
{
	for (size_t i = 0; i < p->scope->variables; i++)
		if (a && p->scope->variable[i].program == a->program)
			parser_offer(p, p->scope->variable[i].name, "variable");
}

/* ---- errors ---- */

static void add_near(const struct parser *p, struct str *hint)
{
	if (p->near.best)
		str_addf(hint, "did you mean %s?", p->near.best);
	else if (p->listed[0])
		str_addf(hint, strchr(p->listed, ',') ? "one of: %s" : "there is only: %s", p->listed);
}

int parser_fail(struct parser *p, size_t at, const char *hint, const char *fmt, ...)
{
	STR_ON_STACK(what, 256);
	va_list ap;

	va_start(ap, fmt);
	str_addv(&what, fmt, ap);
	va_end(ap);
	err_set(p->err, hint, "%s", what.buf);
	if (p->err)
		p->err->column = lex_column(&p->lex, at);
	return -1;
}

/* The usual words at a line's end; otherwise what stands there, shortened. */
static void add_instead(const struct parser *p, const struct token *t, struct str *out)
{
	if (t->at >= p->lex.len || t->kind == TOKEN_END) {
		str_add(out, ", but the line ends");
		return;
	}
	str_add(out, ", not ");
	safe_add_quoted(out, parser_text(p, t), t->len, 40);
}

int parser_expected_not(struct parser *p, const struct token *t, const char *what)
{
	STR_ON_STACK(text, 256);
	STR_ON_STACK(hint, 160);

	if (t->kind == TOKEN_BAD)
		return parser_fail(p, t->why_at, NULL, "%s", t->why);
	str_addf(&text, "expected %s", what);
	if (t->kind == TOKEN_STRING)
		str_add(&text, ", not a text");
	else
		add_instead(p, t, &text);
	add_near(p, &hint);
	return parser_fail(p, t->at, hint.buf, "%s", text.buf);
}

int parser_expected(struct parser *p, const char *what)
{
	return parser_expected_not(p, &p->tok, what);
}

/* ---- parts ---- */

char *parse_copy(struct parser *p, const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy) {
		err_set(p->err, NULL, "no memory for a line");
		return NULL;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

static int copy_name(struct parser *p, const struct token *t, char dst[SCOPE_NAME])
{
	struct str s = str_on(dst, SCOPE_NAME);

	str_addn(&s, parser_text(p, t), t->len);
	if (s.cut)
		return parser_fail(p, t->at, NULL, "a name has at most %d letters", SCOPE_NAME - 1);
	return 0;
}

int parse_name(struct parser *p, char dst[SCOPE_NAME], const char *what)
{
	struct token t = p->tok;

	parser_choose(p);
	parser_placeholder(p, "NAME", what);
	if (t.kind != TOKEN_NAME)
		return parser_expected(p, what);
	parser_advance(p);
	return copy_name(p, &t, dst);
}

int parse_actor(struct parser *p, char dst[SCOPE_NAME], const char *what, const struct scope_actor **actor)
{
	struct token t = p->tok;

	parser_choose(p);
	parser_offer_actors(p, true);
	*actor = t.kind == TOKEN_NAME ? scope_actor(p->scope, parser_text(p, &t), t.len) : NULL;
	if (!*actor)
		return parser_expected(p, what);
	parser_advance(p);
	return copy_name(p, &t, dst);
}

int parse_host(struct parser *p, char dst[SCOPE_NAME])
{
	struct token t = p->tok;

	parser_choose(p);
	for (size_t i = 0; i < p->scope->hosts; i++)
		parser_offer(p, p->scope->host[i], "host");
	if (t.kind != TOKEN_NAME || scope_host(p->scope, parser_text(p, &t), t.len) < 0)
		return parser_expected(p, "a host");
	parser_advance(p);
	return copy_name(p, &t, dst);
}

int parse_int(struct parser *p, int64_t low, int64_t high, const char *what, int64_t *out)
{
	struct token t = p->tok;

	parser_choose(p);
	if (t.kind != TOKEN_NUMBER)
		return parser_expected(p, what);
	if (t.number < low || t.number > high)
		return parser_fail(p, t.at, NULL, "expected %s from %lld to %lld", what, (long long)low, (long long)high);
	*out = t.number;
	parser_advance(p);
	return 0;
}

int parse_time(struct parser *p, int64_t *ns)
{
	struct token t, unit;
	struct lex before;

	parser_choose(p);
	parser_placeholder(p, "TIME", "50ms, 1.5s, 200us, 0");
	t = parser_raw_word(p, "");
	before = p->lex;
	unit = lex_word(&p->lex, "");
	/* "20 ms": the unit is a word of its own. */
	if (unit.len && lex_duration(parser_text(p, &t), unit.at + unit.len - t.at, ns)) {
		parser_advance(p);
		return 0;
	}
	p->lex = before;
	if (!lex_duration(parser_text(p, &t), t.len, ns))
		return parser_expected_not(p, &t, "a time such as 50ms, 1.5s or 0");
	parser_advance(p);
	return 0;
}

/* ---- a line ---- */

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
		parser_offer(p, word.buf, p->scope->actor[i].thread ? "calls of this thread" : "calls of this program");
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
		if (wire ? c->group == COMMAND_WIRE : !p->line->target[0] || c->group == COMMAND_PROGRAM)
			parser_offer(p, c->name, c->help);
	}
	p->after = '\0';
}

static void offer_calls(struct parser *p)
{
	p->after = '(';
	for (size_t i = 0; i < calls_count; i++)
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
	if (!p->actor && !is_word(p, &t, "wire"))
		return parser_expected(p, "a program, a thread or wire before \">\"");
	if (copy_name(p, &t, p->line->target))
		return -1;
	p->lex = ahead;
	parser_advance(p);
	*taken = true;
	return 0;
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
				   p->in_file ? "at the prompt, not in a lab file" : "in a lab file, not at the prompt");
	if (!target[0] || (c->group == COMMAND_WIRE && !strcmp(target, "wire")) ||
	    (c->group == COMMAND_PROGRAM && strcmp(target, "wire") != 0))
		return 0;
	return parser_fail(p, t->at, NULL, "%s is a command of %s, not of %s", c->name, wants ? wants : "the lab", target);
}

static int parse_command_line(struct parser *p)
{
	struct token t = p->tok;
	const struct command *c = t.kind == TOKEN_NAME ? command_find(parser_text(p, &t), t.len) : NULL;

	if (!c && t.kind == TOKEN_NAME && p->line->target[0] && call_find(parser_text(p, &t), t.len)) {
		parser_advance(p);
		return parser_want_mark(p, '(', "behind the name of the call");
	}
	if (!c)
		return parser_expected(p, p->line->target[0] ? "a call or a command" :
				       p->in_file ? "a command, or PROGRAM> and a call" : "a call or a command");
	if (check_command(p, &t, c))
		return -1;
	p->line->kind = LINE_COMMAND;
	p->line->command = c;
	parser_advance(p);
	return c->parse ? c->parse(p) : 0;
}

static bool looks_like_call(const struct parser *p)
{
	struct lex ahead = p->lex;
	struct token next = lex_next(&ahead);

	return p->tok.kind == TOKEN_NAME && next.kind == TOKEN_MARK && strchr("(=.", next.mark) && next.mark;
}

/* Where nothing says for whom a call is, it is for the focused program. */
static int find_actor(struct parser *p)
{
	if (!strcmp(p->line->target, "wire"))
		return parser_fail(p, p->tok.at, "programs call: client> socket(…)", "the wire makes no calls");
	if (p->line->target[0])
		return 0;
	if (!p->focus)
		return parser_fail(p, p->tok.at, "for example: client> c = socket(AF_INET, SOCK_STREAM)",
				   "which program makes this call? Its name and \">\" belong in front");
	p->actor = scope_actor(p->scope, p->focus, strlen(p->focus));
	str_copy(p->line->target, sizeof(p->line->target), p->focus);
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
	v = scope_variable(p->scope, p->actor->program, p->line->hole[0].name, strlen(p->line->hole[0].name));
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
			return parser_expected(p, "the end of the line, \"->\" and a result, or \"&\"");
		}
	}
	return 0;
}

static int parse_call_line(struct parser *p)
{
	struct lex ahead = p->lex;
	struct token next = lex_next(&ahead), name = p->tok;

	if (find_actor(p))
		return -1;
	p->line->kind = LINE_CALL;
	if (next.mark == '=') {
		if (parse_name(p, p->line->assign, "a name"))
			return -1;
		parser_advance(p);
	}
	if (parse_call(p) || parse_call_tail(p))
		return -1;
	if (p->line->assign[0] &&
	    !scope_set_variable(p->scope, p->line->assign, p->actor->program, result_family(p)))
		return parser_fail(p, name.at, NULL, "too many variables");
	return 0;
}

static int parse_body(struct parser *p)
{
	bool target;

	parser_choose(p);
	offer_targets(p);
	offer_commands(p);
	if (p->focus)
		offer_calls(p);
	if (parse_target(p, &target))
		return -1;
	if (parser_at_end(p) && !target)
		return 0;
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
		p->lex.at = 1;
	parser_advance(p);
	if (parse_body(p) || !(out->source = parse_copy(p, text, len))) {
		line_fini(out);
		return -1;
	}
	return 0;
}

static struct parser parser_on(const char *text, size_t len, const struct parse_where *where, struct err *e)
{
	return (struct parser){
		.lex = lex_on(text, len),
		.scope = where->scope,
		.in_file = !where->focus,
		.focus = where->focus,
		.err = e,
	};
}

int parse_line(struct line *out, const char *text, size_t len, const struct parse_where *where, struct err *e)
{
	struct parser p = parser_on(text, len, where, e);

	return run_parser(&p, out);
}

void parse_offers(const char *text, size_t len, const struct parse_where *where, parse_offer_fn *fn, void *context)
{
	struct parser p = parser_on(text, len, where, NULL);
	struct line l;

	p.offer = fn;
	p.context = context;
	if (run_parser(&p, &l) == 0)
		line_fini(&l);
}
