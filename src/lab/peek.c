#include "src/lab/peek.h"

#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096 /* at most: what begins in a readable page is read to its end at least */

static size_t peek_once(const struct peek *m, uint64_t at, void *dst, size_t len)
{
	struct iovec here = { .iov_base = dst, .iov_len = len };
	struct iovec there = { .iov_base = (void *)(uintptr_t)at, .iov_len = len };
	ssize_t got = process_vm_readv(m->tid, &here, 1, &there, 1, 0);

	return got > 0 ? (size_t)got : 0;
}

/* The kernel stops at the first page that it cannot read, and may give nothing of those before it. */
size_t peek_bytes(const struct peek *m, uint64_t at, void *dst, size_t len)
{
	size_t got = len ? peek_once(m, at, dst, len) : 0;

	while (got < len) {
		size_t page = PAGE - (at + got) % PAGE;
		size_t want = page < len - got ? page : len - got;
		size_t more = peek_once(m, at + got, (char *)dst + got, want);

		got += more;
		if (more < want)
			break;
	}
	return got;
}

int peek_all(const struct peek *m, uint64_t at, void *dst, size_t len)
{
	return peek_bytes(m, at, dst, len) == len ? 0 : -1;
}
