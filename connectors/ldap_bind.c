#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sasl/sasl.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/secret.h"
#include "connectors/ldap_code.h"
#include "connectors/ldap_connection.h"

static const char anonymous[] = "anonymous";

/* A result message of that type without values: err when it is not success. libldap takes the
 * answer to anything for one. */
static int verdict(
	struct session *s, LDAPMessage *answer, int type, const char *what, struct err *err)
{
	char *text = NULL;
	int code = LDAP_DECODING_ERROR;

	if (ldap_msgtype(answer) != type)
		return err_set(err, ERR_FATAL, "%s: the server answers something else", what);
	(void)ldap_parse_result(s->ld, answer, &code, NULL, &text, NULL, NULL, 0);
	const int r = code == LDAP_SUCCESS ? 0 : ldap_fail(err, code, text, "%s", what);
	ldap_memfree(text);
	return r;
}

/* AD says with invalidCredentials what it means, as a Windows error code in the text. */
static const char *reason(const struct err *err)
{
	static const struct {
		const char *code, *text;
	} reasons[] = {
		{"data 80090346", "the domain controller demands channel binding "
				  "(LdapEnforceChannelBinding), which is not to be had here: use "
				  "ldap:// with auth = gssapi, which encrypts by itself"},
		{"data 525", "no such account"},
		{"data 52e", "wrong name or password"},
		{"data 530", "not allowed to log on at this time"},
		{"data 531", "not allowed to log on from here"},
		{"data 532", "the password has expired"},
		{"data 533", "the account is disabled"},
		{"data 701", "the account has expired"},
		{"data 773", "the password must be changed first"},
		{"data 775", "the account is locked"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strstr(err->text, reasons[i].code) != NULL)
			return reasons[i].text;
	}
	return NULL;
}

static int simple(struct session *s, const char *who, struct berval *password, struct err *err)
{
	LDAPMessage *answer = NULL;
	char what[256];
	int id = 0;

	(void)snprintf(what, sizeof(what), "bind as %s", who[0] != 0 ? who : anonymous);
	int rc = ldap_sasl_bind(s->ld, who, LDAP_SASL_SIMPLE, password, NULL, NULL, &id);
	if (rc != LDAP_SUCCESS)
		return ldap_fail_last(err, s->ld, rc, "%s", what);
	int r = session_wait(s, id, LDAP_MSG_ALL, &answer, err);
	if (r == 0)
		r = verdict(s, answer, LDAP_RES_BIND, what, err);
	ldap_msgfree(answer);
	return r;
}

/* libldap does not wipe its own copies of a password before it frees them: meanwhile the C library
 * fills what is freed (mallopt(3), M_PERTURB). */
static void fill_freed(bool on)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static int binds;

	(void)pthread_mutex_lock(&lock);
	binds += on ? 1 : -1;
	(void)mallopt(M_PERTURB, binds > 0 ? 0x5a : 0);
	(void)pthread_mutex_unlock(&lock);
}

static int with_password(struct session *s, struct err *err)
{
	struct secret secret;

	if (secret_load(s->login.password, &secret, err) < 0)
		return err_in(err, "password");
	struct berval password = {secret.len, secret.data};
	fill_freed(true);
	const int r = simple(s, s->login.bind, &password, err);
	fill_freed(false);
	secret_free(&secret);
	if (r < 0 && err->kind == ERR_FATAL && reason(err) != NULL)
		return err_in(err, "%s", reason(err));
	return r;
}

static int anonymously(struct session *s, struct err *err)
{
	struct berval nothing = {0, NULL};

	return simple(s, "", &nothing, err);
}

/* SASL asks for names and passwords: the mechanisms used here have them from elsewhere. */
static int interact(LDAP *ld, unsigned flags, void *with, void *asked)
{
	(void)ld;
	(void)flags;
	(void)with;
	for (sasl_interact_t *i = asked; i->id != SASL_CB_LIST_END; i++) {
		i->result = i->defresult != NULL ? i->defresult : "";
		i->len = (unsigned)strlen(i->result);
	}
	return LDAP_SUCCESS;
}

