/*
 * The session: a lab through its interface, each test in a process of its own; and its books on descriptors,
 * fed by hand with events in orders that a real lab gives only sometimes.
 */
#include "tests/unit/lab/child.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "src/core/clock.h"
#include "src/session_impl.h"
#include "src/session_names.h"

#define PATIENCE_NS (20 * NS_PER_S)
#define CLIENT	    0
#define SERVER	    1

/* ---- a lab ---- */

static struct session *lab_session(const char *record)
{
	const struct session_config config = { .record = record, .sample = true };
	struct err e = { .what = "" };
	struct session *s;

#ifdef __SANITIZE_THREAD__
	SKIP("a lab is built by a process with one thread, and the thread sanitizer has one of its "
	     "own");
#endif
	s = session_new_lab(&config, &e);
	if (!s && (e.code == EPERM || e.code == ENOSPC)) {
		fprintf(stderr, "# %s (%s)\n", e.what, e.hint);
		SKIP("this machine refuses to build a lab");
	}
	CHECK_OK(s, e);
	return s;
}

static void turn(struct session *s)
{
	struct pollfd fds[32];
	int timeout;
	size_t n = session_fds(s, fds, 32, &timeout);

	poll(fds, n, timeout < 0 || timeout > 5 ? 5 : timeout);
	session_work(s);
}

#define UNTIL(s, what)                                                                             \
	do {                                                                                       \
		int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;                             \
                                                                                                   \
		while (!(what)) {                                                                  \
			CHECK(clock_monotonic_ns() < until_ns);                                    \
			turn(s);                                                                   \
		}                                                                                  \
	} while (0)

static struct addr at(const struct session *s, const char *text)
{
	struct err e = { .what = "" };
	struct addr a;

	CHECK_OK(addr_parse(&a, text, strlen(text), AF_INET, &s->lab->names, &e) == 0, e);
	return a;
}

static struct call_request request(const char *name, size_t args, const struct value *arg)
{
	struct call_request r = { .call = call_find(name, strlen(name)) };
	struct err e = { .what = "" };

	CHECK(r.call);
	for (size_t i = 0; i < args; i++)
		r.arg[i] = arg[i];
	CHECK_OK(call_request_check(&r, &e) == 0, e);
	return r;
}

#define REQUEST(name, ...)                                                                         \
	request(name, sizeof((struct value[]){ __VA_ARGS__ }) / sizeof(struct value),              \
		(struct value[]){ __VA_ARGS__ })

static uint64_t give_to(struct session *s, size_t program, uint32_t thread, struct call_request r,
			const char *assign)
{
	struct err e = { .what = "" };
	uint64_t number = session_call(s, program, thread, &r, assign, &e);

	CHECK_OK(number, e);
	CHECK(!r.call);
	return number;
}

static uint64_t give(struct session *s, size_t program, struct call_request r)
{
	return give_to(s, program, 0, r, "");
}

static int64_t call(struct session *s, size_t program, struct call_request r)
{
	uint64_t number = give(s, program, r);

	UNTIL(s, session_call_progress(s, number) == CALL_RETURNED);
	return session_call_outcome(s, number)->result;
}

static struct call_request tcp_socket(void)
{
	return REQUEST("socket", value_int(AF_INET), value_int(SOCK_STREAM));
}

static void listen_on(struct session *s, const char *where)
{
	struct addr a = at(s, where);

	CHECK(call(s, SERVER, tcp_socket()) == 3);
	CHECK(call(s, SERVER, REQUEST("bind", value_int(3), value_addr(&a))) == 0);
	CHECK(call(s, SERVER, REQUEST("listen", value_int(3), value_int(5))) == 0);
}

static void connect_to(struct session *s, const char *where)
{
	struct addr a = at(s, where);

	CHECK(call(s, CLIENT, tcp_socket()) == 3);
	CHECK(call(s, CLIENT, REQUEST("connect", value_int(3), value_addr(&a))) == 0);
}

