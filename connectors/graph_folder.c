/*
 * A folder of contacts, in one mailbox, that is ours.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "connectors/graph_pages.h"

#define PAGE "100"

static const char *folders(const struct graph_dir *d, struct arena *mem)
{
	return graph_path(mem, "/users", value_of(d->mailbox), "/contactFolders");
}

static void remember(struct graph_dir *d, const struct json *folder)
{
	const char *id = json_text(folder, "id");

	if (id != NULL && *id != '\0')
		d->folder_path = graph_path(d->mem, folders(d, d->mem), value_of(id), "");
}

static int find(struct graph_dir *d, struct arena *mem, struct err *err)
{
	const char *url = arena_printf(
		mem, "%s?$select=id,displayName&$top=" PAGE "&$count=true", folders(d, mem));
	struct graph_pages *p = graph_pages_start(d, url, false);
	const struct json *folder;
	int r;

	while ((r = graph_pages_next(p, &folder, err)) == 1) {
		const char *name = json_text(folder, "displayName");
		if (name == NULL || strcmp(name, d->folder) != 0)
			continue;
		if (d->folder_path != NULL) {
			d->folder_path = NULL;
			(void)err_set(err, ERR_FATAL, "%s: two folders are called %s: delete one",
				d->mailbox, d->folder);
			r = graph_pages_in(p, err);
			break;
		}
		remember(d, folder);
	}
	graph_pages_free(p);
	return r;
}

static int make(struct graph_dir *d, struct arena *mem, struct err *err)
{
	struct json *body = json_new_object(), *answer;
	int status;

	json_put(body, "displayName", json_new_text(value_of(d->folder)));
	struct http_call *call = graph_send(d, HTTP_POST, folders(d, mem), body);
	int r = graph_answer(d, call, &answer, &status, err);
	if (r == 0)
		remember(d, answer);
	if (r == 0 && d->folder_path == NULL) {
		(void)err_set(err, ERR_FATAL, "it is new, and has no id");
		r = http_in(call, err);
	}
	json_free(body);
	json_free(answer);
	http_drop(d->http, call);
	return r < 0 ? err_in(err, "the folder %s", d->folder) : 0;
}

int graph_folder(struct graph_dir *d, bool wanted, struct err *err)
{
	struct arena *mem = arena_new();
	int r = 0;

	if (d->folder_path == NULL)
		r = find(d, mem, err);
	if (r == 0 && d->folder_path == NULL && wanted)
		r = make(d, mem, err);
	arena_free(mem);
	return r;
}

const char *graph_folder_query(struct arena *mem, const struct attr_set *wanted)
{
	struct buf b = {0};

	buf_puts(&b, "?$select=");
	http_escape(&b, value_of(graph_select(mem, &graph_mailbox, wanted)));
	buf_puts(&b, "&$expand=");
	http_escape(&b, value_of("singleValueExtendedProperties($filter=id eq '" GRAPH_MARKER
				 "' or id eq '" GRAPH_NAME "')"));
	const char *query = arena_copy(mem, b.data, b.len);
	buf_free(&b);
	return query;
}

const char *graph_folder_url(struct graph_dir *d, struct arena *mem, const struct attr_set *wanted)
{
	return arena_printf(mem, "%s/contacts%s&$top=" PAGE "&$count=true", d->folder_path,
		graph_folder_query(mem, wanted));
}
