#include "sync/links.h"

#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/err.h"
#include "sync/plan.h"
#include "sync/setup.h"
#include "sync/state.h"

/* A key's first place: keys are hashes, so that scaling them down spreads them evenly. */
static size_t place_of(const struct links *l, uint64_t key)
{
	return (size_t)(((unsigned __int128)key * l->places) >> 64);
}

/* A place of a table holds the number of a slot + 1 in the low bits, and bits of its key above
 * them: several places are looked at in a search, but hardly ever a slot in vain, each of which is
 * waited for. */
static uint32_t tag_of(const struct links *l, uint64_t key)
{
	return (uint32_t)key << l->bits;
}

static void enter(const struct links *l, uint32_t *table, uint64_t key, size_t number)
{
	size_t i = place_of(l, key);

	while (table[i] != 0)
		i = i + 1 < l->places ? i + 1 : 0;
	table[i] = tag_of(l, key) | ((uint32_t)number + 1);
}

/* The next slot in the table that may have the key, from the place on; NULL: there is none. */
static struct link_slot *candidate(
	const struct links *l, const uint32_t *table, uint64_t key, size_t *place)
{
	const uint32_t tag = tag_of(l, key);

	for (size_t i = *place; table[i] != 0; i = i + 1 < l->places ? i + 1 : 0) {
		if ((table[i] ^ tag) >> l->bits != 0)
			continue;
		*place = i + 1 < l->places ? i + 1 : 0;
		return &l->slots[(table[i] & ((1u << l->bits) - 1)) - 1];
	}
	return NULL;
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

/* Pages are moved, not copied. */
static int more_room(struct links *l, struct err *err)
{
	const size_t room = l->room > 0 ? l->room + l->room / 2 : 4096;
	void *more = NULL;

	if (room < INT32_MAX && l->room == 0)
		more = many_pages(room * sizeof(*l->slots));
	else if (room < INT32_MAX)
		more = mremap(l->slots, l->room * sizeof(*l->slots), room * sizeof(*l->slots),
			MREMAP_MAYMOVE);
	if (more == NULL || more == MAP_FAILED)
		return err_set(err, ERR_BUSY, "out of memory for %zu links", room);
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

static int load(struct links *l, long long expected, struct err *err)
{
	struct link link;
	int rc;

	/* Pages that are not touched cost nothing. */
	if (expected > 0 && expected < INT32_MAX - 64)
		l->room = (size_t)expected + 64;
	if (l->room > 0 && (l->slots = many_pages(l->room * sizeof(*l->slots))) == NULL)
		l->room = 0;
	if (state_digests(l->state, l->flow, err) < 0)
		return -1;
	while ((rc = state_next_digests(l->state, &link, err)) == 1) {
		if (add_slot(l, &link, err) < 0)
			return -1;
	}
	return rc;
}

/* A table of the slots by one of their keys, which is so many bytes into each. */
static int make_table(const struct links *l, size_t member, uint32_t **table, struct err *err)
{
	*table = many_pages(l->places * sizeof(**table));
	if (*table == NULL)
		return err_set(err, ERR_BUSY, "out of memory");
	for (size_t i = 0; i < l->n; i++) {
		uint64_t key;
		memcpy(&key, (const char *)&l->slots[i] + member, sizeof(key));
		enter(l, *table, key, i);
	}
	return 0;
}

int links_load(struct links *l, struct state *state, const struct flow_state *known, bool sparse,
	struct err *err)
{
	*l = (struct links){
		.state = state, .flow = known->id, .sparse = sparse, .mem = arena_new()};
	if (sparse) {
		keys_init(&l->known_source, 0, true);
		keys_init(&l->known_target, 0, true);
		return 0;
	}
	if (load(l, known->sources, err) < 0)
		return -1;
	l->places = l->n + l->n / 4 + 64;
	while (l->n >> l->bits != 0)
		l->bits++;
	return make_table(l, offsetof(struct link_slot, source), &l->by_source, err);
}

int links_index_targets(struct links *l, struct err *err)
{
	if (l->sparse || l->by_target != NULL)
		return 0;
	return make_table(l, offsetof(struct link_slot, target), &l->by_target, err);
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
	const struct value prefix = f->marker_prefix, marker = plan_mark(f, e);

	*slot = links_target(l, e->key);
	if (*slot != NULL || !l->sparse || !plan_marked(f, e))
		return 0;
	const char *text = arena_copy(mem, marker.data + prefix.len, marker.len - prefix.len);
	/* Text of 36 characters is a GUID, but the id itself where a file has it as text. */
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
	size_t place = place_of(l, key);
	struct link_slot *slot;
	do {
		slot = candidate(l, l->by_source, key, &place);
	} while (slot != NULL && slot->source != key);
	return slot;
}

struct link_slot *links_target(const struct links *l, uint64_t key)
{
	if (l->sparse)
		return known(l, &l->known_target, key);
	size_t place = place_of(l, key);
	struct link_slot *slot;
	do {
		slot = candidate(l, l->by_target, key, &place);
	} while (slot != NULL && slot->target != key);
	return slot;
}

void links_prefetch_place(const struct links *l, uint64_t key)
{
	if (!l->sparse)
		__builtin_prefetch(&l->by_source[place_of(l, key)]);
}

void links_prefetch_slot(const struct links *l, uint64_t key)
{
	size_t place = place_of(l, key);
	const struct link_slot *slot = l->sparse ? NULL : candidate(l, l->by_source, key, &place);

	/* It may lie across two lines of the cache. */
	if (slot != NULL) {
		__builtin_prefetch(slot);
		__builtin_prefetch(&slot->flags);
	}
}

void links_prefetch_target(const struct links *l, uint64_t key)
{
	__builtin_prefetch(&l->by_target[place_of(l, key)]);
}
