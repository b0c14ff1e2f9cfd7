#ifndef CONNECTORS_LDAP_CONNECTION_H
#define CONNECTORS_LDAP_CONNECTION_H

#include "connectors/ldap_session.h"
#include "connectors/ldap_watch.h"

struct arena;

/* The inside of a session. */

enum auth { AUTH_SIMPLE, AUTH_GSSAPI, AUTH_SPNEGO, AUTH_EXTERNAL, AUTH_ANONYMOUS };

/* The settings, in the session's arena. */
struct login {
	const char *label;
	const char *const *urls;
	unsigned n_urls;
	bool starttls, insecure, sign_only;
	const char *ca, *cert, *key; /* NULL: not set */
	enum auth auth;
	const char *bind, *password, *keytab, *ccache, *base;
	long long timeout, retry, deadline; /* seconds */
	unsigned long max_pdu;
};

/* One attribute of the root DSE. */
struct root {
	const char *name;
	struct value *values;
	unsigned n;
};

struct session {
	struct arena *mem;
	struct login login;
	LDAP *ld;
	struct ldap_conncb callbacks;
	struct watch watch;
	bool unnamed;   /* the host has no address */
	bool reached;   /* a socket was connected */
	bool connected; /* libldap may make no other connection */
	bool alive;
	bool opened;     /* once it is, a busy server is waited for: before, there may be others */
	long long until; /* the deadline, in milliseconds of the monotonic clock */
	struct server server;
	struct root *roots;
	unsigned n_roots;
};

/* ldap_login.c: the settings, and what is refused before anything is sent. */
int login_read(struct session *, const struct config *, struct err *);
bool login_local(const char *url); /* ldapi:// */
bool login_tls(const char *url);   /* ldaps:// */

/* ldap_wait.c: -1 when the time of `deadline` is over (ERR_BUSY); the connection counts as dead. */
int deadline_check(struct session *, struct err *);

/* ldap_connect.c: a connection to the URL, encrypted as the settings want it; nothing is bound. */
int connect_up(struct session *, const char *url, struct err *);
/* The same without a look at the certificate, which is not verified when verify is false. */
int connect_raw(struct session *, const char *url, bool verify, struct err *);
void connect_down(struct session *);

/* ldap_tls.c */
int tls_prepare(LDAP *, const struct login *, bool verify, struct err *);
/* After the handshake: is it what we want? Takes note of the certificate's end. */
int tls_check(struct session *, struct err *);
/* Why did connecting fail? Looks at the certificate over another connection, on which nothing else
 * is sent. Puts the reason into err, which is ERR_FATAL then. */
int tls_explain(struct session *, const char *url, struct err *);

/* ldap_bind.c: who we are, and the proof of it. */
/* Once, before anything else of libldap: it has libsasl2 load all mechanisms that are installed,
 * and Kerberos with them, a fifth of what a run with nothing to do takes. Instead they are loaded
 * when the first bind needs one. */
void bind_prepare(void);
int bind_up(struct session *, struct err *);
int bind_check(struct session *, struct err *);

/* ldap_server.c: the root DSE, and who the server is. */
int server_read(struct session *, struct err *);
int server_identify(struct session *, struct err *);

#endif
