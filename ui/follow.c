#include "ui/follow_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/core/clock.h"

#define CHUNK 32768 /* bytes searched or saved at once */

struct follow *follow_new(struct trace *t, uint32_t conn, struct err *e)
{
	struct follow *f = calloc(1, sizeof(*f));

	if (!f) {
		err_errno(e, errno, NULL, "following connection %u", conn);
		return NULL;
	}
	f->t = t;
	f->only = f->save_fd = -1;
	f->width = 80;
	f->height = 20;
	f->found = UINT64_MAX;
	f->s = stream_new(t, conn, e);
	if (!f->s) {
		free(f);
		return NULL;
	}
	return f;
}

void follow_free(struct follow *f)
{
	if (!f)
		return;
	follow_stop(f);
	stream_free(f->s);
	free(f);
}

uint32_t follow_conn(const struct follow *f)
{
	return stream_conn(f->s);
}

uint64_t follow_packet(const struct follow *f)
{
	return stream_packet(f->s, f->top);
}

/* ---- moving ---- */

void follow_move(struct follow *f, long lines)
{
	for (; lines > 0 && follow_line_next(f, &f->top); lines--)
		;
	for (; lines < 0 && follow_line_prev(f, &f->top); lines++)
		;
}

void follow_page(struct follow *f, int by)
{
	follow_move(f, (long)by * (f->height > 2 ? f->height - 1 : 1));
}

void follow_first(struct follow *f)
{
	f->top = 0;
}

/* Drawing fills the last page. */
void follow_last(struct follow *f)
{
	uint64_t size = stream_size(f->s);

	f->top = size ? size - 1 : 0;
}

void follow_hex(struct follow *f)
{
	f->hex = !f->hex;
}

void follow_side(struct follow *f)
{
	f->only = f->only == 1 ? -1 : f->only + 1;
}

/* ---- searching ---- */

int follow_search(struct follow *f, const char *text, bool forward, struct err *e)
{
	if (text && !str_copy(f->text, sizeof(f->text), text)) {
		f->text[0] = '\0';
		return err_set(e, NULL, "that is too long to search for");
	}
	if (!f->text[0])
		return err_set(e, "/ and a word, then Enter", "nothing was searched for yet");
	f->forward = forward;
	if (text || f->found == UINT64_MAX)
		f->at = text ? f->top : f->top + forward;
	else
		f->at = f->found + forward;
	f->searching = true;
	return 0;
}

static bool same_text(const uint8_t *bytes, const char *text, size_t len)
{
	return strncasecmp((const char *)bytes, text, len) == 0;
}

/* Where the text begins first (or last) among positions from `from` to before `to` of a run; UINT64_MAX. */
static uint64_t find_in(struct follow *f, uint64_t from, uint64_t to, bool forward)
{
	uint8_t bytes[CHUNK + sizeof(f->text)];
	size_t len = strlen(f->text), n = (size_t)(to - from);
	size_t have = stream_read(f->s, from, bytes, n + len - 1);
	uint64_t found = UINT64_MAX;

	for (size_t i = 0; i < n && i + len <= have; i++) {
		if (!same_text(bytes + i, f->text, len))
			continue;
		found = from + i;
		if (forward)
			break;
	}
	return found;
}

/* Searches a little on.  False: there is nothing more to be searched. */
static bool search_on(struct follow *f)
{
	struct stream_run run;
	uint64_t from, to;

	if (f->forward ? !follow_shown_from(f, &f->at) : !follow_shown_before(f, &f->at))
		return false;
	if (!stream_run_at(f->s, f->at, &run))
		return false;
	if (f->forward) {
		from = f->at;
		to = run.end - from > CHUNK ? from + CHUNK : run.end;
	} else {
		to = f->at + 1;
		from = to - run.pos > CHUNK ? to - CHUNK : run.pos;
	}
	f->at = f->forward ? to : from;
	if (run.missing)
		return true;
	f->found = find_in(f, from, to, f->forward);
	if (f->found != UINT64_MAX) {
		f->top = follow_line_start(f, f->found);
		f->searching = false;
	}
	return true;
}

