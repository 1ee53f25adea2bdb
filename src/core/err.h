/*
 * err: what a failed operation tells its caller, and in the end the user.
 *
 * A function that can fail returns 0 or -1 (or NULL) and fills the caller's struct err with what was
 * tried and on what, why it failed, and what the user can do.  Libraries never print and never exit.
 * Every function here accepts a NULL error (the caller does not want to know) and returns -1, so that
 * "return err_set(...)" is the whole of a failing branch.
 */
#ifndef SOCKLENS_CORE_ERR_H
#define SOCKLENS_CORE_ERR_H

#include "src/core/str.h"

struct err {
	char what[256];		/* what was tried, on what, and why it failed; one line, harmless text */
	char hint[256];		/* what the user can do about it; "" if nothing is known */
	int code;		/* errno of the failure, 0 if it was none */
	int column;		/* for text input: 1-based column of the mistake in cells, 0 if none */
};

/* Fills e with a formatted text.  hint may be NULL.  Returns -1. */
int err_set(struct err *e, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As err_set(), with ": " and the text of errnum behind what.  Returns -1. */
int err_errno(struct err *e, int errnum, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Puts "prefix: " before what is already in e (a caller says what it was doing).  Returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends "what" and, where there is one, " (hint)" to out. */
void err_text(const struct err *e, struct str *out);

#endif
