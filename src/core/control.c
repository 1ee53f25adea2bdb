/*
 * What a control message holds is a row of fields, by its level and type; one pair of functions
 * goes between bytes and values for all of them.  A message whose bytes do not fit its row holds
 * them as they are.
 */
#include "src/core/control.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "src/core/names.h"
#include "src/core/rd.h"
#include "src/core/safe.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

#define SHOWN_BYTES 32

/* A letter per field; the last one is repeated while there are bytes. */
struct row {
	int level, type;
	const char *
		fields; /* b byte, h short, i int, l long, 4 and 6 IP addresses, a socket address */
	const char *words[6]; /* before each field's text */
};

static const struct row rows[] = {
	{ SOL_SOCKET, SCM_RIGHTS, "i", { NULL } },
	{ SOL_SOCKET, SCM_CREDENTIALS, "iii", { "pid ", " uid ", " gid " } },
	{ SOL_SOCKET, SCM_PIDFD, "i", { NULL } },
	{ SOL_SOCKET, SO_TIMESTAMP, "ll", { NULL } },
	{ SOL_SOCKET, SO_TIMESTAMPNS, "ll", { NULL } },
	{ SOL_SOCKET, SO_TIMESTAMPING, "llllll", { NULL } },
	{ SOL_SOCKET, SO_RXQ_OVFL, "i", { NULL } },
	{ IPPROTO_IP, IP_TTL, "i", { NULL } },
	{ IPPROTO_IP, IP_TOS, "b", { NULL } },
	{ IPPROTO_IP, IP_PKTINFO, "i44", { "interface ", ", ", " to " } },
	{ IPPROTO_IP, IP_ORIGDSTADDR, "a", { NULL } },
	{ IPPROTO_IP, IP_RECVERR, "ibbbbiia", { NULL } },
	{ IPPROTO_IPV6, IPV6_HOPLIMIT, "i", { NULL } },
	{ IPPROTO_IPV6, IPV6_TCLASS, "i", { NULL } },
	{ IPPROTO_IPV6, IPV6_PKTINFO, "6i", { NULL, ", interface " } },
	{ IPPROTO_IPV6, IPV6_RECVERR, "ibbbbiia", { NULL } },
	{ IPPROTO_UDP, UDP_SEGMENT, "h", { NULL } },
	{ IPPROTO_UDP, UDP_GRO, "i", { NULL } },
};

static const struct row *row_of(int level, int64_t type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].level == level && rows[i].type == type)
			return &rows[i];
	return NULL;
}

static size_t size_of(char field, unsigned word)
{
	switch (field) {
	case 'b':
		return 1;
	case 'h':
		return sizeof(short);
	case 'l':
		return word;
	case '6':
		return sizeof(struct in6_addr);
	case 'a':
		return sizeof(struct sockaddr_in); /* or more: what is left */
	default:
		return sizeof(int);
	}
}

/* The field at index i of a message: only descriptors are repeated. */
static char field_at(const struct row *row, size_t i)
{
	size_t count = strlen(row->fields);

	if (i < count)
		return row->fields[i];
	return row->level == SOL_SOCKET && row->type == SCM_RIGHTS ? row->fields[0] : '\0';
}

/* ---- bytes to values ---- */

/* In the machine's byte order. */
static int64_t number_of(const uint8_t *bytes, size_t size)
{
	int64_t wide;
	int32_t normal;
	uint16_t narrow;

	switch (size) {
	case sizeof(wide):
		memcpy(&wide, bytes, sizeof(wide));
		return wide;
	case sizeof(normal):
		memcpy(&normal, bytes, sizeof(normal));
		return normal;
	case sizeof(narrow):
		memcpy(&narrow, bytes, sizeof(narrow));
		return narrow;
	default:
		return bytes[0];
	}
}

/* An address that follows an error can be of no family: then there was none. */
static struct value field_value(char field, const uint8_t *bytes, size_t size)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	struct addr a;

	if (field == '4')
		a = addr_v4(bytes, 0);
	else if (field == '6')
		a = addr_v6(bytes, 0);
	else if (field != 'a')
		return value_int(number_of(bytes, size));
	if (field == 'a') {
		memcpy(&sa, bytes, size < sizeof(sa) ? size : sizeof(sa));
		a = addr_of((const struct sockaddr *)&sa, (socklen_t)size);
	}
	return value_addr(&a);
}

