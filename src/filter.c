#include "src/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/live.h"
#include "src/core/str.h"

#define LINKS                                                                                      \
	8 /* link types that are kept compiled; a file with more of them compiles again and again */

struct compiled {
	uint32_t link;
	struct live_filter *program; /* NULL: this link type cannot have it */
};

struct filter {
	char text[FILTER_TEXT];
	struct compiled of[LINKS];
	size_t links;
	size_t next; /* the one that gives way */
	struct err trouble;
	bool troubled;
};

static const char *const example = "filters are written as in pcap-filter(7), for example: "
				   "tcp port 443 and host 192.0.2.1";

static struct live_filter *compile(const char *text, uint32_t link, struct err *e)
{
	struct live_filter *program = live_filter_new(text, link, e);

	if (!program && e)
		(void)str_copy(e->hint, sizeof(e->hint), example);
	return program;
}

static struct compiled *add(struct filter *f, uint32_t link, struct live_filter *program)
{
	struct compiled *c = &f->of[f->next];

	if (f->links == LINKS)
		live_filter_free(c->program);
	else
		f->links++;
	f->next = (f->next + 1) % LINKS;
	*c = (struct compiled){ .link = link, .program = program };
	return c;
}

struct filter *filter_new(const char *text, uint32_t link, struct err *e)
{
	struct live_filter *program;
	struct filter *f;

	if (text[strspn(text, " \t")] == '\0') {
		err_set(e, example, "there is no filter");
		return NULL;
	}
	if (strlen(text) >= FILTER_TEXT) {
		err_set(e, NULL, "a filter has at most %d bytes", FILTER_TEXT - 1);
		return NULL;
	}
	program = compile(text, link, e);
	if (!program)
		return NULL;
	f = calloc(1, sizeof(*f));
	if (!f) {
		err_errno(e, errno, NULL, "filter \"%s\"", text);
		live_filter_free(program);
		return NULL;
	}
	(void)str_copy(f->text, sizeof(f->text), text);
	add(f, link, program);
	return f;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->links; i++)
		live_filter_free(f->of[i].program);
	free(f);
}

const char *filter_text(const struct filter *f)
{
	return f->text;
}

static const struct compiled *for_link(struct filter *f, uint32_t link)
{
	struct live_filter *program;
	struct err e = { 0 };

	for (size_t i = 0; i < f->links; i++)
		if (f->of[i].link == link)
			return &f->of[i];
	program = compile(f->text, link, &e);
	if (!program && !f->troubled && !strstr(e.what, "rejects all packets")) {
		f->trouble = e;
		f->troubled = true;
	}
	return add(f, link, program);
}

bool filter_match(struct filter *f, uint32_t link, const void *bytes, uint32_t caplen, uint32_t len)
{
	const struct compiled *c = for_link(f, link);

	return c->program && live_filter_match(c->program, bytes, caplen, len);
}

const struct err *filter_trouble(const struct filter *f)
{
	return f->troubled ? &f->trouble : NULL;
}

int filter_check(const char *text, uint32_t link, struct err *e)
{
	struct filter *f = filter_new(text, link, e);

	filter_free(f);
	return f ? 0 : -1;
}

int filter_join(char text[FILTER_TEXT], const char *const *word, size_t words, struct err *e)
{
	struct str s = str_on(text, FILTER_TEXT);

	for (size_t i = 0; i < words; i++) {
		if (i)
			str_char(&s, ' ');
		str_add(&s, word[i]);
	}
	return s.cut ? err_set(e, NULL, "a filter has at most %d bytes", FILTER_TEXT - 1) : 0;
}
