/*
 * Any text is a lab file, or is refused with its line and a column inside that line, in harmless words.  Every
 * word that is offered where a typed line ends begins as what is typed there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/command.h"
#include "src/core/safe.h"
#include "src/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void check_error(const struct err *e, size_t size)
{
	STR_ON_STACK(what, sizeof(e->what));
	STR_ON_STACK(hint, sizeof(e->hint));

	require(!strncmp(e->what, "x.lab:", 6) && e->column >= 0 && (size_t)e->column <= size + 1);
	safe_add_line(&what, e->what, strlen(e->what));
	safe_add_line(&hint, e->hint, strlen(e->hint));
	require(!strcmp(what.buf, e->what) && !strcmp(hint.buf, e->hint));
}

static void check_line(const struct line *l)
{
	require(l->kind == LINE_TARGET || l->kind == LINE_CALL || l->kind == LINE_COMMAND);
	require(l->source && l->number > 0);
	if (l->kind == LINE_COMMAND) {
		require(l->command && l->command->in_file);
		return;
	}
	require(l->kind == LINE_CALL && l->target[0] && l->request.call);
	for (size_t i = 0; i < l->holes; i++) {
		const struct hole *h = &l->hole[i];
		const struct value *v =
			h->arg == HOLE_RESULT ? &l->want.ready : &l->request.arg[h->arg];

		require(h->name[0] && h->arg <= HOLE_RESULT);
		require(h->item < 0 ? v->kind == VALUE_INT : (size_t)h->item < v->items);
	}
	require(call_request_check(&l->request, NULL) == 0);
}

static void check_file(const uint8_t *data, size_t size)
{
	struct err e = { .column = 0 };
	struct script s;

	if (parse_script(&s, "x.lab", (const char *)data, size, &e)) {
		check_error(&e, size);
		return;
	}
	for (size_t i = 0; i < s.lines; i++)
		check_line(&s.line[i]);
	script_fini(&s);
}

struct typed {
	const char *text;
	size_t len;
};

static void check_offer(void *context, const struct parse_offer *o)
{
	const struct typed *t = context;

	require(o->from <= t->len && o->word[0]);
	if (!o->placeholder)
		require(!strncasecmp(o->word, t->text + o->from, t->len - o->from));
}

static void check_completion(const uint8_t *data, size_t size)
{
	struct typed t = { .text = (const char *)data, .len = size };
	const struct parse_where where = { .scope = malloc(sizeof(*where.scope)),
					   .focus = "client" };

	require(where.scope);
	scope_init_lab(where.scope);
	scope_set_variable(where.scope, "s", 0, AF_INET);
	parse_offers(t.text, t.len, &where, check_offer, &t);
	free(where.scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memrchr(data, '\n', size);

	check_file(data, size);
	/* The last line alone, as if it were being typed. */
	line = line ? line + 1 : data;
	check_completion(line, size - (size_t)(line - data));
	return 0;
}
