/*
 * watched: which descriptor an epoll instance of a traced program means by the data that it gives back: proc(5),
 * /proc/PID/fdinfo/FD.
 *
 * Programs put what they like beside a descriptor: the descriptor (with anything in the upper half, since data.fd is
 * one of a union), or a pointer of theirs.
 */
#ifndef SOCKLENS_LAB_WATCHED_H
#define SOCKLENS_LAB_WATCHED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WATCHED_MAX	256	/* descriptors of one instance that are read */

struct watched {
	struct {
		int fd;
		uint64_t data;
	} row[WATCHED_MAX];
	size_t rows;		/* 0 where nothing could be read */
};

/* Reads the list of a descriptor of a thread's process. */
void watched_read(struct watched *w, pid_t tid, int epfd);

/* The descriptor of these data; -1 if there is none, or more than one. */
int watched_fd(const struct watched *w, uint64_t data);

#endif
