#include <ctype.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "rules/functions.h"

/*
 * X.509 certificates (RFC 5280), as .NET's X509Certificate2 tells them, which is what is behind
 * these functions in Entra Connect. Certificates are foreign bytes: libcrypto parses them, and what
 * it gives is checked to be text. Nothing is verified: neither signature nor dates nor issuer.
 */
#define UPN "1.3.6.1.4.1.311.20.2.3"

/* Of base64 text, with or without the lines of PEM around it, the bytes; anything else as it is.
 * DER begins with a SEQUENCE. */
static struct value der_of(struct call *c, struct value v)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END";
	struct buf text = {0}, bytes = {0};
	struct value der = v;

	if (v.len == 0 || v.data[0] == '0')
		return v;
	const char *at = memmem(v.data, v.len, begin, sizeof(begin) - 1), *stop = v.data + v.len;
	at = at != NULL ? at + sizeof(begin) - 1 : v.data;
	const char *last = memmem(at, (size_t)(stop - at), end, sizeof(end) - 1);
	for (; at < (last != NULL ? last : stop); at++) {
		if (!isspace((unsigned char)*at))
			buf_putc(&text, *at);
	}
	if (text.len > 0 && buf_unbase64(&bytes, text.data, text.len) == 0 && bytes.len > 0)
		der = (struct value){arena_copy(c->ev->mem, bytes.data, bytes.len), bytes.len};
	buf_free(&text);
	buf_free(&bytes);
	return der;
}

/* All of the bytes, and no more, are a certificate; else NULL. */
static X509 *parse(struct value der)
{
	const unsigned char *at = (const unsigned char *)der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);

	if (x != NULL && at != (const unsigned char *)der.data + der.len) {
		X509_free(x);
		x = NULL;
	}
	ERR_clear_error();
	return x;
}

static int no_text(struct call *c)
{
	return wrong(c, "what is in there is no text");
}

/* A string of a certificate in UTF-8; false when it is none. */
static bool text_of(struct call *c, const ASN1_STRING *s, struct value *out)
{
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, s);
	bool good = len >= 0 && utf8_valid((char *)utf8, (size_t)len) &&
		    memchr(utf8, '\0', (size_t)len) == NULL;

	if (good)
		*out = (struct value){arena_copy(c->ev->mem, utf8, (size_t)len), (size_t)len};
	OPENSSL_free(utf8);
	ERR_clear_error();
	return good;
}

static int give_oid(struct call *c, const ASN1_OBJECT *oid)
{
	char text[256];
	int len = OBJ_obj2txt(text, sizeof(text), oid, 1);

	if (len <= 0 || (size_t)len >= sizeof(text))
		return wrong(c, "an object identifier that is too long");
	return give_str(c, value_of(arena_strdup(c->ev->mem, text)));
}

/* --- names */

/* How Windows calls what stands in names; anything else is OID.1.2.3. */
static const struct {
	int nid;
	const char *name;
} types[] = {
	{NID_commonName, "CN"},
	{NID_countryName, "C"},
	{NID_domainComponent, "DC"},
	{NID_givenName, "G"},
	{NID_initials, "I"},
	{NID_localityName, "L"},
	{NID_organizationName, "O"},
	{NID_organizationalUnitName, "OU"},
	{NID_pkcs9_emailAddress, "E"},
	{NID_serialNumber, "SERIALNUMBER"},
	{NID_stateOrProvinceName, "S"},
	{NID_streetAddress, "STREET"},
	{NID_surname, "SN"},
	{NID_title, "T"},
};

static const char *type_of(struct call *c, const ASN1_OBJECT *oid)
{
	const int nid = OBJ_obj2nid(oid);
	char text[256] = "";

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].nid == nid)
			return types[i].name;
	}
	(void)OBJ_obj2txt(text, sizeof(text), oid, 1);
	return arena_printf(c->ev->mem, "OID.%s", text);
}

/* In quotes where it would not be read back as it is; quotes within are doubled. */
static void add_quoted(struct sink *out, struct value v)
{
	static const char special[] = ",+=\"\n<>#;";
	bool quote = v.len == 0 || v.data[0] == ' ' || v.data[v.len - 1] == ' ';

	for (size_t i = 0; i < v.len; i++)
		quote = quote || strchr(special, v.data[i]) != NULL;
	sink_add(out, value_of(quote ? "\"" : ""));
	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] == '"')
			sink_add(out, value_of("\""));
		sink_add(out, (struct value){v.data + i, 1});
	}
	sink_add(out, value_of(quote ? "\"" : ""));
}

