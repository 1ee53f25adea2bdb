#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/core/addr.h"

static const struct addr_name rows[] = {
	{ "client", AF_INET, { 192, 0, 2, 1 } },
	{ "client", AF_INET6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
	{ "server", AF_INET, { 192, 0, 2, 2 } },
	{ "server", AF_INET6, { 0x20, 1, 0xd, 0xb8, [15] = 2 } },
};
static const struct addr_names names = { rows, sizeof(rows) / sizeof(rows[0]) };

static const char *text_of(const struct addr *a, const struct addr_names *n)
{
	static _Thread_local char buf[600];
	struct str s = str_on(buf, sizeof(buf));

	addr_text(&s, a, n);
	return buf;
}

static struct addr parsed(const char *text, int hint)
{
	struct addr a;
	struct err e;

	if (addr_parse(&a, text, strlen(text), hint, &names, &e) < 0)
		fail_msg("%s: %s", text, e.what);
	return a;
}

/* The text of what was read is the text that was read. */
static void texts_survive(void **state)
{
	static const char *const texts[] = {
		"192.0.2.9:8080",
		"*:8080",
		"*:0",
		"255.255.255.255:65535",
		"server:8080",
		"[server]:80",
		"[::]:8080",
		"[2001:db8::7]:1",
		"[fe80::1%3]:9",
		"[::ffff:192.0.2.9]:5",
		"unix:",
		"unix:/tmp/x",
		"unix:@abstract",
		"unix:@",
		"unix:@a\\x00b",
		"unix:\\x40path",
		"unix:/a b\\n\\x1b",
		"unix:café",
		"AF_UNSPEC",
		"-",
		"netlink:0",
		"netlink:4294967295/0x41",
		"vsock:2:1024",
		"vsock:*:*",
		"rfcomm:00:11:22:33:44:ff/30",
		"rfcomm:*/1",
		"l2cap:00:11:22:33:44:55/0x1001",
		"l2cap:*/0x1/0x0/2",
		"sco:00:11:22:33:44:55",
		"packet:0",
		"packet:2/ETH_P_IP/02:00:00:00:00:02",
		"packet:2/0x1234",
		"packet:7/ETH_P_ALL/-/PACKET_OUTGOING",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct addr a = parsed(texts[i], AF_UNSPEC);

		assert_string_equal(text_of(&a, &names), texts[i]);
	}
}

static void names_and_hints(void **state)
{
	struct addr a = parsed("server:80", AF_INET6), b = parsed("[2001:db8::2]:80", AF_UNSPEC);

	(void)state;
	assert_true(addr_equal(&a, &b));
	assert_string_equal(text_of(&a, NULL), "[2001:db8::2]:80");
	a = parsed("server:80", AF_UNSPEC);
	assert_string_equal(text_of(&a, NULL), "192.0.2.2:80");
	assert_int_equal(addr_family(&a), AF_INET);
	assert_int_equal(a.len, sizeof(struct sockaddr_in));
	a = parsed("*:80", AF_INET6);
	assert_string_equal(text_of(&a, NULL), "[::]:80");
	assert_true(addr_is_any(&a));
	a = parsed("192.0.2.2:80", AF_INET6);
	assert_int_equal(addr_family(&a), AF_INET);
	assert_false(addr_is_any(&a));
}

static void localhost_is_known_everywhere(void **state)
{
	static const struct {
		const char *text;
		int family;
		const char *expected;
	} cases[] = {
		{ "localhost:80", AF_UNSPEC, "127.0.0.1:80" },
		{ "localhost:80", AF_INET, "127.0.0.1:80" },
		{ "localhost:80", AF_INET6, "[::1]:80" },
		{ "[localhost]:80", AF_UNSPEC, "[::1]:80" },
	};
	struct err e;
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		a = parsed(cases[i].text, cases[i].family);
		assert_string_equal(text_of(&a, &names), cases[i].expected);
		assert_int_equal(addr_parse(&a, cases[i].text, strlen(cases[i].text),
					    cases[i].family, NULL, &e),
				 0);
	}
	assert_int_equal(addr_parse(&a, "localhosts:80", 13, AF_UNSPEC, NULL, &e), -1);
	assert_int_equal(addr_parse(&a, "localhos:80", 11, AF_UNSPEC, NULL, &e), -1);
}

static void ports(void **state)
{
	struct addr a = addr_v4(rows[0].ip, 258), u = parsed("unix:/x", AF_UNSPEC);

	(void)state;
	assert_memory_equal(&a.u.in.sin_port, "\1\2", 2);
	assert_int_equal(addr_port(&a), 258);
	addr_set_port(&a, 65535);
	assert_int_equal(addr_port(&a), 65535);
	addr_set_port(&u, 5);
	assert_int_equal(addr_port(&u), 0);
	assert_string_equal(text_of(&u, NULL), "unix:/x");
}

