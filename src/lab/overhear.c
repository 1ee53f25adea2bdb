#include "src/lab/overhear.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "capture/live.h"
#include "src/core/clock.h"

enum {
	KEPT = 4096, /* packets; the oldest makes room */
	READ_MAX = 256, /* in one go */
	BUFFER_BYTES = 8 << 20,
};
#define KEEP_NS	 (5 * NS_PER_S)
#define AGAIN_NS (20 * NS_PER_MS)

struct kept {
	struct overheard_packet seen; /* data: owned */
	struct packet packet;
	int64_t until_ns; /* CLOCK_MONOTONIC */
};

struct overhear {
	struct live *live[OVERHEAR_IFACES];
	size_t lives;
	struct kept *kept; /* oldest first */
	size_t count;
	int64_t due_ns;
};

/* ---- interfaces ---- */

static bool is_first_of(const struct ifaddrs *all, const struct ifaddrs *i)
{
	for (; all != i; all = all->ifa_next)
		if (!strcmp(all->ifa_name, i->ifa_name))
			return false;
	return true;
}

/* On loopback each packet is there twice, as sent and as received: once is enough. */
static void open_one(struct overhear *o, const struct ifaddrs *i, struct str *names, struct err *e)
{
	const struct live_options options = { .buffer_bytes = BUFFER_BYTES,
					      .timeout_ms = 1,
					      .incoming_only = i->ifa_flags & IFF_LOOPBACK };
	struct live *live = live_open(i->ifa_name, &options, e);

	if (live && live_link(live) != LINK_ETHERNET) {
		live_close(live);
		err_set(e, NULL, "%s is no Ethernet", i->ifa_name);
		return;
	}
	if (!live)
		return;
	o->live[o->lives++] = live;
	str_addf(names, "%s%s", o->lives > 1 ? ", " : "", i->ifa_name);
}

static int open_all(struct overhear *o, struct str *names, struct err *e)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all))
		return err_errno(e, errno, NULL, "list the interfaces");
	err_set(e, NULL, "no interface is up");
	for (const struct ifaddrs *i = all; i && o->lives < OVERHEAR_IFACES; i = i->ifa_next)
		if ((i->ifa_flags & IFF_UP) && is_first_of(all, i))
			open_one(o, i, names, e);
	freeifaddrs(all);
	return o->lives ? 0 : -1;
}

struct overhear *overhear_open(struct str *names, struct err *e)
{
	struct overhear *o = calloc(1, sizeof(*o));

	if (o)
		o->kept = calloc(KEPT, sizeof(*o->kept));
	if (!o || !o->kept) {
		err_errno(e, ENOMEM, NULL, "capture packets");
	} else if (!open_all(o, names, e)) {
		o->due_ns = INT64_MAX;
		return o;
	}
	overhear_close(o);
	return NULL;
}

void overhear_close(struct overhear *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->lives; i++)
		live_close(o->live[i]);
	for (size_t i = 0; i < o->count; i++)
		free((void *)(uintptr_t)o->kept[i].seen.data);
	free(o->kept);
	free(o);
}

size_t overhear_fds(const struct overhear *o, struct pollfd *fds, size_t max)
{
	size_t n = 0;

	for (; n < o->lives && n < max; n++)
		fds[n] = (struct pollfd){ .fd = live_fd(o->live[n]), .events = POLLIN };
	return n;
}

int64_t overhear_due(const struct overhear *o)
{
	return o->due_ns;
}

/* ---- packets ---- */

static void drop_oldest(struct overhear *o)
{
	free((void *)(uintptr_t)o->kept[0].seen.data);
	memmove(o->kept, o->kept + 1, --o->count * sizeof(*o->kept));
}

static void keep(struct overhear *o, const struct live_packet *p, const struct packet *packet)
{
	uint8_t *copy = malloc(p->caplen ? p->caplen : 1);

	if (!copy)
		return;
	if (p->caplen)
		memcpy(copy, p->data, p->caplen);
	if (o->count == KEPT)
		drop_oldest(o);
	o->kept[o->count++] = (struct kept){
		.seen = { .ts_ns = p->ts_ns, .caplen = p->caplen, .len = p->len, .data = copy },
		.packet = *packet,
		.until_ns = clock_monotonic_ns() + KEEP_NS,
	};
}

static void read_one(struct overhear *o, struct live *live)
{
	struct live_packet p;
	struct packet packet;

	for (int n = 0; n < READ_MAX && live_next(live, &p, NULL) > 0; n++) {
		packet_parse(&packet, LINK_ETHERNET, p.data, p.caplen, p.len);
		if (packet.has_ports)
			keep(o, &p, &packet);
	}
}

/* In order, so that what is taken comes in the order of its time. */
static void ask(struct overhear *o, enum overheard (*whose)(void *context, const struct packet *p),
		void (*take)(void *context, const struct overheard_packet *p, enum overheard how),
		void *context)
{
	int64_t now = clock_monotonic_ns();
	size_t left = 0;

	for (size_t i = 0; i < o->count; i++) {
		struct kept *k = &o->kept[i];
		enum overheard how = whose(context, &k->packet);

		if (how == OVERHEARD_NOT_YET && now < k->until_ns) {
			o->kept[left++] = *k;
			continue;
		}
		if (how != OVERHEARD_NOT_YET)
			take(context, &k->seen, how);
		free((void *)(uintptr_t)k->seen.data);
	}
	o->count = left;
	o->due_ns = left ? now + AGAIN_NS : INT64_MAX;
}

void overhear_work(struct overhear *o,
		   enum overheard (*whose)(void *context, const struct packet *p),
		   void (*take)(void *context, const struct overheard_packet *p,
				enum overheard how),
		   void *context)
{
	size_t before = o->count;

	for (size_t i = 0; i < o->lives; i++)
		read_one(o, o->live[i]);
	if (o->count != before || clock_monotonic_ns() >= o->due_ns)
		ask(o, whose, take, context);
}
