#ifndef CONNECTORS_HTTP_H
#define CONNECTORS_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "base/entry.h"

struct buf;
struct err;

/*
 * A client of one web service. libcurl ends in http*.c.
 *
 * Everything goes to the origin (scheme, host, port) of the base URL: a request for another one is
 * refused before anything is sent, so that no link in an answer makes the credentials leave it.
 * Redirects are not followed. https with TLS 1.2 at least; http only to a loopback address, and
 * only with `plain = true`, which http_caution tells. Proxies, .netrc and the environment are not
 * looked at. HTTP/2 where the server offers it, for what can be sent again.
 *
 * Calls are sent in their order, at most `window` of them under way at once. Each has a
 * client-request-id of its own (a GUID, the same when it is sent again), which errors name.
 *
 * A call is sent again after 429 whatever it is, and after 408, 502, 503, 504 and a lost connection
 * when that does no harm: every method but POST and PATCH, and those with `again`. The whole host
 * waits as long as Retry-After says, else with growing pauses, and less is under way for a while.
 * After the time of `retry` the call ends with what it has: an answer of that status, or an error.
 * 401 gets one new token.
 *
 * A client is used by one thread at a time, different clients by different threads.
 */
struct http;
struct http_call;

/* Settings of connectors that have a client, beside `url`; put into their tables. */
/* clang-format off */
#define HTTP_SETTINGS \
	{"auth", SETTING_WORD, "oauth2", "oauth2|bearer|basic|none", "how we prove who we are (none: perhaps by tls-cert)"}, \
	{"token-url", SETTING_TEXT, NULL, NULL, "oauth2: where tokens are had"}, \
	{"scope", SETTING_TEXT, NULL, NULL, "oauth2: what the token is for"}, \
	{"client-id", SETTING_TEXT, NULL, NULL, "oauth2: the application"}, \
	{"client-cert", SETTING_PATH, NULL, NULL, "oauth2: the application's certificate (PEM), in place of a secret"}, \
	{"client-key", SETTING_PATH, NULL, NULL, "oauth2: its key"}, \
	{"user", SETTING_TEXT, NULL, NULL, "basic: the name"}, \
	{"secret", SETTING_SECRET, NULL, NULL, "where the client secret, the bearer token or the password is: file:PATH, env:NAME, exec:COMMAND or credential:NAME"}, \
	{"tls-ca", SETTING_PATH, NULL, NULL, "a file of CA certificates; unset: the system's"}, \
	{"tls-cert", SETTING_PATH, NULL, NULL, "our certificate for TLS (PEM)"}, \
	{"tls-key", SETTING_PATH, NULL, NULL, "its key"}, \
	{"plain", SETTING_BOOL, "false", NULL, "true: http:// to a loopback address will do; shown in every report"}, \
	{"window", SETTING_NUMBER, "8", NULL, "requests under way at once"}, \
	{"timeout", SETTING_SPAN, "60s", NULL, "the longest wait for an answer"}, \
	{"retry", SETTING_SPAN, "5m", NULL, "how long a busy or absent server is tried again"}, \
	{"deadline", SETTING_SPAN, "2h", NULL, "how long a connector may use a server, with all that it does; at least 1s"}, \
	{"max-answer", SETTING_NUMBER, "67108864", NULL, "the largest answer taken from the server, in bytes, unpacked"}
/* clang-format on */

/* What the connector says where the configuration does not; NULL: nothing. `url` is the base: what
 * a request's path is put behind, without a '/' at its end. */
struct http_place {
	const char *url, *token_url, *scope;
	unsigned window; /* no more under way, whatever the configuration says; 0: as it says */
};

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE };

struct http_request {
	enum http_method method;
	const char *url; /* absolute; or begins with '/', and is put behind the base URL */
	const char *accept, *type; /* media types, of the answer and of the body; NULL: none */
	struct value body;
	const char *const *headers; /* more, "Name: value", ended by NULL; or NULL */
	bool again; /* sending it twice does no harm, though it is a POST or a PATCH */
	void *with; /* the caller's own */
};

/* The answer to a call, until http_drop. */
struct http_answer {
	int status; /* 200 to 599 */
	struct value body;
	void *with; /* the request's */
	bool doubt; /* it was sent before, and nobody knows what came of that */
};

/* Opens nothing yet. ERR_FATAL: a setting, a file or a secret is wrong. The settings must live as
 * long as the client. */
int http_open(const struct config *, const struct http_place *, struct http **, struct err *);
void http_close(struct http *);
/* What every report has to say of it; NULL. */
const char *http_caution(const struct http *);
/* The base URL. */
const char *http_base(const struct http *);
/* When a certificate ends, seconds since 1970; 0: there is none, or (HTTP_SERVERS) none was seen
 * yet. */
enum http_certificate { HTTP_SERVERS, HTTP_CLIENT_CERT, HTTP_TLS_CERT };
long long http_ends(const struct http *, enum http_certificate);
/* The first of them. */
long long http_expires(const struct http *);
/* How many calls may be under way. */
unsigned http_window(const struct http *);

/* May a URL that an answer names be asked for? ERR_FATAL, for http_in: it is of another origin. */
int http_link(const struct http *, const char *url, struct err *);
/* Queue a call, all of which is copied but `with`. Nothing waits here; what can be sent at once
 * is. A URL that is not of the origin is an error of the call. */
struct http_call *http_send(struct http *, const struct http_request *);
/* Wait for this call. -1: there is no answer; `doubt` says if it may have been done all the same.
 * ERR_BUSY: no connection, no answer within `timeout` or `deadline`; ERR_FATAL: the certificate,
 * the credentials, an answer that is too large, another origin. */
int http_take(struct http *, struct http_call *, struct http_answer *, struct err *);
/* Wait until any call is at its end: that one, for http_take; the first of several. NULL: there is
 * none that http_drop did not take. */
struct http_call *http_any(struct http *);
/* Give a call up, or its answer back; NULL is allowed. */
void http_drop(struct http *, struct http_call *);

/* Percent-encoded (RFC 3986), for a path's segment or a query's value. */
void http_escape(struct buf *, struct value);
/* A header of a taken answer; NULL. Lives until http_drop. */
const char *http_header(const struct http_call *, const char *name);
/* An answer that is no success, as an error: method, path, status, what the server says of it
 * (NULL: nothing), the ids to ask its owner with. Of 408, 429, 502, 503, 504 ERR_BUSY, else
 * ERR_FATAL. Always -1. */
int http_fail(const struct http_call *, const char *detail, struct err *);
/* What is wrong with an answer, as an error that says of which request, with the ids; those of
 * http_take and http_fail have them already. Always -1. */
int http_in(const struct http_call *, struct err *);
/* The same for who sees it when the call is dropped: what to keep of it, in the arena. */
const char *http_request_of(const struct http_call *, struct arena *);
int http_in_request(const char *request, struct err *);

static inline bool http_good(const struct http_answer *a)
{
	return a->status >= 200 && a->status < 300;
}

#endif
