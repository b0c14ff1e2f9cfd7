#include "connectors/graph_round.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/spool.h"
#include "connectors/graph_pages.h"

#define FIRST_LINE "graph 1\n"

/* An object of the round. */
struct item {
	uint32_t at;  /* of what was said last */
	uint8_t kind; /* of dir->kinds */
	bool removed;
	bool read; /* it is to be read by its id */
	bool wish; /* nothing was said of it: at is its id's place, and it may be gone */
};

/* Which request they came with: those from here on, up to the next of these. */
struct page_request {
	uint32_t first;
	const char *request;
};

/* What was asked for the items that come next. */
struct ahead {
	struct http_call *object, *behavior;
};

struct graph_round {
	struct graph_dir *dir;
	const struct attr_set *wanted;
	bool first; /* not from a cookie */
	bool behavior, refers;
	struct arena *mem;
	struct spool *spool;
	struct buf items, origins;
	struct keys by_id; /* places in items */
	struct graph_names *names;
	struct buf cookie;

	struct ahead *ahead; /* a ring of as many as may be under way */
	size_t window, asked, at;
};

static struct item *item_at(const struct graph_round *r, size_t i)
{
	return (struct item *)(void *)r->items.data + i;
}

static size_t count(const struct graph_round *r)
{
	return r->items.len / sizeof(struct item);
}

void graph_round_free(struct graph_round *r)
{
	if (r == NULL)
		return;
	for (size_t i = r->at; i < r->asked; i++) {
		http_drop(r->dir->http, r->ahead[i % r->window].object);
		http_drop(r->dir->http, r->ahead[i % r->window].behavior);
	}
	spool_free(r->spool);
	arena_free(r->mem);
	buf_free(&r->items);
	buf_free(&r->origins);
	buf_free(&r->cookie);
	keys_free(&r->by_id);
	graph_names_free(r->names);
	free(r->ahead);
	free(r);
}

static void note_origin(struct graph_round *r, const struct graph_pages *p)
{
	const struct page_request o = {(uint32_t)count(r), graph_pages_request(p, r->mem)};

	if (o.request != NULL)
		buf_add(&r->origins, &o, sizeof(o));
}

/* The last word counts. */
static int put(struct graph_round *r, unsigned kind, const struct graph_pages *p,
	const struct json *object, struct err *err)
{
	const char *id = json_text(object, "id");
	struct item item = {.kind = (uint8_t)kind,
		.removed = json_at(object, "@removed") != NULL,
		.read = !r->first};
	struct buf text = {0};
	uint32_t place;

	if (id == NULL || *id == '\0') {
		(void)err_set(err, ERR_FATAL, "an object has no id");
		return graph_pages_in(p, err);
	}
	note_origin(r, p);
	json_print(&text, object);
	const int rc = spool_add(r->spool, text.data, text.len, &item.at, err);
	buf_free(&text);
	if (rc < 0)
		return -1;
	const uint64_t key = entry_key(value_of(id));
	if (keys_get(&r->by_id, key, &place)) {
		item.read = true;
		*item_at(r, place) = item;
		return 0;
	}
	(void)keys_put(&r->by_id, key, (uint32_t)count(r));
	buf_add(&r->items, &item, sizeof(item));
	return 0;
}

/* So that references to it have a name. */
static void learn(struct graph_round *r, const struct graph_kind *kind, const struct json *object,
	struct arena *scratch)
{
	const struct value dn = graph_dn(r->dir, kind, object, scratch);

	if (r->refers && r->first && dn.len > 0)
		graph_names_put(r->names, value_of(json_text(object, "id")), dn);
	arena_reset(scratch);
}

/* Where a round begins, and what is asked for. */
static const char *selected(struct graph_round *r, const struct graph_kind *kind, struct arena *mem)
{
	const char *select = graph_select(mem, kind, r->wanted);

	if (kind->refers != NULL &&
		graph_wants(r->wanted, strcmp(kind->refers, "members") == 0 ? "member" : "manager"))
		select = arena_printf(mem, "%s,%s", select, kind->refers);
	return select;
}

static int take_kind(
	struct graph_round *r, unsigned k, const char *link, struct arena *mem, struct err *err)
{
	const struct graph_kind *kind = r->dir->kinds[k];
	const char *select = selected(r, kind, mem);
	struct arena *scratch = arena_new();
	const struct json *object;
	int rc;

	if (link == NULL)
		link = arena_printf(mem, "%s/delta?$select=%s", kind->endpoint, select);
	struct graph_pages *p = graph_pages_start(r->dir, link, true);
	while ((rc = graph_pages_next(p, &object, err)) == 1 &&
		(rc = put(r, k, p, object, err)) == 0)
		learn(r, kind, object, scratch);
	if (rc == 0)
		buf_printf(&r->cookie, "%s %s\n%s\n", kind->setting, select, graph_pages_delta(p));
	else if (graph_pages_stale(p) && !r->first)
		err->kind = ERR_ENTRY;
	graph_pages_free(p);
	arena_free(scratch);
	return rc;
}

