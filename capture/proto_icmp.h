/* proto_icmp: what ICMP and ICMPv6 share.  Internal to capture/. */
#ifndef SOCKLENS_CAPTURE_PROTO_ICMP_H
#define SOCKLENS_CAPTURE_PROTO_ICMP_H

#include "capture/proto.h"

enum { ICMP_HEADER = 8 }; /* type, code, checksum, and 4 bytes that each type uses in its own way */

struct icmp_type {
	uint8_t type;
	bool quotes; /* the packet that caused it is behind the header */
	const char *name; /* "echo request" */
	const struct name_table *codes; /* NULL: the code says nothing */
	const struct proto_field *field; /* from the message's first byte on */
	size_t fields;
	const struct proto_options *options; /* behind the fields; NULL: none */
	void (*words)(struct str *out, struct rd message); /* more for the ladder; may be NULL */
};

#define TYPE(number, type_name, ...)                                                               \
	{                                                                                          \
		.type = number, .name = type_name, __VA_ARGS__                                     \
	}

struct icmp_types {
	const struct icmp_type *row;
	size_t count;
	const char *prefix; /* "ICMP" */
	uint8_t ip_version;
};

const struct proto *icmp_scan(struct scan *s);
void icmp_summary_of(const struct icmp_types *types, struct str *out, const struct summary *s);
void icmp_more_of(const struct icmp_types *types, struct walk *w);

/* "port unreachable", "echo request", "type 200 code 3". */
void icmp_name(const struct icmp_types *types, struct str *out, uint8_t type, uint8_t code);

/* Texts of the fields: "echo request (8)", "port unreachable (3)". */
void icmp_type_text(const struct icmp_types *types, struct str *out, uint8_t type);
void icmp_code_text(const struct icmp_types *types, struct str *out, uint8_t type, uint8_t code);

/* Words of echo requests and replies: "  id 7  seq 1". */
void icmp_echo_words(struct str *out, struct rd message);

extern const struct proto_field icmp_echo_fields[2];

#endif
