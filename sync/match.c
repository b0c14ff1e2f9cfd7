#include "sync/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/dn.h"
#include "base/err.h"
#include "connectors/connector.h"
#include "base/keys.h"
#include "base/memory.h"
#include "base/spool.h"
#include "sync/claims.h"
#include "sync/gather.h"
#include "sync/pair.h"
#include "sync/row.h"
#include "sync/sides.h"
#include "sync/sorter.h"
#include "sync/wishes.h"

/* Records of the sorters, bytes only, so that memcmp orders them by their first members. */
struct ask {
	unsigned char hash[8], key[8], row[4], kind, group, index[4];
};

struct answer {
	unsigned char hash[8], is_row, at[4], link[4];
};

struct fact_record {
	unsigned char key[8], row[4], kind, group, index[4], at[4], link[4];
};

static void put32(unsigned char to[4], uint32_t n)
{
	n = __builtin_bswap32(n);
	memcpy(to, &n, 4);
}

static uint32_t get32(const unsigned char from[4])
{
	uint32_t n;

	memcpy(&n, from, 4);
	return __builtin_bswap32(n);
}

void match_start(struct gather *g)
{
	g->asks = sorter_new(sizeof(struct ask));
	g->answers = sorter_new(sizeof(struct answer));
}

struct asking {
	struct gather *g;
	const struct open_row *row;
	uint32_t at;
	struct err *err;
};

static int ask(
	const struct asking *a, enum ask_kind kind, uint64_t hash, unsigned group, unsigned index)
{
	struct ask r = {.kind = (unsigned char)kind, .group = (unsigned char)group};

	sorter_number(r.hash, hash);
	sorter_number(r.key, a->row->key);
	put32(r.row, a->at);
	put32(r.index, index);
	return sorter_add(a->g->asks, &r, a->err);
}

static int answer(
	struct gather *g, uint64_t hash, bool is_row, uint32_t at, uint32_t link, struct err *err)
{
	struct answer r = {.is_row = is_row};

	sorter_number(r.hash, hash);
	put32(r.at, at);
	put32(r.link, link);
	return sorter_add(g->answers, &r, err);
}

/* The references of an entry, counted through over its attributes. */
static int ask_references(const struct asking *a, const struct desired *d)
{
	unsigned index = 0;

	for (unsigned i = 0; i < d->n; i++) {
		if (attr_syntax(d->attrs[i].attr) != SYNTAX_DN)
			continue;
		for (unsigned k = 0; k < d->attrs[i].n; k++, index++) {
			uint64_t hash = name_hash(dn_key(d->attrs[i].values[k]));
			if (ask(a, ASK_REFERENCE, hash, 0, index) < 0)
				return -1;
		}
	}
	return 0;
}

int match_ask(struct gather *g, const struct open_row *row, uint32_t at, struct err *err)
{
	const struct asking a = {g, row, at, err};
	const struct desired *d = &row->desired;
	struct claim *claims;

	if (row->presence != PRESENT)
		return 0;
	g->n_names++;
	struct arena_mark mark = arena_mark(g->scratch);
	struct value marker = plan_marker(g->scratch, g->flow, row->id);
	int rc = ask(&a, ASK_MARKER, marker_hash(marker), 0, 0);
	/* Joins are for finding what has no link yet. */
	for (unsigned i = 0; rc == 0 && i < d->n_joins && row->link == NO_LINK; i++)
		rc = ask(&a, ASK_JOIN, join_hash(d->joins[i].attr, d->joins[i].value),
			d->joins[i].group, i);
	unsigned n = claims_wanted(g->scratch, g->flow, sides_most(g, row), d, &claims);
	for (unsigned i = 0; rc == 0 && i < n; i++)
		rc = ask(&a, ASK_ADDRESS, claims[i].key, 0, i);
	if (rc == 0)
		rc = ask_references(&a, d);
	if (rc == 0)
		rc = answer(g, name_hash(row->name_key), true, at, NO_LINK, err);
	arena_rewind(g->scratch, mark);
	return rc;
}

/* Which hashes were asked for: a bitmap of about eight bits a question, so that one in eight
 * strangers passes at most. */
struct filter_bits {
	unsigned char *bits;
	uint64_t mask;
};

static int make_bits(struct gather *g, struct filter_bits *b, struct err *err)
{
	const void *record;
	uint64_t size = 1024;
	int rc;

	while (size < 8 * sorter_count(g->asks) && size < (64u << 20))
		size *= 2;
	b->mask = size - 1;
	b->bits = memory_need(size / 8, 1);
	if (sorter_rewind(g->asks, err) < 0)
		return -1;
	while ((rc = sorter_next(g->asks, &record, err)) == 1) {
		uint64_t at = sorter_value(((const struct ask *)record)->hash) & b->mask;
		b->bits[at / 8] = (unsigned char)(b->bits[at / 8] | 1u << (at % 8));
	}
	return rc;
}

