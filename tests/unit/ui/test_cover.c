/*
 * What covers the ladder, by its keys: the connections, one of them alone, a filter, a stream and saving it; and
 * any keys in any order at any size.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/scenes.h"
#include "ui/app.h"
#include "ui/keys.h"

#define REQUEST "GET / HTTP/1.0\r\n\r\n"
#define ANSWER	"HTTP/1.0 200 OK\r\n\r\n"
#define ROUNDS	4000

struct stage {
	char dir[40], path[64], saved[64];
	struct session *session;
	struct app *app;
	struct grid grid;
	char text[65536];
};

static void start(struct stage *s, const char *filter)
{
	struct scene scene = scenes_capture();
	struct app_config c = { .filter = filter };
	struct str path = str_on(s->path, sizeof(s->path)),
		   saved = str_on(s->saved, sizeof(s->saved));

	(void)str_copy(s->dir, sizeof(s->dir), "/tmp/test_cover.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	str_addf(&path, "%s/x.pcapng", s->dir);
	str_addf(&saved, "%s/bytes", s->dir);
	assert_int_equal(trace_save(scene.t, s->path, NULL), 0);
	trace_free(scene.t);
	s->session = session_new_file(s->path, NULL);
	assert_non_null(s->session);
	c.session = s->session;
	s->app = app_new(&c, NULL);
	assert_non_null(s->app);
	assert_int_equal(grid_init(&s->grid, 100, 30, NULL), 0);
}

static void stop(struct stage *s)
{
	app_free(s->app);
	session_free(s->session);
	grid_fini(&s->grid);
	unlink(s->path);
	unlink(s->saved);
	rmdir(s->dir);
}

static void key(struct stage *s, uint32_t k)
{
	app_input(s->app, &(struct term_input){ .key = k });
	for (int i = 0; i < 1000 && app_work(s->app); i++)
		;
}

static void type(struct stage *s, const char *text)
{
	for (; *text; text++)
		key(s, (unsigned char)*text);
	key(s, TERM_ENTER);
}

static void assert_screen(struct stage *s, const char *has, const char *has_not)
{
	struct str text = str_on(s->text, sizeof(s->text));

	app_draw(s->app, &s->grid);
	grid_text(&s->grid, &text);
	if (has && !strstr(s->text, has))
		fail_msg("no \"%s\" in\n%s", has, s->text);
	if (has_not && strstr(s->text, has_not))
		fail_msg("\"%s\" in\n%s", has_not, s->text);
}

static void one_connection_alone_and_back(void **state)
{
	struct stage s;

	(void)state;
	start(&s, NULL);
	assert_screen(&s, "192.0.2.1:45012", "connection 0");
	key(&s, 'C');
	assert_screen(&s, "2 connections", NULL);
	assert_screen(&s, "refused", NULL);
	key(&s, TERM_DOWN);
	key(&s, TERM_ENTER);
	assert_screen(&s, "connection 1 only", "PSH ACK");
	assert_screen(&s, "RST ACK", NULL);
	key(&s, TERM_BACKSPACE);
	assert_screen(&s, "2 connections", NULL);
	key(&s, TERM_ESCAPE);
	assert_screen(&s, "PSH ACK", "2 connections");
	stop(&s);
}

static void connections_are_sorted_and_found(void **state)
{
	struct stage s;
	const char *first, *second;

	(void)state;
	start(&s, NULL);
	key(&s, 'C');
	assert_int_equal(app_command(s.app, "connections column packets", NULL), 0);
	assert_screen(&s, "pkts→↓", NULL);
	first = strstr(s.text, "45012");
	second = strstr(s.text, "45999");
	assert_true(first && second && first < second);
	key(&s, 'r');
	assert_screen(&s, "pkts→↑", NULL);
	first = strstr(s.text, "45012");
	second = strstr(s.text, "45999");
	assert_true(first && second && first > second);
	key(&s, '/');
	type(&s, "refused");
	assert_screen(&s, "1 of 2 connections", ":45012");
	key(&s, TERM_ESCAPE);
	assert_screen(&s, "2 connections", "1 of 2");
	assert_int_equal(app_command(s.app, "connections column nonsense", NULL), -1);
	stop(&s);
}

static void a_filter_is_set_mended_and_taken_back(void **state)
{
	struct stage s;

	(void)state;
	start(&s, "tcp port 45999");
	assert_screen(&s, "2 of 7 packets: tcp port 45999", "PSH ACK");
	key(&s, 'C');
	assert_screen(&s, "1 of 2 connections · filter: tcp port 45999", NULL);
	key(&s, TERM_ESCAPE);
	assert_screen(&s, "2 connections", "filter:");
	key(&s, 'C');
	key(&s, 'f');
	type(&s, "tcp prot 80");
	assert_screen(&s, "pcap-filter(7)", "packets:");
	key(&s, TERM_CTRL_C);
	key(&s, 'f');
	type(&s, "udp");
	assert_screen(&s, "No packet matches the filter", NULL);
	key(&s, TERM_ESCAPE);
	assert_screen(&s, "PSH ACK", "No packet");
	stop(&s);
}

static size_t content(const char *path, char *bytes, size_t room)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, room);

	if (fd >= 0)
		close(fd);
	return n > 0 ? (size_t)n : 0;
}

static void a_stream_is_read_searched_and_saved(void **state)
{
	struct stage s;
	char bytes[200];
	STR_ON_STACK(line, 120);

	(void)state;
	start(&s, NULL);
	key(&s, 't');
	assert_screen(&s, "▶ GET / HTTP/1.0", NULL);
	assert_screen(&s, "◀ HTTP/1.0 200 OK", NULL);
	key(&s, 'x');
	assert_screen(&s, "47 45 54 20", NULL);
	key(&s, 'd');
	assert_screen(&s, "47 45 54 20", "48 54 54 50 2f 31 2e 30  20 32 30 30");
	key(&s, 'd');
	key(&s, 'd');
	key(&s, '/');
	type(&s, "nowhere");
	assert_screen(&s, "\"nowhere\" is not behind here", NULL);
	key(&s, '/');
	type(&s, "200 ok");
	assert_screen(&s, NULL, "is not");
	str_addf(&line, "from %s", s.saved);
	key(&s, 's');
	type(&s, line.buf);
	assert_screen(&s, "18 bytes are in", NULL);
	assert_int_equal(content(s.saved, bytes, sizeof(bytes)), strlen(REQUEST));
	assert_memory_equal(bytes, REQUEST, strlen(REQUEST));
	/* Nothing is overwritten. */
	key(&s, 's');
	type(&s, s.saved);
	assert_screen(&s, "nothing is overwritten", NULL);
	assert_int_equal(content(s.saved, bytes, sizeof(bytes)), strlen(REQUEST));
	unlink(s.saved);
	key(&s, TERM_CTRL_C);
	key(&s, 's');
	type(&s, s.saved);
	assert_int_equal(content(s.saved, bytes, sizeof(bytes)), strlen(REQUEST ANSWER));
	assert_memory_equal(bytes, REQUEST ANSWER, strlen(REQUEST ANSWER));
	key(&s, TERM_ENTER);
	assert_screen(&s, "SYN ACK", "text ");
	stop(&s);
}

