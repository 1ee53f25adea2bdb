/*
 * key: what names the socket behind a descriptor of this process.
 */
#ifndef SOCKLENS_LAB_KEY_H
#define SOCKLENS_LAB_KEY_H

#include "src/lab/sample.h"

/* All zeros if fd is no socket. */
struct sock_key key_of_fd(int fd);

#endif
