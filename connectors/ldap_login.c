#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "connectors/ldap_connection.h"

static bool begins(const char *url, const char *scheme)
{
	return strncasecmp(url, scheme, strlen(scheme)) == 0;
}

bool login_local(const char *url)
{
	return begins(url, "ldapi://");
}

bool login_tls(const char *url)
{
	return begins(url, "ldaps://");
}

static enum auth auth_of(const char *word)
{
	static const char *const words[] = {
		[AUTH_SIMPLE] = "simple",
		[AUTH_GSSAPI] = "gssapi",
		[AUTH_SPNEGO] = "spnego",
		[AUTH_EXTERNAL] = "external",
		[AUTH_ANONYMOUS] = "anonymous",
	};
	unsigned i = 0;

	while (i + 1 < sizeof(words) / sizeof(words[0]) && strcmp(words[i], word) != 0)
		i++;
	return (enum auth)i;
}

static int check_urls(const struct login *l, const struct config *cfg, struct err *err)
{
	const char *where = config_where(cfg, "url");

	for (unsigned i = 0; i < l->n_urls; i++) {
		const char *url = l->urls[i];
		if (!login_tls(url) && !login_local(url) && !begins(url, "ldap://"))
			return err_set(err, ERR_FATAL,
				"%s: %s: must begin with ldaps://, ldap:// or ldapi://", where,
				url);
		/* libldap would take a list, and go to the next one by itself. */
		if (strpbrk(url, " ,") != NULL)
			return err_set(err, ERR_FATAL, "%s: %s: is not one URL: {\"...\", \"...\"}",
				where, url);
		if (l->starttls && login_tls(url))
			return err_set(err, ERR_FATAL,
				"%s: %s: ldaps:// is encrypted already: no starttls", where, url);
		if (l->auth == AUTH_SIMPLE && !l->starttls && begins(url, "ldap://"))
			return err_set(err, ERR_FATAL,
				"%s: %s: a password is not sent without encryption: use ldaps:// "
				"or "
				"starttls = true",
				where, url);
		if (l->auth == AUTH_EXTERNAL && !login_local(url) && l->cert == NULL)
			return err_set(err, ERR_FATAL,
				"%s: %s: auth = external needs ldapi:// or a tls-cert", where, url);
		if (l->auth == AUTH_EXTERNAL && !l->starttls && begins(url, "ldap://"))
			return err_set(err, ERR_FATAL,
				"%s: %s: auth = external needs ldapi://, ldaps:// or starttls = "
				"true",
				where, url);
	}
	return l->n_urls > 0 ? 0 : err_set(err, ERR_FATAL, "%s: url is empty", where);
}

static int check_auth(const struct login *l, const struct config *cfg, struct err *err)
{
	const char *where = config_where(cfg, NULL);
	const bool kerberos = l->auth == AUTH_GSSAPI || l->auth == AUTH_SPNEGO;

	/* RFC 4513, 5.1.2: a bind without a name or a password succeeds, as anonymous. */
	if (l->auth == AUTH_SIMPLE && (l->bind == NULL || l->bind[0] == 0))
		return err_set(err, ERR_FATAL, "%s: auth = simple needs bind", where);
	if (l->auth == AUTH_SIMPLE && l->password == NULL)
		return err_set(err, ERR_FATAL, "%s: auth = simple needs password", where);
	if (l->auth != AUTH_SIMPLE && (l->bind != NULL || l->password != NULL))
		return err_set(
			err, ERR_FATAL, "%s: bind and password are for auth = simple only", where);
	if (!kerberos && (l->keytab != NULL || l->ccache != NULL))
		return err_set(err, ERR_FATAL,
			"%s: keytab and ccache are for auth = gssapi or spnego only", where);
	if (l->keytab != NULL && l->ccache != NULL)
		return err_set(err, ERR_FATAL, "%s: keytab or ccache, not both", where);
	if ((l->cert == NULL) != (l->key == NULL))
		return err_set(err, ERR_FATAL, "%s: tls-cert and tls-key go together", where);
	return 0;
}

/* Whoever can read them is who we are. A keytab may be named with its type: FILE:, MEMORY:. */
static int check_keys(
	struct arena *mem, const struct login *l, const struct config *cfg, struct err *err)
{
	const char *keytab = l->keytab;

	if (l->key != NULL && secret_check_file(arena_printf(mem, "%s: tls-key %s",
							config_where(cfg, "tls-key"), l->key),
				      l->key, err) < 0)
		return -1;
	if (keytab != NULL && strncmp(keytab, "FILE:", 5) == 0)
		keytab += 5;
	if (keytab == NULL || keytab[0] != '/')
		return 0;
	return secret_check_file(
		arena_printf(mem, "%s: keytab %s", config_where(cfg, "keytab"), keytab), keytab,
		err);
}

/* In seconds; a century and more is as good as ever, and can be counted in milliseconds. */
static long long span_of(const struct config *cfg, const char *name, long long least)
{
	const long long most = 1LL << 32, n = config_number(cfg, name);

	return n < least ? least : n > most ? most : n;
}

int login_read(struct session *s, const struct config *cfg, struct err *err)
{
	struct login *l = &s->login;

	l->label = config_title(cfg) != NULL ? config_title(cfg) : "ldap";
	l->urls = config_list(cfg, "url", &l->n_urls);
	l->starttls = config_bool(cfg, "starttls");
	l->insecure = strcmp(config_text(cfg, "tls"), "insecure") == 0;
	l->sign_only = config_bool(cfg, "sign-only");
	l->ca = config_text(cfg, "tls-ca");
	l->cert = config_text(cfg, "tls-cert");
	l->key = config_text(cfg, "tls-key");
	l->auth = auth_of(config_text(cfg, "auth"));
	l->bind = config_text(cfg, "bind");
	l->password = config_text(cfg, "password");
	l->keytab = config_text(cfg, "keytab");
	l->ccache = config_text(cfg, "ccache");
	l->base = config_text(cfg, "base");
	l->timeout = span_of(cfg, "timeout", 1);
	l->retry = span_of(cfg, "retry", 0);
	l->deadline = span_of(cfg, "deadline", 1);
	l->max_pdu = (unsigned long)config_number(cfg, "max-pdu");
	if (check_auth(l, cfg, err) < 0 || check_urls(l, cfg, err) < 0)
		return -1;
	return check_keys(s->mem, l, cfg, err);
}
