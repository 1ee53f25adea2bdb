/*
 * A traced program's registers and memory: whatever they are, reading them is bounded, and what is
 * made of them can be shown, checked, and told.
 *
 * An input is a row of the table, the result, a byte that is 0 for a 32-bit program, six
 * registers (four bytes each: a place in the memory, or a small number, or nowhere), and the memory.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/core/rd.h"
#include "src/lab/message.h"
#include "src/lab/unmarshal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_AT 0x100000u /* where the program has its memory */

static const uint8_t *memory;
static size_t memory_len, asked;

size_t peek_bytes(const struct peek *m, uint64_t at, void *dst, size_t len)
{
	(void)m;
	asked++;
	if (at < MEMORY_AT || at - MEMORY_AT >= memory_len)
		return 0;
	if (len > memory_len - (size_t)(at - MEMORY_AT))
		len = memory_len - (size_t)(at - MEMORY_AT);
	memcpy(dst, memory + (at - MEMORY_AT), len);
	return len;
}

int peek_all(const struct peek *m, uint64_t at, void *dst, size_t len)
{
	return peek_bytes(m, at, dst, len) == len ? 0 : -1;
}

/* The upper bits say what the lower are. */
static uint64_t get_register(struct rd *r)
{
	uint64_t bits = rd_le32(r);

	switch (bits >> 29) {
	case 0:
		return bits;
	case 1:
		return (uint64_t)0 - (bits & 0x1fffffff);
	case 2:
		return UINT32_MAX - (bits & 0x1fffffff);
	case 3:
		return bits << 40;
	default:
		return MEMORY_AT + (bits & 0x3fff);
	}
}

/* What was read back travels to the session: it must survive that. */
static void tell(const struct message *m)
{
	static uint8_t bytes[MESSAGE_MAX];
	struct message back;
	size_t len = message_encode(m, bytes, sizeof(bytes));

	assert(len > 0);
	assert(message_decode(&back, bytes, len) == 0);
	message_fini(&back);
}

static void leave(struct message *m, const uint64_t reg[6], int64_t result, const struct peek *p)
{
	STR_ON_STACK(out, 300);
	const char *label;

	unmarshal_leave(&m->outcome, &m->request, reg, result, p);
	assert(m->outcome.data_kept <= CALL_DATA_KEPT);
	for (size_t i = 0; call_out_text(&out, &label, i, &m->request, &m->outcome, NULL); i++)
		continue;
	m->kind = MESSAGE_LEAVE;
	tell(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_on(data, size);
	struct message m = { .kind = MESSAGE_CALL };
	const struct call *c = &calls[rd_u8(&r) % calls_count];
	int64_t result = (int16_t)rd_le16(&r);
	struct peek p = { .tid = 0, .word = rd_u8(&r) % 8 ? 8 : 4 };
	STR_ON_STACK(out, 300);
	uint64_t reg[6];

	for (size_t i = 0; i < 6; i++)
		reg[i] = get_register(&r);
	memory_len = rd_left(&r);
	memory = r.base + r.at;
	asked = 0;
	if (unmarshal_enter(&m.request, c->number, reg, &p))
		return 0;
	(void)call_request_check(&m.request, NULL);
	for (size_t i = 0; i < CALL_ARGS; i++)
		call_arg_text(&out, &m.request, i, NULL);
	tell(&m);
	leave(&m, reg, result, &p);
	assert(asked < 10000);
	message_fini(&m);
	return 0;
}
