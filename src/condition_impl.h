/*
 * condition_impl: what the parts of conditions share.  condition.c: the places, variables, programs;
 * condition_packet.c: packets; condition_socket.c: states and samples; condition_cause.c: causes and counters.
 */
#ifndef SOCKLENS_CONDITION_IMPL_H
#define SOCKLENS_CONDITION_IMPL_H

#include "capture/trace.h"
#include "src/condition.h"

#define CONDITION_COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct bound { /* a variable, and the socket that it means */
	char name[SCOPE_NAME];
	size_t program;
	int fd;
	int socket; /* -1: not in the trace yet */
	bool stale; /* its descriptor went to another variable before it was ever sampled */
	uint64_t matched; /* id of the STATE that was matched last; 0 none */
};

struct returned {
	size_t program;
	uint32_t thread;
	uint64_t call; /* number of the last call whose return was matched */
};

struct own_place { /* up to which a descriptor of a user's program was looked at */
	size_t program;
	int fd;
	uint64_t matched; /* id of the STATE that was matched last */
};

struct counted_place { /* up to which a counter of a host was looked at */
	int host;
	const struct counter_row *counter;
	uint64_t met; /* what it had grown by in all when it was met last */
};

#define BOUND_MAX SCOPE_VARIABLES

struct places {
	uint64_t packet; /* number of the last packet that was matched */
	const struct condition *looking; /* the condition that no packet up to `looked` met */
	uint64_t looked;
	uint64_t lost[WIRE_FATES]; /* id of the last WIRE event of each fate that was matched */
	uint64_t host_state
		[HOSTS_MAX]; /* id of the last STATE that was matched at any socket of a host */
	uint64_t exit[SESSION_PROGRAMS]; /* id of the last exit of a program that was matched */
	struct bound bound[BOUND_MAX];
	size_t bounds;
	struct returned returned[SCOPE_ACTORS];
	size_t returneds;
	uint64_t call[SESSION_PROGRAMS]; /* id of the last CALL or RETURN that `call` matched */
	uint64_t output[SESSION_PROGRAMS]; /* … of the last OUTPUT */
	struct own_place own_place[64];
	size_t own_places;
	uint64_t cause[HOSTS_MAX]; /* number of the last packet whose cause was matched, of each host */
	struct counted_place counting[64];
	size_t countings;
	const struct condition *own_looking; /* the one that nothing up to own_looked met */
	uint64_t own_looked;
};

/* The program that a condition names; -1, and a word about it in seen. */
int condition_program(const struct condition *c, const struct session *s, uint32_t *thread,
		      struct str *seen);

/* The record of a variable that has a value; made or renewed where the value is another one. */
struct bound *places_variable(struct places *p, const struct session *s, size_t program,
			      const char *name);

/* Parts of conditions, for who asks instead of expecting (witness.c, sheet.c). */
struct seen_packet {
	const struct event *ev; /* borrowed as from trace_event() */
	struct packet packet;
	const struct conn *conn; /* NULL if it has none */
	int dir;
};
bool condition_read_packet(struct trace *t, uint32_t row, struct seen_packet *out);
bool condition_pattern_fits(const struct packet_pattern *want, struct trace *t, uint32_t row);
void condition_packet_flags(struct trace *t, uint32_t row, struct str *out);
bool condition_packet_number(struct trace *t, uint32_t row, size_t field, int64_t *out);
/* The socket that a condition means; -1, and a word about it in seen, while there is none. */
int condition_socket_of(const struct condition *c, struct places *p, struct session *s,
			struct str *seen);
/* A number of its newest sample. */
bool condition_sample_number(struct trace *t, int socket, size_t field, uint32_t *out);

enum condition_answer condition_packet(const struct condition *c, struct places *p,
				       struct session *s, struct str *seen);
enum condition_answer condition_lost(const struct condition *c, struct places *p,
				     struct session *s, struct str *seen);
enum condition_answer condition_held(const struct condition *c, struct session *s,
				     struct str *seen);
enum condition_answer condition_state(const struct condition *c, struct places *p,
				      struct session *s, struct str *seen);
enum condition_answer condition_fd_state(const struct condition *c, struct places *p,
					 struct session *s, struct str *seen);
enum condition_answer condition_call(const struct condition *c, const struct result *want,
				     struct places *p, struct session *s, struct str *seen);
enum condition_answer condition_output(const struct condition *c, struct places *p,
				       struct session *s, struct str *seen);
enum condition_answer condition_cause(const struct condition *c, struct places *p,
				      struct session *s, struct str *seen);
enum condition_answer condition_counter(const struct condition *c, struct places *p,
					struct session *s, struct str *seen);
enum condition_answer condition_sample(const struct condition *c, struct places *p,
				       struct session *s, struct str *seen);

#endif
