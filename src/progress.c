#include "src/progress.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 256
#define COUNT_MAX      10000

/* ---- the file ---- */

static void find_path(struct progress *p, const char *state, const char *home)
{
	struct str path = str_on(p->path, sizeof(p->path));

	if (state && state[0] == '/') {
		str_addf(&path, "%s/socklens/lessons", state);
		p->base = (size_t)(strrchr(state, '/') - state);
	} else if (home && home[0] == '/') {
		str_addf(&path, "%s/.local/state/socklens/lessons", home);
		p->base = strlen(home);
	}
	if (path.cut)
		str_clear(&path);
}

/* "NAME 2/3"; anything else is passed over. */
static bool read_row(const char *line, struct progress_row *row)
{
	struct str name = str_on(row->name, sizeof(row->name));
	size_t len = 0;
	int end = 0;

	while (isalnum((unsigned char)line[len]) || line[len] == '-' || line[len] == '_')
		len++;
	str_addn(&name, line, len);
	return len && !name.cut && line[len] == ' ' &&
	       sscanf(line + len, " %5u/%5u %n", &row->right, &row->given, &end) == 2 &&
	       !line[len + (size_t)end] && row->right <= row->given && row->given <= COUNT_MAX;
}

static struct progress_row *find(struct progress *p, const char *lesson)
{
	for (size_t i = 0; i < p->rows; i++)
		if (!strcmp(p->row[i].name, lesson))
			return &p->row[i];
	return NULL;
}

static struct progress_row *place_for(struct progress *p, const char *lesson)
{
	struct progress_row *row = find(p, lesson);

	if (row || p->rows == PROGRESS_ROWS)
		return row;
	return &p->row[p->rows++];
}

void progress_load(struct progress *p, const char *state, const char *home)
{
	char line[LINE_MAX_BYTES];
	FILE *f;

	*p = (struct progress){ .rows = 0 };
	find_path(p, state, home);
	f = p->path[0] ? fopen(p->path, "re") : NULL;
	while (f && fgets(line, sizeof(line), f)) {
		struct progress_row row = { .right = 0 }, *place;

		if (read_row(line, &row) && (place = place_for(p, row.name)))
			*place = row;
	}
	if (f)
		fclose(f);
}

const struct progress_row *progress_of(const struct progress *p, const char *lesson)
{
	return find((struct progress *)p, lesson);
}

/* ---- writing ---- */

/* Below what must be there: nobody's home is made. */
static void make_directories(const struct progress *p)
{
	char part[sizeof(p->path)];

	for (const char *at = strchr(p->path + p->base + 1, '/'); at; at = strchr(at + 1, '/')) {
		size_t len = (size_t)(at - p->path);

		memcpy(part, p->path, len);
		part[len] = '\0';
		mkdir(part, 0700);
	}
}

static int write_rows(const struct progress *p, int fd)
{
	FILE *f = fdopen(fd, "w");
	int rc;

	if (!f) {
		close(fd);
		return -1;
	}
	for (size_t i = 0; i < p->rows; i++)
		fprintf(f, "%s %u/%u\n", p->row[i].name, p->row[i].right, p->row[i].given);
	rc = fflush(f) || ferror(f) || fsync(fd);
	return fclose(f) || rc ? -1 : 0;
}

int progress_note(struct progress *p, const char *lesson, unsigned right, unsigned given,
		  struct err *e)
{
	struct progress_row *row = place_for(p, lesson);
	STR_ON_STACK(part, sizeof(p->path) + 16);
	int fd;

	if (row) {
		str_copy(row->name, sizeof(row->name), lesson);
		row->right = right;
		row->given = given;
	}
	if (!p->path[0])
		return 0;
	make_directories(p);
	str_addf(&part, "%s.%d", p->path, (int)getpid());
	fd = open(part.buf, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(e, errno, NULL, "%s", p->path);
	if (!write_rows(p, fd) && !rename(part.buf, p->path))
		return 0;
	err_errno(e, errno, NULL, "%s", p->path);
	unlink(part.buf);
	return -1;
}