/* The newest STATE of the socket behind a descriptor, now or last. */
static const struct event *state_of(struct session *s, size_t program, int fd)
{
	struct trace *t = session_trace(s);
	int socket = session_socket_of(s, program, fd);
	uint32_t row;

	if (socket < 0)
		return NULL;
	row = trace_state_at(t, (size_t)socket, trace_rows(t) - 1);
	return row == ROW_NONE ? NULL : trace_event(t, row, NULL);
}

static bool is_in(struct session *s, size_t program, int fd, enum sock_state state)
{
	const struct event *ev = state_of(s, program, fd);

	return ev && ev->state.sock.state == state;
}

static size_t count(struct session *s, enum event_kind kind, const char *program)
{
	struct trace *t = session_trace(s);
	size_t n = 0;

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct event *ev =
			trace_entry(t, row)->kind == kind ? trace_event(t, row, NULL) : NULL;

		n += ev && (!program || !strcmp(ev->program, program));
	}
	return n;
}

/* ---- who a socket belongs to ---- */

static void a_connection_gets_its_descriptor_by_accept(void)
{
	struct session *s = lab_session(NULL);
	const struct event *ev;

	listen_on(s, "*:8080");
	session_settle(s);
	ev = state_of(s, SERVER, 3);
	CHECK(ev && ev->state.sock.state == SOCK_STATE_LISTEN);
	CHECK(ev->state.fd == 3 && !strcmp(ev->program, "server"));
	CHECK(session_fd_family(s, SERVER, 3) == AF_INET);
	CHECK(session_fd_family(s, SERVER, 4) == AF_UNSPEC);

	/* The kernel makes the connection before the program has it: it is the listener's program's. */
	connect_to(s, "server:8080");
	session_settle(s);
	CHECK(!state_of(s, SERVER, 4));
	ev = NULL;
	for (size_t i = 0; i < trace_sockets(s->trace); i++) {
		uint32_t row = trace_state_at(s->trace, i, trace_rows(s->trace) - 1);
		const struct event *k = trace_event(s->trace, row, NULL);

		if (k && k->host == SERVER && k->state.sock.state == SOCK_STATE_ESTABLISHED)
			ev = k;
	}
	CHECK(ev && ev->state.fd == -1 && !strcmp(ev->program, "server"));

	CHECK(call(s, SERVER, REQUEST("accept", value_int(3))) == 4);
	session_settle(s);
	ev = state_of(s, SERVER, 4);
	CHECK(ev && ev->state.sock.state == SOCK_STATE_ESTABLISHED && ev->state.fd == 4);

	CHECK(call(s, CLIENT, REQUEST("close", value_int(3))) == 0);
	UNTIL(s, is_in(s, SERVER, 4, SOCK_STATE_CLOSE_WAIT));
	CHECK(state_of(s, SERVER, 4)->state.fd == 4);
	UNTIL(s, is_in(s, CLIENT, 3, SOCK_STATE_FIN_WAIT_2));
	/* An orphan keeps its program's name. */
	ev = state_of(s, CLIENT, 3);
	CHECK(ev->state.fd == -1 && !strcmp(ev->program, "client"));
	CHECK(call(s, SERVER, REQUEST("close", value_int(4))) == 0);
	UNTIL(s, is_in(s, CLIENT, 3, SOCK_STATE_TIME_WAIT));
	UNTIL(s, is_in(s, SERVER, 4, SOCK_STATE_CLOSED));
	session_free(s);
}

