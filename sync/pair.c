#include "sync/pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/keys.h"
#include "base/memory.h"
#include "base/spool.h"
#include "sync/claims.h"
#include "sync/gather.h"
#include "sync/holder.h"
#include "sync/naming.h"
#include "sync/sides.h"
#include "sync/sorter.h"

/* One row being paired. */
struct pairing {
	struct gather *g;
	struct matched *m;
	struct arena *mem;   /* reset per row */
	struct keys adopted; /* places of entries that a row of this run adopts */
	struct loans *loans;
	struct open_row row;
	uint32_t place;
	struct entry current;
	uint32_t current_link;
	unsigned n_facts;
	struct fact *facts;
	struct verdict v;
	struct err *err;
};

int pair_next_row(struct gather *g, uint64_t *key, uint32_t *place, struct err *err)
{
	const void *record;
	int rc = sorter_next(g->row_order, &record, err);

	if (rc == 1) {
		uint32_t at;
		*key = sorter_value(record);
		memcpy(&at, (const char *)record + 8, 4);
		*place = __builtin_bswap32(at);
	}
	return rc;
}

int pair_read_row(
	struct gather *g, struct arena *mem, uint32_t place, struct open_row *row, struct err *err)
{
	struct value bytes;

	if (spool_get(g->rows, place, mem, &bytes, NULL, err) < 0)
		return -1;
	if (row_unpack(mem, g->flow->rules, bytes, row) < 0)
		return err_set(err, ERR_FATAL, "temporary file: damaged row");
	return 0;
}

int pair_read_entry(
	struct matched *m, struct arena *mem, uint32_t place, struct entry *e, struct err *err)
{
	struct value bytes;

	if (spool_get(m->entries, place, mem, &bytes, NULL, err) < 0)
		return -1;
	const char *at = bytes.data;
	if (entry_unpack(mem, &at, bytes.data + bytes.len, e) < 0)
		return err_set(err, ERR_FATAL, "temporary file: damaged entry");
	return 0;
}

static void conflict(struct pairing *p, unsigned number, const char *text)
{
	if (p->v.number != 0)
		return; /* the first one says it */
	p->v.number = number;
	p->v.message = value_of(text);
}

static const char *shown(struct pairing *p, struct value v)
{
	return arena_copy(p->mem, v.data, v.len);
}

static bool managed(const struct pairing *p, struct value name)
{
	for (unsigned i = 0; i < p->g->flow->n_managed; i++) {
		if (dn_text_below(name, &p->g->flow->managed[i]))
			return true;
	}
	return false;
}

/* Of the class that the rules ask for, inside the managed containers. */
static bool adoptable(const struct pairing *p, const struct entry *e)
{
	const struct desired *d = &p->row.desired;
	unsigned object_class = attr_named("objectClass");

	for (unsigned i = 0; i < d->n; i++) {
		for (unsigned k = 0; d->attrs[i].attr == object_class && k < d->attrs[i].n; k++) {
			if (!entry_has(e, object_class, d->attrs[i].values[k]))
				return false;
		}
	}
	return managed(p, e->name);
}

#define ONE_OF_THEM "only one of the two may have what it is found by"

/* Of what is linked to another source object: what to do. */
static const char *linked_to(struct pairing *p, uint32_t link, const char *marker)
{
	const bool gone = link != NO_LINK && (p->g->links.slots[link].flags & LINK_LEAVES) != 0;

	return arena_printf(p->mem, "is linked to another source object%s%s%s%s",
		*marker != 0 ? " (" : "", marker, *marker != 0 ? ")" : "",
		gone ? ", which is gone: once this contact is deleted, the next run makes a new one"
		     : ": if that one is gone, delete this contact; if not, " ONE_OF_THEM);
}

/* What was found may be another's already: linked to another source, or marked by another flow. */
static const char *taken_by(struct pairing *p, const struct entry *e, uint32_t place, uint32_t link)
{
	const struct flow *f = p->g->flow;
	struct value marker = plan_mark(f, e);
	struct value own = plan_marker(p->mem, f, p->row.id);

	/* Its own it is never asked about: that one is found first. */
	if (link != NO_LINK)
		return linked_to(p, link, shown(p, marker));
	if (keys_has(&p->adopted, place + 1ull))
		return "was found by another source object before: " ONE_OF_THEM;
	if (marker.len > 0 && !value_same(marker, own))
		return arena_printf(p->mem,
			"carries the marker %s: to have it taken over, take away its %s",
			shown(p, marker), attr_name(f->marker));
	return NULL;
}

/* Sparse links know whose an entry is by its marker: of this one, which has none (somebody took it
 * away), the state is asked. 1, 0, -1. */
