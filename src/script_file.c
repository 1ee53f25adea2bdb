/*
 * A lab file is read whole, line by line, in one scope: a program, a thread or a variable is known from the
 * line that declares it.
 */
#include "src/parse.h"

#include <stdlib.h>
#include <string.h>

#include "src/command.h"

void script_fini(struct script *s)
{
	for (size_t i = 0; i < s->lines; i++)
		line_fini(&s->line[i]);
	free(s->line);
	free(s->name);
	free(s->title);
	*s = (struct script){ 0 };
}

static int add_line(struct script *s, struct line *l, struct err *e)
{
	if (s->lines == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 32;
		struct line *more = reallocarray(s->line, cap, sizeof(*more));

		if (!more)
			return err_set(e, NULL, "no memory for a lab file");
		s->line = more;
		s->cap = cap;
	}
	s->line[s->lines++] = *l;
	return 0;
}

static int keep_title(struct script *s, const struct line *l, struct err *e)
{
	if (l->kind != LINE_COMMAND || strcmp(l->command->name, "title") != 0)
		return 0;
	if (s->title[0])
		return err_set(e, NULL, "the file has a title already");
	free(s->title);
	s->title = strdup(l->text);
	return s->title ? 0 : err_set(e, NULL, "no memory for a title");
}

/* A remark or a description that goes on in the next line of the file is one. */
static bool goes_on(const struct script *s, const struct line *l)
{
	const struct line *last = s->lines ? &s->line[s->lines - 1] : NULL;

	return last && l->kind == LINE_COMMAND && l->command->run_on &&
	       last->command == l->command && s->last_number + 1 == l->number;
}

static int join(struct line *to, const struct line *l, struct err *e)
{
	size_t len = strlen(to->text), more = strlen(l->text);
	char *text = realloc(to->text, len + more + 2);

	if (!text)
		return err_set(e, NULL, "no memory for a lab file");
	to->text = text;
	text[len] = ' ';
	memcpy(text + len + 1, l->text, more + 1);
	return 0;
}

/* A lab is built before anything runs in it, and one host has no wire that could be ordered about. */
static int keep_topology(struct script *s, const struct line *l, struct err *e)
{
	if (l->kind != LINE_COMMAND)
		return 0;
	if (s->loopback && l->command->group == COMMAND_WIRE)
		return err_set(e, "leave the line loopback out",
			       "on one host nothing can be held: packets on lo go from the kernel "
			       "to itself");
	if (l->command->step != STEP_LAB)
		return 0;
	for (size_t i = 0; i < s->lines; i++)
		if (s->line[i].kind != LINE_COMMAND || s->line[i].command->group != COMMAND_LESSON)
			return err_set(e, NULL, "loopback must stand before what is done");
	s->loopback = true;
	return 0;
}

static int read_line(struct script *s, struct scope *sc, unsigned number, const char *text,
		     size_t len, struct err *e)
{
	const struct parse_where where = { .scope = sc };
	struct line l;

	if (parse_line(&l, text, len, &where, e))
		return -1;
	l.number = number;
	if (l.kind == LINE_EMPTY) {
		line_fini(&l);
		return 0;
	}
	if (goes_on(s, &l)) {
		int rc = join(&s->line[s->lines - 1], &l, e);

		s->last_number = number;
		line_fini(&l);
		return rc;
	}
	s->last_number = number;
	if (keep_title(s, &l, e) || keep_topology(s, &l, e) || add_line(s, &l, e)) {
		line_fini(&l);
		return -1;
	}
	return 0;
}

static int read_lines(struct script *s, const char *text, size_t len, struct err *e)
{
	struct scope *sc = malloc(sizeof(*sc));
	unsigned number = 1;
	int rc = 0;

	if (!sc)
		return err_set(e, NULL, "no memory for a lab file");
	scope_init_lab(sc);
	for (size_t at = 0; at < len && !rc; number++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;
		struct err mine = { 0 };

		rc = read_line(s, sc, number, text + at, n, &mine);
		if (rc && e) {
			*e = mine;
			err_prefix(e, "%s:%u:%d", s->name, number, mine.column ? mine.column : 1);
		}
		at += n + 1;
	}
	free(sc);
	return rc;
}

int parse_script(struct script *out, const char *name, const char *text, size_t len, struct err *e)
{
	*out = (struct script){ .name = strdup(name), .title = strdup("") };
	if (!out->name || !out->title) {
		script_fini(out);
		return err_set(e, NULL, "no memory for a lab file");
	}
	if (len > SCRIPT_BYTES_MAX) {
		script_fini(out);
		return err_set(e, NULL, "%s: a lab file has at most %d bytes", name,
			       SCRIPT_BYTES_MAX);
	}
	if (read_lines(out, text, len, e)) {
		script_fini(out);
		return -1;
	}
	return 0;
}
