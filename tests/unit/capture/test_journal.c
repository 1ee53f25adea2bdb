#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdlib.h>

#include "capture/journal.h"
#include "tests/unit/capture/events.h"

struct entry {
	uint8_t bytes[1 << 20];
	struct pcapng_out out;
	struct pcapng_block block;
	struct event ev;
	char *text;
};

static struct entry *entry_of(const struct event *ev, const char *message, int32_t pid)
{
	struct entry *e = calloc(1, sizeof(*e));
	const char *why;

	assert_non_null(e);
	e->out = (struct pcapng_out){ .buf = e->bytes, .cap = sizeof(e->bytes) };
	assert_true(journal_put(&e->out, ev, message, pid));
	assert_true(pcapng_read_block(e->bytes, e->out.len, false, &e->block, &why));
	assert_int_equal(e->block.type, BLOCK_JOURNAL);
	return e;
}

static enum journal_entry read_entry(struct entry *e)
{
	size_t size = journal_text_size(e->block.body.len);

	e->text = malloc(size);
	assert_non_null(e->text);
	return journal_read(e->block.body, &e->ev, e->text, size);
}

static void entry_free(struct entry *e)
{
	free(e->text);
	free(e);
}

/* Whether the entry has this very line. */
static bool has_line(const struct entry *e, const char *line)
{
	const char *body = (const char *)e->block.body.base;
	size_t len = strlen(line), left = e->block.body.len;

	while (left > 0) {
		const char *end = memchr(body, '\n', left);

		if (!end)
			return false;
		if ((size_t)(end - body) == len && memcmp(body, line, len) == 0)
			return true;
		left -= (size_t)(end + 1 - body);
		body = end + 1;
	}
	return false;
}

static void every_event_comes_back(void **state)
{
	struct events *g = events_new(11, 0);
	unsigned kinds = 0;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct event ev;
		struct entry *e;

		events_next(g, &ev);
		if (ev.kind == EVENT_PACKET)
			continue;
		kinds |= 1u << ev.kind;
		e = entry_of(&ev, "message", 77);
		assert_int_equal(read_entry(e), JOURNAL_OURS);
		if (events_differ(&e->ev, &ev))
			fail_msg("%s: %s differs", event_kind_name(ev.kind), events_differ(&e->ev, &ev));
		entry_free(e);
	}
	assert_int_equal(kinds, (1u << EVENT_KINDS) - 2);
	free(g);
}

/* All ones in every number: the extremes of each type survive. */
static void extremes_come_back(void **state)
{
	(void)state;
	for (int kind = EVENT_WIRE; kind < EVENT_KINDS; kind++) {
		for (int variant = 0; variant < 3; variant++) {
			struct event ev = { .kind = (enum event_kind)kind };
			struct entry *e;

			for (size_t i = 0; i < event_fields_count; i++) {
				const struct event_field *f = &event_fields[i];
				char *at = (char *)&ev + f->offset;
				const int64_t wide[] = { -1, INT64_MIN, INT64_MAX };
				const int32_t narrow[] = { -1, INT32_MIN, INT32_MAX };

				if (!(f->kinds & 1u << kind))
					continue;
				if (f->type == FIELD_U64 || f->type == FIELD_I64)
					memcpy(at, &wide[variant], 8);
				else if (f->type == FIELD_U32 || f->type == FIELD_I32)
					memcpy(at, &narrow[variant], 4);
				else if (f->type == FIELD_U8 && f->offset != offsetof(struct event, host))
					*at = -1;
			}
			ev.host = (uint8_t)(variant ? HOSTS_MAX - 1 : HOST_NONE);
			if (kind == EVENT_CALL)
				ev.call.args = 0;
			if (kind == EVENT_RETURN)
				ev.ret.outs = 0;
			e = entry_of(&ev, NULL, 0);
			assert_int_equal(read_entry(e), JOURNAL_OURS);
			if (events_differ(&e->ev, &ev))
				fail_msg("%s: %s differs", event_kind_name(ev.kind), events_differ(&e->ev, &ev));
			entry_free(e);
		}
	}
}

