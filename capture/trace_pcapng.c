/*
 * pcapng as a trace: packets of any of its three packet blocks, our events, other programs' journal
 * entries, and names.  Blocks that we do not know are passed over.
 *
 * A block that is whole but makes no sense costs itself.  Where the chain of lengths breaks,
 * everything is passed over up to the next section header, or the next block of a known type whose
 * two lengths agree and behind which another one begins.
 */
#include "capture/trace_impl.h"

#include <stdlib.h>
#include <string.h>

#include "capture/journal.h"

#define BLOCK_RESYNC (1u << 20) /* longest block that reading starts again with */
#define IFACES_MAX   65536
#define OTHER_WHOLE  65536 /* longest block of no interest that is looked at whole */

struct scan {
	struct trace *t;
	struct input *in;
	bool big; /* byte order of the section */
	uint64_t block; /* number of the block, from 1 */
	struct memory text; /* of the event being read */
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
	bool big = s && s->big;
	const char *why;
	uint32_t type, total = pcapng_head(head, len, &big, &type, &why);

	return total > PCAPNG_BLOCK_MAX ? 0 : (total + 3) & ~3u;
}

static bool pcapng_read_record(const struct trace *t, uint64_t offset, const uint8_t *bytes,
			       size_t len, struct memory *text, struct event *ev)
{
	const struct section *s = trace_section_at(t, offset);
	struct pcapng_block b;
	const char *why;
	enum outcome outcome;

	if (!s || !pcapng_read_block(bytes, len, s->big, &b, &why))
		return false;
	outcome = read_event(t, s, &b, text, ev, &why);
	return outcome == TIMED || outcome == UNTIMED;
}

/* ---- blocks that say something about others ---- */

static int take_section(struct scan *s, const struct pcapng_block *b, const char **why,
			struct err *e)
{
	struct section section = { .offset = s->in->offset, .big = s->big };
	struct pcapng_section head;

	if (pcapng_read_section(b->body, s->big, &head, why))
		section.ours = strncmp(head.application, "socklens", 8) == 0;
	return trace_add_section(s->t, &section, e);
}

static int take_iface(struct scan *s, const struct pcapng_block *b, const char **why, struct err *e)
{
	struct pcapng_iface i;

	if (!pcapng_read_iface(b->body, s->big, &i, why))
		return 0;
	if (s->t->ifaces >= IFACES_MAX) {
		*why = "too many interfaces";
		return 0;
	}
	return trace_add_iface(s->t, &i, e);
}

static void take_names(struct scan *s, const struct pcapng_block *b)
{
	struct rd body = b->body;
	struct addr_name n;

	while (pcapng_next_name(&body, s->big, &n))
		trace_add_name(s->t, &n);
}

static int take_event(struct scan *s, const struct pcapng_block *b, const char **why, struct err *e)
{
	struct trace *t = s->t;
	struct event ev;
	enum outcome outcome = read_event(t, &t->section[t->sections - 1], b, &s->text, &ev, why);

	if (outcome != TIMED && outcome != UNTIMED)
		return 0;
	if (outcome == UNTIMED)
		ev.ts_ns = t->last_ns;
	if (ev.kind == EVENT_PACKET && ev.packet.number == 0)
		ev.packet.number = t->packets + 1;
	return trace_index_event(t, &ev, s->in->offset, e);
}

/* *why is set if the block makes no sense. */
static int take_block(struct scan *s, const struct pcapng_block *b, const char **why, struct err *e)
{
	if (s->t->sections == 0 && b->type != BLOCK_SHB) {
		*why = "a block before the first section header";
		return 0;
	}
	switch (b->type) {
	case BLOCK_SHB:
		return take_section(s, b, why, e);
	case BLOCK_IDB:
		return take_iface(s, b, why, e);
	case BLOCK_NRB:
		take_names(s, b);
		return 0;
	case BLOCK_EPB:
	case BLOCK_SPB:
	case BLOCK_PB:
	case BLOCK_JOURNAL:
		return take_event(s, b, why, e);
	}
	return 0;
}

/* ---- the chain of blocks ---- */

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

/* Whether what begins at `at` in the window can be the head of a block. */
static bool plausible_head(const struct scan *s, size_t at, uint32_t *total)
{
	const uint8_t *p = input_bytes(s->in) + at;
	size_t have = s->in->end - s->in->at - at;
	bool big = s->big;
	const char *why;
	uint32_t type;

	*total = pcapng_head(p, have, &big, &type, &why);
	return *total >= PCAPNG_HEADER && *total % 4 == 0 && *total <= BLOCK_RESYNC &&
	       is_known_type(type);
}

