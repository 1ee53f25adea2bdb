/*
 * Reports go into the ring.  When it is full the tracing process waits, and with it whatever it traces: the program
 * goes no faster than it can be recorded.  If that lasts, calls that only carry data are left out, until
 * the reader has caught up; then a note says how many.
 */
#include "src/lab/tracee.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include "src/core/clock.h"
#include "src/core/safe.h"
#include "src/core/str.h"

#define WAIT_MS	    1
#define PATIENCE_NS (500 * NS_PER_MS) /* waited for room before calls are left out */
#define ROOM_LITTLE (RING_BYTES / 8)
#define ROOM_MUCH   (RING_BYTES / 4 * 3)

/* A moment's wait.  False: there is no reader any more. */
static bool wait_for_room(struct watch *w)
{
	struct pollfd gone = { .fd = w->control };
	int64_t before = clock_monotonic_ns();

	if (poll(&gone, 1, WAIT_MS) > 0 && gone.revents)
		w->leaving = true;
	w->thinning.waited_ns += clock_monotonic_ns() - before;
	return !w->leaving;
}

void tracee_tell(struct watch *w, const struct traced *r)
{
	size_t len = traced_encode(r, w->record, sizeof(w->record));

	if (len == 0)
		return;
	while (!ring_put(w->ring, w->record, len))
		if (!wait_for_room(w))
			return;
}

void tracee_end_thinning(struct watch *w)
{
	uint64_t left_out = w->thinning.left_out;

	if (!w->thinning.on)
		return;
	w->thinning.on = false;
	w->thinning.left_out = 0;
	tracee_note(w, NULL, NOTE_THINNED,
		    "calls came faster than they can be recorded: %llu that send, receive or wait "
		    "are not shown",
		    (unsigned long long)left_out);
}

bool tracee_has_room(struct watch *w)
{
	struct thinning *thin = &w->thinning;
	size_t room = ring_room(w->ring);

	if (room > ROOM_MUCH)
		thin->waited_ns = 0;
	if (room > ROOM_MUCH)
		tracee_end_thinning(w);
	while (!thin->on && room < ROOM_LITTLE) {
		thin->on = thin->waited_ns > PATIENCE_NS || !wait_for_room(w);
		room = ring_room(w->ring);
	}
	thin->left_out += thin->on;
	return !thin->on;
}

void tracee_started(struct watch *w, const struct err *e)
{
	struct traced_start s = { .started = !e, .pid = w->first };

	if (e)
		s.err = *e;
	w->started = !e;
	(void)!send(w->control, &s, sizeof(s), MSG_NOSIGNAL);
}

void tracee_output(struct watch *w, const struct task *t, int stream, int64_t ts_ns,
		   const void *bytes, size_t len)
{
	struct traced r = {
		.kind = TRACED_OUTPUT,
		.task = t ? t->number : 0,
		.process = t ? t->process->number : 0,
		.ts_ns = ts_ns,
		.stream = stream,
		.text = (char *)(uintptr_t)bytes,
		.len = len,
	};

	if (len)
		tracee_tell(w, &r);
}

void tracee_note(struct watch *w, const struct task *t, enum note which, const char *fmt, ...)
{
	char text[512], harmless[sizeof(text) * 4];
	struct str raw = str_on(text, sizeof(text)), safe = str_on(harmless, sizeof(harmless));
	struct traced r = { .kind = TRACED_NOTE,
			    .task = t ? t->number : 0,
			    .process = t ? t->process->number : 0,
			    .ts_ns = clock_now_ns() };
	va_list ap;

	if (w->noted & 1u << which & ~NOTE_ALWAYS)
		return;
	w->noted |= 1u << which;
	va_start(ap, fmt);
	str_addv(&raw, fmt, ap);
	va_end(ap);
	safe_add_line(&safe, raw.buf, raw.len);
	r.text = safe.buf;
	r.len = safe.len;
	tracee_tell(w, &r);
}
