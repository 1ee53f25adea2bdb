/*
 * pcapng as a trace: packets of any of its three packet blocks, our events, other programs' journal
 * entries, and names.  Blocks that we do not know are passed over.
 *
 * A block that is whole but makes no sense costs itself.  Where the chain of lengths breaks,
 * everything is passed over up to the next section header, or the next block of a known type whose
 * two lengths agree and behind which another one begins.
 */
#include "capture/trace_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/gap.h"
#include "capture/journal.h"
#include "src/core/clock.h"

#define BLOCK_RESYNC (1u << 20) /* longest block that reading starts again with */
#define IFACES_MAX   65536
#define SECTIONS_MAX 1048576
#define RESYNC_BYTES 65536 /* searched in one go */
#define OTHER_WHOLE  65536 /* longest block of no interest that is looked at whole */

struct scan { /* what is kept from one call of the scanner to the next */
	bool big; /* byte order of the section */
	uint64_t block; /* number of the block, from 1 */
	uint32_t passing; /* length of a block whose body is being passed over; 0: none */
	bool lost; /* the chain is broken, and its next beginning is looked for … */
	uint64_t
		from; /* … behind this offset; or: where the block that is being passed over begins */
	const char *why;
	struct gaps gaps;
};

/* One call of the scanner. */
struct turn {
	struct scan *s;
	struct trace *t;
	struct load *l;
	struct input *in;
	bool big; /* byte order of the block at hand: of a section header its own */
};

/* ---- one block as an event ---- */

static bool is_packet(uint32_t type)
{
	return type == BLOCK_EPB || type == BLOCK_SPB || type == BLOCK_PB;
}

/* Whether blocks of this type are looked into. */
static bool is_read(uint32_t type)
{
	return is_packet(type) || type == BLOCK_SHB || type == BLOCK_IDB || type == BLOCK_NRB ||
	       type == BLOCK_JOURNAL;
}

/* Number in trace.host; a direction that is not known means no host, in a file of ours. */
static void packet_event(const struct trace *t, const struct section *s,
			 const struct pcapng_packet *p, struct event *ev)
{
	uint32_t host = t->iface[s->iface + p->iface].host;
	bool unsent = s->ours && (p->flags & EPB_DIRECTION) == 0;

	*ev = (struct event){ .kind = EVENT_PACKET, .host = HOST_NONE };
	if (host < HOSTS_MAX && !unsent)
		ev->host = (uint8_t)host;
	ev->packet.number = s->ours ? p->number : 0;
	ev->packet.caplen = p->caplen;
	ev->packet.len = p->len;
	ev->packet.iface = host;
	ev->packet.drops = p->drops < UINT32_MAX ? (uint32_t)p->drops : UINT32_MAX;
	ev->packet.data = p->data;
}

/* Hosts are counted anew in each section. */
static uint8_t known_host(const struct trace *t, const struct section *s, uint8_t host)
{
	if (t->growing || host == HOST_NONE)
		return host;
	if (host >= s->ifaces || t->iface[s->iface + host].host >= HOSTS_MAX)
		return HOST_NONE;
	return (uint8_t)t->iface[s->iface + host].host;
}

enum outcome { NO_EVENT, TIMED, UNTIMED, WRONG };

static enum outcome read_packet(const struct trace *t, const struct section *s,
				const struct pcapng_block *b, struct event *ev, const char **why)
{
	uint32_t snaplen = s->ifaces ? t->iface[s->iface].of.snaplen : 0;
	struct pcapng_packet p;

	if (!pcapng_read_packet(b, s->big, snaplen, &p, why))
		return WRONG;
	if (p.iface >= s->ifaces) {
		*why = "a packet of an interface that is not described";
		return WRONG;
	}
	packet_event(t, s, &p, ev);
	if (!p.has_time)
		return UNTIMED;
	ev->ts_ns = pcapng_time_ns(&t->iface[s->iface + p.iface].of, p.units);
	return TIMED;
}

static enum outcome read_journal(const struct trace *t, const struct section *s,
				 const struct pcapng_block *b, struct memory *text,
				 struct event *ev, const char **why)
{
	size_t size = journal_text_size(b->body.len);
	uint8_t *bytes = memory_of(text, size);
	enum journal_entry entry;

