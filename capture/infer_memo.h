/*
 * infer_memo: what the rules of infer.c made of a segment, for the next one of the same kind.
 */
#ifndef SOCKLENS_CAPTURE_INFER_MEMO_H
#define SOCKLENS_CAPTURE_INFER_MEMO_H

#include "capture/infer.h"

#define INFER_MEMO 256 /* a power of two */

struct infer_memo { /* zero at first */
	struct infer_memo_row {
		uint64_t states; /* of both ends before */
		uint64_t kind; /* of the segment; 0: an empty row */
		uint64_t after; /* both ends' states behind it */
	} row[INFER_MEMO];
};

/* Does what infer.c's rules would do, which are asked where the memo does not know. */
void infer_by_memo(struct infer_memo *memo, struct infer_end end[2], struct unacked *pool, int dir,
		   const struct packet *p, enum infer_vantage v);

#endif
