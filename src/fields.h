/*
 * fields: packets as lines of tab-separated values, under the names that tshark's fields have, as
 * `tshark -n -T fields -E occurrence=f` prints them: scripts that read those read ours.
 *
 * A line a frame, in the order of the file; what a frame does not have is empty.  A frame that is no packet
 * (an event of ours) has the fields of frame.* only.  A field is a row of the table in fields_table.c.
 */
#ifndef SOCKLENS_FIELDS_H
#define SOCKLENS_FIELDS_H

#include <stddef.h>
#include <stdio.h>

#include "capture/trace.h"
#include "src/core/err.h"
#include "src/select.h"

struct fields;

/* names: "ip.src,tcp.len"; select and out are borrowed.  NULL: one is unknown, or memory ran out. */
struct fields *fields_new(const char *names, const struct select *select, FILE *out, struct err *e);
void fields_free(struct fields *f);

/* What writes the lines while a file is read: for struct trace_options. */
const struct trace_watch *fields_watch(const struct fields *f);

/* Writes what is still gathered.  -1: something could not be written. */
int fields_end(struct fields *f, struct err *e);

/* The names of all fields, for help and tests; NULL behind the last. */
const char *fields_name(size_t i);

#endif
