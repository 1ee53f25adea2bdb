/*
 * same_call: whether two requests, or two outcomes, say the same.
 */
#ifndef TESTS_SAME_CALL_H
#define TESTS_SAME_CALL_H

#include "tests/unit/lab/own_memory.h"

static inline void registers_of(const struct marshal *m, uint64_t reg[6])
{
	for (size_t i = 0; i < 6; i++)
		reg[i] = (uint64_t)m->reg[i];
}

/* ---- the same? ---- */

static bool same_data(const struct value *a, const struct value *b)
{
	static uint8_t x[CALL_DATA_KEPT], y[CALL_DATA_KEPT];
	size_t n = value_bytes(a, x, sizeof(x)), k = value_bytes(b, y, sizeof(y));

	return a->len == b->len && (n == k || b->fill == FILL_CUT) && k <= n &&
	       memcmp(x, y, k) == 0;
}

/* Data byte for byte; all else by its text, in which 500 ms and {0, 500000000} are the same. */
static bool same_value(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_DATA && b->kind == VALUE_DATA)
		return same_data(a, b);
	if (a->kind != VALUE_LIST || b->kind != VALUE_LIST || a->items != b->items)
		return true;
	for (size_t i = 0; i < a->items; i++)
		if (!same_value(&a->item[i], &b->item[i]))
			return false;
	return true;
}

static inline void check_same_request(const struct call_request *a, const struct call_request *b)
{
	static char x[1 << 16], y[1 << 16];

	assert_string_equal(a->call->name, b->call->name);
	for (size_t i = 0; i < CALL_ARGS && a->call->arg[i].type != ARG_NONE; i++) {
		struct str was = str_on(x, sizeof(x)), is = str_on(y, sizeof(y));

		call_arg_text(&was, a, i, NULL);
		call_arg_text(&is, b, i, NULL);
		if (strcmp(x, y) || !same_value(&a->arg[i], &b->arg[i]))
			fail_msg("%s(), %s: \"%s\" was read back as \"%s\"", a->call->name,
				 a->call->arg[i].name, x, y);
	}
}

static inline void check_same_outcome(const struct call_request *r, const struct call_outcome *a,
			       const struct call_outcome *b)
{
	static char x[1 << 16], y[1 << 16];
	const char *label = "", *other = "";
	bool more = true;

	assert_int_equal(a->result, b->result);
	assert_int_equal(a->error, b->error);
	assert_int_equal(a->data_kept, b->data_kept);
	assert_memory_equal(a->data_kept ? a->data : (const uint8_t *)"",
			    a->data_kept ? b->data : (const uint8_t *)"", a->data_kept);
	for (size_t which = 0; more; which++) {
		struct str was = str_on(x, sizeof(x)), is = str_on(y, sizeof(y));

		more = call_out_text(&was, &label, which, r, a, NULL);
		assert_int_equal(call_out_text(&is, &other, which, r, b, NULL), more);
		if (!more)
			break;
		assert_string_equal(label, other);
		assert_string_equal(x, y);
	}
}

#endif
