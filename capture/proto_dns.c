/* DNS messages, RFC 1035; over TCP with a length before each (RFC 7766), and as multicast DNS (RFC 6762). */
#include "capture/proto_dns.h"

#include "capture/proto_app.h"

enum { HEADER = 12, QUESTION_MIN = 5, RECORD_MIN = 11, RECORDS_SHOWN = 256 };
enum { RESPONSE = 0x8000, TOP_BIT = 0x8000 };

static const struct name class_rows[] = {
	{ 1, "IN", NULL },     { 3, "CH", NULL },    { 4, "HS", NULL },
	{ 254, "NONE", NULL }, { 255, "ANY", NULL },
};
static NAME_TABLE(class_names, class_rows, "DNS class");

static const struct name opcode_rows[] = {
	{ 0, "query", NULL },  { 1, "inverse query", NULL }, { 2, "status", NULL },
	{ 4, "notify", NULL }, { 5, "update", NULL },
};
static NAME_TABLE(opcode_names, opcode_rows, "DNS opcode");

static const struct name rcode_rows[] = {
	{ 0, "NOERROR", NULL },	 { 1, "FORMERR", NULL },  { 2, "SERVFAIL", NULL },
	{ 3, "NXDOMAIN", NULL }, { 4, "NOTIMP", NULL },	  { 5, "REFUSED", NULL },
	{ 6, "YXDOMAIN", NULL }, { 7, "YXRRSET", NULL },  { 8, "NXRRSET", NULL },
	{ 9, "NOTAUTH", NULL },	 { 10, "NOTZONE", NULL },
};
static NAME_TABLE(rcode_names, rcode_rows, "DNS response code");

/* ---- messages ---- */

enum section { QUESTION, ANSWER, AUTHORITY, ADDITIONAL, SECTIONS };

struct head {
	uint16_t flags;
	uint16_t count[SECTIONS];
};

static struct head head_read(struct rd *r)
{
	struct head h = { .flags = 0 };

	rd_skip(r, 2);
	h.flags = rd_be16(r);
	for (size_t i = 0; i < SECTIONS; i++)
		h.count[i] = rd_be16(r);
	return h;
}

/*
 * Besides the header's own sense: as many records as it counts have room, and the first name can be read.
 */
static bool looks_right(struct rd r, size_t len)
{
	struct head h = head_read(&r);
	unsigned opcode = h.flags >> 11 & 15;
	size_t records = (size_t)h.count[ANSWER] + h.count[AUTHORITY] + h.count[ADDITIONAL];
	STR_ON_STACK(name, 8);

	if (r.short_read || !name_of(&opcode_names, opcode) || (h.flags & 0x40))
		return false;
	if (h.count[QUESTION] * (size_t)QUESTION_MIN + records * RECORD_MIN > len - HEADER)
		return false;
	if (!h.count[QUESTION] && !records)
		return (h.flags & RESPONSE) && len == HEADER;
	return !rd_left(&r) || dns_name_read(&r, &name) || r.len < len;
}

bool dns_matches(struct rd payload, size_t len, bool on_port)
{
	return on_port && len >= HEADER && looks_right(payload, len);
}

bool dns_tcp_matches(struct rd payload, size_t len, bool on_port)
{
	size_t says = rd_be16(&payload);
	struct rd message = rd_rest(&payload);

	if (!on_port || len < 2 + HEADER || says < HEADER)
		return false;
	if (says < message.len)
		message.len = says;
	return looks_right(message, says);
}

static const struct proto *dns_scan(struct scan *s)
{
	app_take(s, scan_left(s));
	return NULL;
}

static const struct proto *dns_tcp_scan(struct scan *s)
{
	struct rd next = s->r;

	app_take(s, 2u + rd_be16(&next));
	next = s->r;
	return dns_tcp_matches(rd_rest(&next), scan_left(s), true) ? &proto_dns_tcp : NULL;
}

/* ---- the ladder's words ---- */

static void answers_add(struct str *out, struct rd message, struct rd r, const struct head *h,
			uint16_t asked)
{
	STR_ON_STACK(data, 256);
	STR_ON_STACK(name, 256);
	struct dns_record record;
	unsigned n = 0;

	for (; n < h->count[ANSWER] && dns_record_read(&r, false, &record, &name); n++) {
		str_clear(&name);
		if (record.type == asked && !data.len)
			dns_data_text(&data, message, &record);
	}
	if (data.len) {
		str_add(out, "  ");
		app_short_text(out, data.buf, data.len);
	}
	if (h->count[ANSWER] > 1 || (h->count[ANSWER] && !data.len))
		str_addf(out, "  %u answers", h->count[ANSWER]);
	else if (!h->count[ANSWER])
		str_add(out, "  no answer");
}

