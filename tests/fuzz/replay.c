/*
 * Runs a fuzz target over files, for the ordinary test run: each seed as it is, cut at every length, and with each
 * byte changed in a few ways.  Speaks TAP; a fault ends the process.
 *
 *	fuzz_NAME FILE…
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEED_MAX	(1u << 20)
#define CUTS_MAX	4096u	/* lengths tried of one seed */

/* The target gets a copy of exactly that size, so that the sanitizer sees any read beyond it. */
static void once(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void around(uint8_t *bytes, size_t size)
{
	static const uint8_t changes[] = { 0x01, 0x80, 0xff };
	size_t step = size / CUTS_MAX + 1;

	once(bytes, size);
	for (size_t n = 0; n < size; n += step)
		once(bytes, n);
	for (size_t i = 0; i < size; i += step)
		for (size_t c = 0; c < sizeof(changes); c++) {
			bytes[i] ^= changes[c];
			once(bytes, size);
			bytes[i] ^= changes[c];
		}
}

int main(int argc, char **argv)
{
	static uint8_t bytes[SEED_MAX];

	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		size_t size = f ? fread(bytes, 1, sizeof(bytes), f) : 0;

		if (!f) {
			printf("not ok %d - %s cannot be read\n", i, argv[i]);
			return 1;
		}
		fclose(f);
		around(bytes, size);
		printf("ok %d - %s\n", i, argv[i]);
		fflush(stdout);
	}
	printf("1..%d\n", argc - 1);
	return argc < 2;
}
