#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_connection.h"

#define RECEIVE_BUFFER (4 << 20)
/* An address that does not answer for so long has nobody; a host may have others. */
#define CONNECT_SECONDS 15

/* libldap calls this when a socket is connected, before anything is sent. */
static int added(LDAP *ld, Sockbuf *sb, LDAPURLDesc *url, struct sockaddr *address,
	struct ldap_conncb *callbacks)
{
	struct session *s = callbacks->lc_arg;
	const struct timeval limit = {(time_t)s->login.timeout, 0};
	const int on = 1, room = RECEIVE_BUFFER;
	ber_len_t max = s->login.max_pdu;
	int fd = -1;

	(void)ld;
	(void)url;
	(void)address;
	/* When a connection is lost, libldap makes another, on which nobody is bound. */
	if (s->connected || ber_sockbuf_ctrl(sb, LBER_SB_OPT_GET_FD, &fd) < 0)
		return -1;
	if (max > 0)
		(void)ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &max);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	watch_socket(&s->watch, fd);
	/* The time starts here: other addresses of the host may have been tried before. */
	watch_begin(&s->watch);
	s->reached = true;
	return 0;
}

/* libldap gives a connection up: it is about to close the socket. */
static void removed(LDAP *ld, Sockbuf *sb, struct ldap_conncb *callbacks)
{
	struct session *s = callbacks->lc_arg;

	(void)ld;
	(void)sb;
	s->alive = false;
	watch_socket(&s->watch, -1);
}

static bool encrypts(const struct session *s, const char *url)
{
	return login_tls(url) || (s->login.starttls && !login_local(url));
}

static int handle(struct session *s, const char *url, bool verify, struct err *err)
{
	const long long seconds = s->login.timeout;
	const struct timeval limit = {(time_t)seconds, 0},
			     connecting = {
				     seconds < CONNECT_SECONDS ? seconds : CONNECT_SECONDS, 0};
	const int version = LDAP_VERSION3;
	int rc = ldap_initialize(&s->ld, url);

	if (rc != LDAP_SUCCESS) {
		s->ld = NULL;
		return err_set(err, ERR_FATAL, "not an LDAP URL: %s", ldap_err2string(rc));
	}
	s->callbacks = (struct ldap_conncb){added, removed, s};
	s->connected = s->reached = s->unnamed = false;
	const struct {
		int option;
		const void *value;
	} options[] = {
		{LDAP_OPT_PROTOCOL_VERSION, &version},
		{LDAP_OPT_REFERRALS, LDAP_OPT_OFF},
		{LDAP_OPT_RESTART, LDAP_OPT_ON},
		{LDAP_OPT_NETWORK_TIMEOUT, &connecting},
		{LDAP_OPT_TIMEOUT, &limit},
		{LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON},
		{LDAP_OPT_CONNECT_CB, &s->callbacks},
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (ldap_set_option(s->ld, options[i].option, options[i].value) != LDAP_OPT_SUCCESS)
			return err_set(err, ERR_FATAL, "libldap refuses its option 0x%x",
				(unsigned)options[i].option);
	}
	/* The system's certificates take milliseconds to read. */
	return encrypts(s, url) ? tls_prepare(s->ld, &s->login, verify, err) : 0;
}

/* What the look-up of the host says, which libldap does for itself: 0, or a code of getaddrinfo. */
static int look_up(const char *url)
{
	struct addrinfo hint = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	LDAPURLDesc *parts = NULL;
	int r = 0;

	if (login_local(url) || ldap_url_parse(url, &parts) != LDAP_URL_SUCCESS)
		return 0;
	if (parts->lud_host != NULL && parts->lud_host[0] != 0)
		r = getaddrinfo(parts->lud_host, NULL, &hint, &found);
	if (found != NULL)
		freeaddrinfo(found);
	ldap_free_urldesc(parts);
	return r;
}

/* No socket was connected. libldap loses the reason on its way. */
static int no_connection(struct session *s, const char *url, struct err *err)
{
	const int r = look_up(url);

	s->unnamed = r == EAI_NONAME;
	if (r != 0)
		return err_set(err, ERR_BUSY, "no address: %s", gai_strerror(r));
	return err_set(err, ERR_BUSY, "cannot be reached: is it running, is the address right?");
}

/* Did the handshake fail for the network's sake? What else goes wrong in it stays wrong. */
static bool cut_off(const char *text)
{
	static const char *const texts[] = {
		"The TLS connection was non-properly terminated.",
		"Error in the pull function.",
		"Error in the push function.",
		/* An end inside of a record; what makes no sense otherwise has other texts. */
		"Error decoding the received TLS packet.",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(text, texts[i]) == 0)
			return true;
	}
	return false;
}

/* The socket was connected, and TLS could not be begun on it. */
static int no_tls(struct session *s, int rc, struct err *err)
{
	char *text = NULL;

	(void)ldap_get_option(s->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
	const char *why = text != NULL && text[0] != 0 ? text : ldap_err2string(rc);
	if (rc > 0)
		ldap_fail(err, rc, text, "StartTLS is refused");
	else
		err_set(err, rc == LDAP_TIMEOUT || cut_off(why) ? ERR_BUSY : ERR_FATAL,
			"TLS handshake: %s", why);
	/* Whatever the server says, there is no going on without. */
	if (rc > 0)
		err->kind = ERR_FATAL;
	ldap_memfree(text);
	return -1;
}

int connect_raw(struct session *s, const char *url, bool verify, struct err *err)
{
	const bool local = login_local(url);

	if (handle(s, url, verify, err) < 0)
		return -1;
	watch_begin(&s->watch);
	int rc = ldap_connect(s->ld);
	if (rc == LDAP_SUCCESS && s->login.starttls && !local)
		rc = ldap_start_tls_s(s->ld, NULL, NULL);
	if (watch_end(&s->watch))
		return err_set(err, ERR_BUSY, "no answer within %lld s while connecting",
			s->login.timeout);
	if (rc == LDAP_SUCCESS) {
		s->connected = true;
		return 0;
	}
	return s->reached ? no_tls(s, rc, err) : no_connection(s, url, err);
}

int connect_up(struct session *s, const char *url, struct err *err)
{
	const bool tls = encrypts(s, url);

	s->server.encrypted = tls;
	s->server.verified = !s->login.insecure;
	s->server.expires = 0;
	if (connect_raw(s, url, !s->login.insecure, err) < 0)
		return tls && s->reached && s->server.verified && err->kind == ERR_FATAL
			       ? tls_explain(s, url, err)
			       : -1;
	if (tls && tls_check(s, err) < 0)
		return -1;
	s->alive = true;
	return 0;
}

void connect_down(struct session *s)
{
	if (s->ld != NULL) {
		/* An unbind is written, and TLS is closed: that may wait too. */
		watch_begin(&s->watch);
		(void)ldap_unbind_ext_s(s->ld, NULL, NULL);
		(void)watch_end(&s->watch);
	}
	s->ld = NULL;
	s->alive = false;
}