static int linked_unseen(struct pairing *p, const struct entry *e)
{
	if (!p->g->links.sparse)
		return 0;
	return state_linked(p->g->state, p->g->known.id, e->id, p->err);
}

/* One candidate is it; several are a conflict. Returns 1 when there was any. */
static int choose(struct pairing *p, const struct fact **found, unsigned n)
{
	struct entry e, other;
	const struct fact *f = found[0];

	if (n == 0)
		return 0;
	if (pair_read_entry(p->m, p->mem, f->at, &e, p->err) < 0)
		return -1;
	if (n > 1) {
		if (pair_read_entry(p->m, p->mem, found[1]->at, &other, p->err) < 0)
			return -1;
		conflict(p, 6,
			arena_printf(p->mem, "%u target entries match: %s and %s%s", n,
				shown(p, e.name), shown(p, other.name), n > 2 ? " ..." : ""));
		return 1;
	}
	const char *taken = taken_by(p, &e, f->at, f->link);
	const int linked = taken == NULL ? linked_unseen(p, &e) : 0;
	if (linked < 0)
		return -1;
	if (linked == 1)
		taken = linked_to(p, NO_LINK, "");
	if (taken != NULL) {
		conflict(p, 7, arena_printf(p->mem, "%s %s", shown(p, e.name), taken));
		return 1;
	}
	p->current = e;
	p->current_link = f->link;
	p->v.has_current = true;
	p->v.adopt = true;
	p->v.current = f->at;
	keys_put(&p->adopted, f->at + 1ull, 0);
	return 1;
}

/* The entry is another row's contact, and gives the address up in this run: 1, 0, -1. */
static int gives_up(
	struct pairing *p, const struct fact *f, const struct entry *holder, uint64_t key)
{
	struct open_row other;

	if (f->link == NO_LINK || (p->g->links.slots[f->link].flags & LINK_OPEN) == 0)
		return 0;
	if (pair_read_row(p->g, p->mem, p->g->links.slots[f->link].row, &other, p->err) < 0)
		return -1;
	return holder_gives_up(p->g, p->mem, &other, holder, key, p->err);
}

/* A join by an address that another row's contact has, but hands over in this run. */
static int handed_over(struct pairing *p, const struct fact *f, const struct entry *e)
{
	const struct join_key *j = &p->row.desired.joins[f->index];
	struct value v = j->value;
	struct attr one = {j->attr, 1, &v};
	const struct entry alone = {.n = 1, .attrs = &one};
	struct claim *claims;

	/* A contact that goes has its name and alias until it went: the next run makes the new one.
	 */
	if (f->link == NO_LINK || (p->g->links.slots[f->link].flags & LINK_LEAVES) != 0 ||
		claims_held(p->mem, &alone, &claims) == 0)
		return 0;
	return gives_up(p, f, e, claims[0].key);
}

/* Does the join key really match, beyond its hash, an entry that may be adopted? */
static int matches(struct pairing *p, const struct fact *f)
{
	struct entry e;

	const struct join_key *j = &p->row.desired.joins[f->index];
	if (pair_read_entry(p->m, p->mem, f->at, &e, p->err) < 0)
		return -1;
	const struct attr *a = entry_get(&e, j->attr);
	for (unsigned i = 0; a != NULL && i < a->n; i++) {
		if (join_hash(j->attr, a->values[i]) != join_hash(j->attr, j->value))
			continue;
		int rc = handed_over(p, f, &e);
		return rc != 0 ? (rc < 0 ? -1 : 0) : adoptable(p, &e);
	}
	return 0;
}

static bool listed(const struct fact **found, unsigned n, uint32_t at)
{
	for (unsigned i = 0; i < n; i++) {
		if (found[i]->at == at)
			return true;
	}
	return false;
}

/* The entry that this row is: by its link, by our marker (a run that was killed, a lost state), by
 * the joins. */
