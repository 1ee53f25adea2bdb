/*
 * analysis_rows: what the analysis says about a TCP segment, as rows for a panel: the verdicts and the numbers
 * behind them under the names that Wireshark has for them (behind "tcp.analysis."), the cause that the kernel
 * itself told of, and the states of both ends.
 */
#ifndef SOCKLENS_UI_ANALYSIS_ROWS_H
#define SOCKLENS_UI_ANALYSIS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "src/core/str.h"
#include "ui/view.h"

struct analysis_row {
	char name[28];
	char text[200];
	enum style style;	/* of the text */
};
#define ANALYSIS_ROWS 32

/* Fills rows; how many.  0: it is no TCP segment that was analysed. */
size_t analysis_rows(const struct view *v, const struct view_packet *p, struct analysis_row rows[ANALYSIS_ROWS]);

/* The most telling of it on one line; false: as above. */
bool analysis_line(struct str *out, const struct view *v, const struct view_packet *p, enum style *style);

/* Wireshark's number of a row: its place in the file, while rows are sorted by time. */
uint64_t view_frame_number(const struct trace *t, uint32_t row);

#endif
