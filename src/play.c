#include "src/play.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/command.h"
#include "src/parse_command.h"
#include "src/script.h"
#include "src/session.h"
#include "src/stop.h"

#define FDS 64

/* ---- playing ---- */

static enum play_result stopped(struct session *s, int number, struct err *e)
{
	err_set(e, NULL, "stopped by SIG%s", sigabbrev_np(number));
	session_note(s, NOTE_ERROR, e->what, NULL);
	e->code = number;
	return PLAY_STOPPED;
}

static void wait_for_events(struct session *s, const struct script_run *r, const struct stop *stop)
{
	struct pollfd fds[FDS] = { { .fd = stop->fd, .events = POLLIN } };
	int timeout, mine = script_timeout_ms(r);
	size_t n = 1 + session_fds(s, fds + 1, FDS - 1, &timeout);

	if (mine >= 0 && (timeout < 0 || mine < timeout))
		timeout = mine;
	poll(fds, n, timeout);
	session_work(s);
}

static enum play_result run(struct session *s, struct script_run *r, const struct stop *stop,
			    struct err *e)
{
	enum script_state state;
	int number;

	while ((state = script_work(r)) == SCRIPT_RUNNING || state == SCRIPT_WAITING) {
		wait_for_events(s, r, stop);
		if ((number = stop_signal(stop)))
			return stopped(s, number, e);
	}
	if (state == SCRIPT_DONE)
		return PLAY_HELD;
	err_set(e, NULL, "%s", script_reason(r));
	return state == SCRIPT_CANNOT ? PLAY_LACKS : PLAY_FAILED;
}

static enum play_result run_in(struct session *s, struct script *parsed,
			       const struct play_config *c, const struct stop *stop, unsigned *held,
			       struct err *e)
{
	struct script_run *r;
	enum play_result result;

	/* The file only now: a lab that cannot be built leaves none behind, and is another failure. */
	if (c->record && session_save(s, c->record, e))
		return PLAY_CANNOT;
	if (!(r = script_new(s, parsed, false, e)))
		return PLAY_CANNOT;
	if (c->keep_going)
		script_keep_going(r);
	result = run(s, r, stop, e);
	*held = script_held(r);
	if (c->finish)
		c->finish(c->context, session_trace(s), r, result, e);
	script_free(r);
	return result;
}

/* Whether a program of the user takes the place of the built-in one of a name, before that has anything to do. */
static bool is_idle(const struct script *s, const char *name)
{
	for (size_t i = 0; i < s->lines; i++) {
		const struct line *l = &s->line[i];

		if (l->kind == LINE_COMMAND && l->command->parse == parse_run &&
		    !strcmp(l->name, name))
			return true;
		if (!strcmp(l->target, name) || !strcmp(l->name, name) ||
		    (l->kind == LINE_COMMAND && l->command->parse == parse_thread &&
		     !strcmp(l->other, name)))
			return false;
	}
	return false;
}

static enum play_result play_until(struct script *parsed, const struct play_config *c,
				   const struct stop *stop, unsigned *held, struct err *e)
{
	const struct session_config config = { .sample = true,
					       .loopback = parsed->loopback,
					       .idle = { is_idle(parsed, "client"),
							 is_idle(parsed, "server") } };
	struct session *s = session_new_lab(&config, e);
	enum play_result result;
	struct err trouble;

	*held = 0;
	if (!s) {
		script_fini(parsed);
		return PLAY_LACKS;
	}
	result = run_in(s, parsed, c, stop, held, e);
	script_fini(parsed);
	if (result == PLAY_HELD && session_trouble(s, &trouble)) {
		*e = trouble;
		result = PLAY_CANNOT;
	}
	session_free(s);
	return result;
}

enum play_result play(struct script *parsed, const struct play_config *c, unsigned *held,
		      struct err *e)
{
	enum play_result result;
	struct stop stop;

	stop_init(&stop);
	result = play_until(parsed, c, &stop, held, e);
	stop_fini(&stop);
	return result;
}

/* ---- the file ---- */

static char *read_all(FILE *f, size_t *len)
{
	char *text = malloc(SCRIPT_BYTES_MAX + 2);

	if (!text)
		return NULL;
	/* One byte more than is allowed, so that the parser can say so. */
	*len = fread(text, 1, SCRIPT_BYTES_MAX + 1, f);
	text[*len] = '\0';
	return text;
}

char *play_read(const char *path, size_t *len, struct err *e)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *text = NULL;

	if (!f) {
		err_errno(e, errno, NULL, "%s", path);
		return NULL;
	}
	errno = 0;
	text = read_all(f, len);
	if (!text || ferror(f)) {
		err_errno(e, errno ? errno : EIO, NULL, "%s", path);
		free(text);
		text = NULL;
	}
	if (f != stdin)
		fclose(f);
	return text;
}