static void a_duplicate_keeps_a_socket_alive(void)
{
	struct session *s = lab_session(NULL);
	const struct event *ev;

	listen_on(s, "*:8080");
	connect_to(s, "server:8080");
	CHECK(call(s, CLIENT, REQUEST("fcntl", value_int(3), value_int(F_DUPFD), value_int(10))) ==
	      10);
	session_settle(s);
	CHECK(session_socket_of(s, CLIENT, 3) == session_socket_of(s, CLIENT, 10));
	CHECK(state_of(s, CLIENT, 10)->state.fd == 3);

	CHECK(call(s, CLIENT, REQUEST("close", value_int(3))) == 0);
	session_settle(s);
	ev = state_of(s, CLIENT, 10);
	CHECK(ev->state.fd == 10 && ev->state.sock.state == SOCK_STATE_ESTABLISHED);

	CHECK(call(s, CLIENT, REQUEST("close", value_int(10))) == 0);
	UNTIL(s, is_in(s, CLIENT, 10, SOCK_STATE_FIN_WAIT_2));
	CHECK(state_of(s, CLIENT, 10)->state.fd == -1);

	/* One that the kernel's tables do not know ends with its last descriptor, not its first. */
	CHECK(call(s, CLIENT, tcp_socket()) == 3);
	CHECK(call(s, CLIENT, REQUEST("fcntl", value_int(3), value_int(F_DUPFD), value_int(20))) ==
	      20);
	session_settle(s);
	size_t states = count(s, EVENT_STATE, "client");

	CHECK(call(s, CLIENT, REQUEST("close", value_int(20))) == 0);
	session_settle(s);
	CHECK(count(s, EVENT_STATE, "client") == states);
	CHECK(call(s, CLIENT, REQUEST("close", value_int(3))) == 0);
	session_settle(s);
	CHECK(state_of(s, CLIENT, 3)->state.fd == -1 && is_in(s, CLIENT, 3, SOCK_STATE_CLOSED));
	session_free(s);
}

/* ---- calls ---- */

static void calls_wait_their_turn(void)
{
	struct session *s = lab_session(NULL);
	uint64_t blocked, last = 0;
	struct err e = { .what = "" };
	struct call_request one;

	CHECK(call(s, CLIENT, REQUEST("socket", value_int(AF_INET), value_int(SOCK_DGRAM))) == 3);
	blocked = give(s, CLIENT, REQUEST("recv", value_int(3), value_int(10)));
	UNTIL(s, session_call_progress(s, blocked) == CALL_ASLEEP);
	CHECK(!session_call_outcome(s, blocked));
	for (int i = 0; i < CALLS_KEPT - 1; i++)
		last = give(s, CLIENT, REQUEST("getsockname", value_int(3)));
	CHECK(session_call_progress(s, last) == CALL_WAITING);

	/* There is no end to those who wait, so there is a limit; others have their turn meanwhile. */
	one = REQUEST("getsockname", value_int(3));
	CHECK(session_call(s, CLIENT, 0, &one, "", &e) == 0);
	CHECK(strstr(e.what, "too many calls"));
	call_request_fini(&one);

	CHECK_OK(session_interrupt(s, CLIENT, 0, &e) == 0, e);
	UNTIL(s, session_call_progress(s, last) == CALL_RETURNED);
	CHECK(session_call_outcome(s, blocked)->error == EINTR);
	CHECK(session_call_outcome(s, last)->result == 0);
	/* Later numbers take the places of earlier ones. */
	CHECK(call(s, SERVER, tcp_socket()) == 3);
	CHECK(call(s, SERVER, tcp_socket()) == 4);
	CHECK(session_call_progress(s, blocked) == CALL_UNKNOWN);
	CHECK(!session_call_outcome(s, blocked) && !session_call_request(s, blocked));
	CHECK(session_call_progress(s, 0) == CALL_UNKNOWN);
	CHECK(session_call_progress(s, last + 1000) == CALL_UNKNOWN);
	CHECK(count(s, EVENT_CALL, "client") == CALLS_KEPT + 1);
	CHECK(count(s, EVENT_RETURN, "client") == CALLS_KEPT + 1);
	session_free(s);
}