static void people_find_what_they_look_for(void **state)
{
	struct event ev = { .kind = EVENT_RETURN, .program = "client", .ts_ns = INT64_C(1700000000123456789) };
	struct entry *e;

	(void)state;
	ev.ret = (struct event_return){ .number = 7, .name = "connect", .fd = 3, .result = -1, .error = 111 };
	e = entry_of(&ev, "= -1 ECONNREFUSED \"a\\n\"", 1234);
	assert_memory_equal(e->block.body.base, "__REALTIME_TIMESTAMP=1700000000123456\n", 38);
	assert_true(has_line(e, "MESSAGE== -1 ECONNREFUSED \"a\\n\""));
	assert_true(has_line(e, "PRIORITY=3"));
	assert_true(has_line(e, "SYSLOG_IDENTIFIER=socklens"));
	assert_true(has_line(e, "_COMM=client"));
	assert_true(has_line(e, "_PID=1234"));
	assert_true(has_line(e, "TID=1234"));
	assert_true(has_line(e, "ERRNO=111"));
	assert_true(has_line(e, "CODE_FUNC=connect"));
	assert_true(has_line(e, "SOCKLENS_V=1"));
	assert_true(has_line(e, "SOCKLENS_EV=return"));
	assert_true(has_line(e, "SOCKLENS_NS=1700000000123456789"));
	assert_true(has_line(e, "SOCKLENS_CALL=7"));
	assert_true(has_line(e, "SOCKLENS_RESULT=-1"));
	assert_false(has_line(e, "SOCKLENS_THREAD=0"));	/* zero is not written */
	assert_false(has_line(e, "SOCKLENS_BLOCKED=0"));
	entry_free(e);
	ev.ret.error = 0;
	ev.thread = 2;
	e = entry_of(&ev, "= 0", 1234);
	assert_true(has_line(e, "PRIORITY=6"));
	assert_true(has_line(e, "SOCKLENS_THREAD=2"));
	assert_false(has_line(e, "TID=1234"));		/* that is the first thread's */
	entry_free(e);
}

static void losses_have_priority(void **state)
{
	struct event ev = { .kind = EVENT_WIRE };
	struct entry *e;

	(void)state;
	ev.wire.fate = WIRE_DROPPED;
	e = entry_of(&ev, NULL, 0);
	assert_true(has_line(e, "PRIORITY=3"));
	assert_true(has_line(e, "MESSAGE=wire"));
	entry_free(e);
	ev = (struct event){ .kind = EVENT_NOTE };
	ev.note.kind = NOTE_LOST;
	ev.note.text = "17 packets";
	e = entry_of(&ev, ev.note.text, 0);
	assert_true(has_line(e, "PRIORITY=3"));
	entry_free(e);
}

/* A message is one line of at most 2 KB, cut between characters, whatever it is made of. */
static void messages_are_capped(void **state)
{
	char *text = malloc(20001);
	struct event ev = { .kind = EVENT_NOTE, .note.text = text };
	struct entry *e;
	const char *message, *end;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 20000; i++)
		text[i] = "→"[i % 3];
	text[20000] = '\0';
	e = entry_of(&ev, text, 0);
	message = strstr((const char *)e->block.body.base, "MESSAGE=") + 8;
	end = strchr(message, '\n');
	assert_true(end - message <= JOURNAL_MESSAGE + 3 && end - message > JOURNAL_MESSAGE - 4);
	assert_memory_equal(end - 6, "→…", 6);
	assert_int_equal(read_entry(e), JOURNAL_OURS);
	assert_int_equal(strlen(e->ev.note.text), 20000 - 20000 % 3 + 8);	/* the torn last character is escaped */
	entry_free(e);
	e = entry_of(&ev, "two\nlines\x1b[m", 0);
	assert_true(has_line(e, "MESSAGE=two\\nlines\\x1b[m"));
	entry_free(e);
	free(text);
}

/* However much text there is, it fits into the block, cut if it must be. */
static void huge_texts_fit(void **state)
{
	char *text = malloc(200001);
	struct event ev = { .kind = EVENT_CALL };
	struct entry *e;

	(void)state;
	assert_non_null(text);
	memset(text, '\\', 200000);
	text[200000] = '\0';
	ev.call.name = "send";
	ev.call.args = EVENT_ARGS;
	for (size_t i = 0; i < EVENT_ARGS; i++)
		ev.call.arg[i] = (struct event_arg){ .name = "buf", .text = text };
	e = entry_of(&ev, text, 0);
	assert_int_equal(read_entry(e), JOURNAL_OURS);
	assert_int_equal(e->ev.call.args, EVENT_ARGS);
	assert_true(strlen(e->ev.call.arg[7].text) >= 1024);
	entry_free(e);
	free(text);
}

static enum journal_entry read_text(const char *lines, struct event *ev, char *text, size_t size)
{
	size_t len = strlen(lines);
	uint8_t *body = malloc(len + 4);		/* so that the sanitizers see its end */
	enum journal_entry entry;