static int find_current(struct pairing *p)
{
	const struct fact **found = arena_alloc(p->mem, (p->n_facts + 1) * sizeof(*found));
	unsigned n = 0, groups = 0;
	int rc;

	for (unsigned i = 0; i < p->n_facts; i++) {
		const struct fact *f = &p->facts[i];
		if (f->kind == FACT_CURRENT) {
			p->v.has_current = true;
			p->v.current = f->at;
			p->current_link = f->link;
			return pair_read_entry(p->m, p->mem, f->at, &p->current, p->err);
		}
		if (f->kind == FACT_MARKED && !listed(found, n, f->at))
			found[n++] = f;
		if (f->kind == FACT_JOINED && f->group + 1 > groups)
			groups = f->group + 1;
	}
	if (p->row.presence != PRESENT)
		return 0;
	rc = choose(p, found, n);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	for (unsigned g = 0; g < groups; g++) {
		n = 0;
		for (unsigned i = 0; i < p->n_facts; i++) {
			const struct fact *f = &p->facts[i];
			if (f->kind != FACT_JOINED || f->group != g || listed(found, n, f->at))
				continue;
			rc = matches(p, f);
			if (rc < 0)
				return -1;
			if (rc > 0)
				found[n++] = f;
		}
		rc = choose(p, found, n);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	return 0;
}

static bool holds(struct pairing *p, uint64_t key)
{
	struct claim *claims;
	unsigned n = p->v.has_current ? claims_held(p->mem, &p->current, &claims) : 0;

	for (unsigned i = 0; i < n; i++) {
		if (claims[i].key == key)
			return true;
	}
	return false;
}

static const char *held_by(
	struct pairing *p, const struct claim *claim, const struct entry *holder, const char *more)
{
	return arena_printf(p->mem, "E_PROXY_DUP: %s is held by %s in %s%s, and wanted by %s in %s",
		shown(p, claim->address), shown(p, holder->name), p->g->flow->target, more,
		shown(p, p->row.name), p->g->flow->source);
}

/* The address is held by another entry of the target: a conflict, unless that is ours and gives it
 * up in this run. */
static int check_holder(struct pairing *p, const struct fact *f, const struct claim *claim)
{
	struct entry holder;

	if (p->v.has_current && f->at == p->v.current)
		return 0;
	if (pair_read_entry(p->m, p->mem, f->at, &holder, p->err) < 0)
		return -1;
	int rc = gives_up(p, f, &holder, claim->key);
	if (rc < 0)
		return -1;
	if (rc == 1)
		return loans_add(p->loans, p->place, p->g->links.slots[f->link].row,
			held_by(p, claim, &holder, ", which is in conflict itself"), p->err);
	conflict(p, 11,
		arena_printf(p->mem, "%s%s", held_by(p, claim, &holder, ""),
			entry_is(&holder, "contact") && !managed(p, holder.name)
				? ": to take this contact over, list its container in adopt"
				: ""));
	return 0;
}

/* Does the row write the address, now that its contact is known, which may have a flag? */
static bool wants(struct pairing *p, uint64_t key)
{
	const char *side = sides_of(p->g, &p->row, p->v.has_current ? &p->current : NULL);
	struct claim *claims;
	unsigned n = claims_wanted(p->mem, p->g->flow, side, &p->row.desired, &claims);

	return claims_key(claims, n, key);
}

static int check_addresses(struct pairing *p)
{
	struct claim *claims;
	struct open_row other;

	/* As match_ask numbered them. */
	(void)claims_wanted(
		p->mem, p->g->flow, sides_most(p->g, &p->row), &p->row.desired, &claims);
	for (unsigned i = 0; i < p->n_facts; i++) {
		const struct fact *f = &p->facts[i];
		if ((f->kind != FACT_HELD && f->kind != FACT_SHARED) ||
			holds(p, claims[f->index].key) || !wants(p, claims[f->index].key))
			continue;
		if (f->kind == FACT_HELD) {
			if (check_holder(p, f, &claims[f->index]) < 0)
				return -1;
			continue;
		}
		if (pair_read_row(p->g, p->mem, f->at, &other, p->err) < 0)
			return -1;
		conflict(p, 11,
			arena_printf(p->mem, "E_PROXY_DUP: %s is wanted by both %s and %s in %s",
				shown(p, claims[f->index].address), shown(p, other.name),
				shown(p, p->row.name), p->g->flow->source));
	}
	return 0;
}

static uint64_t reference_order(const struct reference *r)
{
	return (uint64_t)r->index << 33 | (uint64_t)r->row << 32 | r->at;
}

/* Of several that answer for one, entries come before rows. */
static int by_index(const void *a, const void *b)
{
	const uint64_t x = reference_order(a), y = reference_order(b);

	return (x > y) - (x < y);
}

static void collect_references(struct pairing *p)
{
	p->v.refs = arena_alloc(p->mem, p->n_facts * sizeof(*p->v.refs));
	for (unsigned i = 0; i < p->n_facts; i++) {
		const struct fact *f = &p->facts[i];
		if (f->kind == FACT_REFERS || f->kind == FACT_REFERS_ROW)
			p->v.refs[p->v.n_refs++] =
				(struct reference){f->index, f->kind == FACT_REFERS_ROW, f->at};
	}
	qsort(p->v.refs, p->v.n_refs, sizeof(*p->v.refs), by_index);
}

static int pair_row(struct pairing *p)
{
	struct naming naming = {
		p->g->flow, &p->row, p->m->names, p->m->nicknames, p->m->few, false};

	p->v = (struct verdict){0};
	if (find_current(p) < 0)
		return -1;
	if (p->row.presence != PRESENT || p->v.number != 0)
		return 0;
	if (p->v.has_current && !managed(p, p->current.name)) {
		conflict(p, 11,
			arena_printf(p->mem,
				"%s is not in the managed containers any more: move it back, "
				"or list its container in adopt",
				shown(p, p->current.name)));
		return 0;
	}
	const char *protected = p->v.has_current ? plan_protected(p->g->flow, &p->current) : NULL;
	if (protected != NULL)
		conflict(
			p, 11, arena_printf(p->mem, "%s %s", shown(p, p->current.name), protected));
	if (p->v.number == 0 && check_addresses(p) < 0)
		return -1;
	if (p->v.number != 0)
		return 0;
	const struct entry *current = p->v.has_current ? &p->current : NULL;
	p->v.name = naming_name(p->mem, &naming, current);
	p->v.nickname = naming_nickname(p->mem, &naming, current);
	p->m->unsure |= naming.unsure;
	if (p->v.name.len == 0)
		conflict(p, 11, "no free name was found among 1000 variants");
	collect_references(p);
	return 0;
}

static int put_verdict(struct pairing *p, struct paired *out)
{
	struct buf b = {0};
	uint32_t at;

	verdict_pack(&b, &p->v);
	int rc = spool_add(out->verdicts, b.data, b.len, &at, p->err);
	buf_free(&b);
	keys_put(out->places, p->place + 1ull, at);
	if (p->v.number != 0)
		loans_refuse(&out->loans, p->place);
	return rc;
}

/* The facts of one row, of which the first of the next one has been read already. */
static int next_facts(struct pairing *p, uint64_t key, struct fact *ahead, int *more)
{
	unsigned room = 8;

	p->n_facts = 0;
	p->facts = arena_alloc(p->mem, room * sizeof(*p->facts));
	while (*more == 1 && ahead->key == key && ahead->row == p->place) {
		if (p->n_facts == room) {
			struct fact *bigger = arena_alloc(p->mem, 2 * room * sizeof(*bigger));
			memcpy(bigger, p->facts, room * sizeof(*bigger));
			p->facts = bigger;
			room *= 2;
		}
		p->facts[p->n_facts++] = *ahead;
		*more = match_next(p->m, ahead, p->err);
	}
	return *more < 0 ? -1 : 0;
}

static int pair_all(struct pairing *p, struct paired *out)
{
	struct fact ahead;
	uint64_t key;
	int rc, more = match_next(p->m, &ahead, p->err);

	if (more < 0 || sorter_rewind(p->g->row_order, p->err) < 0)
		return -1;
	while ((rc = pair_next_row(p->g, &key, &p->place, p->err)) == 1) {
		if (pair_read_row(p->g, p->mem, p->place, &p->row, p->err) < 0 ||
			next_facts(p, key, &ahead, &more) < 0 || pair_row(p) < 0 ||
			put_verdict(p, out) < 0)
			return -1;
		arena_reset(p->mem);
	}
	return rc;
}

int pair_rows(struct gather *g, struct matched *m, struct paired *out, struct err *err)
{
	struct pairing p = {.g = g, .m = m, .mem = arena_new(), .loans = &out->loans, .err = err};

	*out = (struct paired){spool_new(), memory_need(1, sizeof(*out->places)), {.texts = NULL}};
	keys_init(&p.adopted, 0, false);
	loans_init(&out->loans);
	keys_init(out->places, g->n_open, true);
	int rc = pair_all(&p, out);
	loans_settle(&out->loans);
	keys_free(&p.adopted);
	arena_free(p.mem);
	return rc;
}

int pair_verdict(
	struct paired *p, struct arena *mem, uint32_t place, struct verdict *v, struct err *err)
{
	struct value bytes, text;
	uint32_t at;

	if (!keys_get(p->places, place + 1ull, &at))
		return err_set(err, ERR_FATAL, "temporary file: a row without a verdict");
	if (spool_get(p->verdicts, at, mem, &bytes, NULL, err) < 0)
		return -1;
	if (verdict_unpack(mem, bytes, v) < 0)
		return err_set(err, ERR_FATAL, "temporary file: damaged verdict");
	int rc = loans_why(&p->loans, place, mem, &text, err);
	if (rc == 1) {
		v->number = 11;
		v->message = text;
	}
	return rc < 0 ? -1 : 0;
}

void paired_free(struct paired *p)
{
	loans_free(&p->loans);
	spool_free(p->verdicts);
	if (p->places != NULL)
		keys_free(p->places);
	free(p->places);
	*p = (struct paired){0};
}
