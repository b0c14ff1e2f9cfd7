/*
 * A client, as the configuration has it.
 */
#include "connectors/http.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "connectors/http_private.h"

#define WINDOW_MOST 256

static enum http_auth auth_of(const char *word)
{
	static const char *const words[] = {
		[HTTP_OAUTH2] = "oauth2", [HTTP_BEARER] = "bearer", [HTTP_BASIC] = "basic"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i]) == 0)
			return (enum http_auth)i;
	}
	return HTTP_NONE;
}

static int require(const struct http *h, bool is, const char *what, struct err *err)
{
	return is ? 0
		  : err_set(err, ERR_FATAL, "%s: auth = %s needs %s", config_where(h->config, NULL),
			    config_text(h->config, "auth"), what);
}

static int check_pair(
	const struct http *h, const char *cert, const char *key, struct arena *mem, struct err *err)
{
	const char *file = config_text(h->config, key);

	if ((config_text(h->config, cert) == NULL) != (file == NULL))
		return err_set(err, ERR_FATAL, "%s: %s and %s go together",
			config_where(h->config, NULL), cert, key);
	if (file == NULL)
		return 0;
	return secret_check_file(
		arena_printf(mem, "%s: %s %s", config_where(h->config, key), key, file), file, err);
}

static int check_auth(const struct http *h, struct err *err)
{
	const struct config *cfg = h->config;
	const bool secret = config_text(cfg, "secret") != NULL;
	const bool cert = config_text(cfg, "client-cert") != NULL;

	if (h->auth == HTTP_NONE && secret)
		return err_set(
			err, ERR_FATAL, "%s: auth = none has no secret", config_where(cfg, NULL));
	if (h->auth == HTTP_OAUTH2)
		return require(h, h->token_url != NULL && config_text(cfg, "client-id") != NULL,
			       "token-url and client-id", err) < 0
			       ? -1
			       : require(h, secret != cert, "secret or client-cert, one of them",
					 err);
	if (h->auth == HTTP_BASIC)
		return require(
			h, secret && config_text(cfg, "user") != NULL, "user and secret", err);
	return require(h, h->auth == HTTP_NONE || secret, "secret", err);
}

static const char *setting_or(const struct config *cfg, const char *name, const char *otherwise)
{
	return config_given(cfg, name) ? config_text(cfg, name) : otherwise;
}

static long long span_of(const struct config *cfg, const char *name, long long least)
{
	const long long n = config_number(cfg, name), most = INT_MAX / 1000 / 10;

	return 1000 * (n < least ? least : n > most ? most : n);
}

static void settle(struct http *h, const struct http_place *place)
{
	const struct config *cfg = h->config;
	const long long window = config_number(cfg, "window"),
			most = config_number(cfg, "max-answer");

	h->base = place->url;
	h->token_url = setting_or(cfg, "token-url", place->token_url);
	h->scope = setting_or(cfg, "scope", place->scope);
	h->auth = auth_of(config_text(cfg, "auth"));
	h->plain = config_bool(cfg, "plain");
	h->window = window < 1 ? 1 : window < WINDOW_MOST ? (unsigned)window : WINDOW_MOST;
	if (place->window > 0 && place->window < h->window)
		h->window = place->window;
	h->limit = h->window;
	h->max_answer = most > 0 ? (size_t)most : 1;
	h->timeout = span_of(cfg, "timeout", 1);
	h->retry = span_of(cfg, "retry", 0);
}

static int check_urls(struct http *h, struct err *err)
{
	struct origin token = {0};
	int r = url_origin(h->base, h->plain, &h->origin, err);

	if (r == 0 && h->auth == HTTP_OAUTH2)
		r = url_origin(h->token_url, h->plain, &token, err);
	url_forget(&token);
	return r < 0 ? err_in(err, "%s", config_where(h->config, NULL)) : 0;
}

static int prepare(struct http *h, const struct http_place *place, struct err *err)
{
	settle(h, place);
	if (check_auth(h, err) < 0 || check_urls(h, err) < 0 ||
		check_pair(h, "tls-cert", "tls-key", h->mem, err) < 0 ||
		check_pair(h, "client-cert", "client-key", h->mem, err) < 0)
		return -1;
	/* That of oauth2 is read when a token is wanted, so that a new secret counts. */
	if ((h->auth == HTTP_BEARER || h->auth == HTTP_BASIC) &&
		secret_load(config_text(h->config, "secret"), &h->secret, err) < 0)
		return err_in(err, "%s", config_where(h->config, "secret"));
	h->multi = curl_multi_init();
	if (h->multi == NULL)
		return err_set(err, ERR_BUSY, "%s: no memory", h->base);
	(void)curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	(void)curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)h->window);
	return 0;
}

static void start_library(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_open(const struct config *cfg, const struct http_place *place, struct http **out,
	struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct arena *mem = arena_new();
	struct http *h = arena_zalloc(mem, sizeof(*h));

	(void)pthread_once(&once, start_library);
	h->mem = mem;
	h->config = cfg;
	if (prepare(h, place, err) < 0) {
		http_close(h);
		return -1;
	}
	*out = h;
	return 0;
}

void http_close(struct http *h)
{
	if (h == NULL)
		return;
	while (h->first != NULL)
		http_drop(h, h->first);
	curl_multi_cleanup(h->multi);
	url_forget(&h->origin);
	secret_free(&h->secret);
	if (h->token.data != NULL)
		explicit_bzero(h->token.data, h->token.len);
	buf_free(&h->token);
	arena_free(h->mem);
}

const char *http_caution(const struct http *h)
{
	return strcasecmp(h->origin.scheme, "http") == 0
		       ? "plain = true: the connection is not encrypted"
		       : NULL;
}

const char *http_base(const struct http *h)
{
	return h->base;
}

long long http_ends(const struct http *h, enum http_certificate which)
{
	static const char *const files[] = {
		[HTTP_CLIENT_CERT] = "client-cert", [HTTP_TLS_CERT] = "tls-cert"};

	if (which == HTTP_SERVERS)
		return h->certificate;
	const char *file = config_text(h->config, files[which]);
	return file != NULL ? assertion_ends(file) : 0;
}

long long http_expires(const struct http *h)
{
	long long first = 0;

	for (unsigned i = HTTP_SERVERS; i <= HTTP_TLS_CERT; i++) {
		const long long end = http_ends(h, (enum http_certificate)i);
		if (end != 0 && (first == 0 || end < first))
			first = end;
	}
	return first;
}

unsigned http_window(const struct http *h)
{
	return h->window;
}