static void variables_come_with_the_return(void)
{
	struct session *s = lab_session(NULL);
	bool known, pending;
	uint64_t number;

	CHECK(session_variable(s, SERVER, "a", 1, &known, &pending) == -1 && !known && !pending);
	listen_on(s, "*:8080");
	number = give_to(s, SERVER, 0, REQUEST("accept", value_int(3)), "a");
	session_variable(s, SERVER, "a", 1, &known, &pending);
	CHECK(!known && pending);
	connect_to(s, "server:8080");
	UNTIL(s, session_call_progress(s, number) == CALL_RETURNED);
	CHECK(session_variable(s, SERVER, "a", 1, &known, &pending) == 4 && known && !pending);
	CHECK(session_variables(s, SERVER) == 1);
	CHECK(!strcmp(session_variable_name(s, SERVER, 0), "a"));
	/* Each program has its own. */
	session_variable(s, CLIENT, "a", 1, &known, &pending);
	CHECK(!known);

	/* What will never be given is not waited for. */
	number = give_to(s, SERVER, 0, REQUEST("accept", value_int(3)), "b");
	UNTIL(s, session_call_progress(s, number) == CALL_ASLEEP);
	CHECK(session_kill(s, SERVER, NULL) == 0);
	UNTIL(s, session_call_progress(s, number) == CALL_DIED);
	session_variable(s, SERVER, "b", 1, &known, &pending);
	CHECK(!known && !pending);
	session_free(s);
}

/* Whether the calls and returns of a thread say its name, and nobody else's do. */
static bool calls_are_of(struct session *s, const char *name, uint32_t thread)
{
	struct trace *t = session_trace(s);
	size_t seen = 0;

	for (uint32_t row = 0; row < trace_rows(t); row++) {
		const struct event *ev = trace_event(t, row, NULL);

		if (!ev || (ev->kind != EVENT_CALL && ev->kind != EVENT_RETURN))
			continue;
		if (strcmp(ev->thread_name, ev->thread == thread ? name : "") != 0)
			return false;
		seen += ev->thread == thread;
	}
	return seen > 0;
}

static void threads_have_names_and_turns(void)
{
	struct session *s = lab_session(NULL);
	struct err e = { .what = "" };
	uint64_t first, second;
	uint32_t thread = 99;
	char name[] = "t1";

	CHECK_OK(session_thread(s, SERVER, "helper", &e) == 0, e);
	CHECK(session_threads(s, SERVER) == 2 && session_threads(s, CLIENT) == 1);
	CHECK(!strcmp(session_thread_name(s, SERVER, 1), "helper"));
	CHECK(session_program_find(s, "helper", 6, &thread) == SERVER && thread == 1);
	CHECK(session_program_find(s, "server", 6, &thread) == SERVER && thread == 0);
	CHECK(session_program_find(s, "help", 4, &thread) == -1);
	CHECK(session_thread(s, CLIENT, "helper", &e) == -1 && strstr(e.what, "there is a helper"));
	CHECK(count(s, EVENT_COMMAND, NULL) == 1);

	CHECK(call(s, SERVER, REQUEST("socket", value_int(AF_INET), value_int(SOCK_DGRAM))) == 3);
	first = give(s, SERVER, REQUEST("recv", value_int(3), value_int(10)));
	UNTIL(s, session_call_progress(s, first) == CALL_ASLEEP);
	second = give_to(s, SERVER, 1, tcp_socket(), "");
	UNTIL(s, session_call_progress(s, second) == CALL_RETURNED);
	CHECK(session_call_outcome(s, second)->result == 4);
	CHECK(session_call_progress(s, first) == CALL_ASLEEP);
	CHECK(calls_are_of(s, "helper", 1));
	/* A signal goes to the one thread. */
	second = give_to(s, SERVER, 1, REQUEST("recv", value_int(3), value_int(10)), "");
	UNTIL(s, session_call_progress(s, second) == CALL_ASLEEP);
	CHECK_OK(session_interrupt(s, SERVER, 1, &e) == 0, e);
	UNTIL(s, session_call_progress(s, second) == CALL_RETURNED);
	CHECK(session_call_outcome(s, second)->error == EINTR);
	CHECK(session_call_progress(s, first) == CALL_ASLEEP);

	for (; session_threads(s, SERVER) < THREADS_MAX; name[1]++)
		CHECK_OK(session_thread(s, SERVER, name, &e) == 0, e);
	CHECK(session_thread(s, SERVER, "more", &e) == -1 && strstr(e.what, "at most"));
	session_free(s);
}

/* ---- the end of a program ---- */

