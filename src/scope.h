/*
 * scope: the names that a line of the lab language may use: hosts, programs, threads, variables.
 *
 * For a file the parser fills it as it reads (a variable is known from the line that assigns it), so that a
 * wrong name is found before anything runs.  For the prompt it is made of the session.
 */
#ifndef SOCKLENS_SCOPE_H
#define SOCKLENS_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "src/core/addr.h"
#include "src/core/event.h"

#define SCOPE_NAME	EVENT_NAME	/* bytes of any name, with its NUL */
#define SCOPE_ACTORS	64
#define SCOPE_VARIABLES	256
#define SCOPE_PLACES	16

struct scope_actor {		/* a program's first thread (its name is the program's) or another one */
	char name[SCOPE_NAME];
	size_t program;
	bool thread;
	bool own;		/* a program of the user, which makes its own calls */
};

struct scope_variable {
	char name[SCOPE_NAME];
	size_t program;
	int family;		/* of the socket it names; AF_UNSPEC if that is not known */
};

struct scope {
	struct addr_name address[2 * HOSTS_MAX];
	struct addr_names addresses;
	char host[HOSTS_MAX][SCOPE_NAME];
	size_t hosts;
	struct scope_actor actor[SCOPE_ACTORS];
	size_t actors, programs;
	struct scope_variable variable[SCOPE_VARIABLES];
	size_t variables;
	char place[SCOPE_PLACES][64];	/* addresses that something is bound to: "server:8080" */
	size_t places;
};

/* The scope at the beginning of a lab file: hosts and programs "client" and "server", as the lab has them. */
void scope_init_lab(struct scope *sc);

/* Behind scope_init_lab(): the lab is one host, which has a name of its own. */
void scope_init_loopback(struct scope *sc);

/* An empty one, to be filled.  addresses is not copied. */
void scope_init(struct scope *sc, struct addr_names addresses);

/* False: no room, or the name is too long. */
bool scope_add_host(struct scope *sc, const char *name);
bool scope_add_program(struct scope *sc, const char *name);	/* its number is the next one; a known one stays as it is */
bool scope_add_own(struct scope *sc, const char *name);	/* the same for one of the user's; a known one becomes it */
bool scope_add_thread(struct scope *sc, const char *name, size_t program);
bool scope_set_variable(struct scope *sc, const char *name, size_t program, int family);
bool scope_add_place(struct scope *sc, const char *text);

/* NULL / -1: there is none of that name. */
const struct scope_actor *scope_actor(const struct scope *sc, const char *name, size_t len);
const struct scope_variable *scope_variable(const struct scope *sc, size_t program, const char *name, size_t len);
int scope_host(const struct scope *sc, const char *name, size_t len);

/* Whether len bytes are exactly this name. */
bool scope_is(const char *have, const char *name, size_t len);

#endif
