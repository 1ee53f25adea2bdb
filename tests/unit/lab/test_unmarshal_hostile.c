/*
 * Registers and memory that lie: whatever they say, what is read and what is kept is bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>

#include "tests/unit/lab/own_memory.h"

/* ---- hostile registers ---- */

/* A page that can be used, with none behind it. */
static uint8_t *edge(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *at =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(at != MAP_FAILED);
	munmap(at + page, page);
	return at + page;
}

#define NOWHERE ((uint64_t)16) /* no memory is there */

static void enter(struct call_request *r, long number, const uint64_t reg[6])
{
	struct peek memory = self();

	memset(&asked, 0, sizeof(asked));
	assert_int_equal(unmarshal_enter(r, number, reg, &memory), 0);
}

static void check_text(struct call_request *r, size_t i, const char *want)
{
	STR_ON_STACK(out, 4096);

	call_arg_text(&out, r, i, NULL);
	assert_string_equal(out.buf, want);
}

static void pointers_to_nowhere_are_shown(void **state)
{
	struct call_request r;

	(void)state;
	enter(&r, SYS_write, (uint64_t[6]){ 3, NOWHERE, 5 });
	check_text(&r, 1, "0x10, 5");
	call_request_fini(&r);
	enter(&r, SYS_write, (uint64_t[6]){ 3, 0, 5 });
	check_text(&r, 1, "NULL, 5");
	call_request_fini(&r);
	enter(&r, SYS_write, (uint64_t[6]){ 3, NOWHERE, 0 });
	check_text(&r, 1, "\"\", 0");
	call_request_fini(&r);
	enter(&r, SYS_connect, (uint64_t[6]){ 3, NOWHERE, 16 });
	check_text(&r, 1, "0x10");
	enter(&r, SYS_sendmsg, (uint64_t[6]){ 3, NOWHERE, 0 });
	check_text(&r, 1, "0x10");
	enter(&r, SYS_ppoll, (uint64_t[6]){ NOWHERE, 7, NOWHERE, NOWHERE, 8 });
	check_text(&r, 0, "0x10");
	check_text(&r, 1, "0x10");
	check_text(&r, 2, "0x10");
	enter(&r, SYS_epoll_ctl, (uint64_t[6]){ 3, EPOLL_CTL_ADD, 4, NOWHERE });
	check_text(&r, 3, "0x10");
	enter(&r, SYS_epoll_ctl, (uint64_t[6]){ 3, EPOLL_CTL_DEL, 4, NOWHERE });
	check_text(&r, 3, "");
	enter(&r, SYS_setsockopt, (uint64_t[6]){ 3, SOL_SOCKET, SO_KEEPALIVE, NOWHERE, 4 });
	check_text(&r, 3, "0x10");
}

static void data_that_end_early_are_cut(void **state)
{
	uint8_t *end = edge();
	struct call_request r;

	(void)state;
	memcpy(end - 4, "tail", 4);
	enter(&r, SYS_write, (uint64_t[6]){ 3, (uint64_t)(end - 4), 1000 });
	check_text(&r, 1, "\"tail\"..., 1000");
	call_request_fini(&r);
	enter(&r, SYS_write, (uint64_t[6]){ 3, (uint64_t)(end - 4), UINT64_MAX });
	assert_true(asked.bytes <= CALL_DATA_KEPT);
	assert_int_equal(r.arg[1].len, SIZE_MAX);
	call_request_fini(&r);
}

static void negative_lengths_are_no_lengths(void **state)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	struct peek memory = self();
	struct call_outcome o;
	struct call_request r;
	uint64_t reg[6] = { 3, (uint64_t)&sa, UINT32_MAX };
	int len = -1;

	(void)state;
	enter(&r, SYS_connect, reg);
	assert_int_equal(r.arg[1].kind, VALUE_POINTER);
	enter(&r, SYS_setsockopt, (uint64_t[6]){ 3, 1, 2, (uint64_t)&sa, UINT32_MAX });
	assert_int_equal(r.arg[3].kind, VALUE_POINTER);
	reg[2] = (uint64_t)&len;
	enter(&r, SYS_accept, reg);
	unmarshal_leave(&o, &r, reg, 4, &memory);
	assert_int_equal(o.addr.len, 0);
	/* There was room for 4 bytes; that 100 were needed does not make it more. */
	len = 4;
	enter(&r, SYS_accept, reg);
	len = 100;
	unmarshal_leave(&o, &r, reg, 4, &memory);
	assert_int_equal(o.addr.len, 4);
}

static void a_million_pieces_are_counted(void **state)
{
	static struct iovec iov[2000];
	static char byte[1] = "x";
	struct call_request r;
	int64_t len = 0;

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		iov[i] = (struct iovec){ .iov_base = byte, .iov_len = i % 2 ? 1 : SIZE_MAX / 2 };
	enter(&r, SYS_writev, (uint64_t[6]){ 3, (uint64_t)iov, 1000000 });
	assert_true(asked.reads < 300 && asked.bytes < 1 << 20);
	assert_true(r.arg[1].items < 200);
	len = r.arg[1].item[r.arg[1].items - 1].number;
	assert_int_equal(r.arg[1].item[r.arg[1].items - 1].kind, VALUE_REST);
	assert_int_equal(len, 1000000 - 1024);
	call_request_fini(&r);
}

