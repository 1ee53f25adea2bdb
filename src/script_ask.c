/*
 * A question is noted in the recording when it is asked.  Its answer is noted when it is known: at once where the
 * author's word is all there is; otherwise when the trace shows it, so that on the screen it stands beside what it is
 * about.
 */
#include "src/script_impl.h"

#include <stdlib.h>
#include <string.h>

#include "src/command.h"

static struct asked *last_asked(const struct script_run *r)
{
	return r->askeds ? &r->asked[r->askeds - 1] : NULL;
}

static struct asked *add_asked(struct script_run *r, const struct line *l)
{
	struct asked *a;
	size_t at;

	if (r->askeds == r->asked_cap) {
		size_t cap = r->asked_cap ? 2 * r->asked_cap : 8;

		a = reallocarray(r->asked, cap, sizeof(*a));
		if (!a)
			return NULL;
		r->asked = a;
		r->asked_cap = cap;
	}
	a = &r->asked[r->askeds++];
	*a = (struct asked){ .line = l->number,
			     .kind = subject_answers(&l->subject),
			     .choice = -1 };
	question_read(&a->question, l->text, l->subject.kind != SUBJECT_NONE, &at);
	return a;
}

/* ---- the answer ---- */

static bool is_right(const struct asked *a)
{
	if (a->choice < 0)
		return answer_is_right(a->kind, a->given, a->truth, a->also);
	return question_chosen(&a->question, a->kind, a->given) == a->choice;
}

/* The true answer as the choices have it; a free one as the file has it if it is the same with a remark. */
static const char *true_text(const struct asked *a)
{
	const struct question *q = &a->question;
	STR_ON_STACK(word, 160);

	if (a->choice >= 0)
		return q->choice[a->choice];
	if (q->right < 0)
		return a->truth;
	question_choice(q, (size_t)q->right, &word);
	if (!strcmp(word.buf, q->choice[q->right]) && a->kind != ANSWER_RESULT)
		return a->truth;
	return answer_is_right(a->kind, word.buf, a->truth, a->also) ? q->choice[q->right]
								     : a->truth;
}

/* "Right: SYN ACK." or "Not ACK. The answer is SYN ACK." and why. */
static void note_answer(struct script_run *r, const struct asked *a)
{
	const char *truth = true_text(a);
	const char *stop = truth[0] && strchr(".!?", truth[strlen(truth) - 1]) ? "" : ".";
	STR_ON_STACK(text, 900);

	if (!a->given[0])
		str_addf(&text, "Answer: %s%s", truth, stop);
	else if (a->right)
		str_addf(&text, "Right: %s%s", truth, stop);
	else
		str_addf(&text, "Not right (%s). The answer is: %s%s", a->given, truth, stop);
	if (a->why[0])
		str_addf(&text, "  %s", a->why);
	session_note(r->session, NOTE_ANSWER, text.buf, NULL);
}

void script_drop_answer(struct script_run *r)
{
	r->witness.ask = NULL;
}

static void settle(struct script_run *r, struct asked *a)
{
	a->known = true;
	a->right = a->given[0] && is_right(a);
	script_drop_answer(r);
	note_answer(r, a);
}

/* The author's word. */
static void settle_by_author(struct script_run *r, struct asked *a)
{
	struct str truth = str_on(a->truth, sizeof(a->truth));

	script_drop_answer(r);
	if (a->question.right < 0)
		return;
	question_choice(&a->question, (size_t)a->question.right, &truth);
	a->choice = a->question.choices > 1 ? a->question.right : -1;
	if (!truth.len)
		return;
	settle(r, a);
}

/* ---- the trace's answer ---- */

static bool author_is_right(const struct asked *a, const struct truth *truth)
{
	STR_ON_STACK(word, 160);

	if (a->question.right < 0)
		return a->question.choices < 2 || a->choice >= 0;
	question_choice(&a->question, (size_t)a->question.right, &word);
	return answer_is_right(a->kind, word.buf, truth->text, truth->also) &&
	       (a->question.choices < 2 || a->choice == a->question.right);
}

