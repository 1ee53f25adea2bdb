/*
 * A call, at its entry and at its return.  Most calls that stop are none that are reported (a read of a file): these go
 * on at once and do not stop at their return.  Others stop twice.  What is needed of the program's memory is read
 * while it is stopped; the report is written when it runs again.
 *
 * A call that a signal interrupts returns a number that the program never sees (ERESTARTSYS and others): the kernel
 * makes it again, or turns it into EINTR when a handler has run.  What came of it shows when the thread next stops:
 * the same call again, restart_syscall(2), or the handler's rt_sigreturn(2), which has the result.  Until then
 * the call is not over; a handler that makes a call of its own has interrupted it.
 */
#include "src/lab/tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "src/core/str.h"
#include "src/lab/unmarshal.h"

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#define OUR_ARCH 0 /* not checked */
#endif

/* What the kernel returns to itself: include/linux/errno.h. */
#define ERESTART_FIRST 512
#define ERESTART_LAST  516

#define MADE 256 /* descriptors that one call makes: SCM_MAX_FD of the kernel is 253 */

/* 1 or 2 where it writes to the program's standard output or error; else 0. */
static int stream_of(struct watch *w, struct task *t)
{
	enum behind is =
		t->plan->output == OUTPUT_NONE ? BEHIND_OTHER : fd_behind(w, t, (int32_t)t->reg[0]);

	return is == BEHIND_OUT ? 1 : is == BEHIND_ERR ? 2 : 0;
}

/* ---- what it does to what we know ---- */

static uint64_t flags_of_clone(const struct task *t)
{
	const struct peek m = task_memory(t);
	uint64_t flags = 0;

	if (t->nr == SYS_clone)
		return t->reg[0];
	if (t->nr == SYS_clone3 && peek_all(&m, t->reg[0], &flags, sizeof(flags)))
		return 0;
	return flags;
}

static void own_files(struct task *t)
{
	if (t->files->users == 1)
		return;
	files_release(t->files);
	t->files = files_new();
}

/* A child that nobody traces could do without its calls nothing, and would be left running at the end. */
static void keep_traced(struct task *t)
{
	t->clone_flags &= ~(uint64_t)CLONE_UNTRACED;
	if (t->nr == SYS_clone)
		(void)regs_set_first(t->tid, t->clone_flags);
	else
		(void)ptrace(PTRACE_POKEDATA, t->tid, t->reg[0], (long)t->clone_flags);
}

static void about_to_fork(struct watch *w, struct task *t)
{
	if (w->tasks >= TRACER_TASKS && regs_skip_call(t->tid, EAGAIN) == 0) {
		tracee_note(w, t, NOTE_TASKS,
			    "%s has reached the limit of %d threads and processes: fork() and "
			    "clone() fail with EAGAIN from here on",
			    t->process->comm, TRACER_TASKS);
		return;
	}
	t->forking = true;
	t->clone_flags = flags_of_clone(t);
	if (t->clone_flags & CLONE_UNTRACED)
		keep_traced(t);
}

/* Before it is made.  True if its return must be seen too. */
static bool begin_effect(struct watch *w, struct task *t)
{
	bool shared = t->files->users > 1;

	switch (t->plan->effect) {
	case EFFECT_CLOSES:
	case EFFECT_REPLACES:
	case EFFECT_CLOSES_MANY:
		if (t->plan->effect == EFFECT_CLOSES_MANY &&
		    t->reg[2] & 2 /* CLOSE_RANGE_UNSHARE */)
			own_files(t);
		if (shared)
			t->files->closing++;
		return shared;
	case EFFECT_FORKS:
		about_to_fork(w, t);
		return t->forking;
	case EFFECT_UNSHARES:
		if (t->reg[0] & CLONE_FILES)
			own_files(t);
		return false;
	case EFFECT_NAMES:
		return t->reg[0] == PR_SET_NAME;
	case EFFECT_URING:
		tracee_note(w, t, NOTE_URING,
			    "%s uses io_uring(7): what it does through it is not seen as calls",
			    t->process->comm);
		return false;
	case EFFECT_SIGNAL_ENDS:
		return t->interrupted;
	case EFFECT_TRACES:
	case EFFECT_CHANGES_USER:
		return true;
	case EFFECT_NONE:
	case EFFECT_MAKES:
	case EFFECT_MAKES_PAIR:
	case EFFECT_ADDRESS:
	case EFFECT_RESTARTS:
		break;
	}
	return false;
}

