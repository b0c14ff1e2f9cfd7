#include "sync/compare.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/progress.h"
#include "connectors/connector.h"
#include "sync/gather.h"
#include "sync/differences.h"

/* Target entries are compared with their links some at a time: each is at two random places of
 * memory, and waiting for many at once costs little more than for one. */
#ifndef LOOKUPS
#define LOOKUPS 64
#endif

struct lookups {
	uint64_t key[LOOKUPS], digest[LOOKUPS];
	bool marked[LOOKUPS];
	unsigned n;
};

static void look_up(struct gather *g, struct lookups *l)
{
	const struct links *links = &g->links;
	struct link_slot *slots[LOOKUPS];

	for (unsigned i = 0; i < l->n; i++)
		links_prefetch_target(links, l->key[i]);
	for (unsigned i = 0; i < l->n; i++)
		slots[i] = links_target(links, l->key[i]);
	for (unsigned i = 0; i < l->n; i++) {
		g->compare.strays |= slots[i] == NULL && l->marked[i];
		if (slots[i] == NULL)
			continue;
		slots[i]->seen |= SEEN_TARGET;
		if (slots[i]->target_digest != l->digest[i])
			slots[i]->seen |= SEEN_DRIFTED;
	}
	l->n = 0;
}

static int compare_all(struct gather *g, struct arena *mem, struct err *err)
{
	const struct query all = {
		.kind = QUERY_ALL, .wanted = &g->flow->looks, .digests = true, .partial = true};
	struct lookups lookups = {.n = 0};
	struct entry e;
	int rc = connector_read(g->target, &all, err);

	while (rc == 0 && !atomic_load_explicit(&g->compare.stop, memory_order_relaxed) &&
		(rc = connector_next(g->target, mem, &e, err)) == 1) {
		g->compare.entries++;
		progress_add(PROGRESS_TARGET, 1);
		lookups.key[lookups.n] = e.key;
		lookups.marked[lookups.n] = plan_marked(g->flow, &e);
		lookups.digest[lookups.n++] = target_digest(g->flow, &e);
		if (lookups.n == LOOKUPS)
			look_up(g, &lookups);
		arena_reset(mem);
		rc = 0;
	}
	look_up(g, &lookups);
	return rc;
}

static void *run(void *with)
{
	struct gather *g = with;
	struct arena *mem = arena_new();

	g->compare.rc = compare_all(g, mem, &g->compare.err);
	arena_free(mem);
	return NULL;
}

bool compare_beside(const struct gather *g)
{
	return g->full && !g->one && (g->target->type->can & CAN_BESIDE) != 0 &&
	       (g->source->type->can & (CAN_BESIDE | CAN_FIND)) == (CAN_BESIDE | CAN_FIND);
}

int compare_start(struct gather *g, struct err *err)
{
	if (!g->full)
		return 0;
	if (links_index_targets(&g->links, err) < 0)
		return -1;
	g->compare.beside = compare_beside(g);
	if (!g->compare.beside) {
		int rc = compare_all(g, g->scratch, err);
		return rc < 0 ? err_in(err, "target %s", g->flow->target) : 0;
	}
	if (pthread_create(&g->compare.thread, NULL, run, g) != 0)
		return err_set(err, ERR_BUSY, "no thread could be started");
	return 0;
}

int compare_end(struct gather *g, int rc, struct err *err)
{
	if (!g->compare.beside)
		return rc;
	if (rc < 0)
		atomic_store_explicit(&g->compare.stop, true, memory_order_relaxed);
	(void)pthread_join(g->compare.thread, NULL);
	if (rc == 0 && g->compare.rc < 0) {
		*err = g->compare.err;
		return err_in(err, "target %s", g->flow->target);
	}
	return rc;
}
