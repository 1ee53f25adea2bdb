#include "src/lab/look.h"

#include <sys/random.h>

#include "src/core/clock.h"

#define FORGET_NS NS_PER_S

/* So that nobody can choose addresses that take each other's place in the table. */
static uint32_t random_seed(void)
{
	uint32_t seed = 0;

	(void)!getrandom(&seed, sizeof(seed), GRND_NONBLOCK);
	return seed;
}

int look_init(struct look *k, const struct lab *l, bool all, sample_sink *sink, void *context,
	      struct err *e)
{
	k->all = all;
	thin_init(&k->thin, random_seed());
	k->sampler = sampler_new(l, sink, context, e);
	return k->sampler ? 0 : -1;
}

void look_fini(struct look *k)
{
	if (k->sampler)
		sampler_free(k->sampler);
	k->sampler = NULL;
}

static void look_late(struct look *k, const struct thin_socket *s)
{
	sampler_packet(k->sampler, s->host, &s->packet, s->by, s->number);
}

static void look_all_late(struct look *k, int64_t now_ns, bool all)
{
	const struct thin_socket *s;

	while ((s = thin_late(&k->thin, now_ns, all)))
		look_late(k, s);
}

enum thin_change look_count(struct look *k, int64_t ts_ns)
{
	enum thin_change change;

	if (!k->sampler || k->all)
		return THIN_SAME;
	k->latest_ns = ts_ns;
	change = thin_count(&k->thin, ts_ns);
	if (change == THIN_ENDED)
		look_all_late(k, ts_ns, true);
	return change;
}

bool look_is_telling(struct look *k, const struct packet *p)
{
	return !k->thin.on || thin_is_telling(&k->thin, p);
}

void look_at(struct look *k, uint8_t host, const struct packet *p, enum state_by by,
	     uint64_t number, bool telling)
{
	struct thin_socket evicted;
	bool now = true;

	if (!k->sampler || !p->ip_version)
		return;
	if (k->thin.on) {
		now = thin_passes(&k->thin, host, p, by, number, telling, k->latest_ns, &evicted);
		if (evicted.unseen)
			look_late(k, &evicted);
	}
	if (now)
		sampler_packet(k->sampler, host, p, by, number);
}

void look_after_call(struct look *k, uint8_t host, const struct sock_key *key, uint64_t call_number)
{
	if (k->sampler)
		sampler_call(k->sampler, host, key, call_number);
}

void look_tick(struct look *k, int64_t now_ns)
{
	if (!k->sampler)
		return;
	if (k->thin.unseen)
		look_all_late(k, now_ns, false);
	if (sampler_due(k->sampler) <= now_ns)
		sampler_tick(k->sampler, now_ns);
	if (now_ns - k->forgot_ns < FORGET_NS && now_ns >= k->forgot_ns)
		return;
	sampler_forget_closed(k->sampler);
	k->forgot_ns = now_ns;
}

int64_t look_due(const struct look *k)
{
	int64_t due, late;

	if (!k->sampler)
		return INT64_MAX;
	due = sampler_due(k->sampler);
	if (!k->thin.unseen)
		return due;
	late = thin_due(&k->thin);
	return late < due ? late : due;
}
