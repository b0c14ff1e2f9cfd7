#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/err.h"
#include "connectors/ldap_connection.h"

/* Where systems keep the certificates that they trust. */
static const char *system_ca(void)
{
	static const char *const files[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem",
		"/etc/ssl/cert.pem",
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (access(files[i], R_OK) == 0)
			return files[i];
	}
	return NULL;
}

int tls_prepare(LDAP *ld, const struct login *l, bool verify, struct err *err)
{
	const int demand = verify ? LDAP_OPT_X_TLS_DEMAND : LDAP_OPT_X_TLS_NEVER;
	const int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;
	const char *ca = l->ca != NULL ? l->ca : system_ca();
	const struct {
		int option;
		const void *value;
		const char *path; /* a file that must be readable */
	} options[] = {
		{LDAP_OPT_X_TLS_REQUIRE_CERT, &demand, NULL},
		/* Not looked at by libldap with GnuTLS: tls_check does. */
		{LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest, NULL},
		{LDAP_OPT_X_TLS_CACERTFILE, ca, ca},
		{LDAP_OPT_X_TLS_CERTFILE, l->cert, l->cert},
		{LDAP_OPT_X_TLS_KEYFILE, l->key, l->key},
		/* Options count from here on: the last. */
		{LDAP_OPT_X_TLS_NEWCTX, &client, NULL},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].value == NULL)
			continue;
		if (options[i].path != NULL && access(options[i].path, R_OK) < 0)
			return err_set(err, ERR_FATAL, "%s: cannot be read", options[i].path);
		if (ldap_set_option(ld, options[i].option, options[i].value) != LDAP_OPT_SUCCESS)
			return err_set(err, ERR_FATAL,
				"TLS cannot be set up (option 0x%x): is it all right: %s%s%s%s%s",
				(unsigned)options[i].option, ca != NULL ? ca : "no CA",
				l->cert != NULL ? ", " : "", l->cert != NULL ? l->cert : "",
				l->key != NULL ? ", " : "", l->key != NULL ? l->key : "");
	}
	return 0;
}

/* The server's certificate; NULL: it cannot be had. */
static X509 *peer(LDAP *ld)
{
	struct berval der = {0, NULL};
	X509 *cert = NULL;

	if (ldap_get_option(ld, LDAP_OPT_X_TLS_PEERCERT, &der) == LDAP_OPT_SUCCESS &&
		der.bv_val != NULL) {
		const unsigned char *at = (const unsigned char *)der.bv_val;
		cert = d2i_X509(NULL, &at, (long)der.bv_len);
	}
	ldap_memfree(der.bv_val);
	return cert;
}

static long long seconds(const ASN1_TIME *t)
{
	struct tm tm = {0};

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (long long)timegm(&tm) : 0;
}

int tls_check(struct session *s, struct err *err)
{
	static const char *const good[] = {"TLS1.2", "TLS1.3", "TLSv1.2", "TLSv1.3"};
	char *version = NULL;
	bool found = false;

	(void)ldap_get_option(s->ld, LDAP_OPT_X_TLS_VERSION, &version);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]) && version != NULL; i++)
		found |= strcmp(version, good[i]) == 0;
	if (!found)
		err_set(err, ERR_FATAL, "%s is not safe: TLS 1.2 or newer is needed",
			version != NULL ? version : "the TLS version, which is not known,");
	ldap_memfree(version);
	if (!found)
		return -1;
	X509 *cert = peer(s->ld);
	if (cert != NULL)
		s->server.expires = seconds(X509_get0_notAfter(cert));
	X509_free(cert);
	return 0;
}

static void add_date(struct buf *to, const ASN1_TIME *t)
{
	struct tm tm = {0};
	char text[32] = "?";

	if (ASN1_TIME_to_tm(t, &tm) == 1)
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_puts(to, text);
}

/* The names that a certificate is for: those of the host that are there, else the subject. */
static void add_names(struct buf *to, X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	char subject[256];
	bool any = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const unsigned char *data;
		if (name->type == GEN_DNS) {
			buf_printf(to, "%s%.*s", any ? " " : "",
				ASN1_STRING_length(name->d.dNSName),
				(const char *)ASN1_STRING_get0_data(name->d.dNSName));
			any = true;
		} else if (name->type == GEN_IPADD && ASN1_STRING_length(name->d.iPAddress) == 4) {
			data = ASN1_STRING_get0_data(name->d.iPAddress);
			buf_printf(to, "%s%u.%u.%u.%u", any ? " " : "", data[0], data[1], data[2],
				data[3]);
			any = true;
		}
	}
	GENERAL_NAMES_free(names);
	if (!any)
		buf_puts(to, X509_NAME_oneline(
				     X509_get_subject_name(cert), subject, (int)sizeof(subject)));
}

static bool is_for(X509 *cert, const char *host)
{
	return X509_check_host(cert, host, 0, 0, NULL) == 1 ||
	       X509_check_ip_asc(cert, host, 0) == 1;
}

/* What is wrong with a certificate that libldap did not take, and what to do. Of its issuers only
 * the names are known here: they are to blame when nothing else is. */
static void blame(struct buf *to, X509 *cert, const char *host, const char *ca)
{
	char issuer[256];

	if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0) {
		buf_puts(to, "it expired ");
		add_date(to, X509_get0_notAfter(cert));
		buf_puts(to, "; ");
	}
	if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0) {
		buf_puts(to, "it is not valid before ");
		add_date(to, X509_get0_notBefore(cert));
		buf_puts(to, " (is the clock right?); ");
	}
	if (!is_for(cert, host)) {
		buf_puts(to, "it is for ");
		add_names(to, cert);
		buf_printf(to, ", not for %s: use that name in url; ", host);
	}
	if (to->len > 0)
		return;
	(void)X509_NAME_oneline(X509_get_issuer_name(cert), issuer, (int)sizeof(issuer));
	if (X509_check_issued(cert, cert) == X509_V_OK)
		buf_printf(to, "it is self-signed, by %s: ", issuer);
	else
		buf_printf(to, "its CA is unknown, %s: ", issuer);
	buf_printf(
		to, "put the CA's certificate into tls-ca (now: %s); ", ca != NULL ? ca : "none");
}

int tls_explain(struct session *s, const char *url, struct err *err)
{
	const struct login *l = &s->login;
	const struct err first = *err;
	LDAPURLDesc *parts = NULL;
	struct err second;
	struct buf why = {0};
	X509 *cert = NULL;

	connect_down(s);
	if (connect_raw(s, url, false, &second) == 0)
		cert = peer(s->ld);
	if (cert == NULL || ldap_url_parse(url, &parts) != LDAP_URL_SUCCESS) {
		X509_free(cert);
		*err = first;
		return -1;
	}
	blame(&why, cert, parts->lud_host != NULL ? parts->lud_host : "",
		l->ca != NULL ? l->ca : system_ca());
	why.len -= 2; /* the last "; " */
	err_set(err, ERR_FATAL, "the server's certificate is not accepted: %.*s", (int)why.len,
		why.data);
	ldap_free_urldesc(parts);
	buf_free(&why);
	X509_free(cert);
	return -1;
}
