/* What the keys and commands do while a stream covers the ladder. */
#include <string.h>

#include "src/core/clock.h"
#include "ui/app_impl.h"

static int open_stream(struct app *a, uint32_t conn, struct err *e)
{
	if (conn == CONN_NONE)
		return err_set(e, "choose a packet, or C and a connection",
			       "this event belongs to no connection");
	if (!a->follow || follow_conn(a->follow) != conn) {
		struct follow *f = follow_new(a->view.trace, conn, e);

		if (!f)
			return -1;
		follow_free(a->follow);
		a->follow = f;
	}
	if (a->cover != COVER_STREAM)
		a->under = a->cover;
	a->cover = COVER_STREAM;
	app_stream_work(a, APP_FIRST_NS);
	return 0;
}

bool app_stream_work(struct app *a, int64_t budget_ns)
{
	struct err said = { 0 };
	bool bad = false, news = follow_work(a->follow, budget_ns, &said, &bad);

	if (!said.what[0])
		return news;
	if (bad)
		app_complain(a, &said);
	else
		app_say(a, said.what);
	return true;
}

/* ---- commands ---- */

static int move_up(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	follow_move(a->follow, -1);
	return 0;
}

static int move_down(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	follow_move(a->follow, 1);
	return 0;
}

static int page(struct app *a, const char *argument, struct err *e)
{
	(void)e;
	follow_page(a->follow, strcmp(argument, "up") == 0 ? -1 : 1);
	return 0;
}

static int first(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	follow_first(a->follow);
	return 0;
}

static int last(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	follow_last(a->follow);
	return 0;
}

static int hex(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	follow_hex(a->follow);
	return 0;
}

static int side(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	follow_side(a->follow);
	return 0;
}

static int search(struct app *a, const char *argument, struct err *e)
{
	return follow_search(a->follow, *argument ? argument : NULL, true, e);
}

static int search_next(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	return follow_search(a->follow, NULL, true, e);
}

static int search_previous(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	return follow_search(a->follow, NULL, false, e);
}

static int save(struct app *a, const char *argument, struct err *e)
{
	static const char *const words[2] = { "from ", "to " };

	for (int dir = 0; dir < 2; dir++) {
		size_t len = strlen(words[dir]);

		if (strncmp(argument, words[dir], len) == 0)
			return follow_save(a->follow, argument + len + strspn(argument + len, " "),
					   dir, e);
	}
	return follow_save(a->follow, argument, -1, e);
}

/* The packet that the first line came in, on the ladder. */
static int to_packet(struct app *a, const char *argument, struct err *e)
{
	uint64_t id = follow_packet(a->follow);

	(void)argument;
	if (!id)
		return err_set(e, NULL, "no packet was captured for this line");
	a->view.cursor = id;
	a->view.follow = false;
	a->cover = COVER_NONE;
	return 0;
}

static int leave(struct app *a, const char *argument, struct err *e)
{
	(void)argument;
	(void)e;
	a->cover = a->under;
	return 0;
}

static int back(struct app *a, const char *argument, struct err *e)
{
	if (!follow_stop(a->follow))
		return leave(a, argument, e);
	app_say(a, "Stopped.");
	return 0;
}

int app_run_stream(struct app *a, const char *argument, struct err *e)
{
	static const struct app_sub subs[] = {
		{ "up", move_up },	 { "down", move_down },
		{ "page", page },	 { "first", first },
		{ "last", last },	 { "hex", hex },
		{ "side", side },	 { "search", search },
		{ "next", search_next }, { "previous", search_previous },
		{ "save", save },	 { "packet", to_packet },
		{ "back", back },	 { "close", leave },
	};
	uint32_t conn = a->cover == COVER_CONNS ? conns_view_conn(&a->conns) : app_conn(a);
	const char *rest;
	const struct app_sub *sub =
		app_sub_find(subs, sizeof(subs) / sizeof(subs[0]), argument, &rest);

	if (a->cover != COVER_STREAM && open_stream(a, conn, e))
		return -1;
	if (!*argument)
		return 0;
	if (sub)
		return sub->run(a, rest, e);
	return err_set(e, "stream hex, side, search TEXT, save [from|to] FILE, packet, close",
		       "stream %s means nothing", argument);
}