static void every_ip_survives(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint8_t ip[16];
		struct addr a, b;

		for (size_t k = 0; k < 16; k++) {
			seed = seed * 1664525 + 1013904223;
			ip[k] = seed >> 30 ? (uint8_t)(seed >> 20) : 0;
		}
		a = i % 2 ? addr_v6(ip, (uint16_t)seed) : addr_v4(ip, (uint16_t)seed);
		b = parsed(text_of(&a, &names), AF_UNSPEC);
		assert_true(addr_equal(&a, &b));
		assert_int_equal(a.len, b.len);
	}
}

static void kernel_structs(void **state)
{
	struct sockaddr_storage big = { .ss_family = AF_INET };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr other = { .sa_family = AF_PACKET };
	struct addr a;

	(void)state;
	a = addr_of((struct sockaddr *)&big, sizeof(big));
	assert_true(a.len <= sizeof(a.u));
	assert_string_equal(text_of(&a, NULL), "*:0");
	a = addr_of((struct sockaddr *)&big, 4); /* cut before the address */
	assert_int_equal(addr_family(&a), AF_UNSPEC);
	a = addr_of(NULL, 5);
	assert_int_equal(a.len, 0);
	assert_true(addr_is_any(&a));
	memset(un.sun_path, 'p', sizeof(un.sun_path)); /* no NUL at the end */
	a = addr_of((struct sockaddr *)&un, sizeof(un));
	assert_int_equal(strlen(text_of(&a, NULL)), 5 + sizeof(un.sun_path));
	a = addr_of((struct sockaddr *)&un, 2);
	assert_string_equal(text_of(&a, NULL), "unix:");
	a = addr_of(&other, sizeof(other));
	assert_string_equal(text_of(&a, NULL), "packet:0"); /* as much of one as there is */
	other.sa_family = 999;
	a = addr_of(&other, sizeof(other));
	assert_string_equal(text_of(&a, NULL), "999");
}

/* What the kernel gives, byte by byte. */
static void structs_of_other_families(void **state)
{
	static const struct {
		uint8_t bytes[24];
		socklen_t len;
		const char *text;
	} cases[] = {
		{ { AF_NETLINK, 0, 0, 0, 0x39, 0x30, 0, 0, 2, 0, 0, 0 }, 12, "netlink:12345/0x2" },
		{ { AF_VSOCK, 0, 0, 0, 0, 4, 0, 0, 3, 0, 0, 0 }, 16, "vsock:3:1024" },
		{ { AF_BLUETOOTH, 0, 6, 5, 4, 3, 2, 1, 7 }, 10, "rfcomm:01:02:03:04:05:06/7" },
		{ { AF_BLUETOOTH, 0, 1, 0x10, 6, 5, 4, 3, 2, 1 },
		  14,
		  "l2cap:01:02:03:04:05:06/0x1001" },
		{ { AF_BLUETOOTH, 0, 6, 5, 4, 3, 2, 1 }, 8, "sco:01:02:03:04:05:06" },
		{ { AF_BLUETOOTH, 0, 0, 0, 0, 0 }, 6, "AF_BLUETOOTH" }, /* the adapter */
		{ { AF_PACKET, 0, 8, 6, 2, 0, 0, 0, 1, 0, 4, 6, 2, 0, 0, 0, 0, 1 },
		  20,
		  "packet:2/ETH_P_ARP/02:00:00:00:00:01/PACKET_OUTGOING" },
		{ { AF_PACKET, 0, 8, 6, 2, 0, 0, 0, 1, 0, 0, 6, 2, 0, 0, 0, 0, 1 },
		  18,
		  "packet:2/ETH_P_ARP/02:00:00:00:00:01" },
		{ { AF_PACKET, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 1, 2 },
		  14,
		  "packet:0/0x0/01:02" },
		{ { AF_NETLINK, 0, 0, 0 }, 4, "AF_NETLINK" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_storage ss = { 0 };
		struct addr a;

		memcpy(&ss, cases[i].bytes, sizeof(cases[i].bytes));
		a = addr_of((struct sockaddr *)&ss, cases[i].len);
		assert_string_equal(text_of(&a, NULL), cases[i].text);
		if (strchr(cases[i].text, ':')) {
			struct addr again = parsed(cases[i].text, AF_UNSPEC);

			assert_true(addr_equal(&a, &again));
		}
	}
}

static void equality(void **state)
{
	static const char *const texts[] = {
		"192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1", "[::1]:1",		  "[::1%2]:1",
		"[::2]:1",     "unix:/a",     "unix:/b",     "unix:@/a",	  "unix:",
		"-",	       "AF_UNSPEC",   "netlink:0",   "netlink:0/0x1",	  "netlink:1",
		"vsock:1:2",   "vsock:2:1",   "packet:1",    "packet:1/ETH_P_IP", "rfcomm:*/1",
		"l2cap:*/0x1"
	};
	const size_t count = sizeof(texts) / sizeof(texts[0]);
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/a" };
	struct addr long_form = addr_of((struct sockaddr *)&un, sizeof(un));

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			struct addr a = parsed(texts[i], AF_UNSPEC),
				    b = parsed(texts[j], AF_UNSPEC);

			assert_int_equal(addr_equal(&a, &b), i == j);
		}
	struct addr short_form = parsed("unix:/a", AF_UNSPEC);

	assert_true(addr_equal(&long_form, &short_form));
}

