/*
 * One request, as libcurl has it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "connectors/http_private.h"
#include "connectors/ldap_watch.h"

/* A server that sends less than this is not there. */
#define BYTES_PER_SECOND 100
/* All of an answer may take so many times as long as the wait for its first byte. */
#define WHOLE 10
/* Seconds; no run waits that long. */
#define RETRY_AFTER_MOST 604800

const char *call_method(enum http_method method)
{
	static const char *const names[] = {
		[HTTP_GET] = "GET",
		[HTTP_POST] = "POST",
		[HTTP_PUT] = "PUT",
		[HTTP_PATCH] = "PATCH",
		[HTTP_DELETE] = "DELETE",
	};

	return names[method];
}

void call_uuid(char to[37])
{
	unsigned char b[16];

	arc4random_buf(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	(void)snprintf(to, 37,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		b[15]);
}

struct http_call *call_new(const struct http *h, enum http_method method, const char *url)
{
	struct arena *mem = arena_new();
	struct http_call *c = arena_zalloc(mem, sizeof(*c));

	c->mem = mem;
	c->client = h;
	c->method = method;
	c->url = url[0] == '/' ? arena_printf(mem, "%s%s", h->base, url) : arena_strdup(mem, url);
	call_uuid(c->id);
	return c;
}

/* What libcurl unpacked, up to max-answer. */
static size_t take(char *data, size_t size, size_t n, void *with)
{
	struct http_call *c = with;

	(void)size; /* is 1 */
	c->over = n > c->client->max_answer - c->body.len;
	if (c->over)
		return 0;
	buf_add(&c->body, data, n);
	return n;
}

static void set_tls(const struct http *h, CURL *curl)
{
	const char *ca = config_text(h->config, "tls-ca");

	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
	if (ca != NULL) {
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
		(void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	(void)curl_easy_setopt(curl, CURLOPT_SSLCERT, config_text(h->config, "tls-cert"));
	(void)curl_easy_setopt(curl, CURLOPT_SSLKEY, config_text(h->config, "tls-key"));
}

static void set_limits(const struct http *h, CURL *curl)
{
	const long long left = h->deadline - watch_now(), most = WHOLE * h->timeout;

	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)h->timeout);
	(void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)BYTES_PER_SECOND);
	(void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)(h->timeout / 1000));
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
		(long)(left < 1       ? 1
			: left < most ? left
				      : most));
}

/* With all that every request of ours has. */
static CURL *new_handle(const struct http *h, struct err *err)
{
	CURL *curl = curl_easy_init();

	if (curl == NULL) {
		(void)err_set(err, ERR_BUSY, "no memory for a request");
		return NULL;
	}
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, h->plain ? "https,http" : "https");
	(void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_PIPEWAIT, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	(void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "galway");
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	set_tls(h, curl);
	return curl;
}

static void add_header(struct curl_slist **to, const char *name, const char *value)
{
	char line[512];

	if (value == NULL)
		return;
	(void)snprintf(line, sizeof(line), "%s: %s", name, value);
	struct curl_slist *more = curl_slist_append(*to, line);
	if (more != NULL)
		*to = more;
}

static void set_headers(struct http_call *c)
{
	curl_slist_free_all(c->headers);
	c->headers = NULL;
	add_header(&c->headers, "client-request-id", c->id);
	add_header(&c->headers, "return-client-request-id", "true");
	add_header(&c->headers, "Accept", c->accept);
	add_header(&c->headers, "Content-Type", c->type != NULL ? c->type : "");
	add_header(&c->headers, "Expect", "");
	for (const struct curl_slist *more = c->more; more != NULL; more = more->next) {
		struct curl_slist *all = curl_slist_append(c->headers, more->data);
		c->headers = all != NULL ? all : c->headers;
	}
	(void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
}

/* CURLOPT_READFUNCTION. */
static size_t give_body(char *to, size_t size, size_t n, void *with)
{
	struct http_call *c = with;
	const size_t rest = c->sent.len - c->given, len = size * n < rest ? size * n : rest;

	if (len > 0)
		memcpy(to, c->sent.data + c->given, len);
	c->given += len;
	return len;
}

/* libcurl sends again by itself, whatever the method, what a connection that was used before has
 * lost; but not a body that it has read and cannot get back to its beginning. */
static void set_body(struct http_call *c)
{
	(void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->sent.len);
	if (c->again || c->sent.len == 0) {
		(void)curl_easy_setopt(
			c->curl, CURLOPT_POSTFIELDS, c->sent.data != NULL ? c->sent.data : "");
		return;
	}
	c->given = 0;
	(void)curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
	(void)curl_easy_setopt(c->curl, CURLOPT_READFUNCTION, give_body);
	(void)curl_easy_setopt(c->curl, CURLOPT_READDATA, c);
}

int call_prepare(struct http_call *c, struct err *err)
{
	if (c->curl == NULL && (c->curl = new_handle(c->client, err)) == NULL)
		return -1;
	set_limits(c->client, c->curl);
	(void)curl_easy_setopt(c->curl, CURLOPT_URL, c->url);
	(void)curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
	(void)curl_easy_setopt(c->curl, CURLOPT_PRIVATE, c);
	(void)curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->why);
	/* libcurl 7.88 loses an HTTP/2 connection now and then, with all that is under way on it:
	 * that is for requests which can be sent again. */
	(void)curl_easy_setopt(c->curl, CURLOPT_HTTP_VERSION,
		c->again ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	set_headers(c);
	if (c->sent.len > 0 || c->method == HTTP_POST)
		set_body(c);
	(void)curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, call_method(c->method));
	buf_clear(&c->body);
	c->why[0] = '\0';
	log_debug("%s %s (client-request-id %s)", call_method(c->method), c->url, c->id);
	return 0;
}

