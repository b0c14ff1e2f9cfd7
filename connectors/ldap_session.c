#include "connectors/ldap_session.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_connection.h"
#include "connectors/ldap_pause.h"

/* Bytes taken from the kernel at once. */
#define READ_AHEAD (64 << 10)

/* libldap asks the kernel three times for a message: is there one, how long is it, what is it. With
 * a buffer in front that is once for some hundred entries, and takes 40 % less of our time. It goes
 * above all encryption when that is there, so that nothing from before can be in it. */
static void read_ahead(const struct session *s)
{
	Sockbuf *sb = NULL;
	int size = READ_AHEAD;

	if (ldap_get_option(s->ld, LDAP_OPT_SOCKBUF, &sb) == LDAP_OPT_SUCCESS && sb != NULL)
		(void)ber_sockbuf_add_io(
			sb, &ber_sockbuf_io_readahead, LBER_SBIOD_LEVEL_APPLICATION + 1, &size);
}

/* Bound, and all encryption is there. */
static int enter(struct session *s, const char *url, struct err *err)
{
	if (connect_up(s, url, err) < 0 || bind_up(s, err) < 0)
		return -1;
	read_ahead(s);
	return 0;
}

/* One attempt at one URL. */
static int attempt(struct session *s, const char *url, struct err *err)
{
	s->server = (struct server){.url = url, .usn = -1};
	if (enter(s, url, err) == 0 && server_read(s, err) == 0 && bind_check(s, err) == 0 &&
		server_identify(s, err) == 0)
		return 0;
	connect_down(s);
	/* There is no entry here to be left out. */
	if (err->kind == ERR_ENTRY)
		err->kind = ERR_FATAL;
	return err_in(err, "%s", url);
}

/* Each URL once. */
static int attempt_all(struct session *s, struct err *err)
{
	bool named = false;

	for (unsigned i = 0; i < s->login.n_urls; i++) {
		if (attempt(s, s->login.urls[i], err) == 0)
			return 0;
		if (err->kind == ERR_FATAL)
			return -1;
		named |= !s->unnamed;
		if (i + 1 < s->login.n_urls)
			log_info("%s: %s", s->login.label, err->text);
	}
	/* A name that is misspelled does not get better by waiting. */
	if (!named)
		err->kind = ERR_FATAL;
	return -1;
}

static int attempts(struct session *s, struct err *err)
{
	const long long retry = watch_now() + s->login.retry * 1000;
	const long long until = retry < s->until ? retry : s->until;
	long long pause = 0;

	s->opened = false;
	if (deadline_check(s, err) < 0)
		return -1;
	while (attempt_all(s, err) < 0) {
		const long long again = watch_now() + pause_next(&pause);
		if (err->kind == ERR_FATAL || again > until)
			return -1;
		log_info("%s: %s; trying again", s->login.label, err->text);
		pause_until(again);
	}
	s->opened = true;
	return 0;
}

/* What the process needs before libldap is called for the first time. */
static void prepare(void)
{
	/* Neither ldap.conf, nor .ldaprc, nor LDAP* of the environment: any of them could switch
	 * the verification off. */
	(void)setenv("LDAPNOINIT", "1", 1);
	/* libldap writes to sockets that the server may have closed. */
	(void)signal(SIGPIPE, SIG_IGN);
	bind_prepare();
}

static pthread_once_t prepared = PTHREAD_ONCE_INIT;

int session_open(const struct config *cfg, struct session **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct session *s = arena_zalloc(mem, sizeof(*s));

	s->mem = mem;
	(void)pthread_once(&prepared, prepare);
	if (login_read(s, cfg, err) < 0) {
		session_close(s);
		return -1;
	}
	s->until = watch_now() + s->login.deadline * 1000;
	if (watch_start(&s->watch, s->login.timeout * 1000 + 500, err) < 0 ||
		attempts(s, err) < 0) {
		session_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

int session_again(struct session *s, struct err *err)
{
	connect_down(s);
	return attempts(s, err);
}

void session_close(struct session *s)
{
	if (s == NULL)
		return;
	connect_down(s);
	watch_stop(&s->watch);
	arena_free(s->mem);
}

const struct server *session_server(const struct session *s)
{
	return &s->server;
}

LDAP *session_handle(struct session *s)
{
	return s->ld;
}

bool session_alive(const struct session *s)
{
	return s->alive;
}
