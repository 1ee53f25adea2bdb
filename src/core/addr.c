#include "src/core/addr.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "src/core/addr_form.h"
#include "src/core/names.h"
#include "src/core/safe.h"

#define UNIX_AT offsetof(struct sockaddr_un, sun_path)

/* ---- making and asking ---- */

struct addr addr_v4(const uint8_t ip[4], uint16_t port)
{
	struct addr a = { .len = sizeof(a.u.in) };

	a.u.in.sin_family = AF_INET;
	memcpy(&a.u.in.sin_addr, ip, 4);
	addr_set_port(&a, port);
	return a;
}

struct addr addr_v6(const uint8_t ip[16], uint16_t port)
{
	struct addr a = { .len = sizeof(a.u.in6) };

	a.u.in6.sin6_family = AF_INET6;
	memcpy(&a.u.in6.sin6_addr, ip, 16);
	addr_set_port(&a, port);
	return a;
}

struct addr addr_of(const struct sockaddr *sa, socklen_t len)
{
	struct addr a;

	memset(&a, 0, sizeof(a));
	a.len = len < sizeof(a.u) ? len : sizeof(a.u);
	if (!sa || len < sizeof(sa->sa_family))
		a.len = 0;
	memcpy(&a.u, sa ? (const void *)sa : "", a.len);
	return a;
}

int addr_family(const struct addr *a)
{
	static const socklen_t least[] = {
		[AF_INET] = sizeof(struct sockaddr_in),
		[AF_INET6] = offsetof(struct sockaddr_in6, sin6_scope_id),
	};
	size_t family = a->u.sa.sa_family;

	if (a->len < sizeof(a->u.sa.sa_family))
		return AF_UNSPEC;
	if (family < sizeof(least) / sizeof(least[0]) && a->len < least[family])
		return AF_UNSPEC;
	return (int)family;
}

/* The two bytes of the port in network order; NULL for families without. */
static uint8_t *port_bytes(struct addr *a)
{
	switch (addr_family(a)) {
	case AF_INET:
		return (uint8_t *)&a->u.in.sin_port;
	case AF_INET6:
		return (uint8_t *)&a->u.in6.sin6_port;
	}
	return NULL;
}

