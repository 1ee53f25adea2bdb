/*
 * peek: the memory of a traced thread, which is anybody's bytes.
 */
#ifndef SOCKLENS_LAB_PEEK_H
#define SOCKLENS_LAB_PEEK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct peek {
	pid_t tid;		/* stopped */
	unsigned word;		/* bytes of a pointer and of a long: 8; 4 for a 32-bit program */
};

/* Copies len bytes; returns how many were readable from the beginning (process_vm_readv(2)). */
size_t peek_bytes(const struct peek *m, uint64_t at, void *dst, size_t len);

/* Copies exactly len bytes: 0, or -1. */
int peek_all(const struct peek *m, uint64_t at, void *dst, size_t len);

#endif
