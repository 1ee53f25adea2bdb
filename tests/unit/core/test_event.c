#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "src/core/event.h"

static void names_are_those_of_the_rfc(void **state)
{
	(void)state;
	assert_string_equal(sock_state_name(SOCK_STATE_SYN_RECEIVED), "SYN-RECEIVED");
	assert_string_equal(sock_state_name(SOCK_STATE_FIN_WAIT_2), "FIN-WAIT-2");
	assert_string_equal(sock_state_name(SOCK_STATE_NONE), "");
	assert_string_equal(sock_state_name((enum sock_state)99), "?");
	assert_string_equal(event_kind_name(EVENT_RETURN), "return");
	assert_string_equal(event_kind_name((enum event_kind)EVENT_KINDS), "?");
	assert_string_equal(wire_fate_name(WIRE_DUPLICATED), "duplicated");
	assert_string_equal(wire_fate_name((enum wire_fate) - 1), "?");
	assert_string_equal(sock_timer_name(SOCK_TIMER_PROBE), "probe");
}

static void states_are_found_by_any_spelling(void **state)
{
	(void)state;
	for (int s = SOCK_STATE_CLOSED; s < SOCK_STATES; s++) {
		const char *name = sock_state_name((enum sock_state)s);

		assert_int_equal(sock_state_find(name, strlen(name)), s);
	}
	assert_int_equal(sock_state_find("syn_sent", 8), SOCK_STATE_SYN_SENT);
	assert_int_equal(sock_state_find("Time-Wait", 9), SOCK_STATE_TIME_WAIT);
	assert_int_equal(sock_state_find("SYN-SENT and more", 8), SOCK_STATE_SYN_SENT);
	assert_int_equal(sock_state_find("SYN", 3), SOCK_STATE_NONE);
	assert_int_equal(sock_state_find("SYN-SENTX", 9), SOCK_STATE_NONE);
	assert_int_equal(sock_state_find("", 0), SOCK_STATE_NONE);
	assert_int_equal(sock_state_find("CLOSED\0", 7), SOCK_STATE_NONE);
}

static size_t size_of(const struct event_field *f)
{
	static const size_t size[] = {
		[FIELD_U8] = 1,
		[FIELD_U32] = 4,
		[FIELD_U64] = 8,
		[FIELD_I32] = 4,
		[FIELD_I64] = 8,
		[FIELD_BOOL] = 1,
		[FIELD_ENUM] = 4,
		[FIELD_NAME] = EVENT_NAME,
		[FIELD_TEXT] = sizeof(char *),
		[FIELD_ADDR] = sizeof(struct addr),
		[FIELD_ARGS] = EVENT_ARGS * sizeof(struct event_arg),
	};

	return size[f->type];
}

/* A name means one thing in an event, and no two fields of an event share a byte. */
static void fields_do_not_overlap(void **state)
{
	(void)state;
	for (size_t i = 0; i < event_fields_count; i++) {
		const struct event_field *a = &event_fields[i];

		assert_true(a->offset + size_of(a) <= sizeof(struct event));
		assert_true(a->kinds != 0 && a->kinds < 1u << EVENT_KINDS);
		assert_int_equal(a->type == FIELD_ENUM, a->names != NULL);
		assert_int_equal(a->type == FIELD_ARGS, a->count != 0);
		for (size_t k = i + 1; k < event_fields_count; k++) {
			const struct event_field *b = &event_fields[k];

			if (!(a->kinds & b->kinds))
				continue;
			if (strcmp(a->name, b->name) == 0)
				fail_msg("%s twice", a->name);
			if (a->offset < b->offset + size_of(b) &&
			    b->offset < a->offset + size_of(a))
				fail_msg("%s and %s overlap", a->name, b->name);
		}
	}
}

/* Every member of a sample is a field: one that is missing in the table would be lost in a file. */
static void a_sample_is_covered_by_its_fields(void **state)
{
	const size_t first = offsetof(struct event, state.sock);
	uint8_t covered[sizeof(struct event)] = { 0 };
	size_t holes = 0;

	(void)state;
	for (size_t i = 0; i < event_fields_count; i++) {
		if (event_fields[i].kinds & 1u << EVENT_STATE)
			memset(covered + event_fields[i].offset, 1, size_of(&event_fields[i]));
	}
	for (size_t i = first; i < first + sizeof(struct sock_sample); i++)
		holes += !covered[i];
	/* Padding: 1 byte behind protocol, 3 behind ca_state, and what aligns the end. */
	assert_true(holes <= 8);
	for (size_t i = first; i + 4 <= first + sizeof(struct sock_sample); i += 4)
		assert_true(covered[i] || i + 4 == first + sizeof(struct sock_sample));
}

static void times_that_run_are_no_news(void **state)
{
	struct sock_sample a = { .cookie = 7, .state = SOCK_STATE_LISTEN, .timer_ms = 200 }, b = a;
	const uint8_t ip[4] = { 192, 0, 2, 1 };

	(void)state;
	assert_false(sock_sample_differs(&a, &b));
	b.timer_ms = 100;
	assert_false(sock_sample_differs(&a, &b));
	b.timer = SOCK_TIMER_RETRANSMIT;
	assert_true(sock_sample_differs(&a, &b));
	b = a;
	b.recvq = 1;
	assert_true(sock_sample_differs(&a, &b));
	b = a;
	b.state = SOCK_STATE_CLOSED;
	assert_true(sock_sample_differs(&a, &b));
	b = a;
	b.ca_state = 1;
	assert_true(sock_sample_differs(&a, &b));
	b = a;
	b.remote = addr_v4(ip, 80);
	assert_true(sock_sample_differs(&a, &b));
	a.remote = addr_v4(ip, 80);
	assert_false(sock_sample_differs(&a, &b));
}

static void an_actor_has_the_best_name_there_is(void **state)
{
	struct event ev = { .kind = EVENT_CALL, .program = "server" };
	STR_ON_STACK(text, 64);

	(void)state;
	event_add_actor(&text, &ev);
	ev.thread = 2;
	str_char(&text, ' ');
	event_add_actor(&text, &ev);
	(void)str_copy(ev.thread_name, sizeof(ev.thread_name), "helper");
	str_char(&text, ' ');
	event_add_actor(&text, &ev);
	assert_string_equal(text.buf, "server server/2 helper");
}

static void the_end_of_a_thread_is_that_of_all_only_of_the_first(void **state)
{
	struct event ev = { .kind = EVENT_PROGRAM, .program = "server" };

	(void)state;
	assert_false(event_ends_thread(&ev));
	ev.prog.change = PROGRAM_EXITED;
	assert_true(event_ends_thread(&ev) && event_ends_program(&ev));
	ev.prog.others = 1;
	assert_true(event_ends_thread(&ev) && !event_ends_program(&ev));
	ev.prog.others = 0;
	ev.thread = 3;
	assert_true(event_ends_thread(&ev) && !event_ends_program(&ev));
	ev.prog.change = PROGRAM_EXECUTED;
	assert_false(event_ends_thread(&ev));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_a_thread_is_that_of_all_only_of_the_first),
		cmocka_unit_test(names_are_those_of_the_rfc),
		cmocka_unit_test(states_are_found_by_any_spelling),
		cmocka_unit_test(fields_do_not_overlap),
		cmocka_unit_test(a_sample_is_covered_by_its_fields),
		cmocka_unit_test(an_actor_has_the_best_name_there_is),
		cmocka_unit_test(times_that_run_are_no_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