/* "CN=Ann Smith, O=ABC, C=NO": the last part of the encoded name first. */
static int give_name(struct call *c, const X509_NAME *name)
{
	struct sink out = {.mem = c->ev->mem};
	int set = -1;

	for (int i = X509_NAME_entry_count(name) - 1; i >= 0; i--) {
		const X509_NAME_ENTRY *e = X509_NAME_get_entry(name, i);
		struct value v;
		if (!text_of(c, X509_NAME_ENTRY_get_data(e), &v))
			return no_text(c);
		if (set >= 0)
			sink_add(&out, value_of(X509_NAME_ENTRY_set(e) == set ? " + " : ", "));
		set = X509_NAME_ENTRY_set(e);
		sink_add(&out, value_of(type_of(c, X509_NAME_ENTRY_get_object(e))));
		sink_add(&out, value_of("="));
		add_quoted(&out, v);
	}
	return give_sink(c, &out);
}

/* The first of these types in the name, in the order of the types, ended by NID_undef. */
static bool name_part(struct call *c, const X509_NAME *name, const int *nids, struct value *out)
{
	for (; *nids != NID_undef; nids++) {
		int i = X509_NAME_get_index_by_NID(name, *nids, -1);
		if (i >= 0)
			return text_of(
				c, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)), out);
	}
	return false;
}

static bool alternative_text(struct call *c, const GENERAL_NAME *g, int type, struct value *out)
{
	char oid[64];

	if (g->type != type)
		return false;
	if (type != GEN_OTHERNAME)
		return text_of(c, g->d.ia5, out);
	const ASN1_TYPE *v = g->d.otherName->value;
	(void)OBJ_obj2txt(oid, sizeof(oid), g->d.otherName->type_id, 1);
	return strcmp(oid, UPN) == 0 && v != NULL && v->type == V_ASN1_UTF8STRING &&
	       text_of(c, v->value.utf8string, out);
}

/* The first of a kind among the alternative names of the subject or the issuer. */
static bool alternative(struct call *c, X509 *x, bool issuer, int type, struct value *out)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(
		x, issuer ? NID_issuer_alt_name : NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++)
		found = alternative_text(c, sk_GENERAL_NAME_value(names, i), type, out);
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return found;
}

/* In the order of the options in the table of functions: what is looked for among the alternative
 * names, and in the name. */
static const struct {
	int alternative;
	bool name_first;
	int parts[6];
} name_types[] = {
	{GEN_EMAIL, true,
		{NID_commonName, NID_organizationalUnitName, NID_organizationName,
			NID_pkcs9_emailAddress, NID_undef}},
	{GEN_EMAIL, false, {NID_pkcs9_emailAddress, NID_undef}},
	{GEN_OTHERNAME, false, {NID_undef}},
	{GEN_DNS, false, {NID_commonName, NID_undef}},
	{GEN_DNS, false, {NID_undef}},
	{GEN_URI, false, {NID_undef}},
};

static int give_name_info(struct call *c, X509 *x)
{
	const int64_t kind = arg_option(c, 1, 0);
	const bool issuer = arg_num(c, 2);
	const X509_NAME *name = issuer ? X509_get_issuer_name(x) : X509_get_subject_name(x);
	struct value v;

	if (name_types[kind].name_first && name_part(c, name, name_types[kind].parts, &v))
		return give_str(c, v);
	if (alternative(c, x, issuer, name_types[kind].alternative, &v) ||
		name_part(c, name, name_types[kind].parts, &v))
		return give_str(c, v);
	return 0;
}

static int give_subject(struct call *c, X509 *x)
{
	return give_name(c, X509_get_subject_name(x));
}

static int give_issuer(struct call *c, X509 *x)
{
	return give_name(c, X509_get_issuer_name(x));
}

/* --- the rest */

static int give_nothing(struct call *c, X509 *x)
{
	(void)c;
	(void)x;
	return 0;
}

static int give_format(struct call *c, X509 *x)
{
	(void)x;
	return give_str(c, value_of("X509"));
}

static int give_version(struct call *c, X509 *x)
{
	return give_str(c, value_of(arena_printf(c->ev->mem, "%ld", X509_get_version(x) + 1)));
}

static int give_digest(struct call *c, X509 *x)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len;

	if (X509_digest(x, EVP_sha1(), digest, &len) != 1)
		return wrong(c, "this system's OpenSSL does not do SHA-1");
	return give_hex(c, digest, len);
}

