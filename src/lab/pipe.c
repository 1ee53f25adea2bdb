#include "src/lab/pipe.h"

#include <stdlib.h>

#include "src/core/clock.h"

bool pipe_set(struct pipe *p, int64_t bits_per_s, uint32_t queue)
{
	int64_t *ring = bits_per_s ? calloc(queue + 1, sizeof(*ring)) : NULL;

	if (bits_per_s && !ring)
		return false;
	pipe_fini(p);
	*p = (struct pipe){ .bits_per_s = bits_per_s, .queue = queue, .leaves_ns = ring };
	return true;
}

void pipe_fini(struct pipe *p)
{
	free(p->leaves_ns);
	*p = (struct pipe){ 0 };
}

static uint32_t slot(const struct pipe *p, uint32_t i)
{
	return (p->first + i) % (p->queue + 1);
}

static void forget_left(struct pipe *p, int64_t now_ns)
{
	while (p->count && p->leaves_ns[p->first] <= now_ns) {
		p->first = slot(p, 1);
		p->count--;
	}
}

uint32_t pipe_waiting(const struct pipe *p, int64_t now_ns)
{
	uint32_t gone = 0;

	while (gone < p->count && p->leaves_ns[slot(p, gone)] <= now_ns)
		gone++;
	return p->count > gone ? p->count - gone - 1 : 0;
}

bool pipe_enter(struct pipe *p, uint32_t len, int64_t now_ns, int64_t *left_ns)
{
	int64_t start_ns = now_ns;

	forget_left(p, now_ns);
	if (p->count == p->queue + 1)
		return false;
	if (p->count)
		start_ns = p->leaves_ns[slot(p, p->count - 1)];
	*left_ns = start_ns + (int64_t)len * 8 * NS_PER_S / p->bits_per_s;
	p->leaves_ns[slot(p, p->count++)] = *left_ns;
	return true;
}
