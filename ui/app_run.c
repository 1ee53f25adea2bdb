/*
 * The loop.  It sleeps in poll() until the terminal, the session or the script has something to do,
 * lets all of them do it, and then draws once.  When the last drawing is less than a sixtieth of a
 * second ago (half of that for a key), the next one waits, and what happens meanwhile is drawn with it.  With nothing to
 * draw and no time set, poll() waits for ever.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>

#include "src/core/clock.h"
#include "ui/app_impl.h"

#define FRAME_NS (NS_PER_S / 60)
#define KEY_NS	 (8 * NS_PER_MS) /* what a key did is shown sooner, also while everything moves */
#define FDS_MAX	 64

struct loop {
	struct app *app;
	struct term *term;
	struct grid grid;
	bool changed;
	int64_t drawn_ns; /* when that was done last */
	int64_t next_ns; /* not drawn before this time */
};

static int sooner(int a_ms, int b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return a_ms < 0 ? b_ms : a_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

static void wait_for_something(struct loop *l)
{
	struct pollfd fds[FDS_MAX] = { { .fd = term_fd(l->term), .events = POLLIN } };
	int timeout = -1;
	size_t count = 1 + session_fds(l->app->session, fds + 1, FDS_MAX - 1, &timeout);

	timeout = sooner(timeout, turns_timeout_ms(l->app->turns));
	timeout = sooner(timeout, app_timeout_ms(l->app));
	if (l->app->launch)
		timeout = sooner(timeout, launch_timeout_ms(l->app->launch));
	if (l->app->script)
		timeout = sooner(timeout, script_timeout_ms(l->app->script));
	if (l->changed) {
		int64_t left = l->next_ns - clock_monotonic_ns();

		timeout = sooner(timeout, left > 0 ? (int)((left + NS_PER_MS - 1) / NS_PER_MS) : 0);
	}
	poll(fds, (nfds_t)count, timeout);
}

static void take_keys(struct loop *l)
{
	struct term_input in;

	while (!app_done(l->app) && term_read(l->term, &in)) {
		app_input(l->app, &in);
		l->changed = true;
		l->next_ns = l->drawn_ns + KEY_NS;
		if (l->app->wish == WISH_SUSPEND)
			term_suspend(l->term);
		if (l->app->wish != WISH_NOTHING)
			term_forget(l->term);
		l->app->wish = WISH_NOTHING;
	}
}

static int fit_grid(struct loop *l, struct err *e)
{
	int width, height;

	term_size(l->term, &width, &height);
	if (l->grid.cell && l->grid.width == width && l->grid.height == height)
		return 0;
	grid_fini(&l->grid);
	return grid_init(&l->grid, width, height, e);
}

static int draw(struct loop *l, struct err *e)
{
	int64_t now = clock_monotonic_ns();

	if (!l->changed || now < l->next_ns)
		return 0;
	if (fit_grid(l, e) < 0)
		return -1;
	term_set_theme(l->term, app_theme(l->app));
	app_draw(l->app, &l->grid);
	term_show(l->term, &l->grid);
	l->changed = false;
	l->drawn_ns = now;
	l->next_ns = now + FRAME_NS;
	return 0;
}

static int run(struct loop *l, struct err *e)
{
	l->changed = true;
	while (!app_done(l->app)) {
		if (draw(l, e) < 0)
			return -1;
		wait_for_something(l);
		l->changed |= app_work(l->app);
		take_keys(l);
	}
	return 0;
}

int app_run(const struct app_config *c, const struct term_options *o, struct err *e)
{
	struct loop l = { .app = app_new(c, e) };
	int status = -1;

	if (!l.app)
		return -1;
	l.term = term_open(o, e);
	if (l.term) {
		l.app->theme = term_theme(l.term);
		l.app->ascii = term_ascii(l.term);
		status = run(&l, e);
	}
	term_close(l.term);
	grid_fini(&l.grid);
	app_free(l.app);
	return status;
}
