/*
 * unmarshal: the way back of marshal.h: from the registers and the memory of a traced thread to the typed
 * arguments of a call and its outcome.  Everything follows from the types in the call's row; pointers, lengths and
 * contents are anybody's.
 *
 * All data of a call together is cut at CALL_DATA_KEPT bytes, its true length kept (FILL_CUT); what cannot be read
 * (EFAULT, or NULL) becomes VALUE_POINTER; of long lists the beginning is kept (VALUE_REST).  An argument that the
 * kernel fills in is VALUE_NONE at the entry, as in a request of the language; but the request of an entry is to be
 * kept as it is for unmarshal_leave(), since its `number` says how much room there was.
 */
#ifndef SOCKLENS_LAB_UNMARSHAL_H
#define SOCKLENS_LAB_UNMARSHAL_H

#include <stdbool.h>
#include <stdint.h>

#include "src/core/call.h"
#include "src/lab/peek.h"

/*
 * At the entry of a system call: 0 and the request; -1: it is no call of the table.  Where rows share a number
 * (send, sendto; recv, recvfrom) the arguments say which it is.
 */
int unmarshal_enter(struct call_request *r, long number, const uint64_t reg[6], const struct peek *m);

/*
 * At its end: what the kernel filled in; `blocked` is the caller's to say.  result: the register: what the C function
 * would return, or -errno.  reg: those of the entry.
 */
void unmarshal_leave(struct call_outcome *o, const struct call_request *r, const uint64_t reg[6], int64_t result,
		     const struct peek *m);

#endif
