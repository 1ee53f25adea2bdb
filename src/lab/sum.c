#include "src/lab/sum.h"

#include <string.h>

/* Sums in the machine's byte order, which is as good (RFC 1071 section 2 B); 4 bytes at a time. */
uint64_t sum_bytes(const uint8_t *p, size_t len, uint64_t sum)
{
	uint32_t word;
	uint16_t half;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	if (len >= sizeof(half)) {
		memcpy(&half, p, sizeof(half));
		sum += half;
		p += sizeof(half);
		len -= sizeof(half);
	}
	if (len) {
		const uint8_t last[2] = { *p, 0 };

		memcpy(&half, last, sizeof(half));
		sum += half;
	}
	return sum;
}

uint16_t sum_fold(uint64_t sum)
{
	uint8_t bytes[2];
	uint16_t half;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	half = (uint16_t)sum;
	memcpy(bytes, &half, sizeof(bytes));
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

uint64_t sum_pseudo_header(const uint8_t *addresses, bool ip6, uint8_t protocol, uint32_t len)
{
	const uint8_t rest[8] = {
		(uint8_t)(len >> 24),
		(uint8_t)(len >> 16),
		(uint8_t)(len >> 8),
		(uint8_t)len,
		0,
		0,
		0,
		protocol,
	};

	return sum_bytes(addresses, ip6 ? 32 : 8, sum_bytes(rest, sizeof(rest), 0));
}

uint16_t sum_update(uint16_t checksum, uint16_t before, uint16_t after)
{
	uint32_t sum = (uint32_t)(uint16_t)~checksum + (uint16_t)~before + after;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
