/* Which lessons were done, in a file that anything may have happened to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/core/str.h"
#include "src/progress.h"

#define PATH 400

struct place {
	char dir[PATH], file[PATH + 64];
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	const char *tmp = getenv("TMPDIR");
	struct str dir = str_on(p->dir, sizeof(p->dir)), file = str_on(p->file, sizeof(p->file));

	str_addf(&dir, "%s/progress.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(p->dir))
		return -1;
	str_addf(&file, "%s/socklens/lessons", p->dir);
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;
	STR_ON_STACK(dir, PATH + 64);

	chmod(p->dir, 0700);
	unlink(p->file);
	str_addf(&dir, "%s/socklens", p->dir);
	rmdir(dir.buf);
	rmdir(p->dir);
	free(p);
	return 0;
}

static void write_file(const struct place *p, const char *bytes, size_t len)
{
	STR_ON_STACK(dir, PATH + 64);
	FILE *f;

	str_addf(&dir, "%s/socklens", p->dir);
	mkdir(dir.buf, 0700);
	f = fopen(p->file, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static void what_was_done_is_remembered(void **state)
{
	const struct place *place = *state;
	struct progress p;

	progress_load(&p, place->dir, "/nowhere");
	assert_null(progress_of(&p, "handshake"));
	assert_int_equal(progress_note(&p, "handshake", 1, 2, NULL), 0);
	assert_int_equal(progress_note(&p, "refused", 0, 0, NULL), 0);
	assert_int_equal(progress_note(&p, "handshake", 2, 2, NULL), 0);
	progress_load(&p, place->dir, NULL);
	assert_int_equal(p.rows, 2);
	assert_int_equal(progress_of(&p, "handshake")->right, 2);
	assert_int_equal(progress_of(&p, "refused")->given, 0);
}

static void home_has_a_place_for_it(void **state)
{
	struct progress p;

	(void)state;
	progress_load(&p, NULL, "/home/somebody");
	assert_string_equal(p.path, "/home/somebody/.local/state/socklens/lessons");
	progress_load(&p, "not/absolute", "/home/somebody");
	assert_string_equal(p.path, "/home/somebody/.local/state/socklens/lessons");
	progress_load(&p, NULL, NULL);
	assert_string_equal(p.path, "");
	/* Nothing is kept, and that is no error; but it is known for now. */
	assert_int_equal(progress_note(&p, "handshake", 0, 0, NULL), 0);
	assert_non_null(progress_of(&p, "handshake"));
}

static void no_home_is_made(void **state)
{
	const struct place *place = *state;
	STR_ON_STACK(home, PATH + 64);
	struct progress p;

	str_addf(&home, "%s/nobody", place->dir);
	progress_load(&p, NULL, home.buf);
	assert_int_equal(progress_note(&p, "handshake", 0, 0, NULL), -1);
	assert_int_equal(access(home.buf, F_OK), -1);
}

static void damage_is_passed_over(void **state)
{
	static const char bytes[] = "handshake 1/2\n"
				    "\0\0\0\n"
				    "stream 3/2\n"
				    "nagle\n"
				    "cork 1/1 and more\n"
				    "../etc 1/1\n"
				    " 1/1\n"
				    "\xff\xfe 1/1\n"
				    "unheard-of 0/0\n"
				    "refused 1/";
	const struct place *place = *state;
	struct progress p;

	write_file(place, bytes, sizeof(bytes) - 1);
	progress_load(&p, place->dir, NULL);
	assert_int_equal(p.rows, 2);
	assert_non_null(progress_of(&p, "handshake"));
	assert_non_null(progress_of(&p, "unheard-of"));
	/* What is written next is whole, and has the others still. */
	assert_int_equal(progress_note(&p, "stream", 1, 1, NULL), 0);
	progress_load(&p, place->dir, NULL);
	assert_int_equal(p.rows, 3);
}

static void too_much_is_passed_over(void **state)
{
	const struct place *place = *state;
	char *bytes = malloc(PROGRESS_ROWS * 64);
	struct progress p;
	struct str s = str_on(bytes, PROGRESS_ROWS * 64);

	for (unsigned i = 0; i < 2 * PROGRESS_ROWS; i++)
		str_addf(&s, "lesson%u 0/0\n", i);
	write_file(place, s.buf, s.len);
	free(bytes);
	progress_load(&p, place->dir, NULL);
	assert_int_equal(p.rows, PROGRESS_ROWS);
	assert_int_equal(progress_note(&p, "one-more", 0, 0, NULL), 0);
}

static void a_place_that_cannot_be_written_is_told(void **state)
{
	const struct place *place = *state;
	struct err e = { 0 };
	struct progress p;

	/* A file stands where the directory should be: so also for root. */
	write_file(place, "", 0);
	progress_load(&p, place->file, NULL);
	assert_int_equal(progress_note(&p, "handshake", 0, 0, &e), -1);
	assert_non_null(strstr(e.what, "lessons"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_done_is_remembered, make_place,
						remove_place),
		cmocka_unit_test(home_has_a_place_for_it),
		cmocka_unit_test_setup_teardown(no_home_is_made, make_place, remove_place),
		cmocka_unit_test_setup_teardown(damage_is_passed_over, make_place, remove_place),
		cmocka_unit_test_setup_teardown(too_much_is_passed_over, make_place, remove_place),
		cmocka_unit_test_setup_teardown(a_place_that_cannot_be_written_is_told, make_place,
						remove_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