/* A line of the cookie; NULL: there is none. */
static char *line(char **at)
{
	char *begin = *at, *end = strchr(begin, '\n');

	if (end == NULL)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return begin;
}

/* The link of each kind, if just that was asked for by which the cookie was made. */
static int use_cookie(struct graph_round *r, struct value cookie, struct arena *mem,
	const char **links, struct err *err)
{
	char *at = arena_copy(mem, cookie.data, cookie.len);
	const size_t len = strlen(FIRST_LINE);
	bool good = strlen(at) == cookie.len && strncmp(at, FIRST_LINE, len) == 0;

	at += good ? len : 0;
	for (unsigned k = 0; good && r->dir->kinds[k] != NULL; k++) {
		const struct graph_kind *kind = r->dir->kinds[k];
		const char *asked = line(&at);
		links[k] = line(&at);
		good = links[k] != NULL &&
		       strcmp(asked, arena_printf(mem, "%s %s", kind->setting,
					     selected(r, kind, mem))) == 0 &&
		       strncmp(links[k], r->dir->root, strlen(r->dir->root)) == 0;
	}
	if (!good || *at != '\0')
		return err_set(err, ERR_ENTRY, "the cookie is of other settings or rules");
	return 0;
}

/* Entries that are asked for though nothing is said of them: of what kind is not known. */
static int add_wishes(struct graph_round *r, const struct query *q, struct err *err)
{
	for (size_t i = 0; !r->first && i < q->n_wishes; i++) {
		struct item item = {.read = true, .wish = true};
		const struct value id = q->wishes[i].value;
		if (q->wishes[i].by != WISH_ID || keys_has(&r->by_id, entry_key(id)))
			continue;
		if (spool_add(r->spool, id.data, id.len, &item.at, err) < 0)
			return -1;
		for (; r->dir->kinds[item.kind] != NULL; item.kind++)
			buf_add(&r->items, &item, sizeof(item));
	}
	return 0;
}

int graph_round_start(
	struct graph_dir *d, const struct query *q, struct graph_round **out, struct err *err)
{
	struct arena *mem = arena_new();
	struct graph_round *r = memory_need(1, sizeof(*r));
	const char *links[GRAPH_KINDS] = {NULL};

	r->dir = d;
	r->wanted = q->wanted;
	r->first = q->kind != QUERY_SINCE;
	/* It costs a request for each object: only where a rule or a setting names it. */
	r->behavior = q->wanted != NULL && graph_wants(q->wanted, "isCloudManaged");
	r->refers = graph_wants(q->wanted, "manager") || graph_wants(q->wanted, "member");
	r->mem = arena_new();
	r->spool = spool_new();
	r->names = graph_names_new();
	r->window = http_window(d->http);
	r->ahead = memory_need(r->window, sizeof(*r->ahead));
	keys_init(&r->by_id, 1024, true);
	buf_puts(&r->cookie, FIRST_LINE);
	int rc = r->first ? 0 : use_cookie(r, q->cookie, mem, links, err);
	for (unsigned k = 0; rc == 0 && d->kinds[k] != NULL; k++)
		rc = take_kind(r, k, links[k], mem, err);
	if (rc == 0)
		rc = add_wishes(r, q, err);
	arena_free(mem);
	if (rc < 0)
		graph_round_free(r);
	else
		*out = r;
	return rc;
}

/* The item's id, and what was said of it (NULL for a wish). */
static int recall(struct graph_round *r, const struct item *item, struct arena *mem,
	struct value *id, struct json **said, struct err *err)
{
	struct value record;

	*said = NULL;
	if (spool_get(r->spool, item->at, mem, &record, NULL, err) < 0)
		return -1;
	*id = record;
	if (item->wish)
		return 0;
	if (json_parse(record.data, record.len, said, err) < 0)
		return -1;
	*id = value_of(arena_strdup(mem, json_text(*said, "id")));
	return 0;
}

static struct http_call *ask_object(
	struct graph_round *r, const struct graph_kind *kind, struct value id, struct arena *mem)
{
	const bool manager = r->refers && kind->refers != NULL &&
			     strcmp(kind->refers, "manager") == 0 &&
			     graph_wants(r->wanted, "manager");

	return graph_get(r->dir,
		graph_path(mem, kind->endpoint, id,
			arena_printf(mem, "?$select=%s%s", graph_select(mem, kind, r->wanted),
				manager ? "&$expand=manager($select=id)" : "")));
}

