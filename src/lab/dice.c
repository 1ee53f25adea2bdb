/*
 * SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): a counter with a large odd
 * step, its bits mixed.  Any state is a good one, so a stream's start is made by mixing its names into the seed.
 */
#include "src/lab/dice.h"

#include <sys/random.h>

#include "src/core/clock.h"

#define STEP	  UINT64_C(0x9e3779b97f4a7c15)
#define SEED_MOST 999999u

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

struct dice dice_on(uint64_t seed, uint32_t of, uint32_t direction)
{
	return (struct dice){ mix(mix(seed + STEP) + ((uint64_t)of << 32 | direction)) };
}

uint64_t dice_next(struct dice *d)
{
	d->state += STEP;
	return mix(d->state);
}

uint64_t dice_below(struct dice *d, uint64_t n)
{
	return (dice_next(d) >> 32) * n >> 32;
}

bool dice_chance(struct dice *d, uint32_t millionths)
{
	return dice_below(d, CHANCE_ONE) < millionths;
}

uint64_t dice_new_seed(void)
{
	uint64_t seed;

	/* Without entropy yet (a machine that has just started) the clock is as good: nothing is secret here. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = mix((uint64_t)clock_now_ns());
	return seed % SEED_MOST + 1;
}
