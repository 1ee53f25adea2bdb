/*
 * What stands behind "release N with": fields of the packet and what they are to be.
 */
#include "src/parse_command.h"

#include "src/parse_amount.h"
#include "src/parse_impl.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct edit *edit_of(struct parser *p)
{
	return &p->line->order.edit;
}

static int parse_seq(struct parser *p)
{
	return parse_beside(p, UINT32_MAX, "a sequence number, or +N", &edit_of(p)->seq);
}

static int parse_ack(struct parser *p)
{
	return parse_beside(p, UINT32_MAX, "a sequence number, or +N", &edit_of(p)->ack);
}

static int parse_window(struct parser *p)
{
	return parse_beside(p, UINT16_MAX, "a window", &edit_of(p)->window);
}

static int parse_ttl(struct parser *p)
{
	return parse_beside(p, UINT8_MAX, "a time to live", &edit_of(p)->ttl);
}

static int parse_flags_word(struct parser *p)
{
	edit_of(p)->has_flags = true;
	return parse_tcp_flags(p, &edit_of(p)->flags);
}

/* Bytes as the language writes data; at most cap of them. */
static int parse_some(struct parser *p, uint8_t *out, uint32_t cap, uint32_t *len)
{
	size_t at = p->tok.at;
	struct value v = { .kind = VALUE_NONE };
	int result = parse_data(p, &v);

	if (!result && v.len > cap)
		result = parser_fail(p, at, NULL, "at most %u bytes can be written there", cap);
	if (!result)
		*len = (uint32_t)value_bytes(&v, out, cap);
	value_fini(&v);
	return result;
}

static int parse_payload(struct parser *p)
{
	struct edit *d = edit_of(p);

	d->has_data = true;
	return parse_some(p, d->data, sizeof(d->data), &d->data_len);
}

/* bytes AT "…" */
static int parse_bytes(struct parser *p)
{
	struct edit *d = edit_of(p);
	int64_t at;

	if (parse_int(p, 0, UINT16_MAX, "the number of a byte, as the packet panel has it", &at))
		return -1;
	d->bytes_at = (uint32_t)at;
	return parse_some(p, d->bytes, sizeof(d->bytes), &d->bytes_len);
}

static int parse_unmended(struct parser *p)
{
	edit_of(p)->unmended = true;
	return 0;
}

static const struct field {
	const char *word, *help;
	int (*parse)(struct parser *p);
} fields[] = {
	{ "flags", "of TCP: SYN|ACK", parse_flags_word },
	{ "seq", "as on the ladder, or +N beside what it is", parse_seq },
	{ "ack", "as on the ladder, or +N beside what it is", parse_ack },
	{ "window", "as it stands in the header, or +N", parse_window },
	{ "ttl", "hops that it may still travel", parse_ttl },
	{ "data", "\"TEXT\" instead of its own", parse_payload },
	{ "bytes", "from byte N on: bytes 54 \"\\x00\"", parse_bytes },
	{ "unmended", "checksums stay as they were", parse_unmended },
};

int parse_edit(struct parser *p)
{
	edit_of(p)->given = true;
	for (bool first = true;; first = false) {
		size_t i = 0;

		parser_choose(p);
		for (size_t f = 0; f < COUNT(fields); f++)
			parser_offer(p, fields[f].word, fields[f].help);
		if (parser_at_end(p) && !first)
			return 0;
		while (i < COUNT(fields) && !parser_take_word(p, fields[i].word))
			i++;
		if (i == COUNT(fields))
			return parser_expected(
				p, "flags, seq, ack, window, ttl, data, bytes or unmended");
		if (fields[i].parse(p))
			return -1;
	}
}