static void a_killed_program_takes_all_with_it(void)
{
	struct session *s = lab_session(NULL);
	struct err e = { .what = "" };
	struct call_request r;
	uint64_t blocked, waiting;

	listen_on(s, "*:8080");
	connect_to(s, "server:8080");
	CHECK(call(s, SERVER, REQUEST("accept", value_int(3))) == 4);
	blocked = give(s, SERVER, REQUEST("recv", value_int(4), value_int(10)));
	waiting = give(s, SERVER, tcp_socket());
	UNTIL(s, session_call_progress(s, blocked) == CALL_ASLEEP);
	CHECK_OK(session_kill(s, SERVER, &e) == 0, e);
	UNTIL(s, session_call_progress(s, blocked) == CALL_DIED);
	CHECK(session_call_progress(s, waiting) == CALL_DIED);
	CHECK(count(s, EVENT_PROGRAM, "server") == 2);
	UNTIL(s, is_in(s, CLIENT, 3, SOCK_STATE_CLOSE_WAIT));
	UNTIL(s, is_in(s, SERVER, 3, SOCK_STATE_CLOSED));

	r = tcp_socket();
	CHECK(session_call(s, SERVER, 0, &r, "x", &e) == 0);
	CHECK(!strcmp(e.what, "server is not running"));
	CHECK(!strcmp(e.hint, "program server on server starts it again"));
	CHECK(session_kill(s, SERVER, &e) == -1 && session_interrupt(s, SERVER, 0, &e) == -1);
	CHECK(session_thread(s, SERVER, "t", &e) == -1);

	CHECK_OK(session_program(s, "server", "server", &e) == 0, e);
	CHECK(session_programs(s) == 2 && session_variables(s, SERVER) == 0);
	CHECK(call(s, SERVER, tcp_socket()) == 3);
	CHECK(session_program(s, "server", "server", &e) == -1);
	CHECK(session_program(s, "x", "nowhere", &e) == -1 && strstr(e.what, "nowhere"));
	session_free(s);
}

/* SIGPIPE ends a program inside its call. */
static void a_signal_ends_a_program(void)
{
	struct session *s = lab_session(NULL);
	uint64_t number;

	listen_on(s, "*:8080");
	connect_to(s, "server:8080");
	CHECK(call(s, CLIENT, REQUEST("shutdown", value_int(3), value_int(SHUT_WR))) == 0);
	number = give(s, CLIENT, REQUEST("send", value_int(3), value_data("x", 1)));
	UNTIL(s, session_call_progress(s, number) == CALL_DIED);
	CHECK(count(s, EVENT_PROGRAM, "client") == 2);
	for (uint32_t row = 0; row < trace_rows(s->trace); row++) {
		const struct event *ev = trace_event(s->trace, row, NULL);

		if (ev->kind == EVENT_PROGRAM && ev->prog.change == PROGRAM_KILLED)
			CHECK(ev->prog.status == SIGPIPE);
	}
	session_free(s);
}

static void nothing_to_interrupt(void)
{
	struct session *s = lab_session(NULL);
	struct err e = { .what = "" };

	CHECK(session_interrupt(s, CLIENT, 0, &e) == -1 && strstr(e.what, "not in a call"));
	CHECK(count(s, EVENT_COMMAND, NULL) == 0);
	session_free(s);
}

/* ---- files ---- */

static void make_place(char *path, size_t size, const char *name)
{
	static char dir[128];
	const char *tmp = getenv("TMPDIR");

	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "%s/session.XXXXXX", tmp ? tmp : "/tmp");
		CHECK(mkdtemp(dir));
	}
	snprintf(path, size, "%s%s%s", dir, name[0] ? "/" : "", name);
}

