/* IGMP: RFC 1112, RFC 2236 and RFC 3376: which multicast groups a host is a member of; and what MLD shares with it. */
#include "capture/proto_igmp.h"

#include <arpa/inet.h>

enum {
	HEADER = 8,
	QUERY = 0x11,
	REPORT_V1 = 0x12,
	REPORT_V2 = 0x16,
	LEAVE = 0x17,
	REPORT_V3 = 0x22
};

static const struct name type_rows[] = {
	{ QUERY, "membership query", NULL },	     { REPORT_V1, "membership report v1", NULL },
	{ REPORT_V2, "membership report v2", NULL }, { LEAVE, "leave group", NULL },
	{ REPORT_V3, "membership report v3", NULL },
};
static NAME_TABLE(type_names, type_rows, "IGMP type");

/* RFC 3376 section 4.2.12, RFC 3810 section 5.2.12: what changed, by which sources are let in. */
enum { MODE_IN = 1, MODE_EX, TO_IN, TO_EX, ALLOW, BLOCK };
static const struct name record_rows[] = {
	{ MODE_IN, "member, from these sources", NULL },
	{ MODE_EX, "member, from all but these sources", NULL },
	{ TO_IN, "from now on only from these sources: with none it leaves", NULL },
	{ TO_EX, "from now on from all but these sources: with none it joins", NULL },
	{ ALLOW, "these sources, too", NULL },
	{ BLOCK, "these sources no more", NULL },
};
static NAME_TABLE(record_names, record_rows, "group record");

/* ---- records of groups ---- */

struct record {
	uint8_t type;
	uint16_t sources;
	const uint8_t *group;
	size_t len; /* of all of it */
};

static bool next_record(struct rd *r, int ip_version, struct record *out)
{
	size_t ip = ip_version == 6 ? 16 : 4, at = r->at;
	uint8_t words;

	out->type = rd_u8(r);
	words = rd_u8(r);
	out->sources = rd_be16(r);
	out->group = rd_bytes(r, ip);
	rd_skip(r, ip * out->sources + 4u * words);
	out->len = r->at - at;
	return out->group && !r->short_read;
}

static const char *verb_of(const struct record *r)
{
	if (!r->sources && (r->type == TO_EX || r->type == MODE_EX))
		return r->type == TO_EX ? "join" : "member of";
	return !r->sources && r->type == TO_IN ? "leave" : "sources of";
}

void igmp_records_words(struct str *out, struct rd message, int ip_version)
{
	uint16_t count;
	struct record record;

	rd_skip(&message, 6);
	count = rd_be16(&message);
	if (!next_record(&message, ip_version, &record))
		return;
	str_add(out, verb_of(&record));
	str_char(out, ' ');
	proto_ip_text(out, ip_version, record.group, NULL);
	if (count > 1)
		str_addf(out, " and %u more", count - 1u);
}

void igmp_records_rows(struct walk *w, int ip_version)
{
	size_t begin = w->scan.r.at, have = w->scan.r.len - w->scan.r.at, at = begin;
	struct rd r = walk_rd(w, begin, have);
	struct record record;

	while (rd_left(&r) && next_record(&r, ip_version, &record)) {
		struct str out = walk_row(w, 1, at, record.len, "Group",
					  "A group, and whose words the host takes in it.");

		proto_ip_text(&out, ip_version, record.group, w->names);
		str_add(&out, ": ");
		name_add(&out, &record_names, record.type);
		at += record.len;
	}
	rd_skip(&w->scan.r, at - begin);
}

/* ---- the protocol ---- */

static const struct proto *igmp_scan(struct scan *s)
{
	struct rd h;

	if (!scan_head(s, HEADER, &h))
		return NULL;
	s->p->icmp_type = rd_u8(&h);
	s->p->has_transport = true;
	s->p->payload_known = !s->p->fragment;
	return NULL;
}

static struct rd message_of(const struct summary *s)
{
	struct rd r = rd_on(s->bytes, s->caplen);

	rd_skip(&r, s->p->transport_at);
	return rd_rest(&r);
}

/* A query of the group 0.0.0.0 asks for all of them. */
static void group_words(struct str *out, struct rd message, uint8_t type)
{
	char text[INET_ADDRSTRLEN];
	const uint8_t *group;

	rd_skip(&message, 4);
	group = rd_bytes(&message, 4);
	if (!group || !name_of(&type_names, type))
		return;
	if (type == QUERY && !group[0])
		str_add(out, "all groups?");
	else
		str_addf(out, "%s%s%s", type == REPORT_V1 || type == REPORT_V2 ? "join " : "",
			 inet_ntop(AF_INET, group, text, sizeof(text)), type == QUERY ? "?" : "");
}

/* What matters first: where there is little room, the end goes. */
static void igmp_summary(struct str *out, const struct summary *s)
{
	uint8_t type = s->p->icmp_type;
	size_t at;

	str_add(out, "IGMP");
	if (!s->p->has_transport)
		return;
	str_char(out, ' ');
	at = out->len;
	if (type == REPORT_V3)
		igmp_records_words(out, message_of(s), 4);
	else
		group_words(out, message_of(s), type);
	str_add(out, out->len > at ? "  " : "");
	if (!name_of(&type_names, type))
		str_add(out, "type ");
	name_add(out, &type_names, type);
}

static void igmp_heading(const struct walk *w, struct str *out)
{
	if (w->packet.has_transport)
		name_add(out, &type_names, w->packet.icmp_type);
}

static void checksum_text(const struct walk *w, struct str *out, uint64_t value)
{
	walk_checksum_text(w, out, (uint16_t)value, false);
}

static const struct proto_field group_fields[] = {
	FIELD("Maximum response time", 8, 8, SHOW_DEC, .unit = "tenths of a second",
	      .about = "Members answer a query at a random moment within it, so that not all "
		       "speak at once."),
	FIELD("Group", 32, 32, SHOW_IPV4),
};
static const struct proto_field report_fields[] = {
	FIELD("Records", 48, 16, SHOW_DEC, .about = "How many groups the report is about."),
};

static void igmp_more(struct walk *w)
{
	bool report = w->packet.icmp_type == REPORT_V3;

	if (!w->packet.has_transport)
		return;
	if (!report) {
		walk_fields(w, 1, group_fields, 2, w->head_at, w->head_len);
		return;
	}
	walk_fields(w, 1, report_fields, 1, w->head_at, w->head_len);
	igmp_records_rows(w, 4);
}

static const struct proto_field fields[] = {
	FIELD("Type", 0, 8, SHOW_NAME_HEX, .names = &type_names,
	      .about = "A router asks who is a member of which group; hosts report, also without "
		       "being asked when they join."),
	FIELD("Checksum", 16, 16, SHOW_OWN, .text = checksum_text,
	      .about = "Over the whole message." CHECKSUM_ABOUT),
};

const struct proto proto_igmp = {
	.name = "Internet Group Management Protocol",
	PROTO_FIELDS(fields),
	.scan = igmp_scan,
	.heading = igmp_heading,
	.more = igmp_more,
	.summary = igmp_summary,
};