static void message_summary(struct str *out, struct rd message, bool multicast)
{
	struct rd r = message;
	struct head h = head_read(&r);
	bool response = h.flags & RESPONSE;
	unsigned opcode = h.flags >> 11 & 15, rcode = h.flags & 15;
	enum section first = h.count[QUESTION] ? QUESTION : ANSWER;
	struct dns_record record = { .type = 0 };
	STR_ON_STACK(name, 256);
	struct rd after;

	str_addf(out, "%s ", multicast ? "mDNS" : "DNS");
	if (opcode)
		str_addf(out, "%s%s", name_of(&opcode_names, opcode)->name, response ? " " : "");
	if (response)
		str_add(out, "response");
	else if (!opcode)
		str_add(out, "query");
	after = r;
	if (h.count[first] && dns_record_read(&r, first == QUESTION, &record, &name)) {
		str_char(out, ' ');
		dns_type_add(out, record.type);
		str_char(out, ' ');
		app_short_text(out, name.buf, name.len);
		after = first == QUESTION ? r : after;
	}
	if (response && rcode) {
		str_add(out, "  ");
		name_add(out, &rcode_names, rcode);
	} else if (response && !opcode && !r.short_read) {
		answers_add(out, message, after, &h, record.type);
	}
}

static bool is_multicast(const struct packet *p)
{
	return p->src_port == 5353 || p->dst_port == 5353;
}

static void dns_summary(struct str *out, const struct summary *s)
{
	message_summary(out, app_payload(s), is_multicast(s->p));
}

static void dns_tcp_summary(struct str *out, const struct summary *s)
{
	struct rd payload = app_payload(s);
	size_t len = rd_be16(&payload), have = rd_left(&payload);

	message_summary(out, rd_sub(&payload, len < have ? len : have), false);
}

/* ---- rows ---- */

#define FLAG(bit, flag, what) FIELD(flag, bit, 1, SHOW_FLAG, .part = true, .about = what)

static const struct proto_field fields[] = {
	FIELD("Identifier", 0, 16, SHOW_HEX, .about = "The same in a query and its response."),
	FIELD("Flags", 16, 16, SHOW_HEX),
	FLAG(16, "Response", "Set in a response, not set in a query."),
	FIELD("Opcode", 17, 4, SHOW_NAME, .names = &opcode_names, .part = true),
	FLAG(21, "Authoritative", "The server is one that knows this part of the tree."),
	FLAG(22, "Truncated", "There was more than fits; the client asks again over TCP."),
	FLAG(23, "Recursion desired", "The server is to ask other servers itself."),
	FLAG(24, "Recursion available", "The server does ask other servers."),
	FLAG(26, "Authentic data", "The server has checked the signatures."),
	FLAG(27, "Checking disabled", "The client checks the signatures itself."),
	FIELD("Response code", 28, 4, SHOW_NAME, .names = &rcode_names, .part = true),
	FIELD("Questions", 32, 16, SHOW_DEC),
	FIELD("Answers", 48, 16, SHOW_DEC),
	FIELD("Authority records", 64, 16, SHOW_DEC),
	FIELD("Additional records", 80, 16, SHOW_DEC),
};

static const char *const section_names[] = { "Question", "Answer", "Authority", "Additional" };

static void class_add(struct str *out, uint16_t class)
{
	const struct name *n = name_of(&class_names, class & (TOP_BIT - 1));

	if (n)
		str_add(out, n->name);
	else
		str_addf(out, "CLASS%u", class & (TOP_BIT - 1));
}

/* EDNS keeps other things where a record has class and time to live. */
static void extension_rows(struct walk *w, size_t base, const struct dns_record *record)
{
	static const struct proto_field edns[] = {
		FIELD("Type", 0, 16, SHOW_DEC),
		FIELD("Largest UDP payload", 16, 16, SHOW_DEC, .unit = "bytes",
		      .about = "How long a response over UDP may be."),
		FIELD("Extended response code", 32, 8, SHOW_DEC),
		FIELD("Version", 40, 8, SHOW_DEC),
		FIELD("DNSSEC OK", 48, 1, SHOW_FLAG,
		      .about = "The client wants the signatures, too."),
		FIELD("Data length", 64, 16, SHOW_DEC, .unit = "bytes"),
	};

	walk_fields(w, 2, edns, sizeof(edns) / sizeof(edns[0]), base + record->type_at, 10);
}

