#include "ldap_script.h"

#include <sys/wait.h>

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "connectors/ldap_session.h"

static const char pattern[] = "/tmp/session-XXXXXX";
static char folder[] = "/tmp/session-XXXXXX";

static int begin(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? setenv("GALWAY_TEST_SECRET", "S3CR3T", 1) : -1;
}

static int end(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static const struct setting settings[] = {
	{"base", SETTING_TEXT, NULL, NULL, ""},
	LDAP_SETTINGS,
	{NULL, SETTING_TEXT, NULL, NULL, NULL},
};
static const struct section_shape sections[] = {
	{"connector", true, false, settings, NULL, NULL, NULL},
	{NULL, false, false, NULL, NULL, NULL, NULL},
};
static const struct section_shape root_shape = {NULL, false, false, NULL, NULL, NULL, sections};

/* A connector of these settings; '@' in them is the port, '#' the socket, ';' ends a line. */
static int open_session(
	struct arena *mem, const char *text, int port, struct session **s, struct err *err)
{
	char path[64];
	struct config *file;

	(void)snprintf(path, sizeof(path), "%s/galway.conf", folder);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	(void)fputs("connector abc {\n", f);
	for (const char *at = text; *at != 0; at++) {
		if (*at == '@')
			(void)fprintf(f, "%d", port);
		else if (*at == '#')
			(void)fprintf(f, "%%2ftmp%%2f%s%%2fsocket", folder + strlen("/tmp/"));
		else
			(void)fputc(*at == ';' ? '\n' : *at, f);
	}
	(void)fputs("\n}\n", f);
	assert_int_equal(fclose(f), 0);
	if (config_load(mem, path, &root_shape, &file, err) < 0)
		fail_msg("%s", err->text);
	return session_open(config_section(file, "connector", "abc"), s, err);
}

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int failures;

/* Told at the end: a server is still at work. */
#define wrong(...) (failures++, print_error(__VA_ARGS__))

static const char *kinds[] = {"none", "entry", "busy", "fatal"};

#define AGAIN "url = \"ldap://127.0.0.1:@\"; auth = anonymous; timeout = 1s; retry = 4s"
#define ANON "url = \"ldap://127.0.0.1:@\"; auth = anonymous; timeout = 1s; retry = 0s"
#define SOON "url = \"ldap://127.0.0.1:@\"; auth = anonymous; timeout = 1s; retry = 1s"
#define LATER "url = \"ldap://127.0.0.1:@\"; auth = anonymous; timeout = 9s; deadline = 1s"
#define BUSY "done=51 done=51 done=51 done=51 "
#define TLS "url = \"ldaps://127.0.0.1:@\"; auth = anonymous; timeout = 1s; retry = 0s"
#define LOCAL                                                                         \
	"url = \"ldapi://#\"; timeout = 1s; retry = 0s; bind = \"cn=a\"; password = " \
	"\"env:GALWAY_TEST_SECRET\""
#define START ANON "; starttls = true"
#define OK "bind=0 root "

/* Settings, the server, what comes of opening, and what then of one search for at most 2 entries:
 * "N entries", or "KIND: text that is in the error". The number is that of connections. Each ends
 * long before a timeout that does not work: within 8 s, also on a machine that has more to do. */
enum { ANY = -1 };
static const struct session_case {
	const char *settings, *script, *opened, *found;
	int connections;
} cases[] = {
	{ANON, OK "entries=2", "ok", "2 entries", 1},
	{ANON, OK "entries=0", "ok", "0 entries", 1},
	{ANON, OK "done=32", "ok", "0 entries", 1},
	{ANON, OK "entries=3", "ok", "fatal: the server gave more than 2", 1},
	{ANON, OK "done=4", "ok", "fatal: sizeLimitExceeded (4)", 1},
	{ANON, OK "done=10", "ok", "fatal: referral (10)", 1},
	{ANON, OK "done=50", "ok", "entry: insufficientAccessRights (50)", 1},
	{ANON, OK "done=51", "ok", "busy: busy (51)", 1},
	/* A busy server is asked again, for as long as `retry` says; who refuses is not. */
	{AGAIN, OK "done=51 done=52 entries=2", "ok", "2 entries", 1},
	{AGAIN, OK "done=51 done=50", "ok", "entry: insufficientAccessRights (50)", 1},
	{AGAIN, OK "done=51 take", "ok", "busy: the connection was lost", 1},
	{SOON, OK BUSY BUSY BUSY, "ok", "busy: busy (51)", 1},
	/* Answers to others are no answer. */
	{ANON, "bind=0 stray root stray entries=2", "ok", "2 entries", 1},
	{ANON, OK "take stray silent", "ok", "busy: no answer within 1 s", 1},
	/* The bind. */
	{ANON, "bind=49", "fatal: bind as anonymous: invalidCredentials (49)", NULL, 1},
	{ANON, "bind=48", "fatal: inappropriateAuthentication (48)", NULL, 1},
	{ANON, "bind=8", "fatal: strongerAuthRequired (8)", NULL, 1},
	{ANON, "bind=51", "busy: busy (51)", NULL, 1},
	{ANON, "bind=14", "fatal: saslBindInProgress (14)", NULL, 1},
	{ANON, "bind=0 entries=0", "fatal: the server shows no root DSE", NULL, 1},
	{ANON, "done=0", "fatal: bind as anonymous: the server answers something else", NULL, 1},
	{ANON, "bind=53", "fatal: unwillingToPerform (53)", NULL, 1},
	/* Who are we? A bind that succeeds may be an anonymous one. */
	{LOCAL, OK "entries=1", "ok", "1 entries", 1},
	{LOCAL, "bind=49", "fatal: bind as cn=a: invalidCredentials (49)", NULL, 1},
	{LOCAL, "bind=0 knows-whoami whoami=dn:cn=a entries=1", "ok", "1 entries", 1},
	{LOCAL, "bind=0 knows-whoami whoami=", "fatal: but for an anonymous one", NULL, 1},
	{LOCAL, "bind=0 knows-whoami done=2", "fatal: whoami", NULL, 1},
	{LOCAL, "bind=0 knows-whoami bind=0", "fatal: whoami: the server answers something else",
		NULL, 1},
	{LOCAL, "bind=0 anonymous-logon", "fatal: but for an anonymous one", NULL, 1},
	{LOCAL, "take hex=308470000000 silent", "fatal: over max-pdu", NULL, 1},
	{LOCAL, "take hex=300c0201 silent", "busy: no", NULL, 1},
	/* Silence. */
	{ANON, "silent", "busy: no answer within 1 s", NULL, 1},
	{ANON, "bind=0 silent", "busy: no answer within 1 s", NULL, 1},
	{ANON, OK "silent", "ok", "busy: no answer within 1 s", 1},
	{ANON, "drip", "busy: no ", NULL, 1},
	{ANON, "take hex=30 silent", "busy: no", NULL, 1},
	{ANON, "take hex=3084 silent", "busy: no", NULL, 1},
	{ANON, "take hex=300c0201 silent", "busy: no", NULL, 1},
	{ANON, OK "take hex=300c0201 silent", "ok", "busy: no", 1},
	{ANON, OK "take drip", "ok", "busy: no ", 1},
	{TLS, "silent", "busy: no answer within 1 s while connecting", NULL, 1},
	{TLS, "take hex=160303007a0200007603 silent", "busy: no answer within 1 s", NULL, 1},
	{TLS, "take drip", "fatal: TLS handshake", NULL, 2},
	/* The end of a connection inside of a record of the handshake, and between two. */
	{TLS, "take hex=160303007a0200007603", "busy: TLS handshake", NULL, 1},
	{TLS, "take", "busy: TLS handshake", NULL, 1},
	{TLS, "take reset", "busy: TLS handshake", NULL, 1},
	{TLS, "take hex=15030300020228", "fatal: TLS handshake", NULL, 2},
	{START, "silent", "busy: ", NULL, 1},
	{START, "take hex=300c02010178070a010004000400 silent", "busy: ", NULL, 1},
	/* However it is spent, the time comes to its end. */
	{LATER, OK "silent", "ok", "busy: deadline of 1s is over", 1},
	{LATER, OK BUSY BUSY, "ok", "busy: busy (51)", 1},
	{LATER, "silent", "busy: deadline of 1s is over", NULL, 1},
	/* The server's word, or that the time is over, whichever comes last. */
	{LATER "; retry = 1h", "bind=51", "busy: ", NULL, ANY},
	/* Too much. */
	{ANON, "take hex=308470000000", "fatal: over max-pdu, 16777216 bytes", NULL, 1},
	{ANON, OK "take hex=308470000000 silent", "ok", "fatal: over max-pdu", 1},
	{ANON "; max-pdu = 100", OK "take hex=3081f0 silent", "ok",
		"fatal: over max-pdu, 100 bytes", 1},
	{ANON, "take hex=30ff silent", "fatal: what is not LDAP", NULL, 1},
	{ANON, "take hex=0404485454501f silent", "fatal: what is not LDAP", NULL, 1},
	{ANON, "take hex=300402020000 silent", "fatal: what is not LDAP", NULL, 1},
	/* The end. */
	{ANON, "take", "busy: the connection was lost", NULL, 1},
	{ANON, "take reset", "busy: the connection was lost", NULL, 1},
	{ANON, "take hex=300c0201", "busy: the connection was lost", NULL, 1},
	{ANON, OK "take", "ok", "busy: the connection was lost", 1},
	{ANON, OK "take hex=3009", "ok", "busy: the connection was lost", 1},
	{ANON, OK "take notice=52", "ok", "busy: the server ends the connection: unavailable (52)",
		1},
	{ANON, OK "take notice=2", "ok", "busy: the server ends the connection: protocolError (2)",
		1},
	/* StartTLS is done, or nothing is. */
	{START, "take hex=300c02010178070a010204000400", "fatal: StartTLS is refused", NULL, 2},
	{START, "take hex=300c02010178070a013404000400", "fatal: StartTLS is refused", NULL, 2},
	/* Again, and elsewhere. */
	{AGAIN, "bind=51|take|" OK "entries=1", "ok", "1 entries", 3},
	{AGAIN, "bind=49|" OK "entries=1", "fatal: invalidCredentials", NULL, 1},
	{"url = {\"ldap://127.0.0.1:1\", \"ldap://127.0.0.1:@\"}; auth = anonymous; timeout = 1s; "
	 "retry = 0s",
		OK "entries=1", "ok", "1 entries", 1},
	{"url = \"ldap://nobody..example\"; auth = anonymous; retry = 4s", "silent",
		"fatal: no address", NULL, 0},
	{"url = {\"ldap://nobody.abc.example:1\", \"ldap://127.0.0.1:@\"}; auth = anonymous; "
	 "timeout = 1s; retry = 0s",
		OK "entries=1", "ok", "1 entries", 1},
};

static void same(const struct session_case *t, const char *what, const char *wanted, int r,
	const struct err *err, int entries)
{
	char got[sizeof(err->text) + 16];

	if (r < 0) {
		const char *colon = strchr(wanted, ':');
		(void)snprintf(got, sizeof(got), "%s: %s", kinds[err->kind], err->text);
		if (colon == NULL || strncmp(got, wanted, (size_t)(colon - wanted)) != 0 ||
			strstr(err->text, colon + 2) == NULL)
			wrong("%s\n%s: %s: %s, not %s\n", t->settings, t->script, what, got,
				wanted);
		return;
	}
	(void)snprintf(got, sizeof(got), "%d entries", entries);
	if (strcmp(entries < 0 ? "ok" : got, wanted) != 0)
		wrong("%s\n%s: %s: %s, not %s\n", t->settings, t->script, what,
			entries < 0 ? "ok" : got, wanted);
}

static int look(struct session *s, int *entries, struct err *err)
{
	static const char *const none[] = {"1.1", NULL};
	LDAPMessage *result;
	const int r =
		session_search(s, "dc=abc", LDAP_SCOPE_SUBTREE, "(cn=a)", none, 2, &result, err);

	*entries = result != NULL ? ldap_count_entries(session_handle(s), result) : 0;
	ldap_msgfree(result);
	return r;
}

static void check(const struct session_case *t)
{
	struct server_script server;
	struct arena *mem = arena_new();
	struct session *s = NULL;
	struct err err = {ERR_NONE, ""};
	int entries = 0;

	if (strchr(t->settings, '#') != NULL)
		server_start_local(&server, t->script, folder);
	else
		server_start(&server, t->script);
	const double begin = seconds();
	int r = open_session(mem, t->settings, server.port, &s, &err);
	same(t, "open", t->opened, r, &err, -1);
	if (r == 0) {
		r = look(s, &entries, &err);
		same(t, "search", t->found, r, &err, entries);
		/* Nobody is bound on a second connection: there is none. */
		if (!session_alive(s) && look(s, &entries, &err) == 0)
			wrong("%s: a search on a lost connection\n", t->script);
		session_close(s);
	}
	const double took = seconds() - begin;
	server_stop(&server);
	if (took > 8)
		wrong("%s: took %.1f s\n", t->script, took);
	if (t->connections != ANY && server.connections != t->connections)
		wrong("%s: %d connections, not %d\n", t->script, server.connections,
			t->connections);
	arena_free(mem);
}

/* libldap 2.5 forgets what it has read of a notice of disconnection: no leak of ours. */
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));

