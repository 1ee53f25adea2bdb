/* Answers as people write them, and questions as lab files have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "src/answer.h"
#include "src/question.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	enum answer_kind kind;
	const char *text, *normal;
} forms[] = {
	{ ANSWER_FLAGS, "syn-ack", "SYN ACK" },
	{ ANSWER_FLAGS, "ACK, SYN", "SYN ACK" },
	{ ANSWER_FLAGS, " SYN|ACK ", "SYN ACK" },
	{ ANSWER_FLAGS, "SynAck", "SYN ACK" },
	{ ANSWER_FLAGS, "a RST", "RST" },
	{ ANSWER_FLAGS, "send reset", "RST" },
	{ ANSWER_FLAGS, "None.", "nothing" },
	{ ANSWER_STATE, "close_wait", "CLOSE-WAIT" },
	{ ANSWER_STATE, "Close Wait", "CLOSE-WAIT" },
	{ ANSWER_STATE, "FIN_WAIT1", "FIN-WAIT-1" },
	{ ANSWER_STATE, "TCP_SYN_RECV", "SYN-RECEIVED" },
	{ ANSWER_STATE, "syn-rcvd", "SYN-RECEIVED" },
	{ ANSWER_STATE, "estab", "ESTABLISHED" },
	{ ANSWER_STATE, "TIMEWAIT", "TIME-WAIT" },
	{ ANSWER_NUMBER, " 1,448 bytes", "1448" },
	{ ANSWER_NUMBER, "= 5", "5" },
	{ ANSWER_NUMBER, "-1", "-1" },
	{ ANSWER_NUMBER, "0x10", "16" },
	{ ANSWER_NUMBER, "Three", "3" },
	{ ANSWER_NUMBER, "1,2", NULL },
	{ ANSWER_NUMBER, "some", NULL },
	{ ANSWER_NUMBER, "99999999999999999999999999", NULL },
	{ ANSWER_RESULT, "Econnrefused", "ECONNREFUSED" },
	{ ANSWER_RESULT, "= -1 ECONNREFUSED", "ECONNREFUSED" },
	{ ANSWER_RESULT, "Connection refused", "ECONNREFUSED" },
	{ ANSWER_RESULT, "EWOULDBLOCK", "EAGAIN" },
	{ ANSWER_RESULT, "killed by sigpipe", "SIGPIPE" },
	{ ANSWER_RESULT, "\"EPIPE\"", "\"EPIPE\"" },
	{ ANSWER_RESULT, "end of file", "\"\"" },
	{ ANSWER_RESULT, "EOF", "\"\"" },
	{ ANSWER_RESULT, "20,000", "20000" },
	{ ANSWER_ORDER, "c, a -> B  d", "CABD" },
	{ ANSWER_ORDER, "->", NULL },
	{ ANSWER_FLAGS, "SIN", NULL },
	{ ANSWER_FLAGS, "nothing but SYN", NULL },
	{ ANSWER_FLAGS, "", NULL },
	{ ANSWER_STATE, "", NULL },
	{ ANSWER_STATE, "OPEN", NULL },
	{ ANSWER_TEXT, "The client's  kernel.", "client s kernel" },
	{ ANSWER_TEXT, "a", "a" },
};

static void answers_have_a_normal_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		STR_ON_STACK(normal, 128);
		bool is = answer_normal(&normal, forms[i].kind, forms[i].text);

		if (is != (forms[i].normal != NULL))
			fail_msg("%s: %s", forms[i].text, normal.buf);
		if (is)
			assert_string_equal(normal.buf, forms[i].normal);
	}
}

static void kinds_have_names(void **state)
{
	(void)state;
	for (enum answer_kind k = ANSWER_TEXT; k < ANSWER_KINDS; k++) {
		assert_int_equal(answer_kind_find(answer_kind_name(k)), k);
		assert_true(answer_kind_what(k)[0]);
	}
	assert_int_equal(answer_kind_find("colour"), ANSWER_KINDS);
}

static const struct {
	enum answer_kind kind;
	const char *given, *truth, *also;
	bool right;
} marks[] = {
	{ ANSWER_FLAGS, "FIN", "FIN ACK", "", true },
	{ ANSWER_FLAGS, "rst", "RST ACK", "", true },
	{ ANSWER_FLAGS, "PSH", "PSH ACK", "", true },
	{ ANSWER_FLAGS, "ACK", "PSH ACK", "", false },
	{ ANSWER_FLAGS, "SYN", "SYN ACK", "", false },
	{ ANSWER_FLAGS, "FIN ACK", "FIN", "", false },
	{ ANSWER_FLAGS, "nothing", "ACK", "", false },
	{ ANSWER_FLAGS, "no packet", "nothing", "", true },
	{ ANSWER_FLAGS, "", "nothing", "", false },
	{ ANSWER_FLAGS, "____", "nothing", "", false },
	{ ANSWER_RESULT, "5", "5", "\"hello\"", true },
	{ ANSWER_RESULT, "\"hello\"", "5", "\"hello\"", true },
	{ ANSWER_RESULT, "hello", "5", "\"hello\"", true },
	{ ANSWER_RESULT, "Hello", "5", "\"hello\"", false },
	{ ANSWER_RESULT, "-1", "ECONNREFUSED", "", false },
	{ ANSWER_RESULT, "EOF", "0", "\"\"", true },
	{ ANSWER_RESULT, "0", "0", "\"\"", true },
	{ ANSWER_STATE, "closed", "CLOSE-WAIT", "", false },
	{ ANSWER_NUMBER, "1448 bytes", "1448", "", true },
	{ ANSWER_TEXT, "the server", "Server", "", true },
	{ ANSWER_TEXT, "the client", "Server", "", false },
};

static void answers_are_right_or_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(marks); i++)
		if (answer_is_right(marks[i].kind, marks[i].given, marks[i].truth, marks[i].also) !=
		    marks[i].right)
			fail_msg("%s beside %s", marks[i].given, marks[i].truth);
}

/* ---- questions ---- */