static enum step_outcome contradict(struct script_run *r, const struct asked *a,
				    const struct truth *truth)
{
	STR_ON_STACK(seen, 512);

	if (a->question.choices > 1 && a->choice < 0)
		str_add(&seen, "not exactly one of the answers is true: ");
	str_addf(&seen, "the trace says %s", truth->text);
	if (truth->also[0])
		str_addf(&seen, ", or %s", truth->also);
	if (truth->why[0])
		str_addf(&seen, " (%s)", truth->why);
	return script_fail_line(r, r->witness.ask, "has another answer", seen.buf);
}

/*
 * What is missing may still be on its way: where the author says what comes, or how many, it is waited for.
 */
static bool may_still_come(const struct script_run *r, const struct asked *a,
			   const struct truth *truth)
{
	return (!truth->event || subject_is_total(&r->witness.ask->subject)) &&
	       a->question.right >= 0 && !author_is_right(a, truth);
}

bool script_owes_answer(const struct script_run *r)
{
	return r->witness.ask != NULL;
}

enum step_outcome script_look_answer(struct script_run *r, bool all)
{
	struct asked *a = last_asked(r);
	struct truth truth;

	if (!witness_look(&r->witness, all, r->places, r->session, &truth))
		return NOT_YET;
	a->choice = question_true_choice(&a->question, a->kind, truth.text, truth.also);
	if (may_still_come(r, a, &truth))
		return NOT_YET;
	if (!r->interactive && !author_is_right(a, &truth))
		return contradict(r, a, &truth);
	str_copy(a->truth, sizeof(a->truth), truth.text);
	str_copy(a->also, sizeof(a->also), truth.also);
	str_copy(a->why, sizeof(a->why), truth.why);
	a->event = truth.event;
	a->by_trace = true;
	r->held++;
	settle(r, a);
	return GO_ON;
}

enum step_outcome script_give_up_answer(struct script_run *r)
{
	const struct line *ask = r->witness.ask;
	struct truth truth;

	if (r->interactive) {
		settle_by_author(r, last_asked(r));
		return NOT_YET;
	}
	witness_look(&r->witness, true, r->places, r->session, &truth);
	if (truth.text[0])
		return contradict(r, last_asked(r), &truth);
	return script_fail_line(r, ask, "has no answer", "the trace does not show it");
}

/* ---- asking ---- */

enum step_outcome script_begin_ask(struct script_run *r, const struct line *l)
{
	const struct asked *a = add_asked(r, l);
	STR_ON_STACK(text, 1400);

	if (!a)
		return script_fail(r, l, "no memory for a question", "");
	question_text(&a->question, &text);
	session_note(r->session, NOTE_ASK, text.buf, NULL);
	script_note_text(r, l);
	r->phase = PHASE_READ;
	if (script_rests(r, l))
		return NOT_YET;
	script_resume_ask(r);
	return GO_ON;
}

void script_resume_ask(struct script_run *r)
{
	const struct line *l = &r->script.line[r->at];

	if (l->kind != LINE_COMMAND || l->command->step != STEP_ASK)
		return;
	if (l->subject.kind == SUBJECT_NONE)
		settle_by_author(r, last_asked(r));
	else
		witness_begin(&r->witness, l, r->session);
}

const struct asked *script_question(const struct script_run *r)
{
	const struct line *l = r->at < r->script.lines ? &r->script.line[r->at] : NULL;

	if (r->state != SCRIPT_PAUSED || !l || l->kind != LINE_COMMAND ||
	    l->command->step != STEP_ASK)
		return NULL;
	return last_asked(r);
}

void script_answer(struct script_run *r, const char *text)
{
	struct asked *a = last_asked(r);

	if (!script_question(r))
		return;
	if (!answer_is_empty(text))
		str_copy(a->given, sizeof(a->given), text);
	script_resume(r);
}

const struct asked *script_asked(const struct script_run *r, size_t *count)
{
	*count = r->askeds;
	return r->asked;
}
