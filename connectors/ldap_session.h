#ifndef CONNECTORS_LDAP_SESSION_H
#define CONNECTORS_LDAP_SESSION_H

#include <ldap.h>
#include <stdbool.h>

#include "base/config.h"
#include "base/entry.h"

struct arena;
struct err;

/*
 * A connection to one directory server, from the name lookup to the proof of who we are. What
 * libldap does by itself and should not (configuration files, referrals, waiting for ever, PDUs of
 * any size, unchecked certificates) is switched off here and nowhere else.
 *
 * A session is used by one thread at a time; different sessions by different threads. The first
 * one changes the process: LDAPNOINIT is set in its environment, and SIGPIPE is ignored.
 */
struct session;

enum server_kind { SERVER_LDAP, SERVER_AD, SERVER_OPENLDAP, SERVER_389DS };

/* What the server says of itself (its root DSE). */
struct server {
	enum server_kind kind;
	const char *url;    /* the one of the list that answered */
	const char *vendor; /* vendorName and vendorVersion, for people; "" */
	/* Who it is: the directory's own id, the same on all of its servers (AD: objectGUID of the
	 * default naming context; else entryUUID or nsUniqueId of the base), and the id of this
	 * replica (AD: invocationId; else the same). Texts; "": it does not say. */
	const char *directory, *replica;
	const char *base;         /* the connector's base, or the default naming context */
	const char *context;      /* the naming context that holds it */
	const char *who;          /* who it takes us for: authzId or bind DN; never "" */
	const char *method;       /* for people: "ldaps, simple bind" */
	long long usn;            /* highestCommittedUSN; -1 */
	bool encrypted, verified; /* verified: false only with tls = insecure */
	long long expires;        /* the certificate's end, seconds since 1970; 0: no TLS */
};

/* Settings that ldap and ad connectors share; put into their tables by LDAP_SETTINGS. */
/* clang-format off */
#define LDAP_SETTINGS \
	{"url", SETTING_LIST, "!", NULL, "ldaps://, ldap:// or ldapi:// URLs, tried in this order"}, \
	{"starttls", SETTING_BOOL, "false", NULL, "true: ldap:// is encrypted by StartTLS, or not used"}, \
	{"tls", SETTING_WORD, "verify", "verify|insecure", "insecure: any certificate is taken; shown in every report"}, \
	{"tls-ca", SETTING_PATH, NULL, NULL, "a file of CA certificates; unset: the system's"}, \
	{"tls-cert", SETTING_PATH, NULL, NULL, "our certificate, for auth = external"}, \
	{"tls-key", SETTING_PATH, NULL, NULL, "its key"}, \
	{"auth", SETTING_WORD, "simple", "simple|gssapi|spnego|external|anonymous", "how we prove who we are"}, \
	{"bind", SETTING_TEXT, NULL, NULL, "auth = simple: a DN, or for AD a UPN or DOMAIN\\user"}, \
	{"password", SETTING_SECRET, NULL, NULL, "where the secret is: file:PATH, env:NAME, exec:COMMAND or credential:NAME"}, \
	{"keytab", SETTING_PATH, NULL, NULL, "gssapi: the keys; unset: the ticket cache"}, \
	{"ccache", SETTING_TEXT, NULL, NULL, "gssapi: the ticket cache"}, \
	{"filter", SETTING_TEXT, "(objectClass=*)", NULL, "which entries are read (RFC 4515); ad: (objectCategory=*)"}, \
	{"page-size", SETTING_NUMBER, "1000", NULL, "entries a page; 0: no paging"}, \
	{"window", SETTING_NUMBER, "96", NULL, "operations under way at once"}, \
	{"timeout", SETTING_SPAN, "60s", NULL, "the longest wait for an answer"}, \
	{"retry", SETTING_SPAN, "5m", NULL, "how long a busy or absent server is tried again"}, \
	{"deadline", SETTING_SPAN, "2h", NULL, "how long a connector may use a server, with all that it does; at least 1s"}, \
	{"max-pdu", SETTING_NUMBER, "16777216", NULL, "the largest message taken from the server, in bytes"}, \
	{"sign-only", SETTING_BOOL, "false", NULL, "gssapi: integrity without encryption will do"}
/* clang-format on */

/* Connect, encrypt, bind, see who the server is and who we are. Tries the URLs in turn, and again
 * with growing pauses until the time of `retry` is over. -1: ERR_FATAL when a person must act
 * (certificate, credentials, settings), else ERR_BUSY. */
int session_open(const struct config *, struct session **, struct err *);
/* Open a session anew that has lost its connection. The time of `deadline` began with the first
 * time. -1: as session_open; it can be tried again. */
int session_again(struct session *, struct err *);
/* Unbinds and frees; NULL is allowed. */
void session_close(struct session *);

const struct server *session_server(const struct session *);
/* Does the root DSE list this control, extension or feature (an OID)? */
bool session_supports(const struct session *, const char *oid);
/* Values of a root DSE attribute, which live as long as the session; NULL and n = 0. */
const struct value *session_root(const struct session *, const char *attribute, unsigned *n);

/* For ldap_*.c only. A failed call may leave the connection dead (session_alive says false); only
 * session_again and session_close help then. When the time of `deadline` is over, all of them fail
 * with ERR_BUSY ("deadline of 2h is over"), whatever the server still has to say. */
LDAP *session_handle(struct session *);
bool session_alive(const struct session *);
/* A search as it is sent. */
struct ask {
	const char *base;
	int scope;
	const char *filter;
	const char *const *attributes;
	LDAPControl **controls; /* NULL: none */
	int limit;              /* of entries; 0: none */
};
/* Sends it. *msgid is -1 when that fails. */
int session_send(struct session *, const struct ask *, int *msgid, struct err *);
/* The next message of msgid (or of any: LDAP_RES_ANY): LDAP_MSG_ONE or LDAP_MSG_ALL. The caller
 * frees it. -1: nothing came within `timeout` (ERR_BUSY), the connection was lost (ERR_BUSY), the
 * server sent what is not LDAP or over max-pdu (ERR_FATAL). The watchdog ends waits inside of
 * libldap too. A notice of disconnection is a lost connection, with its code, and with its text for
 * who waits for any message (libldap does not keep it for others). */
int session_wait(struct session *, int msgid, int all, LDAPMessage **, struct err *);
/* The same without waiting: 1: a message that has come already, 0: there is none, -1. */
int session_at_hand(struct session *, int msgid, int all, LDAPMessage **, struct err *);
/* on: what is sent from now on goes together with session_flush (ldap_outbox.h), and nobody waits
 * for an answer before that. -1: the connection was lost. */
void session_hold(struct session *, bool on);
int session_flush(struct session *, struct err *);
/* How long the server has been too busy for something; all zero: not at all. */
struct patience {
	long long pause;   /* as pause_next's */
	long long give_up; /* when the time of `retry` is over */
};
/* An answer had this result code, and err says so. Is it worth to ask the same once more? 0: yes,
 * the server was busy or unavailable, and the pause before that is over. -1: no. */
int session_retry(struct session *, struct patience *, int code, struct err *);
/* A small search to its end, unpaged, again when the server is busy: at most `limit` entries (0:
 * any), more are an error. *result is the chain of messages for ldap_first_entry, which the caller
 * frees also on -1; a base that is not there is 0 with no entries. */
int session_search(struct session *, const char *base, int scope, const char *filter,
	const char *const *attributes, int limit, LDAPMessage **result, struct err *);

#endif
