#include "connectors/ldap_writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/dn.h"
#include "base/memory.h"

/* What a change does at a name. */
enum role {
	ROLE_IS,     /* it is about this entry ... */
	ROLE_MOVES,  /* ... which appears, goes, or gets another name */
	ROLE_BELOW,  /* the entry lies somewhere below this name */
	ROLE_REFERS, /* a value is this name, or one below it */
};

#define BIT(role) (1u << (role))

/* What may not be under way at a name when another does this there. */
static const unsigned meets[] = {
	[ROLE_IS] = BIT(ROLE_IS),
	[ROLE_MOVES] = BIT(ROLE_BELOW) | BIT(ROLE_REFERS),
	[ROLE_BELOW] = BIT(ROLE_MOVES),
	[ROLE_REFERS] = BIT(ROLE_MOVES),
};

/* With some five names a change, one in fifty waits for no reason; in a window of more than a
 * thousand, more of them do. */
#define PLACES_EACH 256u
#define PLACES_MOST (1u << 18)

void window_init(struct window *w, unsigned changes)
{
	*w = (struct window){.places = PLACES_EACH};
	while (w->places < (size_t)PLACES_EACH * changes && w->places < PLACES_MOST)
		w->places *= 2;
	/* Pages that a few changes do not touch cost nothing. */
	w->counts = memory_need(w->places, sizeof(*w->counts));
}

void window_free(struct window *w)
{
	free(w->counts);
	buf_free(&w->parent);
	buf_free(&w->above);
	w->counts = NULL;
}

typedef bool visitor(uint32_t counts[4], enum role);

static uint32_t place_of(const struct window *w, struct value name)
{
	return (uint32_t)dn_key(name) & (uint32_t)(w->places - 1);
}

/* The places of a name and of all above it: most of those that come one after the other are of the
 * same container. */
static void find_above(struct window *w, struct value name)
{
	if (value_same(name, (struct value){w->parent.data, w->parent.len}))
		return;
	buf_clear(&w->parent);
	buf_add(&w->parent, name.data, name.len);
	buf_clear(&w->above);
	while (name.len > 0) {
		const uint32_t place = place_of(w, name);
		const struct value parent = dn_parent(name);
		buf_add(&w->above, &place, sizeof(place));
		if (parent.len == name.len) /* not a name: it stands for itself */
			break;
		name = parent;
	}
}

/* All that is at a name or above it, until the visitor has seen enough. */
static bool climb(struct window *w, struct value name, enum role role, visitor *at)
{
	find_above(w, name);
	for (size_t i = 0; i < w->above.len; i += sizeof(uint32_t)) {
		uint32_t place;
		memcpy(&place, w->above.data + i, sizeof(place));
		if (at(w->counts[place], role))
			return true;
	}
	return false;
}

static bool visit_name(struct window *w, struct value name, bool moves, visitor *at)
{
	uint32_t *here = w->counts[place_of(w, name)];

	return at(here, ROLE_IS) || (moves && at(here, ROLE_MOVES)) ||
	       climb(w, dn_parent(name), ROLE_BELOW, at);
}

/* A value that is no name stands for itself. */
static bool visit_value(struct window *w, struct value v, visitor *at)
{
	const struct value parent = dn_parent(v);

	return at(w->counts[place_of(w, v)], ROLE_REFERS) ||
	       (parent.len < v.len && climb(w, parent, ROLE_REFERS, at));
}

static bool visit_values(struct window *w, const struct value *values, unsigned n, visitor *at)
{
	for (unsigned i = 0; i < n; i++) {
		if (values[i].len > 0 && visit_value(w, values[i], at))
			return true;
	}
	return false;
}

static bool visit(struct window *w, const struct change *c, visitor *at)
{
	const bool renames = c->new_name.len > 0, moves = renames || c->op != CHANGE_MODIFY;

	if (visit_name(w, c->name, moves, at) || (renames && visit_name(w, c->new_name, moves, at)))
		return true;
	for (unsigned i = 0; i < c->n; i++) {
		const struct mod *m = &c->mods[i];
		if (attr_syntax(m->attr) == SYNTAX_DN &&
			(visit_values(w, m->remove, m->n_remove, at) ||
				visit_values(w, m->add, m->n_add, at)))
			return true;
	}
	return false;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): as count_up, which counts */
static bool blocked(uint32_t counts[4], enum role role)
{
	for (unsigned other = ROLE_IS; other <= ROLE_REFERS; other++) {
		if ((meets[role] & BIT(other)) != 0 && counts[other] > 0)
			return true;
	}
	return false;
}

static bool count_up(uint32_t counts[4], enum role role)
{
	counts[role]++;
	return false;
}

static bool count_down(uint32_t counts[4], enum role role)
{
	counts[role]--;
	return false;
}

bool window_blocks(struct window *w, const struct change *c)
{
	return visit(w, c, blocked);
}

void window_enter(struct window *w, const struct change *c)
{
	(void)visit(w, c, count_up);
}

void window_leave(struct window *w, const struct change *c)
{
	(void)visit(w, c, count_down);
}
