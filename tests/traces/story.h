/*
 * story: a lab's trace as the row of steps in which the wire saw them: a packet left its host, a packet arrived, a
 * kernel's socket was sampled.
 *
 * The wire's thread writes its events in the order in which it does things, so their offsets in the file are that
 * order, but for two things.  When a packet arrived that nothing had stopped is not written: it was right before the sample
 * that its arrival changed; if it changed none, behind all that left together with it.  And a sample shows what was so
 * at its time: if a FIN or a RST of its host left before that, which the wire took in later, it stands behind it.
 */
#ifndef SOCKLENS_TESTS_STORY_H
#define SOCKLENS_TESTS_STORY_H

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/trace.h"

struct story_packet {
	struct packet p;
	uint64_t number;
	uint64_t offset;
	int64_t ts_ns;
	uint8_t host;
	uint32_t conn;		/* CONN_NONE: no TCP segment */
	int dir;
	bool stopped;		/* it did not arrive at once */
	uint32_t arrivals;	/* of it and its copies */
	int64_t due_ns;		/* when it, or its last release, should arrive */
	uint64_t sampled, last;	/* keys of the first and last sample that its arrival changed; 0: none */
};

struct story_sample {
	int64_t ts_ns;
	bool moved;		/* it stands behind a segment that left before it */
	uint8_t host;
	uint64_t cookie;
	enum state_by by;
	uint64_t by_number;
	enum sock_state state;
	struct addr local, remote;
	uint32_t recvq, sendq;
};

enum step_kind { STEP_LEFT, STEP_ARRIVED, STEP_LOST, STEP_SAMPLE, STEP_CALL };

struct step {
	uint64_t key;		/* their order */
	int64_t due_ns;		/* ARRIVED: when it should */
	enum step_kind kind;
	uint32_t index;		/* LEFT, ARRIVED, LOST: of packet[]; SAMPLE: of sample[] */
	char call[EVENT_NAME];	/* CALL: its name, or "end" of a program */
	uint8_t host;
};

struct story {
	struct story_packet *packet;
	struct story_sample *sample;
	struct step *step;
	uint32_t packets, samples, steps, conns;
	int64_t delay_ns[2];	/* of the packets of each host, now */
	int64_t last_due_ns[2];	/* of what they sent so far: a wire does not overtake itself */
	int64_t ended_ns;	/* time of its last event */
	uint32_t *alias;	/* of each connection of the trace: the one that it goes on */
	bool *turned;		/* … its ends are the other's, exchanged */
	uint64_t thinned;	/* offset from which on sockets were not looked at after each packet; 0: never */
	bool deferred;		/* TCP_DEFER_ACCEPT is about */
};

static inline void *story_array(size_t count, size_t size)
{
	void *a = calloc(count + 1, size);

	if (!a)
		abort();
	return a;
}

static inline struct story_packet *story_find(struct story *s, uint64_t number)
{
	for (uint32_t i = 0; i < s->packets; i++)
		if (s->packet[i].number == number)
			return &s->packet[i];
	return NULL;
}

static inline struct step *story_add(struct story *s, enum step_kind kind, uint64_t key, uint32_t index)
{
	struct step *step = &s->step[s->steps++];

	*step = (struct step){ .kind = kind, .key = key, .index = index };
	return step;
}

/*
 * A SYN+ACK behind a FIN begins another connection for the tracker, as it does for tshark; with the number of a SYN
 * that was seen it is the same one: both ends opened it, and one has closed already.
 */
static inline void story_join(struct story *s, struct story_packet *k)
{
	bool known = k->conn < s->conns;

	if (!known) {
		s->alias = realloc(s->alias, (k->conn + 1) * sizeof(*s->alias));
		s->turned = realloc(s->turned, k->conn + 1);
		for (; s->conns <= k->conn; s->conns++) {
			s->alias[s->conns] = s->conns;
			s->turned[s->conns] = false;
		}
	}
	for (uint32_t i = 0; !known && (k->p.flags & TCP_SYN) && (k->p.flags & TCP_ACK) && i < s->packets; i++) {
		const struct story_packet *o = &s->packet[i];

		if (o->conn == CONN_NONE || !(o->p.flags & TCP_SYN) || o->p.seq != k->p.seq || o->host != k->host ||
		    o->p.src_port != k->p.src_port || o->p.dst_port != k->p.dst_port)
			continue;
		s->alias[k->conn] = o->conn;
		s->turned[k->conn] = o->dir != k->dir;
	}
	k->dir ^= s->turned[k->conn];
	k->conn = s->alias[k->conn];
}

