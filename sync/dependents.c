#include "sync/dependents.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/keys.h"
#include "connectors/connector.h"
#include "sync/gather.h"
#include "sync/state.h"
#include "sync/wishes.h"
#include "sync/written.h"

/* The names that those who leave had when they were last looked at: whoever refers to them by
 * another has changed himself. */
static int find_leaving(struct gather *g, struct keys *names, struct err *err)
{
	struct link_slot *slot;
	struct link link;
	int rc;

	if (links_begin(&g->links, err) < 0)
		return -1;
	while ((rc = links_next(&g->links, &link, &slot, err)) == 1) {
		if ((slot->flags & LINK_LEAVES) != 0)
			keys_put(names, link.name, 0);
	}
	return rc;
}

static int find_referring(
	struct gather *g, const struct keys *names, struct keys *found, struct err *err)
{
	struct link_slot *slot;
	struct link link;
	int rc;

	if (links_begin(&g->links, err) < 0)
		return -1;
	while ((rc = links_next(&g->links, &link, &slot, err)) == 1) {
		if ((slot->flags & LINK_OPEN) == 0 &&
			(written_refers(link.written, names) ||
				written_refers(link.written, &g->names)))
			keys_put(found, slot->source, 0);
	}
	return rc;
}

static int by_memory(struct gather *g, struct keys *found, struct err *err)
{
	struct keys names;

	keys_init(&names, 0, false);
	int rc = find_leaving(g, &names, err);
	if (rc == 0 && (keys_any(&names) || keys_any(&g->names)))
		rc = find_referring(g, &names, found, err);
	keys_free(&names);
	return rc;
}

static int find(struct gather *g, const struct wishes *w, struct err *err)
{
	const struct query some = {
		.kind = QUERY_FIND, .wishes = w->list, .n_wishes = w->n, .wanted = &g->flow->looks};

	return connector_read(g->target, &some, err);
}

/* Wishes for whatever refers to the contacts of those who leave. */
static int wish_referring(struct gather *g, struct wishes *w, struct err *err)
{
	struct wishes leaving = {.mem = w->mem};
	struct link_slot *slot;
	struct entry e;
	struct link link;
	int rc = links_begin(&g->links, err);

	while (rc == 0 && (rc = links_next(&g->links, &link, &slot, err)) == 1) {
		if ((slot->flags & LINK_LEAVES) != 0)
			wish(&leaving, WISH_ID, 0, link.target);
		rc = 0;
	}
	if (rc == 0)
		rc = find(g, &leaving, err);
	while (rc == 0 && (rc = connector_next(g->target, g->scratch, &e, err)) == 1) {
		for (unsigned attr = 0; attr < g->flow->writes.n; attr++) {
			if (attr_set_has(&g->flow->writes, attr) && attr_syntax(attr) == SYNTAX_DN)
				wish(w, WISH_VALUE, attr, e.name);
		}
		arena_reset(g->scratch);
		rc = 0;
	}
	return rc;
}

/* The target says who refers to whom; their markers say whose contacts they are. */
static int by_target(struct gather *g, struct keys *found, struct err *err)
{
	struct wishes w = {.mem = arena_new()};
	struct link_slot *slot;
	struct entry e;
	int rc = wish_referring(g, &w, err);

	if (rc == 0 && w.n > 0)
		rc = find(g, &w, err);
	while (rc == 0 && w.n > 0 && (rc = connector_next(g->target, g->scratch, &e, err)) == 1) {
		rc = links_contact(&g->links, g->scratch, g->flow, &e, &slot, err);
		if (rc == 0 && slot != NULL && (slot->flags & LINK_OPEN) == 0)
			keys_put(found, slot->source, 0);
		arena_reset(g->scratch);
	}
	arena_free(w.mem);
	return rc < 0 ? err_in(err, "target %s", g->flow->target) : 0;
}

int dependents_find(struct gather *g, struct keys *found, struct err *err)
{
	size_t i = 0;

	while (i < g->links.n && (g->links.slots[i].flags & LINK_LEAVES) == 0)
		i++;
	/* Behind a run that did not end comes a full one, which has all links. */
	if (i == g->links.n && (g->links.sparse || !keys_any(&g->names)))
		return 0;
	return g->links.sparse ? by_target(g, found, err) : by_memory(g, found, err);
}

/* Their ids, one behind the other; links are not written while they are read. */
static int find_waiting(struct state *state, long long flow, const struct keys *names,
	struct arena *mem, struct buf *ids, struct err *err)
{
	struct link link;
	int rc = state_links(state, flow, err);

	while (rc == 0 && (rc = state_next_link(state, &link, err)) == 1) {
		rc = 0;
		if (!written_refers(link.written, names))
			continue;
		const struct value id = value_copy(mem, link.source);
		buf_add(ids, &id, sizeof(id));
	}
	return rc;
}

/* unsure: the flow, when what the references were left as counts no more; NULL. */
static int let_wait(struct state *state, long long flow, const struct keys *names,
	const struct flow *unsure, struct err *err)
{
	struct arena *mem = arena_new();
	struct buf ids = {0};
	struct link link;
	int rc = keys_any(names) ? find_waiting(state, flow, names, mem, &ids, err) : 0;

	for (size_t at = 0; at < ids.len && rc >= 0; at += sizeof(struct value)) {
		struct value id;
		memcpy(&id, ids.data + at, sizeof(id));
		rc = state_link(state, flow, id, mem, &link, err);
		link.source_digest = 0;
		if (rc == 1 && unsure != NULL)
			link.written =
				written_unsure(mem, unsure->rules, unsure->epoch, link.written);
		if (rc == 1)
			rc = state_put_link(state, flow, &link, err);
	}
	buf_free(&ids);
	arena_free(mem);
	return rc < 0 ? -1 : 0;
}

int dependents_wait(struct state *state, long long flow, const struct keys *names, struct err *err)
{
	return let_wait(state, flow, names, NULL, err);
}

int dependents_unsure(struct state *state, long long id, const struct flow *flow,
	const struct keys *names, struct err *err)
{
	return let_wait(state, id, names, flow, err);
}