uint16_t addr_port(const struct addr *a)
{
	struct addr copy = *a;
	const uint8_t *p = port_bytes(&copy);

	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

void addr_set_port(struct addr *a, uint16_t port)
{
	uint8_t *p = port_bytes(a);

	if (p) {
		p[0] = (uint8_t)(port >> 8);
		p[1] = (uint8_t)port;
	}
}

/* The IP address in network order: 4 or 16 bytes, NULL for other families. */
static const uint8_t *ip_bytes(const struct addr *a, size_t *len)
{
	switch (addr_family(a)) {
	case AF_INET:
		*len = 4;
		return (const uint8_t *)&a->u.in.sin_addr;
	case AF_INET6:
		*len = 16;
		return (const uint8_t *)&a->u.in6.sin6_addr;
	}
	*len = 0;
	return NULL;
}

/* The name of a Unix address: a path up to its NUL, or an abstract name with its NUL in front;
 * unix(7). */
static size_t unix_name(const struct addr *a)
{
	size_t len = a->len > UNIX_AT ? a->len - UNIX_AT : 0;

	if (len > sizeof(a->u.un.sun_path))
		len = sizeof(a->u.un.sun_path);
	if (len > 0 && a->u.un.sun_path[0] == '\0')
		return len;
	return strnlen(a->u.un.sun_path, len);
}

static uint32_t scope_of(const struct addr *a)
{
	bool whole = addr_family(a) == AF_INET6 && a->len >= sizeof(a->u.in6);

	return whole ? a->u.in6.sin6_scope_id : 0;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	size_t len, len_b;
	const uint8_t *ip = ip_bytes(a, &len), *ip_b = ip_bytes(b, &len_b);

	if (addr_family(a) != addr_family(b))
		return false;
	if (ip)
		return len == len_b && memcmp(ip, ip_b, len) == 0 && addr_port(a) == addr_port(b) &&
		       scope_of(a) == scope_of(b);
	if (addr_family(a) == AF_UNIX) {
		len = unix_name(a);
		return len == unix_name(b) && memcmp(a->u.un.sun_path, b->u.un.sun_path, len) == 0;
	}
	return addr_form_equal(a, b);
}

void addr_ip16(uint8_t ip[16], const struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memset(ip, 0, 16);
	if (addr_family(a) == AF_INET6) {
		memcpy(ip, &a->u.in6.sin6_addr, 16);
	} else if (addr_family(a) == AF_INET) {
		memcpy(ip, mapped, sizeof(mapped));
		memcpy(ip + sizeof(mapped), &a->u.in.sin_addr, 4);
	}
}

bool addr_is_any(const struct addr *a)
{
	static const uint8_t zeros[16];
	size_t len;
	const uint8_t *ip = ip_bytes(a, &len);

	if (ip)
		return memcmp(ip, zeros, len) == 0;
	return addr_family(a) == AF_UNSPEC;
}

/* ---- writing ---- */

static const char *name_of_ip(const struct addr *a, const struct addr_names *names)
{
	size_t len;
	const uint8_t *ip = ip_bytes(a, &len);

	for (size_t i = 0; names && i < names->count; i++) {
		const struct addr_name *row = &names->row[i];

		if (row->family == addr_family(a) && memcmp(row->ip, ip, len) == 0)
			return row->name;
	}
	return NULL;
}

static void v4_text(struct str *out, const struct addr *a, const char *name)
{
	char text[INET_ADDRSTRLEN] = "*";

	if (!name && !addr_is_any(a))
		inet_ntop(AF_INET, &a->u.in.sin_addr, text, sizeof(text));
	safe_add_text(out, name ? name : text);
	str_addf(out, ":%u", addr_port(a));
}

static void v6_text(struct str *out, const struct addr *a, const char *name)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &a->u.in6.sin6_addr, text, sizeof(text));
	str_char(out, '[');
	safe_add_text(out, name ? name : text);
	if (scope_of(a))
		str_addf(out, "%%%u", scope_of(a));
	str_addf(out, "]:%u", addr_port(a));
}

static void unix_text(struct str *out, const struct addr *a)
{
	const char *path = a->u.un.sun_path;
	size_t len = unix_name(a);

	str_add(out, "unix:");
	if (len == 0)
		return;
	if (path[0] == '\0' || path[0] == '@') {
		str_add(out, path[0] ? "\\x40" : "@");
		path++;
		len--;
	}
	safe_add(out, path, len);
}

void addr_text(struct str *out, const struct addr *a, const struct addr_names *names)
{
	switch (addr_family(a)) {
	case AF_INET:
		v4_text(out, a, name_of_ip(a, names));
		break;
	case AF_INET6:
		v6_text(out, a, name_of_ip(a, names));
		break;
	case AF_UNIX:
		unix_text(out, a);
		break;
	case AF_UNSPEC:
		str_add(out, a->len ? "AF_UNSPEC" : "-");
		break;
	default:
		if (!addr_form_text(out, a))
			name_add(out, &names_family, addr_family(a));
	}
}

/* ---- reading ---- */

struct input {
	const char *text;
	size_t len;
	int family_hint;
	const struct addr_names *names;
	struct err *e;
};

/* Marks where in the text the mistake is; returns -1. */
static int at_byte(const struct input *in, size_t at)
{
	int column = 1;

	for (size_t i = 0; i < at;) {
		struct safe_char c = safe_next(in->text + i, in->len - i);

		column += c.width;
		i += c.bytes;
	}
	if (in->e)
		in->e->column = column;
	return -1;
}

static const char *const forms_hint = "an address is HOST:PORT, *:PORT, [IPV6]:PORT or unix:/PATH";

