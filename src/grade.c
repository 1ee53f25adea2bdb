#include "src/grade.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/core/safe.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- lines ---- */

struct cursor {
	const char *at, *end;
	unsigned number;
};

struct piece {
	const char *at;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct piece trim(struct piece p)
{
	while (p.len && is_blank(p.at[p.len - 1]))
		p.len--;
	while (p.len && is_blank(*p.at))
		p.at++, p.len--;
	return p;
}

static struct cursor cursor_on(const char *text, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf"; /* byte order, of some editors */
	size_t skip = len >= 3 && !memcmp(text, mark, 3) ? 3 : 0;

	return (struct cursor){ .at = text + skip, .end = text + len };
}

static bool next_line(struct cursor *c, struct piece *out)
{
	const char *end;

	if (c->at >= c->end)
		return false;
	end = memchr(c->at, '\n', (size_t)(c->end - c->at));
	end = end ? end : c->end;
	*out = (struct piece){ c->at, (size_t)(end - c->at) };
	c->at = end + 1;
	c->number++;
	return true;
}

/* "NUMBER" and one of the signs behind it; *rest is what follows, trimmed. */
static bool take_number(struct piece p, const char *signs, unsigned *number, struct piece *rest)
{
	p = trim(p);
	*number = 0;
	if (!p.len || !isdigit((unsigned char)*p.at))
		return false;
	for (; p.len && isdigit((unsigned char)*p.at) && *number < 100000; p.at++, p.len--)
		*number = *number * 10 + (unsigned)(*p.at - '0');
	while (p.len && is_blank(*p.at))
		p.at++, p.len--;
	if (!p.len || !strchr(signs, *p.at))
		return false;
	*rest = trim((struct piece){ p.at + 1, p.len - 1 });
	return true;
}

static void copy(char *dst, size_t cap, struct piece p)
{
	struct str out = str_on(dst, cap);

	safe_add_line(&out, p.at, p.len);
}

/* ---- the key ---- */

static const char heading[] = "socklens quiz key 1";

static int set_kind(struct grade_item *item, struct piece p)
{
	char name[16];

	copy(name, sizeof(name), p);
	item->kind = answer_kind_find(name);
	return item->kind < ANSWER_KINDS ? 0 : -1;
}

static int set_also(struct grade_item *item, struct piece p)
{
	if (item->alsos == GRADE_ALSO)
		return -1;
	copy(item->also[item->alsos], sizeof(item->also[0]), p);
	item->alsos++;
	return 0;
}

static int set_why(struct grade_item *item, struct piece p)
{
	copy(item->why, sizeof(item->why), p);
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct grade_item *item, struct piece p);
} properties[] = {
	{ "kind", set_kind },
	{ "also", set_also },
	{ "why", set_why },
};

static int key_error(const char *name, unsigned line, const char *expected, struct err *e)
{
	return err_set(e, "a key is written by: socklens quiz LESSON --answers FILE",
		       "%s:%u: expected %s", name, line, expected);
}

/* "   also: b" */
static int read_property(struct grade_item *item, struct piece p)
{
	p = trim(p);
	for (size_t i = 0; i < COUNT(properties); i++) {
		size_t len = strlen(properties[i].name);

		if (p.len <= len || memcmp(p.at, properties[i].name, len) != 0 || p.at[len] != ':')
			continue;
		return properties[i].set(item,
					 trim((struct piece){ p.at + len + 1, p.len - len - 1 }));
	}
	return -1;
}

static int read_item(struct grade *g, const char *name, unsigned line, struct piece p,
		     struct err *e)
{
	struct grade_item *item = &g->item[g->items];
	struct piece truth;
	unsigned number;

	if (!take_number(p, ":", &number, &truth) || !truth.len)
		return key_error(name, line, "a number, a colon and an answer", e);
	if (number != g->items + 1)
		return key_error(name, line, "the numbers in their order, from 1", e);
	if (g->items == GRADE_MOST)
		return key_error(name, line, "no more than 200 answers", e);
	*item = (struct grade_item){ .number = number };
	copy(item->truth, sizeof(item->truth), truth);
	g->items++;
	return 0;
}

static int read_key(struct grade *g, const char *name, struct cursor *c, struct err *e)
{
	static const char title[] = "title:";
	struct piece p;

	if (!next_line(c, &p) || trim(p).len != strlen(heading) ||
	    memcmp(trim(p).at, heading, strlen(heading)) != 0)
		return key_error(name, 1, "the line \"socklens quiz key 1\"", e);
	while (next_line(c, &p)) {
		if (!trim(p).len)
			continue;
		if (is_blank(*p.at)) {
			if (!g->items || read_property(&g->item[g->items - 1], p))
				return key_error(name, c->number, "kind, also or why of an answer",
						 e);
		} else if (!g->items && isalpha((unsigned char)*p.at)) {
			if (p.len > strlen(title) && !memcmp(p.at, title, strlen(title)))
				copy(g->title, sizeof(g->title),
				     trim((struct piece){ p.at + strlen(title),
							  p.len - strlen(title) }));
		} else if (read_item(g, name, c->number, p, e)) {
			return -1;
		}
	}
	return g->items ? 0 : key_error(name, c->number, "at least one answer", e);
}

