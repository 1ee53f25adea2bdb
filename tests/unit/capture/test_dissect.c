/* dissect: rows, their places in the packet, checksums, and what bad packets become.  The golden texts have the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

#include "capture/dissect.h"
#include "capture/packet.h"
#include "tests/unit/capture/build.h"

static struct dissection rows_of(const struct build *b, const struct dissect_context *context)
{
	struct dissection d = { .rows = 0 };

	assert_int_equal(dissect(&d, LINK_ETHERNET, b->byte, b->len, b->len, context, NULL), 0);
	return d;
}

static const struct dissect_row *row_named(const struct dissection *d, const char *name)
{
	for (size_t i = 0; i < d->rows; i++)
		if (strcmp(d->row[i].name, name) == 0)
			return &d->row[i];
	fail_msg("no row \"%s\"", name);
	return NULL;
}

static const char *text_of(const struct dissection *d, const char *name)
{
	return row_named(d, name)->text;
}

static struct build segment(const char *options, const char *text)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 6, "192.0.2.1", "192.0.2.2");
	build_tcp(&b, 45012, 80, 1000, 2000, TCP_ACK, 502, options);
	build_text(&b, text);
	build_finish(&b);
	return b;
}

static void layers_come_in_order_with_their_places(void **state)
{
	static const struct {
		const char *name;
		uint32_t at, len;
	} want[] = {
		{ "Ethernet", 0, 14 }, { "Internet Protocol version 4", 14, 20 },
		{ "Transmission Control Protocol", 34, 32 }, { "Data", 66, 5 },
	};
	struct build b = segment("0101 080a 00000001 00000002", "hello");
	struct dissection d = rows_of(&b, NULL);
	size_t layer = 0;

	(void)state;
	for (size_t i = 0; i < d.rows; i++) {
		if (d.row[i].depth)
			continue;
		assert_true(layer < 4);
		assert_string_equal(d.row[i].name, want[layer].name);
		assert_int_equal(d.row[i].at, want[layer].at);
		assert_int_equal(d.row[i].len, want[layer].len);
		layer++;
	}
	assert_int_equal(layer, 4);
	assert_string_equal(text_of(&d, "Timestamps"), "value 1, echo reply 2");
	assert_string_equal(text_of(&d, "0000"), "68 65 6c 6c 6f                                   hello");
	dissection_fini(&d);
}

static void numbers_are_relative_where_the_connection_is_known(void **state)
{
	struct conn conn = { .base_known = { true, true }, .base = { 900, 1999 } };
	struct dissect_context context = { .conn = &conn, .dir = 0 };
	struct build b = segment("", "");
	struct dissection d = rows_of(&b, &context);

	(void)state;
	assert_string_equal(text_of(&d, "Sequence number"), "100 (raw 1000)");
	assert_string_equal(text_of(&d, "Acknowledgment number"), "1 (raw 2000)");
	dissection_fini(&d);
	d = rows_of(&b, NULL);
	assert_string_equal(text_of(&d, "Sequence number"), "1000");
	dissection_fini(&d);
}

static void names_of_hosts_are_made_harmless(void **state)
{
	static const struct addr_name rows[] = { { "a\x1b[31m\n", AF_INET, { 192, 0, 2, 1 } } };
	static const struct addr_names names = { rows, 1 };
	struct dissect_context context = { .names = &names };
	struct build b = segment("", "");
	struct dissection d = rows_of(&b, &context);

	(void)state;
	for (size_t i = 0; i < d.rows; i++)
		assert_true(!strchr(d.row[i].text, '\x1b') && !strchr(d.row[i].text, '\n'));
	assert_non_null(strstr(text_of(&d, "Internet Protocol version 4"), "192.0.2.1 (a"));
	dissection_fini(&d);
}

/* Each of the packets, with each bit of the covered bytes turned: correct before, incorrect after. */
static void expect_checksums(struct build *b, const char *name, size_t from)
{
	struct dissection d = rows_of(b, NULL);

	assert_non_null(strstr(text_of(&d, name), " correct"));
	dissection_fini(&d);
	for (size_t bit = from * 8; bit < b->len * 8; bit += 7) {
		b->byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
		d = rows_of(b, NULL);
		for (size_t i = 0; i < d.rows; i++)
			assert_false(strcmp(d.row[i].name, name) == 0 && strstr(d.row[i].text, " correct"));
		dissection_fini(&d);
		b->byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void checksums_are_computed(void **state)
{
	struct build b = segment("", "odd");

	(void)state;
	/* Behind the places whose change makes the checksum uncheckable or moves it (lengths). */
	expect_checksums(&b, "Checksum", 54);

	b = build_on();
	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 17, "2001:db8::1", "2001:db8::2");
	build_udp(&b, 1, 2);
	build_text(&b, "hello");
	build_finish(&b);
	expect_checksums(&b, "Checksum", 62);

	b = build_on();
	build_ethernet(&b, 0x86dd);
	build_ipv6(&b, 58, "2001:db8::1", "2001:db8::2");
	build_icmpv6(&b, 128, 0, 0x00010002);
	build_text(&b, "hello");
	build_finish(&b);
	expect_checksums(&b, "Checksum", 58);

	b = build_on();
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 1, "192.0.2.1", "192.0.2.2");
	build_icmp(&b, 8, 0, 0x00010002);
	build_text(&b, "hello");
	build_finish(&b);
	expect_checksums(&b, "Checksum", 38);
}

