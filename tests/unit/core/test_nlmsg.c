#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "src/core/call.h"
#include "src/core/nlmsg.h"

/* ---- datagrams made by hand ---- */

struct made {
	uint8_t bytes[1024];
	size_t len, head;
};

static void put(struct made *d, const void *bytes, size_t len)
{
	assert_true(d->len + len <= sizeof(d->bytes));
	memcpy(d->bytes + d->len, bytes, len);
	d->len = (d->len + len + 3) & ~(size_t)3;
}

static void put_attr(struct made *d, uint16_t type, const void *value, size_t len)
{
	const struct nlattr a = { .nla_len = (uint16_t)(sizeof(a) + len), .nla_type = type };
	uint32_t whole;

	put(d, &a, sizeof(a));
	put(d, value, len);
	whole = (uint32_t)(d->len - d->head);
	memcpy(d->bytes + d->head, &whole, sizeof(whole));
}

static void put_head(struct made *d, uint16_t type, uint16_t flags, uint32_t seq, size_t body)
{
	const struct nlmsghdr h = { .nlmsg_len = (uint32_t)(sizeof(h) + body),
				    .nlmsg_type = type,
				    .nlmsg_flags = flags,
				    .nlmsg_seq = seq,
				    .nlmsg_pid = 77 };

	d->head = d->len;
	put(d, &h, sizeof(h));
}

static void put_route(struct made *d)
{
	const struct rtmsg m = { .rtm_family = AF_INET,
				 .rtm_dst_len = 24,
				 .rtm_table = RT_TABLE_MAIN,
				 .rtm_protocol = RTPROT_KERNEL,
				 .rtm_scope = RT_SCOPE_LINK,
				 .rtm_type = RTN_UNICAST };
	const uint32_t two = 2;

	put_head(d, RTM_NEWROUTE, NLM_F_MULTI, 1, sizeof(m));
	put(d, &m, sizeof(m));
	put_attr(d, RTA_DST, "\300\0\2\0", 4);
	put_attr(d, RTA_OIF, &two, sizeof(two));
}

static void put_done(struct made *d)
{
	const int32_t none = 0;

	put_head(d, NLMSG_DONE, NLM_F_MULTI, 1, sizeof(none));
	put(d, &none, sizeof(none));
}

static const char *text_of(const void *bytes, size_t len, int protocol)
{
	static _Thread_local char buf[4096];
	struct str s = str_on(buf, sizeof(buf));
	struct rd r = rd_on(bytes, len);
	struct nlmsg m;

	while (rd_left(&r) && nlmsg_next(&r, &m))
		nlmsg_text(&s, &m, protocol);
	return buf;
}

static const char *summary_of(const struct made *d)
{
	static _Thread_local char buf[256];
	struct str s = str_on(buf, sizeof(buf));

	nlmsg_summary(&s, d->bytes, d->len, NETLINK_ROUTE);
	return buf;
}

/* ---- what they say ---- */

static void a_dump_of_routes(void **state)
{
	struct made d = { .len = 0 };

	(void)state;
	put_route(&d);
	put_route(&d);
	put_done(&d);
	assert_string_equal(
		text_of(d.bytes, d.len, NETLINK_ROUTE),
		"{RTM_NEWROUTE, NLM_F_MULTI, seq 1: AF_INET, /24, RT_TABLE_MAIN, RTPROT_KERNEL, "
		"RT_SCOPE_LINK, RTN_UNICAST; RTA_DST 192.0.2.0, RTA_OIF 2}"
		"{RTM_NEWROUTE, NLM_F_MULTI, seq 1: AF_INET, /24, RT_TABLE_MAIN, RTPROT_KERNEL, "
		"RT_SCOPE_LINK, RTN_UNICAST; RTA_DST 192.0.2.0, RTA_OIF 2}"
		"{NLMSG_DONE, NLM_F_MULTI, seq 1}");
	assert_string_equal(summary_of(&d), "RTM_NEWROUTE ×2, NLMSG_DONE");
	assert_string_equal(text_of(d.bytes, 44, NETLINK_GENERIC),
			    "{type 24, NLM_F_MULTI, seq 1: 28 bytes}");
}

