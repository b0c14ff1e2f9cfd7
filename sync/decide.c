#include "base/arena.h"
#include "base/attr.h"
#include "base/crew.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/keys.h"
#include "base/progress.h"
#include "connectors/connector.h"
#include "sync/authority.h"
#include "sync/planning.h"
#include "sync/sorter.h"
#include "sync/undone.h"
#include "sync/written.h"

/* Does the row get a contact in this run? */
static int gets_one(struct planning *p, struct arena *mem, uint32_t row_place, bool *gets)
{
	const struct flow *f = p->plan->flow;
	const unsigned name = attr_named("distinguishedName");
	const char *side = NULL;
	struct open_row row;
	struct link link = {.flag = 0};

	if (pair_read_row(&p->g, mem, row_place, &row, p->err) < 0 ||
		state_authority(p->g.state, p->g.known.id, row.id, mem, &side, p->err) < 0 ||
		(row.link != NO_LINK &&
			state_link(p->g.state, p->g.known.id, row.id, mem, &link, p->err) < 0))
		return -1;
	*gets = (p->options->skip & SKIP_CREATE) == 0 &&
		(row.link == NO_LINK || !undone_reports(f, &link, name, p->now)) &&
		authority_ours(f, side != NULL ? side : row.flag, ATTR_NONE);
	return 0;
}

/* The name that a referred-to entry has (renames.h), or gets in this run; none when it gets none.
 */
static int reference_name(struct planning *p, struct arena *mem, const struct reference *ref,
	struct value *name, bool *new)
{
	uint32_t entry = ref->at;
	struct verdict v;
	struct entry e;
	bool gets;

	if (ref->row) {
		if (pair_verdict(&p->p, mem, ref->at, &v, p->err) < 0)
			return -1;
		if (v.number != 0 && (v.adopt || !v.has_current))
			return 0;
		if (!v.has_current) {
			if (gets_one(p, mem, ref->at, &gets) < 0)
				return -1;
			if (gets)
				*name = v.name;
			*new |= gets;
			return 0;
		}
		entry = v.current;
	}
	if (pair_read_entry(&p->m, mem, entry, &e, p->err) < 0)
		return -1;
	*name = e.name;
	return 0;
}

/* Who an entry refers to, by the names that they have in the source. */
struct references {
	unsigned n;
	uint64_t *names; /* dn_keys of those that have a contact */
	bool lacks;      /* there are others */
	bool new;        /* some get theirs in this run */
};

/* Values that are names in the source become the names of their contacts; those that have none yet
 * are left out. */
static int resolve(struct planning *p, struct arena *mem, struct open_row *row,
	const struct verdict *v, struct references *refs)
{
	unsigned index = 0, r = 0;

	*refs = (struct references){.names = arena_alloc(mem, v->n_refs * sizeof(*refs->names))};
	for (unsigned i = 0; i < row->desired.n; i++) {
		struct wanted *w = &row->desired.attrs[i];
		unsigned n = 0;
		if (attr_syntax(w->attr) != SYNTAX_DN)
			continue;
		for (unsigned k = 0; k < w->n; k++, index++) {
			struct value name = {NULL, 0};
			for (; r < v->n_refs && v->refs[r].index == index; r++) {
				if (name.len == 0 &&
					reference_name(p, mem, &v->refs[r], &name, &refs->new) < 0)
					return -1;
			}
			if (name.len == 0)
				continue;
			refs->names[refs->n++] = dn_key(w->values[k]);
			w->values[n++] = name;
		}
		refs->lacks |= n < w->n;
		w->n = n;
	}
	return 0;
}

/* The object's link and its target entry, as rows have them. */
static int complete_row(struct planning *p, struct arena *mem, struct row *row, struct link *link,
	struct entry *current)
{
	const struct flow *f = p->plan->flow;
	const struct verdict *v = row->verdict;
	struct value id = row->open->id, name = row->open->name;
	int rc = 0;

