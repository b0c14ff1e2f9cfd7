/*
 * The token that requests carry: OAuth 2.0 client credentials (RFC 6749, 4.4), with a secret or a
 * signed assertion (RFC 7523). It is kept until shortly before it expires.
 */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/arena.h"
#include "base/log.h"
#include "connectors/http_private.h"
#include "connectors/json.h"
#include "connectors/ldap_pause.h"
#include "connectors/ldap_watch.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
/* Another token is had so many seconds before this one expires. */
#define EARLY 300
/* Where the answer does not say when it expires. */
#define LIFETIME 600
#define LONGEST 86400

static void add_field(struct buf *form, const char *name, const char *value)
{
	buf_printf(form, "%s%s=", form->len > 0 ? "&" : "", name);
	http_escape(form, value_of(value));
}

static int add_proof(struct http *h, struct buf *form, struct arena *mem, struct err *err)
{
	const char *client = config_text(h->config, "client-id"), *assertion;
	const char *cert = config_text(h->config, "client-cert");
	struct secret secret = {NULL, 0};

	if (cert == NULL) {
		if (secret_load(config_text(h->config, "secret"), &secret, err) < 0)
			return err_in(err, "%s", config_where(h->config, "secret"));
		add_field(form, "client_secret", secret.data);
		secret_free(&secret);
		return 0;
	}
	if (assertion_make(mem, cert, config_text(h->config, "client-key"), client, h->token_url,
		    (long long)time(NULL), &assertion, err) < 0)
		return -1;
	add_field(form, "client_assertion_type", ASSERTION_TYPE);
	add_field(form, "client_assertion", assertion);
	return 0;
}

static int make_form(struct http *h, struct buf *form, struct arena *mem, struct err *err)
{
	add_field(form, "grant_type", "client_credentials");
	add_field(form, "client_id", config_text(h->config, "client-id"));
	if (h->scope != NULL)
		add_field(form, "scope", h->scope);
	return add_proof(h, form, mem, err);
}

/* RFC 6749, A.12: visible ASCII, so that no line is put into a header. */
static bool is_token(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text > ' ' && *text <= '~'; text++)
		;
	return *text == '\0';
}

static void keep(struct http *h, const char *token, long long seconds)
{
	if (h->token.data != NULL)
		explicit_bzero(h->token.data, h->token.len);
	buf_clear(&h->token);
	buf_puts(&h->token, token);
	seconds = seconds < 1 ? 1 : seconds < LONGEST ? seconds : LONGEST;
	h->expires = watch_now() + 1000 * (seconds > 2 * EARLY ? seconds - EARLY : seconds / 2);
	h->tokens++;
}

static const char *date_of(struct arena *mem, long long when)
{
	const time_t t = (time_t)when;
	char text[32];
	struct tm tm;

	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	return arena_strdup(mem, text);
}

/* What a refusal says; and of an assertion, of which services say little, what a person can look
 * at: is the certificate the application's, the token-url its audience, the clock right? */
static const char *refusal(const struct http *h, const char *says, struct arena *mem)
{
	const char *cert = config_text(h->config, "client-cert");
	const long long now = (long long)time(NULL);

	if (cert == NULL)
		return says;
	const long long ends = assertion_ends(cert);
	return arena_printf(mem,
		"%s%swe are %s by the certificate %s (good until %s), the audience is %s, our "
		"clock "
		"says %s",
		says != NULL ? says : "", says != NULL ? "; " : "",
		config_text(h->config, "client-id"), cert, date_of(mem, ends), h->token_url,
		date_of(mem, now));
}

/* What is wrong with the JSON is not told: it may be quoted, and have a token in it. */
int token_read(struct http *h, const struct http_call *c, struct err *err)
{
	struct json *answer;
	struct err ignored;
	long long seconds = LIFETIME;
	int r = -1;

	(void)json_parse(c->body.data != NULL ? c->body.data : "", c->body.len, &answer, &ignored);
	const char *type = json_text(answer, "token_type");
	const char *token = json_text(answer, "access_token");
	const char *why = json_text(answer, "error_description");
	if (c->status != 200)
		r = http_fail(
			c, refusal(h, why != NULL ? why : json_text(answer, "error"), c->mem), err);
	else if (token == NULL || type == NULL || strcasecmp(type, "Bearer") != 0)
		(void)err_set(err, ERR_FATAL, "the answer has no bearer token");
	else if (!is_token(token))
		(void)err_set(err, ERR_FATAL, "access_token is no token");
	else {
		(void)json_number(answer, "expires_in", &seconds);
		keep(h, token, seconds);
		r = 0;
	}
	if (r < 0 && c->status == 200)
		r = http_in(c, err);
	json_free(answer);
	return r;
}

/* Ask once. */
static int ask(struct http *h, struct http_call *c, struct err *err)
{
	c->type = "application/x-www-form-urlencoded";
	c->accept = "application/json";
	if (make_form(h, &c->sent, c->mem, err) < 0 || call_prepare(c, err) < 0)
		return -1;
	const CURLcode code = curl_easy_perform(c->curl);
	explicit_bzero(c->sent.data, c->sent.len);
	if (code != CURLE_OK)
		return call_error(c, code, err);
	(void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &c->status);
	return token_read(h, c, err);
}

/* Ask, again while the server is busy and there is time. */
static int fetch(struct http *h, struct err *err)
{
	const long long give_up = watch_now() + h->retry;
	long long pause = 0;

	for (;;) {
		struct http_call *c = call_new(h, HTTP_POST, h->token_url);
		const int r = ask(h, c, err);
		const long long asked = call_retry_after(c);
		if (c->body.data != NULL)
			explicit_bzero(c->body.data, c->body.len);
		call_free(c);
		if (r == 0 || err->kind != ERR_BUSY)
			return r;
		const long long wait = asked > 0 ? asked : pause_next(&pause);
		if (watch_now() + wait >= give_up || watch_now() + wait >= h->deadline)
			return -1;
		log_debug("%s: again", err->text);
		pause_until(watch_now() + wait);
	}
}

int token_have(struct http *h, struct err *err)
{
	if (h->auth != HTTP_OAUTH2 || (h->expires != 0 && watch_now() < h->expires))
		return 0;
	return fetch(h, err) < 0 ? err_in(err, "the token") : 0;
}

void token_refused(struct http *h, unsigned number)
{
	if (number == h->tokens)
		h->expires = 0;
}
