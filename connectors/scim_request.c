/*
 * Requests and answers, as SCIM has them.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/scim.h"

#define ACCEPT "application/scim+json, application/json"

struct http_call *scim_get(struct scim_dir *d, const char *url)
{
	return http_send(
		d->http, &(struct http_request){.method = HTTP_GET, .url = url, .accept = ACCEPT});
}

struct http_call *scim_get_some(struct scim_dir *d, const struct scim_kind *kind, unsigned n)
{
	/* Where pages have cursors only, startIndex is refused. */
	const bool by_cursor = d->service.cursor && !d->service.index;
	char url[64];

	(void)snprintf(url, sizeof(url), "%s?%scount=%u", kind->endpoint,
		by_cursor ? "" : "startIndex=1&", n);
	return scim_get(d, url);
}

struct http_call *scim_send(struct scim_dir *d, enum http_method method, const char *url,
	const struct json *body, const char *if_match, bool again)
{
	struct buf text = {0}, header = {0};
	const char *headers[] = {NULL, NULL};

	if (body != NULL)
		json_print(&text, body);
	if (if_match != NULL) {
		buf_printf(&header, "If-Match: %s", if_match);
		headers[0] = header.data;
	}
	struct http_call *c =
		http_send(d->http, &(struct http_request){.method = method,
					   .url = url,
					   .accept = ACCEPT,
					   .type = body != NULL ? "application/scim+json" : NULL,
					   .body = {text.data, text.len},
					   .headers = headers,
					   .again = again});
	buf_free(&text);
	buf_free(&header);
	return c;
}

/* RFC 7644, 3.12; others say it in their own ways. */
int scim_fail(const struct http_call *c, const struct http_answer *a, struct err *err)
{
	struct err ignored;
	struct json *body = NULL;
	char text[300];

	(void)json_parse(a->body.data, a->body.len, &body, &ignored);
	const char *type = json_text(body, "scimType"), *detail = json_text(body, "detail");
	if (detail == NULL)
		detail = json_text(body, "message");
	(void)snprintf(text, sizeof(text), "%s%s%s", type != NULL ? type : "",
		type != NULL && detail != NULL ? ": " : "", detail != NULL ? detail : "");
	json_free(body);
	return http_fail(c, text[0] != '\0' ? text : NULL, err);
}

int scim_answer(struct scim_dir *d, struct http_call *c, struct json **out, struct err *err)
{
	struct http_answer a;
	int r = http_take(d->http, c, &a, err);

	*out = NULL;
	if (r == 0 && !http_good(&a))
		r = scim_fail(c, &a, err);
	else if (r == 0 && a.body.len > 0 && json_parse(a.body.data, a.body.len, out, err) < 0)
		r = http_in(c, err);
	return r;
}

int scim_take(struct scim_dir *d, struct http_call *c, struct json **out, struct err *err)
{
	const int r = scim_answer(d, c, out, err);

	http_drop(d->http, c);
	return r;
}

const char *scim_path(struct arena *mem, const struct scim_kind *kind, struct value id)
{
	struct buf b = {0};

	buf_printf(&b, "%s/", kind->endpoint);
	http_escape(&b, id);
	const char *path = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return path;
}
