#include "sync/wishes.h"

#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "connectors/connector.h"
#include "sync/claims.h"
#include "sync/gather.h"
#include "sync/intents.h"
#include "sync/naming.h"
#include "sync/pair.h"
#include "sync/sides.h"
#include "sync/sorter.h"

size_t wishes_worth(const struct gather *g)
{
	/* The first run, or one whose state was lost: nothing is known of what carries our marker.
	 */
	if (g->known.sources < 0)
		return 0;
	/* A read of all costs as much as some thousand look-ups, or more where there is more. */
	return 200 + (size_t)g->known.sources / 50;
}

void wish(struct wishes *w, int by, unsigned attr, struct value value)
{
	if (value.len == 0)
		return;
	if (w->n == w->room) {
		size_t room = w->room > 0 ? 2 * w->room : 256;
		struct wish *more = arena_alloc(w->mem, room * sizeof(*more));
		if (w->n > 0)
			memcpy(more, w->list, w->n * sizeof(*more));
		w->list = more;
		w->room = room;
	}
	struct wish *new = &w->list[w->n++];
	new->by = by;
	new->attr = attr;
	new->value = value_copy(w->mem, value);
}

void wish_address(struct wishes *w, struct arena *scratch, const struct claim *claim)
{
	struct claim_place places[CLAIM_PLACES];
	unsigned n = claim_places(scratch, claim, places);

	for (unsigned i = 0; i < n; i++)
		wish(w, WISH_VALUE, places[i].attr, places[i].value);
}

/* The contacts of open rows, and of those that rows refer to. */
static int wish_links(struct gather *g, struct wishes *w, struct err *err)
{
	struct link_slot *slot;
	struct link link;
	int rc;

	if (g->links.n == 0)
		return 0;
	if (links_begin(&g->links, err) < 0)
		return -1;
	while ((rc = links_next(&g->links, &link, &slot, err)) == 1) {
		if ((slot->flags & (LINK_OPEN | LINK_NAMED)) != 0)
			wish(w, WISH_ID, 0, link.target);
	}
	return rc;
}

static void wish_joins(struct gather *g, const struct open_row *row, struct wishes *w)
{
	const struct desired *d = &row->desired;
	struct claim *claims;

	for (unsigned i = 0; i < d->n_joins; i++)
		wish(w, WISH_VALUE, d->joins[i].attr, d->joins[i].value);
	/* Else its contact is found by an address; of whoever is said to be one side's it may have
	 * none of these. */
	const bool found = sides_most(g, row) == NULL &&
			   claims_wanted(g->scratch, g->flow, NULL, d, &claims) > 0;
	if (!found || keys_has(&g->unpaired, row->key))
		wish(w, WISH_VALUE, g->flow->marker, plan_marker(g->scratch, g->flow, row->id));
}

/* For each row that wants a contact. */
static int each_row(struct gather *g, struct wishes *w, struct err *err,
	int (*fn)(struct gather *, const struct open_row *, struct wishes *, void *, struct err *),
	void *with)
{
	struct open_row row;
	uint32_t place;
	uint64_t key;
	int rc = sorter_rewind(g->row_order, err);

	while (rc == 0 && (rc = pair_next_row(g, &key, &place, err)) == 1) {
		rc = pair_read_row(g, g->scratch, place, &row, err);
		if (rc == 0 && row.presence == PRESENT)
			rc = fn(g, &row, w, with, err);
		arena_reset(g->scratch);
	}
	return rc;
}

static int references_of_row(
	struct gather *g, const struct open_row *row, struct wishes *w, void *with, struct err *err)
{
	const struct desired *d = &row->desired;

	(void)g;
	(void)with;
	(void)err;
	for (unsigned i = 0; i < d->n; i++) {
		for (unsigned k = 0;
			attr_syntax(d->attrs[i].attr) == SYNTAX_DN && k < d->attrs[i].n; k++)
			wish(w, WISH_NAME, 0, d->attrs[i].values[k]);
	}
	return 0;
}

int wishes_references(struct gather *g, struct wishes *w, struct err *err)
{
	return each_row(g, w, err, references_of_row, NULL);
}

static int first_of_row(
	struct gather *g, const struct open_row *row, struct wishes *w, void *with, struct err *err)
{
	(void)with;
	(void)err;
	if (row->link == NO_LINK)
		wish_joins(g, row, w);
	return 0;
}

int wishes_first(struct gather *g, struct wishes *w, struct err *err)
{
	wish(w, WISH_NAME, 0, g->flow->into);
	for (unsigned i = 0; i < g->intents->n; i++) {
		if (g->intents->ops[i].kind == STEP_ADD)
			wish(w, WISH_NAME, 0, g->intents->ops[i].change.name);
	}
	if (wish_links(g, w, err) < 0)
		return -1;
	return each_row(g, w, err, first_of_row, NULL);
}

struct second {
	struct matched *m;
	const struct keys *current;
};

static int second_of_row(
	struct gather *g, const struct open_row *row, struct wishes *w, void *with, struct err *err)
{
	const struct second *s = with;
	const struct naming naming = {.flow = g->flow, .row = row};
	struct claim *wanted, *held = NULL;
	struct entry current;
	unsigned n_held = 0;
	uint32_t at;
	bool known = row->link != NO_LINK && keys_get(s->current, row->link, &at);

	if (known) {
		if (pair_read_entry(s->m, g->scratch, at, &current, err) < 0)
			return -1;
		n_held = claims_held(g->scratch, &current, &held);
	}
	unsigned n = claims_wanted(g->scratch, g->flow, sides_most(g, row), &row->desired, &wanted);
	for (unsigned i = 0; i < n; i++) {
		if (!claims_key(held, n_held, wanted[i].key))
			wish_address(w, g->scratch, &wanted[i]);
	}
	struct value names[NAMING_LOOKED], aliases[NAMING_LOOKED];
	naming_first(g->scratch, &naming, known ? &current : NULL, names, aliases);
	for (unsigned i = 0; i < NAMING_LOOKED; i++) {
		wish(w, WISH_NAME, 0, names[i]);
		wish(w, WISH_VALUE, attr_named("mailNickname"), aliases[i]);
	}
	return 0;
}

int wishes_second(struct gather *g, struct matched *m, const struct keys *current, struct wishes *w,
	struct err *err)
{
	struct second second = {m, current};

	return each_row(g, w, err, second_of_row, &second);
}
