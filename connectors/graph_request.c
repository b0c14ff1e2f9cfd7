/*
 * Requests and answers, as Graph has them.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/graph.h"

/* Ids of a mailbox's items are to stay when an item is moved. */
static const char *const headers[] = {"Prefer: IdType=\"ImmutableId\"", NULL};

struct http_call *graph_get(struct graph_dir *d, const char *url)
{
	return graph_send(d, HTTP_GET, url, NULL);
}

struct http_call *graph_send(
	struct graph_dir *d, enum http_method method, const char *url, const struct json *body)
{
	struct buf text = {0};

	if (body != NULL)
		json_print(&text, body);
	struct http_call *c =
		http_send(d->http, &(struct http_request){.method = method,
					   .url = url,
					   .accept = "application/json",
					   .type = body != NULL ? "application/json" : NULL,
					   .body = {text.data, text.len},
					   .headers = d->mailbox != NULL ? headers : NULL,
					   /* The same values again do no harm. */
					   .again = method == HTTP_PATCH});
	buf_free(&text);
	return c;
}

/* By these words alone one refusal is told from others. */
static const struct {
	const char *words, *means;
} refusals[] = {
	{"for on-premises mastered Directory Sync objects",
		"denied: the source of authority is on-premises: "},
	{"originated within an external service",
		"denied: the source of authority of these attributes is Exchange: "},
};

/* "code/inner code/...": the deeper the more exact. */
static void add_codes(struct buf *text, const struct json *error)
{
	for (int depth = 0; error != NULL && depth < JSON_DEPTH; depth++) {
		const char *code = json_text(error, "code");
		buf_printf(text, "%s%s", code != NULL && text->len > 0 ? "/" : "",
			code != NULL ? code : "");
		error = json_at(error, "innerError");
	}
}

static int fail(struct graph_dir *d, const struct http_call *c, const struct http_answer *a,
	struct err *err)
{
	struct err ignored;
	struct json *body = NULL;
	const char *means = "";
	struct buf codes = {0};
	char text[500];

	(void)json_parse(a->body.data, a->body.len, &body, &ignored);
	const char *says = json_text(body, "error/message");
	add_codes(&codes, json_at(body, "error"));
	for (size_t i = 0; says != NULL && i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strstr(says, refusals[i].words) != NULL)
			means = refusals[i].means;
	}
	d->denied = means[0] != '\0';
	(void)snprintf(text, sizeof(text), "%s%s%s%s", means, codes.len > 0 ? codes.data : "",
		says != NULL ? ": " : "", says != NULL ? says : "");
	json_free(body);
	buf_free(&codes);
	return http_fail(c, text[0] != '\0' ? text : NULL, err);
}

int graph_answer(
	struct graph_dir *d, struct http_call *c, struct json **out, int *status, struct err *err)
{
	struct http_answer a;
	int r = http_take(d->http, c, &a, err);

	*out = NULL;
	d->denied = false;
	*status = r == 0 ? a.status : a.doubt ? -1 : 0;
	if (r == 0 && !http_good(&a))
		r = fail(d, c, &a, err);
	else if (r == 0 && a.body.len > 0 && json_parse(a.body.data, a.body.len, out, err) < 0)
		r = http_in(c, err);
	return r;
}

int graph_take(
	struct graph_dir *d, struct http_call *c, struct json **out, int *status, struct err *err)
{
	const int r = graph_answer(d, c, out, status, err);

	http_drop(d->http, c);
	return r;
}

const char *graph_path(struct arena *mem, const char *endpoint, struct value id, const char *more)
{
	struct buf b = {0};

	buf_printf(&b, "%s/", endpoint);
	http_escape(&b, id);
	buf_puts(&b, more);
	const char *path = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return path;
}

/* A property, each once. Ours in contacts of a mailbox are had by $expand. */
static void add(struct buf *list, const char *path)
{
	const size_t len = strcspn(path, "/[");

	if (strncmp(path, "singleValueExtendedProperties", len) == 0)
		return;
	for (const char *at = list->data; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, path, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return;
	}
	if (list->len > 0)
		buf_putc(list, ',');
	buf_add(list, path, len);
}

const char *graph_select(
	struct arena *mem, const struct graph_kind *kind, const struct attr_set *wanted)
{
	struct buf b = {0};

	add(&b, "id");
	add(&b, kind->name);
	if (kind->other != NULL)
		add(&b, kind->other);
	if (kind->only != NULL)
		add(&b, "userType");
	for (const struct json_field *f = kind->fields; f->attr != NULL; f++) {
		if (graph_wants(wanted, f->attr))
			add(&b, f->path);
	}
	const char *list = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return list;
}