	if (!bytes) {
		*why = "an event that memory has no room for";
		return WRONG;
	}
	entry = journal_read(b->body, ev, (char *)bytes, text->size);
	if (entry == JOURNAL_OURS) {
		ev->host = known_host(t, s, ev->host);
		if (ev->kind == EVENT_WIRE)
			ev->wire.to = known_host(t, s, ev->wire.to);
	}
	return entry == JOURNAL_UNTIMED ? UNTIMED : TIMED;
}

static enum outcome read_event(const struct trace *t, const struct section *s,
			       const struct pcapng_block *b, struct memory *text, struct event *ev,
			       const char **why)
{
	if (is_packet(b->type))
		return read_packet(t, s, b, ev, why);
	if (b->type == BLOCK_JOURNAL)
		return read_journal(t, s, b, text, ev, why);
	return NO_EVENT;
}

static uint32_t pcapng_record_size(const struct trace *t, uint64_t offset, const uint8_t *head,
				   size_t len)
{
	const struct section *s = trace_section_at(t, offset);
	const struct scan *scan = t->format_state;
	bool big = s && s->big;
	const char *why;
	uint32_t type, total = pcapng_head(head, len, &big, &type, &why);

	if (scan && gap_at(&scan->gaps, offset))
		return 1;
	return total > PCAPNG_BLOCK_MAX ? 0 : (total + 3) & ~3u;
}

static bool pcapng_read_record(const struct trace *t, uint64_t offset, const uint8_t *bytes,
			       size_t len, struct memory *text, struct event *ev)
{
	const struct section *s = trace_section_at(t, offset);
	const struct scan *scan = t->format_state;
	struct pcapng_block b;
	const char *why;
	enum outcome outcome;

	if (scan && gap_event(&scan->gaps, offset, text, ev))
		return true;
	if (!s || !pcapng_read_block(bytes, len, s->big, &b, &why))
		return false;
	outcome = read_event(t, s, &b, text, ev, &why);
	return outcome == TIMED || outcome == UNTIMED;
}

/* ---- blocks that say something about others ---- */

static int take_section(struct turn *u, const struct pcapng_block *b, const char **why,
			struct err *e)
{
	struct section section = { .offset = u->in->offset, .big = u->big };
	struct pcapng_section head;

	if (u->t->sections >= SECTIONS_MAX) {
		*why = "too many sections";
		u->l->skip = UINT64_MAX;
		u->l->skip_lost = true;
		return 0;
	}
	u->s->big = u->big;
	if (pcapng_read_section(b->body, u->big, &head, why))
		section.ours = strncmp(head.application, "socklens", 8) == 0;
	return trace_add_section(u->t, &section, e);
}

static int take_iface(struct turn *u, const struct pcapng_block *b, const char **why, struct err *e)
{
	struct pcapng_iface i;

	if (!pcapng_read_iface(b->body, u->s->big, &i, why))
		return 0;
	if (u->t->ifaces >= IFACES_MAX) {
		*why = "too many interfaces";
		return 0;
	}
	return trace_add_iface(u->t, &i, e);
}

static void take_names(struct turn *u, const struct pcapng_block *b)
{
	struct rd body = b->body;
	struct addr_name n;

	while (pcapng_next_name(&body, u->s->big, &n))
		trace_add_name(u->t, &n);
}

static uint64_t next_number(const struct trace *t)
{
	return t->packets + t->load->batch.count + 1;
}

static int take_packet(struct turn *u, const struct event *ev, struct err *e)
{
	const struct event_packet *p = &ev->packet;
	struct trace_packet b = {
		.ts_ns = ev->ts_ns,
		.offset = u->in->offset,
		.data = p->data,
		.caplen = p->caplen,
		.len = p->len,
		.link = u->t->host[p->iface].link,
		.number = (uint32_t)(p->number ? p->number : next_number(u->t)),
		.host = ev->host < HOSTS_MAX ? ev->host : TRACE_HOST_NONE,
	};

	trace_batch_add(u->t, &b);
	return u->l->batch.count < BATCH ? 0 : trace_batch_run(u->t, e);
}

/* Length of an entry, which is text, without what fills its block up. */
static uint32_t unpadded(struct rd body)
{
	while (body.len && !body.base[body.len - 1])
		body.len--;
	return (uint32_t)body.len;
}

