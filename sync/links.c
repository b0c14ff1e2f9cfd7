#include "sync/links.h"

#include <stdlib.h>

#include "base/err.h"
#include "sync/state.h"

/* A key's first place: keys are hashes, so that scaling them down spreads them evenly. */
static size_t place_of(const struct links *l, uint64_t key)
{
	return (size_t)(((unsigned __int128)key * l->places) >> 64);
}

static void enter(const struct links *l, uint32_t *table, uint64_t key, size_t number)
{
	size_t i = place_of(l, key);

	while (table[i] != 0)
		i = i + 1 < l->places ? i + 1 : 0;
	table[i] = (uint32_t)number + 1;
}

static int load(struct links *l, struct state *state, size_t room, struct err *err)
{
	struct link link;
	int rc;

	while ((rc = state_next_link(state, &link, err)) == 1) {
		if (l->n == room)
			return err_set(err, ERR_FATAL, "state: more links than it counted");
		l->slots[l->n++] = (struct link_slot){
			.source = entry_key(link.source),
			.target = entry_key(link.target),
			.source_digest = link.source_digest,
			.target_digest = link.target_digest,
		};
	}
	return rc;
}

int links_load(struct links *l, struct state *state, long long flow, struct err *err)
{
	long long count = state_count_links(state, flow, err);

	*l = (struct links){0};
	if (count < 0)
		return -1;
	if (count >= UINT32_MAX)
		return err_set(err, ERR_FATAL, "state: too many links");
	l->places = (size_t)count + (size_t)count / 5 * 2 + 1;
	l->slots = malloc(((size_t)count + 1) * sizeof(*l->slots));
	l->by_source = calloc(l->places, sizeof(*l->by_source));
	l->by_target = calloc(l->places, sizeof(*l->by_target));
	if (l->slots == NULL || l->by_source == NULL || l->by_target == NULL)
		return err_set(err, ERR_BUSY, "out of memory");
	if (state_links(state, flow, err) < 0 || load(l, state, (size_t)count, err) < 0)
		return -1;
	for (size_t i = 0; i < l->n; i++) {
		enter(l, l->by_source, l->slots[i].source, i);
		enter(l, l->by_target, l->slots[i].target, i);
	}
	return 0;
}

void links_free(struct links *l)
{
	free(l->slots);
	free(l->by_source);
	free(l->by_target);
	*l = (struct links){0};
}

struct link_slot *links_source(const struct links *l, uint64_t key)
{
	for (size_t i = place_of(l, key); l->by_source[i] != 0; i = i + 1 < l->places ? i + 1 : 0) {
		struct link_slot *slot = &l->slots[l->by_source[i] - 1];
		if (slot->source == key)
			return slot;
	}
	return NULL;
}

struct link_slot *links_target(const struct links *l, uint64_t key)
{
	for (size_t i = place_of(l, key); l->by_target[i] != 0; i = i + 1 < l->places ? i + 1 : 0) {
		struct link_slot *slot = &l->slots[l->by_target[i] - 1];
		if (slot->target == key)
			return slot;
	}
	return NULL;
}