static bool asked(const struct filter_bits *b, uint64_t hash)
{
	uint64_t at = hash & b->mask;

	return (b->bits[at / 8] >> (at % 8) & 1) != 0;
}

/* Links that some row may refer to, by the name of their source: the hash of the question, in the
 * order of the slots. */
struct named {
	uint32_t slot;
	uint64_t hash;
};

/* The link's source has another name by now, which its row says. */
static int renamed(struct gather *g, const struct link_slot *slot, const struct link *link,
	bool *is, struct err *err)
{
	struct open_row row;

	*is = false;
	if ((slot->flags & LINK_OPEN) == 0)
		return 0;
	struct arena_mark mark = arena_mark(g->scratch);
	int rc = pair_read_row(g, g->scratch, slot->row, &row, err);
	*is = rc == 0 && row.name_key != link->name;
	arena_rewind(g->scratch, mark);
	return rc;
}

static int find_named(struct gather *g, const struct filter_bits *bits, struct named **named,
	size_t *n, struct err *err)
{
	struct link_slot *slot;
	struct link link;
	size_t room = 0;
	int rc;

	*named = NULL;
	*n = 0;
	if (g->links.n == 0)
		return 0;
	if (links_begin(&g->links, err) < 0)
		return -1;
	while ((rc = links_next(&g->links, &link, &slot, err)) == 1) {
		uint64_t hash = name_hash(link.name);
		/* Who left and is only hidden so far: a delta does not see that he is gone. */
		bool gone = link.left != 0 && (slot->flags & LINK_OPEN) == 0;
		bool other;
		if (gone || !asked(bits, hash))
			continue;
		if (renamed(g, slot, &link, &other, err) < 0)
			return -1;
		if (other)
			continue;
		if (*n == room) {
			room = room > 0 ? room * 2 : 256;
			struct named *more = realloc(*named, room * sizeof(*more));
			if (more == NULL)
				memory_lacks();
			*named = more;
		}
		(*named)[(*n)++] = (struct named){(uint32_t)(slot - g->links.slots), hash};
		slot->flags |= LINK_NAMED;
	}
	return rc;
}

/* Of sparse links those have to be asked for that rows may refer to: by what has the names in the
 * source. */
static int find_referred(struct gather *g, struct err *err)
{
	static const struct attr_set only_ids = {0};
	struct wishes w = {.mem = arena_new()};
	struct link_slot *slot;
	struct entry e;
	int rc = g->links.sparse ? wishes_references(g, &w, err) : 0;

	if (rc == 0 && w.n > 0) {
		const struct query some = {
			.kind = QUERY_FIND, .wishes = w.list, .n_wishes = w.n, .wanted = &only_ids};
		rc = connector_read(g->source, &some, err);
	}
	while (rc == 0 && w.n > 0 && (rc = connector_next(g->source, g->scratch, &e, err)) == 1) {
		rc = links_find(&g->links, e.id, e.key, &slot, err);
		arena_reset(g->scratch);
	}
	arena_free(w.mem);
	return rc < 0 ? err_in(err, "source %s", g->flow->source) : 0;
}

/* The pass over the target. */
struct pass {
	struct gather *g;
	struct matched *m;
	struct filter_bits bits;
	struct named *named;
	size_t n_named;
	struct entry e; /* of the target, the one that is looked at */
	uint32_t link;  /* of e */
	bool spooled;   /* e is, at */
	uint32_t at;
	unsigned nickname;
	struct attr_set joins;
	struct keys seen;    /* m->few: an entry may be found twice */
	struct keys current; /* m->few: where the entries of rows are, by the link */
	struct err *err;
};

static int keep(struct pass *p)
{
	struct buf b = {0};

	if (p->spooled)
		return 0;
	entry_pack(&b, &p->e);
	int rc = spool_add(p->m->entries, b.data, b.len, &p->at, p->err);
	buf_free(&b);
	p->spooled = true;
	return rc;
}

static int answer_entry(struct pass *p, uint64_t hash)
{
	if (!asked(&p->bits, hash))
		return 0;
	if (keep(p) < 0)
		return -1;
	return answer(p->g, hash, false, p->at, p->link, p->err);
}

static int add_fact(struct matched *m, const struct fact *f, struct err *err)
{
	struct fact_record r = {.kind = (unsigned char)f->kind, .group = (unsigned char)f->group};

	sorter_number(r.key, f->key);
	put32(r.row, f->row);
	put32(r.index, f->index);
	put32(r.at, f->at);
	put32(r.link, f->link);
	return sorter_add(m->facts, &r, err);
}

