/*
 * How it works: one record a packet, in the order of the file: how far its identity and its frame are behind
 * those of the packet before, which numbers there are, and these; all in 7 bits a byte.  Each 64th record is noted, so
 * that one is found by looking at 64 at most.
 */
#include "src/numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EACH	   64 /* records between two that are noted */
#define NUMBER_MAX 10 /* bytes of a packed number */
#define MEMBERS	   (sizeof(struct packet_numbers) / sizeof(uint64_t))
#define RECORD_MAX (NUMBER_MAX * (2 + MEMBERS))

struct mark {
	uint64_t id, frame; /* of the packet before */
	size_t at;
};

struct numbers {
	struct trace_watch watch;
	uint8_t *bytes;
	size_t len, cap;
	struct mark *mark;
	size_t marks, marks_cap;
	uint64_t count, id, frame; /* of the last record */
	bool full; /* memory ran out: what follows is not known */
};

/* The first is the frame, which is always there. */
static void members_get(const struct packet_numbers *n, uint64_t value[MEMBERS])
{
	memcpy(value, n, sizeof(*n));
}

static bool room(void **array, size_t need, size_t *cap, size_t size)
{
	size_t wanted = *cap ? *cap : 1024;
	void *grown;

	if (need <= *cap)
		return true;
	while (wanted < need)
		wanted += wanted / 2;
	grown = realloc(*array, wanted * size);
	if (!grown)
		return false;
	*array = grown;
	*cap = wanted;
	return true;
}

static bool room_for_record(struct numbers *n)
{
	void *bytes = n->bytes, *marks = n->mark;
	bool good = room(&bytes, n->len + RECORD_MAX, &n->cap, 1) &&
		    room(&marks, n->marks + 1, &n->marks_cap, sizeof(*n->mark));

	n->bytes = bytes;
	n->mark = marks;
	return good;
}

static void put(struct numbers *n, uint64_t value)
{
	for (; value > 127; value >>= 7)
		n->bytes[n->len++] = (uint8_t)(value | 128);
	n->bytes[n->len++] = (uint8_t)value;
}

static uint64_t get(const struct numbers *n, size_t *at)
{
	uint64_t value = 0;

	for (unsigned shift = 0; *at < n->len; shift += 7) {
		uint8_t byte = n->bytes[(*at)++];

		value |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			break;
	}
	return value;
}

static void add(struct numbers *n, uint64_t id, const struct packet_numbers *of)
{
	uint64_t value[MEMBERS], there = 0;

	n->full |= !room_for_record(n);
	if (n->full)
		return;
	if (n->count++ % EACH == 0)
		n->mark[n->marks++] = (struct mark){ n->id, n->frame, n->len };
	members_get(of, value);
	for (size_t i = 1; i < MEMBERS; i++)
		there |= (uint64_t)(value[i] != 0) << i;
	put(n, id - n->id);
	put(n, of->frame - n->frame);
	put(n, there >> 1);
	for (size_t i = 1; i < MEMBERS; i++)
		if (value[i])
			put(n, value[i]);
	n->id = id;
	n->frame = of->frame;
}

/* Times can go backwards; such a one is no number. */
static uint64_t positive(int64_t ns)
{
	return ns > 0 ? (uint64_t)ns : 0;
}

static void packet_seen(void *arg, uint64_t frame, const struct trace_packet *p,
			const struct packet *parsed, const struct conn_note *note)
{
	const struct verdict *v = &note->verdict;
	const struct packet_numbers of = {
		.frame = frame,
		.stream = note->stream == CONN_NONE ? 0 : note->stream + UINT64_C(1),
		.window = v->window,
		.in_flight = v->in_flight,
		.initial_rtt_ns = positive(v->initial_rtt_ns),
		.acked_frame = v->acked_frame,
		.ack_rtt_ns = positive(v->ack_rtt_ns),
		.dup_ack = v->dup_ack,
		.dup_ack_frame = v->dup_ack_frame,
		.rto_frame = v->rto_frame,
		.rto_ns = positive(v->rto_ns),
	};

	(void)parsed;
	add(arg, p->offset, &of);
}

/* The last mark whose records may hold id. */
static const struct mark *mark_before(const struct numbers *n, uint64_t id)
{
	size_t from = 0, to = n->marks;

	while (to - from > 1) {
		size_t middle = from + (to - from) / 2;

		if (n->mark[middle].id < id)
			from = middle;
		else
			to = middle;
	}
	return n->marks ? &n->mark[from] : NULL;
}

/* Reads the record at *at; value is that of the record before, and becomes its own. */
static void record_get(const struct numbers *n, size_t *at, uint64_t *id, uint64_t value[MEMBERS])
{
	uint64_t there;

	*id += get(n, at);
	value[0] += get(n, at);
	there = get(n, at) << 1;
	for (size_t i = 1; i < MEMBERS; i++)
		value[i] = there >> i & 1 ? get(n, at) : 0;
}

bool numbers_find(const struct numbers *n, uint64_t id, struct packet_numbers *out)
{
	const struct mark *m = mark_before(n, id);
	uint64_t value[MEMBERS] = { 0 }, found;
	size_t at;

	if (!m)
		return false;
	found = m->id;
	at = m->at;
	value[0] = m->frame;
	do {
		if (at >= n->len)
			return false;
		record_get(n, &at, &found, value);
	} while (found < id);
	memcpy(out, value, sizeof(*out));
	return found == id;
}

const struct trace_watch *numbers_watch(const struct numbers *n)
{
	return &n->watch;
}

size_t numbers_bytes(const struct numbers *n)
{
	return sizeof(*n) + n->cap + n->marks_cap * sizeof(*n->mark);
}

struct numbers *numbers_new(struct err *e)
{
	struct numbers *n = calloc(1, sizeof(*n));

	if (!n) {
		err_errno(e, ENOMEM, NULL, "noting the numbers of packets");
		return NULL;
	}
	n->watch = (struct trace_watch){ .packet = packet_seen, .arg = n };
	return n;
}

void numbers_free(struct numbers *n)
{
	if (!n)
		return;
	free(n->bytes);
	free(n->mark);
	free(n);
}
