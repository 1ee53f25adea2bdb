/*
 * export_csv: a trace as comma-separated values (RFC 4180): a line with the names of the columns, then a line for
 * each event.  The columns are stable: new ones come at the end, before text.
 */
#ifndef SOCKLENS_EXPORT_CSV_H
#define SOCKLENS_EXPORT_CSV_H

#include <stdio.h>

#include "capture/trace.h"
#include "src/core/err.h"
#include "src/numbers.h"

int export_csv_head(FILE *out, struct err *e);

/* numbers may be NULL. */
int export_csv_event(struct trace *t, const struct event *ev, const struct numbers *numbers, FILE *out,
		     struct err *e);

/* The names of the columns; NULL behind the last. */
const char *export_csv_column(size_t i);

#endif
