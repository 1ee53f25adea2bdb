/*
 * Any bytes are messages of netlink as far as they go: their texts are harmless, and a message is never longer than
 * what was given.  The first byte chooses the protocol.
 */
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/nlmsg.h"
#include "src/core/safe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void check_harmless(const struct str *text)
{
	STR_ON_STACK(line, 2 * 8192);

	safe_add_line(&line, text->buf, text->len);
	require(text->cut || strcmp(text->buf, line.buf) == 0);
}

static void check_messages(struct rd r, int protocol)
{
	size_t left = rd_left(&r);
	struct nlmsg m;

	while (rd_left(&r) && nlmsg_next(&r, &m)) {
		STR_ON_STACK(text, 8192);

		require(m.body.len <= left && rd_left(&r) < left);
		left = rd_left(&r);
		nlmsg_text(&text, &m, protocol);
		require(text.len > 0);
		check_harmless(&text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int protocol = size && data[0] % 2 ? NETLINK_GENERIC : NETLINK_ROUTE;
	STR_ON_STACK(summary, 96);

	if (size == 0)
		return 0;
	check_messages(rd_on(data + 1, size - 1), protocol);
	nlmsg_summary(&summary, data + 1, size - 1, protocol);
	check_harmless(&summary);
	return 0;
}