static int answer_link(struct pass *p, struct link_slot *slot)
{
	p->link = (uint32_t)(slot - p->g->links.slots);
	if ((slot->flags & LINK_OPEN) != 0) {
		if (keep(p) < 0)
			return -1;
		const struct fact f = {.key = slot->source,
			.row = slot->row,
			.kind = FACT_CURRENT,
			.at = p->at,
			.link = p->link};
		if (add_fact(p->m, &f, p->err) < 0)
			return -1;
		if (p->m->few)
			keys_put(&p->current, p->link, p->at);
	}
	if ((slot->flags & (LINK_NAMED | LINK_LEAVES)) != LINK_NAMED)
		return 0;
	/* The slots were noted in order. */
	size_t low = 0, high = p->n_named;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (p->named[middle].slot < p->link)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == p->n_named || p->named[low].slot != p->link)
		return 0;
	return answer_entry(p, p->named[low].hash);
}

static int answer_joins(struct pass *p)
{
	for (unsigned i = 0; i < p->e.n; i++) {
		const struct attr *a = &p->e.attrs[i];
		for (unsigned k = 0; attr_set_has(&p->joins, a->id) && k < a->n; k++) {
			if (answer_entry(p, join_hash(a->id, a->values[k])) < 0)
				return -1;
		}
	}
	return 0;
}

/* Everything that one target entry may answer. */
static int answer_all(struct pass *p)
{
	struct value marker = plan_mark(p->g->flow, &p->e);
	struct link_slot *slot;
	struct value nickname = entry_first(&p->e, p->nickname);
	struct claim *claims;

	p->spooled = false;
	p->link = NO_LINK;
	keys_put(p->m->names, name_hash(dn_key(p->e.name)), 0);
	if (nickname.len > 0)
		keys_put(p->m->nicknames, nickname_hash(nickname), 0);
	if (links_contact(&p->g->links, p->g->scratch, p->g->flow, &p->e, &slot, p->err) < 0 ||
		(slot != NULL && answer_link(p, slot) < 0))
		return -1;
	if (marker.len > 0 && answer_entry(p, marker_hash(marker)) < 0)
		return -1;
	unsigned n = claims_held(p->g->scratch, &p->e, &claims);
	for (unsigned i = 0; i < n; i++) {
		if (answer_entry(p, claims[i].key) < 0)
			return -1;
	}
	return answer_joins(p);
}

static int read_target(struct pass *p, const struct query *query)
{
	int rc;

	if (connector_read(p->g->target, query, p->err) < 0)
		return -1;
	while ((rc = connector_next(p->g->target, p->g->scratch, &p->e, p->err)) == 1) {
		bool again = p->m->few && !keys_put(&p->seen, p->e.key, 0);
		if (!again && answer_all(p) < 0)
			return -1;
		arena_reset(p->g->scratch);
	}
	return rc;
}

static int read_all(struct pass *p)
{
	const struct query all = {.kind = QUERY_ALL, .wanted = &p->g->flow->looks, .digests = true};

	return read_target(p, &all);
}

static int find_some(struct pass *p, struct wishes *w)
{
	const struct query some = {.kind = QUERY_FIND,
		.wishes = w->list,
		.n_wishes = w->n,
		.wanted = &p->g->flow->looks,
		.digests = true};

	int rc = read_target(p, &some);
	w->n = 0;
	return rc;
}

static int find_few(struct pass *p)
{
	struct wishes w = {.mem = arena_new()};

	keys_init(&p->seen, 0, false);
	keys_init(&p->current, 0, true);
	int rc = wishes_first(p->g, &w, p->err);
	if (rc == 0)
		rc = find_some(p, &w);
	if (rc == 0)
		rc = wishes_second(p->g, p->m, &p->current, &w, p->err);
	if (rc == 0 && w.n > 0)
		rc = find_some(p, &w);
	keys_free(&p->current);
	keys_free(&p->seen);
	arena_free(w.mem);
	return rc;
}

/* The answers to one question that count: a question has one answer nearly always, and to say
 * "several" a few are enough. */
#define ANSWERS_MAX 8

struct group {
	unsigned char hash[8];
	struct answer answers[ANSWERS_MAX];
	unsigned n;
	bool claimed; /* an address of it was asked for by */
	uint32_t first;
};

static enum fact_kind fact_of(enum ask_kind kind, bool is_row)
{
	static const enum fact_kind of_entry[] = {FACT_MARKED, FACT_JOINED, FACT_HELD, FACT_REFERS};

