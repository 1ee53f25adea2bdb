/*
 * tell: the wire's own events, put into the batch.
 */
#ifndef SOCKLENS_LAB_TELL_H
#define SOCKLENS_LAB_TELL_H

#include <stdint.h>

#include "src/core/event.h"
#include "src/lab/aside.h"
#include "src/lab/batch.h"
#include "src/lab/flight.h"

/* NULL for the batch: nothing is told. */
void tell_packet(struct batch *b, const struct seen *s, uint32_t drops);
void tell_fate(struct batch *b, const struct flight *p, enum wire_fate fate, const char *by, int64_t ts_ns);
void tell_status(struct batch *b, const char *status);	/* the wire does something else now, by itself */
void tell_note(struct batch *b, uint8_t host, enum note_kind kind, const char *text);	/* now */

#endif
