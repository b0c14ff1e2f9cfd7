#include "sync/gather.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/progress.h"
#include "base/spool.h"
#include "connectors/connector.h"
#include "sync/authority.h"
#include "sync/dependents.h"
#include "sync/differences.h"
#include "sync/evaluate.h"
#include "sync/intents.h"
#include "sync/match.h"
#include "sync/row.h"
#include "sync/sides.h"
#include "sync/sorter.h"

struct sealed {
	bool complete;
};

/* The source entry as it was read, its name, and the rules themselves. */
static uint64_t source_digest(const struct flow *f, const struct entry *e)
{
	uint64_t parts[3] = {e->digest, 0, f->epoch};

	if (e->digest == 0) {
		parts[0] = entry_digest(e, &f->reads);
		parts[1] = hash_bytes(e->name.data, e->name.len, 0);
	}
	return link_digest(hash_bytes(parts, sizeof(parts), 0));
}

/* A conflict about which contact it is: that of a rule or of a value begins with its code. */
static bool is_unpaired(const struct pending *p)
{
	return strcmp(p->kind, "conflict") == 0 && strncmp(p->message, "E_", 2) != 0;
}

static int load_pending(struct gather *g, struct err *err)
{
	struct pending p;
	struct link_slot *slot;
	int rc;

	if (state_pendings(g->state, g->known.id, err) < 0)
		return -1;
	while ((rc = state_next_pending(g->state, g->scratch, &p, err)) == 1) {
		uint64_t key = entry_key(p.source);
		keys_put(&g->waits, key, 0);
		if (is_unpaired(&p))
			keys_put(&g->unpaired, key, 0);
		if (links_find(&g->links, p.source, key, &slot, err) < 0)
			return -1;
		arena_reset(g->scratch);
	}
	return rc;
}

/* Sparse links are for deltas between servers that find things. */
static bool may_be_sparse(const struct gather *g)
{
	return !g->full && !g->one && (g->source->type->can & CAN_FIND) != 0 &&
	       (g->target->type->can & CAN_FIND) != 0;
}

/* Without a digest: to be looked at in every run. More than this are not few. */
#ifndef WAITING_MAX
#define WAITING_MAX 1000
#endif

static int load_waiting(struct gather *g, struct err *err)
{
	struct link link;
	struct link_slot *slot;
	int rc;

	if (state_waiting(g->state, g->known.id, err) < 0)
		return -1;
	while ((rc = state_next_waiting(g->state, &link, err)) == 1 && g->waits.n < WAITING_MAX) {
		uint64_t key = entry_key(link.source);
		keys_put(&g->waits, key, 0);
		if (links_find(&g->links, link.source, key, &slot, err) < 0)
			return -1;
	}
	return rc;
}

/* The links, and what is to be looked at whether it changed or not. */
static int load_links(struct gather *g, struct err *err)
{
	bool sparse = may_be_sparse(g);
	int rc;

	if (links_load(&g->links, g->state, &g->known, sparse, err) < 0)
		return -1;
	rc = sparse ? load_waiting(g, err) : 0;
	if (rc == 1) {
		links_free(&g->links);
		rc = links_load(&g->links, g->state, &g->known, false, err);
	}
	for (size_t i = 0; rc == 0 && i < g->links.n; i++) {
		if (g->links.slots[i].source_digest == 0)
			keys_put(&g->waits, g->links.slots[i].source, 0);
	}
	return rc < 0 || g->known.id == 0 ? rc : load_pending(g, err);
}

static int enter_row(struct gather *g, const struct open_row *row, uint32_t at, struct err *err)
{
	unsigned char record[12];

	sorter_number(record, row->key);
	memcpy(record + 8, &(uint32_t){__builtin_bswap32(at)}, 4);
	return sorter_add(g->row_order, record, err);
}

int gather_open(struct gather *g, const struct open_row *row, struct err *err)
{
	struct buf b = {0};
	uint32_t at;

	row_pack(&b, row);
	int rc = spool_add(g->rows, b.data, b.len, &at, err);
	buf_free(&b);
	if (rc < 0 || enter_row(g, row, at, err) < 0)
		return -1;
	if (row->link != NO_LINK) {
		struct link_slot *slot = &g->links.slots[row->link];
		slot->flags |= LINK_OPEN;
		if (row->presence == LEFT || row->presence == GONE)
			slot->flags |= LINK_LEAVES;
		slot->row = at;
	}
	if (row->link == NO_LINK && keys_has(&g->waits, row->key))
		keys_put(&g->opened, row->key, 0);
	g->n_open++;
	return match_ask(g, row, at, err);
}

