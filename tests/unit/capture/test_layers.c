#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture/layers.h"
#include "capture/packet.h"

/* An ICMP error in a VLAN; it quotes IPv4 with the first 8 bytes of TCP. */
static const uint8_t error_packet[] = {
	2,    0,    0,	  0,	0, 1, 2, 0, 0,	0, 0, 2, 0x81, 0, /* Ethernet */
	0,    100,  8,	  0, /* 802.1Q, at 14 */
	0x45, 0,    0,	  56,	0, 1, 0, 0, 64, 1, 0, 0, 192,  0,
	2,    9,    192,  0,	2, 1, /* IPv4, at 18 */
	3,    3,    0,	  0,	0, 0, 0, 0, /* ICMP, at 38 */
	0x45, 0,    0,	  60,	0, 2, 0, 0, 64, 6, 0, 0, 192,  0,
	2,    1,    192,  0,	2, 2, /* quoted, at 46 */
	0xaf, 0xd4, 0x1f, 0x90, 0, 0, 0, 7, /* TCP, at 66 */
};

static size_t read_layers(struct layer layer[LAYERS_MAX], const uint8_t *bytes, size_t len)
{
	return layers_read(layer, LINK_ETHERNET, bytes, len, len);
}

static void a_quote_follows_what_quotes_it(void **state)
{
	static const struct layer expected[] = {
		{ .kind = LAYER_ETHERNET, .whole = true, .at = 0, .have = 74, .header = 14 },
		{ .kind = LAYER_VLAN, .whole = true, .at = 14, .have = 60, .header = 4 },
		{ .kind = LAYER_IPV4, .whole = true, .at = 18, .have = 56, .header = 20 },
		{ .kind = LAYER_ICMP, .whole = true, .at = 38, .have = 36, .header = 8 },
		{ .kind = LAYER_IPV4,
		  .quoted = 1,
		  .whole = true,
		  .at = 46,
		  .have = 28,
		  .header = 20 },
		{ .kind = LAYER_TCP, .quoted = 2, .at = 66, .have = 8 },
	};
	struct layer layer[LAYERS_MAX];

	(void)state;
	assert_int_equal(read_layers(layer, error_packet, sizeof(error_packet)), 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(layer[i].kind, expected[i].kind);
		assert_int_equal(layer[i].quoted, expected[i].quoted);
		assert_int_equal(layer[i].whole, expected[i].whole);
		assert_int_equal(layer[i].at, expected[i].at);
		assert_int_equal(layer[i].have, expected[i].have);
		assert_false(layer[i].fragment);
		if (expected[i].header)
			assert_int_equal(layer[i].header, expected[i].header);
	}
}

static void padding_is_no_part(void **state)
{
	uint8_t padded[sizeof(error_packet) + 20] = { 0 };
	struct layer layer[LAYERS_MAX];

	(void)state;
	memcpy(padded, error_packet, sizeof(error_packet));
	assert_int_equal(read_layers(layer, padded, sizeof(padded)), 6);
	assert_int_equal(layer[3].have, 36);
	assert_int_equal(layer[5].have, 8);
}

static void a_fragment_says_so(void **state)
{
	uint8_t bytes[sizeof(error_packet)];
	struct layer layer[LAYERS_MAX];

	(void)state;
	memcpy(bytes, error_packet, sizeof(bytes));
	bytes[18 + 6] = 0x20; /* more fragments */
	assert_int_equal(read_layers(layer, bytes, sizeof(bytes)), 4);
	assert_false(layer[2].fragment);
	assert_true(layer[3].fragment);
}

/* Bytes of its own for each length, so that a sanitizer sees a read beyond. */
static void it_can_be_cut_anywhere(void **state)
{
	size_t before = 0;

	(void)state;
	for (size_t len = 0; len <= sizeof(error_packet); len++) {
		uint8_t *bytes = malloc(len + !len);
		struct layer layer[LAYERS_MAX];
		size_t count;

		assert_non_null(bytes);
		memcpy(bytes, error_packet, len);
		count = layers_read(layer, LINK_ETHERNET, bytes, len, sizeof(error_packet));
		assert_true(count >= before && count <= 6);
		for (size_t i = 0; i < count; i++)
			assert_true(layer[i].at + layer[i].have <= len);
		before = count;
		free(bytes);
	}
	assert_int_equal(before, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quote_follows_what_quotes_it),
		cmocka_unit_test(padding_is_no_part),
		cmocka_unit_test(a_fragment_says_so),
		cmocka_unit_test(it_can_be_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
