#include "src/result.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool number_test_holds(const struct number_test *t, int64_t number)
{
	switch (t->compare) {
	case COMPARE_EQUAL:
		return number == t->number;
	case COMPARE_LESS:
		return number < t->number;
	case COMPARE_LESS_EQUAL:
		return number <= t->number;
	case COMPARE_GREATER:
		return number > t->number;
	case COMPARE_GREATER_EQUAL:
		return number >= t->number;
	}
	return false;
}

void number_test_text(struct str *out, const struct number_test *t)
{
	static const char *const signs[] = {
		[COMPARE_EQUAL] = "",		[COMPARE_LESS] = "<",
		[COMPARE_LESS_EQUAL] = "<=",	[COMPARE_GREATER] = ">",
		[COMPARE_GREATER_EQUAL] = ">=",
	};

	str_addf(out, "%s%" PRId64, signs[t->compare], t->number);
}

void result_fini(struct result *r)
{
	value_fini(&r->data);
	value_fini(&r->option);
	value_fini(&r->ready);
	*r = (struct result){ 0 };
}

/* Only the beginning of what was received is kept: the rest is compared by its length alone. */
static bool data_holds(const struct value *want, const struct call_outcome *o)
{
	size_t n = o->data_kept < want->len ? o->data_kept : want->len;
	uint8_t *bytes;
	bool same;

	if (o->result != (int64_t)want->len)
		return false;
	if (!n)
		return want->len == 0;
	bytes = malloc(n);
	same = bytes && value_bytes(want, bytes, n) == n && !memcmp(bytes, o->data, n);
	free(bytes);
	return same;
}

static bool value_equal(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case VALUE_NONE:
		return true;
	case VALUE_INT:
	case VALUE_POINTER:
	case VALUE_REST:
		return a->number == b->number;
	case VALUE_DATA:
		return a->len == b->len && (!a->len || !memcmp(a->bytes, b->bytes, a->len));
	case VALUE_ADDR:
		return addr_equal(&a->addr, &b->addr);
	case VALUE_LIST:
	case VALUE_CONTROL:
		break;
	}
	if (a->items != b->items || a->level != b->level || a->number != b->number)
		return false;
	for (size_t i = 0; i < a->items; i++)
		if (!value_equal(&a->item[i], &b->item[i]))
			return false;
	return true;
}

static bool addr_holds(const struct result *r, const struct call_outcome *o)
{
	struct addr got = o->addr, want = r->addr;

	if (r->any_port) {
		addr_set_port(&got, 0);
		addr_set_port(&want, 0);
	}
	return addr_equal(&got, &want);
}

static bool option_holds(const struct result *r, const struct call_outcome *o)
{
	const struct number_test t = { .compare = r->option_compare, .number = r->option.number };

	if (r->option.kind == VALUE_INT && o->option.kind == VALUE_INT)
		return number_test_holds(&t, o->option.number);
	return value_equal(&r->option, &o->option);
}

bool result_holds(const struct result *r, const struct call_outcome *o)
{
	if (!r->stated)
		return !o->error;
	if (r->any)
		return true;
	if (r->signal)
		return false;
	if (r->error || o->error)
		return r->error == o->error;
	return (!r->has_number || number_test_holds(&r->number, o->result)) &&
	       (r->data.kind == VALUE_NONE || data_holds(&r->data, o)) &&
	       (!r->has_addr || addr_holds(r, o)) &&
	       (r->option.kind == VALUE_NONE || option_holds(r, o)) &&
	       (r->ready.kind == VALUE_NONE || value_equal(&r->ready, &o->revents));
}