int gather_start(struct gather *g, struct err *err)
{
	g->scratch = arena_new();
	keys_init(&g->waits, 0, false);
	keys_init(&g->unpaired, 0, false);
	keys_init(&g->came, 0, false);
	keys_init(&g->opened, 0, false);
	keys_init(&g->names, 0, false);
	/* Whatever digests say of them, which are not of everything that a run writes. */
	for (unsigned i = 0; i < g->intents->n; i++)
		keys_put(&g->waits, entry_key(g->intents->ops[i].source), 0);
	g->rows = spool_new();
	g->row_order = sorter_new(12);
	match_start(g);
	g->evaluation = evaluation_new(g);
	if (load_links(g, err) < 0 || sides_load(g, err) < 0 ||
		state_names(g->state, g->known.id, &g->names, err) < 0)
		return -1;
	/* Others' contacts carry a marker. Who lost it is looked for in full runs only. */
	if (g->links.sparse)
		return 0;
	return state_managed(
		g->state, g->flow->reverse, g->flow->n_reverse, &g->managed, &g->n_managed, err);
}

void gather_free(struct gather *g)
{
	evaluation_free(g->evaluation);
	/* What in-chain scopes learnt. */
	rules_free(g->flow->rules);
	links_free(&g->links);
	keys_free(&g->waits);
	keys_free(&g->unpaired);
	keys_free(&g->came);
	keys_free(&g->opened);
	keys_free(&g->sides);
	keys_free(&g->names);
	free(g->managed);
	spool_free(g->rows);
	spool_free(g->cookie);
	sorter_free(g->row_order);
	sorter_free(g->asks);
	sorter_free(g->answers);
	arena_free(g->scratch);
}

static bool linked_elsewhere(const struct gather *g, uint64_t key)
{
	return state_manages(g->managed, g->n_managed, key);
}

const char *gather_excluded(const struct gather *g, const struct entry *e)
{
	if (plan_mark(g->flow, e).len > 0)
		return "carries our marker: another flow made it";
	for (unsigned i = 0; i < g->flow->n_foreign; i++) {
		if (dn_text_below(e->name, &g->flow->foreign[i]))
			return "lies in the container of another flow's contacts";
	}
	if (linked_elsewhere(g, e->key))
		return "is linked as another flow's target";
	return NULL;
}

/* Whether it is in a group does not show in the entry itself. */
static int add_scope(struct gather *g, struct entry *e, uint64_t *digest, struct err *err)
{
	if (!g->chained)
		return 0;
	if (connector_fill(g->source, g->scratch, e, err) < 0)
		return -1;
	const struct rule *rule = rules_scope(g->flow->rules, e);
	*digest = link_digest(*digest + (rule != NULL ? rule_number(rule) + 1 : 0));
	return 0;
}

/* In a delta nobody looked. */
static bool as_left(const struct gather *g, const struct link_slot *slot)
{
	return slot->seen == (g->full ? SEEN_TARGET : 0);
}

static uint32_t number_of(const struct gather *g, const struct link_slot *slot)
{
	return slot != NULL ? (uint32_t)(slot - g->links.slots) : NO_LINK;
}

static int one_source(struct gather *g, struct entry *e, struct err *err)
{
	struct link_slot *slot;

	if (links_find(&g->links, e->id, e->key, &slot, err) < 0)
		return -1;
	if (e->gone) {
		/* A tombstone: only of interest when there is a link, which gather_gone finds by
		 * the flag that is not set. */
		if (slot != NULL)
			slot->flags |= LINK_GONE;
		return 0;
	}
	g->read++;
	progress_add(PROGRESS_SOURCE, 1);
	g->own += !linked_elsewhere(g, e->key);
	if (g->one && e->key != g->one_key) {
		if (slot != NULL)
			slot->flags |= LINK_SOURCE;
		return 0;
	}
	uint64_t digest = source_digest(g->flow, e);
	if (add_scope(g, e, &digest, err) < 0)
		return -1;
	if (slot == NULL && keys_has(&g->waits, e->key))
		keys_put(&g->came, e->key, 0);
	if (slot != NULL) {
		bool known = !g->compare.beside;
		slot->flags |= LINK_SOURCE;
		if (slot->source_digest == digest && !g->one && !g->timed &&
			!keys_has(&g->waits, e->key) && (!known || as_left(g, slot))) {
			slot->flags |= known ? 0 : LINK_SAME;
			g->none++;
			return 0;
		}
	}
	if (connector_fill(g->source, g->scratch, e, err) < 0)
		return -1;
	return evaluation_put(g->evaluation, e, number_of(g, slot), digest, err);
}

