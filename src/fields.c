/*
 * How it works: each frame's layers are read once, and of each kind the outermost is noted; then each field
 * that was asked for takes its bits from there.  Lines are gathered and written many at a time.
 *
 * The fragment that completes a datagram has the headers of the whole one; any other has none behind IP's.
 */
#include "src/fields.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/datagram.h"
#include "src/core/clock.h"
#include "src/core/names.h"
#include "src/core/safe.h"
#include "src/fields_impl.h"

#define GATHER	   (64u << 10)
#define FIELDS_ALL 256 /* that can be asked for at a time */

struct fields {
	const struct field *field[FIELDS_ALL];
	size_t count;
	bool layers; /* some field needs the packet's headers */
	const struct select *select;
	struct trace_watch watch;
	struct datagrams *datagrams; /* NULL until there is a fragment */
	FILE *out;
	int error; /* errno of a write that failed */
	size_t len;
	char gather[GATHER];
};

/* ---- values ---- */

void line_char(struct line *l, char c)
{
	*l->at++ = c;
}

static void line_text(struct line *l, const char *text, size_t len)
{
	memcpy(l->at, text, len);
	l->at += len;
}

/* The last `width` digits, with zeros before; width 0: as many as there are. */
static void line_digits(struct line *l, uint64_t value, unsigned width)
{
	char digits[20];
	size_t at = sizeof(digits);

	for (; value || sizeof(digits) - at < (width ? width : 1); value /= 10)
		digits[--at] = (char)('0' + value % 10);
	line_text(l, digits + at, sizeof(digits) - at);
}

void line_number(struct line *l, uint64_t value)
{
	line_digits(l, value, 0);
}

void line_seconds(struct line *l, int64_t ns)
{
	uint64_t magnitude = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	if (ns < 0)
		line_char(l, '-');
	line_number(l, magnitude / (uint64_t)NS_PER_S);
	line_char(l, '.');
	line_digits(l, magnitude % (uint64_t)NS_PER_S, 9);
}

static void line_hex(struct line *l, unsigned value, unsigned digits)
{
	while (digits-- > 0)
		line_char(l, "0123456789abcdef"[value >> digits * 4 & 15]);
}

static void line_mac(struct line *l, const uint8_t *mac)
{
	for (int i = 0; i < 6; i++) {
		if (i)
			line_char(l, ':');
		line_hex(l, mac[i], 2);
	}
}

static void line_ipv4(struct line *l, const uint8_t *ip)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			line_char(l, '.');
		line_number(l, ip[i]);
	}
}

static void line_ipv6(struct line *l, const uint8_t *ip)
{
	inet_ntop(AF_INET6, ip, l->at, INET6_ADDRSTRLEN);
	l->at += strlen(l->at);
}

/* Up to 32 bits at any place of a header, which is there. */
static uint32_t bits_of(const uint8_t *header, unsigned at, unsigned width)
{
	unsigned end = at + width, last = (end + 7) / 8;
	uint64_t value = 0;

	for (unsigned i = at / 8; i < last; i++)
		value = value << 8 | header[i];
	return (uint32_t)(value >> (last * 8 - end) & ((UINT64_C(1) << width) - 1));
}

static void put_bits(struct line *l, const struct field *field, const struct frame *f)
{
	const uint8_t *header = f->bytes[field->layer];
	uint32_t needs = (field->at + field->bits + 7u) / 8u;

	if (f->have[field->layer] < (needs > field->needs ? needs : field->needs))
		return;
	switch (field->show) {
	case FIELD_DEC:
		line_number(l, bits_of(header, field->at, field->bits));
		return;
	case FIELD_WORDS:
		line_number(l, bits_of(header, field->at, field->bits) * 4);
		return;
	case FIELD_HEX:
		line_text(l, "0x", 2);
		line_hex(l, bits_of(header, field->at, field->bits), 4);
		return;
	case FIELD_MAC:
		line_mac(l, header + field->at / 8);
		return;
	case FIELD_IPV4:
		line_ipv4(l, header + field->at / 8);
		return;
	case FIELD_IPV6:
		line_ipv6(l, header + field->at / 8);
		return;
	}
}

static void put_field(struct line *l, const struct field *field, const struct frame *f)
{
	if (field->put)
		field->put(l, f);
	else if (!field->verdict)
		put_bits(l, field, f);
	else if (fields_has_verdict(f) && (f->note->verdict.bits & field->verdict))
		line_char(l, '1');
}

/* ---- lines ---- */

static void flush(struct fields *f)
{
	if (!f->error && fwrite(f->gather, 1, f->len, f->out) != f->len)
		f->error = errno ? errno : EIO;
	f->len = 0;
}

static void put_line(struct fields *f, const struct frame *frame)
{
	struct line l;

	for (size_t i = 0; i < f->count; i++) {
		if (f->len + FIELD_MAX > GATHER)
			flush(f);
		l.at = f->gather + f->len;
		put_field(&l, f->field[i], frame);
		line_char(&l, i + 1 < f->count ? '\t' : '\n');
		f->len = (size_t)(l.at - f->gather);
	}
}

/* ---- frames ---- */

/* How far an IPv4 header makes sense; tshark reads no further. */
static uint32_t ipv4_have(const struct layer *l, const uint8_t *header)
{
	uint32_t len, total;

	if (l->have < 20)
		return l->have;
	len = (header[0] & 15u) * 4;
	total = (uint32_t)header[2] << 8 | header[3];
	if (header[0] >> 4 != 4)
		return 0;
	if (len < 20)
		return 1;
	return total && total < len ? 4 : l->have;
}