static void a_recording_can_only_be_looked_at(void)
{
	char path[192], dir[192];
	struct session *s;
	struct err e = { .what = "" };
	struct call_request r;
	const struct wire_order order = { .verb = WIRE_CUT };
	struct pollfd fds[4];
	uint32_t rows;
	int timeout;

	make_place(dir, sizeof(dir), "");
	make_place(path, sizeof(path), "a.pcapng");
	s = lab_session(path);
	CHECK(session_is_live(s) && !strcmp(trace_path(s->trace), path));
	CHECK(call(s, CLIENT, tcp_socket()) == 3);
	CHECK(session_note(s, NOTE_SAY, "so far", &e) == 0);
	session_settle(s);
	rows = trace_rows(s->trace);
	session_free(s);

	CHECK_OK(s = session_new_file(path, &e), e);
	CHECK(!session_is_live(s) && trace_rows(s->trace) == rows && !trace_damage(s->trace));
	CHECK(session_fds(s, fds, 4, &timeout) == 0 && timeout == -1);
	CHECK(!session_work(s));
	r = tcp_socket();
	CHECK(session_call(s, 0, 0, &r, "", &e) == 0 && strstr(e.what, "this is a recording"));
	CHECK(session_wire(s, &order, "cut", &e) == -1 && strstr(e.what, "this is a recording"));
	CHECK(session_note(s, NOTE_SAY, "x", &e) == -1);
	CHECK(session_program(s, "x", "client", &e) == -1);
	CHECK(session_thread(s, 0, "x", &e) == -1 && session_kill(s, 0, &e) == -1);
	CHECK(session_interrupt(s, 0, 0, &e) == -1);
	CHECK(session_programs(s) == 0 && session_threads(s, 0) == 0);
	CHECK(!session_trouble(s, &e));
	session_settle(s);
	session_free(s);
	CHECK(unlink(path) == 0 && rmdir(dir) == 0);
}

static void what_was_is_saved_and_what_comes_too(void)
{
	char path[192], dir[192];
	struct session *s = lab_session(NULL);
	struct err e = { .what = "" };
	uint32_t rows;

	make_place(dir, sizeof(dir), "");
	make_place(path, sizeof(path), "b.pcapng");
	CHECK(!trace_path(s->trace));
	CHECK(call(s, CLIENT, tcp_socket()) == 3);
	CHECK_OK(session_save(s, path, &e) == 0, e);
	CHECK(session_save(s, path, &e) == -1);
	CHECK(call(s, CLIENT, tcp_socket()) == 4);
	session_settle(s);
	rows = trace_rows(s->trace);
	session_free(s);
	CHECK_OK(s = session_new_file(path, &e), e);
	CHECK(trace_rows(s->trace) == rows && count(s, EVENT_CALL, "client") == 2);
	session_free(s);
	CHECK(unlink(path) == 0 && rmdir(dir) == 0);
}

static void a_bad_name_is_not_a_bad_machine(void)
{
	bool file = false;
	const struct session_config config = { .record = "/nowhere/at/all.pcapng",
					       .record_failed = &file,
					       .sample = true };
	struct err e = { .what = "" };

	CHECK(!session_new_lab(&config, &e));
	CHECK(file && e.code == ENOENT && strstr(e.what, "/nowhere/at/all.pcapng"));
	CHECK(!session_new_file("/nowhere", &e) && e.code == ENOENT);
}

/* … and where it is the machine, no empty recording is left in the way of the next attempt. */
static void a_bad_machine_is_not_a_bad_name(void)
{
	char path[192], dir[192];
	bool file = true;
	struct session_config config = { .record_failed = &file, .sample = true };
	struct err e = { .what = "" };

	make_place(dir, sizeof(dir), "");
	make_place(path, sizeof(path), "c.pcapng");
	config.record = path;
	enter_sandbox();
	CHECK(put_file("/proc/sys/user/max_user_namespaces", "0"));
	drop_capabilities();
	CHECK(!session_new_lab(&config, &e));
	CHECK(!file && e.what[0] && e.hint[0]);
	CHECK(access(path, F_OK) == -1 && errno == ENOENT);
	CHECK(rmdir(dir) == 0);
}

/* ---- the books on descriptors, by hand ---- */

#define T0 (INT64_C(1700000000) * NS_PER_S)

static struct session *books(void)
{
	struct trace_host hosts[2] = { { .name = "client", .link = LINK_ETHERNET },
				       { .name = "server", .link = LINK_ETHERNET } };
	struct session *s = calloc(1, sizeof(*s));
	struct err e = { .what = "" };

