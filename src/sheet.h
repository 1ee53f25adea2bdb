/*
 * sheet: a sheet of questions for paper, made of a trace: its ladder with blanks to fill in, or its packets shuffled,
 * and the questions that the lab file asked.  And its key, which has the true answers.
 *
 *	sheet_init → sheet_print, sheet_key → sheet_fini
 *
 * What is blanked is decided by lot: each thing that could be has a number that follows from the seed and from what it is
 * (the third ACK of the client), not from when it happened.  So the same seed asks for the same things in every run
 * of a lesson, though times differ from run to run.  Nothing is asked that does: times, ports, initial numbers.
 */
#ifndef SOCKLENS_SHEET_H
#define SOCKLENS_SHEET_H

#include <stdio.h>

#include "capture/trace.h"
#include "src/script.h"

enum sheet_what {
	SHEET_FLAGS,
	SHEET_SEQ,
	SHEET_ACK,
	SHEET_STATE,
	SHEET_RESULT,		/* what a call gave */
	SHEET_ERRNO,
	SHEET_NUMBER,		/* of a packet or a socket, which the ladder does not show */
	SHEET_ORDER,		/* of the packets that are shuffled */
};

struct sheet_item {
	enum sheet_what what;
	uint64_t event;		/* id of the one it is about; 0: none */
	uint64_t name, lot;	/* by lot it is chosen, by its name it is drawn */
	unsigned number;	/* on the sheet, from 1 */
	enum answer_kind kind;
	const struct asked *asked;	/* a question of the file; NULL */
	char truth[160], also[160], why[320];
};

struct sheet_options {
	const char *name;	/* of the lesson or the file */
	uint64_t seed;
	unsigned blanks;	/* beside the questions; fewer where there is less to ask for */
	bool shuffled;		/* packets to be put in order, and no ladder */
	bool ascii;
};

#define SHEET_BLANKS	10
#define SHEET_BLANKS_MAX 60
#define SHEET_SHUFFLED	8	/* packets at most */

struct sheet {
	struct trace *t;	/* borrowed */
	struct sheet_options o;
	char title[160];
	struct sheet_item *item;	/* in the order of their numbers; owned */
	size_t items, cap;
	uint32_t shuffled[SHEET_SHUFFLED];	/* rows of packets, in the order in which they are printed */
	size_t packets;
	uint32_t conn;		/* of a capture: the connection that is shown; CONN_NONE: all there is */
};

/* asked: the questions of the lab file; NULL.  Both are borrowed.  -1: there is nothing that could be asked. */
int sheet_init(struct sheet *s, struct trace *t, const struct asked *asked, size_t askeds,
	       const struct sheet_options *o, struct err *e);
void sheet_fini(struct sheet *s);

/* The item that asks for this of an event; NULL: it is shown. */
const struct sheet_item *sheet_blank(const struct sheet *s, uint64_t event, enum sheet_what what);

/* Whether the sheet has this row of the ladder. */
struct ladder_row;
bool sheet_shows(const struct sheet *s, const struct ladder_row *r);
#define SHEET_ROWS 120		/* of the ladder at most */

/* -1: it could not be written. */
int sheet_print(const struct sheet *s, FILE *out, struct err *e);
int sheet_key(const struct sheet *s, FILE *out, struct err *e);

#endif