/* Ask for what comes next, as far as may be under way. */
static int ask_ahead(struct graph_round *r, struct err *err)
{
	struct arena *mem = arena_new();
	int rc = 0;

	for (; rc == 0 && r->asked < count(r) && r->asked < r->at + r->window; r->asked++) {
		const struct item *item = item_at(r, r->asked);
		const struct graph_kind *kind = r->dir->kinds[item->kind];
		struct ahead *a = &r->ahead[r->asked % r->window];
		struct value id;
		struct json *said;
		*a = (struct ahead){NULL, NULL};
		if (item->removed || (!item->read && !r->behavior))
			continue;
		rc = recall(r, item, mem, &id, &said, err);
		if (rc == 0 && item->read)
			a->object = ask_object(r, kind, id, mem);
		if (rc == 0 && r->behavior)
			a->behavior = graph_behavior_ask(r->dir, kind, id);
		json_free(said);
		arena_reset(mem);
	}
	arena_free(mem);
	return rc;
}

/* What was said last over what there is. */
static void put_over(struct json *object, const struct json *said)
{
	for (size_t i = 0; said != NULL; i++) {
		const char *name = json_member(said, i);
		if (name == NULL)
			return;
		if (strchr(name, '@') == NULL && strpbrk(name, "/[") == NULL)
			json_put(object, name, json_clone(json_at(said, name)));
	}
}

/* The object of an item; 0: it is not there. */
static int take_object(struct graph_round *r, const struct item *item, struct http_call *call,
	struct json **said, struct err *err)
{
	struct json *object;
	int status;

	if (call == NULL)
		return 1;
	if (graph_answer(r->dir, call, &object, &status, err) < 0) {
		if (status != 404 || item->wish)
			return status == 404 ? 0 : -1;
		(void)err_set(err, ERR_BUSY,
			"an object that changed is not there: "
			"a later run will be told what became of it");
		return http_in(call, err);
	}
	put_over(object, *said);
	if (*said != NULL)
		json_put(object, "@removed", NULL);
	json_free(*said);
	*said = object;
	return 1;
}

/* What is wrong with the item that is at hand: it was asked for, or came on a page. */
static int object_in(const struct graph_round *r, const struct http_call *call, struct err *err)
{
	const struct page_request *o = (const struct page_request *)(const void *)r->origins.data;
	size_t i = r->origins.len / sizeof(*o);

	if (call != NULL)
		return http_in(call, err);
	while (o[i - 1].first > r->at)
		i--;
	return http_in_request(o[i - 1].request, err);
}

static int take_behavior(struct graph_round *r, const struct graph_kind *kind, struct ahead *a,
	struct arena *mem, struct entry *e, struct err *err)
{
	struct http_call *call = a->behavior;

	a->behavior = NULL;
	return call != NULL ? graph_behavior_take(r->dir, kind, call, mem, e, err) : 0;
}

/* The item as an entry: 1; 0: it is none; -1. Takes what was said. */
static int make(struct graph_round *r, const struct item *item, struct ahead *a, struct value id,
	struct json *said, struct arena *mem, struct entry *e, struct err *err)
{
	const struct graph_kind *kind = r->dir->kinds[item->kind];
	int rc = item->removed ? 0 : take_object(r, item, a->object, &said, err);

	*e = (struct entry){.id = id, .key = entry_key(id), .gone = true};
	if (rc == 0 || (rc == 1 && !graph_counts(kind, said))) {
		rc = rc < 0 ? -1 : !r->first && !item->wish;
	} else if (rc == 1) {
		rc = graph_entry(r->dir, kind, said, r->wanted, mem, e, err);
		if (rc < 0)
			rc = object_in(r, a->object, err);
		if (rc == 0 && r->refers)
			rc = graph_refer(r->dir, r->names, kind, said, !item->read, mem, e, err);
		if (rc == 0)
			rc = take_behavior(r, kind, a, mem, e, err);
		rc = rc < 0 ? -1 : 1;
	}
	json_free(said);
	return rc;
}

int graph_round_next(struct graph_round *r, struct arena *mem, struct entry *e, struct err *err)
{
	while (r->at < count(r)) {
		if (ask_ahead(r, err) < 0)
			return -1;
		const struct item *item = item_at(r, r->at);
		struct ahead *a = &r->ahead[r->at % r->window];
		struct json *said;
		struct value id;
		if (recall(r, item, mem, &id, &said, err) < 0)
			return -1;
		const int rc = make(r, item, a, id, said, mem, e, err);
		if (rc < 0)
			return -1;
		http_drop(r->dir->http, a->object);
		http_drop(r->dir->http, a->behavior);
		r->at++;
		if (rc == 1)
			return 1;
	}
	return 0;
}

struct value graph_round_cookie(const struct graph_round *r)
{
	return (struct value){r->cookie.data, r->cookie.len};
}