	assert_non_null(s);
	s->trace = trace_new_spool(&e);
	assert_non_null(s->trace);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(trace_add_host(s->trace, &hosts[i], &e), 0);
	s->flush_due = s->sync_due = INT64_MAX;
	str_copy(s->actor[0].name, sizeof(s->actor[0].name), "server");
	s->actor[0].host = SERVER;
	s->actors = 1;
	return s;
}

static void books_close(struct session *s)
{
	assert_false(s->troubled);
	session_free(s);
}

static void state(struct session *s, int64_t ts_ns, enum sock_state state)
{
	struct event ev = { .kind = EVENT_STATE,
			    .host = SERVER,
			    .ts_ns = T0 + ts_ns,
			    .state = {
				    .by = BY_ARRIVAL,
				    .sock = { .cookie = 7, .family = AF_INET, .state = state } } };

	ev.state.sock.local = addr_v4((const uint8_t[]){ 192, 0, 2, 2 }, 8080);
	sockets_on_state(s, &ev);
}

static void check_now(struct session *s, enum sock_state state, int fd)
{
	const struct event *ev =
		trace_event(s->trace, trace_state_at(s->trace, 0, trace_rows(s->trace) - 1), NULL);

	assert_non_null(ev);
	assert_string_equal(sock_state_name(ev->state.sock.state), sock_state_name(state));
	assert_int_equal(ev->state.fd, fd);
	assert_string_equal(ev->program, fd < 0 ? ev->program : "server");
}

/* The peer closes while accept() returns: the newest sample arrives here last, and counts. */
static void a_late_sample_is_not_hidden(void **unused)
{
	const struct sock_key key = { .cookie = 7, .family = AF_INET };
	struct session *s = books();

	(void)unused;
	state(s, 100, SOCK_STATE_ESTABLISHED);
	check_now(s, SOCK_STATE_ESTABLISHED, -1);
	sockets_own(s, 0, 0, 4, &key, 1, T0 + 200);
	check_now(s, SOCK_STATE_ESTABLISHED, 4);
	state(s, 150, SOCK_STATE_CLOSE_WAIT);
	check_now(s, SOCK_STATE_CLOSE_WAIT, 4);
	state(s, 250, SOCK_STATE_LAST_ACK);
	check_now(s, SOCK_STATE_LAST_ACK, 4);
	books_close(s);
}

/* accept() has returned before the sample of what let it return is taken. */
static void an_early_return_is_not_overtaken(void **unused)
{
	const struct sock_key key = { .cookie = 7, .family = AF_INET };
	struct session *s = books();

	(void)unused;
	state(s, 100, SOCK_STATE_SYN_RECEIVED);
	state(s, 300, SOCK_STATE_ESTABLISHED);
	sockets_own(s, 0, 0, 4, &key, 1, T0 + 200);
	check_now(s, SOCK_STATE_ESTABLISHED, 4);
	books_close(s);

	s = books();
	sockets_own(s, 0, 0, 4, &key, 1, T0 + 200);
	assert_int_equal(trace_rows(s->trace), 0);
	state(s, 100, SOCK_STATE_SYN_RECEIVED);
	check_now(s, SOCK_STATE_SYN_RECEIVED, 4);
	books_close(s);
}

/* A program that is quick has closed its socket before the first sample of it comes here. */
static void a_descriptor_is_known_although_it_is_closed(void **unused)
{
	const struct sock_key key = { .cookie = 7, .family = AF_INET };
	struct session *s = books();

	(void)unused;
	sockets_own(s, 0, 0, 4, &key, 1, T0 + 200);
	sockets_disown(s, 0, 0, 4, 2, T0 + 300);
	state(s, 250, SOCK_STATE_ESTABLISHED);
	check_now(s, SOCK_STATE_ESTABLISHED, 4);
	state(s, 310, SOCK_STATE_FIN_WAIT_1);
	check_now(s, SOCK_STATE_FIN_WAIT_1, -1);
	books_close(s);
}

