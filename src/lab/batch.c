/*
 * The memory is one mapping, cut into blocks.  A block belongs to the producer (free, being filled, or
 * full and not yet pushed), or travels in one of two queues: `full` towards the consumer and `empty` back.
 * Free blocks are kept as a stack, so that in steady state the same few, which are in the cache, go round.
 *
 * A record in a block is a size, the part of struct event that its kind uses, and the bytes that the event
 * points to (a packet's data, a text with its NUL).  The consumer copies the event out and points it to
 * those bytes, so that it can be changed and outlives nothing but the block.
 */
#include "src/lab/batch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "src/core/queue.h"
#include "src/core/str.h"

#define BLOCK_BYTES (128u << 10)
#define BLOCKS_MIN  4
#define ALIGNMENT   8
#define CACHE_LINE  64

struct block {
	uint32_t used; /* bytes of room[] that hold records */
	uint32_t padding;
	_Alignas(ALIGNMENT) uint8_t room[BLOCK_BYTES - 8];
};
static_assert(sizeof(struct block) == BLOCK_BYTES, "a block is its room and its head");

struct record {
	uint32_t size; /* of it all, a multiple of ALIGNMENT */
	uint32_t event_bytes; /* of struct event, behind this head */
	uint32_t tail_bytes; /* behind those */
	uint32_t padding;
};

struct producer {
	struct block **free; /* stack */
	size_t frees;
	struct block *filling; /* NULL: none */
	uint64_t pushed; /* blocks */
	uint64_t returned;
	uint64_t lost; /* events left out, all */
	uint64_t lost_unsaid; /* of them, those that no note has told of yet */
	uint64_t cut_unsaid; /* packets cut to their headers */
	int64_t missed_ns; /* time of the last event of either sort */
};

struct consumer {
	struct block *reading;
	uint32_t at; /* of its room */
	struct event now;
};

struct batch {
	_Alignas(CACHE_LINE) struct producer p;
	_Alignas(CACHE_LINE) struct consumer c;
	_Alignas(CACHE_LINE) struct queue *full;
	struct queue *empty;
	uint8_t *memory;
	size_t blocks;
};

/* How much of struct event each kind uses.  0: a kind that is not handed over here. */
#define USED(member) (offsetof(struct event, member) + sizeof(((struct event *)0)->member))
static const size_t used_bytes[EVENT_KINDS] = {
	[EVENT_PACKET] = USED(packet),	 [EVENT_WIRE] = USED(wire),
	[EVENT_STATE] = USED(state),	 [EVENT_NOTE] = USED(note),
	[EVENT_COMMAND] = USED(command), [EVENT_COUNTERS] = USED(counters),
};

/* ---- making and ending ---- */

