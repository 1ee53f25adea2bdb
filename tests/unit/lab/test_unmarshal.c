/*
 * The way there and back: requests are laid out by marshal as a program would, in this process's
 * own memory, and read back by unmarshal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "src/core/ioctl.h"
#include "src/core/option.h"
#include "tests/unit/lab/same_call.h"

/* ---- random requests ---- */

static struct value some_data(size_t most)
{
	uint8_t bytes[6000];
	size_t len = dice(8) ? dice(60) : dice(most);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)dice(256);
	return dice(4) ? value_data(bytes, len) : value_filled(FILL_PATTERN, len);
}

static struct value some_addr(void)
{
	uint8_t ip[16];
	struct addr a;

	for (size_t i = 0; i < sizeof(ip); i++)
		ip[i] = (uint8_t)dice(256);
	a = dice(2) ? addr_v4(ip, (uint16_t)dice(65536)) : addr_v6(ip, (uint16_t)dice(65536));
	if (dice(4) == 0)
		addr_parse(&a, "unix:@abstract", 14, AF_UNSPEC, NULL, NULL);
	return value_addr(&a);
}

static struct value some_numbers(size_t most, uint64_t below)
{
	struct value list = { .kind = VALUE_LIST };
	size_t count = dice(most + 1);

	for (size_t i = 0; i < count; i++)
		value_list_add(&list, value_int((int64_t)dice(below)));
	return list;
}

static struct value some_rights(void)
{
	struct value rights = value_control(SOL_SOCKET, SCM_RIGHTS);
	size_t count = 1 + dice(5);

	for (size_t i = 0; i < count; i++)
		value_list_add(&rights, value_int((int64_t)dice(900)));
	return rights;
}

static struct value some_pieces(bool message)
{
	struct value list = { .kind = VALUE_LIST };
	size_t count = dice(4);

	if (message && dice(2))
		value_list_add(&list, some_addr());
	for (size_t i = 0; i < count; i++)
		value_list_add(&list, some_data(200));
	if (message && dice(3) == 0)
		value_list_add(&list, some_rights());
	return list;
}

static struct value some_messages(void)
{
	struct value list = { .kind = VALUE_LIST };
	size_t count = dice(4);

	for (size_t i = 0; i < count; i++)
		value_list_add(&list, some_pieces(true));
	return list;
}

/* Ascending, as they are read back. */
static struct value some_set(void)
{
	struct value list = { .kind = VALUE_LIST };

	if (dice(4) == 0)
		return (struct value){ .kind = VALUE_NONE };
	for (int64_t fd = (int64_t)dice(20); fd < CALL_SET_FDS; fd += 1 + (int64_t)dice(300))
		value_list_add(&list, value_int(fd));
	return list;
}

static struct value some_polls(void)
{
	struct value list = { .kind = VALUE_LIST };
	size_t count = dice(12);

	for (size_t i = 0; i < count; i++) {
		value_list_add(&list, value_int((int64_t)dice(100) - 2));
		value_list_add(&list, value_int((int64_t)dice(0x4000)));
	}
	return list;
}

static struct value some_time(void)
{
	return dice(5) ? value_int((int64_t)dice(100000)) : value_int(-1);
}

static struct value some_int(void)
{
	return value_int((int32_t)(uint32_t)dice(UINT32_MAX));
}

static const struct {
	int level, name;
} options[] = {
	{ SOL_SOCKET, SO_REUSEADDR }, { SOL_SOCKET, SO_RCVTIMEO },     { SOL_SOCKET, SO_LINGER },
	{ IPPROTO_IP, IP_TTL },	      { SOL_SOCKET, SO_BINDTODEVICE }, { 9999, 3 },
};

static struct value some_option(const struct call_request *r)
{
	struct option o = option_of(call_number_of(r, ARG_LEVEL), call_number_of(r, ARG_OPTNAME));
	struct value list = { .kind = VALUE_LIST };

	if (o.kind == OPTION_TEXT)
		return value_data("eth0", 1 + dice(4));
	if (o.kind != OPTION_LINGER && o.kind != OPTION_TIMEVAL)
		return some_int();
	value_list_add(&list, value_int((int64_t)dice(2)));
	value_list_add(&list, value_int((int64_t)dice(1000)));
	return list;
}

static const unsigned long ioctls[] = { FIONREAD, FIONBIO, SIOCATMARK, FIOCLEX, SIOCGIFMTU };

