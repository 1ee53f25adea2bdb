/*
 * explain: every kind of event has its words, each hole is one that is filled, and the words are true of the event.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <signal.h>
#include <string.h>

#include "src/core/call.h"
#include "src/core/names.h"
#include "src/explain.h"
#include "tests/scenes.h"

/* All that a template may ask for. */
static const char *const holes[] = {
	"from",	    "to",	   "from_port", "to_port", "n",	     "bytes",	"seq",
	"last",	    "next",	   "ack",	"window",  "mss",    "flags",	"last_byte",
	"answered", "waited",	   "original",	"after",   "timer",  "Lost",	"cause_name",
	"cause",    "call",	   "caller",	"unread",  "Failed", "words",	"port",
	"protocol", "fragment_at", "Change",	"backlog", "by",     "who",	"pid",
	"status",   "signal",	   "command",	"target",  "Help",   "changes",
};

static bool is_hole(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(holes) / sizeof(holes[0]); i++)
		if (strlen(holes[i]) == len && !strncmp(holes[i], name, len))
			return true;
	return false;
}

static void holes_are_known(const char *text)
{
	for (const char *at = text; (at = strchr(at, '{')); at++) {
		size_t len = strcspn(at + 1, "}");

		if (isalpha((unsigned char)at[1]) && !is_hole(at + 1, len))
			fail_msg("nothing fills {%.*s}", (int)len, at + 1);
	}
}

/* "RFC 9293 section 3.5 · connect(2)". */
static void is_reference(const char *text)
{
	static const char one[] =
		"(RFC [0-9]+( section [0-9]+(\\.[0-9]+)*)?|[a-z_0-9-]+\\([1-8](PCAP)?\\))";
	STR_ON_STACK(pattern, 300);
	regex_t r;

	str_addf(&pattern, "^%s( · %s)*$", one, one);
	assert_int_equal(regcomp(&r, pattern.buf, REG_EXTENDED), 0);
	if (regexec(&r, text, 0, NULL, 0))
		fail_msg("\"%s\" is no reference", text);
	regfree(&r);
}

static int sentences(const char *text)
{
	int count = 0;

	for (; *text; text++)
		count += (*text == '.' || *text == '?') && (text[1] == ' ' || !text[1]);
	return count;
}

static void every_kind_has_its_words(void **state)
{
	(void)state;
	for (int i = 0; i < EXPLAIN_KINDS; i++) {
		const struct explain_row *row = &explain_rows[i];
		bool of_words = (i >= EXPLAIN_SAY && i <= EXPLAIN_COMMAND_ENDED);

		if (!row->title || !row->text || !row->reference)
			fail_msg("kind %d has no words", i);
		assert_true(row->title[0] &&
			    isupper((unsigned char)row->title[row->title[0] == '{']) |
				    (row->title[0] == '{'));
		holes_are_known(row->title);
		holes_are_known(row->text);
		if (sentences(row->text) < 2 || sentences(row->text) > 5)
			fail_msg("%d sentences: %s", sentences(row->text), row->text);
		assert_int_equal(row->text[strlen(row->text) - 1], '.');
		if (row->reference[0] || !of_words)
			is_reference(row->reference);
	}
}

/* The events of a scene in words: nothing is empty, and no hole of a first sentence stays open. */
static void every_event_of_the_scenes(void **state)
{
	size_t events = 0;

	(void)state;
	for (size_t i = 0; i < SCENES; i++) {
		struct scene s = scenes[i].make();

		for (uint32_t row = 0; row < trace_rows(s.t); row++, events++) {
			enum event_kind kind = trace_entry(s.t, row)->kind;
			bool ours =
				kind == EVENT_CALL || kind == EVENT_RETURN || kind == EVENT_COMMAND;
			STR_ON_STACK(name, 400);
			struct explanation e;
			struct links l;

			links_of(s.t, row, &l);
			explain_event(s.t, row, &l, &e);
			explain_name(&name, s.t, row);
			assert_true(e.title[0] && e.text[0]);
			if (kind != EVENT_NOTE && kind != EVENT_COMMAND)
				is_reference(e.reference);
			if (!ours &&
			    (strstr(e.text, "…") || strstr(e.title, "…") || strchr(e.text, '|')))
				fail_msg("%s: %s: %s", name.buf, e.title, e.text);
			if (sentences(e.text) < 2)
				fail_msg("%s: %s: %s", name.buf, e.title, e.text);
		}
		trace_free(s.t);
	}
	assert_true(events > 200);
}

/* Each call of the table, running, come back, and failed in each way that has a name. */
static void every_call_and_errno(void **state)
{
	struct scene s = scene_new();

	(void)state;
	for (size_t i = 0; i < calls_count; i++) {
		uint32_t row = trace_rows(s.t);
		struct explanation e;
		struct links l;
		uint64_t n = scene_call(&s, CLIENT, calls[i].name, 3, "sockfd", "3");

		links_of(s.t, row, &l);
		explain_event(s.t, row, &l, &e);
		assert_non_null(strstr(e.text, calls[i].about));
		is_reference(e.reference);
		assert_non_null(strstr(e.reference, calls[i].man));
		scene_return(&s, CLIENT, n, calls[i].name, s.now_ns, .result = 0);
		explain_event(s.t, row, &l, &e);
		assert_true(sentences(e.text) >= 2);
		scene_us(&s, 10);
	}
	for (size_t i = 0; i < names_errno.count; i++) {
		uint32_t row = trace_rows(s.t);
		struct explanation e;
		struct links l;
		uint64_t n = scene_call(&s, CLIENT, "recv", 3, "sockfd", "3", "len", "10");

		scene_return(&s, CLIENT, n, "recv", s.now_ns, .result = -1,
			     .error = (int32_t)names_errno.row[i].value);
		links_of(s.t, row, &l);
		explain_event(s.t, row, &l, &e);
		assert_true(e.text[0] && sentences(e.text) >= 1);
		assert_non_null(strstr(e.title, "= -1 E"));
		scene_us(&s, 10);
	}
	trace_free(s.t);
}

