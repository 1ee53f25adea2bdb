#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "src/core/names.h"

static const struct name_table *const tables[] = {
	&names_errno,	 &names_signal,	 &names_family,	 &names_socktype, &names_sockflag,
	&names_protocol, &names_level,	 &names_so,	 &names_tcp_opt,  &names_ip_opt,
	&names_ipv6_opt, &names_udp_opt, &names_msg,	 &names_shut,	  &names_fcntl,
	&names_fileflag, &names_poll,	 &names_service,
};

/* A name stands for one value, every row can be found by its name, and the words are one plain
 * line. */
static void tables_are_sound(void **state)
{
	(void)state;
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		const struct name_table *table = tables[t];

		assert_true(table->count > 0);
		assert_non_null(table->what);
		for (size_t i = 0; i < table->count; i++) {
			const struct name *row = &table->row[i];

			assert_non_null(name_of(table, row->value));
			for (const char *c = row->text ? row->text : ""; *c; c++)
				assert_true((unsigned char)*c >= ' ');
			if (table == &names_service)
				continue;
			assert_ptr_equal(name_find(table, row->name, strlen(row->name)), row);
		}
	}
}

/* Every errno that the C library has a name for is in the table under that name. */
static void every_errno(void **state)
{
	(void)state;
#if __GLIBC_PREREQ(2, 32)
	for (int i = 1; i < 200; i++) {
		const char *name = strerrorname_np(i);

		if (!name)
			continue;
		assert_non_null(name_of(&names_errno, i));
		assert_non_null(name_find(&names_errno, name, strlen(name)));
	}
#else
	skip();
#endif
}

static void every_signal(void **state)
{
	(void)state;
#if __GLIBC_PREREQ(2, 32)
	for (int i = 1; i < 32; i++) {
		char name[20] = "SIG";
		const struct name *row;

		memcpy(name + 3, sigabbrev_np(i), strlen(sigabbrev_np(i)) + 1);
		row = name_find(&names_signal, name, strlen(name));
		assert_non_null(row);
		assert_int_equal(row->value, i);
	}
#else
	skip();
#endif
}

static const char *flags(const struct name_table *t, int64_t bits)
{
	static _Thread_local char buf[200];
	struct str s = str_on(buf, sizeof(buf));

	name_add_flags(&s, t, bits);
	return buf;
}

static void sets_of_flags(void **state)
{
	(void)state;
	assert_string_equal(flags(&names_msg, 0), "0");
	assert_string_equal(flags(&names_msg, MSG_DONTWAIT), "MSG_DONTWAIT");
	assert_string_equal(flags(&names_msg, MSG_PEEK | MSG_NOSIGNAL), "MSG_PEEK|MSG_NOSIGNAL");
	assert_string_equal(flags(&names_poll, POLLIN | POLLHUP), "POLLIN|POLLHUP");
	assert_string_equal(flags(&names_sockflag, SOCK_CLOEXEC | 3), "SOCK_CLOEXEC|0x3");
	assert_string_equal(flags(&names_fileflag, O_RDWR | O_NONBLOCK), "O_NONBLOCK|O_RDWR");
	assert_string_equal(flags(&names_fileflag, O_SYNC), "O_SYNC");
	assert_string_equal(flags(&names_poll, INT64_MIN), "0x8000000000000000");
}

static void unknown_is_a_number(void **state)
{
	STR_ON_STACK(s, 40);

	(void)state;
	name_add(&s, &names_family, AF_INET6);
	name_add(&s, &names_family, -77);
	assert_string_equal(s.buf, "AF_INET6-77");
	assert_null(name_of(&names_errno, 0));
	assert_null(name_find(&names_errno, "EPIP", 4));
	assert_null(name_find(&names_errno, "epipe", 5));
	assert_non_null(name_find(&names_errno, "EPIPEX", 5));
}

static void options_by_level(void **state)
{
	(void)state;
	assert_ptr_equal(names_of_level(SOL_SOCKET), &names_so);
	assert_ptr_equal(names_of_level(IPPROTO_TCP), &names_tcp_opt);
	assert_ptr_equal(names_of_level(IPPROTO_IP), &names_ip_opt);
	assert_ptr_equal(names_of_level(IPPROTO_IPV6), &names_ipv6_opt);
	assert_ptr_equal(names_of_level(IPPROTO_UDP), &names_udp_opt);
	assert_null(names_of_level(12345));
	assert_string_equal(name_of(&names_so, SO_REUSEADDR)->name, "SO_REUSEADDR");
	assert_string_equal(name_of(&names_so, SO_RCVTIMEO)->name, "SO_RCVTIMEO");
	assert_string_equal(name_of(&names_tcp_opt, TCP_NODELAY)->name, "TCP_NODELAY");
	assert_string_equal(name_of(&names_service, 443)->name, "HTTPS");
	assert_string_equal(name_of(&names_level, IPPROTO_TCP)->name, "IPPROTO_TCP");
	assert_int_equal(name_find(&names_level, "SOL_TCP", 7)->value, IPPROTO_TCP);
}

static const char *nearest(const char *word, const struct name_table *t)
{
	struct nearest n = nearest_to(word, strlen(word));

	for (size_t i = 0; i < t->count; i++)
		nearest_try(&n, t->row[i].name);
	return n.best;
}

static void nearest_words(void **state)
{
	struct nearest n = nearest_to("lsiten", 6);

	(void)state;
	assert_string_equal(nearest("AF_INTE", &names_family), "AF_INET");
	assert_string_equal(nearest("sock_steam", &names_socktype), "SOCK_STREAM");
	assert_string_equal(nearest("ECONREFUSED", &names_errno), "ECONNREFUSED");
	assert_string_equal(nearest("MSG_DONTWAIT", &names_msg), "MSG_DONTWAIT");
	assert_null(nearest("banana", &names_socktype));
	assert_null(nearest("", &names_errno));
	nearest_try(&n, "sleep");
	nearest_try(&n, "listen");
	nearest_try(&n, "lisp");
	assert_string_equal(n.best, "listen");
	assert_int_equal(n.distance, 1); /* neighbours swapped */
	n = nearest_to("x", 1);
	nearest_try(&n, "y");
	assert_null(n.best);
}

static void nearest_of_endless_words(void **state)
{
	char word[500];
	struct nearest n;

	(void)state;
	memset(word, 'a', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	n = nearest_to(word, sizeof(word) - 1);
	nearest_try(&n, word);
	nearest_try(&n, "a");
	assert_null(n.best);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sound),    cmocka_unit_test(every_errno),
		cmocka_unit_test(every_signal),	       cmocka_unit_test(sets_of_flags),
		cmocka_unit_test(unknown_is_a_number), cmocka_unit_test(options_by_level),
		cmocka_unit_test(nearest_words),       cmocka_unit_test(nearest_of_endless_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
