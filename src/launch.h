/*
 * launch: starts programs of the user in their order: the servers, and when each of them waits for peers the others.
 * It says when the run is over, and with which status.
 */
#ifndef SOCKLENS_LAUNCH_H
#define SOCKLENS_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/err.h"
#include "src/session.h"

#define LAUNCH_PROGRAMS	(SESSION_PROGRAMS - 2)
#define LAUNCH_LISTEN_S	10	/* that a server may take until it listens */

struct launch_program {
	char name[EVENT_NAME];
	const char *host;	/* borrowed, as the command */
	const char *command;
	bool server;
	bool runs;		/* already */
};

struct launch_config {
	struct launch_program program[LAUNCH_PROGRAMS];
	size_t programs;
	bool no_wait;		/* all at once */
};

enum launch_state {
	LAUNCH_WAITING,		/* for a server to listen */
	LAUNCH_RUNNING,
	LAUNCH_OVER,		/* the clients (without any: the servers) have ended, and the wire is quiet */
	LAUNCH_FAILED,		/* a command cannot be run, or a server ended before it listened */
};

struct launch;

struct launch *launch_new(struct session *s, const struct launch_config *c, struct err *e);
void launch_free(struct launch *l);

/* Does what is due.  e: why, once, when it becomes LAUNCH_FAILED. */
enum launch_state launch_work(struct launch *l, struct err *e);
/* The program that a person has to do with: the first client, or else the first server; NULL: there is none. */
const char *launch_first(const struct launch *l);

int launch_timeout_ms(const struct launch *l);	/* after which it is due again; -1: never */

/* What it waits for: true, and e says which server does not listen, and that the client was not started. */
bool launch_waits(const struct launch *l, struct err *e);

/*
 * Of a command that could not be run, as sh(1) and env(1) have it: LAUNCH_NOT_FOUND, LAUNCH_NOT_EXECUTED; 0: that is not
 * what happened.
 */
#define LAUNCH_NOT_EXECUTED	126
#define LAUNCH_NOT_FOUND	127
int launch_refused(const struct launch *l);

/* Of the first client (without any: of the first server): as a shell has it, 128+N for signal N.  -1: it runs, or never did. */
int launch_status(const struct launch *l);

#endif