/* What was closed, as far as it is known by the registers. */
static void end_effect(struct watch *w, struct task *t, int64_t result)
{
	switch (t->plan->effect) {
	case EFFECT_CLOSES:
		files_forget(t->files, (int32_t)t->reg[0]);
		break;
	case EFFECT_REPLACES:
		files_forget(t->files, (int32_t)t->reg[1]);
		break;
	case EFFECT_CLOSES_MANY:
		files_flush(t->files);
		break;
	case EFFECT_MAKES:
		files_forget(t->files, result);
		break;
	case EFFECT_ADDRESS:
		fd_is_stale(t, (int32_t)t->reg[0]);
		break;
	case EFFECT_NAMES:
		task_read_comm(t);
		break;
	case EFFECT_TRACES:
		if (result == -EPERM)
			tracee_note(w, t, NOTE_TRACES,
				    "%s was refused to trace a process (ptrace(2)): a process "
				    "has one tracer at most, and here that is socklens",
				    t->process->comm);
		break;
	case EFFECT_CHANGES_USER:
		if (result == -EPERM || result == -EINVAL)
			tracee_note(w, t, NOTE_USER,
				    "%s was refused another user or group (setuid(2), "
				    "setgroups(2)): here it has only its own",
				    t->process->comm);
		break;
	case EFFECT_FORKS:
		t->forking = false;
		stop_adopt(w);
		break;
	case EFFECT_NONE:
	case EFFECT_MAKES_PAIR:
	case EFFECT_UNSHARES:
	case EFFECT_URING:
	case EFFECT_SIGNAL_ENDS:
	case EFFECT_RESTARTS:
		break;
	}
}

static bool closes_something(const struct task *t)
{
	return t->plan->effect == EFFECT_CLOSES || t->plan->effect == EFFECT_REPLACES ||
	       t->plan->effect == EFFECT_CLOSES_MANY;
}

/* ---- reports ---- */

static void forget_call(struct task *t)
{
	call_request_fini(&t->request);
	memset(&t->request, 0, sizeof(t->request));
	t->reported = t->interrupted = false;
}

static void tell_enter(struct watch *w, struct task *t, int64_t ts_ns)
{
	struct traced r = {
		.kind = TRACED_ENTER,
		.task = t->number,
		.process = t->process->number,
		.ts_ns = ts_ns,
		.number = t->number_of_call,
		.request = t->request,
	};

	if (t->named)
		str_copy(r.thread_name, sizeof(r.thread_name), t->comm);
	tracee_tell(w, &r);
}

static void tell_leave(struct watch *w, struct task *t, struct traced *r)
{
	r->kind = TRACED_LEAVE;
	r->task = t->number;
	r->process = t->process->number;
	r->number = t->number_of_call;
	tracee_tell(w, r);
	call_outcome_fini(&r->outcome);
	forget_call(t);
}

/* It was interrupted, and something else goes on in its thread. */
static void tell_interrupted(struct watch *w, struct task *t, int64_t ts_ns)
{
	struct traced r = { .ts_ns = ts_ns, .second = -1 };

	if (!t->reported)
		return;
	r.outcome.result = -1;
	r.outcome.error = EINTR;
	r.outcome.blocked = t->slept;
	tell_leave(w, t, &r);
}

/* ---- entry ---- */

bool call_carries_data(const struct call_request *r)
{
	enum call_result result = r->call->result;

	return result == RESULT_BYTES || result == RESULT_COUNT || result == RESULT_MESSAGES;
}

/* Whether the call can be reported; then t has its request. */
static bool take_request(struct watch *w, struct task *t)
{
	const struct peek m = task_memory(t);

	if (unmarshal_enter(&t->request, t->nr, t->reg, &m))
		return false;
	if (!call_carries_data(&t->request) || tracee_has_room(w))
		return true;
	call_request_fini(&t->request);
	memset(&t->request, 0, sizeof(t->request));
	return false;
}