int gather_learn(struct gather *g, struct err *err)
{
	const struct query all = {.kind = QUERY_ALL, .wanted = &g->flow->reads};
	struct entry e;
	int rc;

	g->timed = rules_timed(g->flow->rules);
	g->chained = rules_chained(g->flow->rules);
	if (!g->chained)
		return 0;
	if (connector_read(g->source, &all, err) < 0)
		return -1;
	while ((rc = connector_next(g->source, g->scratch, &e, err)) == 1) {
		rules_learn(g->flow->rules, &e);
		arena_reset(g->scratch);
	}
	rules_solve(g->flow->rules);
	return rc;
}

/* Wishes for the ids that have these keys. */
struct wishing {
	struct query *query;
	struct wish *wishes;
	struct arena *mem;
	const struct keys *which;
	struct keys done;
};

static void wish(struct wishing *w, struct value id)
{
	uint64_t key = entry_key(id);

	if (keys_has(w->which, key) && keys_put(&w->done, key, 0))
		w->wishes[w->query->n_wishes++] =
			(struct wish){.by = WISH_ID, .value = value_copy(w->mem, id)};
}

/* The ids are those of links, and of objects that wait and have none, or have an intent. */
static int wish_all(struct gather *g, struct wishing *w, struct err *err)
{
	struct link_slot *slot;
	struct link link;
	struct pending p;
	int rc;

	if (links_begin(&g->links, err) < 0)
		return -1;
	while ((rc = links_next(&g->links, &link, &slot, err)) == 1)
		wish(w, link.source);
	for (unsigned i = 0; i < g->intents->n; i++)
		wish(w, g->intents->ops[i].source);
	if (rc < 0 || state_pendings(g->state, g->known.id, err) < 0)
		return -1;
	while ((rc = state_next_pending(g->state, g->scratch, &p, err)) == 1) {
		wish(w, p.source);
		arena_reset(g->scratch);
	}
	return rc;
}

static int wish_for(struct gather *g, struct arena *mem, const struct keys *which,
	struct query *query, struct err *err)
{
	struct wishing w = {.query = query, .mem = mem, .which = which};

	if (which->n == 0)
		return 0;
	query->wishes = w.wishes = arena_alloc(mem, which->n * sizeof(*w.wishes));
	keys_init(&w.done, which->n, false);
	int rc = wish_all(g, &w, err);
	keys_free(&w.done);
	return rc;
}

/* Everything, or what changed since the cookie, which lives in old, and these; again: for these
 * only. */
static int start_reading(
	struct gather *g, struct arena *old, const struct keys *also, bool again, struct err *err)
{
	struct query query = {.kind = QUERY_ALL,
		.wanted = &g->flow->reads,
		.want_cookie = g->want_cookie && !again,
		.digests = true,
		.partial = true};

	if (again && (g->source->type->can & CAN_FIND) != 0) {
		query.kind = QUERY_FIND;
		if (wish_for(g, old, also, &query, err) < 0)
			return -1;
	} else if (!g->full) {
		query.kind = QUERY_SINCE;
		if (wish_for(g, old, also, &query, err) < 0 ||
			state_cookie(g->state, g->known.id, old, &query.cookie, err) < 0)
			return -1;
	}
	return connector_read(g->source, &query, err);
}

/* Kept on disk until the end of the run: of a million objects it has 16 MB. */
static int keep_cookie(struct gather *g, struct err *err)
{
	struct value cookie;
	uint32_t at;

	if (!g->want_cookie)
		return 0;
	if (connector_cookie(g->source, g->scratch, &cookie, err) < 0)
		return -1;
	g->cookie = spool_new();
	return spool_add(g->cookie, cookie.data, cookie.len, &at, err);
}

static int read_source(struct gather *g, struct arena *old, struct err *err)
{
	struct entry e;
	int rc;

	if (gather_learn(g, err) < 0 || start_reading(g, old, &g->waits, false, err) < 0)
		return -1;
	while ((rc = connector_next(g->source, g->scratch, &e, err)) == 1) {
		/* Its turn comes next: its place is fetched while this one is looked at, and then
		 * its link while the next one is read. */
		const uint64_t next = e.next_key;
		if (next != 0)
			links_prefetch_place(&g->links, next);
		if (one_source(g, &e, err) < 0)
			return -1;
		if (next != 0)
			links_prefetch_slot(&g->links, next);
		arena_reset(g->scratch);
	}
	return rc < 0 || evaluation_end(g->evaluation, err) < 0 ? -1 : keep_cookie(g, err);
}

int gather_source(struct gather *g, const struct sealed **sealed, struct err *err)
{
	static const struct sealed proof = {true};
	struct arena *old = arena_new();
	int rc = read_source(g, old, err);

	*sealed = rc == 0 ? &proof : NULL;
	arena_free(old);
	return rc;
}

