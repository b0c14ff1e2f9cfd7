/*
 * References: ids in Graph, names in entries. One to nobody that we read is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/memory.h"
#include "connectors/graph_pages.h"
#include "connectors/graph_round.h"

struct pair {
	struct value id, dn; /* dn {NULL, 0}: it is nobody that we read */
};

struct graph_names {
	struct arena *mem;
	struct buf pairs;
	struct keys by_id; /* places in pairs */
};

struct graph_names *graph_names_new(void)
{
	struct graph_names *n = memory_need(1, sizeof(*n));

	n->mem = arena_new();
	keys_init(&n->by_id, 1024, true);
	return n;
}

void graph_names_free(struct graph_names *n)
{
	if (n == NULL)
		return;
	keys_free(&n->by_id);
	buf_free(&n->pairs);
	arena_free(n->mem);
	free(n);
}

void graph_names_put(struct graph_names *n, struct value id, struct value dn)
{
	const struct pair p = {value_copy(n->mem, id), value_copy(n->mem, dn)};

	(void)keys_put(&n->by_id, entry_key(id), (uint32_t)(n->pairs.len / sizeof(p)));
	buf_add(&n->pairs, &p, sizeof(p));
}

/* Of whichever kind it is; once. */
static int look(struct graph_dir *d, struct graph_names *n, struct value id, struct err *err)
{
	struct arena *mem = arena_new();
	struct value dn = {NULL, 0};
	const struct attr_set none = {0};
	struct json *object;
	int rc = 0, status;

	for (unsigned k = 0; rc == 0 && dn.len == 0 && d->kinds[k] != NULL; k++) {
		const struct graph_kind *kind = d->kinds[k];
		const char *url = graph_path(mem, kind->endpoint, id,
			arena_printf(mem, "?$select=%s", graph_select(mem, kind, &none)));
		rc = graph_take(d, graph_get(d, url), &object, &status, err);
		if (rc == 0 && graph_counts(kind, object))
			dn = graph_dn(d, kind, object, mem);
		else if (rc < 0 && status == 404)
			rc = 0;
		json_free(object);
	}
	if (rc == 0)
		graph_names_put(n, id, dn);
	arena_free(mem);
	return rc;
}

/* Whom an object refers to: each once, by name. */
struct references {
	struct arena *mem;
	struct keys names;
	struct buf values; /* struct value */
};

static int add(struct graph_dir *d, struct graph_names *n, const struct json *one,
	struct references *r, struct err *err)
{
	const char *id = json_text(one, "id");
	uint32_t place;

	if (id == NULL || json_at(one, "@removed") != NULL)
		return 0;
	const struct value v = value_of(id);
	if (!keys_get(&n->by_id, entry_key(v), &place)) {
		if (look(d, n, v, err) < 0)
			return -1;
		(void)keys_get(&n->by_id, entry_key(v), &place);
	}
	const struct value dn = ((struct pair *)(void *)n->pairs.data + place)->dn;
	if (dn.len > 0 && keys_put(&r->names, dn_key(dn), 0)) {
		const struct value copy = value_copy(r->mem, dn);
		buf_add(&r->values, &copy, sizeof(copy));
	}
	return 0;
}

/* All members, page by page. */
static int add_members(struct graph_dir *d, struct graph_names *n, const struct graph_kind *kind,
	struct value id, struct references *r, struct err *err)
{
	const char *url =
		graph_path(r->mem, kind->endpoint, id, "/members?$select=id&$top=999&$count=true");
	struct graph_pages *p = graph_pages_start(d, url, false);
	const struct json *one;
	int rc;

	while ((rc = graph_pages_next(p, &one, err)) == 1 && (rc = add(d, n, one, r, err)) == 0)
		;
	graph_pages_free(p);
	return rc;
}

static int add_all(struct graph_dir *d, struct graph_names *n, const struct graph_kind *kind,
	const struct json *j, bool first, struct value id, struct references *r, struct err *err)
{
	const bool members = strcmp(kind->refers, "members") == 0;

	if (!first && members)
		return add_members(d, n, kind, id, r, err);
	if (!first)
		return add(d, n, json_at(j, "manager"), r, err);
	const struct json *list = json_at(j, members ? "members@delta" : "manager@delta");
	for (size_t i = 0; i < json_count(list, ""); i++) {
		if (add(d, n, json_item(list, i), r, err) < 0)
			return -1;
	}
	return 0;
}

int graph_refer(struct graph_dir *d, struct graph_names *n, const struct graph_kind *kind,
	const struct json *j, bool first, struct arena *mem, struct entry *e, struct err *err)
{
	struct references r = {.mem = mem};

	if (kind->refers == NULL)
		return 0;
	keys_init(&r.names, 0, false);
	const int rc = add_all(d, n, kind, j, first, e->id, &r, err);
	const unsigned found = (unsigned)(r.values.len / sizeof(struct value));
	if (rc == 0 && found > 0)
		entry_put(mem, e,
			attr_named(strcmp(kind->refers, "members") == 0 ? "member" : "manager"),
			(const struct value *)(void *)r.values.data, found);
	keys_free(&r.names);
	buf_free(&r.values);
	return rc;
}