static int take_event(struct turn *u, const struct pcapng_block *b, const char **why, struct err *e)
{
	struct trace *t = u->t;
	struct event ev;
	enum outcome outcome =
		read_event(t, &t->section[t->sections - 1], b, &u->l->text, &ev, why);

	if (outcome != TIMED && outcome != UNTIMED)
		return 0;
	if (outcome == UNTIMED)
		ev.ts_ns = t->last_ns;
	if (ev.kind == EVENT_PACKET)
		return take_packet(u, &ev, e);
	if (trace_batch_run(t, e) < 0)
		return -1;
	t->entry_len = unpadded(b->body);
	return trace_index_event(t, &ev, u->in->offset, e);
}

/* *why is set if the block makes no sense. */
static int take_block(struct turn *u, const struct pcapng_block *b, const char **why, struct err *e)
{
	if (u->t->sections == 0 && b->type != BLOCK_SHB) {
		*why = "a block before the first section header";
		return 0;
	}
	switch (b->type) {
	case BLOCK_SHB:
		return take_section(u, b, why, e);
	case BLOCK_IDB:
		return take_iface(u, b, why, e);
	case BLOCK_NRB:
		take_names(u, b);
		return 0;
	case BLOCK_EPB:
	case BLOCK_SPB:
	case BLOCK_PB:
	case BLOCK_JOURNAL:
		return take_event(u, b, why, e);
	}
	return 0;
}

/* ---- the chain of blocks ---- */

/* input_want() moves the window, and with it the packets that wait. */
static int want(struct turn *u, size_t n, size_t *have, struct err *e)
{
	*have = input_have(u->in);
	if (*have >= n || u->in->ended)
		return 0;
	if (trace_batch_run(u->t, e) < 0)
		return -1;
	*have = input_want(u->in, n);
	return 0;
}

static bool is_known_type(uint32_t type)
{
	static const uint32_t known[] = { BLOCK_SHB, BLOCK_IDB, BLOCK_PB,  BLOCK_SPB,
					  BLOCK_NRB, BLOCK_ISB, BLOCK_EPB, BLOCK_JOURNAL,
					  0x0a,	     0x0bad,	0x40000bad };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i] == type)
			return true;
	}
	return false;
}

/* Whether what begins at `at` in the window can be the head of a block.  *big: the order of bytes, which
 * a section header changes. */
static bool plausible_head(const struct turn *u, size_t at, bool *big, uint32_t *total)
{
	const uint8_t *p = input_bytes(u->in) + at;
	size_t have = input_have(u->in) - at;
	const char *why;
	uint32_t type;

	*total = pcapng_head(p, have, big, &type, &why);
	return *total >= PCAPNG_HEADER && *total % 4 == 0 && *total <= BLOCK_RESYNC &&
	       is_known_type(type);
}

enum here { NOT_HERE, HERE, NOT_ARRIVED };

/* A whole block of a known type, and behind it another one or the end. */
static enum here block_here(struct turn *u)
{
	struct pcapng_block b;
	bool big = u->s->big;
	const char *why;
	uint32_t total, next;
	size_t have;

	if (!plausible_head(u, 0, &big, &total))
		return NOT_HERE;
	have = input_want(u->in, total + PCAPNG_HEADER);
	if (have < total + PCAPNG_HEADER && !u->in->ended)
		return NOT_ARRIVED;
	if (!pcapng_read_block(input_bytes(u->in), have, big, &b, &why))
		return NOT_HERE;
	return have == total || plausible_head(u, total, &big, &next) ? HERE : NOT_HERE;
}

static bool starts_section(const struct turn *u)
{
	static const uint8_t type[] = { 0x0a, 0x0d, 0x0d, 0x0a };

	return memcmp(input_bytes(u->in), type, sizeof(type)) == 0;
}

/*
 * Goes on a little to where blocks begin again, or to the end.  Section headers stand anywhere, other blocks
 * at a multiple of 4.
 */
