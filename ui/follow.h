/*
 * follow: what a connection carried, over the whole screen: both directions as text or in hex, each by its mark,
 * its colour and its place; with search, and saved to a file.
 *
 * It holds no text: lines are made from the bytes around the top of the screen.  Searching and saving go on in
 * slices.
 */
#ifndef SOCKLENS_UI_FOLLOW_H
#define SOCKLENS_UI_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/stream.h"
#include "ui/grid.h"

struct follow;

/* Borrows the trace. */
struct follow *follow_new(struct trace *t, uint32_t conn, struct err *e);
void follow_free(struct follow *f);

uint32_t follow_conn(const struct follow *f);

void follow_move(struct follow *f, long lines);
void follow_page(struct follow *f, int by);	/* -1 back, 1 on */
void follow_first(struct follow *f);
void follow_last(struct follow *f);
void follow_hex(struct follow *f);		/* text, or hex */
void follow_side(struct follow *f);		/* both directions, only one, only the other */

/* The packet that the first line shown came in; 0: none. */
uint64_t follow_packet(const struct follow *f);

/* Looks for text (case ignored), from the top of the screen on or back; NULL: for the same again.  -1: nothing to look for. */
int follow_search(struct follow *f, const char *text, bool forward, struct err *e);

/*
 * Begins to write the bytes to a file that must not exist: of one direction, or of both as they came (dir -1).
 */
int follow_save(struct follow *f, const char *path, int dir, struct err *e);

/* Stops searching or saving; a file that is not complete is removed.  False: there was nothing to stop. */
bool follow_stop(struct follow *f);

/*
 * Goes on with what is under way.  True: something changed.  said receives what is to be told (.what is
 * empty: nothing); *bad: it went wrong.
 */
bool follow_work(struct follow *f, int64_t budget_ns, struct err *said, bool *bad);
bool follow_busy(const struct follow *f);

void follow_draw(struct follow *f, struct area a);

#endif