int grade_init(struct grade *g, const char *name, const char *text, size_t len, struct err *e)
{
	struct cursor c = cursor_on(text, len);

	*g = (struct grade){ .item = calloc(GRADE_MOST, sizeof(*g->item)) };
	if (!g->item)
		return err_errno(e, ENOMEM, NULL, "%s", name);
	if (!read_key(g, name, &c, e))
		return 0;
	grade_fini(g);
	return -1;
}

void grade_fini(struct grade *g)
{
	free(g->item);
	g->item = NULL;
	g->items = 0;
}

/* ---- answers ---- */

/* Without the line that was there to write on. */
static struct piece strip(struct piece p)
{
	while (p.len && (is_blank(p.at[p.len - 1]) || p.at[p.len - 1] == '_'))
		p.len--;
	while (p.len && (is_blank(*p.at) || *p.at == '_'))
		p.at++, p.len--;
	return p;
}

static bool is_heading(struct piece p)
{
	p = trim(p);
	return (p.len == 7 || (p.len == 8 && p.at[7] == ':')) && !strncasecmp(p.at, "answers", 7);
}

static void mark(struct grade *g, struct grade_item *item)
{
	item->right = answer_is_right(item->kind, item->given, item->truth, "");
	for (size_t i = 0; i < item->alsos && !item->right; i++)
		item->right = answer_is_right(item->kind, item->given, item->also[i], "");
	g->points += item->right;
}

int grade_answers(struct grade *g, const char *name, const char *text, size_t len, struct err *e)
{
	struct cursor c = cursor_on(text, len), from = c;
	struct piece p, given;
	unsigned number, found = 0;

	while (next_line(&c, &p))
		if (is_heading(p))
			from = c;
	while (next_line(&from, &p)) {
		if (!take_number(p, ":.)=", &number, &given) || !number || number > g->items)
			continue;
		found++;
		given = strip(given);
		if (given.len)
			copy(g->item[number - 1].given, sizeof(g->item[0].given), given);
	}
	if (!found)
		return err_set(e, "each answer is a line such as   1: SYN ACK",
			       "%s: there is no answer in it", name);
	g->points = 0;
	for (size_t i = 0; i < g->items; i++)
		mark(g, &g->item[i]);
	return 0;
}

/* ---- what is said ---- */

static int finish(FILE *out, struct err *e)
{
	if (!fflush(out) && !ferror(out))
		return 0;
	return err_errno(e, errno ? errno : EIO, NULL, "writing marks");
}

int grade_text(const struct grade *g, FILE *out, struct err *e)
{
	errno = 0;
	if (g->title[0])
		fprintf(out, "%s\n\n", g->title);
	for (size_t i = 0; i < g->items; i++) {
		const struct grade_item *item = &g->item[i];

		if (item->right)
			fprintf(out, "%3u  right      %s\n", item->number, item->given);
		else if (item->given[0])
			fprintf(out, "%3u  wrong      %s\n                is: %s\n", item->number,
				item->given, item->truth);
		else
			fprintf(out, "%3u  no answer\n                is: %s\n", item->number,
				item->truth);
		if (!item->right && item->why[0])
			fprintf(out, "                %s\n", item->why);
	}
	fprintf(out, "\n%u of %zu point%s\n", g->points, g->items, g->items == 1 ? "" : "s");
	return finish(out, e);
}

static json_t *json_of(const struct grade_item *item)
{
	return json_pack("{s:I, s:s, s:s, s:b, s:s, s:s}", "number", (json_int_t)item->number,
			 "kind", answer_kind_name(item->kind), "given", item->given, "right",
			 (int)item->right, "truth", item->truth, "why", item->why);
}

int grade_json(const struct grade *g, FILE *out, struct err *e)
{
	json_t *items = json_array(), *all;
	int rc;

	for (size_t i = 0; items && i < g->items; i++)
		json_array_append_new(items, json_of(&g->item[i]));
	all = json_pack("{s:s, s:I, s:I, s:o}", "title", g->title, "points", (json_int_t)g->points,
			"total", (json_int_t)g->items, "answers", items);
	if (!all)
		return err_errno(e, ENOMEM, NULL, "writing marks");
	errno = 0;
	rc = json_dumpf(all, out, JSON_COMPACT) || fputc('\n', out) == EOF;
	json_decref(all);
	return rc ? err_errno(e, errno ? errno : EIO, NULL, "writing marks") : finish(out, e);
}