static void any_keys_at_any_size(void **state)
{
	static const uint32_t keys[] = { 'C',
					 't',
					 'x',
					 'd',
					 'f',
					 'r',
					 '<',
					 '>',
					 'j',
					 'k',
					 'g',
					 'G',
					 'n',
					 'N',
					 '/',
					 TERM_UP,
					 TERM_DOWN,
					 TERM_PAGE_UP,
					 TERM_PAGE_DOWN,
					 TERM_HOME,
					 TERM_END,
					 TERM_ENTER,
					 TERM_ESCAPE,
					 TERM_BACKSPACE,
					 TERM_MOUSE_CLICK,
					 TERM_MOUSE_UP,
					 TERM_MOUSE_DOWN,
					 'o',
					 'u' };
	static const int sizes[][2] = { { 80, 24 }, { 100, 30 }, { 200, 60 }, { 40, 10 } };
	uint64_t random = 17;
	struct stage s;

	(void)state;
	start(&s, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		struct term_input in;

		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		in = (struct term_input){
			.key = keys[(random >> 33) % (sizeof(keys) / sizeof(keys[0]))],
			.x = (int)(random >> 40) % 80,
			.y = (int)(random >> 50) % 24
		};
		app_input(s.app, &in);
		app_work(s.app);
		if (i % 50 == 0) {
			grid_fini(&s.grid);
			assert_int_equal(grid_init(&s.grid, sizes[i / 50 % 4][0],
						   sizes[i / 50 % 4][1], NULL),
					 0);
		}
		app_draw(s.app, &s.grid);
		assert_false(app_done(s.app));
	}
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_connection_alone_and_back),
		cmocka_unit_test(connections_are_sorted_and_found),
		cmocka_unit_test(a_filter_is_set_mended_and_taken_back),
		cmocka_unit_test(a_stream_is_read_searched_and_saved),
		cmocka_unit_test(any_keys_at_any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