static int resync(struct turn *u, struct err *e)
{
	struct scan *s = u->s;
	enum here here = NOT_HERE;
	struct gap gap = { .offset = s->from, .why = s->why };

	for (unsigned i = 0; i < RESYNC_BYTES && here == NOT_HERE; i++) {
		if (input_want(u->in, PCAPNG_HEADER) < PCAPNG_HEADER) {
			if (!u->in->ended)
				return 0;
			input_step(u->in, input_have(u->in));
			here = HERE;
		} else if ((u->in->offset - s->from) % 4 == 0 || starts_section(u)) {
			here = block_here(u);
		}
		if (here == NOT_HERE)
			input_step(u->in, 1);
	}
	s->lost = here != HERE;
	gap.bytes = u->in->offset - s->from;
	if (s->lost)
		return 0;
	if (input_have(u->in) > 0)
		return gap_add(&s->gaps, u->t, &gap, s->block, e);
	trace_damaged(u->t, gap.offset, s->block, gap.bytes, gap.why);
	return 0;
}

/* The chain of blocks is broken here. */
static void broken(struct turn *u, const char *why)
{
	static const uint8_t zeros[8];

	if (memcmp(input_bytes(u->in), zeros, sizeof(zeros)) == 0)
		why = "zero bytes where a block should begin";
	u->s->passing = 0;
	u->s->lost = true;
	u->s->from = u->in->offset;
	u->s->why = why;
	input_step(u->in, 1);
}

/*
 * Whether a block ends with the length that it begins with, where that can be looked at before its time: what
 * is taken for a large block of an unknown type is often no block.
 */
static bool ends_alike(const struct turn *u, uint32_t total, const char **why)
{
	uint64_t end = u->in->offset + (((uint64_t)total + 3) & ~UINT64_C(3));
	uint8_t again[4];
	struct rd r = rd_on(again, sizeof(again));

	if (u->in->source)
		return true;
	*why = "the file ends inside a block";
	if (pread(u->in->fd, again, sizeof(again), (off_t)end - 4) != sizeof(again))
		return false;
	*why = "a block whose two lengths differ";
	return (u->s->big ? rd_be32(&r) : rd_le32(&r)) == total;
}

/* A block of which nothing is wanted need not be in memory; only its two lengths must agree. */
static void pass_over(struct turn *u, uint32_t total)
{
	u->s->passing = total;
	u->s->from = u->in->offset;
	u->l->skip = (((uint64_t)total + 3) & ~UINT64_C(3)) - 4;
	u->l->skip_lost = false;
}

static void passed(struct turn *u)
{
	uint32_t total = u->s->passing, again;
	const char *why = NULL;
	struct rd r;

	if (input_want(u->in, 4) < 4) {
		if (!u->in->ended)
			return;
		why = "the file ends inside a block";
		input_step(u->in, input_have(u->in));
	} else {
		r = rd_on(input_bytes(u->in), 4);
		again = u->s->big ? rd_be32(&r) : rd_le32(&r);
		input_step(u->in, 4);
		if (again != total)
			why = "a block whose two lengths differ";
	}
	u->s->passing = 0;
	if (why)
		trace_damaged(u->t, u->s->from, u->s->block, u->in->offset - u->s->from, why);
}

/* A block of which `total` bytes are said to be there. */
static int whole_block(struct turn *u, uint32_t total, const char *why, struct err *e)
{
	struct pcapng_block b;
	uint64_t at = u->in->offset;
	size_t have = input_have(u->in), size = ((size_t)total + 3) & ~(size_t)3;

	if (total && total <= PCAPNG_BLOCK_MAX) {
		if (want(u, size, &have, e) < 0)
			return -1;
		if (have < size && !u->in->ended)
			return 0;
	}
	u->s->block++;
	if (total == 0 || !pcapng_read_block(input_bytes(u->in), have, u->big, &b, &why)) {
		if (trace_batch_run(u->t, e) < 0)
			return -1;
		broken(u, why);
		return 0;
	}
	why = NULL;
	if (take_block(u, &b, &why, e) < 0)
		return -1;
	if (why)
		trace_damaged(u->t, at, u->s->block, b.total, why);
	input_step(u->in, b.total);
	return 1;
}

/*
 * Nearly all blocks of a foreign capture are packets without options on interfaces of the usual two resolutions:
 * what the functions above would make of such a one, in one step.  False: it is another kind, or not all there.
 */
