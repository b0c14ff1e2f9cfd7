#include "connectors/graph_pages.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"

struct graph_pages {
	struct graph_dir *dir;
	struct arena *mem;
	bool delta;
	struct http_call *call; /* of the next page; NULL: there is none */
	struct http_call *from; /* of the page; NULL: there is none */
	struct keys links;      /* that were followed */
	const char *delta_link; /* NULL: not reached */
	long long count, given; /* count: -1, it is not said */
	int status;             /* of the last answer */
	struct json *page;
	const struct json *list;
	size_t at, n;
};

struct graph_pages *graph_pages_start(struct graph_dir *d, const char *url, bool delta)
{
	struct arena *mem = arena_new();
	struct graph_pages *p = arena_zalloc(mem, sizeof(*p));

	p->dir = d;
	p->mem = mem;
	p->delta = delta;
	p->count = -1;
	keys_init(&p->links, 64, false);
	p->call = graph_get(d, url);
	return p;
}

void graph_pages_free(struct graph_pages *p)
{
	if (p == NULL)
		return;
	http_drop(p->dir->http, p->call);
	http_drop(p->dir->http, p->from);
	json_free(p->page);
	keys_free(&p->links);
	arena_free(p->mem);
}

int graph_pages_in(const struct graph_pages *p, struct err *err)
{
	return http_in(p->from, err);
}

const char *graph_pages_request(const struct graph_pages *p, struct arena *mem)
{
	return p->at == 1 ? http_request_of(p->from, mem) : NULL;
}

/* What comes behind this page. */
static int follow(struct graph_pages *p, struct err *err)
{
	const char *next = json_text(p->page, "@odata.nextLink");
	const char *delta = json_text(p->page, "@odata.deltaLink");

	if (next != NULL) {
		if (!keys_put(&p->links, hash_bytes(next, strlen(next), 0), 0))
			return err_set(
				err, ERR_FATAL, "a nextLink came twice: its pages have no end");
		if (http_link(p->dir->http, next, err) < 0)
			return -1;
		p->call = graph_get(p->dir, next);
		return 0;
	}
	if (p->delta && delta == NULL)
		return err_set(err, ERR_FATAL,
			"a page of a delta query has neither nextLink nor deltaLink");
	/* The next round begins there: that it leads elsewhere is to be seen now. */
	const size_t root = strlen(p->dir->root);
	if (p->delta && (strncmp(delta, p->dir->root, root) != 0 || delta[root] != '/'))
		return err_set(err, ERR_FATAL, "the deltaLink leads elsewhere: %.*s",
			(int)strcspn(delta, "?"), delta);
	if (p->delta)
		p->delta_link = arena_strdup(p->mem, delta);
	return 0;
}

/* The page that came. */
static int read_page(struct graph_pages *p, struct err *err)
{
	p->list = json_at(p->page, "value");
	p->n = json_count(p->page, "value");
	if (p->list == NULL || (p->n == 0 && json_text(p->list, "") != NULL))
		return err_set(err, ERR_FATAL, "the answer is no list: it has no value");
	if (p->count < 0)
		(void)json_number(p->page, "@odata.count", &p->count);
	return follow(p, err);
}

static int take_page(struct graph_pages *p, struct err *err)
{
	http_drop(p->dir->http, p->from);
	json_free(p->page);
	p->from = p->call;
	p->list = NULL;
	p->call = NULL;
	p->at = p->n = 0;
	if (graph_answer(p->dir, p->from, &p->page, &p->status, err) < 0) {
		/* "Begin anew": a later run does. */
		err->kind = p->status == 410 ? ERR_BUSY : err->kind;
		return -1;
	}
	return read_page(p, err) < 0 ? graph_pages_in(p, err) : 0;
}

/* As many as were told? */
static int end(struct graph_pages *p, struct err *err)
{
	if (p->delta || p->given == p->count)
		return 0;
	if (p->count < 0)
		(void)err_set(err, ERR_FATAL, "the list does not say how long it is");
	else
		(void)err_set(err, ERR_BUSY, "changed while it was read: %lld objects, not %lld",
			p->given, p->count);
	return graph_pages_in(p, err);
}

int graph_pages_next(struct graph_pages *p, const struct json **object, struct err *err)
{
	while (p->at >= p->n) {
		if (p->call == NULL)
			return end(p, err);
		if (take_page(p, err) < 0)
			return -1;
	}
	*object = json_item(p->list, p->at++);
	p->given++;
	return 1;
}

const char *graph_pages_delta(const struct graph_pages *p)
{
	return p->delta_link;
}

bool graph_pages_stale(const struct graph_pages *p)
{
	return p->status == 400 || p->status == 404 || p->status == 410;
}
