/*
 * dissect: every field of every layer of one packet, as rows for the packet panel and the exports.
 *
 * One file per protocol (proto_*.c), each a table of header fields and a function for what no table can
 * say.  An unknown option or protocol is shown by its number, never hidden; a header that is cut says so.
 */
#ifndef SOCKLENS_CAPTURE_DISSECT_H
#define SOCKLENS_CAPTURE_DISSECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/conn.h"
#include "src/core/addr.h"
#include "src/core/err.h"

struct dissect_row {
	uint8_t depth;		/* 0: a layer's heading; 1, 2: its fields */
	uint32_t at, len;	/* bytes of the packet it stands for */
	char name[40];		/* "Sequence number"; of a layer: "Transmission Control Protocol" */
	char text[160];		/* its value, harmless: "0 (raw 2882400018)" */
	const char *about;	/* one sentence for a student, or NULL; static */
};

struct dissection {
	struct dissect_row *row;	/* owned */
	size_t rows, cap;
};

struct dissect_context {	/* what the packet alone does not say; all may be NULL */
	const struct conn *conn;
	int dir;
	const struct addr_names *names;
};

/* Fills d (emptied first; its memory is reused).  0, or -1 if memory ran out. */
int dissect(struct dissection *d, uint32_t link, const void *bytes, size_t caplen, size_t len,
	    const struct dissect_context *context, struct err *e);
void dissection_fini(struct dissection *d);

#endif
