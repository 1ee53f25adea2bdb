/*
 * repeat: whether a packet says again what another one said: a retransmission.
 */
#ifndef SOCKLENS_LAB_REPEAT_H
#define SOCKLENS_LAB_REPEAT_H

#include <stdbool.h>

#include "src/lab/flight.h"

/*
 * True if a packet of the same host with the same TCP numbers and flags is held already.  Only segments that take up
 * sequence numbers (data, SYN, FIN) are ever repeated; acknowledgments and datagrams each count.
 */
bool repeat_is_held(const struct flights *f, const struct flight *p);

#endif
