#include "sync/evaluate.h"

#include "base/arena.h"
#include "base/attr.h"
#include "base/crew.h"
#include "base/dn.h"
#include "base/err.h"
#include "rules/rules.h"
#include "sync/authority.h"
#include "sync/gather.h"
#include "sync/row.h"

/* So many at a time, or as many as are in so much memory. */
#ifndef EACH
#define EACH 8
#endif
#define BYTES_MOST (4u << 20)

struct candidate {
	struct arena *mem; /* of the entry and the row */
	struct entry e;
	uint32_t link;
	uint64_t digest;
	bool opens;
	struct open_row row;
	struct err err; /* of the rules; ERR_NONE */
};

/* Candidates that are evaluated together. */
struct lot {
	const struct gather *g;
	struct candidate list[EACH];
	size_t n, bytes;
};

struct evaluation {
	struct gather *g;
	struct crew *crew;
	struct lot lots[2]; /* one is evaluated while the other is filled */
	unsigned filled;
};

struct evaluation *evaluation_new(struct gather *g)
{
	struct evaluation *ev = arena_zalloc(g->mem, sizeof(*ev));

	ev->g = g;
	ev->crew = crew_new();
	ev->lots[0].g = ev->lots[1].g = g;
	return ev;
}

void evaluation_free(struct evaluation *ev)
{
	if (ev == NULL)
		return;
	crew_end(ev->crew);
	crew_free(ev->crew);
	for (unsigned i = 0; i < 2 * EACH; i++)
		arena_free(ev->lots[i / EACH].list[i % EACH].mem);
}

static void evaluate(void *with, size_t i)
{
	struct lot *lot = with;
	struct candidate *c = &lot->list[i];
	const struct gather *g = lot->g;
	const struct flow *f = g->flow;
	const struct entry *e = &c->e;
	const struct rule *rule = gather_excluded(g, e) == NULL ? rules_scope(f->rules, e) : NULL;

	c->opens = rule != NULL || c->link != NO_LINK;
	if (!c->opens)
		return;
	c->row = (struct open_row){.key = e->key,
		.presence = rule != NULL ? PRESENT : LEFT,
		.link = c->link,
		.source_digest = c->digest,
		.name_key = dn_key(e->name),
		.id = e->id,
		.name = e->name,
		.department = entry_first(e, attr_named("department")),
		.flag = authority_flag(f, true, e)};
	if (rule == NULL || rules_map(c->mem, rule, &f->env, e, &c->row.desired, &c->err) == 0)
		return;
	c->row.presence = FAILED;
	c->row.fault = value_of(c->err.text);
}

static int open_rows(struct gather *g, struct lot *lot, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; i < lot->n && rc == 0; i++) {
		struct candidate *c = &lot->list[i];
		if (c->err.kind != ERR_NONE && c->err.kind != ERR_ENTRY) {
			*err = c->err;
			rc = -1;
		} else if (c->opens) {
			rc = gather_open(g, &c->row, err);
		}
		arena_reset(c->mem);
	}
	lot->n = lot->bytes = 0;
	return rc;
}

/* What was filled is evaluated from now on; what was evaluated is opened, and may be filled. */
static int turn(struct evaluation *ev, struct err *err)
{
	struct lot *filled = &ev->lots[ev->filled];

	crew_end(ev->crew);
	crew_begin(ev->crew, evaluate, filled, filled->n);
	ev->filled = !ev->filled;
	return open_rows(ev->g, &ev->lots[ev->filled], err);
}

int evaluation_put(struct evaluation *ev, const struct entry *e, uint32_t link, uint64_t digest,
	struct err *err)
{
	struct lot *lot = &ev->lots[ev->filled];
	struct candidate *c = &lot->list[lot->n++];

	if (c->mem == NULL)
		c->mem = arena_new();
	entry_copy(c->mem, &c->e, e);
	c->link = link;
	c->digest = digest;
	c->err.kind = ERR_NONE;
	lot->bytes += arena_held(c->mem);
	return lot->n == EACH || lot->bytes > BYTES_MOST ? turn(ev, err) : 0;
}

int evaluation_end(struct evaluation *ev, struct err *err)
{
	return turn(ev, err) < 0 ? -1 : turn(ev, err);
}