static bool take_common(struct turn *u)
{
	enum { BODY = 8, DATA = 28, AROUND = DATA + 4 };
	const struct trace *t = u->t;
	const struct section *s = t->sections ? &t->section[t->sections - 1] : NULL;
	const uint8_t *bytes = input_bytes(u->in);
	struct rd r = rd_on(bytes, DATA), tail;
	const struct iface *i;
	uint32_t type, total, number, caplen, len;
	uint64_t units;
	int64_t unit_ns;

	if (!s || u->s->big || input_have(u->in) < AROUND)
		return false;
	type = rd_le32(&r);
	total = rd_le32(&r);
	number = rd_le32(&r);
	units = (uint64_t)rd_le32(&r) << 32;
	units |= rd_le32(&r);
	caplen = rd_le32(&r);
	len = rd_le32(&r);
	if (type != BLOCK_EPB || caplen > OTHER_WHOLE || total != AROUND + ((caplen + 3) & ~3u) ||
	    input_have(u->in) < total || number >= s->ifaces)
		return false;
	tail = rd_on(bytes + total - 4, 4);
	i = &t->iface[s->iface + number];
	unit_ns = i->of.tsresol == PCAPNG_NSEC ? 1 : i->of.tsresol == PCAPNG_USEC ? NS_PER_US : 0;
	if (rd_le32(&tail) != total || i->of.tsoffset || !unit_ns ||
	    units > (uint64_t)(INT64_MAX / unit_ns))
		return false;
	trace_batch_add(u->t, &(struct trace_packet){
				      .ts_ns = (int64_t)units * unit_ns,
				      .offset = u->in->offset,
				      .data = bytes + DATA,
				      .caplen = caplen,
				      .len = len,
				      .link = t->host[i->host].link,
				      .number = (uint32_t)next_number(t),
				      .host = i->host < HOSTS_MAX && !s->ours ? (uint8_t)i->host
									      : TRACE_HOST_NONE,
			      });
	u->s->block++;
	input_step(u->in, total);
	return true;
}

/* One block, or what is in its place.  1: there may be another at once. */
static int next_block(struct turn *u, struct err *e)
{
	const char *why = NULL;
	uint32_t type, total;
	size_t have;

	if (take_common(u))
		return u->l->batch.count < BATCH ? 1 : trace_batch_run(u->t, e) < 0 ? -1 : 1;
	if (want(u, PCAPNG_HEADER, &have, e) < 0)
		return -1;
	if (have < PCAPNG_HEADER) {
		if (have > 0 && u->in->ended)
			trace_damaged(u->t, u->in->offset, ++u->s->block, input_skip(u->in, have),
				      "the file ends inside a block's head");
		return 0;
	}
	u->big = u->s->big;
	total = pcapng_head(input_bytes(u->in), have, &u->big, &type, &why);
	if (total <= OTHER_WHOLE || is_read(type))
		return whole_block(u, total, why, e);
	u->s->block++;
	if (ends_alike(u, total, &why)) {
		pass_over(u, total);
		return 0;
	}
	if (trace_batch_run(u->t, e) < 0)
		return -1;
	broken(u, why);
	return 0;
}

static int pcapng_scan(struct trace *t, struct load *l, struct err *e)
{
	struct turn u = { .s = t->format_state, .t = t, .l = l, .in = &l->in };
	int rc = 1;

	if (!u.s)
		u.s = t->format_state = calloc(1, sizeof(*u.s));
	if (!u.s)
		return err_errno(e, ENOMEM, NULL, "reading it");
	if (u.s->lost)
		rc = resync(&u, e) < 0 ? -1 : 1;
	else if (u.s->passing)
		passed(&u);
	for (int i = 0; i < BATCH && rc > 0 && !u.s->lost && !u.s->passing && !l->skip; i++)
		rc = next_block(&u, e);
	if (rc < 0 || trace_batch_run(t, e) < 0)
		return -1;
	if (t->sections == 0 && l->in.ended && input_have(&l->in) == 0)
		return err_set(e, NULL, "not a whole section header");
	return 0;
}

static bool pcapng_matches(const uint8_t *head, size_t len)
{
	static const uint8_t type[] = { 0x0a, 0x0d, 0x0d, 0x0a };

	return len >= sizeof(type) && memcmp(head, type, sizeof(type)) == 0;
}

const struct trace_format format_pcapng = {
	.name = "pcapng",
	.matches = pcapng_matches,
	.scan = pcapng_scan,
	.record_size = pcapng_record_size,
	.read_record = pcapng_read_record,
};
