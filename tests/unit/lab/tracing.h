/*
 * tracing: running a program under the tracer in a test, and what it reported, as a list.
 */
#ifndef SOCKLENS_TESTS_LAB_TRACING_H
#define SOCKLENS_TESTS_LAB_TRACING_H

#include "tests/unit/lab/child.h"

#include <poll.h>
#include <signal.h>

#include "src/core/clock.h"
#include "src/lab/tracer.h"

#define PATIENCE_MS	40000	/* for anything that must happen */

struct seen_all {
	struct traced *r;
	size_t count, room;
};

/* The next report; 0: none yet, and a moment was waited. */
static inline int report_within(struct tracer *t, struct traced *r, int ms)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	struct err e = { .what = "" };
	int fd[2], n = tracer_next(t, r, &e);
	size_t count;

	if (n)
		return n;
	count = tracer_fds(t, fd);
	p[0].fd = fd[0];
	p[1].fd = fd[1];
	if (tracer_timeout(t) >= 0 && tracer_timeout(t) < ms)
		ms = tracer_timeout(t);
	poll(p, count, ms);
	return tracer_next(t, r, &e);
}

static inline struct traced *keep_report(struct seen_all *s, const struct traced *r)
{
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->r = realloc(s->r, s->room * sizeof(*s->r));
		CHECK(s->r);
	}
	s->r[s->count] = *r;
	return &s->r[s->count++];
}

/* Reads reports until one of that kind (and, if it is not NULL, of that call) is there. */
static inline struct traced *read_until(struct tracer *t, struct seen_all *s, enum traced_kind kind, const char *call)
{
	int64_t until = clock_monotonic_ns() + PATIENCE_MS * NS_PER_MS;
	struct traced r, *kept;

	for (;;) {
		int n = report_within(t, &r, 1000);

		CHECK(n >= 0);
		CHECK(clock_monotonic_ns() < until);
		if (n == 0)
			continue;
		kept = keep_report(s, &r);
		if (r.kind == kind && (!call || (r.request.call && !strcmp(r.request.call->name, call))))
			return kept;
	}
}

static inline void forget_reports(struct seen_all *s)
{
	for (size_t i = 0; i < s->count; i++)
		traced_fini(&s->r[i]);
	free(s->r);
	*s = (struct seen_all){ .count = 0 };
}

/* The nth (0, 1, …) report of a kind and, for ENTER and LEAVE, of a call; NULL. */
static inline const struct traced *find_report(const struct seen_all *s, enum traced_kind kind, const char *call, size_t nth)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct traced *r = &s->r[i], *enter = r;

		if (r->kind != kind)
			continue;
		for (size_t k = 0; call && kind == TRACED_LEAVE && k < i; k++)
			if (s->r[k].kind == TRACED_ENTER && s->r[k].number == r->number)
				enter = &s->r[k];
		if (call && (!enter->request.call || strcmp(enter->request.call->name, call)))
			continue;
		if (nth-- == 0)
			return r;
	}
	return NULL;
}

static inline size_t count_reports(const struct seen_all *s, enum traced_kind kind, const char *call)
{
	size_t n = 0;

	while (find_report(s, kind, call, n))
		n++;
	return n;
}

/* All text of a stream, or of notes (stream 0), NUL-terminated. */
static inline const char *all_text(const struct seen_all *s, int stream)
{
	static char text[65536];
	struct str out = str_on(text, sizeof(text));

	for (size_t i = 0; i < s->count; i++)
		if (s->r[i].kind == (stream ? TRACED_OUTPUT : TRACED_NOTE) && s->r[i].stream == stream)
			str_addn(&out, s->r[i].text, s->r[i].len);
	return text;
}

/* Every report fits those before it: threads begin once and end once, calls return to who entered them, time goes on. */
static inline void check_reports(const struct seen_all *s)
{
	uint32_t tasks = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct traced *r = &s->r[i];

		if (r->kind == TRACED_TASK)
			CHECK(r->task == tasks++);
		else
			CHECK(r->task < tasks || r->kind == TRACED_NOTE || r->kind == TRACED_END);
		if (i && r->kind == s->r[i - 1].kind && r->task == s->r[i - 1].task)
			CHECK(r->kind != TRACED_ENTER && r->kind != TRACED_LEAVE);
	}
}

#endif