	assert_non_null(body);
	memcpy(body, lines, len);
	memset(body + len, 0, (4 - len % 4) % 4);
	assert_true(journal_text_size(len) <= size);
	entry = journal_read(rd_on(body, (len + 3) / 4 * 4), ev, text, size);
	free(body);
	return entry;
}

/* Texts of a file that somebody else made cannot carry escapes to the terminal, nor numbers beyond their type. */
static void hostile_fields_are_tamed(void **state)
{
	char text[8192];
	struct event ev;

	(void)state;
	assert_int_equal(read_text("SOCKLENS_EV=note\nSOCKLENS_V=1\nSOCKLENS_TEXT=a\\x1b[31m\\n\xff\xe2\x80\xae\n"
				   "SOCKLENS_NOTE=whatever\nSOCKLENS_HOST=14\nSOCKLENS_NS=99999999999999999999\n"
				   "SOCKLENS_PROGRAM=\\x07a very long name of a program\nSOCKLENS_THREAD=-1\n",
				   &ev, text, sizeof(text)),
			 JOURNAL_OURS);
	assert_int_equal(ev.kind, EVENT_NOTE);
	assert_string_equal(ev.note.text, "a\\x1b[31m\\n\\xff\\u{202e}");
	assert_int_equal(ev.note.kind, NOTE_SAY);
	assert_int_equal(ev.host, HOST_NONE);
	assert_int_equal(ev.ts_ns, 0);
	assert_int_equal(ev.thread, 0);
	assert_true(strlen(ev.program) < EVENT_NAME);
	assert_memory_equal(ev.program, "\\x07a very", 10);
	assert_int_equal(read_text("SOCKLENS_V=1\nSOCKLENS_EV=call\nSOCKLENS_ARG9=a=b\nSOCKLENS_ARG2=c=d=e\n"
				   "SOCKLENS_ARG1=nothing\nSOCKLENS_FD=\nSOCKLENS_CALL=18446744073709551616\n",
				   &ev, text, sizeof(text)),
			 JOURNAL_OURS);
	assert_int_equal(ev.call.args, 3);
	assert_string_equal(ev.call.arg[0].name, "");
	assert_string_equal(ev.call.arg[1].text, "");
	assert_string_equal(ev.call.arg[2].text, "d=e");
	assert_string_equal(ev.call.name, "");
	assert_int_equal(ev.call.number, 0);
}

static void entries_of_others_are_notes(void **state)
{
	char text[8192];
	struct event ev;

	(void)state;
	assert_int_equal(read_text("MESSAGE=hello\n__REALTIME_TIMESTAMP=5\n", &ev, text, sizeof(text)),
			 JOURNAL_FOREIGN);
	assert_int_equal(ev.kind, EVENT_NOTE);
	assert_int_equal(ev.ts_ns, 5000);
	assert_string_equal(ev.note.text, "hello");
	assert_int_equal(read_text("MESSAGE=hello", &ev, text, sizeof(text)), JOURNAL_UNTIMED);
	assert_int_equal(read_text("", &ev, text, sizeof(text)), JOURNAL_UNTIMED);
	assert_int_equal(read_text("SOCKLENS_V=2\nSOCKLENS_EV=call\nMESSAGE=from the future\n", &ev, text,
				   sizeof(text)),
			 JOURNAL_UNTIMED);
	assert_string_equal(ev.note.text, "from the future");
	assert_int_equal(read_text("SOCKLENS_V=1\nSOCKLENS_EV=packet\n", &ev, text, sizeof(text)),
			 JOURNAL_UNTIMED);
}

/* NAME, a length, the bytes: how the journal exports what is not one line. */
static void binary_fields_are_read(void **state)
{
	static const char body[] = "MESSAGE\n\x07\0\0\0\0\0\0\0two\nfoo\n__REALTIME_TIMESTAMP=9\n\0";
	char text[1024];
	struct event ev;

	(void)state;
	assert_int_equal(journal_read(rd_on(body, sizeof(body) - 1), &ev, text, sizeof(text)), JOURNAL_FOREIGN);
	assert_string_equal(ev.note.text, "two\\nfoo");
	assert_int_equal(ev.ts_ns, 9000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_comes_back),
		cmocka_unit_test(extremes_come_back),
		cmocka_unit_test(people_find_what_they_look_for),
		cmocka_unit_test(losses_have_priority),
		cmocka_unit_test(messages_are_capped),
		cmocka_unit_test(huge_texts_fit),
		cmocka_unit_test(hostile_fields_are_tamed),
		cmocka_unit_test(entries_of_others_are_notes),
		cmocka_unit_test(binary_fields_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