static struct value some_ioctl_arg(const struct call_request *r)
{
	enum ioctl_kind kind = ioctl_kind(call_number_of(r, ARG_IOCTL));

	if (kind == IOCTL_INT)
		return some_int();
	return kind == IOCTL_IF_INT ? value_data("eth0", 4) : (struct value){ .kind = VALUE_NONE };
}

static struct value some_event(void)
{
	return dice(5) ? value_int((int64_t)(dice(1u << 31) << 1 | 1))
		       : (struct value){ .kind = VALUE_NONE };
}

static struct value some_value(const struct call_request *r, size_t i)
{
	static size_t option;

	switch (r->call->arg[i].type) {
	case ARG_NONE:
	case ARG_ADDR_OUT:
	case ARG_OPTVAL_OUT:
	case ARG_PAIR_OUT:
	case ARG_NFDS:
	case ARG_SIGSET:
	case ARG_SIGSET_PAIR:
		return (struct value){ .kind = VALUE_NONE };
	case ARG_FD:
	case ARG_FAMILY:
	case ARG_PROTOCOL:
	case ARG_INT:
	case ARG_HOW:
	case ARG_MSG_FLAGS:
	case ARG_SOCK_FLAGS:
	case ARG_FILE_FLAGS:
	case ARG_SPLICE_FLAGS:
	case ARG_EPOLL_FLAGS:
	case ARG_EPOLL_OP:
	case ARG_SOCKTYPE:
		return some_int();
	case ARG_TIMEOUT:
		return value_int((int64_t)dice(100000) - 1); /* below: for ever, as a ppoll() */
	case ARG_LEVEL:
		option = dice(sizeof(options) / sizeof(options[0]));
		return value_int(options[option].level);
	case ARG_OPTNAME:
		return value_int(options[option].name);
	case ARG_FCNTL_CMD:
		return value_int(dice(2) ? F_SETFL : F_DUPFD);
	case ARG_FCNTL_ARG:
		return value_int((int64_t)dice(5000));
	case ARG_ADDR:
		return some_addr();
	case ARG_DATA:
		return some_data(6000);
	case ARG_BUFFER:
	case ARG_MSG_OUT:
	case ARG_SIZE:
	case ARG_EPOLL_OUT:
		return value_int((int64_t)dice(4096));
	case ARG_OPTVAL:
		return some_option(r);
	case ARG_MSG:
		return some_pieces(true);
	case ARG_IOV:
		return some_pieces(false);
	case ARG_IOV_OUT:
	case ARG_MSGS_OUT:
		return some_numbers(5, 3000);
	case ARG_POLLFDS:
		return some_polls();
	case ARG_IOCTL:
		return value_int((int64_t)ioctls[dice(sizeof(ioctls) / sizeof(ioctls[0]))]);
	case ARG_IOCTL_ARG:
		return some_ioctl_arg(r);
	case ARG_OFFSET:
		return dice(2) ? value_int((int64_t)dice(1u << 30))
			       : (struct value){ .kind = VALUE_NONE };
	case ARG_MSGS:
		return some_messages();
	case ARG_TIMESPEC:
	case ARG_TIMEVAL:
		return some_time();
	case ARG_FDS:
		return some_set();
	case ARG_EPOLL_EVENT:
		return some_event();
	}
	return (struct value){ .kind = VALUE_NONE };
}

/* Lays it out and reads it back. */
static void check_round(const struct call_request *r)
{
	struct peek memory = self();
	struct call_request back;
	struct marshal m;
	uint64_t reg[6];

	assert_int_equal(marshal_init(&m, r), 0);
	registers_of(&m, reg);
	assert_int_equal(unmarshal_enter(&back, r->call->number, reg, &memory), 0);
	/* Where poll() is a ppoll() without signals, a ppoll() without signals is a poll(). */
	if (SHARES_ROWS && back.call != r->call)
		assert_int_equal(back.call->number, r->call->number);
	else
		check_same_request(r, &back);
	call_request_fini(&back);
	marshal_fini(&m);
}

static void every_row_is_read_back(void **state)
{
	(void)state;
	for (size_t c = 0; c < calls_count; c++)
		for (int n = 0; n < 300; n++) {
			struct call_request r = { .call = &calls[c] };

			for (size_t i = 0; i < CALL_ARGS; i++)
				r.arg[i] = some_value(&r, i);
			check_round(&r);
			call_request_fini(&r);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
