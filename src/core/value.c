#include "src/core/value.h"

#include <stdlib.h>
#include <string.h>

#define PATTERN_LINE 64 /* bytes of a line of pattern(), without its end */

struct value value_int(int64_t number)
{
	return (struct value){ .kind = VALUE_INT, .number = number };
}

struct value value_data(const void *bytes, size_t len)
{
	struct value v = { .kind = VALUE_DATA, .fill = FILL_BYTES, .len = len };

	if (len == 0)
		return v;
	v.bytes = malloc(len);
	if (!v.bytes)
		return (struct value){ .kind = VALUE_NONE };
	memcpy(v.bytes, bytes, len);
	return v;
}

struct value value_filled(enum value_fill fill, size_t len)
{
	return (struct value){ .kind = VALUE_DATA, .fill = fill, .len = len };
}

struct value value_cut(const void *bytes, size_t kept, size_t len)
{
	struct value v = value_data(bytes, kept);

	if (v.kind != VALUE_DATA || kept >= len)
		return v;
	v.fill = FILL_CUT;
	v.kept = kept;
	v.len = len;
	return v;
}

struct value value_addr(const struct addr *a)
{
	return (struct value){ .kind = VALUE_ADDR, .addr = *a };
}

struct value value_control(int level, int type)
{
	return (struct value){ .kind = VALUE_CONTROL, .level = level, .number = type };
}

struct value value_pointer(uint64_t at)
{
	return (struct value){ .kind = VALUE_POINTER, .number = (int64_t)at };
}

struct value value_rest(size_t items)
{
	return (struct value){ .kind = VALUE_REST, .number = (int64_t)items };
}

static bool has_items(const struct value *v)
{
	return v->kind == VALUE_LIST || v->kind == VALUE_CONTROL;
}

/* Room is made in powers of two: where the count is one, the list is full. */
static int list_room(struct value *list)
{
	size_t items = list->items;
	struct value *more;

	if (items & (items - 1))
		return 0;
	more = reallocarray(list->item, items ? 2 * items : 1, sizeof(*more));
	if (!more)
		return -1;
	list->item = more;
	return 0;
}

int value_list_add(struct value *list, struct value item)
{
	if (list->kind == VALUE_NONE)
		*list = (struct value){ .kind = VALUE_LIST };
	if (!has_items(list) || list_room(list)) {
		value_fini(&item);
		return -1;
	}
	list->item[list->items++] = item;
	return 0;
}

static struct value copy_list(const struct value *v)
{
	struct value copy = { .kind = v->kind, .level = v->level, .number = v->number };

	for (size_t i = 0; i < v->items; i++) {
		if (value_list_add(&copy, value_copy(&v->item[i]))) {
			value_fini(&copy);
			break;
		}
	}
	return copy;
}

struct value value_copy(const struct value *v)
{
	if (has_items(v))
		return copy_list(v);
	if (v->kind == VALUE_DATA && v->fill == FILL_BYTES)
		return value_data(v->bytes, v->len);
	if (v->kind == VALUE_DATA && v->fill == FILL_CUT)
		return value_cut(v->bytes, v->kept, v->len);
	return *v;
}

void value_fini(struct value *v)
{
	for (size_t i = 0; i < v->items; i++)
		value_fini(&v->item[i]);
	free(v->item);
	free(v->bytes);
	*v = (struct value){ .kind = VALUE_NONE };
}

static uint8_t pattern_byte(size_t i)
{
	size_t line = i / (PATTERN_LINE + 1), column = i % (PATTERN_LINE + 1);

	return column == PATTERN_LINE ? '\n' : (uint8_t)('a' + (line * PATTERN_LINE + column) % 26);
}

size_t value_bytes(const struct value *v, void *dst, size_t cap)
{
	size_t len = v->kind != VALUE_DATA ? 0 : v->fill == FILL_CUT ? v->kept : v->len;
	uint8_t *out = dst;

	if (len > cap)
		len = cap;
	if (len == 0)
		return 0;
	switch (v->fill) {
	case FILL_BYTES:
	case FILL_CUT:
		memcpy(out, v->bytes, len);
		break;
	case FILL_ZEROS:
		memset(out, 0, len);
		break;
	case FILL_PATTERN:
		for (size_t i = 0; i < len; i++)
			out[i] = pattern_byte(i);
		break;
	}
	return len;
}