/* A decimal number that is all of text[at..end). */
static bool read_number(const struct input *in, size_t at, size_t end, uint64_t max,
			uint64_t *value)
{
	*value = 0;
	if (at >= end)
		return false;
	for (; at < end; at++) {
		if (in->text[at] < '0' || in->text[at] > '9')
			return false;
		*value = *value * 10 + (uint64_t)(in->text[at] - '0');
		if (*value > max)
			return false;
	}
	return true;
}

static const struct addr_name *find_name(const struct input *in, size_t at, size_t len, int family)
{
	const struct addr_name *first = NULL;

	for (size_t i = 0; in->names && i < in->names->count; i++) {
		const struct addr_name *row = &in->names->row[i];

		if (strlen(row->name) != len || memcmp(row->name, in->text + at, len) != 0)
			continue;
		if (row->family == family)
			return row;
		if (!first)
			first = row;
	}
	return family == AF_UNSPEC || family == in->family_hint ? first : NULL;
}

/* RFC 6761 section 6.3: that name is the loopback address, whatever else there is. */
static bool is_localhost(const struct input *in, size_t at, size_t len)
{
	static const char name[] = "localhost";

	return len == strlen(name) && memcmp(in->text + at, name, len) == 0;
}

static int unknown_host(const struct input *in, size_t at, size_t len)
{
	struct nearest n = nearest_to(in->text + at, len);
	STR_ON_STACK(hint, 128);

	for (size_t i = 0; in->names && i < in->names->count; i++)
		nearest_try(&n, in->names->row[i].name);
	if (n.best)
		str_addf(&hint, "did you mean %s?", n.best);
	err_set(in->e, n.best ? hint.buf : forms_hint, "no host is called \"%.*s\"",
		(int)(len < 64 ? len : 64), in->text + at);
	return at_byte(in, at);
}

static struct addr from_name(const struct addr_name *row)
{
	return row->family == AF_INET6 ? addr_v6(row->ip, 0) : addr_v4(row->ip, 0);
}

/* text[at..at + len) as a NUL-terminated string for inet_pton(3); false if it cannot be an address.
 */
static bool ip_string(const struct input *in, size_t at, size_t len, char dst[INET6_ADDRSTRLEN])
{
	struct str s = str_on(dst, INET6_ADDRSTRLEN);

	if (memchr(in->text + at, '\0', len))
		return false;
	str_addn(&s, in->text + at, len);
	return !s.cut;
}

/* What stands between brackets: an IPv6 address with its scope, or a name that has one. */
static int parse_v6(const struct input *in, size_t at, size_t end, struct addr *a)
{
	const char *percent = memchr(in->text + at, '%', end - at);
	size_t ip_end = percent ? (size_t)(percent - in->text) : end;
	const struct addr_name *row = find_name(in, at, ip_end - at, AF_INET6);
	char text[INET6_ADDRSTRLEN];
	uint8_t ip[16];
	uint64_t scope = 0;

	if (row && row->family == AF_INET6)
		*a = from_name(row);
	else if (is_localhost(in, at, ip_end - at))
		*a = addr_v6(in6addr_loopback.s6_addr, 0);
	else if (ip_string(in, at, ip_end - at, text) && inet_pton(AF_INET6, text, ip) == 1)
		*a = addr_v6(ip, 0);
	else if (err_set(in->e, "for example [2001:db8::2]:8080", "this is no IPv6 address"))
		return at_byte(in, at);
	if (percent && !read_number(in, ip_end + 1, end, UINT32_MAX, &scope)) {
		err_set(in->e, "a scope is the number of an interface", "this is no scope");
		return at_byte(in, ip_end + 1);
	}
	a->u.in6.sin6_scope_id = (uint32_t)scope;
	return 0;
}

