/*
 * Searching, going from verdict to verdict and from mark to mark, as commands.  The first few milliseconds of a
 * search are the key's; what takes longer goes on between keys, says how far it is, and ends with the next key.
 */
#include <stdlib.h>
#include <string.h>

#include "capture/replay.h"
#include "src/core/clock.h"
#include "src/graph.h"
#include "src/ruler.h"
#include "ui/app_impl.h"
#include "ui/find.h"
#include "ui/marks.h"

#define WORK_NS	  (4 * NS_PER_MS) /* a turn of the loop */
#define REPLAY_NS (3 * NS_PER_MS)
#define FIRST_NS  (6 * NS_PER_MS) /* of a key */

int app_find_init(struct app *a, struct err *e)
{
	a->find = find_new(&a->view, e);
	a->marks = marks_new(e);
	a->replay = replay_new(a->view.trace, e);
	a->view.marks = a->marks;
	a->view.replay = a->replay;
	a->view.ruler = ruler_new(a->view.trace, e);
	a->view.graph = graph_new(a->view.trace, e);
	return a->find && a->marks && a->replay && a->view.ruler && a->view.graph ? 0 : -1;
}

void app_find_fini(struct app *a)
{
	find_free(a->find);
	marks_free(a->marks);
	replay_free(a->replay);
	ruler_free(a->view.ruler);
	graph_free(a->view.graph);
}

/* ---- a search and its end ---- */

static void tell_progress(struct app *a)
{
	STR_ON_STACK(text, 100);

	str_addf(&text, "searching … %u %%  (Esc ends it)", find_percent(a->find));
	app_say(a, text.buf);
}

/* What was begun: found at once, or going on behind.  a->find_none is set: what to say if there is nothing. */
static int finish(struct app *a, struct err *e)
{
	switch (find_work(a->find, FIRST_NS)) {
	case FIND_IDLE:
	case FIND_NOTHING:
		*e = a->find_none;
		return -1;
	case FIND_FOUND:
		return 0;
	case FIND_GOING:
		tell_progress(a);
		break;
	}
	return 0;
}

bool app_find_stop(struct app *a)
{
	bool busy = find_busy(a->find);

	find_stop(a->find);
	return busy;
}

bool app_find_busy(const struct app *a)
{
	return find_busy(a->find) || (!a->cover && view_busy(&a->view));
}

bool app_find_work(struct app *a)
{
	bool news = !a->cover && view_work(&a->view, a->layout.ladder.height, REPLAY_NS);

	switch (find_work(a->find, WORK_NS)) {
	case FIND_IDLE:
		return news || (!a->cover && view_busy(&a->view));
	case FIND_NOTHING:
		app_complain(a, &a->find_none);
		break;
	case FIND_FOUND:
		app_hush(a);
		break;
	case FIND_GOING:
		tell_progress(a);
		break;
	}
	return true;
}

/* ---- words and bytes ---- */

/* What is in quotes already needs no more. */
static const char *quote(const char *text)
{
	return text[0] == '"' ? "" : "\"";
}

static int search(struct app *a, bool forward, struct err *e)
{
	if (!a->view.search[0])
		return err_set(e, "/ and a word, then Enter", "nothing was searched for yet");
	if (find_text(a->find, a->view.search, forward, false, e))
		return -1;
	err_set(&a->find_none, forward ? "N goes the other way" : "n goes the other way",
		"no event %s this one has %s%s%s", forward ? "after" : "before",
		quote(a->view.search), a->view.search, quote(a->view.search));
	return finish(a, e);
}

/* A new word is looked for from the cursor on, then from the beginning. */
static int search_word(struct app *a, const char *word, struct err *e)
{
	if (strlen(word) >= sizeof(a->view.search))
		return err_set(e, NULL, "that is too long to search for");
	if (find_text(a->find, word, true, true, e))
		return -1;
	(void)str_copy(a->view.search, sizeof(a->view.search), word);
	err_set(&a->find_none,
		"a word of a call, packet, address, state or text; or bytes: hex:de ad, \"GET /\"",
		"no event has %s%s%s", quote(word), word, quote(word));
	return finish(a, e);
}

int app_run_search(struct app *a, const char *argument, struct err *e)
{
	if (!*argument || strcmp(argument, "next") == 0)
		return search(a, true, e);
	if (strcmp(argument, "previous") == 0)
		return search(a, false, e);
	return search_word(a, argument, e);
}

/* ---- verdicts ---- */

#define ANY_VERDICT (UINT16_MAX & ~VERDICT_PARTIAL_ACK)

static bool same_letter(char a, char b)
{
	bool blank = a == ' ' || a == '-' || a == '_';

	return blank ? b == ' ' || b == '-' || b == '_' : (a | 0x20) == (b | 0x20);
}

/* Whether a name begins with what was typed; blanks, hyphens and underscores are the same. */
static bool begins(const char *name, const char *typed)
{
	while (*typed && same_letter(*typed, *name)) {
		typed++;
		name++;
	}
	return *typed == '\0';
}

/* The verdicts of a name, "retransmission" or "zero win"; 0: there are none. */
static uint16_t verdicts_named(const char *name)
{
	uint16_t bits = 0;

	for (size_t i = 0; i < VERDICTS; i++) {
		if (begins(verdict_names[i].text, name) || begins(verdict_names[i].field, name))
			bits |= (uint16_t)verdict_names[i].bit;
		if (strlen(verdict_names[i].field) == strlen(name) &&
		    begins(verdict_names[i].field, name))
			return (uint16_t)verdict_names[i].bit;
	}
	return bits;
}

static int go_to_mark(struct app *a, bool forward, struct err *e)
{
	if (marks_count(a->marks) == 0)
		return err_set(e, "m marks the event under the cursor", "no event is marked");
	err_set(&a->find_none, NULL, "no event %s this one is marked",
		forward ? "after" : "before");
	find_mark(a->find, forward);
	return finish(a, e);
}

static int go_to_verdict(struct app *a, const char *name, bool forward, struct err *e)
{
	bool any = !*name || strcmp(name, "verdict") == 0;
	uint16_t bits = any ? ANY_VERDICT : verdicts_named(name);

	if (!bits)
		return err_set(e, "mark, verdict, retransmission, zero window, out of order …",
			       "there is no verdict \"%s\"", name);
	err_set(&a->find_none, NULL, "no packet %s this one %s%s", forward ? "after" : "before",
		any ? "is remarkable" : "has the verdict ", any ? "" : name);
	find_verdict(a->find, bits, forward);
	return finish(a, e);
}

static int go(struct app *a, const char *what, bool forward, struct err *e)
{
	if (strcmp(what, "match") == 0)
		return search(a, forward, e);
	if (strcmp(what, "mark") == 0)
		return go_to_mark(a, forward, e);
	return go_to_verdict(a, what, forward, e);
}

int app_run_next(struct app *a, const char *argument, struct err *e)
{
	return go(a, argument, true, e);
}

int app_run_previous(struct app *a, const char *argument, struct err *e)
{
	return go(a, argument, false, e);
}

/* ---- marks ---- */

int app_run_mark(struct app *a, const char *argument, struct err *e)
{
	struct ladder_row at;
	int marked;

	(void)argument;
	if (!view_cursor(&a->view, &at))
		return err_set(e, "let a program make a call first", "nothing has happened yet");
	marked = marks_toggle(a->marks, trace_entry(a->view.trace, at.head)->offset, e);
	if (marked < 0)
		return -1;
	app_say(a, marked ? "Marked.  ' goes to the next mark, M to the one before."
			  : "The mark is taken away.");
	return 0;
}
