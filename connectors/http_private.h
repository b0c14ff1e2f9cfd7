#ifndef CONNECTORS_HTTP_PRIVATE_H
#define CONNECTORS_HTTP_PRIVATE_H

#include <curl/curl.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "connectors/http.h"

struct arena;

/*
 * Inside of the client: http.c opens it, http_url.c says where requests may go, http_call.c makes
 * and reads one, http_run.c has them under way, http_token.c and http_assertion.c prove who we are.
 */
enum http_auth { HTTP_OAUTH2, HTTP_BEARER, HTTP_BASIC, HTTP_NONE };

/* Of a URL: what must be equal for the credentials to go there. */
struct origin {
	char *scheme, *host, *port; /* curl_free */
};

/* Times are milliseconds of the monotonic clock. */
struct http {
	const struct config *config;
	struct arena *mem;
	const char *base, *token_url, *scope;
	struct origin origin;
	enum http_auth auth;
	bool plain;
	size_t max_answer;
	long long timeout, retry; /* milliseconds */
	long long deadline;       /* when no more is done; 0: nothing was done yet */
	unsigned window;

	long long certificate; /* when the server's ends, seconds since 1970; 0 */

	struct secret secret; /* of bearer and basic */
	struct buf token;     /* of oauth2 */
	long long expires;    /* when another one is to be had; 0: there is none */
	unsigned tokens;      /* how many there were */

	CURLM *multi;
	struct http_call *first, *last; /* all calls, in the order of http_send */
	unsigned n_running, limit;
	long long resume, pause; /* nothing is sent before; the last pause's length */
};

enum call_state { CALL_QUEUED, CALL_RUNNING, CALL_DONE };

struct http_call {
	struct arena *mem; /* it lives there */
	struct http_call *next, *previous;
	const struct http *client;
	CURL *curl;
	struct curl_slist *headers;
	enum call_state state;
	enum http_method method;
	const char *url, *type, *accept; /* the URL is absolute */
	char id[37];                     /* client-request-id */
	char why[CURL_ERROR_SIZE];
	struct buf sent, body;
	size_t given; /* of `sent`, to libcurl */
	struct curl_slist *more;
	bool again, doubt, over; /* over: the answer is larger than max-answer */
	bool denied;             /* it was answered by 401, and got a new token */
	bool shown;              /* by http_any */
	unsigned token;          /* the number of the token it was sent with */
	long long give_up;       /* when it is not sent again; 0: there was no trouble yet */
	void *with;
	long status;    /* 0: there is no answer ... */
	struct err err; /* ... and why */
};

/* http_url.c */
/* The origin of an absolute URL without user and fragment; ERR_FATAL. */
int url_origin(const char *url, bool plain, struct origin *, struct err *);
void url_forget(struct origin *);
bool url_same(const struct origin *, const struct origin *);
/* Does nothing of what is sent to the host leave this machine? An address, or localhost. */
bool url_loopback(const char *host);

/* http_call.c */
struct http_call *call_new(const struct http *, enum http_method, const char *url);
void call_free(struct http_call *);
/* Prepare it for being sent, now; what proves who we are is yet to come. */
int call_prepare(struct http_call *, struct err *);
/* When the certificate ends that the server showed, if it did so for this call; 0. */
long long call_expires(const struct http_call *);
/* How long the server wants to be left alone (Retry-After), in milliseconds; 0: it does not say. */
long long call_retry_after(const struct http_call *);
/* What libcurl says, as an error. */
int call_error(const struct http_call *, CURLcode, struct err *);
const char *call_method(enum http_method);
/* A new version 4 UUID. */
void call_uuid(char to[37]);

/* http_token.c: see that there is a token to send with requests, if there is to be one. */
int token_have(struct http *, struct err *);
/* Keep the token that the answer to the call has (RFC 6749, 5.1). -1: it has none; what is kept
 * stays. */
int token_read(struct http *, const struct http_call *, struct err *);
/* The service does not take the token with this number: the next token_have gets another. */
void token_refused(struct http *, unsigned number);

/* http_assertion.c: a JWT of RFC 7523, signed as PS256 (RFC 7518) with the key of a certificate,
 * that x5t#S256 names (RFC 7515). Good for five minutes from now on. */
int assertion_make(struct arena *, const char *cert, const char *key, const char *client,
	const char *audience, long long now, const char **, struct err *);
/* When a certificate (PEM) ends, seconds since 1970; 0: it cannot be read. */
long long assertion_ends(const char *cert);

#endif