static void mistakes_say_where(void **state)
{
	static const struct {
		const char *text;
		int column;
		const char *hint;
	} bad[] = {
		{ "servr:80", 1, "did you mean server?" },
		{ "", 1, NULL },
		{ ":80", 1, NULL },
		{ "server", 7, NULL },
		{ "server:", 8, NULL },
		{ "server:80a", 8, NULL },
		{ "server:65536", 8, NULL },
		{ "server:-1", 8, NULL },
		{ "server:99999999999999999999", 8, NULL },
		{ "192.0.2:80", 1, NULL },
		{ "192.0.2.1.5:80", 1, NULL },
		{ "[::1", 5, NULL },
		{ "[::1]", 6, NULL },
		{ "[::1]80", 6, NULL },
		{ "[::1%]:80", 6, NULL },
		{ "[::1%x]:80", 6, NULL },
		{ "[:::1]:80", 2, NULL },
		{ "[1111111111111111111111111111111111111111111111111111]:80", 2, NULL },
		{ "中:x", 1, NULL },
		{ "unix:\\q", 6, NULL },
		{ "unix:a\\x00b", 6, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = { .column = 0 };
		struct addr a;

		if (addr_parse(&a, bad[i].text, strlen(bad[i].text), AF_UNSPEC, &names, &e) == 0)
			fail_msg("%s was taken", bad[i].text);
		if (e.column != bad[i].column)
			fail_msg("%s: column %d", bad[i].text, e.column);
		if (bad[i].hint)
			assert_string_equal(e.hint, bad[i].hint);
		assert_int_equal(addr_parse(&a, bad[i].text, strlen(bad[i].text), 0, NULL, NULL),
				 -1);
	}
}

static void unix_length_limit(void **state)
{
	char text[5 + 109];
	struct addr a;

	(void)state;
	memset(text, 'p', sizeof(text));
	memcpy(text, "unix:", 5);
	assert_int_equal(addr_parse(&a, text, 5 + 108, 0, NULL, NULL), 0);
	assert_int_equal(a.len, sizeof(struct sockaddr_un));
	assert_int_equal(addr_parse(&a, text, 5 + 109, 0, NULL, NULL), -1);
	text[5] = '@';
	assert_int_equal(addr_parse(&a, text, 5 + 108, 0, NULL, NULL), 0);
	assert_int_equal(addr_parse(&a, text, 5 + 109, 0, NULL, NULL), -1);
}

static void both_families_have_sixteen_bytes(void **state)
{
	static const uint8_t ip4[4] = { 192, 0, 2, 7 };
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 192, 0, 2, 7 }, none[16];
	struct addr four = addr_v4(ip4, 80), six = addr_v6(mapped, 80), unknown = { .len = 0 };
	uint8_t ip[16];

	(void)state;
	addr_ip16(ip, &four);
	assert_memory_equal(ip, mapped, 16);
	addr_ip16(ip, &six);
	assert_memory_equal(ip, mapped, 16);
	addr_ip16(ip, &unknown);
	assert_memory_equal(ip, none, 16);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_have_sixteen_bytes),
		cmocka_unit_test(texts_survive),
		cmocka_unit_test(names_and_hints),
		cmocka_unit_test(localhost_is_known_everywhere),
		cmocka_unit_test(ports),
		cmocka_unit_test(every_ip_survives),
		cmocka_unit_test(kernel_structs),
		cmocka_unit_test(structs_of_other_families),
		cmocka_unit_test(equality),
		cmocka_unit_test(mistakes_say_where),
		cmocka_unit_test(unix_length_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