struct expected {
	const char *name, *title, *words;
};

static void expect_words(struct scene *s, const struct expected *want, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct explanation e = { .title = "" };
		bool found = false;
		struct links l;

		for (uint32_t row = 0; row < trace_rows(s->t) && !found; row++) {
			STR_ON_STACK(name, 400);

			if (links_event(s->t, row) != row)
				continue;
			explain_name(&name, s->t, row);
			found = strstr(name.buf, want[i].name);
			if (!found)
				continue;
			links_of(s->t, row, &l);
			explain_event(s->t, row, &l, &e);
		}
		if (!found || strcmp(e.title, want[i].title) != 0 || !strstr(e.text, want[i].words))
			fail_msg("%s: %s: %s", want[i].name, e.title, e.text);
	}
}
#define EXPECT_WORDS(s, want) expect_words(s, want, sizeof(want) / sizeof((want)[0]))

static void the_words_are_the_events(void **state)
{
	static const struct expected plain[] = {
		{ "SYN  seq 0", "SYN: a connection is asked for",
		  "client's kernel asks server for a connection to port 8080; its own end has port "
		  "45012. " },
		{ "SYN ACK", "SYN ACK: the kernel accepts",
		  "ACK 1 says that client's SYN is here" },
		{ "ACK  ack 1", "ACK: the third step of the handshake", "now server knows, too" },
		{ "len 5", "Data: 5 bytes",
		  "client sends the bytes 1 to 5 of its direction to server. They were written by "
		  "send(3, \"hello\", 5, 0). " },
		{ "ACK  ack 6", "ACK: it has arrived",
		  "server's kernel has every byte before 6: packet 4 has arrived." },
		{ "FIN ACK  seq 6", "FIN: no more from this side",
		  "its FIN has number 6. The last byte before it was 5. The reason is close(3)." },
		{ "ACK  ack 7", "ACK of the FIN", "server's kernel has the FIN, packet 6" },
		{ "ACK  ack 2", "ACK of the second FIN",
		  "if this ACK gets lost, server sends its FIN again" },
		{ "CLOSED → LISTEN", "LISTEN: the kernel answers",
		  "went from CLOSED to LISTEN by listen()." },
		{ "TIME-WAIT → CLOSED", "CLOSED: there is no connection",
		  "by a timer of the kernel, after 1.00 min." },
		{ "connect(3, server:8080) = 0", "connect(3, server:8080) = 0 after 58 µs",
		  "The program slept in it for 58 µs, until packet 2 came." },
	};
	static const struct expected refused[] = {
		{ "RST ACK", "RST: connection refused",
		  "server's kernel answered the SYN with RST because nothing listens on port 8080. "
		  "client's "
		  "connect() failed with ECONNREFUSED." },
		{ "= -1 ECONNREFUSED", "connect(3, server:8080) = -1 ECONNREFUSED after 90 µs",
		  "That came with packet 2, from server." },
		{ "exited with status 1", "client has ended with status 1", "is not 0" },
		{ "killed by SIGKILL", "server was killed by SIGKILL", "it had no say in it" },
	};
	static const struct expected loss[] = {
		{ "packet 4 lost", "Packet 4 is lost",
		  "Packet 4 from client never reaches server (by hand)." },
		{ "packet 5  ", "Sent again: the timer ran out",
		  "The wire had lost packet 4 (by hand)." },
		{ "wire> cut", "A command: cut", "told the wire: cut." },
	};
	struct scene s = scenes_plain();

	(void)state;
	EXPECT_WORDS(&s, plain);
	trace_free(s.t);
	s = scenes_refused();
	EXPECT_WORDS(&s, refused);
	trace_free(s.t);
	s = scenes_loss();
	EXPECT_WORDS(&s, loss);
	trace_free(s.t);
}

/* A program that wrote to a dead connection: the call that killed it, and how. */
static void a_write_that_kills(void **state)
{
	struct scene s = scene_new();
	static const struct expected words[] = {
		{ "client: send(3", "send(3, \"x\", 1)",
		  "It never came back: the program ended in it." },
		{ "client was killed", "client was killed by SIGPIPE", "With MSG_NOSIGNAL" },
	};

	(void)state;
	scene_program(&s, CLIENT, PROGRAM_STARTED, 0);
	scene_call(&s, CLIENT, "send", 3, "sockfd", "3", "buf", "\"x\", 1");
	scene_program(&s, CLIENT, PROGRAM_KILLED, SIGPIPE);
	EXPECT_WORDS(&s, words);
	trace_free(s.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_its_words),
		cmocka_unit_test(every_event_of_the_scenes),
		cmocka_unit_test(every_call_and_errno),
		cmocka_unit_test(the_words_are_the_events),
		cmocka_unit_test(a_write_that_kills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
