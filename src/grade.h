/*
 * grade: marks answers with the key of a sheet (sheet.h).  Text in, text out.
 *
 * A key is lines "NUMBER: ANSWER", each with lines below it that are indented: kind, also (another right answer), why.
 * An answer file is lines "NUMBER: ANSWER", too; if it has a line "Answers", only what stands below that (so a sheet that was
 * filled in is one).  It may have other lines, other signs behind the number, blanks, carriage returns, and need not
 * have them all: what is missing was not answered.
 */
#ifndef SOCKLENS_GRADE_H
#define SOCKLENS_GRADE_H

#include <stdio.h>

#include "src/answer.h"
#include "src/core/err.h"

#define GRADE_ALSO	4
#define GRADE_MOST	200	/* items of a key */

struct grade_item {
	unsigned number;
	enum answer_kind kind;
	char truth[160], also[GRADE_ALSO][160], why[320];
	size_t alsos;
	char given[160];	/* harmless; "" no answer */
	bool right;
};

struct grade {
	char title[160];
	struct grade_item *item;	/* owned */
	size_t items;
	unsigned points;
};

/* name: of the file, for messages.  -1: it is no key; e names the line. */
int grade_init(struct grade *g, const char *name, const char *text, size_t len, struct err *e);
void grade_fini(struct grade *g);

/* -1: there is no answer in it at all. */
int grade_answers(struct grade *g, const char *name, const char *text, size_t len, struct err *e);

/* -1: it could not be written. */
int grade_text(const struct grade *g, FILE *out, struct err *e);
int grade_json(const struct grade *g, FILE *out, struct err *e);

#endif