static int parse_host(const struct input *in, size_t end, struct addr *a)
{
	static const uint8_t any[16], loopback[4] = { 127, 0, 0, 1 };
	const struct addr_name *row = find_name(in, 0, end, in->family_hint);
	char text[INET6_ADDRSTRLEN];
	uint8_t ip[4];

	if (end == 1 && in->text[0] == '*')
		*a = in->family_hint == AF_INET6 ? addr_v6(any, 0) : addr_v4(any, 0);
	else if (row)
		*a = from_name(row);
	else if (is_localhost(in, 0, end))
		*a = in->family_hint == AF_INET6 ? addr_v6(in6addr_loopback.s6_addr, 0)
						 : addr_v4(loopback, 0);
	else if (ip_string(in, 0, end, text) && inet_pton(AF_INET, text, ip) == 1)
		*a = addr_v4(ip, 0);
	else
		return unknown_host(in, 0, end);
	return 0;
}

static int parse_port(const struct input *in, size_t at, struct addr *a)
{
	uint64_t port;

	if (at >= in->len || in->text[at] != ':') {
		err_set(in->e, "write :8080 behind the host", "the address has no port");
		return at_byte(in, at);
	}
	if (!read_number(in, at + 1, in->len, UINT16_MAX, &port)) {
		err_set(in->e, NULL, "a port is a number from 0 to 65535");
		return at_byte(in, at + 1);
	}
	addr_set_port(a, (uint16_t)port);
	return 0;
}

static int parse_unix(const struct input *in, struct addr *a)
{
	const size_t at = strlen("unix:");
	bool abstract = in->len > at && in->text[at] == '@';
	size_t from = at + abstract, cap = sizeof(a->u.un.sun_path) - abstract;
	long n;

	*a = (struct addr){ .len = UNIX_AT };
	a->u.un.sun_family = AF_UNIX;
	n = safe_unescape(in->text + from, in->len - from, a->u.un.sun_path + abstract, cap);
	if (n < 0) {
		err_set(in->e, "at most 108 bytes, with \\xNN for a byte",
			"this is no name of a Unix socket");
		return at_byte(in, from);
	}
	if (!abstract && memchr(a->u.un.sun_path, '\0', (size_t)n)) {
		err_set(in->e, "an abstract name starts with @", "a path has no NUL byte");
		return at_byte(in, from);
	}
	a->len += (socklen_t)n + abstract;
	return 0;
}

static int parse_ip(const struct input *in, struct addr *a)
{
	const char *end;
	size_t at;

	if (in->len > 0 && in->text[0] == '[') {
		end = memchr(in->text, ']', in->len);
		if (!end) {
			err_set(in->e, "for example [2001:db8::2]:8080", "the ] is missing");
			return at_byte(in, in->len);
		}
		at = (size_t)(end - in->text) + 1;
		return parse_v6(in, 1, at - 1, a) < 0 ? -1 : parse_port(in, at, a);
	}
	end = memrchr(in->text, ':', in->len);
	at = end ? (size_t)(end - in->text) : in->len;
	return parse_host(in, at, a) < 0 ? -1 : parse_port(in, at, a);
}

static bool is_word(const struct input *in, const char *word)
{
	return in->len == strlen(word) && memcmp(in->text, word, in->len) == 0;
}

int addr_parse(struct addr *a, const char *text, size_t len, int family_hint,
	       const struct addr_names *names, struct err *e)
{
	struct input in = { text, len, family_hint, names, e };
	size_t at = 0;
	int form;

	*a = (struct addr){ 0 };
	if (is_word(&in, "-"))
		return 0;
	if (is_word(&in, "AF_UNSPEC")) {
		a->len = sizeof(a->u.sa);
		return 0;
	}
	if (len >= 5 && memcmp(text, "unix:", 5) == 0)
		return parse_unix(&in, a);
	form = addr_form_parse(a, text, len, &at, e);
	if (form)
		return form < 0 ? at_byte(&in, at) : 0;
	return parse_ip(&in, a);
}
