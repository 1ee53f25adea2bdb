/*
 * An option's bytes are one or more numbers of one size, text, or a struct that is left alone; the
 * table of shapes says which, and one pair of functions goes between bytes and values for all of
 * them.
 */
#include "src/core/option.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "src/core/safe.h"

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif
#ifndef TCP_CC_INFO
#define TCP_CC_INFO 26
#endif

#define SHOWN_BYTES 32 /* of a text, before it is cut */

/* Options that are not a plain int. */
static const struct option rows[] = {
	{ SOL_SOCKET, SO_LINGER, OPTION_LINGER, NULL },
	{ SOL_SOCKET, SO_RCVTIMEO, OPTION_TIMEVAL, NULL },
	{ SOL_SOCKET, SO_SNDTIMEO, OPTION_TIMEVAL, NULL },
	{ SOL_SOCKET, SO_ERROR, OPTION_INT, &names_errno },
	{ SOL_SOCKET, SO_TYPE, OPTION_INT, &names_socktype },
	{ SOL_SOCKET, SO_DOMAIN, OPTION_INT, &names_family },
	{ SOL_SOCKET, SO_PROTOCOL, OPTION_INT, &names_protocol },
	{ SOL_SOCKET, SO_PEERCRED, OPTION_CRED, NULL },
	{ SOL_SOCKET, SO_BINDTODEVICE, OPTION_TEXT, NULL },
	{ SOL_SOCKET, SO_PEERSEC, OPTION_TEXT, NULL },
	{ SOL_SOCKET, SO_COOKIE, OPTION_U64, NULL },
	{ SOL_SOCKET, SO_MEMINFO, OPTION_BYTES, NULL },
	{ IPPROTO_IP, IP_ADD_MEMBERSHIP, OPTION_MREQ, NULL },
	{ IPPROTO_IP, IP_DROP_MEMBERSHIP, OPTION_MREQ, NULL },
	{ IPPROTO_IPV6, IPV6_JOIN_GROUP, OPTION_MREQ6, NULL },
	{ IPPROTO_IPV6, IPV6_LEAVE_GROUP, OPTION_MREQ6, NULL },
	{ IPPROTO_TCP, TCP_CONGESTION, OPTION_TEXT, NULL },
	{ IPPROTO_TCP, TCP_ULP, OPTION_TEXT, NULL },
	{ IPPROTO_TCP, TCP_INFO, OPTION_BYTES, NULL },
	{ IPPROTO_TCP, TCP_CC_INFO, OPTION_BYTES, NULL },
};

struct shape {
	uint8_t size; /* bytes of a number; 0: not made of numbers */
	uint8_t count; /* numbers; more than one are a list */
};

static const struct shape shapes[] = {
	[OPTION_INT] = { sizeof(int), 1 },
	[OPTION_U64] = { sizeof(uint64_t), 1 },
	[OPTION_LINGER] = { sizeof(int), 2 },
	[OPTION_TIMEVAL] = { sizeof(long), 2 },
	[OPTION_CRED] = { sizeof(int), 3 },
	[OPTION_MREQ] = { 0, 0 },
	[OPTION_MREQ6] = { 0, 0 },
	[OPTION_TEXT] = { 0, 0 },
	[OPTION_BYTES] = { 0, 0 },
};
static_assert(sizeof(shapes) / sizeof(shapes[0]) == OPTION_BYTES + 1, "a shape for every kind");
static_assert(sizeof(struct timeval) == 2 * sizeof(long), "struct timeval is two longs");

struct option option_of(int64_t level, int64_t name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].level == level && rows[i].name == name)
			return rows[i];
	return (struct option){ level, name, OPTION_INT, NULL };
}

/* ---- values to bytes ---- */

struct writer {
	uint8_t *dst;
	size_t cap, len;
};

static void put(struct writer *w, const void *bytes, size_t len)
{
	size_t room = w->cap - w->len;

	if (len > room)
		len = room;
	if (len)
		memcpy(w->dst + w->len, bytes, len);
	w->len += len;
}

/* In the machine's byte order, which is what the kernel reads. */
static void put_number(struct writer *w, int64_t number, size_t size)
{
	int narrow = (int)number;

	if (size == sizeof(narrow))
		put(w, &narrow, sizeof(narrow));
	else
		put(w, &number, sizeof(number));
}

static void put_ip(struct writer *w, const struct addr *a)
{
	if (addr_family(a) == AF_INET)
		put(w, &a->u.in.sin_addr, sizeof(a->u.in.sin_addr));
	else if (addr_family(a) == AF_INET6)
		put(w, &a->u.in6.sin6_addr, sizeof(a->u.in6.sin6_addr));
	else
		put(w, &a->u, a->len);
}

static void put_value(struct writer *w, const struct value *v, size_t size)
{
	switch (v->kind) {
	case VALUE_NONE:
	case VALUE_CONTROL:
	case VALUE_POINTER:
	case VALUE_REST:
		break;
	case VALUE_INT:
		put_number(w, v->number, size);
		break;
	case VALUE_DATA:
		w->len += value_bytes(v, w->dst + w->len, w->cap - w->len);
		break;
	case VALUE_ADDR:
		put_ip(w, &v->addr);
		break;
	case VALUE_LIST:
		for (size_t i = 0; i < v->items; i++)
			put_value(w, &v->item[i], size);
		break;
	}
}

