#include "sync/flow.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/crew.h"
#include "base/dn.h"
#include "base/err.h"
#include "base/keys.h"
#include "base/ldif.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/spool.h"
#include "connectors/connector.h"
#include "sync/authority.h"
#include "sync/canary.h"
#include "sync/claims.h"
#include "sync/match.h"
#include "sync/pair.h"
#include "sync/sorter.h"
#include "sync/undo.h"
#include "sync/undone.h"
#include "sync/wishes.h"
#include "sync/written.h"

/* A plan that a person may read to the end is in the order of names. */
#define BY_NAME_MAX 10000

/* Everything one planning needs, let go together. */
struct planning {
	struct gather g;
	struct matched m;
	struct paired p;
	const struct flow_options *options;
	bool all; /* to look at all of the target, whatever is asked for */
	struct plan *plan;
	long long now;
	struct err *err;
};

static int only_one(struct planning *p)
{
	struct gather *g = &p->g;
	struct entry e;

	if (p->options->object == NULL)
		return 0;
	int rc = flow_find(g->source, p->options->object, g->mem, &e, p->err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(p->err, ERR_FATAL,
			"%s: no such object in %s (a DN, mail, "
			"sAMAccountName or id is looked for)",
			p->options->object, p->plan->flow->source);
	g->one = true;
	g->one_key = e.key;
	return 0;
}

/* A delta needs a cookie, the rules of the run before, and a full run now and then. */
static bool must_be_full(struct planning *p)
{
	const struct flow *f = p->plan->flow;
	const struct flow_state *known = &p->g.known;

	if (known->sources >= 0 && known->epoch != f->epoch)
		p->plan->because = "the rules, the scope or galway itself is another than before";
	else if (known->deltas == FLOW_UNFINISHED)
		p->plan->because = known->held != 0 ? "a run was undone"
						    : "the run before did not come to its end";
	/* In-chain scopes: a group that changes moves objects that do not. */
	return p->options->full || p->options->object != NULL || known->id == 0 ||
	       p->plan->other != NULL || rules_chained(f->rules) || p->plan->because != NULL ||
	       (p->g.source->type->can & CAN_SINCE) == 0 || known->sources < 0 ||
	       known->deltas + 1 >= f->full_every;
}

static int gather_all(struct planning *p)
{
	struct gather *g = &p->g;
	const struct sealed *sealed;

	if (gather_start(g, p->err) < 0)
		return -1;
	if (compare_start(g, p->err) < 0)
		return -1;
	int rc = gather_source(g, &sealed, p->err);
	if (rc < 0)
		err_in(p->err, "source %s", g->flow->source);
	if (compare_end(g, rc, p->err) < 0)
		return -1;
	if (gather_drifted(g, p->err) < 0)
		return err_in(p->err, "source %s", g->flow->source);
	if (gather_gone(g, sealed, p->err) < 0)
		return -1;
	if (gather_dependents(g, p->err) < 0)
		return err_in(p->err, "source %s", g->flow->source);
	return 0;
}

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
	unsigned index = 0;

	*refs = (struct references){.names = arena_alloc(mem, v->n_refs * sizeof(*refs->names))};
	for (unsigned i = 0; i < row->desired.n; i++) {
		struct wanted *w = &row->desired.attrs[i];
		unsigned n = 0;
		if (attr_syntax(w->attr) != SYNTAX_DN)
			continue;
		for (unsigned k = 0; k < w->n; k++, index++) {
			struct value name = {NULL, 0};
			for (unsigned r = 0; r < v->n_refs && name.len == 0; r++) {
				if (v->refs[r].index == index &&
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
#define EACH 8

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

static int take(struct planning *p, struct deciding *d)
{
	struct step *s = &d->s;
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

static int plan_all(struct planning *p)
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

/* New contacts need their container, and a mistyped one must not be found out by a server's error
 * on each of them. */
static int check_into(const struct planning *p)
{
	const struct flow *f = p->plan->flow;

	if (p->plan->summary.add == 0 || (p->g.target->type->can & NEEDS_NO_PLACES) != 0 ||
		keys_has(p->m.names, name_hash(dn_key(f->into))))
		return 0;
	return err_set(p->err, ERR_FATAL, "into: %.*s does not exist in %s: create it first",
		(int)f->into.len, f->into.data, f->target);
}

static int make_plan(struct planning *p)
{
	if (gather_all(p) < 0)
		return -1;
	p->plan->full = p->g.full;
	p->plan->links = (long long)p->g.links.n;
	p->plan->cookie = p->g.cookie;
	p->g.cookie = NULL;
	p->plan->summary.read = p->g.read;
	p->plan->summary.none = p->g.none;
	p->plan->sources = p->g.own;
	p->plan->steps.by_id = p->g.n_open > BY_NAME_MAX;
	bool few = (p->g.target->type->can & CAN_FIND) != 0 && !p->all && !p->g.compare.strays &&
		   p->g.n_open <= wishes_worth(&p->g);
	if (p->g.n_open > 0)
		progress_phase(PROGRESS_PLAN, (long long)p->g.n_open);
	if (p->g.n_open > 0 && (match_target(&p->g, few, &p->m, p->err) < 0 ||
				       pair_rows(&p->g, &p->m, &p->p, p->err) < 0))
		return -1;
	if (p->m.unsure)
		return 0;
	if (p->g.n_open > 0 && plan_all(p) < 0)
		return -1;
	/* The guard measures what goes by what there is. */
	if (p->g.links.sparse && p->plan->summary.remove + p->plan->summary.hide > 0)
		p->plan->links = state_count_links(p->g.state, p->g.known.id, p->err);
	else if (p->g.links.sparse)
		p->plan->links = p->g.known.links;
	return p->plan->links < 0 ? -1 : check_into(p);
}

static void caution(struct planning *p, const struct connector *c)
{
	if (c->caution == NULL)
		return;
	log_warn("%s: %s", c->label, c->caution);
	p->plan->cautions[p->plan->n_cautions++] =
		arena_printf(p->g.mem, "%s: %s", c->label, c->caution);
}

/* Who answers, and is it who answered the last time? Under an old name there may be a new server.
 */
static int check_pin(struct planning *p, struct connector *c, const char **pin)
{
	const char *before;

	if (connector_identity(c, p->g.mem, pin, p->err) < 0 ||
		state_pin(p->g.state, c->label, p->g.mem, &before, p->err) < 0)
		return -1;
	if (before[0] == '\0' || strcmp(before, *pin) == 0)
		return 0;
	log_warn("%s: another directory answers than in the last run (%s, before it was %s): "
		 "everything is read again",
		c->label, (*pin)[0] != '\0' ? *pin : "it does not say who it is", before);
	p->plan->other = c->label;
	return 0;
}

static int check_canary(struct planning *p, struct connector *c, const struct config *config)
{
	const char *text;

	if (canary_look(c, config, p->g.mem, &text, p->err) < 0)
		return -1;
	if (text == NULL)
		return 0;
	log_warn("%s: nothing will be written", text);
	p->plan->canary = text;
	return 0;
}

static int open_sides(struct gather *g, struct err *err)
{
	if (connector_open(g->flow->source_config, &g->source, err) < 0)
		return -1;
	return connector_open(g->flow->target_config, &g->target, err);
}

static int close_sides(struct planning *p, int rc)
{
	struct gather *g = &p->g;
	struct err ignored;

	/* Nothing was written: closing cannot lose anything. Connecting anew takes a server longer
	 * than anything else in a run with little to do. */
	(void)connector_close(g->source, &ignored);
	if (rc == 0 && (g->target->type->can & CAN_BESIDE) != 0)
		p->plan->target = g->target;
	else
		(void)connector_close(g->target, &ignored);
	return rc < 0 ? err_in(p->err, "flow %s", g->flow->name) : rc;
}

/* 0; 1: to be tried again with all of the target (p->all); -1. */
static int attempt(struct planning *p, const struct flow *flow, struct state *state,
	struct arena *mem, bool full)
{
	p->g = (struct gather){.flow = flow,
		.state = state,
		.mem = mem,
		.intents = &p->plan->intents,
		.no_update = (p->options->skip & SKIP_UPDATE) != 0,
		.no_delete = (p->options->skip & SKIP_DELETE) != 0};
	*p->plan = (struct plan){.flow = flow, .one = p->options->object != NULL};
	int rc = -1;
	kinds_init(&p->plan->kinds, flow, mem);
	steps_init(&p->plan->steps);
	if (state_hold(state, p->err) == 0 &&
		state_flow(state, flow->name, &p->g.known, p->err) == 0 &&
		intents_load(state, p->g.known.id, mem, &p->plan->intents, p->err) == 0 &&
		open_sides(&p->g, p->err) == 0) {
		p->plan->known = p->g.known;
		caution(p, p->g.source);
		caution(p, p->g.target);
		rc = 0;
	}
	if (rc == 0 && (check_pin(p, p->g.source, &p->plan->source_pin) < 0 ||
			       check_pin(p, p->g.target, &p->plan->target_pin) < 0 ||
			       check_canary(p, p->g.source, flow->source_config) < 0 ||
			       check_canary(p, p->g.target, flow->target_config) < 0))
		rc = -1;
	if (rc == 0) {
		p->g.full = must_be_full(p) || full;
		progress_phase(PROGRESS_READ, p->g.full ? p->g.known.sources : 0);
		p->g.want_cookie = (p->g.source->type->can & CAN_SINCE) != 0 && !p->plan->one;
		rc = only_one(p) < 0 ? -1 : make_plan(p);
	}
	state_let_go(state);
	progress_end(rc < 0);
	if (rc == 0 && p->m.unsure)
		rc = 1;
	rc = close_sides(p, rc);
	paired_free(&p->p);
	matched_free(&p->m);
	gather_free(&p->g);
	return rc;
}

int flow_plan(const struct flow *flow, struct state *state, const struct flow_options *options,
	struct arena *mem, struct plan *plan, struct err *err)
{
	struct planning p = {.options = options, .plan = plan, .now = flow->env.now, .err = err};

	if (options->undo != 0)
		return undo_plan(flow, state, options->undo, mem, plan, err);
	int rc = attempt(&p, flow, state, mem, options->full);
	bool full = options->full;
	if (rc < 0 && err->kind == ERR_ENTRY) {
		/* The cookie is of no use any more: that is never "no changes", but reading
		 * everything. */
		log_info("%s: reading everything", err->text);
		plan_free(plan);
		full = true;
		rc = attempt(&p, flow, state, mem, full);
	}
	if (rc == 1) {
		plan_free(plan);
		p.all = true;
		rc = attempt(&p, flow, state, mem, full);
	}
	return rc;
}

void plan_free(struct plan *plan)
{
	(void)connector_close(plan->target, &(struct err){.kind = ERR_NONE});
	plan->target = NULL;
	steps_free(&plan->steps);
	renames_free(&plan->renames);
	spool_free(plan->cookie);
	plan->cookie = NULL;
}

int plan_rewind(struct plan *plan, struct err *err)
{
	renames_start(&plan->renames);
	return steps_rewind(&plan->steps, err);
}

int plan_next(
	struct plan *plan, struct arena *mem, struct step *s, uint32_t *place, struct err *err)
{
	int rc = steps_next(&plan->steps, mem, s, place, err);

	if (rc == 1 && s->write && plan_follow(plan, mem, s, err) < 0)
		return -1;
	return rc;
}

int plan_follow(struct plan *plan, struct arena *mem, struct step *s, struct err *err)
{
	return renames_follow(&plan->renames, mem, &s->change, err);
}

/* What a step does, as text that says names instead of this run's numbers. */
static void digest_text(struct arena *mem, struct buf *b, const struct step *s)
{
	buf_printf(b, "%d %u %s %s %.*s\n", s->op, s->number, entry_id_text(mem, s->source_id),
		entry_id_text(mem, s->target_id), (int)s->target_name.len, s->target_name.data);
	if (s->write)
		ldif_print_change(b, &s->change);
	for (unsigned i = 0; i < s->n_denied; i++) {
		const struct denied *d = &s->denied[i];
		buf_printf(b, "denied %s %u %s %zu ", d->side, (unsigned)d->removal,
			attr_name(d->attr), d->value.len);
		buf_add(b, d->value.data, d->value.len);
		buf_putc(b, '\n');
	}
}

int plan_digest(struct plan *plan, char hex[65], struct err *err)
{
	struct arena *mem = arena_new();
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct buf b = {0};
	struct step s;
	uint32_t place;
	unsigned char sum[32];
	int rc = plan_rewind(plan, err);

	if (md == NULL || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		rc = err_set(err, ERR_FATAL, "SHA-256 is not to be had");
	buf_printf(&b, "%s %lld %016llx\n", plan->flow->name, plan->known.generation,
		(unsigned long long)plan->flow->epoch);
	while (rc >= 0 && (rc = plan_next(plan, mem, &s, &place, err)) == 1) {
		if (s.op != STEP_NONE)
			digest_text(mem, &b, &s);
		EVP_DigestUpdate(md, b.data, b.len);
		buf_clear(&b);
		arena_reset(mem);
	}
	EVP_DigestUpdate(md, b.len > 0 ? b.data : "", b.len);
	if (rc == 0 && EVP_DigestFinal_ex(md, sum, NULL) != 1)
		rc = err_set(err, ERR_FATAL, "SHA-256 failed");
	for (int i = 0; rc == 0 && i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	buf_free(&b);
	EVP_MD_CTX_free(md);
	arena_free(mem);
	return rc;
}
