/*
 * Who we are, signed with the key of a certificate.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "connectors/http_private.h"

#define SECONDS 300
/* Clocks differ. */
#define SKEW 60

/* RFC 4648, 5, without padding. */
static void add_base64url(struct buf *to, const void *data, size_t len)
{
	const size_t from = to->len;

	buf_base64(to, data, len);
	while (to->len > from && to->data[to->len - 1] == '=')
		to->data[--to->len] = '\0';
	for (size_t i = from; i < to->len; i++)
		to->data[i] = to->data[i] == '+' ? '-' : to->data[i] == '/' ? '_' : to->data[i];
}

static FILE *open_pem(const char *path, struct err *err)
{
	FILE *f = fopen(path, "re");

	if (f == NULL)
		(void)err_set(err, ERR_FATAL, "%s: %s", path, strerror(errno));
	return f;
}

static X509 *load_certificate(const char *path, struct err *err)
{
	FILE *f = open_pem(path, err);

	if (f == NULL)
		return NULL;
	X509 *cert = PEM_read_X509(f, NULL, NULL, NULL);
	(void)fclose(f);
	if (cert == NULL)
		(void)err_set(err, ERR_FATAL, "%s: no certificate (PEM) in it", path);
	return cert;
}

/* x5t#S256: the SHA-256 of the certificate's DER. */
static int thumbprint(X509 *cert, struct buf *to, struct err *err)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (X509_digest(cert, EVP_sha256(), hash, &n) != 1)
		return err_set(err, ERR_FATAL, "there is no SHA-256 of the certificate");
	add_base64url(to, hash, n);
	return 0;
}

long long assertion_ends(const char *path)
{
	struct tm tm = {0};
	struct err ignored;
	X509 *cert = load_certificate(path, &ignored);
	const bool good = cert != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1;

	X509_free(cert);
	return good ? (long long)timegm(&tm) : 0;
}

/* Nobody is asked for a passphrase. */
/* NOLINTNEXTLINE(readability-non-const-parameter): OpenSSL's pem_password_cb */
static int no_passphrase(char *to, int size, int writing, void *with)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)with;
	return -1;
}

static int load_key(const char *path, EVP_PKEY **key, struct err *err)
{
	FILE *f = open_pem(path, err);

	if (f == NULL)
		return -1;
	*key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
	(void)fclose(f);
	if (*key != NULL && EVP_PKEY_get_base_id(*key) == EVP_PKEY_RSA)
		return 0;
	EVP_PKEY_free(*key);
	return err_set(err, ERR_FATAL, "%s: no RSA key without a passphrase (PEM) in it", path);
}

/* RSASSA-PSS with SHA-256, the salt as long as the digest. */
static bool sign(EVP_PKEY *key, struct arena *mem, const struct buf *text, struct value *signature)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	size_t len = (size_t)EVP_PKEY_get_size(key);
	unsigned char *bytes = arena_alloc(mem, len);

	const bool good =
		md != NULL && EVP_DigestSignInit(md, &how, EVP_sha256(), NULL, key) == 1 &&
		EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1 &&
		EVP_DigestSign(md, bytes, &len, (const unsigned char *)text->data, text->len) == 1;
	EVP_MD_CTX_free(md);
	*signature = (struct value){(const char *)bytes, len};
	return good;
}

/* A text in JSON: what we put there is printable ASCII, but for what a person configured. */
static const char *quoted(struct arena *mem, const char *text)
{
	struct buf b = {0};

	buf_putc(&b, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_putc(&b, '\\');
		buf_putc(&b, *text);
	}
	buf_putc(&b, '"');
	const char *copy = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return copy;
}

/* "HEADER.CLAIMS", what is signed. */
static int unsigned_token(struct arena *mem, X509 *cert, const char *client, const char *audience,
	long long now, struct buf *to, struct err *err)
{
	const char *who = quoted(mem, client);
	struct buf thumb = {0};
	char id[37];

	if (thumbprint(cert, &thumb, err) < 0)
		return -1;
	call_uuid(id);
	const char *header = arena_printf(
		mem, "{\"alg\":\"PS256\",\"typ\":\"JWT\",\"x5t#S256\":\"%s\"}", thumb.data);
	const char *claims = arena_printf(mem,
		"{\"aud\":%s,\"iss\":%s,\"sub\":%s,\"jti\":\"%s\",\"nbf\":%lld,\"iat\":%lld,"
		"\"exp\":%lld}",
		quoted(mem, audience), who, who, id, now - SKEW, now, now + SECONDS);
	add_base64url(to, header, strlen(header));
	buf_putc(to, '.');
	add_base64url(to, claims, strlen(claims));
	buf_free(&thumb);
	return 0;
}

int assertion_make(struct arena *mem, const char *cert_file, const char *key_file,
	const char *client, const char *audience, long long now, const char **out, struct err *err)
{
	struct buf token = {0};
	struct value signature;
	EVP_PKEY *key;
	int r = 0;

	X509 *cert = load_certificate(cert_file, err);
	if (cert == NULL || load_key(key_file, &key, err) < 0) {
		X509_free(cert);
		return -1;
	}
	if (X509_check_private_key(cert, key) != 1) {
		r = err_set(err, ERR_FATAL, "%s is not the key of the certificate %s", key_file,
			cert_file);
	} else if (unsigned_token(mem, cert, client, audience, now, &token, err) < 0) {
		r = -1;
	} else if (!sign(key, mem, &token, &signature)) {
		r = err_set(err, ERR_FATAL, "%s: cannot sign with it", key_file);
	} else {
		buf_putc(&token, '.');
		add_base64url(&token, signature.data, signature.len);
		*out = arena_copy(mem, token.data, token.len);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
	buf_free(&token);
	return r;
}