static void search_work(struct follow *f, int64_t until, struct err *said, bool *bad)
{
	while (f->searching && clock_monotonic_ns() < until) {
		if (search_on(f))
			continue;
		if (f->forward && stream_busy(f->s))
			return;
		f->searching = false;
		f->found = UINT64_MAX;
		*bad = true;
		err_set(said, f->forward ? "N searches back" : "n searches on",
			"\"%s\" is not %s here in this stream", f->text,
			f->forward ? "behind" : "before");
	}
}

/* ---- saving ---- */

int follow_save(struct follow *f, const char *path, int dir, struct err *e)
{
	if (f->save_fd >= 0)
		return err_set(e, "Esc stops that", "%s is being written", f->save_path);
	if (!*path)
		return err_set(e, "save [from|to] FILE", "name the file to save to");
	if (!str_copy(f->save_path, sizeof(f->save_path), path))
		return err_set(e, NULL, "that name is too long");
	f->save_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (f->save_fd < 0)
		return err_errno(e, errno,
				 errno == EEXIST ? "nothing is overwritten: choose another name"
						 : NULL,
				 "%s", path);
	f->save_dir = dir;
	f->save_at = f->saved = f->save_missing = 0;
	return 0;
}

static void remove_file(struct follow *f)
{
	close(f->save_fd);
	unlink(f->save_path);
	f->save_fd = -1;
}

static bool write_all(int fd, const uint8_t *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

/* Writes a little more.  False: it is all there, or it failed (errno). */
static bool save_on(struct follow *f)
{
	uint8_t bytes[CHUNK];
	struct stream_run run;
	size_t n;

	errno = 0;
	if (!stream_run_at(f->s, f->save_at, &run))
		return false;
	if (run.missing || (f->save_dir >= 0 && run.dir != f->save_dir)) {
		if (f->save_dir < 0 || run.dir == f->save_dir)
			f->save_missing += run.missing;
		f->save_at = run.end;
		return true;
	}
	n = stream_read(f->s, f->save_at, bytes, sizeof(bytes));
	if (n == 0)
		errno = EIO;
	if (n == 0 || !write_all(f->save_fd, bytes, n))
		return false;
	f->save_at += n;
	f->saved += n;
	return true;
}

static void save_done(struct follow *f, struct err *said, bool *bad)
{
	if (errno) {
		*bad = true;
		err_errno(said, errno, "nothing is kept", "%s", f->save_path);
		remove_file(f);
		return;
	}
	if (close(f->save_fd) < 0) {
		*bad = true;
		err_errno(said, errno, NULL, "%s", f->save_path);
	} else {
		err_set(said, NULL, "%llu bytes are in %s now.", (unsigned long long)f->saved,
			f->save_path);
		if (f->save_missing)
			err_set(said, NULL,
				"%llu bytes are in %s now; %llu were not captured and are missing "
				"there.",
				(unsigned long long)f->saved, f->save_path,
				(unsigned long long)f->save_missing);
	}
	f->save_fd = -1;
}

static void save_work(struct follow *f, int64_t until, struct err *said, bool *bad)
{
	while (f->save_fd >= 0 && clock_monotonic_ns() < until) {
		if (save_on(f))
			continue;
		if (!errno && stream_busy(f->s))
			return;
		save_done(f, said, bad);
	}
}

/* ---- all of it ---- */

bool follow_stop(struct follow *f)
{
	bool something = f->searching || f->save_fd >= 0;

	f->searching = false;
	if (f->save_fd >= 0)
		remove_file(f);
	return something;
}

bool follow_work(struct follow *f, int64_t budget_ns, struct err *said, bool *bad)
{
	int64_t until = clock_monotonic_ns() + budget_ns;
	bool news = f->searching || f->save_fd >= 0;

	news |= stream_work(f->s, budget_ns);
	search_work(f, until, said, bad);
	save_work(f, until, said, bad);
	return news;
}

bool follow_busy(const struct follow *f)
{
	return stream_busy(f->s) || f->searching || f->save_fd >= 0;
}