/* Of two processes that share a socket the other one's descriptor names it when one has closed its own. */
static void a_child_has_a_copy_of_each_descriptor(void **unused)
{
	const struct sock_key key = { .cookie = 7, .family = AF_INET };
	struct session *s = books();
	struct actor *a = &s->actor[0];

	(void)unused;
	sockets_own(s, 0, 0, 4, &key, 1, T0 + 10);
	state(s, 20, SOCK_STATE_ESTABLISHED);
	files_fork(a, 0, 5);
	assert_int_equal(files_at(a, 5, 4)->cookie, 7);
	sockets_disown(s, 0, 0, 4, 2, T0 + 30);
	check_now(s, SOCK_STATE_ESTABLISHED, 4);
	/* A thread that has its process's number closes it, too; and what execve() closes is closed in it alone. */
	sockets_own(s, 0, 5, 6, &key, 3, T0 + 40);
	files_make(a, 5, 4)->till_exec = true;
	sockets_exec(s, 0, 5, T0 + 50);
	check_now(s, SOCK_STATE_ESTABLISHED, 6);
	sockets_end(s, 0, 5, T0 + 60);
	assert_null(files_at(a, 5, 6));
	state(s, 70, SOCK_STATE_FIN_WAIT_1);
	check_now(s, SOCK_STATE_FIN_WAIT_1, -1);
	books_close(s);
}

/* A descriptor's number is used again, by another socket. */
static void a_number_comes_again(void **unused)
{
	const struct sock_key first = { .cookie = 7, .family = AF_INET },
			      second = { .cookie = 8, .family = AF_INET6 };
	struct session *s = books();

	(void)unused;
	sockets_own(s, 0, 0, 4, &first, 1, T0 + 10);
	state(s, 20, SOCK_STATE_ESTABLISHED);
	sockets_disown(s, 0, 0, 4, 2, T0 + 30);
	sockets_own(s, 0, 0, 4, &second, 3, T0 + 40);
	assert_int_equal(session_fd_family(s, 0, 4), AF_INET6);
	state(s, 50, SOCK_STATE_FIN_WAIT_2);
	check_now(s, SOCK_STATE_FIN_WAIT_2, -1);
	/* Closing what is closed, or never was, changes nothing. */
	sockets_disown(s, 0, 0, 5, 4, T0 + 60);
	sockets_disown(s, 0, 0, -1, 4, T0 + 60);
	sockets_disown(s, 0, 0, DESCRIPTORS_MAX, 4, T0 + 60);
	sockets_own(s, 0, 0, DESCRIPTORS_MAX + 7, &second, 5, T0 + 70);
	assert_int_equal(session_fd_family(s, 0, DESCRIPTORS_MAX + 7), AF_UNSPEC);
	books_close(s);
}

static void in_a_lab(void **test)
{
	in_child((void (*)(void)) * test, AS_SELF);
}

#define LAB_TEST(body)                                                                             \
	{                                                                                          \
#body, in_a_lab, NULL, NULL, (void *)(body)                                        \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_sample_is_not_hidden),
		cmocka_unit_test(an_early_return_is_not_overtaken),
		cmocka_unit_test(a_number_comes_again),
		cmocka_unit_test(a_descriptor_is_known_although_it_is_closed),
		cmocka_unit_test(a_child_has_a_copy_of_each_descriptor),
		LAB_TEST(a_connection_gets_its_descriptor_by_accept),
		LAB_TEST(a_duplicate_keeps_a_socket_alive),
		LAB_TEST(calls_wait_their_turn),
		LAB_TEST(variables_come_with_the_return),
		LAB_TEST(threads_have_names_and_turns),
		LAB_TEST(a_killed_program_takes_all_with_it),
		LAB_TEST(a_signal_ends_a_program),
		LAB_TEST(nothing_to_interrupt),
		LAB_TEST(a_recording_can_only_be_looked_at),
		LAB_TEST(what_was_is_saved_and_what_comes_too),
		LAB_TEST(a_bad_name_is_not_a_bad_machine),
		LAB_TEST(a_bad_machine_is_not_a_bad_name),
	};

	if (argc == 4 && strcmp(argv[1], "program") == 0)
		return program_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
