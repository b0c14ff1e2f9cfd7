#include "sync/links.h"

#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/err.h"
#include "sync/setup.h"
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

/* Zeroed memory in huge pages where the system has them: every object is looked up twice, at random
 * places. */
static void *many_pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	(void)madvise(p, size, MADV_HUGEPAGE);
	return p;
}

static void give_back(void *p, size_t size)
{
	if (p != NULL)
		(void)munmap(p, size);
}

static int more_room(struct links *l, struct err *err)
{
	size_t room = l->room > 0 ? l->room + l->room / 2 : 4096;
	struct link_slot *more = room < UINT32_MAX ? many_pages(room * sizeof(*more)) : NULL;

	if (more == NULL)
		return err_set(err, ERR_BUSY, "out of memory for %zu links", room);
	if (l->n > 0)
		memcpy(more, l->slots, l->n * sizeof(*more));
	give_back(l->slots, l->room * sizeof(*l->slots));
	l->slots = more;
	l->room = room;
	return 0;
}

static int add_slot(struct links *l, const struct link *link, struct err *err)
{
	if (l->n == l->room && more_room(l, err) < 0)
		return -1;
	l->slots[l->n++] = (struct link_slot){
		.source = entry_key(link->source),
		.target = entry_key(link->target),
		.source_digest = link->source_digest,
		.target_digest = link->target_digest,
	};
	return 0;
}

static int load(struct links *l, struct err *err)
{
	struct link link;
	int rc;

	if (state_links(l->state, l->flow, err) < 0)
		return -1;
	while ((rc = state_next_link(l->state, &link, err)) == 1) {
		if (add_slot(l, &link, err) < 0)
			return -1;
	}
	return rc;
}

int links_load(struct links *l, struct state *state, long long flow, bool sparse, struct err *err)
{
	*l = (struct links){.state = state, .flow = flow, .sparse = sparse, .mem = arena_new()};
	if (sparse) {
		keys_init(&l->known_source, 0, true);
		keys_init(&l->known_target, 0, true);
		return 0;
	}
	if (load(l, err) < 0)
		return -1;
	l->places = l->n + l->n / 4 + 64;
	l->by_source = many_pages(l->places * sizeof(*l->by_source));
	l->by_target = many_pages(l->places * sizeof(*l->by_target));
	if (l->by_source == NULL || l->by_target == NULL)
		return err_set(err, ERR_BUSY, "out of memory");
	for (size_t i = 0; i < l->n; i++) {
		enter(l, l->by_source, l->slots[i].source, i);
		enter(l, l->by_target, l->slots[i].target, i);
	}
	return 0;
}

void links_free(struct links *l)
{
	give_back(l->slots, l->room * sizeof(*l->slots));
	give_back(l->by_source, l->places * sizeof(*l->by_source));
	give_back(l->by_target, l->places * sizeof(*l->by_target));
	keys_free(&l->known_source);
	keys_free(&l->known_target);
	arena_free(l->mem);
	*l = (struct links){0};
}

static struct link_slot *known(const struct links *l, const struct keys *keys, uint64_t key)
{
	uint32_t number;

	return keys_get(keys, key, &number) && number > 0 ? &l->slots[number - 1] : NULL;
}

/* Room for the ids grows with that for the slots. */
static int add_known(struct links *l, const struct link *link, struct err *err)
{
	size_t room = l->room;

	if (add_slot(l, link, err) < 0)
		return -1;
	if (l->room > room) {
		struct value *more = arena_alloc(l->mem, l->room * sizeof(*more));
		if (room > 0)
			memcpy(more, l->ids, room * sizeof(*more));
		l->ids = more;
	}
	l->ids[l->n - 1] = link->source;
	keys_put(&l->known_target, entry_key(link->target), (uint32_t)l->n);
	return 0;
}

/* Of a tombstone that does not say its id. */
static int search(struct links *l, uint64_t key, struct link *link, struct err *err)
{
	int rc;

	if (state_links(l->state, l->flow, err) < 0)
		return -1;
	while ((rc = state_next_link(l->state, link, err)) == 1) {
		if (entry_key(link->source) == key)
			return state_link(l->state, l->flow, value_copy(l->mem, link->source),
				l->mem, link, err);
	}
	return rc;
}

int links_find(
	struct links *l, struct value id, uint64_t key, struct link_slot **slot, struct err *err)
{
	struct link link;
	uint32_t number;

	if (!l->sparse || keys_get(&l->known_source, key, &number)) {
		*slot = links_source(l, key);
		return 0;
	}
	int rc = id.len > 0 ? state_link(l->state, l->flow, id, l->mem, &link, err)
			    : search(l, key, &link, err);
	if (rc < 0 || (rc == 1 && add_known(l, &link, err) < 0))
		return -1;
	keys_put(&l->known_source, key, rc == 1 ? (uint32_t)l->n : 0);
	*slot = rc == 1 ? &l->slots[l->n - 1] : NULL;
	return 0;
}

int links_contact(struct links *l, struct arena *mem, const struct flow *f, const struct entry *e,
	struct link_slot **slot, struct err *err)
{
	const struct value prefix = f->marker_prefix, marker = entry_first(e, f->marker);

	*slot = links_target(l, e->key);
	if (*slot != NULL || !l->sparse || marker.len <= prefix.len ||
		memcmp(marker.data, prefix.data, prefix.len) != 0)
		return 0;
	const char *text = arena_copy(mem, marker.data + prefix.len, marker.len - prefix.len);
	/* Text of 36 characters is a GUID in AD, and the id itself (entryUUID) elsewhere. */
	const struct value ids[] = {entry_id_parse(mem, text), value_of(text)};
	for (unsigned i = 0; i < 2 && *slot == NULL; i++) {
		if (links_find(l, ids[i], entry_key(ids[i]), slot, err) < 0)
			return -1;
		if (*slot != NULL && (*slot)->target != e->key)
			*slot = NULL;
	}
	return 0;
}

int links_begin(struct links *l, struct err *err)
{
	l->at = 0;
	return l->sparse ? 0 : state_links(l->state, l->flow, err);
}

int links_next(struct links *l, struct link *link, struct link_slot **slot, struct err *err)
{
	if (l->at >= l->n && l->sparse)
		return 0;
	int rc = l->sparse ? state_link(l->state, l->flow, l->ids[l->at], l->mem, link, err)
			   : state_next_link(l->state, link, err);
	if (rc < 1)
		return rc;
	if (l->at >= l->n)
		return err_set(err, ERR_FATAL, "the state changed while it was read");
	*slot = &l->slots[l->at++];
	return 1;
}

struct link_slot *links_source(const struct links *l, uint64_t key)
{
	if (l->sparse)
		return known(l, &l->known_source, key);
	for (size_t i = place_of(l, key); l->by_source[i] != 0; i = i + 1 < l->places ? i + 1 : 0) {
		struct link_slot *slot = &l->slots[l->by_source[i] - 1];
		if (slot->source == key)
			return slot;
	}
	return NULL;
}

struct link_slot *links_target(const struct links *l, uint64_t key)
{
	if (l->sparse)
		return known(l, &l->known_target, key);
	for (size_t i = place_of(l, key); l->by_target[i] != 0; i = i + 1 < l->places ? i + 1 : 0) {
		struct link_slot *slot = &l->slots[l->by_target[i] - 1];
		if (slot->target == key)
			return slot;
	}
	return NULL;
}

void links_prefetch_target(const struct links *l, uint64_t key)
{
	__builtin_prefetch(&l->by_target[place_of(l, key)]);
}
