#include "sync/links.h"

#include <string.h>
#include <sys/mman.h>

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

static int load(struct links *l, struct state *state, struct err *err)
{
	struct link link;
	int rc;

	while ((rc = state_next_link(state, &link, err)) == 1) {
		if (l->n == l->room && more_room(l, err) < 0)
			return -1;
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
	*l = (struct links){0};
	if (state_links(state, flow, err) < 0 || load(l, state, err) < 0)
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

void links_prefetch_target(const struct links *l, uint64_t key)
{
	__builtin_prefetch(&l->by_target[place_of(l, key)]);
}
