/*
 * parse_impl: what the parts of the parser share.  parser.c: tokens, choices, messages, small parts;
 * parse.c: a line; parse_call.c: calls and their arguments; parse_value.c: what arguments are
 * made of;
 * parse_result.c: what stands behind "->"; parse_condition.c: expect and wait; parse_ask.c: ask; parse_command.c: the
 * arguments of the other commands; script_file.c: whole files.
 *
 * The parser looks one token ahead.  Wherever a word is chosen from known ones, the code first begins the
 * choice, then offers every word that could stand there, then takes one.  The offers serve the message when
 * none fits ("did you mean"), and completion when the line ends there.
 */
#ifndef SOCKLENS_PARSE_IMPL_H
#define SOCKLENS_PARSE_IMPL_H

#include "src/core/names.h"
#include "src/lex.h"
#include "src/parse.h"

struct parser {
	struct lex lex;
	struct token tok;	/* the next one, not taken yet */
	struct scope *scope;
	bool in_file;
	const char *focus;
	bool types;
	struct line *line;
	const struct scope_actor *actor;	/* that the line is for; NULL: the wire, or none */
	struct err *err;

	struct nearest near;	/* the choice that was begun last */
	char best[64];		/* its nearest word */
	size_t choice_at, choice_len;
	char listed[96];	/* its words, while they are few */
	unsigned offered;
	char after;		/* what belongs behind the words that are offered next */
	parse_offer_fn *offer;	/* NULL: not completing */
	void *context;
};

/* ---- tokens ---- */
void parser_advance(struct parser *p);
bool parser_at_end(const struct parser *p);
bool parser_is_mark(const struct parser *p, char mark);
bool parser_take_mark(struct parser *p, char mark);
int parser_want_mark(struct parser *p, char mark, const char *where);
bool parser_is_word(const struct parser *p, const char *word);	/* a name, case ignored */
bool parser_take_word(struct parser *p, const char *word);
bool parser_token_is(const struct parser *p, const struct token *t, const char *word);
int parser_copy_name(struct parser *p, const struct token *t, char dst[SCOPE_NAME]);
/* Takes back the token that was looked at and reads a word (up to white space or one of stops), or all the rest, from there. */
struct token parser_raw_word(struct parser *p, const char *stops);
struct token parser_raw_rest(struct parser *p, bool comments);
const char *parser_text(const struct parser *p, const struct token *t);

/* ---- choices ---- */
void parser_choose(struct parser *p);			/* at the token ahead */
void parser_choose_at(struct parser *p, const struct token *t);
void parser_offer(struct parser *p, const char *word, const char *help);
void parser_offer_table(struct parser *p, const struct name_table *t);
void parser_offer_actors(struct parser *p, bool threads);
void parser_offer_variables(struct parser *p, const struct scope_actor *a);
void parser_placeholder(struct parser *p, const char *word, const char *help);

/* ---- errors: all return -1 ---- */
int parser_fail(struct parser *p, size_t at, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* "expected WHAT, not "word"", with the nearest of the words offered. */
int parser_expected(struct parser *p, const char *what);
int parser_expected_not(struct parser *p, const struct token *t, const char *what);

/* ---- parts ---- */
int parse_name(struct parser *p, char dst[SCOPE_NAME], const char *what);	/* a new name */
int parse_actor(struct parser *p, char dst[SCOPE_NAME], const char *what, const struct scope_actor **actor);
int parse_host(struct parser *p, char dst[SCOPE_NAME]);
int parse_int(struct parser *p, int64_t low, int64_t high, const char *what, int64_t *out);
int parse_time(struct parser *p, int64_t *ns);
char *parse_copy(struct parser *p, const char *text, size_t len);	/* NULL: error set */

int parse_call(struct parser *p);		/* from the call's name on, up to the closing parenthesis */
/* A variable of the line's program, or a number; arg and item say where its value goes. */
int parse_fd(struct parser *p, uint8_t arg, int16_t item, struct value *out);
int parse_data(struct parser *p, struct value *out);
int parse_length(struct parser *p, struct value *data);	/* ", N" that may follow, and shortens them */
bool parser_at_data(const struct parser *p);	/* the token ahead begins data */
int parse_list(struct parser *p, enum call_arg_type type, uint8_t hole, int family, struct value *out);
int parse_flags(struct parser *p, const struct name_table *const *tables, size_t count, const char *what,
		int64_t *out);
int parse_one(struct parser *p, const struct name_table *table, const char *what, int64_t *out);
int parse_addr(struct parser *p, int family, struct addr *out, bool *any_port);
bool parser_at_addr(const struct parser *p);	/* the token ahead begins an address */
int parse_result(struct parser *p, const struct call *c, struct result *out);	/* behind "->" */
int parse_number_test(struct parser *p, const char *what, struct number_test *out);
int parse_condition(struct parser *p, struct condition *out);
/* Its parts, for `ask`. */
/* A packet's pattern.  asked: NULL; or packet_fields_count, and receives the one field that stands there without a value. */
int parse_packet_words(struct parser *p, struct condition *out, size_t *asked);
int parse_socket(struct parser *p, bool hosts, struct condition *out);	/* VARIABLE, PROGRAM FD … or, if hosts, HOST */
int parse_sample_field(struct parser *p, size_t *out);
int parse_optional_call(struct parser *p, struct condition *out);
const struct call *parse_call_name(struct parser *p);	/* NULL: error set */

#endif