static int set(const char *name, const char *value, struct arena *mem, const char **old)
{
	const char *now = getenv(name);

	*old = now != NULL ? arena_strdup(mem, now) : NULL;
	return value != NULL ? setenv(name, value, 1) : 0;
}

static void reset(const char *name, const char *old)
{
	if (old != NULL)
		(void)setenv(name, old, 1);
	else
		(void)unsetenv(name);
}

void bind_prepare(void)
{
	struct arena *mem = arena_new();
	const char *old;
	int version;

	/* A folder that is there and has no mechanism in it: of one that is not there syslog would
	 * be told. */
	(void)set("SASL_PATH", "/", mem, &old);
	(void)ldap_get_option(NULL, LDAP_OPT_PROTOCOL_VERSION, &version);
	reset("SASL_PATH", old);
	arena_free(mem);
}

/* Nobody has used libsasl2 so far. */
static void load_mechanisms(void)
{
	(void)sasl_client_done();
	(void)sasl_client_init(NULL);
}

static pthread_once_t mechanisms = PTHREAD_ONCE_INIT;

static int sasl(struct session *s, const char *mechanism, struct err *err)
{
	(void)pthread_once(&mechanisms, load_mechanisms);
	watch_begin(&s->watch);
	const int rc = ldap_sasl_interactive_bind_s(
		s->ld, NULL, mechanism, NULL, NULL, LDAP_SASL_QUIET, interact, NULL);
	if (watch_end(&s->watch))
		return err_set(err, ERR_BUSY, "bind with %s: no answer within %lld s", mechanism,
			s->login.timeout);
	if (rc == LDAP_SUCCESS)
		return 0;
	ldap_fail_last(err, s->ld, rc, "bind with %s", mechanism);
	if (reason(err) != NULL)
		return err_in(err, "%s", reason(err));
	/* All that Kerberos has to say is one code and a text. */
	if (strstr(err->text, "Cannot contact any KDC") != NULL)
		err->kind = ERR_BUSY;
	return -1;
}

static int external(struct session *s, struct err *err)
{
	return sasl(s, "EXTERNAL", err);
}

/* Kerberos finds keys and tickets by the environment, which is put back: another session may use
 * others. */
static pthread_mutex_t environment = PTHREAD_MUTEX_INITIALIZER;

static int kerberos(struct session *s, struct err *err)
{
	const struct login *l = &s->login;
	const char *cache =
		l->keytab != NULL ? arena_printf(s->mem, "MEMORY:galway-%s", l->label) : l->ccache;
	const char *old_keys, *old_cache, *properties;

	/* Over TLS a second encryption is refused (AD: unwillingToPerform). */
	properties = s->server.encrypted ? "maxssf=0" : l->sign_only ? "minssf=1" : "minssf=56";
	if (ldap_set_option(s->ld, LDAP_OPT_X_SASL_SECPROPS, properties) != LDAP_OPT_SUCCESS)
		return err_set(err, ERR_FATAL, "libldap was built without SASL");
	/* RFC 5929: a domain controller may want to see that we speak to itself
	 * (LdapEnforceChannelBinding). An old libsasl2 does not know how, and says nothing. */
	if (s->server.encrypted)
		(void)ldap_set_option(s->ld, LDAP_OPT_X_SASL_CBINDING,
			&(int){LDAP_OPT_X_SASL_CBINDING_TLS_ENDPOINT});
	(void)pthread_mutex_lock(&environment);
	(void)set("KRB5_CLIENT_KTNAME", l->keytab, s->mem, &old_keys);
	(void)set("KRB5CCNAME", cache, s->mem, &old_cache);
	const int r = sasl(s, l->auth == AUTH_GSSAPI ? "GSSAPI" : "GSS-SPNEGO", err);
	reset("KRB5_CLIENT_KTNAME", old_keys);
	reset("KRB5CCNAME", old_cache);
	(void)pthread_mutex_unlock(&environment);
	return r;
}