static bool read_fields(struct value *v, const struct row *row, struct rd r, unsigned word,
			size_t *items)
{
	char field;

	for (size_t i = 0; rd_left(&r) && (field = field_at(row, i)); i++) {
		size_t size = field == 'a' ? rd_left(&r) : size_of(field, word);
		const uint8_t *bytes = rd_bytes(&r, size);

		if (!bytes || (field == 'a' && size < size_of(field, word)))
			return false;
		if (*items == 0) {
			value_list_add(v, value_rest(rd_left(&r) / size + 1));
			return true;
		}
		--*items;
		value_list_add(v, field_value(field, bytes, size));
	}
	return v->items >= strlen(row->fields) && rd_left(&r) == 0;
}

/* A number alone is taken in any size: programs give IP_TOS as an int, the kernel as a byte. */
static bool read_number(struct value *v, const struct row *row, struct rd r, size_t *items)
{
	bool size = r.len == 1 || r.len == 2 || r.len == 4 || r.len == 8;

	if (field_at(row, 1) || !strchr("bhil", row->fields[0]) || !size || *items == 0)
		return false;
	--*items;
	value_list_add(v, value_int(number_of(r.base, r.len)));
	return true;
}

static struct value message_of(int level, int type, struct rd body, unsigned word, size_t *items)
{
	const struct row *row = row_of(level, type);
	struct value v = value_control(level, type);

	if (row && (read_number(&v, row, body, items) || read_fields(&v, row, body, word, items)))
		return v;
	value_fini(&v);
	v = value_control(level, type);
	value_list_add(&v, value_data(body.base, body.len));
	return v;
}

static size_t aligned(size_t len, unsigned word)
{
	return (len + word - 1) & ~((size_t)word - 1);
}

/* struct cmsghdr: a length (of all, a long), level, type; then what it holds, aligned. */
void control_read(struct value *list, const void *bytes, size_t len, unsigned word, size_t *items)
{
	struct rd r = rd_on(bytes, len);
	size_t header = word + 2 * sizeof(int);

	while (rd_left(&r) >= header && *items > 0) {
		const uint8_t *at = rd_bytes(&r, header);
		uint64_t whole = (uint64_t)number_of(at, word);
		int level = (int)number_of(at + word, sizeof(int));
		int type = (int)number_of(at + word + sizeof(int), sizeof(int));
		struct rd body;

		whole = word == sizeof(int) ? (uint32_t)whole : whole;
		if (whole < header || whole - header > rd_left(&r))
			return;
		body = rd_sub(&r, (size_t)whole - header);
		--*items;
		value_list_add(list, message_of(level, type, body, word, items));
		whole = aligned((size_t)whole, word) - (size_t)whole;
		rd_skip(&r, whole < rd_left(&r) ? (size_t)whole : rd_left(&r));
	}
}

/* ---- values to bytes ---- */

static size_t put_field(char field, const struct value *v, uint8_t *dst, size_t cap)
{
	size_t size = size_of(field, sizeof(long));
	const void *from = &v->number;
	int narrow = (int)v->number;
	uint16_t half = (uint16_t)v->number;
	uint8_t byte = (uint8_t)v->number;

	if (v->kind == VALUE_ADDR && field == 'a')
		size = v->addr.len;
	if (v->kind == VALUE_ADDR)
		from = field == '4'   ? (const void *)&v->addr.u.in.sin_addr
		       : field == '6' ? (const void *)&v->addr.u.in6.sin6_addr
				      : (const void *)&v->addr.u;
	else if (size == sizeof(byte))
		from = &byte;
	else if (size == sizeof(half))
		from = &half;
	else if (size == sizeof(narrow))
		from = &narrow;
	else if (size != sizeof(v->number))
		return 0; /* a number where an address belongs */
	if (size <= cap)
		memcpy(dst, from, size);
	return size;
}

static size_t put_body(const struct value *v, uint8_t *dst, size_t cap)
{
	const struct row *row = row_of(v->level, v->number);
	size_t len = 0;
	char field;

	for (size_t i = 0; i < v->items; i++) {
		const struct value *item = &v->item[i];
		size_t room = len < cap ? cap - len : 0;

		if (item->kind == VALUE_DATA) {
			value_bytes(item, dst + (cap - room), room);
			len += item->len;
		} else if (row && (field = field_at(row, i))) {
			len += put_field(field, item, dst + (cap - room), room);
		}
	}
	return len;
}

