#include "src/parse_impl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

bool parser_token_is(const struct parser *p, const struct token *t, const char *word)
{
	return t->len == strlen(word) && !strncasecmp(parser_text(p, t), word, t->len);
}

bool parser_is_word(const struct parser *p, const char *word)
{
	return p->tok.kind == TOKEN_NAME && parser_token_is(p, &p->tok, word);
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
		struct parse_offer o = {
			.word = word, .help = help, .from = p->choice_at, .after = p->after
		};

		p->offer(p->context, &o);
	}
}

void parser_placeholder(struct parser *p, const char *word, const char *help)
{
	if (p->offer && parser_at_end(p) && p->tok.at == p->lex.len) {
		struct parse_offer o = {
			.word = word, .help = help, .from = p->lex.len, .placeholder = true
		};

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
			parser_offer(p, p->scope->actor[i].name,
				     p->scope->actor[i].thread ? "thread" : "program");
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
		str_addf(hint, strchr(p->listed, ',') ? "one of: %s" : "there is only: %s",
			 p->listed);
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

int parser_copy_name(struct parser *p, const struct token *t, char dst[SCOPE_NAME])
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
	return parser_copy_name(p, &t, dst);
}

int parse_actor(struct parser *p, char dst[SCOPE_NAME], const char *what,
		const struct scope_actor **actor)
{
	struct token t = p->tok;

	parser_choose(p);
	parser_offer_actors(p, true);
	*actor = t.kind == TOKEN_NAME ? scope_actor(p->scope, parser_text(p, &t), t.len) : NULL;
	if (!*actor)
		return parser_expected(p, what);
	parser_advance(p);
	return parser_copy_name(p, &t, dst);
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
	return parser_copy_name(p, &t, dst);
}

int parse_int(struct parser *p, int64_t low, int64_t high, const char *what, int64_t *out)
{
	struct token t = p->tok;

	parser_choose(p);
	if (t.kind != TOKEN_NUMBER)
		return parser_expected(p, what);
	if (t.number < low || t.number > high)
		return parser_fail(p, t.at, NULL, "expected %s from %lld to %lld", what,
				   (long long)low, (long long)high);
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
