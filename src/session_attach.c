/*
 * A program that runs already, on this machine as it is: there is no lab, and no wire.  Its calls are seen as those of
 * others are; after each of them the kernel is asked for the state of its socket, if it is in our network namespace.
 * Where libpcap may, the machine's interfaces are listened to, and the packets of its sockets are shown.
 */
#include "src/session_impl.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/core/clock.h"
#include "src/core/safe.h"
#include "src/lab/diag.h"
#include "src/lab/overhear.h"

#define NAME "program" /* as it is called here */

static int add_machine(struct session *s, struct err *e)
{
	struct trace_host h = { .link = LINK_ETHERNET, .has_mac = true }; /* a side of the ladder */
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

/* ---- its packets ---- */

static bool is_at(const struct addr *a, const struct packet *p, const uint8_t *ip, uint16_t port)
{
	struct addr at = p->ip_version == 4 ? addr_v4(ip, port) : addr_v6(ip, port);
	uint8_t mine[16], its[16];

	if (addr_port(a) != port)
		return false;
	addr_ip16(mine, a);
	addr_ip16(its, &at);
	return addr_is_any(a) || !memcmp(mine, its, sizeof(mine));
}

static bool has_ends(const struct sock_sample *k, const struct packet *p, bool sent)
{
	const uint8_t *here = sent ? p->src : p->dst, *there = sent ? p->dst : p->src;
	uint16_t port = sent ? p->src_port : p->dst_port, far = sent ? p->dst_port : p->src_port;

	return k->protocol == p->protocol && addr_port(&k->local) &&
	       is_at(&k->local, p, here, port) &&
	       (!addr_port(&k->remote) || is_at(&k->remote, p, there, far));
}

static enum overheard whose(void *context, const struct packet *p)
{
	const struct session *s = context;
	enum overheard how = OVERHEARD_NOT_YET;

	for (size_t i = 0; i < s->sockets; i++) {
		const struct owned_socket *o = &s->socket[i];

		if (!o->sampled || o->actor != 0)
			continue;
		if (has_ends(&o->last, p, true))
			return OVERHEARD_SENT;
		if (has_ends(&o->last, p, false))
			how = OVERHEARD_RECEIVED;
	}
	return how;
}

enum { MACHINE, OTHERS }; /* the sides of the ladder */

static void take(void *context, const struct overheard_packet *p, enum overheard how)
{
	struct session *s = context;
	uint8_t host = how == OVERHEARD_SENT ? MACHINE : OTHERS;
	struct event ev = {
		.kind = EVENT_PACKET,
		.host = host,
		.ts_ns = p->ts_ns,
		.packet = { .number = ++s->overheard,
			    .caplen = p->caplen,
			    .len = p->len,
			    .iface = host,
			    .data = p->data },
	};

	session_append(s, &ev);
}

void attached_work(struct session *s)
{
	if (s->overhear)
		overhear_work(s->overhear, whose, take, s);
}

static bool is_in_our_net(pid_t pid)
{
	STR_ON_STACK(path, 40);
	struct stat ours, its;

	str_addf(&path, "/proc/%d/ns/net", (int)pid);
	return !stat("/proc/self/ns/net", &ours) && !stat(path.buf, &its) &&
	       ours.st_ino == its.st_ino && ours.st_dev == its.st_dev;
}

static void say(struct session *s, enum note_kind kind, const char *text)
{
	struct event ev = { .kind = EVENT_NOTE,
			    .host = HOST_NONE,
			    .ts_ns = clock_now_ns(),
			    .note = { .kind = kind, .text = text } };

	session_append(s, &ev);
}

/* Before its first call can be seen.  What is missing is said, so that nobody looks for it. */
static int listen_to(struct session *s, pid_t pid, struct err *e)
{
	const struct trace_host others = { .name = "others",
					   .link = LINK_ETHERNET,
					   .has_mac = true };
	STR_ON_STACK(names, 160);
	STR_ON_STACK(text, 400);
	struct err why = { .code = 0 };

	if (!is_in_our_net(pid))
		err_set(&why, NULL, "it is in another network namespace");
	else
		s->overhear = overhear_open(&names, &why);
	if (s->overhear) {
		str_addf(&text, "packets of its sockets are captured on %s", names.buf);
		say(s, NOTE_SAY, text.buf);
		return trace_add_host(s->trace, &others, e);
	}
	str_add(&text, "its packets are not captured, only calls and states: ");
	err_text(&why, &text);
	say(s, NOTE_LIMIT, text.buf);
	return 0;
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
	if (s->trace && !add_machine(s, e) && !listen_to(s, (pid_t)pid, e) &&
	    !attach(s, (pid_t)pid, e))
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
