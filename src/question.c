#include "src/question.h"

#include <ctype.h>
#include <string.h>

enum answer_kind subject_answers(const struct subject *s)
{
	switch (s->kind) {
	case SUBJECT_NONE:
		return ANSWER_TEXT;
	case SUBJECT_PACKET:
		return s->field == SUBJECT_FLAGS ? ANSWER_FLAGS : ANSWER_NUMBER;
	case SUBJECT_PACKETS:
	case SUBJECT_SOCKET:
		return ANSWER_NUMBER;
	case SUBJECT_STATE:
		return ANSWER_STATE;
	case SUBJECT_RETURN:
	case SUBJECT_EXIT:
		return ANSWER_RESULT;
	}
	return ANSWER_TEXT;
}

bool subject_is_total(const struct subject *s)
{
	return s->kind == SUBJECT_PACKETS || (s->kind == SUBJECT_SOCKET && s->next);
}

/* ---- reading ---- */

/* The part up to the next bar, without white space around it. */
struct part {
	size_t at, len, end;
};

static struct part part_at(const char *text, size_t from)
{
	struct part p = { .end = from + strcspn(text + from, "|") };
	size_t to = p.end;

	p.at = from + strspn(text + from, " \t");
	while (to > p.at && strchr(" \t\r", text[to - 1]))
		to--;
	p.len = to > p.at ? to - p.at : 0;
	return p;
}

static bool copy_part(char *dst, size_t cap, const char *text, size_t len)
{
	struct str s = str_on(dst, cap);

	str_addn(&s, text, len);
	return !s.cut;
}

static const char *read_choice(struct question *q, const char *text, const struct part *p)
{
	bool marked = p->len && text[p->at] == '*';

	if (q->choices == QUESTION_CHOICES)
		return "a question has at most 6 answers";
	if (marked && q->right >= 0)
		return "one answer is marked with * already";
	if (marked)
		q->right = (int)q->choices;
	if (p->len == marked)
		return "expected an answer behind |";
	if (!copy_part(q->choice[q->choices++], sizeof(q->choice[0]), text + p->at + marked,
		       p->len - marked))
		return "this answer is too long";
	return NULL;
}

const char *question_read(struct question *q, const char *text, bool traced, size_t *at)
{
	struct part p = part_at(text, 0);
	const char *wrong;

	*q = (struct question){ .right = -1 };
	*at = p.at;
	if (!p.len)
		return "expected a question";
	if (!copy_part(q->text, sizeof(q->text), text + p.at, p.len))
		return "this question is too long";
	while (text[p.end]) {
		*at = p.end;
		p = part_at(text, p.end + 1);
		if ((wrong = read_choice(q, text, &p)))
			return wrong;
	}
	if (q->choices == 1)
		q->right = 0;
	*at = 0;
	if (q->right < 0 && !traced)
		return q->choices ? "one of the answers must be marked with *"
				  : "a question needs its answer";
	return NULL;
}

/* ---- choices ---- */

void question_choice(const struct question *q, size_t i, struct str *out)
{
	const char *text = q->choice[i], *end;

	/* Not inside of data. */
	end = strstr(text[0] == '"' && strchr(text + 1, '"') ? strchr(text + 1, '"') : text, ": ");
	str_addn(out, text, end ? (size_t)(end - text) : strlen(text));
}

static int by_letter(const struct question *q, const char *given)
{
	const char *from = given + strspn(given, " \t(");
	int n = tolower((unsigned char)*from) - 'a';

	if (!*from || from[1 + strspn(from + 1, " \t).\r\n")])
		return -1;
	return n >= 0 && (size_t)n < q->choices ? n : -1;
}

/* The only choice that comes to the same as a text; -1. */
static int same_choice(const struct question *q, enum answer_kind kind, const char *given,
		       const char *also)
{
	int found = -1;

	for (size_t i = 0; i < q->choices; i++) {
		STR_ON_STACK(choice, sizeof(q->choice[0]));

		question_choice(q, i, &choice);
		if (!answer_is_right(kind, choice.buf, given, also))
			continue;
		if (found >= 0)
			return -1;
		found = (int)i;
	}
	return found;
}

int question_chosen(const struct question *q, enum answer_kind kind, const char *given)
{
	int n;

	if (q->choices < 2 || answer_is_empty(given))
		return -1;
	if ((n = same_choice(q, ANSWER_TEXT, given, "")) >= 0)
		return n;
	for (size_t i = 0; i < q->choices; i++)
		if (answer_is_right(ANSWER_TEXT, given, q->choice[i], ""))
			return (int)i;
	if ((n = same_choice(q, kind, given, "")) >= 0)
		return n;
	return by_letter(q, given);
}

int question_true_choice(const struct question *q, enum answer_kind kind, const char *truth,
			 const char *also)
{
	return same_choice(q, kind, truth, also);
}

void question_text(const struct question *q, struct str *out)
{
	str_add(out, q->text);
	for (size_t i = 0; q->choices > 1 && i < q->choices; i++)
		str_addf(out, "  %c) %s", (char)('a' + i), q->choice[i]);
}