/* A whole block of a known type, and behind it another one or the end. */
static bool is_block_here(struct scan *s)
{
	struct pcapng_block b;
	const char *why;
	uint32_t total, next;
	size_t have;

	if (!plausible_head(s, 0, &total))
		return false;
	have = input_want(s->in, total + PCAPNG_HEADER);
	if (!pcapng_read_block(input_bytes(s->in), have, s->big, &b, &why))
		return false;
	return have == total || plausible_head(s, total, &next);
}

static bool starts_section(const struct scan *s)
{
	static const uint8_t type[] = { 0x0a, 0x0d, 0x0d, 0x0a };

	return memcmp(input_bytes(s->in), type, sizeof(type)) == 0;
}

/* Goes on to where blocks begin again, or to the end.  Section headers stand anywhere, other blocks
 * at a multiple of 4. */
static uint64_t resync(struct scan *s)
{
	uint64_t from = s->in->offset;
	uint64_t skipped = input_skip(s->in, 1);

	while (input_want(s->in, PCAPNG_HEADER) >= PCAPNG_HEADER) {
		if (((s->in->offset - from) % 4 == 0 || starts_section(s)) && is_block_here(s))
			return skipped;
		skipped += input_skip(s->in, 1);
	}
	return skipped + input_skip(s->in, UINT64_MAX);
}

static const char *why_broken(const struct scan *s, const char *why)
{
	static const uint8_t zeros[8];

	if (memcmp(input_bytes(s->in), zeros, sizeof(zeros)) == 0)
		return "zero bytes where a block should begin";
	return why;
}

/* A block of which nothing is wanted need not be in memory; only its two lengths must agree. */
static bool pass_over(struct scan *s, uint32_t total, const char **why)
{
	uint64_t body = (((uint64_t)total + 3) & ~UINT64_C(3)) - 4;
	struct rd r;
	uint32_t again;

	if (input_skip(s->in, body) < body || input_want(s->in, 4) < 4) {
		*why = "the file ends inside a block";
		return false;
	}
	r = rd_on(input_bytes(s->in), 4);
	again = s->big ? rd_be32(&r) : rd_le32(&r);
	input_skip(s->in, 4);
	if (again == total)
		return true;
	*why = "a block whose two lengths differ";
	return false;
}

/* The chain of blocks is broken here. */
static void broken(struct scan *s, const char *why)
{
	uint64_t at = s->in->offset;

	why = why_broken(s, why);
	trace_damaged(s->t, at, s->block, resync(s), why);
}

/* One block, or what is in its place. */
static int next_block(struct scan *s, size_t have, struct err *e)
{
	struct pcapng_block b;
	const char *why = NULL;
	uint64_t at = s->in->offset;
	uint32_t type, total = pcapng_head(input_bytes(s->in), have, &s->big, &type, &why);

	if (total > OTHER_WHOLE && !is_read(type)) {
		if (!pass_over(s, total, &why))
			trace_damaged(s->t, at, s->block, s->in->offset - at, why);
		return 0;
	}
	if (total && total <= PCAPNG_BLOCK_MAX)
		have = input_want(s->in, ((size_t)total + 3) & ~(size_t)3);
	if (total == 0 || !pcapng_read_block(input_bytes(s->in), have, s->big, &b, &why)) {
		broken(s, why);
		return 0;
	}
	if (take_block(s, &b, &why, e) < 0)
		return -1;
	if (why)
		trace_damaged(s->t, at, s->block, b.total, why);
	input_skip(s->in, b.total);
	return 0;
}

static int pcapng_scan(struct trace *t, struct input *in, struct err *e)
{
	struct scan s = { .t = t, .in = in };
	size_t have;
	int rc = 0;

	while (rc == 0 && (have = input_want(in, PCAPNG_HEADER)) > 0) {
		s.block++;
		if (have < PCAPNG_HEADER)
			trace_damaged(t, in->offset, s.block, input_skip(in, have),
				      "the file ends inside a block's head");
		else
			rc = next_block(&s, have, e);
	}
	free(s.text.bytes);
	if (rc == 0 && t->sections == 0)
		return err_set(e, NULL, "not a whole section header");
	return rc;
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