static void class_row(struct walk *w, size_t at, const struct dns_record *record, bool question)
{
	struct str text = walk_row(w, 2, at, 2, "Class", NULL);

	class_add(&text, record->class);
	if (is_multicast(&w->packet) && (record->class & TOP_BIT))
		str_add(&text, question ? ", answer to me alone" : ", forget older ones");
}

static void record_parts(struct walk *w, struct rd message, size_t base,
			 const struct dns_record *record, enum section section)
{
	static const struct proto_field ttl =
		FIELD("Time to live", 0, 32, SHOW_DEC, .unit = "seconds",
		      .about = "How long it may be remembered.");
	const char *about = dns_type_about(record->type);
	struct str text = walk_row(w, 2, base + record->type_at, 2, "Type", about);

	dns_type_add(&text, record->type);
	str_addf(&text, " (%u)", record->type);
	class_row(w, base + record->type_at + 2, record, section == QUESTION);
	if (section == QUESTION)
		return;
	walk_fields(w, 2, &ttl, 1, base + record->type_at + 4, 4);
	text = walk_row(w, 2, base + record->data_at, record->end - record->data_at, "Data", about);
	dns_data_text(&text, message, record);
}

static void record_rows(struct walk *w, struct rd message, size_t base,
			const struct dns_record *record, enum section section,
			const struct str *name)
{
	struct str text = walk_row(w, 1, base + record->at, record->end - record->at,
				   section_names[section], NULL);

	str_addf(&text, "%s  ", name->buf);
	dns_type_add(&text, record->type);
	if (section != QUESTION && record->type != DNS_OPT) {
		str_add(&text, "  ");
		dns_data_text(&text, message, record);
	}
	text = walk_row(w, 2, base + record->at, record->type_at - record->at, "Name", NULL);
	str_add(&text, name->buf);
	if (record->type == DNS_OPT && section == ADDITIONAL)
		extension_rows(w, base, record);
	else
		record_parts(w, message, base, record, section);
}

/* base: where in the packet the message begins */
static void message_rows(struct walk *w, size_t base, size_t len)
{
	struct rd message = walk_rd(w, base, len), r = message;
	struct head h = head_read(&r);
	STR_ON_STACK(name, 1100);
	unsigned shown = 0;

	for (unsigned section = QUESTION; section < SECTIONS; section++) {
		for (unsigned i = 0; i < h.count[section] && shown < RECORDS_SHOWN; i++, shown++) {
			struct dns_record record;

			str_clear(&name);
			if (!dns_record_read(&r, section == QUESTION, &record, &name)) {
				struct str text =
					walk_row(w, 1, base + record.at, message.len - record.at,
						 section_names[section], NULL);

				str_add(&text, "malformed, or not all of it is here");
				return;
			}
			record_rows(w, message, base, &record, section, &name);
		}
	}
}

static void dns_more(struct walk *w)
{
	message_rows(w, w->head_at, w->head_len);
}

static void dns_tcp_more(struct walk *w)
{
	size_t at = w->head_at + 2, len = w->head_len < 2 ? 0 : w->head_len - 2;

	walk_fields(w, 1, fields, sizeof(fields) / sizeof(fields[0]), at, len);
	message_rows(w, at, len);
}

static void heading(struct str *out, struct rd message, const struct packet *p)
{
	STR_ON_STACK(text, 512);
	const char *words;

	message_summary(&text, message, is_multicast(p));
	words = strchr(text.buf, ' ');
	str_add(out, words ? words + 1 : text.buf);
}

static void dns_heading(const struct walk *w, struct str *out)
{
	heading(out, walk_rd(w, w->head_at, w->head_len), &w->packet);
}

static void dns_tcp_heading(const struct walk *w, struct str *out)
{
	struct rd all = walk_rd(w, w->head_at, w->head_len);

	rd_skip(&all, 2);
	heading(out, rd_rest(&all), &w->packet);
}

static const struct proto_field length_field[] = {
	FIELD("Message length", 0, 16, SHOW_DEC, .unit = "bytes",
	      .about = "TCP has no message boundaries, so each message says its length."),
};

const struct proto proto_dns = {
	.name = "Domain Name System",
	PROTO_FIELDS(fields),
	.scan = dns_scan,
	.heading = dns_heading,
	.more = dns_more,
	.summary = dns_summary,
};

const struct proto proto_dns_tcp = {
	.name = "Domain Name System",
	PROTO_FIELDS(length_field),
	.scan = dns_tcp_scan,
	.heading = dns_tcp_heading,
	.more = dns_tcp_more,
	.summary = dns_tcp_summary,
};