	if (state_authority(p->g.state, p->g.known.id, id, mem, &row->side, p->err) < 0)
		return -1;
	if (row->open->link != NO_LINK)
		rc = state_link(p->g.state, p->g.known.id, id, mem, link, p->err);
	if (rc < 0)
		return -1;
	row->link = rc == 1 ? link : NULL;
	if (rc == 1 && keys_any(&p->g.names) && written_refers(link->written, &p->g.names))
		link->written = written_unsure(mem, f->rules, f->epoch, link->written);
	bool same = (row->link != NULL) == (row->open->link != NO_LINK);
	if (v->has_current) {
		if (pair_read_entry(&p->m, mem, v->current, current, p->err) < 0)
			return -1;
		row->current = current;
		name = current->name;
		same = same &&
		       (row->link == NULL || v->adopt || value_same(current->id, link->target));
	}
	if (!same)
		return err_set(p->err, ERR_FATAL,
			"the ids of %.*s and of another entry have one hash", (int)name.len,
			name.data);
	row->flag = plan_flag(f, row->open, row->link, row->current);
	if (row->side == NULL)
		row->side = row->flag;
	intents_apply(&p->plan->intents, mem, row, link);
	return 0;
}

/* Not to be renamed in this run: it shall have the name that it has. */
static bool keep_name(const struct planning *p, const struct row *row, struct verdict *v)
{
	if ((p->options->skip & SKIP_RENAME) == 0 || row->current == NULL ||
		row->open->presence != PRESENT || v->number != 0 ||
		dn_text_equal(v->name, row->current->name))
		return false;
	v->name = row->current->name;
	return true;
}

/* What the user does not want to be done in this run. */
static bool skipped(const struct planning *p, const struct step *s)
{
	unsigned skip = p->options->skip;

	return (s->op == STEP_ADD && (skip & SKIP_CREATE) != 0) ||
	       ((s->op == STEP_MODIFY || s->op == STEP_LINK) && (skip & SKIP_UPDATE) != 0) ||
	       (s->op == STEP_DELETE && (skip & SKIP_DELETE) != 0);
}

/* What was skipped is looked at in the next run, whatever made it be looked at in this one. */
static void look_again(const struct row *row, struct step *s)
{
	*s = (struct step){.op = STEP_NONE,
		.source_id = row->link->source,
		.source_name = row->open->name,
		.target_id = row->link->target,
		.remember = true,
		.link = *row->link};
	s->link.source_digest = 0;
}

/* A row being decided about. */
struct deciding {
	struct arena *mem; /* of all that follows */
	struct open_row open;
	struct verdict v;
	struct link link;
	struct entry current;
	struct references refs;
	struct row row;
	bool kept; /* its name */
	struct step s;
};

/* So many are decided about by several threads (base/crew.h), while what is known of the next ones
 * is put together. */
#ifndef EACH
#define EACH 8
#endif

struct lot {
	struct planning *p;
	struct deciding list[EACH];
	size_t n;
};

/* All that is known of a row. */
static int prepare(struct planning *p, struct deciding *d, uint32_t place)
{
	struct arena *mem = d->mem;

	d->row = (struct row){.open = &d->open, .verdict = &d->v, .now = p->now};
	if (pair_verdict(&p->p, mem, place, &d->v, p->err) < 0 ||
		pair_read_row(&p->g, mem, place, &d->open, p->err) < 0 ||
		resolve(p, mem, &d->open, &d->v, &d->refs) < 0 ||
		complete_row(p, mem, &d->row, &d->link, &d->current) < 0)
		return -1;
	d->kept = keep_name(p, &d->row, &d->v);
	d->row.postpones = d->refs.new && (p->g.target->type->can & NEEDS_REFERRED) != 0;
	return 0;
}

static void decide(void *with, size_t i)
{
	struct lot *lot = with;
	struct deciding *d = &lot->list[i];
	const struct planning *p = lot->p;
	struct step *s = &d->s;

	plan_row(d->mem, p->plan->flow, &d->row, s);
	/* The next run has to look at it again: what it refers to may have a contact by then. */
	if (d->kept || d->refs.lacks)
		s->link.source_digest = 0;
	/* A contact that was deleted, and stays so, has in its link what it had. */
	if (s->remember && s->op != STEP_CONFLICT && d->open.presence == PRESENT &&
		(d->row.current != NULL || s->op == STEP_ADD))
		s->link.written =
			written_with_references(d->mem, s->link.written, d->refs.names, d->refs.n);
}

/* Does the object have another contact, which a run made in the place of the one that is gone? What
 * becomes of that says what becomes of the link (planning_orphans). */
static bool has_orphan(const struct planning *p, const struct deciding *d)
{
	const struct intents *in = &p->plan->intents;
	bool has = false;

	for (unsigned i = 0; i < in->n && in->contacts != NULL && !has; i++)
		has = in->contacts[i] != NULL && value_same(in->ops[i].source, d->open.id);
	return has;
}