static void a_wrong_checksum_says_the_right_one(void **state)
{
	struct build b = segment("", "");
	unsigned right = (unsigned)b.byte[24] << 8 | b.byte[25];
	char want[64];
	struct dissection d;

	(void)state;
	build_put16(&b, 24, 0x1234);
	snprintf(want, sizeof(want), "0x1234 incorrect, should be 0x%04x", right);
	d = rows_of(&b, NULL);
	assert_string_equal(text_of(&d, "Header checksum"), want);
	dissection_fini(&d);
}

/* As Linux leaves it on lo: the sum of the pseudo-header, RFC 9293 section 3.1. */
static void a_checksum_that_is_only_begun(void **state)
{
	struct build b = segment("", "");
	unsigned right = (unsigned)b.byte[50] << 8 | b.byte[51];
	unsigned sum = 6 + ((unsigned)b.byte[16] << 8 | b.byte[17]) - 20;
	char want[64];
	struct dissection d;

	(void)state;
	for (size_t i = 26; i < 34; i += 2)
		sum += (unsigned)b.byte[i] << 8 | b.byte[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	build_put16(&b, 50, (uint16_t)sum);
	snprintf(want, sizeof(want), "0x%04x unfinished, would be 0x%04x", sum, right);
	d = rows_of(&b, NULL);
	assert_string_equal(text_of(&d, "Checksum"), want);
	dissection_fini(&d);
}

static void a_quoted_packet_is_decoded_one_step_deeper(void **state)
{
	struct build b = build_on();
	struct dissection d;
	const struct dissect_row *row;

	(void)state;
	build_ethernet(&b, 0x0800);
	build_ipv4(&b, 1, "192.0.2.2", "192.0.2.1");
	build_icmp(&b, 3, 3, 0);
	build_ipv4(&b, 17, "192.0.2.1", "192.0.2.2");
	build_udp(&b, 45012, 2000);
	build_finish(&b);
	d = rows_of(&b, NULL);
	row = row_named(&d, "User Datagram Protocol");
	assert_int_equal(row->depth, 1);
	assert_int_equal(row->at, 62);
	assert_string_equal(row->text, "45012 → 2000");
	assert_string_equal(text_of(&d, "Code"), "port unreachable (3)");
	dissection_fini(&d);
}

static void quotes_in_quotes_end(void **state)
{
	struct build b = build_on();
	struct dissection d;
	unsigned deepest = 0;

	(void)state;
	build_ethernet(&b, 0x0800);
	for (int i = 0; i < 100; i++) {
		build_hex(&b, "45000000 00000000 40010000 c0000201 c0000202");
		build_hex(&b, "0b00 0000 00000000");
	}
	d = rows_of(&b, NULL);
	for (size_t i = 0; i < d.rows; i++)
		deepest = d.row[i].depth > deepest ? d.row[i].depth : deepest;
	assert_in_range(deepest, 3, 8);
	dissection_fini(&d);
}

static void the_unknown_is_shown_by_its_number(void **state)
{
	struct build b = segment("4d05 010203", "");
	struct dissection d = rows_of(&b, NULL);

	(void)state;
	assert_string_equal(text_of(&d, "Unknown TCP option 77"), "01 02 03");
	dissection_fini(&d);
	assert_int_equal(dissect(&d, 147, b.byte, b.len, b.len, NULL, NULL), 0);
	assert_string_equal(text_of(&d, "Unknown link type"), "147");
	assert_string_equal(d.row[1].name, "Data");
	dissection_fini(&d);
}

/* Also with the memory of a longer one before it: nothing of that is left. */
static void every_cut_is_survived_and_said(void **state)
{
	struct build b = segment("0101 080a 00000001 00000002", "hello");
	struct dissection d = { .rows = 0 };

	(void)state;
	for (size_t n = b.len; n-- > 0;) {
		uint8_t *copy = malloc(n ? n : 1);

		assert_non_null(copy);
		memcpy(copy, b.byte, n);
		assert_int_equal(dissect(&d, LINK_ETHERNET, copy, n, b.len, NULL, NULL), 0);
		assert_true(d.rows > 0);
		for (size_t i = 0; i < d.rows; i++)
			assert_true(d.row[i].at <= n && d.row[i].len <= n - d.row[i].at);
		free(copy);
	}
	dissection_fini(&d);
}

static void a_long_payload_is_shown_whole(void **state)
{
	struct build b = segment("", "");
	struct dissection d;

	(void)state;
	for (unsigned i = 0; i < 4000; i++)
		build_u8(&b, i & 0xff);
	build_put16(&b, 16, 4040);
	d = rows_of(&b, NULL);
	assert_string_equal(d.row[d.rows - 1].name, "0f90");
	assert_int_equal(d.row[d.rows - 1].at, 54 + 0xf90);
	dissection_fini(&d);
}

/* ---- applications ---- */

static struct build payload_on(unsigned protocol, unsigned port, const char *hex, const char *text)
{
	struct build b = build_on();

	build_ethernet(&b, 0x0800);
	build_ipv4(&b, protocol, "192.0.2.1", "192.0.2.2");
	if (protocol == 17)
		build_udp(&b, 45012, port);
	else
		build_tcp(&b, 45012, port, 1000, 2000, TCP_ACK, 502, "");
	build_hex(&b, hex);
	build_text(&b, text);
	build_finish(&b);
	return b;
}

/* The name of the layer behind the transport header; of the ladder's words what is behind it. */
static const char *application_of(const struct build *b, struct str *words)
{
	static const char *const names[] = { "Domain Name System", "Hypertext Transfer Protocol",
					     "Transport Layer Security", "Dynamic Host Configuration Protocol" };
	struct dissection d = rows_of(b, NULL);
	const char *found = NULL;
	struct packet p;

	for (size_t i = 0; i < d.rows; i++)
		for (size_t n = 0; n < 4; n++)
			if (d.row[i].depth == 0 && strcmp(d.row[i].name, names[n]) == 0)
				found = names[n];
	dissection_fini(&d);
	packet_parse(&p, LINK_ETHERNET, b->byte, b->len, b->len);
	str_clear(words);
	packet_summary(words, &p, NULL, 0, b->byte, b->len);
	return found;
}

static void a_port_alone_makes_no_application(void **state)
{
	static const struct {
		unsigned protocol, port;
		const char *hex, *text;
	} others[] = {
		{ 6, 80, "", "hello, this is a chat program\n" },
		{ 6, 80, "", "GET" },
		{ 6, 80, "", "get / HTTP/1.1\r\n" },
		{ 6, 8080, "16 0300", "" },
		{ 6, 443, "", "GETX" },
		{ 6, 443, "16 0303 ffff 01", "" },
		{ 6, 443, "14 0303 0002 01 01", "" },
		{ 6, 53, "", "\x01\x02\x03 something of some length that is not DNS" },
		{ 17, 53, "1234 0100 ffff 0000 0000 0000 00 0001 0001", "" },
		{ 17, 53, "1234 7900 0001 0000 0000 0000 00 0001 0001", "" },
		{ 17, 53, "1234 0100 0001 0000 0000 0000 c00c 0001 0001", "" },
		{ 17, 67, "", "hello" },
		{ 17, 4000, "1a2b 0100 0001 0000 0000 0000 00 0001 0001", "" },
	};
	STR_ON_STACK(words, 256);

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct build b = payload_on(others[i].protocol, others[i].port, others[i].hex, others[i].text);

		assert_null(application_of(&b, &words));
		assert_null(strstr(words.buf, "HTTP"));
		assert_null(strstr(words.buf, "TLS"));
		assert_null(strstr(words.buf, "DNS"));
		assert_null(strstr(words.buf, "DHCP"));
	}
}

