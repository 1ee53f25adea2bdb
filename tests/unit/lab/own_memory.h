/*
 * own_memory: for tests of unmarshal, which reads a traced program's memory.  Here the program is the test itself;
 * what is asked for is counted.
 */
#ifndef TESTS_OWN_MEMORY_H
#define TESTS_OWN_MEMORY_H

#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "src/lab/marshal.h"
#include "src/lab/unmarshal.h"

/* Some machines have one system call for poll() and ppoll(), for epoll_wait() and epoll_pwait() … */
#ifdef SYS_poll
#define SHARES_ROWS false
#else
#define SHARES_ROWS true
#endif

/* ---- the memory of this process ---- */

static struct {
	size_t reads, bytes; /* that unmarshal asked for since they were cleared */
} asked;

size_t peek_bytes(const struct peek *m, uint64_t at, void *dst, size_t len)
{
	struct iovec to = { .iov_base = dst, .iov_len = len };
	struct iovec from = { .iov_base = (void *)(uintptr_t)at, .iov_len = len };
	ssize_t got = process_vm_readv(m->tid, &to, 1, &from, 1, 0);

	asked.reads++;
	asked.bytes += len;
	return got > 0 ? (size_t)got : 0;
}

int peek_all(const struct peek *m, uint64_t at, void *dst, size_t len)
{
	return peek_bytes(m, at, dst, len) == len ? 0 : -1;
}

static struct peek self(void)
{
	return (struct peek){ .tid = getpid(), .word = sizeof(long) };
}

static uint64_t seed = 20240607;

static inline uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % sides;
}

#endif