static int allocate(struct batch *b)
{
	b->p.free = calloc(b->blocks, sizeof(b->p.free[0]));
	if (!b->p.free)
		return -1;
	b->memory = mmap(NULL, b->blocks * BLOCK_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (b->memory == MAP_FAILED) {
		b->memory = NULL;
		return -1;
	}
	for (size_t i = 0; i < b->blocks; i++)
		b->p.free[i] = (struct block *)(b->memory + (b->blocks - 1 - i) * BLOCK_BYTES);
	b->p.frees = b->blocks;
	return 0;
}

struct batch *batch_new(size_t bytes, struct err *e)
{
	struct batch *b = aligned_alloc(CACHE_LINE, sizeof(*b));

	if (!b) {
		err_errno(e, errno, NULL, "making room for events");
		return NULL;
	}
	memset(b, 0, sizeof(*b));
	b->blocks = (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES;
	if (b->blocks < BLOCKS_MIN)
		b->blocks = BLOCKS_MIN;
	b->full = queue_new(b->blocks, e);
	b->empty = queue_new(b->blocks, e);
	if (!b->full || !b->empty)
		goto fail;
	if (allocate(b) < 0) {
		err_errno(e, errno, NULL, "making room for %zu bytes of events", bytes);
		goto fail;
	}
	return b;
fail:
	batch_free(b);
	return NULL;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	if (b->memory)
		munmap(b->memory, b->blocks * BLOCK_BYTES);
	free(b->p.free);
	queue_free(b->full);
	queue_free(b->empty);
	free(b);
}

/* ---- the producer's side ---- */

static void take_back(struct batch *b)
{
	struct block *block;

	while ((block = queue_pop(b->empty))) {
		b->p.free[b->p.frees++] = block;
		b->p.returned++;
	}
}

static void push_filling(struct batch *b)
{
	(void)queue_push(b->full, b->p.filling); /* it has a slot for every block */
	b->p.filling = NULL;
	b->p.pushed++;
}

static struct block *room_for(struct batch *b, size_t size)
{
	struct producer *p = &b->p;

	if (p->filling && p->filling->used + size <= sizeof(p->filling->room))
		return p->filling;
	if (p->filling)
		push_filling(b);
	take_back(b);
	if (p->frees == 0)
		return NULL;
	p->filling = p->free[--p->frees];
	p->filling->used = 0;
	return p->filling;
}

/* The bytes that an event points to. */
static const void *tail_of(const struct event *ev, size_t *len)
{
	const char *text = NULL;

	*len = 0;
	if (ev->kind == EVENT_PACKET) {
		*len = ev->packet.caplen;
		return ev->packet.data;
	}
	if (ev->kind == EVENT_WIRE)
		text = ev->wire.by;
	if (ev->kind == EVENT_NOTE)
		text = ev->note.text;
	if (ev->kind == EVENT_COMMAND)
		text = ev->command.status;
	if (ev->kind == EVENT_COUNTERS)
		text = ev->counters.changes;
	if (text)
		*len = strlen(text) + 1;
	return text;
}

static bool write_record(struct batch *b, const struct event *ev, const void *tail, size_t tail_len)
{
	struct record r = {
		.event_bytes = (uint32_t)used_bytes[ev->kind],
		.tail_bytes = (uint32_t)tail_len,
	};
	size_t size = sizeof(r) + r.event_bytes + tail_len;
	struct block *block;
	uint8_t *at;

	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (size > sizeof(block->room))
		return false;
	block = room_for(b, size);
	if (!block)
		return false;
	r.size = (uint32_t)size;
	at = block->room + block->used;
	memcpy(at, &r, sizeof(r));
	memcpy(at + sizeof(r), ev, r.event_bytes);
	if (tail_len)
		memcpy(at + sizeof(r) + r.event_bytes, tail, tail_len);
	block->used += r.size;
	return true;
}

/* From here on packets are cut: a quarter of the memory is left. */
static bool is_short(const struct batch *b)
{
	return b->p.pushed - b->p.returned > b->blocks * 3 / 4;
}

static bool put(struct batch *b, const struct event *ev)
{
	size_t len;
	const void *tail = tail_of(ev, &len);
	struct event cut;

	if (ev->kind != EVENT_PACKET || len <= BATCH_HEADERS || !is_short(b))
		return write_record(b, ev, tail, len);
	cut = *ev;
	cut.packet.caplen = BATCH_HEADERS;
	if (!write_record(b, &cut, tail, BATCH_HEADERS))
		return false;
	b->p.cut_unsaid++;
	b->p.missed_ns = ev->ts_ns;
	return true;
}

static bool is_missing(const struct producer *p)
{
	return p->lost_unsaid || p->cut_unsaid;
}

static void say_counts(struct str *out, const struct producer *p)
{
	if (p->lost_unsaid)
		str_addf(out, "%llu events were left out", (unsigned long long)p->lost_unsaid);
	if (p->lost_unsaid && p->cut_unsaid)
		str_add(out, " and ");
	if (p->cut_unsaid)
		str_addf(out, "%llu packets cut to their headers",
			 (unsigned long long)p->cut_unsaid);
	str_add(out, ": more came than could be written down");
}

/* Tells of what is missing, once the consumer has caught up so far that it will not go on missing. */
static void say_missing(struct batch *b)
{
	STR_ON_STACK(text, 160);
	struct event note = {
		.kind = EVENT_NOTE,
		.host = HOST_NONE,
		.ts_ns = b->p.missed_ns,
		.note = { .kind = NOTE_LIMIT, .text = text.buf },
	};

	take_back(b);
	if (is_short(b))
		return;
	say_counts(&text, &b->p);
	if (!write_record(b, &note, text.buf, text.len + 1))
		return;
	b->p.lost_unsaid = 0;
	b->p.cut_unsaid = 0;
}

void batch_put(struct batch *b, const struct event *ev)
{
	struct producer *p = &b->p;

	if (is_missing(p))
		say_missing(b);
	if (used_bytes[ev->kind] && put(b, ev))
		return;
	p->lost++;
	p->lost_unsaid++;
	p->missed_ns = ev->ts_ns;
}

bool batch_waiting(const struct batch *b)
{
	return is_missing(&b->p) || (b->p.filling && b->p.filling->used > 0);
}

void batch_push(struct batch *b)
{
	struct producer *p = &b->p;

	if (is_missing(p))
		say_missing(b);
	if (p->filling && p->filling->used > 0)
		push_filling(b);
}

bool batch_flush(struct batch *b)
{
	struct producer *p = &b->p;

	take_back(b);
	/* Blocks that are nearly empty must not use the memory up while the consumer is busy elsewhere. */
	if (p->pushed - p->returned <= b->blocks / 2)
		batch_push(b);
	return !batch_waiting(b);
}

uint64_t batch_lost(const struct batch *b)
{
	return b->p.lost;
}

/* ---- the consumer's side ---- */

int batch_fd(const struct batch *b)
{
	return queue_fd(b->full);
}

void batch_clear_fd(struct batch *b)
{
	queue_clear_fd(b->full);
}

static void point_to_tail(struct event *ev, uint8_t *tail, size_t len)
{
	if (ev->kind == EVENT_PACKET)
		ev->packet.data = tail;
	if (ev->kind == EVENT_WIRE)
		ev->wire.by = len ? (const char *)tail : NULL;
	if (ev->kind == EVENT_NOTE)
		ev->note.text = len ? (const char *)tail : NULL;
	if (ev->kind == EVENT_COMMAND)
		ev->command.status = len ? (const char *)tail : NULL;
	if (ev->kind == EVENT_COUNTERS)
		ev->counters.changes = len ? (const char *)tail : NULL;
}

static struct event *read_record(struct consumer *c)
{
	uint8_t *at = c->reading->room + c->at;
	struct record r;

	memcpy(&r, at, sizeof(r));
	memcpy(&c->now, at + sizeof(r), r.event_bytes);
	point_to_tail(&c->now, at + sizeof(r) + r.event_bytes, r.tail_bytes);
	c->at += r.size;
	return &c->now;
}

struct event *batch_next(struct batch *b)
{
	struct consumer *c = &b->c;

	if (c->reading && c->at < c->reading->used)
		return read_record(c);
	if (c->reading)
		(void)queue_push(b->empty, c->reading); /* it has a slot for every block */
	c->at = 0;
	c->reading = queue_pop(b->full);
	return c->reading ? read_record(c) : NULL;
}