static size_t put_message(const struct value *v, uint8_t *dst, size_t cap)
{
	struct cmsghdr header = { .cmsg_level = v->level, .cmsg_type = (int)v->number };
	size_t room = cap > CMSG_LEN(0) ? cap - CMSG_LEN(0) : 0;
	size_t body = put_body(v, dst + (cap - room), room);

	header.cmsg_len = CMSG_LEN(body);
	if (cap >= sizeof(header))
		memcpy(dst, &header, sizeof(header));
	return CMSG_SPACE(body);
}

size_t control_write(const struct value *v, void *dst, size_t cap)
{
	uint8_t *at = dst;
	size_t len = 0;

	if (v->kind == VALUE_CONTROL)
		return put_message(v, at, cap);
	for (size_t i = 0; i < v->items; i++) {
		size_t room = len < cap ? cap - len : 0;

		if (v->item[i].kind == VALUE_CONTROL)
			len += put_message(&v->item[i], at + (cap - room), room);
	}
	return len;
}

/* ---- text ---- */

static void ip_text(struct str *out, const struct addr *a, const struct addr_names *names)
{
	STR_ON_STACK(text, 160);

	addr_text(&text, a, names);
	if (text.len > 2 && strcmp(text.buf + text.len - 2, ":0") == 0)
		text.len -= 2; /* an address without a port */
	str_addn(out, text.buf, text.len);
}

static void bytes_text(struct str *out, const struct value *v)
{
	uint8_t head[SHOWN_BYTES + 1];

	safe_add_quoted(out, head, value_bytes(v, head, sizeof(head)), SHOWN_BYTES);
}

static void item_text(struct str *out, const struct value *v, const struct addr_names *names)
{
	if (v->kind == VALUE_ADDR && addr_family(&v->addr) == AF_UNSPEC)
		str_char(out, '-');
	else if (v->kind == VALUE_ADDR && addr_port(&v->addr) == 0)
		ip_text(out, &v->addr, names);
	else if (v->kind == VALUE_ADDR)
		addr_text(out, &v->addr, names);
	else if (v->kind == VALUE_DATA)
		bytes_text(out, v);
	else if (v->kind == VALUE_REST)
		str_add(out, "...");
	else
		str_addf(out, "%lld", (long long)v->number);
}

/* struct sock_extended_err: errno, who told of it, and what the ICMP message said. */
static void error_text(struct str *out, const struct value *v, const struct addr_names *names)
{
	static const char *const origins[] = { "none",	 "local",     "ICMP",
					       "ICMPv6", "TX status", "zero copy" };
	uint64_t origin = (uint64_t)v->item[1].number;

	str_char(out, '{');
	name_add(out, &names_errno, v->item[0].number);
	if (origin < sizeof(origins) / sizeof(origins[0]))
		str_addf(out, ", %s", origins[origin]);
	else
		str_addf(out, ", origin %llu", (unsigned long long)origin);
	str_addf(out, " type %lld code %lld, ", (long long)v->item[2].number,
		 (long long)v->item[3].number);
	item_text(out, &v->item[7], names);
	str_char(out, '}');
}

static void name_text(struct str *out, const struct value *v)
{
	const struct name_table *options = names_of_level(v->level);
	const struct name *n = v->level == SOL_SOCKET ? name_of(&names_scm, v->number) : NULL;

	if (!n && options)
		n = name_of(options, v->number);
	if (n) {
		str_add(out, n->name);
		return;
	}
	name_add(out, &names_level, v->level);
	str_addf(out, "/%lld", (long long)v->number);
}

static bool is_error(const struct value *v)
{
	return v->items == 8 && ((v->level == IPPROTO_IP && v->number == IP_RECVERR) ||
				 (v->level == IPPROTO_IPV6 && v->number == IPV6_RECVERR));
}

static bool is_single(const struct value *v)
{
	bool rights = v->level == SOL_SOCKET && v->number == SCM_RIGHTS;

	return v->items == 1 && !rights;
}

void control_text(struct str *out, const struct value *v, const struct addr_names *names)
{
	const struct row *row = row_of(v->level, v->number);

	name_text(out, v);
	str_char(out, ' ');
	if (is_error(v)) {
		error_text(out, v, names);
		return;
	}
	str_add(out, is_single(v) ? "" : "{");
	for (size_t i = 0; i < v->items; i++) {
		const char *word = row && i < 6 && row->words[1] ? row->words[i] : NULL;

		str_add(out, word ? word : i && !(row && row->words[1]) ? ", " : "");
		item_text(out, &v->item[i], names);
	}
	str_add(out, is_single(v) ? "" : "}");
}
