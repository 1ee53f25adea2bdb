/*
 * dice: the wire's random decisions.  A stream of numbers follows from its seed alone, so what was decided by chance is
 * decided again in the same way.  Streams of the same seed with different names (a rule, a direction) have nothing to
 * do with each other: what happens in one direction does not change what is drawn in the other.
 */
#ifndef SOCKLENS_LAB_DICE_H
#define SOCKLENS_LAB_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

#define CHANCE_ONE	1000000u	/* a chance is in millionths: this is 100% */

struct dice dice_on(uint64_t seed, uint32_t of, uint32_t direction);
uint64_t dice_next(struct dice *d);
uint64_t dice_below(struct dice *d, uint64_t n);	/* 0 … n - 1; n > 0, below 2^32 */
bool dice_chance(struct dice *d, uint32_t millionths);

/* A seed that is short enough to be typed again: 1 … 999999. */
uint64_t dice_new_seed(void);

#endif
