/* proto_dns: what the files of DNS share.  Internal to capture/. */
#ifndef SOCKLENS_CAPTURE_PROTO_DNS_H
#define SOCKLENS_CAPTURE_PROTO_DNS_H

#include "capture/proto.h"

enum { DNS_OPT = 41 }; /* not a record but an extension of the header: EDNS */

struct dns_record {
	size_t at, type_at, data_at, end; /* offsets in the message */
	uint16_t type, class;
	uint32_t ttl;
};

/*
 * Consumes a name and appends it.  r: on the message from its first byte.  False, and r marked, if it is
 * malformed.
 */
bool dns_name_read(struct rd *r, struct str *out);

/* Consumes a question (no more than name, type, class) or a record, and appends its name.  False: it is
 * malformed or not all there. */
bool dns_record_read(struct rd *r, bool question, struct dns_record *out, struct str *name);

/* Appends what a record holds; nothing where that is nothing. */
void dns_data_text(struct str *out, struct rd message, const struct dns_record *record);

void dns_type_add(struct str *out, uint16_t type); /* "AAAA", "TYPE65450" */
const char *dns_type_about(uint16_t type); /* NULL: no words for it */

#endif
