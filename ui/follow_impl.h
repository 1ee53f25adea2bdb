/*
 * Inside of follow; only ui/follow*.c include it.
 *
 *	follow.c	the state, searching, saving
 *	follow_line.c	where lines begin and end
 *	follow_draw.c	lines as cells
 */
#ifndef SOCKLENS_UI_FOLLOW_IMPL_H
#define SOCKLENS_UI_FOLLOW_IMPL_H

#include "ui/follow.h"

#define FOLLOW_BLOCK	4096	/* a line never goes on over a multiple of it in its run, so that it is found from near */
#define FOLLOW_LINE	1024	/* bytes of a line at most */

struct follow {
	struct trace *t;
	struct stream *s;
	bool hex;
	int only;		/* the direction shown; -1: both */
	uint64_t top;		/* position of the first line shown */
	int width, height;	/* of the last drawing */

	char text[64];		/* looked for; "" nothing */
	bool searching, forward;
	uint64_t at;		/* where the search stands */
	uint64_t found;		/* position of the match; UINT64_MAX */

	int save_fd;		/* -1: nothing is being saved */
	char save_path[512];
	int save_dir;
	uint64_t save_at, saved, save_missing;
};

/* A line: bytes from pos to end of a run; those up to `shown` are drawn. */
struct follow_line {
	uint64_t pos, end;
	struct stream_run run;
	size_t len;		/* of bytes */
	uint8_t bytes[FOLLOW_LINE];
};

/* Cells that a line's text may take at the screen's width; in hex, bytes in a line. */
int follow_room(const struct follow *f, int dir);

/* The line that begins at a position.  False: there is none. */
bool follow_line_at(const struct follow *f, uint64_t pos, struct follow_line *out);

/* Where the line begins that a position is in, at the screen's width. */
uint64_t follow_line_start(const struct follow *f, uint64_t pos);

/* The position where the next line begins (of a direction that is shown), or that of the line before.  False: there is none. */
bool follow_line_next(const struct follow *f, uint64_t *pos);
bool follow_line_prev(const struct follow *f, uint64_t *pos);

/* The first position from pos on, or the last one before it, that is shown.  False: there is none. */
bool follow_shown_from(const struct follow *f, uint64_t *pos);
bool follow_shown_before(const struct follow *f, uint64_t *pos);

#define FOLLOW_INDENT	2	/* cells that the second direction stands further right */
#define FOLLOW_GUTTER	2	/* its mark */
#define FOLLOW_TAB	8

#endif
