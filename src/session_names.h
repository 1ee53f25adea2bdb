/*
 * session_names: more questions to a session, which the language asks: its threads' names, and the family of the
 * socket behind a descriptor.
 */
#ifndef SOCKLENS_SESSION_NAMES_H
#define SOCKLENS_SESSION_NAMES_H

#include "src/session.h"

/* Threads of a program, 1 or more (0 in a recording); the first has the program's name. */
uint32_t session_threads(const struct session *s, size_t program);
const char *session_thread_name(const struct session *s, size_t program, uint32_t thread);

/* AF_* of the socket behind a program's descriptor; AF_UNSPEC if it is not known. */
int session_fd_family(const struct session *s, size_t program, int fd);

#endif