static void timeval_of_ms(int64_t ms, int64_t *sec, int64_t *usec)
{
	*sec = ms / 1000;
	*usec = ms % 1000 * 1000;
}

size_t option_encode(const struct option *o, const struct value *v, void *dst, size_t cap)
{
	struct writer w = { .dst = dst, .cap = cap };
	size_t size = shapes[o->kind].size ? shapes[o->kind].size : sizeof(int);
	int64_t sec, usec;

	if (o->kind == OPTION_TIMEVAL && v->kind == VALUE_INT) {
		timeval_of_ms(v->number, &sec, &usec);
		put_number(&w, sec, size);
		put_number(&w, usec, size);
	} else {
		put_value(&w, v, size);
	}
	return w.len;
}

/* ---- bytes to values ---- */

static int64_t number_at(const uint8_t *bytes, size_t size)
{
	int64_t wide = 0;
	int narrow = 0;

	if (size == sizeof(wide)) {
		memcpy(&wide, bytes, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, bytes, sizeof(narrow));
	return narrow;
}

static void add_addr(struct value *list, struct addr a)
{
	value_list_add(list, value_addr(&a));
}

/* The group first; then the interface by its address, its number, or both. */
static struct value group_of(const struct option *o, const uint8_t *at, size_t len)
{
	struct value list = { .kind = VALUE_LIST };
	size_t used = o->kind == OPTION_MREQ6 ? sizeof(struct in6_addr) : sizeof(struct ip_mreq);
	bool number = len == used + sizeof(int);

	if (!number && (o->kind == OPTION_MREQ6 || len != used))
		return value_data(at, len);
	if (o->kind == OPTION_MREQ6) {
		add_addr(&list, addr_v6(at, 0));
	} else {
		add_addr(&list, addr_v4(at, 0));
		add_addr(&list, addr_v4(at + sizeof(struct in_addr), 0));
	}
	if (number)
		value_list_add(&list, value_int(number_at(at + used, sizeof(int))));
	return list;
}

struct value option_decode(const struct option *o, const void *bytes, size_t len)
{
	const struct shape *s = &shapes[o->kind];
	const uint8_t *at = bytes;
	struct value list = { .kind = VALUE_LIST };

	if (o->kind == OPTION_MREQ || o->kind == OPTION_MREQ6)
		return group_of(o, bytes, len);
	if (o->kind == OPTION_TEXT)
		return value_data(bytes, strnlen(bytes, len));
	if (o->kind == OPTION_INT && len == 1)
		return value_int(at[0]); /* ip(7): small values may come as one byte */
	if (s->count == 0 || len != (size_t)s->size * s->count)
		return value_data(bytes, len);
	if (s->count == 1)
		return value_int(number_at(at, s->size));
	for (size_t i = 0; i < s->count; i++)
		value_list_add(&list, value_int(number_at(at + i * s->size, s->size)));
	return list;
}

/* ---- values as text ---- */

static void number_text(struct str *out, const struct option *o, int64_t number)
{
	int64_t sec, usec;

	if (o->kind == OPTION_TIMEVAL) {
		timeval_of_ms(number, &sec, &usec);
		str_addf(out, "{%lld, %lld}", (long long)sec, (long long)usec);
	} else if (o->names && (o->names != &names_errno || number != 0)) {
		name_add(out, o->names, number);
	} else {
		str_addf(out, "%lld", (long long)number);
	}
}

static void data_text(struct str *out, const struct option *o, const struct value *v)
{
	uint8_t head[SHOWN_BYTES + 1];
	size_t len = value_bytes(v, head, sizeof(head));

	if (o->kind == OPTION_BYTES)
		str_addf(out, "%zu bytes", v->len);
	else
		safe_add_quoted(out, head, len, SHOWN_BYTES);
}

static void list_text(struct str *out, const struct option *o, const struct value *v)
{
	static const char *const cred[] = { "pid ", " uid ", " gid " };
	const struct option plain = { o->level, o->name, OPTION_INT, NULL };
	bool is_cred = o->kind == OPTION_CRED && v->items == 3;

	str_add(out, is_cred ? "" : "{");
	for (size_t i = 0; i < v->items; i++) {
		str_add(out, is_cred ? cred[i] : i ? ", " : "");
		option_text(out, &plain, &v->item[i]);
	}
	str_add(out, is_cred ? "" : "}");
}

void option_text(struct str *out, const struct option *o, const struct value *v)
{
	switch (v->kind) {
	case VALUE_NONE:
	case VALUE_CONTROL:
		str_add(out, "NULL");
		break;
	case VALUE_POINTER:
		str_addf(out, "0x%llx", (unsigned long long)v->number);
		break;
	case VALUE_REST:
		str_add(out, "...");
		break;
	case VALUE_INT:
		number_text(out, o, v->number);
		break;
	case VALUE_DATA:
		data_text(out, o, v);
		break;
	case VALUE_ADDR:
		addr_text(out, &v->addr, NULL);
		break;
	case VALUE_LIST:
		list_text(out, o, v);
		break;
	}
}
