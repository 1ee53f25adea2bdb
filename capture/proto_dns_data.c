/*
 * Names and records of DNS, RFC 1035 section 4.1 and what came after it.
 *
 * How it works: a reader on the whole message, because names refer back into it.  Such a pointer must lead to
 * before the part of the name that it ends, so a name that points to itself or in circles is refused, and
 * every name ends.
 */
#include "capture/proto_dns.h"

#include "src/core/safe.h"

enum { NAME_BYTES = 255 };

/* ---- names ---- */

static void label_add(struct str *out, struct rd label)
{
	for (uint8_t byte; rd_left(&label);) {
		struct rd peek = label;

		byte = rd_u8(&peek);
		if (byte == '.') {
			str_add(out, "\\.");
			label = peek;
			continue;
		}
		/* up to the next dot, so that characters of several bytes stay whole */
		while (rd_left(&peek) && peek.base[peek.at] != '.')
			rd_skip(&peek, 1);
		safe_add(out, label.base + label.at, peek.at - label.at);
		label = peek;
	}
}

bool dns_name_read(struct rd *r, struct str *out)
{
	size_t before = r->at, total = 0, resume = 0;
	struct rd at = *r;
	uint8_t len;

	while ((len = rd_u8(&at)) != 0) {
		if ((len & 0xc0) == 0xc0) {
			size_t to = (size_t)(len & 0x3f) << 8 | rd_u8(&at);

			resume = resume ? resume : at.at;
			if (at.short_read || to >= before)
				break;
			at.at = before = to;
			continue;
		}
		total += len + 1u;
		if ((len & 0xc0) || total > NAME_BYTES || len > rd_left(&at))
			break;
		if (total > len + 1u)
			str_char(out, '.');
		label_add(out, rd_sub(&at, len));
	}
	if (len || at.short_read) {
		r->short_read = true;
		r->at = r->len;
		return false;
	}
	if (!total)
		str_char(out, '.');
	r->at = resume ? resume : at.at;
	return true;
}

/* ---- data of records ---- */

static void name_text(struct str *out, struct rd *r)
{
	dns_name_read(r, out);
}

static void ip4_text(struct str *out, struct rd *r)
{
	uint8_t ip[4];

	rd_copy(r, ip, sizeof(ip));
	if (!r->short_read)
		proto_ip_text(out, 4, ip, NULL);
}

static void ip6_text(struct str *out, struct rd *r)
{
	uint8_t ip[16];

	rd_copy(r, ip, sizeof(ip));
	if (!r->short_read)
		proto_ip_text(out, 6, ip, NULL);
}

static void mx_text(struct str *out, struct rd *r)
{
	str_addf(out, "%u ", rd_be16(r));
	dns_name_read(r, out);
}

static void srv_text(struct str *out, struct rd *r)
{
	unsigned priority = rd_be16(r), weight = rd_be16(r), port = rd_be16(r);

	dns_name_read(r, out);
	str_addf(out, " port %u priority %u weight %u", port, priority, weight);
}

static void soa_text(struct str *out, struct rd *r)
{
	static const char *const words[] = { "serial", "refresh", "retry", "expire", "minimum" };

	dns_name_read(r, out);
	str_char(out, ' ');
	dns_name_read(r, out);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		str_addf(out, " %s %u", words[i], rd_be32(r));
}

static void txt_text(struct str *out, struct rd *r)
{
	while (rd_left(r)) {
		struct rd text = rd_sub(r, rd_u8(r));

		safe_add_quoted(out, text.base, text.len, NAME_BYTES);
		if (rd_left(r))
			str_char(out, ' ');
	}
}

static const struct type {
	uint16_t number;
	const char *name;
	void (*text)(struct str *out, struct rd *r); /* NULL: in hex */
	const char *about;
} types[] = {
	{ 1, "A", ip4_text, "The IPv4 address of a host." },
	{ 2, "NS", name_text, "A server that knows this part of the tree." },
	{ 5, "CNAME", name_text, "The name is an alias of this one." },
	{ 6, "SOA", soa_text, "How this part of the tree is administered." },
	{ 12, "PTR", name_text, "The name that belongs to an address." },
	{ 13, "HINFO", txt_text, NULL },
	{ 15, "MX", mx_text, "A server that takes mail for the name; the lowest number first." },
	{ 16, "TXT", txt_text, NULL },
	{ 28, "AAAA", ip6_text, "The IPv6 address of a host." },
	{ 29, "LOC", NULL, NULL },
	{ 33, "SRV", srv_text, "Where a service runs." },
	{ 35, "NAPTR", NULL, NULL },
	{ 39, "DNAME", name_text, "All names below are aliases of those below this one." },
	{ DNS_OPT, "OPT", NULL, "Not a record but an extension of the header: EDNS, RFC 6891." },
	{ 43, "DS", NULL, NULL },
	{ 44, "SSHFP", NULL, NULL },
	{ 46, "RRSIG", NULL, "A signature of records: DNSSEC." },
	{ 47, "NSEC", NULL, "Proves that there is no such name: DNSSEC." },
	{ 48, "DNSKEY", NULL, NULL },
	{ 50, "NSEC3", NULL, NULL },
	{ 52, "TLSA", NULL, NULL },
	{ 64, "SVCB", NULL, NULL },
	{ 65, "HTTPS", NULL, "How to reach a web server." },
	{ 99, "SPF", txt_text, NULL },
	{ 251, "IXFR", NULL, NULL },
	{ 252, "AXFR", NULL, "All records of a zone." },
	{ 255, "ANY", NULL, NULL },
	{ 257, "CAA", NULL, NULL },
};

static const struct type *type_find(uint16_t number)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].number == number)
			return &types[i];
	return NULL;
}

void dns_type_add(struct str *out, uint16_t number)
{
	const struct type *t = type_find(number);

	if (t)
		str_add(out, t->name);
	else
		str_addf(out, "TYPE%u", number);
}

const char *dns_type_about(uint16_t number)
{
	const struct type *t = type_find(number);

	return t ? t->about : NULL;
}

/* ---- records ---- */

bool dns_record_read(struct rd *r, bool question, struct dns_record *out, struct str *name)
{
	*out = (struct dns_record){ .at = r->at };
	if (!dns_name_read(r, name))
		return false;
	out->type_at = r->at;
	out->type = rd_be16(r);
	out->class = rd_be16(r);
	if (!question) {
		out->ttl = rd_be32(r);
		out->data_at = r->at + 2;
		rd_skip(r, rd_be16(r));
	}
	out->end = r->at;
	return !r->short_read;
}

void dns_data_text(struct str *out, struct rd message, const struct dns_record *record)
{
	const struct type *t = type_find(record->type);
	struct rd r = message;
	struct rd bytes;

	r.at = record->data_at;
	r.len = record->end;
	bytes = r;
	if (record->data_at == record->end)
		return;
	if (t && t->text) {
		t->text(out, &r);
		if (r.short_read)
			str_add(out, " (malformed)");
	} else {
		proto_bytes_text(out, rd_rest(&bytes));
	}
}
