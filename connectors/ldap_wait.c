#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "base/err.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_connection.h"

/* The server's last words (RFC 4511, 4.4.1). libldap gives the text to those only who wait for a
 * message of any id. */
static int notice(struct err *err, int code, const char *text)
{
	const bool said = text != NULL && text[0] != 0;

	return err_set(err, ERR_BUSY, "the server ends the connection: %s (%d)%s%s",
		ldap_code(code)->name, code, said ? ": " : "", said ? text : "");
}

static int notice_message(struct session *s, LDAPMessage *message, struct err *err)
{
	char *text = NULL;
	int code = LDAP_SERVER_DOWN;

	(void)ldap_parse_result(s->ld, message, &code, NULL, &text, NULL, NULL, 0);
	notice(err, code, text);
	ldap_memfree(text);
	return -1;
}

/* ldap_result gave -1. */
static int lost(struct session *s, int reason, struct err *err)
{
	int code = LDAP_SERVER_DOWN;

	(void)ldap_get_option(s->ld, LDAP_OPT_RESULT_CODE, &code);
	if (code > 0)
		return notice(err, code, NULL);
	if (code == LDAP_LOCAL_ERROR || code == LDAP_DECODING_ERROR)
		return err_set(err, ERR_FATAL, "the server sent what is not LDAP");
	if (reason == ERANGE)
		return err_set(err, ERR_FATAL,
			"the server sent a message over max-pdu, %lu bytes, or what is not LDAP",
			s->login.max_pdu);
	if (code == LDAP_SERVER_DOWN)
		return err_set(err, ERR_BUSY, "the connection was lost%s%s",
			reason != 0 ? ": " : "", reason != 0 ? strerror(reason) : "");
	return ldap_fail_last(err, s->ld, code, "waiting for an answer");
}

/* 1: a message, 0: none came in time, -1. */
static int receive(struct session *s, int msgid, int all, struct timeval *limit,
	LDAPMessage **message, struct err *err)
{
	*message = NULL;
	if (!s->alive)
		return err_set(err, ERR_BUSY, "the connection was lost");
	errno = 0;
	watch_begin(&s->watch);
	const int rc = ldap_result(s->ld, msgid, all, limit, message);
	const int reason = errno;
	const bool late = watch_end(&s->watch);
	int r = rc > 0 ? 1 : 0;
	if (late)
		r = err_set(err, ERR_BUSY, "no whole answer within %lld s", s->login.timeout);
	else if (rc < 0)
		r = lost(s, reason, err);
	else if (rc > 0 && ldap_msgid(*message) == LDAP_RES_UNSOLICITED)
		r = notice_message(s, *message, err);
	if (r < 0) {
		ldap_msgfree(*message);
		*message = NULL;
		s->alive = false;
	}
	return r;
}

int session_wait(struct session *s, int msgid, int all, LDAPMessage **message, struct err *err)
{
	struct timeval limit = {(time_t)s->login.timeout, 0};
	const int r = receive(s, msgid, all, &limit, message, err);

	if (r != 0)
		return r > 0 ? 0 : -1;
	s->alive = false;
	return err_set(err, ERR_BUSY, "no answer within %lld s", s->login.timeout);
}

int session_poll(struct session *s, int msgid, int all, LDAPMessage **message, struct err *err)
{
	struct timeval limit = {0, 0};

	return receive(s, msgid, all, &limit, message, err);
}

static int finish(
	struct session *s, LDAPMessage *result, const char *what, int limit, struct err *err)
{
	LDAPMessage *last = result;
	char *text = NULL;
	int code = LDAP_DECODING_ERROR, r = 0;

	for (LDAPMessage *m = ldap_first_message(s->ld, result); m != NULL;
		m = ldap_next_message(s->ld, m))
		last = m;
	(void)ldap_parse_result(s->ld, last, &code, NULL, &text, NULL, NULL, 0);
	if (code != LDAP_SUCCESS && code != LDAP_NO_SUCH_OBJECT)
		r = ldap_fail(err, code, text, "%s", what);
	else if (limit > 0 && ldap_count_entries(s->ld, result) > limit)
		r = err_set(err, ERR_FATAL, "%s: the server gave more than %d", what, limit);
	ldap_memfree(text);
	return r;
}

int session_search(struct session *s, const char *base, int scope, const char *filter,
	const char *const *attributes, int limit, LDAPMessage **result, struct err *err)
{
	char what[256];
	int id = 0;

	*result = NULL;
	(void)snprintf(what, sizeof(what), "search \"%s\" %s", base, filter);
	if (!s->alive)
		return err_set(err, ERR_BUSY, "%s: the connection was lost", what);
	watch_begin(&s->watch);
	const int rc = ldap_search_ext(s->ld, base, scope, filter, (char **)(uintptr_t)attributes,
		0, NULL, NULL, NULL, limit, &id);
	(void)watch_end(&s->watch);
	if (rc != LDAP_SUCCESS) {
		s->alive &= !ldap_code(rc)->lost;
		return ldap_fail_last(err, s->ld, rc, "%s", what);
	}
	if (session_wait(s, id, LDAP_MSG_ALL, result, err) < 0)
		return err_in(err, "%s", what);
	return finish(s, *result, what, limit, err);
}