static bool is_same_call(const struct task *t, long nr, const uint64_t *reg)
{
	return t->nr == nr && memcmp(t->reg, reg, sizeof(t->reg)) == 0;
}

/* A thread whose call was interrupted makes another.  True if it is the same one, which goes on. */
static bool goes_on(struct watch *w, struct task *t, long nr, const uint64_t *reg,
		    const struct stop *s)
{
	if (nr != SYS_restart_syscall && !is_same_call(t, nr, reg)) {
		tell_interrupted(w, t, s->ts_ns);
		return false;
	}
	t->interrupted = false;
	t->in_call = true;
	if (t->reported)
		sleep_begins(t, &s->usage);
	task_resume(w, t, 0);
	return true;
}

/* The end of a handler: its return says what becomes of the interrupted call, whose registers are kept. */
static void handler_ends(struct watch *w, struct task *t)
{
	static const struct plan handler = { .effect = EFFECT_SIGNAL_ENDS };

	t->in_call = true;
	t->plan = &handler;
	task_resume(w, t, 0);
}

static void enter_planned(struct watch *w, struct task *t, const struct stop *s)
{
	bool wanted = call_is_wanted(w, t), watched;

	t->stream = stream_of(w, t);
	t->reported = wanted && take_request(w, t);
	if (t->reported && t->plan->effect == EFFECT_CLOSES)
		t->closed = fd_key(w, t, (int32_t)t->reg[0]);
	watched = begin_effect(w, t);
	if (t->reported)
		sleep_begins(t, &s->usage);
	t->in_call = t->reported || t->stream || watched;
	if (!t->in_call && closes_something(t))
		end_effect(w, t, -1);
	if (t->reported)
		t->number_of_call = ++w->calls;
	task_resume(w, t, 0);
	if (t->reported)
		tell_enter(w, t, s->ts_ns);
}

void call_enter(struct watch *w, struct task *t, const struct stop *s)
{
	/* The two kinds of entry have the number and the arguments in the same places. */
	long nr = (long)s->call.entry.nr;
	const uint64_t *reg = s->call.entry.args;
	bool known = nr >= 0 && nr < PLANS && (!OUR_ARCH || s->call.arch == OUR_ARCH);

	if (t->interrupted && nr == SYS_rt_sigreturn) {
		handler_ends(w, t);
		return;
	}
	if (t->interrupted && known && goes_on(w, t, nr, reg, s))
		return;
	t->in_call = t->reported = t->slept = false;
	t->stream = 0;
	if (!known || plan_is_empty(&w->plans.of[nr])) {
		task_resume(w, t, 0);
		return;
	}
	t->nr = nr;
	memcpy(t->reg, reg, sizeof(t->reg));
	t->plan = &w->plans.of[nr];
	enter_planned(w, t, s);
}

/* ---- return ---- */

/* TCP takes MSG_TRUNC as "throw the bytes away": tcp(7).  The buffer holds nothing then. */
static void drop_unwritten(const struct call_request *r, struct traced *out)
{
	if (!(call_number_of(r, ARG_MSG_FLAGS) & MSG_TRUNC) || out->sock.protocol != IPPROTO_TCP ||
	    r->call->result != RESULT_BYTES)
		return;
	free(out->outcome.data);
	out->outcome.data = NULL;
	out->outcome.data_kept = 0;
}

/* The descriptors that the program has got: nothing that was known of their numbers is true any more. */
static void find_made(struct watch *w, struct task *t, struct traced *out)
{
	int fd[MADE];
	size_t made = call_fds_made(&t->request, &out->outcome, fd, MADE);

	for (size_t i = 0; i < made; i++)
		files_forget(t->files, fd[i]);
	if (made > 0)
		out->made = fd_key(w, t, fd[0]);
	if (made > 1) {
		out->made_second = fd_key(w, t, fd[1]);
		out->second = fd[1];
	}
}

