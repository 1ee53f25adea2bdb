/*
 * filter: the same expression on packets of different links, and what is said about wrong ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "capture/packet.h"
#include "src/filter.h"

/* An IPv4 packet with a TCP SYN from 10.0.0.1:1025 to 10.0.0.2:80 behind `head` bytes. */
static size_t packet(uint8_t *bytes, const uint8_t *head, size_t len)
{
	static const uint8_t ip[40] = { 0x45, 0, 0,  40, 0,    0, 0, 0, 64, 6,	0, 0, 10, 0,
					0,    1, 10, 0,	 0,    2, 4, 1, 0,  80, 0, 0, 0,  1,
					0,    0, 0,  0,	 0x50, 2, 0, 1, 0,  0,	0, 0 };

	memcpy(bytes, head, len);
	memcpy(bytes + len, ip, sizeof(ip));
	return len + sizeof(ip);
}

static const struct {
	uint32_t link;
	size_t len;
	uint8_t head[20];
} links[] = {
	{ LINK_ETHERNET, 14, { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 } },
	{ LINK_RAW, 0, { 0 } },
	{ LINK_IPV4, 0, { 0 } },
	{ LINK_SLL, 16, { 0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0 } },
	{ LINK_SLL2, 20, { 8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1 } },
	{ LINK_LOOP, 4, { 0, 0, 0, 2 } },
};

static bool matches(struct filter *f, size_t i)
{
	uint8_t bytes[64];
	size_t len = packet(bytes, links[i].head, links[i].len);

	return filter_match(f, links[i].link, bytes, (uint32_t)len, (uint32_t)len);
}

static void an_expression_means_the_same_on_every_link(void **state)
{
	static const struct {
		const char *text;
		bool matches;
	} cases[] = {
		{ "tcp port 80", true },
		{ "host 10.0.0.1 and tcp[tcpflags] & tcp-syn != 0", true },
		{ "dst port 80", true },
		{ "src port 80", false },
		{ "udp", false },
		{ "ip6", false },
		{ "net 10.0.0.0/8", true },
	};

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct filter *f = filter_new(cases[c].text, LINK_ETHERNET, NULL);

		assert_non_null(f);
		assert_string_equal(filter_text(f), cases[c].text);
		/* Twice: what was compiled is kept. */
		for (size_t i = 0; i < 2 * sizeof(links) / sizeof(links[0]); i++)
			assert_int_equal(matches(f, i % (sizeof(links) / sizeof(links[0]))),
					 cases[c].matches);
		assert_null(filter_trouble(f));
		filter_free(f);
	}
}

static void more_links_than_are_kept(void **state)
{
	static const uint32_t many[] = { 0, 1, 9, 50, 51, 101, 104, 108, 113, 228, 229, 276 };
	struct filter *f = filter_new("tcp port 80", LINK_RAW, NULL);

	(void)state;
	assert_non_null(f);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
			filter_match(f, many[i], "", 0, 0);
		assert_true(matches(f, 1));
	}
	filter_free(f);
}

static void a_link_that_cannot_have_it_matches_nothing_and_says_so(void **state)
{
	struct filter *f = filter_new("ether host 02:00:00:00:00:01", LINK_ETHERNET, NULL);

	(void)state;
	assert_non_null(f);
	assert_true(matches(f, 0));
	assert_null(filter_trouble(f));
	assert_false(matches(f, 1));
	assert_non_null(filter_trouble(f));
	assert_non_null(strstr(filter_trouble(f)->what, "ether host"));
	assert_true(matches(f, 0));
	filter_free(f);
}

static void what_is_wrong_is_said_with_what_to_do(void **state)
{
	static const char *const wrong[] = { "tcp prot 80",	"port", "(tcp", "tcp and and udp",
					     "host 10.0.0.300", "&&" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		e = (struct err){ 0 };
		assert_int_equal(filter_check(wrong[i], LINK_ETHERNET, &e), -1);
		assert_non_null(strstr(e.what, wrong[i]));
		assert_non_null(strstr(e.hint, "pcap-filter(7)"));
	}
	assert_int_equal(filter_check("", LINK_ETHERNET, &e), -1);
	assert_int_equal(filter_check("  ", LINK_ETHERNET, &e), -1);
	assert_int_equal(filter_check("tcp", LINK_ETHERNET, &e), 0);
}

static void words_are_joined_as_tcpdump_joins_them(void **state)
{
	static const char *const words[] = { "tcp", "port 80", "or", "udp" };
	char text[FILTER_TEXT], longest[FILTER_TEXT + 1];
	const char *one = longest;
	struct err e;

	(void)state;
	assert_int_equal(filter_join(text, words, 4, &e), 0);
	assert_string_equal(text, "tcp port 80 or udp");
	assert_int_equal(filter_join(text, words, 0, &e), 0);
	assert_string_equal(text, "");
	memset(longest, 'x', sizeof(longest));
	longest[FILTER_TEXT] = '\0';
	assert_int_equal(filter_join(text, &one, 1, &e), -1);
	longest[FILTER_TEXT - 1] = '\0';
	assert_int_equal(filter_join(text, &one, 1, &e), 0);
	assert_int_equal(filter_check(text, LINK_ETHERNET, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_expression_means_the_same_on_every_link),
		cmocka_unit_test(more_links_than_are_kept),
		cmocka_unit_test(a_link_that_cannot_have_it_matches_nothing_and_says_so),
		cmocka_unit_test(what_is_wrong_is_said_with_what_to_do),
		cmocka_unit_test(words_are_joined_as_tcpdump_joins_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
