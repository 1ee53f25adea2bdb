/*
 * parse_amount: numbers with units that orders to the wire have: 12.5%, 10mbit; and those of headers.  Times are parse_time()'s.
 */
#ifndef SOCKLENS_PARSE_AMOUNT_H
#define SOCKLENS_PARSE_AMOUNT_H

#include <stdint.h>

#include "src/lab/edit.h"

struct parser;

int parse_percent(struct parser *p);	/* into the order's millionths: more than 0, up to 100% */
int parse_bits(struct parser *p);	/* into its bits_per_s: with a unit, or 0 */

/* +N or -N: so much beside the right one; N: this one.  Up to most. */
int parse_beside(struct parser *p, int64_t most, const char *what, struct edit_number *out);
int parse_tcp_flags(struct parser *p, uint16_t *out);	/* SYN|ACK */

#endif