/* In a full run everything that was not seen is gone; in a delta what has a tombstone. */
static bool is_gone(const struct gather *g, const struct link_slot *slot)
{
	if ((slot->flags & LINK_SOURCE) != 0)
		return false;
	/* A tombstone comes once; but what waits is given back in every read as long as it is
	 * there. */
	return g->full || (slot->flags & LINK_GONE) != 0 || keys_has(&g->waits, slot->source);
}

int gather_gone(struct gather *g, const struct sealed *sealed, struct err *err)
{
	struct link_slot *slot;
	struct link link;
	size_t first = 0;
	int rc = 0;

	if (sealed == NULL || g->one)
		return 0;
	while (first < g->links.n && !is_gone(g, &g->links.slots[first]))
		first++;
	if (first == g->links.n)
		return 0;
	if (links_begin(&g->links, err) < 0)
		return -1;
	while ((rc = links_next(&g->links, &link, &slot, err)) == 1) {
		if (!is_gone(g, slot))
			continue;
		const struct open_row row = {.key = slot->source,
			.presence = GONE,
			.link = (uint32_t)(slot - g->links.slots),
			.name_key = link.name,
			.id = link.source};
		if (gather_open(g, &row, err) < 0)
			return -1;
	}
	return rc;
}

/* The source once more, for these. */
static int read_again(
	struct gather *g, struct arena *old, const struct keys *which, struct err *err)
{
	struct entry e;
	int rc;

	if (start_reading(g, old, which, true, err) < 0)
		return -1;
	while ((rc = connector_next(g->source, g->scratch, &e, err)) == 1) {
		struct link_slot *slot = links_source(&g->links, e.key);
		if (slot != NULL && !e.gone && keys_has(which, e.key) &&
			(slot->flags & LINK_OPEN) == 0) {
			uint64_t digest = source_digest(g->flow, &e);
			if (connector_fill(g->source, g->scratch, &e, err) < 0 ||
				evaluation_put(g->evaluation, &e, number_of(g, slot), digest, err) <
					0 ||
				evaluation_end(g->evaluation, err) < 0)
				return -1;
			/* It was read, and counted, before. */
			g->none -= g->full;
			g->read += !g->full;
		}
		arena_reset(g->scratch);
	}
	return rc;
}

int gather_drifted(struct gather *g, struct err *err)
{
	struct arena *old = arena_new();
	struct keys found;
	int rc = 0;

	keys_init(&found, 0, false);
	for (size_t i = 0; i < g->links.n; i++) {
		const struct link_slot *slot = &g->links.slots[i];
		if ((slot->flags & LINK_SAME) != 0 && !as_left(g, slot))
			keys_put(&found, slot->source, 0);
	}
	if (found.n > 0)
		rc = read_again(g, old, &found, err);
	keys_free(&found);
	arena_free(old);
	return rc;
}

/* How many of them the source has. */
static int count_there(struct gather *g, const struct keys *which, size_t *n, struct err *err)
{
	struct arena *wishes = arena_new();
	struct entry e;
	int rc = start_reading(g, wishes, which, true, err);

	while (rc == 0 && (rc = connector_next(g->source, g->scratch, &e, err)) == 1) {
		*n += !e.gone && keys_has(which, e.key);
		arena_reset(g->scratch);
		rc = 0;
	}
	arena_free(wishes);
	return rc;
}

int gather_confirm(struct gather *g, struct err *err)
{
	struct keys missed;
	size_t there = 0;
	int rc = 0;

	if (!g->full || g->one || (g->source->type->can & CAN_CONFIRM) == 0)
		return 0;
	keys_init(&missed, 0, false);
	for (size_t i = 0; i < g->links.n; i++) {
		if (is_gone(g, &g->links.slots[i]))
			keys_put(&missed, g->links.slots[i].source, 0);
	}
	/* Or whose contact has no link to tell of it (orphans.h). */
	for (unsigned i = 0; i < g->intents->n; i++) {
		const uint64_t key = entry_key(g->intents->ops[i].source);
		if (links_source(&g->links, key) == NULL && !keys_has(&g->came, key))
			keys_put(&missed, key, 0);
	}
	if (missed.n > 0)
		rc = count_there(g, &missed, &there, err);
	if (there > 0)
		rc = err_set(err, ERR_BUSY,
			"the read was not complete: %zu of %zu that it lacks are there, when they "
			"are asked for",
			there, missed.n);
	keys_free(&missed);
	return rc;
}

int gather_dependents(struct gather *g, struct err *err)
{
	struct arena *old = arena_new();
	struct keys found;
	int rc = 0;

	keys_init(&found, 0, false);
	if (!g->one)
		rc = dependents_find(g, &found, err);
	if (rc == 0 && found.n > 0)
		rc = read_again(g, old, &found, err);
	keys_free(&found);
	arena_free(old);
	return rc;
}
