/*
 * Reports of a tracing process: decoding believes nothing; what it takes can be written again, as the same report, and
 * shown.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/lab/ring.h"
#include "src/lab/traced.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const struct traced *r)
{
	STR_ON_STACK(out, 512);
	struct call_request any = { .call = &calls[0] };
	const char *label;
	int fd[4];

	if (r->kind == TRACED_ENTER) {
		(void)call_request_check(&r->request, NULL);
		(void)call_fds_made(&r->request, &r->outcome, fd, 4);
		for (size_t i = 0; i < CALL_ARGS && r->request.call->arg[i].type != ARG_NONE; i++)
			call_arg_text(&out, &r->request, i, NULL);
	}
	/* Any outcome may be claimed for any call. */
	for (size_t c = 0; r->kind == TRACED_LEAVE && c < calls_count; c++) {
		any.call = &calls[c];
		assert(call_fds_made(&any, &r->outcome, fd, 4) <= 4);
		for (size_t i = 0; call_out_text(&out, &label, i, &any, &r->outcome, NULL); i++)
			continue;
	}
	if (r->text)
		assert(r->len <= TRACED_TEXT && r->text[r->len] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cap = 2 * size + 256, len, again_len;
	uint8_t *one = malloc(cap), *two = malloc(cap);
	struct traced r, again;

	if (one && two && size <= RING_RECORD && traced_decode(&r, data, size) == 0) {
		show(&r);
		len = traced_encode(&r, one, cap);
		assert(len > 0);
		assert(traced_decode(&again, one, len) == 0);
		again_len = traced_encode(&again, two, cap);
		assert(again_len == len && memcmp(one, two, len) == 0);
		traced_fini(&again);
		traced_fini(&r);
	}
	free(one);
	free(two);
	return 0;
}
