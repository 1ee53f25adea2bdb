/*
 * Any text is refused with a column or is an address whose text gives it again; any bytes as the
 * kernel's struct have a harmless text, and what can be read back is the same address.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/addr.h"
#include "src/core/safe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct addr_name rows[] = {
	{ "server", AF_INET, { 192, 0, 2, 2 } },
	{ "server", AF_INET6, { 0x20, 1, 0xd, 0xb8, [15] = 2 } },
};
static const struct addr_names names = { rows, 2 };

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void check_text(const struct addr *a, const struct addr_names *n)
{
	STR_ON_STACK(text, 1200);
	STR_ON_STACK(line, 1200);
	struct addr again;
	int family = addr_family(a);

	addr_text(&text, a, n);
	safe_add_line(&line, text.buf, text.len);
	require(!text.cut && strcmp(text.buf, line.buf) == 0);
	/* Of other families, and of lengths that no struct has, there is but a name. */
	if (family != AF_INET && family != AF_INET6 && family != AF_UNIX && !strchr(text.buf, ':'))
		return;
	require(addr_parse(&again, text.buf, text.len, AF_UNSPEC, n, NULL) == 0);
	require(addr_equal(a, &again));
}

static void check_parse(const uint8_t *data, size_t size, int hint, const struct addr_names *n)
{
	struct err e = { .column = 0 };
	struct addr a;

	if (addr_parse(&a, (const char *)data, size, hint, n, &e) == 0) {
		require(a.len <= sizeof(a.u));
		check_text(&a, n);
		return;
	}
	require(e.what[0] && e.column >= 1 && (size_t)e.column <= size + 1);
}

static void check_struct(const uint8_t *data, size_t size)
{
	struct sockaddr_storage ss = { 0 };
	size_t len = size < sizeof(ss) ? size : sizeof(ss);
	struct addr a;

	memcpy(&ss, data, len);
	a = addr_of((struct sockaddr *)&ss, (socklen_t)len);
	require(a.len <= sizeof(a.u) && addr_equal(&a, &a));
	check_text(&a, NULL);
	check_text(&a, &names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_parse(data, size, AF_UNSPEC, &names);
	check_parse(data, size, AF_INET6, NULL);
	check_struct(data, size);
	return 0;
}