static void other_messages(void **state)
{
	const struct ifinfomsg link = { .ifi_index = 2, .ifi_flags = 1 };
	const struct ifaddrmsg addr = { .ifa_family = AF_INET6,
					.ifa_prefixlen = 64,
					.ifa_index = 2 };
	const int32_t refused = -EPERM, done = 0;
	const uint8_t ip6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	struct made d = { .len = 0 };

	(void)state;
	put_head(&d, RTM_NEWLINK, 0, 9, sizeof(link));
	put(&d, &link, sizeof(link));
	put_attr(&d, IFLA_IFNAME, "e\x1b[0", 5);
	put_attr(&d, IFLA_ADDRESS, "\2\0\0\0\0\1", 6);
	put_attr(&d, 0x3fff, "xx", 2);
	put_head(&d, RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, 9, sizeof(addr));
	put(&d, &addr, sizeof(addr));
	put_attr(&d, IFA_ADDRESS, ip6, sizeof(ip6));
	put_head(&d, NLMSG_ERROR, 0, 3, sizeof(refused));
	put(&d, &refused, sizeof(refused));
	put_head(&d, NLMSG_ERROR, 0, 4, sizeof(done));
	put(&d, &done, sizeof(done));
	assert_string_equal(
		text_of(d.bytes, d.len, NETLINK_ROUTE),
		"{RTM_NEWLINK, seq 9: AF_UNSPEC, interface 2, IFF_UP; IFLA_IFNAME \"e\\x1b[0\", "
		"IFLA_ADDRESS 02:00:00:00:00:01, attribute 16383 2 bytes}"
		"{RTM_NEWADDR, NLM_F_REQUEST|NLM_F_EXCL|NLM_F_CREATE, seq 9: AF_INET6, /64, "
		"RT_SCOPE_UNIVERSE, interface 2; IFA_ADDRESS 2001:db8::1}"
		"{NLMSG_ERROR, seq 3: EPERM}{NLMSG_ERROR, seq 4: 0, it is done}");
}

/* Cut anywhere: what is there is shown, nothing beyond it is read. */
static void torn_messages(void **state)
{
	struct made d = { .len = 0 };

	(void)state;
	put_route(&d);
	for (size_t len = 0; len <= d.len; len++) {
		uint8_t *copy = malloc(len ? len : 1);
		const char *text;

		assert_non_null(copy);
		memcpy(copy, d.bytes, len);
		text = text_of(copy, len, NETLINK_ROUTE);
		assert_int_equal(text[0] != '\0', len >= sizeof(struct nlmsghdr));
		assert_int_equal(strstr(text, "…") != NULL, len >= 16 && len < d.len);
		free(copy);
	}
	memset(d.bytes, 0, 4); /* a length of nothing */
	assert_string_equal(text_of(d.bytes, d.len, NETLINK_ROUTE), "");
	memset(d.bytes, 0xff, d.len);
	assert_string_equal(summary_of(&d), "65535");
}

static void requests(void **state)
{
	uint8_t bytes[NLMSG_REQUEST_MAX];
	size_t len = nlmsg_request(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, 1, AF_INET, bytes,
				   sizeof(bytes));
	struct made d = { .len = len };

	(void)state;
	assert_int_equal(len, sizeof(struct nlmsghdr) + sizeof(struct rtmsg));
	memcpy(d.bytes, bytes, len);
	assert_string_equal(summary_of(&d), "RTM_GETROUTE dump");
	assert_string_equal(
		text_of(bytes, len, NETLINK_ROUTE),
		"{RTM_GETROUTE, NLM_F_REQUEST|NLM_F_DUMP, seq 1: AF_INET, /0, RT_TABLE_UNSPEC, "
		"RTPROT_UNSPEC, RT_SCOPE_UNIVERSE, RTN_UNSPEC}");
	assert_int_equal(nlmsg_request(RTM_GETROUTE, 0, 1, AF_INET, bytes, len - 1), 0);
	assert_int_equal(nlmsg_request(NLMSG_NOOP, 0, 1, AF_INET, bytes, 16), 16);
}

/* ---- in calls ---- */

static void calls_show_messages(void **state)
{
	struct made d = { .len = 0 };
	struct call_request send = { .call = call_find("sendto", 6), .family = AF_NETLINK };
	struct call_request recv = { .call = call_find("recv", 4), .family = AF_NETLINK };
	struct call_outcome o = { .data = d.bytes };
	const char *label = "";
	STR_ON_STACK(text, 1024);

	(void)state;
	put_route(&d);
	put_done(&d);
	send.arg[1] = value_data(d.bytes, d.len);
	call_arg_text(&text, &send, 1, NULL);
	assert_non_null(strstr(text.buf, "{RTM_NEWROUTE, NLM_F_MULTI, seq 1: AF_INET"));
	assert_non_null(strstr(text.buf, "}, {NLMSG_DONE, NLM_F_MULTI, seq 1}, 64"));
	str_clear(&text);
	send.family = AF_INET; /* bytes like others */
	call_arg_text(&text, &send, 1, NULL);
	assert_int_equal(text.buf[0], '"');
	str_clear(&text);
	o.result = (int64_t)d.len;
	o.data_kept = 44; /* the rest was not kept */
	assert_true(call_out_text(&text, &label, 0, &recv, &o, NULL));
	assert_string_equal(label, "data");
	assert_non_null(strstr(text.buf, "RTA_OIF 2}, ..."));
	value_fini(&send.arg[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_of_routes),    cmocka_unit_test(other_messages),
		cmocka_unit_test(torn_messages),       cmocka_unit_test(requests),
		cmocka_unit_test(calls_show_messages),
	};

	return cmocka_run_group_tests_name("nlmsg", tests, NULL, NULL);
}
