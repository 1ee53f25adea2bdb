/*
 * question: what `ask` asks, and where the trace has the answer.
 *
 *	ask QUESTION | *RIGHT | WRONG …			the file's author says which is right
 *	ask QUESTION | *RIGHT | WRONG … <- WHERE	and the trace must say the same
 *	ask QUESTION | RIGHT [<- WHERE]			a free answer
 *	ask QUESTION <- WHERE				the same, for the trace alone to say
 *
 * WHERE is a condition of `expect` without the value that is asked for:
 *
 *	packet [HOST] [PROTOCOL] [FLAGS] [len N …] flags|len|seq|ack|…	of the next packet that fits
 *	packets [HOST] …		how many packets leave, up to the next say, ask or pause
 *	[next] state SOCKET		which it is in now, or goes into next
 *	[next] socket SOCKET FIELD	a number of it now, or when the next say, ask or pause is reached
 *	return PROGRAM [CALL]		what the next such call to come back gives
 *	exit PROGRAM			its exit status, or the signal that kills it
 *
 * "Next" is: behind the question.  Where "nothing" is right, no packet that fits may leave up to the next say, ask or pause.
 * What stands behind ": " in an answer is a remark, and no part of it.
 */
#ifndef SOCKLENS_QUESTION_H
#define SOCKLENS_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/answer.h"

#define QUESTION_CHOICES 6

struct question {
	char text[320];
	char choice[QUESTION_CHOICES][160];	/* as they are written, without their marks */
	size_t choices;		/* fewer than two: the answer is free */
	int right;		/* the choice that the file's author says is right; -1: left to the trace */
};

enum subject_kind {
	SUBJECT_NONE,		/* the author's word */
	SUBJECT_PACKET,
	SUBJECT_PACKETS,
	SUBJECT_STATE,
	SUBJECT_SOCKET,
	SUBJECT_RETURN,
	SUBJECT_EXIT,
};

#define SUBJECT_FLAGS SIZE_MAX

struct subject {		/* which packet, socket or program: the condition of its line */
	enum subject_kind kind;
	bool next;
	size_t field;		/* PACKET: row of packet_fields, or SUBJECT_FLAGS; SOCKET: row of sample_fields */
};

enum answer_kind subject_answers(const struct subject *s);

/* Whether the answer is there only when the steps up to the next say, ask or pause have been done. */
bool subject_is_total(const struct subject *s);

/*
 * Takes "QUESTION | *RIGHT | WRONG" apart.  NULL, or what is wrong with it, at byte *at.  traced: there is a subject, so
 * that answers may be left out or unmarked.
 */
const char *question_read(struct question *q, const char *text, bool traced, size_t *at);

/* Appends a choice without the remark behind ": ". */
void question_choice(const struct question *q, size_t i, struct str *out);

/*
 * The choice that an answer means: by its letter (a, b, …), by its words, or because it comes to the same; -1.
 * Where there are no choices: -1.
 */
int question_chosen(const struct question *q, enum answer_kind kind, const char *given);

/* The one choice that is true; -1: none, or more than one. */
int question_true_choice(const struct question *q, enum answer_kind kind, const char *truth, const char *also);

/* Appends "Which leaves first?  a) SYN  b) ACK". */
void question_text(const struct question *q, struct str *out);

#endif
