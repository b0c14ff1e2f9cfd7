#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "base/err.h"
#include "base/log.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_connection.h"
#include "connectors/ldap_outbox.h"
#include "connectors/ldap_pause.h"

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

int deadline_check(struct session *s, struct err *err)
{
	static const struct {
		long long seconds;
		char letter;
	} units[] = {{3600, 'h'}, {60, 'm'}, {1, 's'}}, *unit = units;

	if (watch_now() < s->until)
		return 0;
	s->alive = false;
	while (s->login.deadline % unit->seconds != 0)
		unit++;
	return err_set(err, ERR_BUSY, "deadline of %lld%c is over: is there so much to do?",
		s->login.deadline / unit->seconds, unit->letter);
}

static int usable(struct session *s, struct err *err)
{
	if (deadline_check(s, err) < 0)
		return -1;
	return s->alive ? 0 : err_set(err, ERR_BUSY, "the connection was lost");
}

/* 1: a message, 0: none came in time, -1. */
static int receive(struct session *s, int msgid, int all, struct timeval *limit,
	LDAPMessage **message, struct err *err)
{
	*message = NULL;
	if (usable(s, err) < 0)
		return -1;
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
	const long long left = s->until - watch_now() + 1, most = s->login.timeout * 1000;
	const long long ms = left > most ? most : left > 0 ? left : 0;
	struct timeval limit = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
	const int r = receive(s, msgid, all, &limit, message, err);

	if (r != 0)
		return r > 0 ? 0 : -1;
	if (deadline_check(s, err) < 0)
		return -1;
	s->alive = false;
	return err_set(err, ERR_BUSY, "no answer within %lld s", s->login.timeout);
}

int session_at_hand(struct session *s, int msgid, int all, LDAPMessage **message, struct err *err)
{
	struct timeval none = {0, 0};

	return receive(s, msgid, all, &none, message, err);
}

int session_send(struct session *s, const struct ask *a, int *msgid, struct err *err)
{
	*msgid = -1;
	if (usable(s, err) < 0)
		return -1;
	watch_begin(&s->watch);
	const int rc = ldap_search_ext(s->ld, a->base, a->scope, a->filter,
		(char **)(uintptr_t)a->attributes, 0, a->controls, NULL, NULL, a->limit, msgid);
	(void)watch_end(&s->watch);
	if (rc == LDAP_SUCCESS)
		return 0;
	*msgid = -1;
	s->alive &= !ldap_code(rc)->lost;
	return rc == LDAP_SERVER_DOWN ? err_set(err, ERR_BUSY, "the connection was lost")
				      : ldap_fail_last(err, s->ld, rc, "sending a search");
}

void session_hold(struct session *s, bool on)
{
	outbox_hold(s->ld, on);
}

int session_flush(struct session *s, struct err *err)
{
	if (usable(s, err) < 0)
		return -1;
	watch_begin(&s->watch);
	const int r = outbox_send(s->ld);
	(void)watch_end(&s->watch);
	if (r == 0)
		return 0;
	s->alive = false;
	return ldap_fail(err, LDAP_SERVER_DOWN, NULL, "sending");
}

int session_retry(struct session *s, struct patience *p, int code, struct err *err)
{
	if ((code != LDAP_BUSY && code != LDAP_UNAVAILABLE) || !s->alive || !s->opened)
		return -1;
	const long long now = watch_now(), again = now + pause_next(&p->pause);
	if (p->give_up == 0)
		p->give_up = now + s->login.retry * 1000;
	if (again > p->give_up || again > s->until)
		return -1;
	log_info("%s: %s; asking again", s->login.label, err->text);
	pause_until(again);
	return 0;
}

/* *code is the server's. */
static int finish(struct session *s, LDAPMessage *result, const char *what, int limit, int *code,
	struct err *err)
{
	LDAPMessage *last = result;
	char *text = NULL;
	int r = 0;

	*code = LDAP_DECODING_ERROR;
	for (LDAPMessage *m = ldap_first_message(s->ld, result); m != NULL;
		m = ldap_next_message(s->ld, m))
		last = m;
	(void)ldap_parse_result(s->ld, last, code, NULL, &text, NULL, NULL, 0);
	if (*code != LDAP_SUCCESS && *code != LDAP_NO_SUCH_OBJECT)
		r = ldap_fail(err, *code, text, "%s", what);
	else if (limit > 0 && ldap_count_entries(s->ld, result) > limit)
		r = err_set(err, ERR_FATAL, "%s: the server gave more than %d", what, limit);
	ldap_memfree(text);
	return r;
}

int session_search(struct session *s, const char *base, int scope, const char *filter,
	const char *const *attributes, int limit, LDAPMessage **result, struct err *err)
{
	const struct ask ask = {base, scope, filter, attributes, NULL, limit};
	struct patience patience = {0};
	char what[256];
	int id, code, r;

	*result = NULL;
	(void)snprintf(what, sizeof(what), "search \"%s\" %s", base, filter);
	do {
		ldap_msgfree(*result);
		*result = NULL;
		if (session_send(s, &ask, &id, err) < 0 ||
			session_wait(s, id, LDAP_MSG_ALL, result, err) < 0)
			return err_in(err, "%s", what);
		r = finish(s, *result, what, limit, &code, err);
	} while (r < 0 && session_retry(s, &patience, code, err) == 0);
	return r;
}