/* IPv4 that was not captured in full is not put together, and its first fragment read as far as it goes. */
static bool is_shown(const struct layer *l, const struct packet *p, bool cut)
{
	return !l->fragment || (cut && p->ip_version == 4);
}

static void note_layers(struct frame *f, const struct layer *layer, size_t count,
			const uint8_t *bytes, bool cut)
{
	for (size_t i = 0; i < count; i++) {
		const struct layer *l = &layer[i];

		if (f->first[l->kind] || !is_shown(l, f->parsed, cut))
			continue;
		f->first[l->kind] = l;
		f->bytes[l->kind] = bytes + l->at;
		f->have[l->kind] = l->kind == LAYER_IPV4 ? ipv4_have(l, bytes + l->at) : l->have;
	}
}

/* The headers of a datagram that this fragment completes. */
static size_t whole_layers(struct fields *f, const struct trace_packet *p,
			   const struct packet *parsed, struct layer layer[LAYERS_MAX],
			   const uint8_t **bytes)
{
	struct packet part = *parsed;
	struct datagram whole;

	if (!f->datagrams)
		f->datagrams = datagrams_new(NULL, NULL);
	if (!f->datagrams ||
	    !datagrams_packet(f->datagrams, &part, p->data, p->caplen, p->ts_ns, &whole))
		return 0;
	*bytes = whole.bytes;
	return layers_read(layer, whole.link, whole.bytes, whole.len, whole.len);
}

static void packet_seen(void *arg, uint64_t number, const struct trace_packet *p,
			const struct packet *parsed, const struct conn_note *note)
{
	struct fields *f = arg;
	struct layer layer[LAYERS_MAX], inner[LAYERS_MAX];
	struct frame frame = {
		.number = number,
		.ts_ns = p->ts_ns,
		.caplen = p->caplen,
		.len = p->len,
		.packet = p,
		.parsed = parsed,
		.note = note,
	};
	const uint8_t *bytes = NULL;
	size_t inners = 0;

	/* Also of what is not wanted: it may be a part of what is. */
	if (f->layers && parsed->fragment)
		inners = whole_layers(f, p, parsed, inner, &bytes);
	if (!select_packet(f->select, p, note))
		return;
	if (f->layers) {
		note_layers(&frame, layer, layers_read(layer, p->link, p->data, p->caplen, p->len),
			    p->data, p->caplen < p->len);
		note_layers(&frame, inner, inners, bytes, false);
	}
	put_line(f, &frame);
}

static void event_seen(void *arg, uint64_t number, const struct event *ev, uint32_t len)
{
	struct fields *f = arg;
	const struct frame frame = {
		.number = number, .ts_ns = ev->ts_ns, .caplen = len, .len = len
	};

	if (select_is_all(f->select))
		put_line(f, &frame);
}

/* ---- which fields ---- */

const char *fields_name(size_t i)
{
	return i < fields_table_count ? fields_table[i].name : NULL;
}

static int unknown(const char *name, size_t len, struct err *e)
{
	struct nearest n = nearest_to(name, len);
	STR_ON_STACK(hint, 128);
	STR_ON_STACK(text, 128);

	for (size_t i = 0; i < fields_table_count; i++)
		nearest_try(&n, fields_table[i].name);
	if (n.best)
		str_addf(&hint, "did you mean %s?", n.best);
	else
		str_add(&hint, "socklens help show lists them");
	safe_add_quoted(&text, name, len, 60);
	return err_set(e, hint.buf, "there is no field %s", text.buf);
}

static int add_field(struct fields *f, const char *name, size_t len, struct err *e)
{
	for (size_t i = 0; i < fields_table_count; i++) {
		const struct field *field = &fields_table[i];

		if (strlen(field->name) != len || memcmp(field->name, name, len) != 0)
			continue;
		if (f->count == FIELDS_ALL)
			return err_set(e, NULL, "at most %d fields are printed at a time",
				       FIELDS_ALL);
		f->field[f->count++] = field;
		f->layers |= strncmp(name, "frame.", 6) != 0;
		return 0;
	}
	return unknown(name, len, e);
}

static int add_fields(struct fields *f, const char *names, struct err *e)
{
	for (const char *at = names;; at++) {
		size_t len = strcspn(at, ",");

		if (add_field(f, at, len, e))
			return -1;
		at += len;
		if (!*at)
			return 0;
	}
}

struct fields *fields_new(const char *names, const struct select *select, FILE *out, struct err *e)
{
	struct fields *f = calloc(1, sizeof(*f));

	if (!f) {
		err_errno(e, errno, NULL, "printing fields");
		return NULL;
	}
	f->select = select;
	f->out = out;
	f->watch = (struct trace_watch){
		.packet = packet_seen, .event = event_seen, .arg = f, .no_rows = true
	};
	if (!add_fields(f, names, e))
		return f;
	fields_free(f);
	return NULL;
}

void fields_free(struct fields *f)
{
	if (!f)
		return;
	datagrams_free(f->datagrams);
	free(f);
}

const struct trace_watch *fields_watch(const struct fields *f)
{
	return &f->watch;
}

int fields_end(struct fields *f, struct err *e)
{
	flush(f);
	if (!f->error && fflush(f->out))
		f->error = errno;
	return f->error ? err_errno(e, f->error, NULL, "writing the fields") : 0;
}
