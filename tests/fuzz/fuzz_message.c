/*
 * Messages from a program's process: decoding believes nothing, and what it takes it can write
 * again and show.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/lab/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const struct message *m)
{
	STR_ON_STACK(out, 512);
	struct call_request none = { .call = &calls[0] };
	const char *label;

	if (m->kind == MESSAGE_CALL) {
		(void)call_request_check(&m->request, NULL);
		for (size_t i = 0; i < CALL_ARGS && m->request.call->arg[i].type != ARG_NONE; i++)
			call_arg_text(&out, &m->request, i, NULL);
	}
	/* Any outcome may be claimed for any call. */
	for (size_t c = 0; m->kind == MESSAGE_LEAVE && c < calls_count; c++) {
		none.call = &calls[c];
		for (size_t i = 0; call_out_text(&out, &label, i, &none, &m->outcome, NULL); i++)
			continue;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct message empty;
	struct message m = empty, again = empty;
	size_t cap = 2 * size + 64, len;
	uint8_t *buf = malloc(cap);

	if (buf && message_decode(&m, data, size) == 0) {
		show(&m);
		len = message_encode(&m, buf, cap);
		assert(len == size && (m.kind == MESSAGE_LEAVE || memcmp(buf, data, size) == 0));
		assert(message_decode(&again, buf, len) == 0);
		message_fini(&again);
		message_fini(&m);
	}
	free(buf);
	return 0;
}