/* Each message has the same array of pieces, and is its own control message. */
static void messages_in_messages_end(void **state)
{
	static struct mmsghdr msgs[2000];
	static struct iovec iov[1024];
	struct peek memory = self();
	struct call_outcome o;
	struct call_request r;
	uint64_t reg[6] = { 3, (uint64_t)msgs, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < 1024; i++)
		iov[i] = (struct iovec){ .iov_base = iov, .iov_len = 100 };
	for (size_t i = 0; i < 2000; i++)
		msgs[i].msg_hdr = (struct msghdr){ .msg_name = msgs,
						   .msg_namelen = UINT32_MAX,
						   .msg_iov = iov,
						   .msg_iovlen = SIZE_MAX,
						   .msg_control = msgs,
						   .msg_controllen = SIZE_MAX };
	enter(&r, SYS_sendmmsg, reg);
	assert_true(asked.reads < 5000 && asked.bytes < 8 << 20);
	call_request_fini(&r);
	enter(&r, SYS_recvmmsg, reg);
	assert_true(asked.reads < 5000 && asked.bytes < 8 << 20);
	memset(&asked, 0, sizeof(asked));
	unmarshal_leave(&o, &r, reg, 2000, &memory);
	assert_true(asked.reads < 5000 && asked.bytes < 8 << 20);
	call_outcome_fini(&o);
	call_request_fini(&r);
}

static void long_lists_say_how_much_is_missing(void **state)
{
	static struct pollfd fds[500];
	struct peek memory = self();
	struct call_outcome o;
	struct call_request r;
	uint64_t reg[6] = { (uint64_t)fds, 500, 0 };

	(void)state;
#ifdef SYS_poll
	for (int i = 0; i < 500; i++)
		fds[i] = (struct pollfd){ .fd = i, .events = POLLIN, .revents = POLLHUP };
	enter(&r, SYS_poll, reg);
	assert_int_equal(r.arg[0].items, 2 * 128 + 1);
	assert_int_equal(r.arg[0].item[256].number, 500 - 128);
	unmarshal_leave(&o, &r, reg, 500, &memory);
	assert_int_equal(o.revents.items, 2 * 128 + 1);
	call_outcome_fini(&o);
	call_request_fini(&r);
#else
	(void)memory, (void)o, (void)r, (void)reg;
#endif
}

static void signals_are_named(void **state)
{
	uint64_t set = 1u << (SIGINT - 1) | 1u << (SIGTERM - 1);
	uint64_t two[2] = { (uint64_t)&set, 8 };
	struct timespec time = { 1, 500 };
	struct call_request r;

	(void)state;
	enter(&r, SYS_pselect6, (uint64_t[6]){ 0, 0, 0, 0, (uint64_t)&time, (uint64_t)two });
	check_text(&r, 4, "{1, 500}");
	check_text(&r, 5, "{SIGINT, SIGTERM}");
	call_request_fini(&r);
	enter(&r, SYS_epoll_pwait, (uint64_t[6]){ 3, 0, 1, UINT32_MAX, (uint64_t)&set, 8 });
	assert_string_equal(r.call->name, "epoll_pwait");
	check_text(&r, 2, "-1");
	check_text(&r, 3, "{SIGINT, SIGTERM}");
	call_request_fini(&r);
}

static void errors_are_not_results(void **state)
{
	struct peek memory = self();
	struct call_outcome o;
	struct call_request r;
	uint64_t reg[6] = { 3, NOWHERE, 100 };

	(void)state;
	enter(&r, SYS_read, reg);
	unmarshal_leave(&o, &r, reg, -ECONNRESET, &memory);
	assert_int_equal(o.result, -1);
	assert_int_equal(o.error, ECONNRESET);
	unmarshal_leave(&o, &r, reg, 100, &memory);
	assert_int_equal(o.data_kept, 0);
	call_outcome_fini(&o);
	assert_int_equal(unmarshal_enter(&r, SYS_getpid, reg, &memory), -1);
}

/* Anything in the registers, pointers into memory that is full of anything. */
static void any_registers_are_survived(void **state)
{
	static uint64_t memory[4096];
	struct peek peek = self();

	(void)state;
	for (int n = 0; n < 20000; n++) {
		const struct call *c = &calls[dice(calls_count)];
		struct call_request r;
		struct call_outcome o;
		uint64_t reg[6];
		STR_ON_STACK(out, 300);
		const char *label;

		for (size_t i = 0; i < 64; i++)
			memory[dice(4096)] = dice(3) ? (uint64_t)&memory[dice(4096)] : dice(5000);
		for (size_t i = 0; i < 6; i++)
			reg[i] = dice(3)   ? (uint64_t)&memory[dice(4096)]
				 : dice(2) ? dice(200)
					   : dice(UINT64_MAX) * dice(UINT64_MAX);
		memset(&asked, 0, sizeof(asked));
		assert_int_equal(unmarshal_enter(&r, c->number, reg, &peek), 0);
		for (size_t i = 0; i < CALL_ARGS; i++)
			call_arg_text(&out, &r, i, NULL);
		unmarshal_leave(&o, &r, reg, (int64_t)dice(10000) - 500, &peek);
		for (size_t i = 0; call_out_text(&out, &label, i, &r, &o, NULL); i++)
			continue;
		assert_true(asked.reads < 5000 && asked.bytes < 8 << 20);
		call_outcome_fini(&o);
		call_request_fini(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pointers_to_nowhere_are_shown),
		cmocka_unit_test(data_that_end_early_are_cut),
		cmocka_unit_test(negative_lengths_are_no_lengths),
		cmocka_unit_test(a_million_pieces_are_counted),
		cmocka_unit_test(messages_in_messages_end),
		cmocka_unit_test(long_lists_say_how_much_is_missing),
		cmocka_unit_test(signals_are_named),
		cmocka_unit_test(errors_are_not_results),
		cmocka_unit_test(any_registers_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