static const struct way {
	const char *name; /* for people */
	int (*bind)(struct session *, struct err *);
} ways[] = {
	[AUTH_SIMPLE] = {"simple bind", with_password},
	[AUTH_GSSAPI] = {"gssapi", kerberos},
	[AUTH_SPNEGO] = {"spnego", kerberos},
	[AUTH_EXTERNAL] = {"external", external},
	[AUTH_ANONYMOUS] = {anonymous, anonymously},
};

static const char *transport(const struct session *s)
{
	const char *url = s->server.url;

	if (login_local(url))
		return "ldapi";
	if (login_tls(url))
		return "ldaps";
	return s->login.starttls ? "ldap with StartTLS" : "ldap";
}

int bind_up(struct session *s, struct err *err)
{
	const struct way *way = &ways[s->login.auth];
	ber_len_t ssf = 0;

	if (way->bind(s, err) < 0)
		return -1;
	(void)ldap_get_option(s->ld, LDAP_OPT_X_SASL_SSF, &ssf);
	const bool sealed = way->bind == kerberos && ssf > 1;
	s->server.encrypted |= sealed;
	s->server.method = arena_printf(s->mem, "%s, %s%s", transport(s), way->name,
		sealed                              ? " (encrypted)"
		: way->bind == kerberos && ssf == 1 ? " (signed)"
						    : "");
	return 0;
}

/* RFC 4532: "dn:...", "u:..."; empty: anonymous. */
static int whoami(struct session *s, struct err *err)
{
	LDAPMessage *answer = NULL;
	struct berval *who = NULL;
	int id = 0, rc = ldap_whoami(s->ld, NULL, NULL, &id);

	if (rc != LDAP_SUCCESS)
		return ldap_fail_last(err, s->ld, rc, "whoami");
	int r = session_wait(s, id, LDAP_MSG_ALL, &answer, err);
	if (r == 0)
		r = verdict(s, answer, LDAP_RES_EXTENDED, "whoami", err);
	if (r == 0 && (rc = ldap_parse_whoami(s->ld, answer, &who)) != LDAP_SUCCESS)
		r = ldap_fail(err, rc, NULL, "whoami");
	if (r == 0)
		s->server.who = who != NULL && who->bv_len > 0
					? arena_copy(s->mem, who->bv_val, who->bv_len)
					: anonymous;
	ber_bvfree(who);
	ldap_msgfree(answer);
	return r;
}

/* AD: the groups that it takes us to be in. S-1-5-7 is "anonymous logon". */
static bool anonymous_token(const struct session *s)
{
	static const char sid[] = "\1\1\0\0\0\0\0\5\7\0\0\0";
	unsigned n;
	const struct value *groups = session_root(s, "tokenGroups", &n);

	for (unsigned i = 0; i < n; i++) {
		if (groups[i].len == sizeof(sid) - 1 &&
			memcmp(groups[i].data, sid, groups[i].len) == 0)
			return true;
	}
	return false;
}

/* Who the server takes us for, as far as is known without asking it. */
static const char *presumed(struct session *s)
{
	char *name = NULL;

	if (s->login.auth == AUTH_SIMPLE)
		return s->login.bind;
	(void)ldap_get_option(s->ld, LDAP_OPT_X_SASL_USERNAME, &name);
	const char *who = arena_strdup(s->mem, name != NULL ? name : ways[s->login.auth].name);
	ldap_memfree(name);
	return who;
}

int bind_check(struct session *s, struct err *err)
{
	s->server.who = presumed(s);
	if (s->login.auth == AUTH_ANONYMOUS)
		return 0;
	if (session_supports(s, LDAP_EXOP_WHO_AM_I) && whoami(s, err) < 0)
		return -1;
	if (strcmp(s->server.who, anonymous) == 0 || anonymous_token(s))
		return err_set(err, ERR_FATAL,
			"the server took the bind, but for an anonymous one: it knows no such "
			"name");
	return 0;
}