static inline void story_add_packet(struct story *s, const struct trace_entry *entry, const struct event *ev)
{
	struct story_packet *k = &s->packet[s->packets];

	*k = (struct story_packet){ .number = ev->packet.number, .offset = entry->offset, .ts_ns = ev->ts_ns, .host = ev->host,
				    .conn = entry->conn, .dir = entry->dir };
	packet_parse(&k->p, LINK_ETHERNET, ev->packet.data, ev->packet.caplen, ev->packet.len);
	if (k->p.protocol != IPPROTO_TCP || !k->p.has_segment)
		k->conn = CONN_NONE;
	else
		story_join(s, k);
	k->due_ns = k->ts_ns > s->last_due_ns[k->host & 1] ? k->ts_ns : s->last_due_ns[k->host & 1];
	story_add(s, STEP_LEFT, entry->offset * 4, s->packets++);
}

static inline void story_add_sample(struct story *s, const struct trace_entry *entry, const struct event *ev)
{
	const struct sock_sample *sock = &ev->state.sock;

	if (sock->protocol != IPPROTO_TCP)
		return;
	s->sample[s->samples] = (struct story_sample){
		.ts_ns = ev->ts_ns, .host = ev->host, .cookie = sock->cookie, .by = ev->state.by, .by_number = ev->state.by_number,
		.state = sock->state, .local = sock->local, .remote = sock->remote,
		.recvq = sock->recvq, .sendq = sock->sendq };
	story_add(s, STEP_SAMPLE, entry->offset * 4 + 1, s->samples++);
}

static inline void story_add_call(struct story *s, const struct trace_entry *entry, const struct event *ev)
{
	struct step *step = story_add(s, STEP_CALL, entry->offset * 4, 0);

	step->host = ev->host;
	snprintf(step->call, sizeof(step->call), "%s", ev->kind == EVENT_CALL ? ev->call.name : "end");
	for (uint32_t i = 0; ev->kind == EVENT_CALL && i < ev->call.args; i++)
		if (!strcmp(ev->call.arg[i].text, "TCP_DEFER_ACCEPT"))
			s->deferred = true;
}

static inline void story_set_out(struct story *s, struct story_packet *k, int64_t ts_ns)
{
	int64_t *last = &s->last_due_ns[k->host & 1], due = ts_ns + s->delay_ns[k->host & 1];

	*last = due > *last ? due : *last;
	k->due_ns = *last;
}

static inline void story_add_fate(struct story *s, const struct trace_entry *entry, const struct event *ev)
{
	struct story_packet *k = story_find(s, ev->wire.packet);

	if (!k)
		return;
	if (!ev->wire.copy && ev->wire.fate != WIRE_DUPLICATED)
		k->stopped = true;
	if (ev->wire.fate == WIRE_DROPPED || ev->wire.fate == WIRE_FAILED)
		story_add(s, STEP_LOST, entry->offset * 4, (uint32_t)(k - s->packet));
	if (ev->wire.fate == WIRE_DELAYED)
		story_set_out(s, k, k->ts_ns);
	if (ev->wire.fate == WIRE_RELEASED)
		story_set_out(s, k, ev->ts_ns);
	if (ev->wire.fate == WIRE_DELIVERED) {
		k->arrivals++;
		story_add(s, STEP_ARRIVED, entry->offset * 4, (uint32_t)(k - s->packet))->due_ns = k->due_ns;
	}
}

/* "delay 3ms from client" */
static inline void story_add_command(struct story *s, const struct event *ev)
{
	char unit[4] = "", from[16] = "";
	long long number = 0;
	int64_t ns;

	if (!ev->command.text || sscanf(ev->command.text, "delay %lld%3[a-z] from %15s", &number, unit, from) < 1)
		return;
	ns = number * (!strcmp(unit, "us") ? 1000 : 1000000);
	for (int host = 0; host < 2; host++)
		if (!from[0] || !strcmp(from, host ? "server" : "client"))
			s->delay_ns[host] = ns;
}

