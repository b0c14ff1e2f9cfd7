/*
 * What is held back, and when it goes.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openldap.h>

#include "connectors/ldap_outbox.h"

#define LARGE 70000

static char large[LARGE + 1];

/* hold, pass on, send; a small operation and a large one; the server closes. */
static const struct {
	const char *does;
	int arrived; /* operations at the server afterwards */
} cases[] = {
	{"o", 1},
	{"ho", 0},
	{"hooo", 0},
	{"hooos", 3},
	{"hoosos", 3},
	{"hooso", 2},
	{"s", 0},
	{"hs", 0},
	{"oho", 1},
	/* nothing overtakes what is held */
	{"hol", 2},
	{"holo", 2},
	{"hopo", 2},
	{"hp", 0},
	{"hooshpo", 3},
	/* no connection */
	{"hocs", -1},
	{"hcs", 0},
};

static void operate(LDAP *ld, const char *name)
{
	int id;

	assert_int_equal(ldap_delete_ext(ld, name, NULL, NULL, &id), LDAP_SUCCESS);
}

static int play(LDAP *ld, const char *does, int server)
{
	int r = 0;

	for (; *does != '\0'; does++) {
		switch (*does) {
		case 'h':
		case 'p':
			outbox_hold(ld, *does == 'h');
			break;
		case 's':
			r = outbox_send(ld);
			break;
		case 'c':
			close(server);
			break;
		default:
			operate(ld, *does == 'l' ? large : "cn=a");
		}
	}
	return r;
}

/* A length of BER, which begins at *at. */
static size_t length(const unsigned char **at)
{
	size_t n = *(*at)++, bytes = n & 0x7f;

	if (n < 0x80)
		return n;
	for (n = 0; bytes > 0; bytes--)
		n = n << 8 | *(*at)++;
	return n;
}

/* Operations that have arrived: whole, and in the order of their message ids. */
static int arrived(int server)
{
	static unsigned char bytes[4 * LARGE];
	size_t len = 0;
	ssize_t n;
	int count = 0;

	while ((n = recv(server, bytes + len, sizeof(bytes) - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	for (const unsigned char *at = bytes; at < bytes + len; count++) {
		assert_int_equal(*at++, 0x30);
		const size_t inside = length(&at);
		assert_memory_equal(at, ((unsigned char[]){2, 1, (unsigned char)(count + 1)}), 3);
		at += inside;
		assert_true(at <= bytes + len);
	}
	return count;
}

static void one(const char *does, int expected)
{
	const int room = 1 << 20;
	int ends[2];
	LDAP *ld;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
	assert_int_equal(ldap_init_fd(ends[0], LDAP_PROTO_TCP, NULL, &ld), LDAP_SUCCESS);
	const int r = play(ld, does, ends[1]);
	const bool closed = strchr(does, 'c') != NULL;
	const int got = closed ? r : arrived(ends[1]);
	if (got != expected)
		fail_msg("%s: %d, not %d", does, got, expected);
	ldap_unbind_ext_s(ld, NULL, NULL);
	if (!closed)
		close(ends[1]);
}

static void held_and_sent(void **state)
{
	(void)state;
	memset(large, 'x', LARGE);
	memcpy(large, "cn=", 3);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		one(cases[i].does, cases[i].arrived);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_and_sent),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