static void an_application_is_recognized_by_its_beginning(void **state)
{
	STR_ON_STACK(words, 256);
	struct build b = payload_on(6, 5000, "", "DELETE /x HTTP/1.1\r\n\r\n");

	(void)state;
	assert_string_equal(application_of(&b, &words), "Hypertext Transfer Protocol");
	assert_string_equal(words.buf, "ACK  seq 1000  ack 2000  len 22  HTTP DELETE /x");
	b = payload_on(17, 53, "1234 0100 0001 0000 0000 0000 01 78 00 0010 0001", "");
	assert_string_equal(application_of(&b, &words), "Domain Name System");
	assert_string_equal(words.buf, "UDP  len 19  DNS query TXT x");
	b = payload_on(6, 4433, "15 0303 0002 01 00", "");
	assert_string_equal(application_of(&b, &words), "Transport Layer Security");
	assert_string_equal(words.buf, "ACK  seq 1000  ack 2000  len 7  TLS Alert close notify");
}

/* Each pointer leads to the one before: as many jumps as fit, and no end if jumps were not bounded. */
static void names_that_lead_in_circles_are_refused(void **state)
{
	static const char *const records[] = {
		"c01d", "c01c 00",	/* to itself, to the byte before it (which leads here) */
		"01 61 c01d", "c0ff", "01 61 c020", "3f 61", "80 00", "40 00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		struct build b = payload_on(17, 53, "1234 8180 0001 0001 0000 0000 07 6578616d706c65 03 6f7267 00 0001 0001",
					    "");
		struct dissection d;

		build_hex(&b, records[i]);
		build_hex(&b, "0001 0001 00000000 0004 01020304");
		build_put16(&b, 16, (unsigned)(b.len - 14));
		build_put16(&b, 38, (unsigned)(b.len - 34));
		d = rows_of(&b, NULL);
		assert_string_equal(text_of(&d, "Answer"), "malformed, or not all of it is here");
		dissection_fini(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers_come_in_order_with_their_places),
		cmocka_unit_test(numbers_are_relative_where_the_connection_is_known),
		cmocka_unit_test(names_of_hosts_are_made_harmless),
		cmocka_unit_test(checksums_are_computed),
		cmocka_unit_test(a_wrong_checksum_says_the_right_one),
		cmocka_unit_test(a_checksum_that_is_only_begun),
		cmocka_unit_test(a_quoted_packet_is_decoded_one_step_deeper),
		cmocka_unit_test(quotes_in_quotes_end),
		cmocka_unit_test(the_unknown_is_shown_by_its_number),
		cmocka_unit_test(every_cut_is_survived_and_said),
		cmocka_unit_test(a_long_payload_is_shown_whole),
		cmocka_unit_test(a_port_alone_makes_no_application),
		cmocka_unit_test(an_application_is_recognized_by_its_beginning),
		cmocka_unit_test(names_that_lead_in_circles_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
