#ifndef CONNECTORS_LDAP_CODE_H
#define CONNECTORS_LDAP_CODE_H

#include <ldap.h>
#include <stdbool.h>

#include "base/change.h"
#include "base/err.h"

/*
 * LDAP result codes (RFC 4511, appendix A, and libldap's own below 0) and the three kinds of error:
 * one table, for each operation. What a code means for a change that is done twice ("already so")
 * stands there too.
 */
struct ldap_code {
	int code;
	const char *name;   /* as RFC 4511 spells it: noSuchObject */
	enum err_kind kind; /* ERR_NONE: success */
	bool slow_down;     /* the server is busy: wait, and send less */
	bool lost;          /* the connection is of no use any more */
	const char *hint;   /* what a person can do; NULL */
};

/* Never NULL: an unknown code is of kind ERR_ENTRY, "code N". */
const struct ldap_code *ldap_code(int code);

/* Fills err: "adding CN=…: noSuchObject (32): <the server's text>; <hint>". Control characters of
 * the server's text stay for the log to show. Always -1. */
int ldap_fail(struct err *, int code, const char *server_text, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same with what libldap knows of the last error of the session. */
int ldap_fail_last(struct err *, LDAP *, int code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* May the change be done already when the server answers so? Then it is read back. */
bool ldap_maybe_done(enum change_op, bool renames, int code);

#endif