static void leaks(bool allowed)
{
	if (allowed && __lsan_disable != NULL)
		__lsan_disable();
	if (!allowed && __lsan_enable != NULL)
		__lsan_enable();
}

static void check_every(size_t step, size_t first)
{
	for (size_t i = first; i < sizeof(cases) / sizeof(cases[0]); i += step) {
		const bool notice = strstr(cases[i].script, "notice") != NULL;
		if (notice)
			leaks(true);
		check(&cases[i]);
		if (notice)
			leaks(false);
	}
}

/* Most cases wait for a second or two: some processes wait at once. */
static void test_servers(void **state)
{
	enum { PROCESSES = 8 };
	pid_t pids[PROCESSES];
	int status;

	(void)state;
	for (size_t i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] > 0)
			continue;
		memcpy(folder, pattern, sizeof(pattern));
		if (begin(NULL) < 0)
			_exit(1);
		check_every(PROCESSES, i);
		exit(end(NULL) != 0 || failures > 0);
	}
	for (size_t i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

/* The text of a notice is told to who waits for any message. */
static void test_notice(void **state)
{
	struct server_script server;
	struct arena *mem = arena_new();
	LDAPMessage *message;
	struct session *s;
	struct err err;

	(void)state;
	server_start(&server, OK "notice=52");
	assert_int_equal(open_session(mem, ANON, server.port, &s, &err), 0);
	leaks(true);
	assert_int_equal(session_wait(s, LDAP_RES_ANY, LDAP_MSG_ONE, &message, &err), -1);
	leaks(false);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_string_equal(
		err.text, "the server ends the connection: unavailable (52): maintenance");
	assert_false(session_alive(s));
	session_close(s);
	server_stop(&server);
	arena_free(mem);
}

/* A lost session comes back; its time did not begin anew. */
static void test_again(void **state)
{
	struct server_script server;
	struct arena *mem = arena_new();
	const struct timespec more = {3, 100000000};
	LDAPMessage *message;
	struct session *s;
	struct err err;
	int entries;

	(void)state;
	server_start(&server, OK "take|" OK "entries=1 silent");
	assert_int_equal(open_session(mem, ANON "; deadline = 3s", server.port, &s, &err), 0);
	assert_int_equal(look(s, &entries, &err), -1);
	assert_false(session_alive(s));
	assert_int_equal(session_again(s, &err), 0);
	assert_int_equal(look(s, &entries, &err), 0);
	assert_int_equal(entries, 1);
	(void)nanosleep(&more, NULL);
	assert_int_equal(session_wait(s, LDAP_RES_ANY, LDAP_MSG_ONE, &message, &err), -1);
	assert_false(session_alive(s));
	assert_int_equal(session_again(s, &err), -1);
	assert_int_equal(err.kind, ERR_BUSY);
	assert_non_null(strstr(err.text, "deadline of 3s is over"));
	session_close(s);
	server_stop(&server);
	assert_int_equal(server.connections, 2);
	arena_free(mem);
}

#define SIMPLE "bind = \"cn=a,dc=abc\"; password = \"env:GALWAY_TEST_SECRET\"; retry = 0s"

/* What is refused before anything is sent. */
static const struct refusal {
	const char *settings, *text;
} refusals[] = {
	{"url = \"ldap://127.0.0.1:@\"; " SIMPLE, "a password is not sent without encryption"},
	{"url = {\"ldaps://127.0.0.1:1\", \"ldap://127.0.0.1:@\"}; " SIMPLE,
		"a password is not sent without encryption"},
	{"url = \"LDAP://127.0.0.1:@\"; " SIMPLE, "a password is not sent without encryption"},
	{"url = \"ldapi://%2ftmp%2fnone\"; password = \"env:A\"", "needs bind"},
	{"url = \"ldapi://%2ftmp%2fnone\"; bind = \"\"; password = \"env:A\"", "needs bind"},
	{"url = \"ldapi://%2ftmp%2fnone\"; bind = \"cn=a\"", "needs password"},
	{"url = \"http://127.0.0.1:@\"; " SIMPLE, "must begin with ldaps://"},
	{"url = \"\"; " SIMPLE, "must begin with ldaps://"},
	{"url = \"127.0.0.1:@\"; " SIMPLE, "must begin with ldaps://"},
	{"url = \"ldap://127.0.0.1:@ ldap://127.0.0.1:@\"; auth = anonymous", "is not one URL"},
	{"url = \"ldaps://127.0.0.1:@\"; starttls = true; " SIMPLE, "no starttls"},
	{"url = \"ldaps://127.0.0.1:@\"; auth = external", "needs ldapi:// or a tls-cert"},
	{"url = \"ldap://127.0.0.1:@\"; auth = external; tls-cert = a; tls-key = b",
		"needs ldapi://, ldaps:// or starttls"},
	{"url = \"ldaps://127.0.0.1:@\"; tls-cert = a; " SIMPLE, "go together"},
	{"url = \"ldap://127.0.0.1:@\"; auth = gssapi; bind = a", "for auth = simple only"},
	{"url = \"ldap://127.0.0.1:@\"; auth = anonymous; password = \"env:A\"",
		"for auth = simple only"},
	{"url = \"ldap://127.0.0.1:@\"; auth = gssapi; keytab = a; ccache = b", "not both"},
	{"url = \"ldaps://127.0.0.1:@\"; keytab = a; " SIMPLE, "gssapi or spnego only"},
	{"url = \"ldaps://127.0.0.1:@\"; tls-ca = none.pem; " SIMPLE, "none.pem: cannot be read"},
};

static void test_refusals(void **state)
{
	(void)state;
	failures = 0;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct server_script server;
		struct arena *mem = arena_new();
		struct session *s = NULL;
		struct err err = {ERR_NONE, ""};

		server_start(&server, "silent");
		if (open_session(mem, refusals[i].settings, server.port, &s, &err) == 0 ||
			err.kind != ERR_FATAL || strstr(err.text, refusals[i].text) == NULL)
			wrong("%s: %s\n", refusals[i].settings, err.text);
		server_stop(&server);
		if (server.connections > 0)
			wrong("%s: connected\n", refusals[i].settings);
		arena_free(mem);
	}
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_notice),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