static int take(struct planning *p, struct deciding *d)
{
	struct step *s = &d->s;

	if (s->op == STEP_FORGET && d->row.current == NULL && has_orphan(p, d))
		return 0;
	const bool skip = skipped(p, s);

	p->plan->partial |= d->kept || skip;
	if (skip && d->row.link == NULL)
		return 0;
	if (skip)
		look_again(&d->row, s);
	p->plan->missing += d->row.link != NULL && d->row.current == NULL && !d->row.deleted &&
			    (s->op == STEP_ADD || s->op == STEP_FORGET);
	progress_add(PROGRESS_DONE, 1);
	summary_count(&p->plan->summary, s, 1);
	kinds_count(&p->plan->kinds, &d->row, s);
	/* What waited and waits no more has to be told to the state too. */
	bool settles = keys_has(&p->g.waits, d->open.key);
	return step_counts(s, d->row.link) || settles ? steps_add(&p->plan->steps, s, p->err) : 0;
}

static int take_all(struct planning *p, struct lot *lot)
{
	int rc = 0;

	for (size_t i = 0; i < lot->n && rc == 0; i++) {
		rc = take(p, &lot->list[i]);
		arena_reset(lot->list[i].mem);
	}
	lot->n = 0;
	return rc;
}

static int prepare_some(struct planning *p, struct lot *lot)
{
	uint32_t place;
	uint64_t key;
	int rc = 1;

	while (lot->n < EACH && (rc = pair_next_row(&p->g, &key, &place, p->err)) == 1) {
		if (prepare(p, &lot->list[lot->n], place) < 0)
			return -1;
		lot->n++;
	}
	return rc < 0 ? -1 : 0;
}

/* In the order of the rows: one lot is decided about while the other is taken, and filled again. */
static int plan_lots(struct planning *p, struct crew *crew, struct lot lots[2])
{
	unsigned filled = 0;

	do {
		if (prepare_some(p, &lots[filled]) < 0)
			return -1;
		crew_end(crew);
		crew_begin(crew, decide, &lots[filled], lots[filled].n);
		filled = !filled;
		if (take_all(p, &lots[filled]) < 0)
			return -1;
	} while (lots[!filled].n > 0);
	return 0;
}

int planning_decide(struct planning *p)
{
	struct lot *lots = arena_zalloc(p->g.mem, 2 * sizeof(*lots));
	struct crew *crew = crew_new();

	for (unsigned i = 0; i < 2 * EACH; i++) {
		lots[i / EACH].p = p;
		lots[i / EACH].list[i % EACH].mem = arena_new();
	}
	int rc = sorter_rewind(p->g.row_order, p->err);
	if (rc == 0)
		rc = plan_lots(p, crew, lots);
	crew_end(crew);
	crew_free(crew);
	for (unsigned i = 0; i < 2 * EACH; i++)
		arena_free(lots[i / EACH].list[i % EACH].mem);
	return rc;
}

/* The link that the run could not remember, and the contact that it made. */
static int plan_orphan(struct planning *p, struct deciding *d, const struct op *op)
{
	const struct flow *f = p->plan->flow;

	d->open = (struct open_row){.key = entry_key(op->source),
		.presence = GONE,
		.link = NO_LINK,
		.id = op->source,
		.name = op->source_name};
	d->link = (struct link){.source = op->source, .target = d->current.id};
	d->v = (struct verdict){.has_current = true};
	d->row = (struct row){.open = &d->open,
		.link = &d->link,
		.current = &d->current,
		.verdict = &d->v,
		.now = p->now};
	if (state_authority(p->g.state, p->g.known.id, op->source, d->mem, &d->row.side, p->err) <
		0)
		return -1;
	d->row.flag = plan_flag(f, &d->open, &d->link, &d->current);
	if (d->row.side == NULL)
		d->row.side = d->row.flag;
	intents_apply(&p->plan->intents, d->mem, &d->row, &d->link);
	plan_row(d->mem, f, &d->row, &d->s);
	return take(p, d);
}

int planning_orphans(struct planning *p)
{
	const struct intents *in = &p->plan->intents;
	int rc = 0;

	for (unsigned i = 0; i < in->n && in->contacts != NULL && rc == 0; i++) {
		struct deciding d = {.mem = p->g.scratch};
		if (in->contacts[i] == NULL)
			continue;
		d.current = *in->contacts[i];
		rc = plan_orphan(p, &d, &in->ops[i]);
		arena_reset(p->g.scratch);
	}
	return rc;
}