/* The bytes of the INTEGER, as Windows shows them: with the zero that keeps it positive. */
static int give_serial(struct call *c, X509 *x)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	unsigned char *der = NULL;
	int len = i2d_ASN1_INTEGER(serial, &der);
	const unsigned char *content = der;
	long n = 0;
	int tag, class, rc = -1;

	if (len > 0 && (ASN1_get_object(&content, &n, &tag, &class, len) & 0x80) == 0)
		rc = give_hex(c, content, (size_t)n);
	else
		wrong(c, "no serial number");
	OPENSSL_free(der);
	return rc;
}

static int give_time(struct call *c, const ASN1_TIME *t)
{
	struct tm tm;
	int64_t filetime;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return wrong(c, "a date that is none");
	const struct moment m = {.year = tm.tm_year + 1900,
		.month = tm.tm_mon + 1,
		.day = tm.tm_mday,
		.hour = tm.tm_hour,
		.minute = tm.tm_min,
		.second = tm.tm_sec};
	if (!date_of(&m, &filetime))
		return wrong(c, "a date that is none");
	return give_num(c, EXPR_DT, filetime);
}

static int give_not_after(struct call *c, X509 *x)
{
	return give_time(c, X509_get0_notAfter(x));
}

static int give_not_before(struct call *c, X509 *x)
{
	return give_time(c, X509_get0_notBefore(x));
}

static int give_key_oid(struct call *c, X509 *x)
{
	ASN1_OBJECT *oid;

	X509_PUBKEY_get0_param(&oid, NULL, NULL, NULL, X509_get_X509_PUBKEY(x));
	return give_oid(c, oid);
}

/* DER of the key algorithm's parameters; NULL without any. */
static int give_key_params(struct call *c, X509 *x)
{
	X509_ALGOR *algorithm;
	unsigned char *der = NULL;
	int rc = 0;

	X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(x));
	int len = algorithm->parameter != NULL ? i2d_ASN1_TYPE(algorithm->parameter, &der) : 0;
	if (len > 0)
		rc = give_hex(c, der, (size_t)len);
	OPENSSL_free(der);
	return rc;
}

static int give_signature_oid(struct call *c, X509 *x)
{
	const X509_ALGOR *algorithm;
	const ASN1_OBJECT *oid;

	X509_get0_signature(NULL, &algorithm, x);
	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	return give_oid(c, oid);
}

static int give_critical(struct call *c, X509 *x)
{
	struct list list = {.ev = c->ev};

	for (int i = 0; i < X509_get_ext_count(x); i++) {
		X509_EXTENSION *e = X509_get_ext(x, i);
		if (X509_EXTENSION_get_critical(e) &&
			(give_oid(c, X509_EXTENSION_get_object(e)) < 0 ||
				list_add(&list, &c->out) < 0))
			return -1;
	}
	c->out = list_val(&list);
	return 0;
}

static const struct {
	const char *name;
	int (*give)(struct call *, X509 *);
} certificate_functions[] = {
	{"CertExtensionOids", give_critical},
	{"CertFormat", give_format},
	{"CertFriendlyName", give_nothing},
	{"CertHashString", give_digest},
	{"CertIssuer", give_issuer},
	{"CertIssuerDN", give_issuer},
	{"CertIssuerOid", give_nothing},
	{"CertKeyAlgorithm", give_key_oid},
	{"CertKeyAlgorithmParams", give_key_params},
	{"CertNameInfo", give_name_info},
	{"CertNotAfter", give_not_after},
	{"CertNotBefore", give_not_before},
	{"CertPublicKeyOid", give_key_oid},
	{"CertPublicKeyParametersOid", give_key_oid},
	{"CertSerialNumber", give_serial},
	{"CertSignatureAlgorithmOid", give_signature_oid},
	{"CertSubject", give_subject},
	{"CertSubjectNameDN", give_subject},
	{"CertSubjectNameOid", give_nothing},
	{"CertThumbprint", give_digest},
	{"CertVersion", give_version},
};

int fn_certificate(struct call *c)
{
	struct value der = der_of(c, arg_text(c, 0));
	size_t i = 0;

	if (spend(c->ev, der.len) < 0)
		return -1;
	X509 *x = parse(der);
	if (x == NULL)
		return wrong(c, "these %zu bytes are not a certificate", arg_text(c, 0).len);
	while (strcmp(certificate_functions[i].name, c->fn->name) != 0)
		i++;
	int rc = certificate_functions[i].give(c, x);
	X509_free(x);
	ERR_clear_error();
	return rc;
}

int fn_iscert(struct call *c)
{
	struct value der = der_of(c, arg_text(c, 0));

	if (spend(c->ev, der.len) < 0)
		return -1;
	X509 *x = parse(der);
	const bool is = x != NULL;
	X509_free(x);
	return give_bool(c, is);
}