static inline void story_add_event(struct story *s, const struct trace_entry *entry, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_PACKET:
		story_add_packet(s, entry, ev);
		return;
	case EVENT_STATE:
		story_add_sample(s, entry, ev);
		return;
	case EVENT_WIRE:
		story_add_fate(s, entry, ev);
		return;
	case EVENT_CALL:
		story_add_call(s, entry, ev);
		return;
	case EVENT_PROGRAM:
		if (event_ends_thread(ev))
			story_add_call(s, entry, ev);
		return;
	case EVENT_NOTE:
		if (ev->note.kind == NOTE_LIMIT && !s->thinned)
			s->thinned = entry->offset * 4;
		return;
	case EVENT_COMMAND:
		story_add_command(s, ev);
		return;
	case EVENT_RETURN:
	case EVENT_OUTPUT:
	case EVENT_COUNTERS:
		return;
	}
}

/* When what passed at once arrived: which samples its arrival changed. */
static inline void story_find_evidence(struct story *s)
{
	for (uint32_t i = 0; i < s->steps; i++) {
		const struct story_sample *k = &s->sample[s->step[i].index];
		struct story_packet *p = NULL;

		if (s->step[i].kind == STEP_SAMPLE && k->by == BY_ARRIVAL)
			p = story_find(s, k->by_number);
		if (p && !p->sampled)
			p->sampled = s->step[i].key;
		if (p)
			p->last = s->step[i].key;
	}
}

static inline bool story_is_of_round(const struct story *s, const struct step *step, enum state_by by)
{
	return step->kind == STEP_CALL || step->kind == STEP_LOST ||
	       (step->kind == STEP_SAMPLE && s->sample[step->index].by == by);
}

/*
 * Behind all that the wire took in together with it: first the segments, then what was seen of their senders, then of
 * sockets that were called.
 */
static inline uint64_t story_end_of_round(const struct story *s, uint32_t steps, uint64_t key)
{
	uint32_t i = 0;

	while (i < steps && s->step[i].key < key)
		i++;
	for (; i < steps && s->step[i].kind == STEP_LEFT; i++)
		key = s->step[i].key;
	for (; i < steps && story_is_of_round(s, &s->step[i], BY_DEPARTURE); i++)
		key = s->step[i].key;
	for (; i < steps && story_is_of_round(s, &s->step[i], BY_CALL); i++)
		key = s->step[i].key;
	return key;
}

/* Behind the samples that an arrival changed. */
static inline uint64_t story_end_of_arrival(const struct story *s, uint32_t steps, uint32_t i)
{
	uint64_t key = s->step[i].key;

	for (i++; i < steps && story_is_of_round(s, &s->step[i], BY_ARRIVAL); i++)
		key = s->step[i].key;
	return key;
}

/* … and behind what should arrive before it: they are brought in the order in which they are due. */
static inline uint64_t story_behind_due(const struct story *s, uint32_t steps, uint64_t key, int64_t due_ns)
{
	for (uint32_t i = 0; i < steps; i++)
		if (s->step[i].kind == STEP_ARRIVED && s->step[i].due_ns <= due_ns &&
		    s->step[i].key > key)
			key = story_end_of_arrival(s, steps, i);
	return key;
}

/*
 * The lab may have ended when the wire had taken a packet in, and had not brought it yet.  It was brought if one behind
 * it was, or if there was time enough.
 */
static inline bool story_ended_before(const struct story *s, const struct story_packet *p)
{
	const int64_t enough_ns = 50000000;

	if (p->sampled || s->ended_ns - p->ts_ns >= enough_ns)
		return false;
	for (const struct story_packet *next = p + 1; next < s->packet + s->packets; next++)
		if (next->sampled || next->arrivals)
			return false;
	return true;
}

static inline void story_add_arrivals(struct story *s)
{
	uint32_t written = s->steps;
	uint64_t before = 0;

	for (uint32_t i = 0; i < s->packets; i++) {
		struct story_packet *p = &s->packet[i];
		uint64_t key;

		if (p->stopped || story_ended_before(s, p))
			continue;
		key = story_behind_due(s, written, story_end_of_round(s, written, p->offset * 4), p->due_ns) + 1;
		if (p->sampled)
			key = p->sampled - 1;
		if (key < before && !p->sampled)
			key = before;
		p->arrivals++;
		before = p->sampled ? p->last + 1 : key;
		story_add(s, STEP_ARRIVED, key, i);
	}
}