	return kind == ASK_REFERENCE && is_row ? FACT_REFERS_ROW : of_entry[kind];
}

static int tell(struct matched *m, struct group *group, const struct ask *a, struct err *err)
{
	struct fact f = {.key = sorter_value(a->key),
		.row = get32(a->row),
		.group = a->group,
		.index = get32(a->index)};

	for (unsigned i = 0; i < group->n; i++) {
		f.kind = fact_of((enum ask_kind)a->kind, group->answers[i].is_row != 0);
		f.at = get32(group->answers[i].at);
		f.link = get32(group->answers[i].link);
		if (add_fact(m, &f, err) < 0)
			return -1;
	}
	if (a->kind != ASK_ADDRESS)
		return 0;
	if (!group->claimed) {
		group->claimed = true;
		group->first = f.row;
		return 0;
	}
	f.kind = FACT_SHARED;
	f.at = group->first;
	f.link = NO_LINK;
	return f.at == f.row ? 0 : add_fact(m, &f, err);
}

/* Merge questions and answers, both in the order of their hashes. */
static int merge(struct gather *g, struct matched *m, struct err *err)
{
	const void *record;
	struct answer next;
	struct group group = {.n = 0};
	int more, rc;

	if (sorter_rewind(g->asks, err) < 0 || sorter_rewind(g->answers, err) < 0)
		return -1;
	more = sorter_next(g->answers, &record, err);
	if (more == 1)
		memcpy(&next, record, sizeof(next));
	bool started = false;
	while ((rc = sorter_next(g->asks, &record, err)) == 1 && more >= 0) {
		struct ask a;
		memcpy(&a, record, sizeof(a));
		if (!started || memcmp(a.hash, group.hash, 8) != 0) {
			started = true;
			group = (struct group){.n = 0};
			memcpy(group.hash, a.hash, 8);
			while (more == 1 && memcmp(next.hash, a.hash, 8) <= 0) {
				if (memcmp(next.hash, a.hash, 8) == 0 && group.n < ANSWERS_MAX)
					group.answers[group.n++] = next;
				more = sorter_next(g->answers, &record, err);
				if (more == 1)
					memcpy(&next, record, sizeof(next));
			}
		}
		if (tell(m, &group, &a, err) < 0)
			return -1;
	}
	return more < 0 ? -1 : rc;
}

static int match(struct pass *p)
{
	struct gather *g = p->g;

	rules_joins(g->mem, g->flow->rules, &p->joins);
	if (links_index_targets(&g->links, p->err) < 0 || make_bits(g, &p->bits, p->err) < 0 ||
		find_referred(g, p->err) < 0 ||
		find_named(g, &p->bits, &p->named, &p->n_named, p->err) < 0 ||
		(p->m->few ? find_few(p) : read_all(p)) < 0)
		return -1;
	return merge(g, p->m, p->err);
}

int match_target(struct gather *g, bool few, struct matched *m, struct err *err)
{
	struct pass p = {.g = g, .m = m, .nickname = attr_named("mailNickname"), .err = err};

	*m = (struct matched){.entries = spool_new(),
		.facts = sorter_new(sizeof(struct fact_record)),
		.names = memory_need(1, sizeof(*m->names)),
		.nicknames = memory_need(1, sizeof(*m->nicknames)),
		.few = few};
	/* What is there, and what the rows may add: no growing, which needs both sizes at once. */
	size_t expected = few ? 0 : (size_t)g->compare.entries + g->n_names;
	keys_init(m->names, expected, false);
	keys_init(m->nicknames, expected, false);
	int rc = match(&p);
	free(p.bits.bits);
	free(p.named);
	sorter_free(g->asks);
	sorter_free(g->answers);
	g->asks = g->answers = NULL;
	return rc < 0 ? -1 : sorter_rewind(m->facts, err);
}

void matched_free(struct matched *m)
{
	spool_free(m->entries);
	sorter_free(m->facts);
	if (m->names != NULL)
		keys_free(m->names);
	if (m->nicknames != NULL)
		keys_free(m->nicknames);
	free(m->names);
	free(m->nicknames);
	*m = (struct matched){0};
}

int match_next(struct matched *m, struct fact *f, struct err *err)
{
	const void *record;
	int rc = sorter_next(m->facts, &record, err);

	if (rc != 1)
		return rc;
	const struct fact_record *r = record;
	*f = (struct fact){.key = sorter_value(r->key),
		.row = get32(r->row),
		.kind = (enum fact_kind)r->kind,
		.group = r->group,
		.index = get32(r->index),
		.at = get32(r->at),
		.link = get32(r->link)};
	return 1;
}
