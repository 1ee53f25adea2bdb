/*
 * The table, and what follows from it: finding a call and checking a request.  Its text:
 * call_text.c.
 *
 * A row's arguments stand in the order of the system call's registers; src/lab/marshal.c expands
 * each by its type.  Registers behind the last one are 0, so send(2) is sendto(2) without an
 * address.
 */
#include "src/core/call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#ifdef SYS_poll
#define POLL_NUMBER SYS_poll
#else
#define POLL_NUMBER SYS_ppoll /* newer machines have only this one */
#endif

/* clang-format off */
#define SOCKFD	{ "sockfd", ARG_FD, false }
#define FLAGS	{ "flags", ARG_MSG_FLAGS, true }

/* Of two rows with one number the later is the general one: call_of_number(). */
const struct call calls[] = {
	{ .name = "socket", .number = SYS_socket, .result = RESULT_FD,
	  .arg = { { "domain", ARG_FAMILY, false }, { "type", ARG_SOCKTYPE, false },
		   { "protocol", ARG_PROTOCOL, true } },
	  .man = "socket(2)",
	  .about = "Asks the kernel for a new socket and gets a file descriptor, the lowest number that is "
		   "free. Nothing is sent yet, and the socket has no address." },
	{ .name = "bind", .number = SYS_bind, .result = RESULT_ZERO,
	  .arg = { SOCKFD, { "addr", ARG_ADDR, false } },
	  .man = "bind(2)",
	  .about = "Gives the socket its own address, so that others can reach it there. It fails with "
		   "EADDRINUSE where another socket has the address already." },
	{ .name = "listen", .number = SYS_listen, .result = RESULT_ZERO,
	  .arg = { SOCKFD, { "backlog", ARG_INT, false } },
	  .man = "listen(2)",
	  .about = "Makes the socket a listener: from now on the kernel itself answers connection requests, "
		   "and keeps about backlog finished connections until accept() takes them." },
	{ .name = "accept", .number = SYS_accept, .result = RESULT_FD,
	  .arg = { SOCKFD, { "addr", ARG_ADDR_OUT, false } },
	  .man = "accept(2)",
	  .about = "Takes the oldest finished connection from the listener's queue, as a new socket with a "
		   "descriptor of its own. It sleeps while the queue is empty; the listener keeps listening." },
	{ .name = "accept4", .number = SYS_accept4, .result = RESULT_FD,
	  .arg = { SOCKFD, { "addr", ARG_ADDR_OUT, false }, { "flags", ARG_SOCK_FLAGS, true } },
	  .man = "accept4(2)",
	  .about = "Does what accept() does, and sets SOCK_NONBLOCK or SOCK_CLOEXEC on the new socket in "
		   "the same step." },
	{ .name = "connect", .number = SYS_connect, .result = RESULT_ZERO,
	  .arg = { SOCKFD, { "addr", ARG_ADDR, false } },
	  .man = "connect(2)",
	  .about = "On a stream socket it opens a connection to the address and sleeps until the other side "
		   "has answered: for TCP, until the SYN is acknowledged. On a datagram socket it only sets "
		   "the peer; nothing is sent." },
	{ .name = "send", .number = SYS_sendto, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "buf", ARG_DATA, false }, FLAGS },
	  .man = "send(2)",
	  .about = "Copies the bytes into the kernel's send buffer and returns how many it took; that does "
		   "not mean they have arrived. It sleeps while the buffer is full." },
	{ .name = "sendto", .number = SYS_sendto, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "buf", ARG_DATA, false }, { "flags", ARG_MSG_FLAGS, false },
		   { "dest_addr", ARG_ADDR, true } },
	  .man = "sendto(2)",
	  .about = "Sends one datagram to the address that stands beside it, without a connection. The "
		   "result says that the kernel took it, not that anybody received it." },
	{ .name = "sendmsg", .number = SYS_sendmsg, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "msg", ARG_MSG, false }, FLAGS },
	  .man = "sendmsg(2)",
	  .about = "Sends several pieces of memory as one: the kernel gathers them, and a datagram of them "
		   "stays one datagram. An address may stand in front of them." },
	{ .name = "recv", .number = SYS_recvfrom, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "len", ARG_BUFFER, false }, FLAGS },
	  .man = "recv(2)",
	  .about = "Takes what has arrived, at most len bytes, and sleeps while there is nothing. From a "
		   "stream 0 means end of file: the other side will send no more." },
	{ .name = "recvfrom", .number = SYS_recvfrom, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "len", ARG_BUFFER, false }, FLAGS, { "src_addr", ARG_ADDR_OUT, false } },
	  .man = "recvfrom(2)",
	  .about = "Takes the next datagram and says who sent it. What does not fit into len bytes is lost." },
	{ .name = "recvmsg", .number = SYS_recvmsg, .result = RESULT_BYTES,
	  .arg = { SOCKFD, { "len", ARG_MSG_OUT, false }, FLAGS },
	  .man = "recvmsg(2)",
	  .about = "Does what recvfrom() does, and reports flags too: MSG_TRUNC says that the datagram was "
		   "longer than the buffer." },
	{ .name = "read", .number = SYS_read, .result = RESULT_BYTES,
	  .arg = { { "fd", ARG_FD, false }, { "count", ARG_BUFFER, false } },
	  .man = "read(2)",
	  .about = "On a socket it is recv() without flags: takes what has arrived, at most count bytes, "
		   "and sleeps while there is nothing." },
	{ .name = "write", .number = SYS_write, .result = RESULT_BYTES,
	  .arg = { { "fd", ARG_FD, false }, { "buf", ARG_DATA, false } },
	  .man = "write(2)",
	  .about = "On a socket it is send() without flags. Writing to a connection that the other side has "
		   "closed kills the program with SIGPIPE, unless that signal is ignored." },
	{ .name = "shutdown", .number = SYS_shutdown, .result = RESULT_ZERO,
	  .arg = { SOCKFD, { "how", ARG_HOW, false } },
	  .man = "shutdown(2)",
	  .about = "Ends one direction of the connection, whoever else has the socket open. SHUT_WR sends "
		   "the end of file (TCP: a FIN) and still receives; the descriptor stays." },
	{ .name = "close", .number = SYS_close, .result = RESULT_ZERO, .closes = true,
	  .arg = { { "fd", ARG_FD, false } },
	  .man = "close(2)",
	  .about = "Gives the descriptor back; its number is free for the next socket. When it was the last "
		   "one, the kernel ends the connection in its own time, and returns at once." },
	{ .name = "getsockopt", .number = SYS_getsockopt, .result = RESULT_ZERO,
	  .arg = { SOCKFD, { "level", ARG_LEVEL, false }, { "optname", ARG_OPTNAME, false },
		   { "optval", ARG_OPTVAL_OUT, false } },
	  .man = "getsockopt(2)",
	  .about = "Reads one setting or one figure of the socket. SO_ERROR tells, and clears, the error "
		   "that waits on it: how a non-blocking connect() ended." },
	{ .name = "setsockopt", .number = SYS_setsockopt, .result = RESULT_ZERO,
	  .arg = { SOCKFD, { "level", ARG_LEVEL, false }, { "optname", ARG_OPTNAME, false },
		   { "optval", ARG_OPTVAL, false } },
	  .man = "setsockopt(2)",
	  .about = "Changes one setting of the socket: of sockets in general (SOL_SOCKET) or of one "
		   "protocol (IPPROTO_TCP and others)." },
	{ .name = "getsockname", .number = SYS_getsockname, .result = RESULT_ZERO,
	  .arg = { SOCKFD, { "addr", ARG_ADDR_OUT, false } },
	  .man = "getsockname(2)",
	  .about = "Asks for the socket's own address; after bind() to port 0 or after connect() that is "
		   "how one learns which port the kernel chose." },
	{ .name = "getpeername", .number = SYS_getpeername, .result = RESULT_ZERO,
	  .arg = { SOCKFD, { "addr", ARG_ADDR_OUT, false } },
	  .man = "getpeername(2)",
	  .about = "Asks for the address of the other end. It fails with ENOTCONN where there is none." },
	{ .name = "fcntl", .number = SYS_fcntl, .result = RESULT_FCNTL,
	  .arg = { { "fd", ARG_FD, false }, { "cmd", ARG_FCNTL_CMD, false },
		   { "arg", ARG_FCNTL_ARG, true } },
	  .man = "fcntl(2)",
	  .about = "Reads or changes what belongs to the descriptor: F_SETFL with O_NONBLOCK makes calls "
		   "return EAGAIN where they would sleep." },
	{ .name = "poll", .number = POLL_NUMBER, .result = RESULT_COUNT,
	  .arg = { { "fds", ARG_POLLFDS, false }, { "timeout", ARG_TIMEOUT, false } },
	  .man = "poll(2)",
	  .about = "Sleeps until one of several descriptors is ready, or the timeout (in milliseconds, -1 "
		   "for ever) is over. It returns how many are ready." },
};
/* clang-format on */
const size_t calls_count = sizeof(calls) / sizeof(calls[0]);