static const struct {
	const char *text;
	bool traced;
	const char *wrong; /* part of what is said; NULL: it is a question */
	size_t choices;
	int right;
} texts[] = {
	{ "Which? | *SYN | ACK", false, NULL, 2, 0 },
	{ "Which? | SYN | *ACK: it acknowledges", false, NULL, 2, 1 },
	{ "Which? | 5", false, NULL, 1, 0 },
	{ "Which? | *5", true, NULL, 1, 0 },
	{ "Which?", true, NULL, 0, -1 },
	{ "Which? | SYN | ACK", true, NULL, 2, -1 },
	{ "Which? | SYN | ACK", false, "marked", 0, 0 },
	{ "Which?", false, "needs its answer", 0, 0 },
	{ "| SYN | *ACK", false, "a question", 0, 0 },
	{ "", true, "a question", 0, 0 },
	{ "Which? | *SYN | *ACK", true, "already", 0, 0 },
	{ "Which? | *SYN || ACK", true, "behind |", 0, 0 },
	{ "Which? | * | ACK", true, "behind |", 0, 0 },
	{ "Which? |", true, "behind |", 0, 0 },
	{ "Which? | 1 | 2 | 3 | 4 | 5 | 6 | *7", false, "at most", 0, 0 },
};

static void questions_are_read(void **state)
{
	struct question q;
	size_t at;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *wrong = question_read(&q, texts[i].text, texts[i].traced, &at);

		assert_true(at <= strlen(texts[i].text));
		if (!wrong != !texts[i].wrong || (wrong && !strstr(wrong, texts[i].wrong)))
			fail_msg("%s: %s", texts[i].text, wrong ? wrong : "no complaint");
		if (wrong)
			continue;
		assert_string_equal(q.text, "Which?");
		assert_int_equal(q.choices, texts[i].choices);
		assert_int_equal(q.right, texts[i].right);
	}
}

static void too_long_parts_are_refused(void **state)
{
	char text[1024] = "Which? | *";
	struct question q;
	size_t at;

	(void)state;
	memset(text + strlen(text), 'x', 200);
	assert_non_null(question_read(&q, text, false, &at));
	memset(text, 'x', 500);
	assert_non_null(question_read(&q, text, true, &at));
}

static struct question question_of(const char *text)
{
	struct question q;
	size_t at;

	assert_null(question_read(&q, text, true, &at));
	return q;
}

static void choices_are_chosen(void **state)
{
	struct question q = question_of("Which? | SYN ACK | a RST: refused | nothing");

	(void)state;
	assert_int_equal(question_chosen(&q, ANSWER_FLAGS, "b"), 1);
	assert_int_equal(question_chosen(&q, ANSWER_FLAGS, " C)"), 2);
	assert_int_equal(question_chosen(&q, ANSWER_FLAGS, "d"), -1);
	assert_int_equal(question_chosen(&q, ANSWER_FLAGS, "ack,syn"), 0);
	assert_int_equal(question_chosen(&q, ANSWER_FLAGS, "rst"), 1);
	assert_int_equal(question_chosen(&q, ANSWER_FLAGS, "a RST: refused"), 1);
	assert_int_equal(question_chosen(&q, ANSWER_FLAGS, "FIN"), -1);
	assert_int_equal(question_chosen(&q, ANSWER_FLAGS, " "), -1);
	assert_int_equal(question_true_choice(&q, ANSWER_FLAGS, "RST ACK", ""), 1);
	assert_int_equal(question_true_choice(&q, ANSWER_FLAGS, "FIN ACK", ""), -1);

	/* An answer that looks like a letter is the answer first. */
	q = question_of("Which descriptor? | b | a | *the listener, s");
	assert_int_equal(question_chosen(&q, ANSWER_TEXT, "a"), 1);
	assert_int_equal(question_chosen(&q, ANSWER_TEXT, "c"), 2);

	/* A number is one, and not the second answer. */
	q = question_of("How many? | 5 | 7");
	assert_int_equal(question_chosen(&q, ANSWER_NUMBER, "2"), -1);

	/* Of two that come to the same none is the true one. */
	q = question_of("Which? | FIN | FIN ACK");
	assert_int_equal(question_true_choice(&q, ANSWER_FLAGS, "FIN ACK", ""), -1);

	q = question_of("What? | \"one\" | *\"one: two\": both");
	assert_int_equal(question_true_choice(&q, ANSWER_RESULT, "8", "\"one: two\""), 1);
}

static void questions_are_written(void **state)
{
	struct question q = question_of("Which? | SYN | *ACK: it acknowledges");
	STR_ON_STACK(text, 128);

	(void)state;
	question_text(&q, &text);
	assert_string_equal(text.buf, "Which?  a) SYN  b) ACK: it acknowledges");
	str_clear(&text);
	question_choice(&q, 1, &text);
	assert_string_equal(text.buf, "ACK");
	str_clear(&text);
	q = question_of("Which? | 5");
	question_text(&q, &text);
	assert_string_equal(text.buf, "Which?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_have_a_normal_form), cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(answers_are_right_or_wrong), cmocka_unit_test(questions_are_read),
		cmocka_unit_test(too_long_parts_are_refused), cmocka_unit_test(choices_are_chosen),
		cmocka_unit_test(questions_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
