/*
 * In-chain items. Names are kept as 64-bit keys: 16 bytes for each value fed, 8 for each entry that
 * matches. Two names with one key would be taken for one: with a million names that is one
 * directory in tens of millions.
 */
#include "base/filter_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/dn.h"

struct edge {
	uint64_t to, from; /* from names to */
};

/* A directory may hold either side of these, or both. */
static const struct {
	const char *forward, *back;
} links[] = {
	{"member", "memberOf"},
	{"manager", "directReports"},
};

static unsigned other_side(unsigned attr)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (attr == attr_named(links[i].forward))
			return attr_named(links[i].back);
		if (attr == attr_named(links[i].back))
			return attr_named(links[i].forward);
	}
	return ATTR_NONE;
}

struct filter_graph *filter_graph_for(
	struct arena *mem, struct filter_graph **graphs, unsigned attr, bool *made)
{
	struct filter_graph *g = *graphs;

	while (g != NULL && g->attr != attr)
		g = g->next;
	*made = g == NULL;
	if (g != NULL)
		return g;
	g = arena_zalloc(mem, sizeof(*g));
	g->attr = attr;
	g->back = other_side(attr);
	g->next = *graphs;
	*graphs = g;
	return g;
}

bool filter_chained(const struct filter *f)
{
	if (f->kind == FILTER_CHAIN)
		return true;
	for (const struct filter *i = f->first; i != NULL; i = i->next) {
		if (filter_chained(i))
			return true;
	}
	return false;
}

static void learn(struct filter_graph *g, const struct entry *e)
{
	const struct attr *forward = entry_get(e, g->attr);
	const struct attr *back = g->back != ATTR_NONE ? entry_get(e, g->back) : NULL;
	uint64_t self = dn_key(e->name);

	for (unsigned i = 0; forward != NULL && i < forward->n; i++) {
		struct edge edge = {.from = self, .to = dn_key(forward->values[i])};
		buf_add(&g->edges, &edge, sizeof(edge));
	}
	for (unsigned i = 0; back != NULL && i < back->n; i++) {
		struct edge edge = {.from = dn_key(back->values[i]), .to = self};
		buf_add(&g->edges, &edge, sizeof(edge));
	}
	g->sorted = false;
}

void filter_learn(struct filter *f, const struct entry *e)
{
	if (f->learns && !e->gone)
		learn(f->graph, e);
	for (struct filter *i = f->first; i != NULL; i = i->next)
		filter_learn(i, e);
}

static int key_order(const void *left, const void *right)
{
	uint64_t a, b;

	memcpy(&a, left, sizeof(a));
	memcpy(&b, right, sizeof(b));
	return (a > b) - (a < b);
}

/* Sorted keys without doubles; returns how many. */
static size_t sort_keys(uint64_t *keys, size_t n)
{
	size_t kept = 0;

	if (n > 0)
		qsort(keys, n, sizeof(*keys), key_order);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || keys[kept - 1] != keys[i])
			keys[kept++] = keys[i];
	}
	return kept;
}

/* The first edge to a key, in edges sorted by it; n when there is none. */
static size_t first_edge(const struct edge *edges, size_t n, uint64_t to)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (edges[mid].to < to)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * Walk the edges backwards from the asserted name. Each name is put on the list once, so that
 * cycles end; the asserted name itself is on it only when a cycle leads back to it.
 */
static void solve(struct filter *f)
{
	struct buf *bytes = &f->graph->edges;
	struct edge *edges = (void *)bytes->data;
	size_t n_edges = bytes->len / sizeof(*edges), n_reached = 0;

	if (n_edges == 0)
		return;
	if (!f->graph->sorted) /* "to" comes first in an edge */
		qsort(edges, n_edges, sizeof(*edges), key_order);
	f->graph->sorted = true;

	struct buf memory = {0};
	uint64_t *names =
		(void *)buf_room(&memory, n_edges * (2 * sizeof(uint64_t) + sizeof(bool)));
	uint64_t *todo = names + n_edges;
	bool *seen = (void *)(todo + n_edges);
	for (size_t i = 0; i < n_edges; i++)
		names[i] = edges[i].from;
	size_t n_names = sort_keys(names, n_edges);
	memset(seen, 0, n_names * sizeof(*seen));

	for (size_t done = 0;; done++) {
		uint64_t to = done == 0 ? f->key : todo[done - 1];
		for (size_t i = first_edge(edges, n_edges, to); i < n_edges && edges[i].to == to;
			i++) {
			uint64_t *name =
				bsearch(&edges[i].from, names, n_names, sizeof(*names), key_order);
			if (!seen[name - names])
				todo[n_reached++] = *name;
			seen[name - names] = true;
		}
		if (done == n_reached)
			break;
	}
	n_reached = sort_keys(todo, n_reached);
	buf_clear(&f->reached);
	buf_add(&f->reached, todo, n_reached * sizeof(*todo));
	buf_free(&memory);
}

static void solve_all(struct filter *f)
{
	if (f->kind == FILTER_CHAIN)
		solve(f);
	for (struct filter *i = f->first; i != NULL; i = i->next)
		solve_all(i);
}

/* The edges, and what was made of them too when all is set. */
static void forget(struct filter *f, bool all)
{
	if (f->learns)
		buf_free(&f->graph->edges);
	if (all)
		buf_free(&f->reached);
	for (struct filter *i = f->first; i != NULL; i = i->next)
		forget(i, all);
}

void filter_solve(struct filter *f)
{
	solve_all(f);
	forget(f, false);
}

void filter_free(struct filter *f)
{
	if (f != NULL)
		forget(f, true);
}

static bool is_reached(const struct filter *f, uint64_t key)
{
	return f->reached.len > 0 && bsearch(&key, f->reached.data, f->reached.len / sizeof(key),
					     sizeof(key), key_order) != NULL;
}

bool filter_chain_match(const struct filter *f, const struct entry *e)
{
	const struct attr *a = entry_get(e, f->attr);

	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		uint64_t key = dn_key(a->values[i]);
		if (key == f->key || is_reached(f, key))
			return true;
	}
	return is_reached(f, dn_key(e->name));
}