const struct call *call_find(const char *name, size_t len)
{
	for (size_t i = 0; i < calls_count; i++)
		if (strlen(calls[i].name) == len && memcmp(calls[i].name, name, len) == 0)
			return &calls[i];
	return NULL;
}

const struct call *call_of_number(long number)
{
	for (size_t i = calls_count; i-- > 0;)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

void call_request_fini(struct call_request *r)
{
	for (size_t i = 0; i < CALL_ARGS; i++)
		value_fini(&r->arg[i]);
}

void call_outcome_fini(struct call_outcome *o)
{
	free(o->data);
	o->data = NULL;
	o->data_kept = 0;
	value_fini(&o->option);
	value_fini(&o->revents);
}

int64_t call_number_of(const struct call_request *r, enum call_arg_type type)
{
	for (size_t i = 0; i < CALL_ARGS; i++)
		if (r->call->arg[i].type == type)
			return r->arg[i].number;
	return 0;
}

/* ---- is it complete? ---- */

#define KIND(k) (1u << (k))
#define NUMBER	KIND(VALUE_INT)

/* What a type of argument takes. */
struct arg_type {
	unsigned kinds; /* set of KIND(): 0 where the kernel fills in */
	bool size; /* a number of bytes */
};

static const struct arg_type arg_types[] = {
	[ARG_NONE] = { .kinds = 0 },
	[ARG_FD] = { .kinds = NUMBER },
	[ARG_FAMILY] = { .kinds = NUMBER },
	[ARG_SOCKTYPE] = { .kinds = NUMBER },
	[ARG_PROTOCOL] = { .kinds = NUMBER },
	[ARG_INT] = { .kinds = NUMBER },
	[ARG_HOW] = { .kinds = NUMBER },
	[ARG_MSG_FLAGS] = { .kinds = NUMBER },
	[ARG_SOCK_FLAGS] = { .kinds = NUMBER },
	[ARG_LEVEL] = { .kinds = NUMBER },
	[ARG_OPTNAME] = { .kinds = NUMBER },
	[ARG_FCNTL_CMD] = { .kinds = NUMBER },
	[ARG_FCNTL_ARG] = { .kinds = NUMBER },
	[ARG_TIMEOUT] = { .kinds = NUMBER },
	[ARG_ADDR] = { .kinds = KIND(VALUE_ADDR) },
	[ARG_ADDR_OUT] = { .kinds = 0 },
	[ARG_DATA] = { .kinds = KIND(VALUE_DATA) },
	[ARG_BUFFER] = { .kinds = NUMBER, .size = true },
	[ARG_OPTVAL] = { .kinds = NUMBER | KIND(VALUE_DATA) | KIND(VALUE_ADDR) | KIND(VALUE_LIST) },
	[ARG_OPTVAL_OUT] = { .kinds = 0 },
	[ARG_MSG] = { .kinds = KIND(VALUE_DATA) | KIND(VALUE_LIST) },
	[ARG_POLLFDS] = { .kinds = KIND(VALUE_LIST) },
	[ARG_MSG_OUT] = { .kinds = NUMBER, .size = true },
};
static_assert(sizeof(arg_types) / sizeof(arg_types[0]) == ARG_MSG_OUT + 1, "a row for every type");

static int check_size(const struct call_arg *arg, int64_t size, int64_t limit, struct err *e)
{
	if (size >= 0 && size <= limit)
		return 0;
	return err_set(e, "zeros(n) and pattern(n) are data of any length up to 16777216 bytes",
		       "%s: %lld bytes; it can be 0 to %lld", arg->name, (long long)size,
		       (long long)limit);
}

/* sendmsg(): data, before it perhaps an address. */
static int check_msg(const struct call_arg *arg, const struct value *v, struct err *e)
{
	int64_t total = 0;

	for (size_t i = 0; i < v->items; i++) {
		if (v->item[i].kind == VALUE_DATA && v->item[i].len <= CALL_SIZE_MAX)
			total += (int64_t)v->item[i].len;
		else if (i > 0 || v->item[i].kind != VALUE_ADDR)
			return err_set(e, NULL,
				       "%s: a list of data, or an address and then data, is wanted",
				       arg->name);
	}
	return check_size(arg, total, CALL_SIZE_MAX, e);
}

static int check_pollfds(const struct call_arg *arg, const struct value *v, struct err *e)
{
	bool good = v->items % 2 == 0;

	for (size_t i = 0; i < v->items; i++)
		good &= v->item[i].kind == VALUE_INT;
	if (!good)
		return err_set(e, "as in {3, POLLIN, 4, POLLIN|POLLOUT}",
			       "%s: pairs of a descriptor and its events are wanted", arg->name);
	return 0;
}

/* Bytes that are written out, all lists counted. */
static size_t text_bytes(const struct value *v)
{
	size_t sum = v->kind == VALUE_DATA && v->fill == FILL_BYTES ? v->len : 0;

	for (size_t i = 0; i < v->items; i++)
		sum += text_bytes(&v->item[i]);
	return sum;
}

static int check_arg(const struct call_arg *arg, const struct value *v, struct err *e)
{
	const struct arg_type *t = &arg_types[arg->type];

	if (v->kind == VALUE_NONE && (arg->optional || t->kinds == 0))
		return 0;
	if (!(t->kinds & KIND(v->kind)))
		return err_set(e, NULL,
			       v->kind == VALUE_NONE ? "%s is missing" : "%s is of the wrong kind",
			       arg->name);
	if (text_bytes(v) > CALL_TEXT_MAX)
		return check_size(arg, (int64_t)text_bytes(v), CALL_TEXT_MAX, e);
	if (t->size)
		return check_size(arg, v->number, CALL_SIZE_MAX, e);
	if (v->kind == VALUE_DATA)
		return check_size(arg, v->len <= INT64_MAX ? (int64_t)v->len : -1, CALL_SIZE_MAX,
				  e);
	if (arg->type == ARG_MSG)
		return check_msg(arg, v, e);
	if (arg->type == ARG_POLLFDS)
		return check_pollfds(arg, v, e);
	return 0;
}

int call_request_check(const struct call_request *r, struct err *e)
{
	for (size_t i = 0; i < CALL_ARGS && r->call->arg[i].type != ARG_NONE; i++)
		if (check_arg(&r->call->arg[i], &r->arg[i], e))
			return err_prefix(e, "%s", r->call->name);
	return 0;
}
