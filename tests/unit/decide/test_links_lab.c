/*
 * links over what real kernels did: each test plays a lab file in a lab of its own and goes along cause and effect in the
 * recording.
 */
#include "tests/unit/lab/child.h"

#include "src/explain.h"
#include "src/lab/program.h"
#include "src/play.h"

/* The names of events, each of which leads to the next; by main effects, or by main causes. */
struct story {
	const char *lab;
	bool back;
	const char *event[10];
};

static bool is_named(struct trace *t, uint32_t row, const char *words)
{
	STR_ON_STACK(name, 400);

	if (row == ROW_NONE)
		return false;
	explain_name(&name, t, row);
	return strstr(name.buf, words);
}

static uint32_t find(struct trace *t, const char *words)
{
	for (uint32_t row = 0; row < trace_rows(t); row++)
		if (links_event(t, row) == row && is_named(t, row, words))
			return row;
	return ROW_NONE;
}

static void tell(void *context, struct trace *t, const struct script_run *r,
		 enum play_result result, const struct err *e)
{
	const struct story *s = context;
	uint32_t row;

	(void)r;
	if (result == PLAY_LACKS)
		return;
	CHECK_OK(result == PLAY_HELD, *e);
	row = find(t, s->event[0]);
	for (size_t i = 1; s->event[i]; i++) {
		struct explanation x;
		struct links l;
		uint32_t next;

		CHECK(row != ROW_NONE);
		links_of(t, row, &l);
		explain_event(t, row, &l, &x);
		CHECK(x.title[0] && x.text[0]);
		next = s->back	   ? (l.causes ? l.cause[0] : ROW_NONE)
		       : l.effects ? l.effect[0]
				   : ROW_NONE;
		if (!is_named(t, next, s->event[i])) {
			STR_ON_STACK(name, 400);

			if (next != ROW_NONE)
				explain_name(&name, t, next);
			fprintf(stderr, "# from \"%s\" to \"%s\", not \"%s\"\n", s->event[i - 1],
				name.buf, s->event[i]);
		}
		CHECK(is_named(t, next, s->event[i]));
		row = next;
	}
}

static void play_story(const struct story *story)
{
	struct play_config c = { .finish = tell, .context = (void *)story };
	struct script parsed;
	struct err e = { .what = "" };
	enum play_result result;
	unsigned held;

#ifdef __SANITIZE_THREAD__
	SKIP("a lab is built by a process with one thread, and the thread sanitizer has one of its "
	     "own");
#endif
	CHECK_OK(parse_script(&parsed, "x.lab", story->lab, strlen(story->lab), &e) == 0, e);
	result = play(&parsed, &c, &held, &e);
	if (result == PLAY_LACKS) {
		fprintf(stderr, "# %s (%s)\n", e.what, e.hint);
		SKIP("this machine refuses to build a lab");
	}
	CHECK_OK(result == PLAY_HELD, e);
}

#define OPENED                                                                                     \
	"server> s = socket(AF_INET, SOCK_STREAM)\n"                                               \
	"server> bind(s, *:8080)\n"                                                                \
	"server> listen(s, 5)\n"                                                                   \
	"client> c = socket(AF_INET, SOCK_STREAM)\n"                                               \
	"client> connect(c, server:8080)\n"                                                        \
	"server> a = accept(s)\n"

static void from_connect_to_the_listener(void)
{
	play_story(&(struct story){ .lab = "server> s = socket(AF_INET, SOCK_STREAM)\n"
					   "server> bind(s, *:8080)\n"
					   "server> listen(s, 5)\n"
					   "server> a = accept(s) &\n"
					   "expect blocked server accept\n"
					   "client> c = socket(AF_INET, SOCK_STREAM)\n"
					   "client> connect(c, server:8080)\n"
					   "expect state a ESTABLISHED\n",
				    .event = { "connect(3, server:8080)", "SYN  seq 0",
					       "SYN-RECEIVED", "SYN ACK", "SYN-SENT → ESTABLISHED",
					       "ACK  ack 1", "ESTABLISHED" } });
}

static void from_the_reset_to_the_close(void)
{
	play_story(&(struct story){
		.lab = OPENED "client> send(c, \"hello\")\n"
			      "expect socket a recv-q 5\n"
			      "server> close(a)\n"
			      "expect packet server RST ACK\n"
			      "expect state c CLOSED\n"
			      "client> recv(c, 100) -> ECONNRESET\n",
		.back = true,
		.event = { "= -1 ECONNRESET", "RST ACK", "server: close(4) = 0" } });
}

static void from_a_refusal_to_the_call(void)
{
	play_story(&(struct story){ .lab = "client> c = socket(AF_INET, SOCK_STREAM)\n"
					   "client> connect(c, server:8081) -> ECONNREFUSED\n",
				    .back = true,
				    .event = { "= -1 ECONNREFUSED", "RST ACK", "SYN  seq 0",
					       "connect(3, server:8081)" } });
}

static void from_a_repetition_to_the_order_that_lost_it(void)
{
	play_story(&(struct story){ .lab = OPENED "wire> drop next 1 from client\n"
						  "client> send(c, \"lost\")\n"
						  "expect lost client len 4\n"
						  "expect packet client PSH ACK len 4\n"
						  "server> recv(a, 100) -> \"lost\"\n",
				    .back = true,
				    .event = { "recv(4, 100) = 4", "packet 5 ", "packet 4 lost",
					       "wire> drop next 1" } });
}

static void from_a_held_packet_to_its_release(void)
{
	play_story(&(struct story){ .lab = "server> s = socket(AF_INET, SOCK_STREAM)\n"
					   "server> bind(s, *:8080)\n"
					   "server> listen(s, 5)\n"
					   "client> c = socket(AF_INET, SOCK_STREAM)\n"
					   "wire> hold next 1 from client\n"
					   "client> connect(c, server:8080) &\n"
					   "expect held 1\n"
					   "wire> release\n"
					   "expect state c ESTABLISHED\n",
				    .event = { "SYN  seq 0", "packet 1 held", "packet 1 released",
					       "packet 1 delivered", "SYN-RECEIVED", "SYN ACK" } });
}

static void from_a_local_recv_to_its_send(void)
{
	play_story(&(struct story){ .lab = "server> p, q = socketpair(AF_UNIX, SOCK_STREAM)\n"
					   "server> send(p, \"one\") -> 3\n"
					   "server> recv(q, 10) -> \"one\"\n",
				    .back = true,
				    .event = { "recv(4, 10) = 3", "send(3, \"one\", 3)" } });
}

static void in_a_lab(void **state)
{
	in_child((void (*)(void)) * state, AS_SELF);
}

#define LAB_TEST(body)                                                                             \
	{                                                                                          \
#body, in_a_lab, NULL, NULL, (void *)(body)                                        \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		LAB_TEST(from_connect_to_the_listener),
		LAB_TEST(from_the_reset_to_the_close),
		LAB_TEST(from_a_refusal_to_the_call),
		LAB_TEST(from_a_repetition_to_the_order_that_lost_it),
		LAB_TEST(from_a_held_packet_to_its_release),
		LAB_TEST(from_a_local_recv_to_its_send),
	};

	if (argc == 4 && strcmp(argv[1], "program") == 0)
		return program_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
