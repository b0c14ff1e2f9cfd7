#ifndef TESTS_FUZZ_HTTP_WIRE_H
#define TESTS_FUZZ_HTTP_WIRE_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/http.h"

/*
 * A client (http.h) that has its answers already, in place of the one of http*.c: "HTTP/1.1 200
 * OK", headers, an empty line, a body ... Each call that is waited for has the next one. Behind the
 * last one the connection is lost.
 *
 * Who includes it says what it is a client of: ROOT, the origin, and BASE, what a path is put
 * behind.
 */
struct http_call {
	struct http_call *next;
	char *url;
	void *with;
	bool taken, shown;
	int status; /* 0: none came; why */
	struct err why;
	const char *headers; /* up to the body */
	struct value body;
	bool doubt;
	char *header; /* that was asked for last */
};

static struct {
	const char *at, *end; /* what was not answered yet */
	struct http_call *calls;
	size_t under_way, answered;
} wire;

static void wire_begin(const char *text, size_t len)
{
	wire.at = text;
	wire.end = text + len;
	wire.calls = NULL;
	wire.under_way = wire.answered = 0;
}

static const char *next_line(const char *at)
{
	const char *end = memchr(at, '\n', (size_t)(wire.end - at));

	return end != NULL ? end + 1 : wire.end;
}

static bool begins(const char *at, const char *word)
{
	const size_t len = strlen(word);

	return (size_t)(wire.end - at) >= len && memcmp(at, word, len) == 0;
}

static bool begins_request(void)
{
	static const char *const methods[] = {"GET ", "POST ", "PATCH ", "PUT ", "DELETE "};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (begins(wire.at, methods[i]))
			return true;
	}
	return false;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : 0;
}

/* false: there are no more. */
static bool next_answer(struct http_call *c)
{
	while (wire.at < wire.end && !begins(wire.at, "HTTP/1.1 "))
		wire.at = next_line(wire.at);
	if (wire.end - wire.at < 12)
		return false;
	c->status = digit(wire.at[9]) * 100 + digit(wire.at[10]) * 10 + digit(wire.at[11]);
	if (c->status < 200 || c->status > 599)
		c->status = 500;
	c->headers = wire.at = next_line(wire.at);
	while (wire.at < wire.end && *wire.at != '\n')
		wire.at = next_line(wire.at);
	const char *begin = wire.at;
	while (wire.at < wire.end && !begins(wire.at, "HTTP/1.1 ") && !begins_request())
		wire.at = next_line(wire.at);
	c->body = (struct value){begin, (size_t)(wire.at - begin)};
	wire.answered++;
	return true;
}

static bool busy(const struct http_call *c)
{
	return c->status == 408 || c->status == 429 || (c->status >= 502 && c->status <= 504);
}

int http_link(const struct http *h, const char *url, struct err *err)
{
	(void)h;
	return url[0] == '/' || strncmp(url, ROOT "/", strlen(ROOT) + 1) == 0
		       ? 0
		       : err_set(err, ERR_FATAL, "another origin");
}

struct http_call *http_send(struct http *h, const struct http_request *r)
{
	struct http_call *c = calloc(1, sizeof(*c)), **last = &wire.calls;

	(void)h;
	assert(c != NULL);
	c->url = strdup(r->url);
	c->with = r->with;
	while (*last != NULL)
		last = &(*last)->next;
	*last = c;
	wire.under_way++;
	return c;
}

/* The same answer as often as it is asked for. */
int http_take(struct http *h, struct http_call *c, struct http_answer *a, struct err *err)
{
	if (!c->taken && http_link(h, c->url, &c->why) == 0 && !next_answer(c)) {
		(void)err_set(&c->why, ERR_BUSY, "no more answers");
		c->doubt = true;
	}
	c->taken = true;
	c->doubt = c->doubt || (busy(c) && c->status != 429);
	*a = (struct http_answer){
		.status = c->status, .body = c->body, .with = c->with, .doubt = c->doubt};
	if (c->status != 0)
		return 0;
	*err = c->why;
	return -1;
}

struct http_call *http_any(struct http *h)
{
	(void)h;
	for (struct http_call *c = wire.calls; c != NULL; c = c->next) {
		if (c->shown)
			continue;
		c->shown = true;
		return c;
	}
	return NULL;
}

void http_drop(struct http *h, struct http_call *c)
{
	struct http_call **at = &wire.calls;

	(void)h;
	if (c == NULL)
		return;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	wire.under_way--;
	free(c->header);
	free(c->url);
	free(c);
}

const char *http_header(const struct http_call *call, const char *name)
{
	struct http_call *c = (struct http_call *)(uintptr_t)call;
	const size_t len = strlen(name);

	for (const char *at = c->headers; at != NULL && at < c->body.data; at = next_line(at)) {
		const char *end = next_line(at);
		if ((size_t)(c->body.data - at) <= len || memcmp(at, name, len) != 0 ||
			at[len] != ':')
			continue;
		at += len + 1;
		while (at < end && *at == ' ')
			at++;
		while (end > at && (end[-1] == '\n' || end[-1] == '\r'))
			end--;
		free(c->header);
		c->header = strndup(at, (size_t)(end - at));
		return c->header;
	}
	return NULL;
}

int http_fail(const struct http_call *c, const char *detail, struct err *err)
{
	return err_set(err, busy(c) ? ERR_BUSY : ERR_FATAL, "%d: %s", c->status,
		detail != NULL ? detail : "");
}

int http_in(const struct http_call *c, struct err *err)
{
	return err_in(err, "%s", c->url);
}

const char *http_request_of(const struct http_call *c, struct arena *mem)
{
	return arena_strdup(mem, c->url);
}

int http_in_request(const char *request, struct err *err)
{
	return err_in(err, "%s", request);
}

long long http_ends(const struct http *h, enum http_certificate which)
{
	(void)h;
	(void)which;
	return 0;
}

const char *http_base(const struct http *h)
{
	(void)h;
	return BASE;
}

unsigned http_window(const struct http *h)
{
	(void)h;
	return 1; /* the answers have one order */
}

int http_open(const struct config *cfg, const struct http_place *place, struct http **out,
	struct err *err)
{
	(void)cfg;
	(void)place;
	(void)err;
	*out = NULL;
	return 0;
}

void http_close(struct http *h)
{
	(void)h;
}

const char *http_caution(const struct http *h)
{
	(void)h;
	return NULL;
}

long long http_expires(const struct http *h)
{
	(void)h;
	return 0;
}

#endif
