#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdlib.h>

#include "capture/packet.h"
#include "capture/pcapng.h"

static const struct pcapng_packet packet = {
	.iface = 3,
	.caplen = 5,
	.len = 1500,
	.data = (const uint8_t *)"hello",
	.flags = EPB_OUTBOUND,
	.drops = 7,
	.number = UINT64_C(0x123456789a),
};

static struct pcapng_block block_in(const struct pcapng_out *o)
{
	struct pcapng_block b;
	const char *why = "";

	if (!pcapng_read_block(o->buf + o->start, o->len - o->start, false, &b, &why))
		fail_msg("%s", why);
	assert_int_equal(b.total, o->len - o->start);
	assert_int_equal(b.total % 4, 0);
	return b;
}

static void a_packet_comes_back(void **state)
{
	const int64_t ts_ns = INT64_C(1700000000123456789);
	uint8_t bytes[256];
	struct pcapng_out o = { .buf = bytes, .cap = sizeof(bytes) };
	struct pcapng_iface i = { .tsresol = PCAPNG_NSEC };
	struct pcapng_block b;
	struct pcapng_packet p;
	const char *why;

	(void)state;
	assert_true(pcapng_put_packet(&o, &packet, ts_ns));
	b = block_in(&o);
	assert_int_equal(b.type, BLOCK_EPB);
	assert_true(pcapng_read_packet(&b, false, 0, &p, &why));
	assert_int_equal(p.iface, 3);
	assert_int_equal(p.caplen, 5);
	assert_int_equal(p.len, 1500);
	assert_memory_equal(p.data, "hello", 5);
	assert_int_equal(p.flags, EPB_OUTBOUND);
	assert_int_equal(p.drops, 7);
	assert_int_equal(p.number, packet.number);
	assert_true(p.has_time);
	assert_int_equal(pcapng_time_ns(&i, p.units), ts_ns);
	/* The option list is ended: 0, 0 before the trailing length. */
	assert_memory_equal(bytes + o.len - 8, "\0\0\0\0", 4);
}

/* A block that does not fit leaves what was there before, whatever the room is. */
static void a_block_fits_or_is_not_there(void **state)
{
	uint8_t bytes[256];
	size_t needed = 0;

	(void)state;
	for (size_t cap = 0; cap <= 120; cap++) {
		struct pcapng_out o = { .buf = bytes, .cap = cap, .len = cap >= 8 ? 8 : 0 };
		size_t before = o.len;

		memset(bytes, 0xee, sizeof(bytes));
		if (pcapng_put_packet(&o, &packet, 1)) {
			needed = needed ? needed : o.len - before;
			assert_int_equal(o.len - before, needed);
		} else {
			assert_int_equal(o.len, before);
			assert_int_equal(needed, 0);
		}
		assert_int_equal(bytes[cap], 0xee);
	}
	assert_true(needed > 0);
}

static void an_interface_comes_back(void **state)
{
	static const struct pcapng_iface was = {
		.link = LINK_ETHERNET, .snaplen = 262144, .tsresol = PCAPNG_NSEC, .name = "client",
		.has_mac = true, .has_ip4 = true, .has_ip6 = true,
		.mac = { 2, 0, 0, 0, 0, 1 }, .ip4 = { 192, 0, 2, 1 }, .ip6 = { 0x20, 1, [15] = 1 },
	};
	uint8_t bytes[512];
	struct pcapng_out o = { .buf = bytes, .cap = sizeof(bytes) };
	struct pcapng_iface i;
	struct pcapng_block b;
	const char *why;

	(void)state;
	assert_true(pcapng_put_iface(&o, &was, "a description", "an os"));
	b = block_in(&o);
	assert_int_equal(b.type, BLOCK_IDB);
	assert_true(pcapng_read_iface(b.body, false, &i, &why));
	assert_memory_equal(&i, &was, sizeof(was));
}

static void a_section_comes_back(void **state)
{
	uint8_t bytes[256];
	struct pcapng_out o = { .buf = bytes, .cap = sizeof(bytes) };
	struct pcapng_section s;
	struct pcapng_block b;
	const char *why;

	(void)state;
	assert_true(pcapng_put_section(&o, "a machine", "an os", "socklens 1.2"));
	b = block_in(&o);
	assert_true(pcapng_read_section(b.body, false, &s, &why));
	assert_int_equal(s.major, 1);
	assert_int_equal(s.minor, 0);
	assert_string_equal(s.application, "socklens 1.2");
}

static void names_come_back(void **state)
{
	static const struct addr_name rows[] = {
		{ "client", AF_INET, { 192, 0, 2, 1 } },
		{ "ünïcode", AF_INET6, { 0x20, 1, [15] = 2 } },
	};
	const struct addr_names names = { rows, 2 };
	uint8_t bytes[256];
	struct pcapng_out o = { .buf = bytes, .cap = sizeof(bytes) };
	struct pcapng_block b;
	struct addr_name n;

	(void)state;
	assert_true(pcapng_put_names(&o, &names));
	b = block_in(&o);
	for (size_t i = 0; i < 2; i++) {
		assert_true(pcapng_next_name(&b.body, false, &n));
		assert_string_equal(n.name, rows[i].name);
		assert_int_equal(n.family, rows[i].family);
		assert_memory_equal(n.ip, rows[i].ip, 16);
	}
	assert_false(pcapng_next_name(&b.body, false, &n));
}

static void names_from_outside_are_harmless(void **state)
{
	uint8_t bytes[256];
	struct pcapng_out o = { .buf = bytes, .cap = sizeof(bytes) };
	struct pcapng_iface i;
	struct pcapng_block b;
	const char *why;

	(void)state;
	pcapng_begin(&o, BLOCK_IDB);
	pcapng_put64(&o, 1);
	pcapng_option(&o, 2, "eth\x1b[31m0\0more", 14);
	assert_true(pcapng_end(&o));
	b = block_in(&o);
	assert_true(pcapng_read_iface(b.body, false, &i, &why));
	assert_string_equal(i.name, "eth\\x1b[31m0");
}

/* Any cut of any block is refused or read, within its bytes. */
static void cut_blocks_are_refused(void **state)
{
	uint8_t bytes[256];
	struct pcapng_out o = { .buf = bytes, .cap = sizeof(bytes) };

	(void)state;
	assert_true(pcapng_put_packet(&o, &packet, 1));
	for (size_t len = 0; len < o.len; len++) {
		uint8_t *cut = malloc(len ? len : 1);	/* so that the sanitizers see its end */
		struct pcapng_block b;
		const char *why = NULL;

		memcpy(cut, bytes, len);
		assert_false(pcapng_read_block(cut, len, false, &b, &why));
		assert_non_null(why);
		free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_comes_back),
		cmocka_unit_test(a_block_fits_or_is_not_there),
		cmocka_unit_test(an_interface_comes_back),
		cmocka_unit_test(a_section_comes_back),
		cmocka_unit_test(names_come_back),
		cmocka_unit_test(names_from_outside_are_harmless),
		cmocka_unit_test(cut_blocks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
