/*
 * lex: a line of the lab language as tokens.
 *
 * The line is read where it stands; nothing is copied.  A token that makes no sense is TOKEN_BAD and says
 * why, and matters only if somebody wanted a token there: free text (say, a filter, an address) is taken
 * from the same place with lex_word() or lex_rest().  A "#" where a token could start begins a comment.
 */
#ifndef SOCKLENS_LEX_H
#define SOCKLENS_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/core/value.h"

enum token_kind {
	TOKEN_END,		/* of the line, or a comment */
	TOKEN_NAME,		/* letters, digits, "_"; not a digit first */
	TOKEN_NUMBER,		/* 12, -1, 0x1f */
	TOKEN_STRING,		/* "text\n" */
	TOKEN_ARROW,		/* -> */
	TOKEN_MARK,		/* any other single character, in `mark` */
	TOKEN_BAD,		/* unfinished or malformed: `why`, at `why_at` */
};

struct token {
	enum token_kind kind;
	size_t at, len;		/* bytes of the line */
	char mark;
	int64_t number;
	bool plain;		/* TOKEN_NUMBER: written in decimal */
	const char *why;
	size_t why_at;
};

struct lex {
	const char *text;
	size_t len;
	size_t at;		/* the next byte to read */
};

struct lex lex_on(const char *text, size_t len);

struct token lex_next(struct lex *l);

/* The characters up to white space, the end, or one of `stops`; skips white space before.  It may be empty. */
struct token lex_word(struct lex *l, const char *stops);

/* Everything to the end of the line, without white space around it; a comment is cut off if `comments`. */
struct token lex_rest(struct lex *l, bool comments);

/* Column (1-based, in cells; a tab counts as one) of a byte of the line. */
int lex_column(const struct lex *l, size_t at);

/* The bytes of a TOKEN_STRING with its escapes undone; false if memory ran out. */
bool lex_string(const struct lex *l, const struct token *t, struct value *out);

/* 50ms, 1.5s, 200us, 0 (with or without a space before the unit) as nanoseconds; false: it is none. */
bool lex_duration(const char *text, size_t len, int64_t *ns);

#endif