static void find_keys(struct watch *w, struct task *t, struct traced *out)
{
	if (t->plan->effect == EFFECT_CLOSES)
		out->sock = t->closed;
	else if (t->request.call->arg[0].type == ARG_FD)
		out->sock = fd_key(w, t, (int32_t)t->reg[0]);
	find_made(w, t, out);
}

static void leave_reported(struct watch *w, struct task *t, int64_t result, struct traced *out)
{
	const struct peek m = task_memory(t);

	unmarshal_leave(&out->outcome, &t->request, t->reg, result, &m);
	out->outcome.blocked = t->slept;
	find_keys(w, t, out);
	drop_unwritten(&t->request, out);
}

static void tell_written(struct watch *w, struct task *t, uint64_t at, size_t len, int64_t ts_ns)
{
	const struct peek m = task_memory(t);

	for (size_t done = 0; done < len; done += sizeof(w->text)) {
		size_t part = len - done < sizeof(w->text) ? len - done : sizeof(w->text);

		part = peek_bytes(&m, at + done, w->text, part);
		tracee_output(w, t, t->stream, ts_ns, w->text, part);
	}
}

static void tell_pieces(struct watch *w, struct task *t, size_t left, int64_t ts_ns)
{
	const struct peek m = task_memory(t);
	struct iovec iov[16];

	for (uint64_t i = 0; i < t->reg[2] && left; i++) {
		size_t at = i % 16, more = t->reg[2] - i < 16 ? t->reg[2] - i : 16, len;

		if (at == 0 &&
		    peek_all(&m, t->reg[1] + i * sizeof(iov[0]), iov, more * sizeof(iov[0])))
			break;
		len = iov[at].iov_len < left ? iov[at].iov_len : left;
		tell_written(w, t, (uintptr_t)iov[at].iov_base, len, ts_ns);
		left -= len;
	}
}

/* What was written stands in the program's memory still, since it is stopped. */
static void leave_output(struct watch *w, struct task *t, int64_t written, int64_t ts_ns)
{
	switch (t->plan->output) {
	case OUTPUT_NONE:
		break;
	case OUTPUT_BUFFER:
		tell_written(w, t, t->reg[1], (size_t)written, ts_ns);
		break;
	case OUTPUT_VECTOR:
		tell_pieces(w, t, (size_t)written, ts_ns);
		break;
	case OUTPUT_UNSEEN:
		tracee_note(w, t, NOTE_UNSEEN_OUTPUT,
			    "%s copies a file to its output in the kernel: that text is not shown",
			    t->process->comm);
		break;
	}
}

/* rt_sigreturn(2) "returns" what the interrupted call does, or brings it back to its beginning. */
static void leave_handler(struct watch *w, struct task *t, int64_t result, int64_t ts_ns)
{
	t->plan = &w->plans.of[t->nr];
	if (result == -EINTR)
		tell_interrupted(w, t, ts_ns);
	task_resume(w, t, 0);
}

static bool is_interrupted(const struct task *t, int64_t result)
{
	return t->reported && result <= -ERESTART_FIRST && result >= -ERESTART_LAST;
}

void call_leave(struct watch *w, struct task *t, const struct stop *s)
{
	struct traced out = { .ts_ns = s->ts_ns, .second = -1 };
	int64_t result = s->call.exit.rval;
	bool was = t->in_call;

	t->in_call = false;
	if (!was) {
		task_resume(w, t, 0);
		return;
	}
	if (t->plan->effect == EFFECT_SIGNAL_ENDS) {
		leave_handler(w, t, result, s->ts_ns);
		return;
	}
	if (closes_something(t) && t->files->closing)
		t->files->closing--;
	if (t->reported)
		t->slept |= sleep_ends(t, &s->usage);
	if (is_interrupted(t, result)) {
		t->interrupted = true;
		task_resume(w, t, 0);
		return;
	}
	end_effect(w, t, result);
	if (t->stream && result > 0)
		leave_output(w, t, result, s->ts_ns);
	if (t->reported)
		leave_reported(w, t, result, &out);
	task_resume(w, t, 0);
	if (t->reported)
		tell_leave(w, t, &out);
}