/* It does not acknowledge what it would, had that come: the next segment, or the answer to its SYN. */
static inline bool story_knows_not(const struct packet *p, const struct packet *coming)
{
	if ((p->flags & TCP_SYN) && !(p->flags & TCP_ACK))
		return (coming->flags & TCP_SYN) && (coming->flags & TCP_ACK) && coming->ack == p->seq + 1;
	return (p->flags & TCP_ACK) && !(p->flags & TCP_RST) && p->ack == coming->seq &&
	       (coming->payload_len || (coming->flags & TCP_FIN));
}

/* What left right before an expected segment arrived, and was taken in behind it. */
static inline void story_move_left(struct story *s)
{
	for (uint32_t i = 0; i < s->steps; i++) {
		const struct step *step = &s->step[i];
		const struct story_sample *k = &s->sample[step->index];
		const struct story_packet *m =
			step->kind == STEP_SAMPLE && k->by == BY_ARRIVAL ? story_find(s, k->by_number) : NULL;

		if (!m || m->conn == CONN_NONE || m->sampled != step->key)
			continue;
		for (uint32_t j = i + 1; j < s->steps; j++) {
			struct step *left = &s->step[j];
			const struct story_packet *p = &s->packet[left->index];

			if (left->kind == STEP_LEFT && p->conn == m->conn && p->dir != m->dir && p->ts_ns < k->ts_ns &&
			    story_knows_not(&p->p, &m->p))
				left->key = step->key - 2;
		}
	}
}

/* A segment of the sampled socket with which it says that it ends. */
static inline bool story_is_end_of(const struct story_packet *p, const struct story_sample *k)
{
	struct addr src, dst;

	return p->conn != CONN_NONE && (p->p.flags & (TCP_FIN | TCP_RST)) && p->host == k->host &&
	       packet_endpoints(&p->p, &src, &dst) && addr_equal(&src, &k->local) && addr_equal(&dst, &k->remote);
}

static inline void story_move_samples(struct story *s)
{
	for (uint32_t i = 0; i < s->steps; i++) {
		struct step *step = &s->step[i];
		struct story_sample *k = &s->sample[step->index];

		for (uint32_t p = 0; step->kind == STEP_SAMPLE && p < s->packets; p++)
			if (story_is_end_of(&s->packet[p], k) && s->packet[p].ts_ns < k->ts_ns &&
			    s->packet[p].offset * 4 > step->key) {
				step->key = s->packet[p].offset * 4 + 1;
				k->moved = true;
			}
	}
}

static inline int story_order(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->kind != y->kind ? (int)x->kind - (int)y->kind : (int)x->index - (int)y->index;
}

static inline int entry_order(const void *a, const void *b)
{
	const struct trace_entry *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static inline void story_load(struct story *s, struct trace *t)
{
	uint32_t rows = trace_rows(t);
	struct trace_entry *entry = story_array(rows, sizeof(*entry));

	for (uint32_t i = 0; i < rows; i++)
		entry[i] = *trace_entry(t, i);
	qsort(entry, rows, sizeof(*entry), entry_order);
	*s = (struct story){ .packet = story_array(rows, sizeof(*s->packet)),
			     .sample = story_array(rows, sizeof(*s->sample)),
			     .step = story_array(3 * (size_t)rows, sizeof(*s->step)) };
	for (uint32_t i = 0; i < rows; i++) {
		const struct event *ev = trace_event(t, trace_row_of(t, entry[i].offset), NULL);

		if (!ev)
			continue;
		s->ended_ns = ev->ts_ns > s->ended_ns ? ev->ts_ns : s->ended_ns;
		story_add_event(s, &entry[i], ev);
	}
	qsort(s->step, s->steps, sizeof(*s->step), story_order);
	story_find_evidence(s);
	story_move_left(s);
	story_move_samples(s);
	qsort(s->step, s->steps, sizeof(*s->step), story_order);
	story_find_evidence(s);
	story_add_arrivals(s);
	qsort(s->step, s->steps, sizeof(*s->step), story_order);
	free(entry);
}

static inline void story_free(struct story *s)
{
	free(s->alias);
	free(s->turned);
	free(s->packet);
	free(s->sample);
	free(s->step);
}

#endif
