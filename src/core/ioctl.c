#include "src/core/ioctl.h"

#include <assert.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "src/core/names.h"
#include "src/core/safe.h"

static const struct {
	uint32_t request;
	enum ioctl_kind kind;
} rows[] = {
	{ FIONREAD, IOCTL_INT_OUT },
	{ SIOCOUTQ, IOCTL_INT_OUT },
	{ SIOCOUTQNSD, IOCTL_INT_OUT },
	{ SIOCATMARK, IOCTL_INT_OUT },
	{ FIOGETOWN, IOCTL_INT_OUT },
	{ SIOCGPGRP, IOCTL_INT_OUT },
	{ FIONBIO, IOCTL_INT },
	{ FIOASYNC, IOCTL_INT },
	{ FIOSETOWN, IOCTL_INT },
	{ SIOCSPGRP, IOCTL_INT },
	{ FIOCLEX, IOCTL_NOTHING },
	{ FIONCLEX, IOCTL_NOTHING },
	{ SIOCGIFINDEX, IOCTL_IF_INT },
	{ SIOCGIFMETRIC, IOCTL_IF_INT },
	{ SIOCGIFMTU, IOCTL_IF_INT },
	{ SIOCGIFTXQLEN, IOCTL_IF_INT },
	{ SIOCGIFADDR, IOCTL_IF_ADDR },
	{ SIOCGIFDSTADDR, IOCTL_IF_ADDR },
	{ SIOCGIFBRDADDR, IOCTL_IF_ADDR },
	{ SIOCGIFNETMASK, IOCTL_IF_ADDR },
	{ SIOCGIFFLAGS, IOCTL_IF_FLAGS },
	{ SIOCGIFHWADDR, IOCTL_IF },
	{ SIOCGIFMAP, IOCTL_IF },
	{ SIOCSIFFLAGS, IOCTL_IF },
	{ SIOCSIFADDR, IOCTL_IF },
	{ SIOCSIFMTU, IOCTL_IF },
	{ SIOCSIFNETMASK, IOCTL_IF },
	{ SIOCSIFBRDADDR, IOCTL_IF },
	{ SIOCSIFDSTADDR, IOCTL_IF },
	{ SIOCSIFHWADDR, IOCTL_IF },
	{ SIOCSIFNAME, IOCTL_IF },
	{ SIOCSIFTXQLEN, IOCTL_IF },
	{ SIOCADDMULTI, IOCTL_IF },
	{ SIOCDELMULTI, IOCTL_IF },
	{ SIOCETHTOOL, IOCTL_IF },
	{ SIOCGHWTSTAMP, IOCTL_IF },
};

static const size_t sizes[] = {
	[IOCTL_OTHER] = 0,
	[IOCTL_NOTHING] = 0,
	[IOCTL_INT] = sizeof(int),
	[IOCTL_INT_OUT] = sizeof(int),
	[IOCTL_IF] = sizeof(struct ifreq),
	[IOCTL_IF_INT] = sizeof(struct ifreq),
	[IOCTL_IF_FLAGS] = sizeof(struct ifreq),
	[IOCTL_IF_ADDR] = sizeof(struct ifreq),
};
static_assert(sizeof(sizes) / sizeof(sizes[0]) == IOCTL_IF_ADDR + 1, "a size for every kind");
static_assert(sizeof(struct ifreq) <= IOCTL_MAX, "struct ifreq fits");

enum ioctl_kind ioctl_kind(int64_t request)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].request == request)
			return rows[i].kind;
	return IOCTL_OTHER;
}

size_t ioctl_size(enum ioctl_kind kind)
{
	return sizes[kind];
}

void ioctl_encode(enum ioctl_kind kind, const struct value *v, void *dst)
{
	int number = (int)v->number;

	memset(dst, 0, IOCTL_MAX);
	if (v->kind == VALUE_INT && kind < IOCTL_IF)
		memcpy(dst, &number, sizeof(number));
	if (v->kind == VALUE_DATA)
		value_bytes(v, dst, kind < IOCTL_IF ? IOCTL_MAX : IFNAMSIZ - 1);
}

static int int_at(const uint8_t *bytes)
{
	int number;

	memcpy(&number, bytes, sizeof(number));
	return number;
}

static short short_at(const uint8_t *bytes)
{
	short number;

	memcpy(&number, bytes, sizeof(number));
	return number;
}

struct value ioctl_decode(enum ioctl_kind kind, const void *bytes)
{
	if (kind == IOCTL_INT)
		return value_int(int_at(bytes));
	if (kind >= IOCTL_IF)
		return value_data(bytes, strnlen(bytes, IFNAMSIZ));
	return (struct value){ .kind = VALUE_NONE };
}

struct value ioctl_filled(enum ioctl_kind kind, const void *bytes)
{
	const uint8_t *at = (const uint8_t *)bytes + offsetof(struct ifreq, ifr_ifru);
	struct sockaddr sa;
	struct addr a;

	switch (kind) {
	case IOCTL_INT_OUT:
		return value_int(int_at(bytes));
	case IOCTL_IF_INT:
		return value_int(int_at(at));
	case IOCTL_IF_FLAGS:
		return value_int((unsigned short)short_at(at));
	case IOCTL_IF_ADDR:
		memcpy(&sa, at, sizeof(sa));
		a = addr_of(&sa, sizeof(sa));
		return value_addr(&a);
	case IOCTL_OTHER:
	case IOCTL_NOTHING:
	case IOCTL_INT:
	case IOCTL_IF:
		break;
	}
	return (struct value){ .kind = VALUE_NONE };
}

void ioctl_text(struct str *out, enum ioctl_kind kind, const struct value *v,
		const struct addr_names *names)
{
	uint8_t name[IFNAMSIZ];

	if (v->kind == VALUE_ADDR)
		addr_text(out, &v->addr, names);
	else if (v->kind == VALUE_DATA)
		safe_add_quoted(out, name, value_bytes(v, name, sizeof(name)), sizeof(name));
	else if (v->kind == VALUE_INT && kind == IOCTL_IF_FLAGS)
		name_add_flags(out, &names_ifflag, v->number);
	else if (v->kind == VALUE_INT && kind == IOCTL_OTHER)
		str_addf(out, "0x%llx", (unsigned long long)v->number);
	else if (v->kind == VALUE_INT)
		str_addf(out, "%lld", (long long)v->number);
}
