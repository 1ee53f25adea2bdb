/*
 * A program that runs already, on this machine as it is: there is no lab, and no wire.  Its calls are seen as those of
 * others are; after each of them the kernel is asked for the state of its socket, if it is in our network namespace.
 */
#include "src/session_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/core/safe.h"
#include "src/lab/diag.h"

#define NAME "program" /* as it is called here */

static int add_machine(struct session *s, struct err *e)
{
	struct trace_host h = { .link = LINK_ETHERNET };
	char name[65] = "";

	gethostname(name, sizeof(name) - 1);
	str_copy(h.name, sizeof(h.name), name);
	return trace_add_host(s->trace, &h, e);
}

/* "python3 server.py", as ps(1) has it. */
static void read_command(pid_t pid, struct str *out)
{
	STR_ON_STACK(path, 40);
	char bytes[256];
	size_t len = 0;
	FILE *f;

	str_addf(&path, "/proc/%d/cmdline", (int)pid);
	f = fopen(path.buf, "re");
	if (f) {
		len = fread(bytes, 1, sizeof(bytes), f);
		fclose(f);
	}
	while (len && !bytes[len - 1])
		len--;
	for (size_t i = 0; i < len; i++)
		bytes[i] = bytes[i] ? bytes[i] : ' ';
	safe_add_line(out, bytes, len);
}

/* Nobody shall look for what cannot come. */
static void say_what_is_missing(struct session *s)
{
	struct event ev = {
		.kind = EVENT_NOTE,
		.host = HOST_NONE,
		.ts_ns = clock_now_ns(),
		.note = { .kind = NOTE_LIMIT,
			  .text = "of a process that runs already packets are not captured: these "
				  "are its calls and the states of its sockets" },
	};

	session_append(s, &ev);
}

static int attach(struct session *s, pid_t pid, struct err *e)
{
	struct tracer *t = tracer_attach(pid, NAME, e);
	const char *argv[] = { NULL };
	const struct tracer_command c = { .name = NAME, .argv = argv };
	STR_ON_STACK(command, 300);

	if (!t)
		return -1;
	read_command(pid, &command);
	traced_begin(s, &s->actor[0], t, &c, command.buf, clock_now_ns());
	s->actor[0].attached = true;
	say_what_is_missing(s);
	s->diag = diag_open(NULL);
	return 0;
}

struct session *session_new_attached(const struct session_config *c, int pid, struct err *e)
{
	struct session *s = session_empty(e);

	if (!s)
		return NULL;
	s->trace = c->record ? trace_create(c->record, e) : trace_new_spool(e);
	if (c->record_failed)
		*c->record_failed = !s->trace;
	if (s->trace && !add_machine(s, e) && !attach(s, (pid_t)pid, e))
		return s;
	if (c->record && s->trace)
		unlink(c->record);
	session_free(s);
	return NULL;
}

void session_sample(struct session *s, uint8_t host, const struct sock_key *key, uint64_t call)
{
	struct event ev = {
		.kind = EVENT_STATE,
		.host = host,
		.ts_ns = clock_now_ns(),
		.state = { .by = BY_CALL, .by_number = call, .fd = -1 },
	};
	const struct sock_sample *last = sockets_last(s, host, key->cookie);

	if (s->wire) {
		wire_sample_call(s->wire, host, key, call);
		return;
	}
	if (!s->diag || (key->family != AF_INET && key->family != AF_INET6))
		return;
	if (diag_inet_cookie(s->diag, key->family, key->protocol, key->cookie, &ev.state.sock) < 1)
		return;
	if (last && !sock_sample_differs(last, &ev.state.sock))
		return;
	ev.state.old = last ? last->state : SOCK_STATE_NONE;
	sockets_on_state(s, &ev);
}
