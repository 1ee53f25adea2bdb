/*
 * session_set: the sysctls and routes of a session's hosts, for `set`.
 */
#ifndef SOCKLENS_SESSION_SET_H
#define SOCKLENS_SESSION_SET_H

#include "src/session.h"
#include "src/setting.h"

/*
 * Does what a line says on a host (by its name; "": on all), and records it with what was so before.  value: of a
 * sysctl; NULL of a route.  On error e says what could be set, and e->code is SESSION_SET_LACKS where it is the kernel
 * that has no such setting, or does not allow it.
 */
int session_set(struct session *s, const char *host, const struct setting_line *l, const char *value, struct err *e);
#define SESSION_SET_LACKS	77

/* Whether the hosts have what a line sets, as far as its name is known; why receives one line if not. */
bool session_set_met(struct session *s, const struct setting_line *l, struct str *why);

#endif
