/*
 * Inside of fields: what a row of the table works with.  fields.c gathers the packets' layers and writes lines;
 * fields_table.c has the rows.
 */
#ifndef SOCKLENS_FIELDS_IMPL_H
#define SOCKLENS_FIELDS_IMPL_H

#include "capture/layers.h"
#include "src/fields.h"

/* One frame.  Of one that is no packet, only number, time and length are there. */
struct frame {
	uint64_t number;
	int64_t ts_ns;
	uint32_t caplen, len;
	const struct trace_packet *packet;	/* NULL: none */
	const struct packet *parsed;
	const struct conn_note *note;
	const struct layer *first[LAYER_KINDS];	/* the outermost of its kind; NULL: none */
	const uint8_t *bytes[LAYER_KINDS];	/* … its first byte */
	uint32_t have[LAYER_KINDS];	/* … bytes of it that can be read; where it makes no sense: up to there */
};

/* Where a value is written; there is always room for FIELD_MAX characters. */
struct line {
	char *at;
};
#define FIELD_MAX 64

enum field_show {
	FIELD_DEC,
	FIELD_HEX,	/* 0x, four digits */
	FIELD_WORDS,	/* a number of 32-bit words, in bytes */
	FIELD_MAC,
	FIELD_IPV4,
	FIELD_IPV6,
};

/* A field is bits of a header, or one or several verdicts, or what a function writes. */
struct field {
	const char *name;
	enum layer_kind layer;
	uint16_t at, bits;	/* offset and width */
	uint16_t needs;		/* bytes of the header that must be there for it to be shown; 0: up to the field */
	enum field_show show;
	uint16_t verdict;	/* VERDICT_*: 1 where any of them is set */
	void (*put)(struct line *l, const struct frame *f);
};

extern const struct field fields_table[];
extern const size_t fields_table_count;

/* Whether what the analysis said is shown: tshark does not, where the header was not captured to its end. */
bool fields_has_verdict(const struct frame *f);

void line_char(struct line *l, char c);
void line_number(struct line *l, uint64_t value);
void line_seconds(struct line *l, int64_t ns);	/* "1.000000001" */

#endif
