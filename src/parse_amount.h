/*
 * parse_amount: numbers with units that orders to the wire have: 12.5%, 10mbit.  Times are parse_time()'s.
 */
#ifndef SOCKLENS_PARSE_AMOUNT_H
#define SOCKLENS_PARSE_AMOUNT_H

struct parser;

int parse_percent(struct parser *p);	/* into the order's millionths: more than 0, up to 100% */
int parse_bits(struct parser *p);	/* into its bits_per_s: with a unit, or 0 */

#endif
