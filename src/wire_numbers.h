/*
 * wire_numbers: what the sequence numbers of an edited packet count from: those of the ladder begin with 0 at the SYN.
 */
#ifndef SOCKLENS_WIRE_NUMBERS_H
#define SOCKLENS_WIRE_NUMBERS_H

#include "capture/trace.h"
#include "src/lab/wire.h"

/* Fills in the bases of an order's edit, by the packet that it is for.  0, as the header has them, if there is none. */
void wire_numbers_fill(struct trace *t, struct wire_order *o);

/* The row of the first packet that is held now; ROW_NONE. */
uint32_t wire_numbers_first_held(const struct trace *t);

#endif