void call_free(struct http_call *c)
{
	curl_easy_cleanup(c->curl);
	curl_slist_free_all(c->headers);
	curl_slist_free_all(c->more);
	buf_free(&c->sent);
	buf_free(&c->body);
	arena_free(c->mem);
}

/* A person has to look at these: the same will happen again. */
static bool lasting(const struct http_call *c, CURLcode code)
{
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_BAD_CONTENT_ENCODING:
		return true;
	default:
		/* The server's own verdict on our certificate comes with TLS 1.3 as a read's error.
		 */
		return strstr(c->why, " alert ") != NULL;
	}
}

long long call_expires(const struct http_call *c)
{
	static const char field[] = "Expire date:";
	struct curl_certinfo *chain = NULL;

	/* A call on a connection that was there already has none. */
	if (curl_easy_getinfo(c->curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL ||
		chain->num_of_certs < 1)
		return 0;
	for (const struct curl_slist *l = chain->certinfo[0]; l != NULL; l = l->next) {
		if (strncmp(l->data, field, sizeof(field) - 1) != 0)
			continue;
		const time_t end = curl_getdate(l->data + sizeof(field) - 1, NULL);
		return end > 0 ? (long long)end : 0;
	}
	return 0;
}

long long call_retry_after(const struct http_call *c)
{
	curl_off_t seconds = 0;

	if (c->curl != NULL)
		(void)curl_easy_getinfo(c->curl, CURLINFO_RETRY_AFTER, &seconds);
	/* libcurl takes any number, and in milliseconds a large one would be none; a date that is
	 * over is negative. */
	if (seconds < 0)
		return 0;
	return 1000LL * (seconds < RETRY_AFTER_MOST ? seconds : RETRY_AFTER_MOST);
}

int call_error(const struct http_call *c, CURLcode code, struct err *err)
{
	const int path = (int)strcspn(c->url, "?");

	if (c->over)
		return err_set(err, ERR_FATAL,
			"%s %.*s: the answer is larger than max-answer, %zu bytes "
			"(client-request-id %s)",
			call_method(c->method), path, c->url, c->client->max_answer, c->id);
	return err_set(err, lasting(c, code) ? ERR_FATAL : ERR_BUSY,
		"%s %.*s: %s (client-request-id %s)", call_method(c->method), path, c->url,
		c->why[0] != '\0' ? c->why : curl_easy_strerror(code), c->id);
}

const char *http_header(const struct http_call *c, const char *name)
{
	struct curl_header *found;

	if (c->curl == NULL ||
		curl_easy_header(c->curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
		return NULL;
	return found->value;
}

static const char *server_id(const struct http_call *c)
{
	static const char *const names[] = {"request-id", "x-request-id", "x-ms-request-id"};
	const char *id = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && id == NULL; i++)
		id = http_header(c, names[i]);
	return id;
}

static bool busy(long status)
{
	return status == 408 || status == 429 || (status >= 502 && status <= 504);
}

/* Method and URL, and behind the end of that line the ids to ask its owner with. */
const char *http_request_of(const struct http_call *c, struct arena *mem)
{
	const char *id = server_id(c);

	return arena_printf(mem, "%s %.*s\n(client-request-id %s%s%.64s)", call_method(c->method),
		(int)strcspn(c->url, "?"), c->url, c->id, id != NULL ? ", request-id " : "",
		id != NULL ? id : "");
}

static int tell(const char *request, enum err_kind kind, const char *what, struct err *err)
{
	const size_t line = strcspn(request, "\n");

	return err_set(err, kind, "%.*s: %.600s %s", (int)line, request, what, request + line + 1);
}

int http_fail(const struct http_call *c, const char *detail, struct err *err)
{
	const bool redirect = c->status >= 300 && c->status < 400;
	char what[600];

	if (redirect)
		detail = "redirects are not followed";
	(void)snprintf(what, sizeof(what), "%ld%s%s", c->status, detail != NULL ? ": " : "",
		detail != NULL ? detail : "");
	return tell(http_request_of(c, c->mem), busy(c->status) ? ERR_BUSY : ERR_FATAL, what, err);
}

int http_in(const struct http_call *c, struct err *err)
{
	return http_in_request(http_request_of(c, c->mem), err);
}

int http_in_request(const char *request, struct err *err)
{
	const struct err why = *err;

	return tell(request, why.kind, why.text, err);
}
